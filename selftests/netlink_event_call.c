// SPDX-License-Identifier: GPL-2.0
/*
 * Control, events: a call that ends without a reply is told of once, with what its caller
 * was told; and a listener that does not read loses events and slows nobody.
 */
#include "netlink_test.h"

FIXTURE(netlink_event_call)
{
	struct nl trouble;
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct told told;
	uint32_t caller;
};

static int keep_client(const struct told *told, void *arg)
{
	if (u32_of(told, KIPC_A_ENDPOINT_ROLE) == KIPC_ROLE_CLIENT)
		*(uint32_t *)arg = u32_of(told, KIPC_A_ENDPOINT_ID);
	return 0;
}

FIXTURE_SETUP(netlink_event_call)
{
	struct ask ask;

	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_listen(&self->trouble, true));
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
	ask = ask_of(&self->nl, KIPC_CMD_ENDPOINT_GET);
	ASSERT_EQ(0, nl_dump(&self->nl, &ask, keep_client, &self->caller));
	on_signal(SIGUSR1, 0);
}

FIXTURE_TEARDOWN(netlink_event_call)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->trouble.fd);
	close(self->nl.fd);
}

/* The next event is that call, and it is the only one. */
static void expect_failed(struct __test_metadata *_metadata,
			  struct _test_data_netlink_event_call *self, uint64_t call, int error,
			  uint32_t outcome)
{
	struct told *told = &self->told;

	ASSERT_EQ(0, nl_next_event(&self->trouble, told));
	EXPECT_EQ(KIPC_CMD_CALL_FAILED, told->cmd);
	EXPECT_NE(WRONG, u64_of(told, KIPC_A_EVENT_TIME));
	EXPECT_EQ(0, u32_of(told, KIPC_A_EVENT_UID));
	EXPECT_EQ(getpid(), u32_of(told, KIPC_A_EVENT_PID));
	EXPECT_EQ(self->caller, u32_of(told, KIPC_A_EVENT_ENDPOINT));
	EXPECT_EQ(KIPC_ROLE_CLIENT, u32_of(told, KIPC_A_EVENT_ROLE));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_EVENT_NAME));
	EXPECT_EQ(self->client.number, u64_of(told, KIPC_A_EVENT_CLIENT));
	if (call)
		EXPECT_EQ(call, u64_of(told, KIPC_A_EVENT_CALL));
	EXPECT_NE(WRONG, u64_of(told, KIPC_A_EVENT_CALL));
	EXPECT_EQ(error, u32_of(told, KIPC_A_EVENT_ERROR));
	EXPECT_EQ(outcome, u32_of(told, KIPC_A_EVENT_OUTCOME));
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_CALL_FAILED));
}

TEST_F(netlink_event_call, timed_out_before_it_was_received)
{
	struct kipc_channel_call call = call_of("x", 1);

	call.deadline = SOON;
	ASSERT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	expect_failed(_metadata, self, 0, ETIMEDOUT, KIPC_OUTCOME_NONE);
}

TEST_F(netlink_event_call, timed_out_after_it_was_received)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker asker;

	call.deadline = in_ms(300);
	ASSERT_EQ(0, ask(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(-ETIMEDOUT, ask_end(&asker));
	expect_failed(_metadata, self, msg.id, ETIMEDOUT, KIPC_OUTCOME_DELIVERED);
}

TEST_F(netlink_event_call, interrupted_after_it_was_received)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	signal_thread(&asker, SIGUSR1);
	ASSERT_EQ(-EINTR, ask_end(&asker));
	expect_failed(_metadata, self, msg.id, EINTR, KIPC_OUTCOME_DELIVERED);
}

TEST_F(netlink_event_call, released_without_a_reply)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	ASSERT_EQ(-ECONNRESET, ask_end(&asker));
	expect_failed(_metadata, self, msg.id, ECONNRESET, KIPC_OUTCOME_DELIVERED);
}

TEST_F(netlink_event_call, server_gone_before_it_was_received)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	end_close(&self->server);
	ASSERT_EQ(-EPIPE, ask_end(&asker));
	expect_failed(_metadata, self, 0, EPIPE, KIPC_OUTCOME_NONE);
}

TEST_F(netlink_event_call, server_gone_after_it_was_received)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	end_close(&self->server);
	ASSERT_EQ(-ECONNRESET, ask_end(&asker));
	expect_failed(_metadata, self, msg.id, ECONNRESET, KIPC_OUTCOME_DELIVERED);
}

/* One that nobody waits for: told of when the caller receives that there is no reply */
TEST_F(netlink_event_call, asynchronous)
{
	struct kipc_header msg, failed;
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("x", 1), &id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	ASSERT_EQ(0, channel_recv(self->client.fd, &failed));
	ASSERT_EQ(KIPC_KIND_FAILED, failed.kind);
	expect_failed(_metadata, self, id, ECONNRESET, KIPC_OUTCOME_DELIVERED);
}

static void *answer(void *arg)
{
	struct end *server = arg;
	struct kipc_header msg;

	if (!channel_recv(server->fd, &msg))
		channel_reply(server->fd, msg.id, "y", 1);
	return NULL;
}

TEST_F(netlink_event_call, that_is_answered_is_no_trouble)
{
	struct kipc_header reply;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, answer, &self->server));
	EXPECT_EQ(0, channel_call(self->client.fd, "x", 1, &reply));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_CALL_FAILED));
}

/* A listener that does not read */

#define FAILING		2000

static uint64_t fail_many(int fd)
{
	struct kipc_channel_call call;
	uint64_t start = now_ns();
	int i;

	for (i = 0; i < FAILING; i++) {
		call = call_of("x", 1);
		call.deadline = 1;
		request(fd, KIPC_IOC_CHANNEL_CALL, &call);
	}
	return (now_ns() - start) / FAILING;
}

/* Take what has arrived.  Return: how many; @lost, whether some did not. */
static int take_events(struct nl *nl, bool *lost)
{
	struct timeval soon = { .tv_usec = 100000 };
	struct told told;
	int n = 0, err;

	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	*lost = false;
	while ((err = nl_next_event(nl, &told)) != -EAGAIN) {
		*lost = *lost || err == -ENOBUFS;
		n += !err;
	}
	return n;
}

TEST_F(netlink_event_call, listener_that_does_not_read_loses_and_slows_nobody)
{
	uint64_t unheard, heard, full;
	struct kipc_channel_call call = call_of("x", 1);
	int least = 4096, n;
	bool lost;

	close(self->trouble.fd);
	unheard = fail_many(self->client.fd);
	ASSERT_EQ(0, nl_listen(&self->trouble, true));
	ASSERT_EQ(0, setsockopt(self->trouble.fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)));
	heard = fail_many(self->client.fd);
	full = fail_many(self->client.fd);
	TH_LOG("a call that fails: %llu ns unheard, %llu ns while the socket fills, %llu ns full",
	       (unsigned long long)unheard, (unsigned long long)heard,
	       (unsigned long long)full);
	/* A hang is a second each */
	EXPECT_GT(50000000, full);
	n = take_events(&self->trouble, &lost);
	EXPECT_TRUE(lost);
	EXPECT_LT(0, n);
	EXPECT_GT(FAILING, n);
	/* And whoever reads again hears again */
	call.deadline = 1;
	ASSERT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	EXPECT_EQ(1, take_events(&self->trouble, &lost));
	EXPECT_FALSE(lost);
}

TEST_HARNESS_MAIN
