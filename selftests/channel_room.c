// SPDX-License-Identifier: GPL-2.0
/*
 * Room: what happens when a pool is full.  Senders wait, or are told; no client can
 * take a pool for itself; a reply that does not fit can be given shorter.
 */
#include "kipc_test.h"

#define POOL	(256UL << 10)

FIXTURE(room)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	uint8_t *data;
};

FIXTURE_SETUP(room)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, POOL));
	ASSERT_EQ(0, end_connect(&self->client, self->name, POOL));
	ASSERT_EQ(POOL, self->server.size);
	self->data = pattern(POOL, 1);
}

FIXTURE_TEARDOWN(room)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* Send pages until there is no room.  Return: how many there was room for. */
static int fill_up(int fd, const void *data)
{
	int n = 0;

	while (!channel_send_now(fd, 0, data, PAGE))
		n++;
	return n;
}

/* Receive and release everything that waits.  Return: how many messages. */
static int drain(int fd)
{
	struct kipc_header msg;
	int n = 0;

	while (!channel_recv_now(fd, &msg)) {
		channel_release(fd, msg.id);
		n++;
	}
	return n;
}

TEST_F(room, none_eagain)
{
	fill_up(self->client.fd, self->data);
	EXPECT_EQ(-EAGAIN, channel_send_now(self->client.fd, 0, self->data,
					    PAGE));
}

TEST_F(room, none_with_o_nonblock_eagain)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.payload = payload_of(self->data, PAGE),
	};

	fill_up(self->client.fd, self->data);
	ASSERT_EQ(0, set_nonblock(self->client.fd));
	EXPECT_EQ(-EAGAIN, request(self->client.fd, KIPC_IOC_CHANNEL_SEND,
				   &arg));
}

TEST_F(room, none_for_a_call_eagain_none)
{
	struct kipc_channel_call call = call_of(self->data, PAGE);

	fill_up(self->client.fd, self->data);
	call.flags = KIPC_F_NONBLOCK;
	EXPECT_EQ(-EAGAIN, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
}

TEST_F(room, nonblocking_call_waits_for_its_reply_all_the_same)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;

	call.flags = KIPC_F_NONBLOCK;
	ASSERT_EQ(0, set_nonblock(self->client.fd));
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_F(room, none_until_the_deadline_etimedout)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = in_ms(30 * slow()),
		.payload = payload_of(self->data, PAGE),
	};
	struct kipc_channel_call call = call_of(self->data, PAGE);
	int n = fill_up(self->client.fd, self->data);

	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_SEND,
				      &arg));
	call.deadline = in_ms(30 * slow());
	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				      &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_EQ(n, endpoint_info(self->server.fd).queued);
}

TEST_F(room, none_until_a_signal_eintr)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.payload = payload_of(self->data, PAGE),
	};
	struct asker sender;

	on_signal(SIGUSR1, 0);
	fill_up(self->client.fd, self->data);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND, &arg));
	syscall(SYS_tgkill, getpid(), sender.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, ask_end(&sender));
}

TEST_F(room, comes_with_a_release)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.payload = payload_of("waited", 6),
	};
	struct kipc_header msg;
	struct asker sender;
	int n = fill_up(self->client.fd, self->data);

	while (!channel_send_now(self->client.fd, 0, "", 0))
		n++;
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND, &arg));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(sleeps_in(getpid(), sender.tid, SYS_ioctl));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(0, ask_end(&sender));
	while (--n)
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "waited", 6));
}

TEST_F(room, comes_with_a_reply)
{
	struct kipc_channel_call call = call_of(self->data, PAGE), second;
	struct asker callers[2];
	struct kipc_header msg;

	ASSERT_EQ(0, ask_and_wait(&callers[0], self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	fill_up(self->client.fd, self->data);
	second = call;
	ASSERT_EQ(0, ask_and_wait(&callers[1], self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &second));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&callers[0]));
	do {
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	} while (msg.kind != KIPC_KIND_CALL);
	ASSERT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&callers[1]));
}

TEST_F(room, of_a_waiting_sender_ends_with_the_server)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.payload = payload_of(self->data, PAGE),
	};
	struct asker sender;

	fill_up(self->client.fd, self->data);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND, &arg));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&sender));
}

TEST_F(room, of_one_client_is_half_of_the_pool)
{
	int n = fill_up(self->client.fd, self->data);

	EXPECT_EQ(POOL / 2 / PAGE, n);
	EXPECT_LE(POOL / 2, endpoint_info(self->server.fd).pool_free);
}

TEST_F(room, of_one_client_leaves_some_for_the_next)
{
	struct end next;
	int i, n;

	fill_up(self->client.fd, self->data);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, end_connect(&next, self->name, 0));
		n = fill_up(next.fd, self->data);
		/* Half of what is left, which is half as much each time. */
		EXPECT_LE((int)(POOL / PAGE >> (i + 2)) - 1, n);
		EXPECT_GE((int)(POOL / PAGE >> (i + 2)), n);
		end_close(&next);
	}
}

TEST_F(room, of_one_client_is_whole_again_after_release)
{
	int n = fill_up(self->client.fd, self->data);

	EXPECT_EQ(n, drain(self->server.fd));
	EXPECT_EQ(POOL, endpoint_info(self->server.fd).pool_free);
	EXPECT_EQ(n, fill_up(self->client.fd, self->data));
}

/* What a greedy client keeps, by not being received, keeps out nobody else. */
TEST_F(room, call_gets_through_while_another_client_floods)
{
	struct kipc_channel_call call = call_of(self->data, PAGE);
	struct kipc_header msg;
	struct asker caller;
	struct end other;

	fill_up(self->client.fd, self->data);
	ASSERT_EQ(0, end_connect(&other, self->name, 0));
	call.flags = KIPC_F_NONBLOCK;
	ASSERT_EQ(0, ask_and_wait(&caller, other.fd, KIPC_IOC_CHANNEL_CALL,
				  &call));
	do {
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		if (msg.peer != other.number)
			channel_release(self->server.fd, msg.id);
	} while (msg.peer != other.number);
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&caller));
	end_close(&other);
}

TEST_F(room, in_holes_is_found)
{
	struct kipc_header msgs[30];
	int i;

	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, channel_send_now(self->client.fd, 0, self->data,
					      PAGE));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msgs[i]));
	}
	for (i = 0; i < 30; i += 2)
		ASSERT_EQ(0, channel_release(self->server.fd, msgs[i].id));
	for (i = 0; i < 30; i += 2) {
		ASSERT_EQ(0, channel_send_now(self->client.fd, 0, self->data,
					      PAGE));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msgs[i]));
	}
	for (i = 0; i < 30; i++) {
		EXPECT_TRUE(end_has(&self->server, &msgs[i], self->data, PAGE));
		ASSERT_EQ(0, channel_release(self->server.fd, msgs[i].id));
	}
	EXPECT_EQ(POOL, endpoint_info(self->server.fd).pool_free);
	EXPECT_EQ(0, channel_send_now(self->client.fd, 0, self->data, POOL / 2));
}

/* Replies */

TEST_F(room, for_a_reply_never_emsgsize_then_shorter)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	uint8_t *data = pattern(POOL + 1, 2);

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-EMSGSIZE, channel_reply(self->server.fd, msg.id, data,
					   POOL + 1));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, data, POOL));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, data, POOL));
}

TEST_F(room, for_a_reply_not_now_enobufs_then_shorter)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  self->data, POOL - PAGE));
	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-ENOBUFS, channel_reply(self->server.fd, msg.id, self->data,
					  PAGE + 1));
	EXPECT_EQ(-ENOBUFS, channel_reply(self->server.fd, msg.id, self->data,
					  POOL));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, self->data, PAGE));
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_F(room, server_waits_for_a_client_s)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.to = self->client.number,
		.payload = payload_of("waited", 6),
	};
	struct kipc_header msg;
	struct asker sender;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  self->data, POOL));
	EXPECT_EQ(-EAGAIN, channel_send_now(self->server.fd,
					    self->client.number, "", 0));
	ASSERT_EQ(0, ask_and_wait(&sender, self->server.fd,
				  KIPC_IOC_CHANNEL_SEND, &arg));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	ASSERT_EQ(0, channel_release(self->client.fd, msg.id));
	EXPECT_EQ(0, ask_end(&sender));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	EXPECT_TRUE(end_has(&self->client, &msg, "waited", 6));
}

TEST_F(room, of_a_client_that_goes_esrch)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.to = self->client.number,
	};
	struct asker sender;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  self->data, POOL));
	ASSERT_EQ(0, ask_and_wait(&sender, self->server.fd,
				  KIPC_IOC_CHANNEL_SEND, &arg));
	end_close(&self->client);
	EXPECT_EQ(-ESRCH, ask_end(&sender));
}

/* The smallest pool there is */
TEST(smallest_pool_takes_messages)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;
	uint8_t *data = pattern(PAGE, 3);
	int i;

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), KIPC_POOL_MIN));
	ASSERT_EQ(0, end_connect(&client, name, KIPC_POOL_MIN));
	EXPECT_EQ(KIPC_POOL_MIN, server.size);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, channel_send(client.fd, 0, data, PAGE / 2));
		ASSERT_EQ(0, channel_recv(server.fd, &msg));
		EXPECT_TRUE(end_has(&server, &msg, data, PAGE / 2));
		ASSERT_EQ(0, channel_release(server.fd, msg.id));
	}
	EXPECT_EQ(-EMSGSIZE, channel_send(client.fd, 0, data, PAGE / 2 + 1));
	ASSERT_EQ(0, channel_send(server.fd, client.number, data, PAGE));
	ASSERT_EQ(0, channel_recv(client.fd, &msg));
	EXPECT_TRUE(end_has(&client, &msg, data, PAGE));
	end_close(&client);
	end_close(&server);
}

TEST_HARNESS_MAIN
