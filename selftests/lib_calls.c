// SPDX-License-Identifier: GPL-2.0
/* Calls on channels beyond the plain one: both ways, started and not waited for, urgent. */
#include "lib_test.h"

FIXTURE(calls)
{
	struct kipc *server;
	struct kipc *client;
	uint64_t number;
};

/* A listener, and a client whose number it has learnt. */
FIXTURE_SETUP(calls)
{
	char address[128];
	struct kipc_msg msg;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	fresh_address("channel", address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "hello", 5, LONG));
	ASSERT_EQ(5, kipc_recv(self->server, &msg, LONG));
	self->number = msg.peer;
	kipc_release(&msg);
}

FIXTURE_TEARDOWN(calls)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

/* Answer one call with its own bytes, in a thread. */
static void *echo_one(void *handle)
{
	struct kipc_msg msg;

	if (kipc_recv(handle, &msg, LONG) < 0)
		return (void *)1;
	return (void *)(long)kipc_reply(handle, &msg, msg.data, msg.len);
}

static void join(struct __test_metadata *_metadata, pthread_t thread)
{
	void *result;

	pthread_join(thread, &result);
	EXPECT_EQ(NULL, result);
}

static struct kipc_send_options to_client(uint64_t number)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;

	options.to = number;
	return options;
}

TEST_F(calls, listener_calls_the_client_it_names)
{
	struct kipc_send_options options = to_client(self->number);
	struct kipc_msg reply;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, echo_one, self->client));
	ASSERT_EQ(4, kipc_call_opts(self->server, "ping", 4, &options, &reply, LONG));
	EXPECT_EQ(0, memcmp(reply.data, "ping", 4));
	EXPECT_EQ(KIPC_MSG_REPLY, reply.kind);
	EXPECT_EQ(KIPC_CALL_REPLIED, reply.outcome);
	EXPECT_EQ(self->number, reply.peer);
	kipc_release(&reply);
	join(_metadata, thread);
}

TEST_F(calls, listener_that_names_nobody_edestaddrreq)
{
	struct kipc_msg reply;
	uint64_t id;

	EXPECT_EQ(-EDESTADDRREQ, kipc_call(self->server, "x", 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EDESTADDRREQ, kipc_call_start(self->server, "x", 1, NULL, &id, LONG));
}

TEST_F(calls, listener_that_names_a_stranger_epipe)
{
	struct kipc_send_options options = to_client(self->number + 1000);
	struct kipc_msg reply;
	uint64_t id;

	EXPECT_EQ(-EPIPE, kipc_call_opts(self->server, "x", 1, &options, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EPIPE, kipc_call_start(self->server, "x", 1, &options, &id, LONG));
}

TEST_F(calls, client_that_names_a_client_einval)
{
	struct kipc_send_options options = to_client(self->number);
	struct kipc_msg reply;

	EXPECT_EQ(-EINVAL, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
}

TEST_F(calls, server_of_a_pair_calls_its_client)
{
	struct kipc *ends[2];
	struct kipc_msg reply;
	pthread_t thread;

	ASSERT_EQ(0, kipc_pair(ends, "channel:", NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, echo_one, ends[1]));
	EXPECT_EQ(4, kipc_call(ends[0], "ping", 4, &reply, LONG));
	kipc_release(&reply);
	join(_metadata, thread);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

static void *release_one(void *handle)
{
	struct kipc_msg msg;

	if (kipc_recv(handle, &msg, LONG) < 0)
		return (void *)1;
	kipc_release(&msg);
	return NULL;
}

TEST_F(calls, client_that_refuses_econnreset)
{
	struct kipc_send_options options = to_client(self->number);
	struct kipc_msg reply;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, release_one, self->client));
	EXPECT_EQ(-ECONNRESET, kipc_call_opts(self->server, "x", 1, &options, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	join(_metadata, thread);
}

/* One thread each: the client starts a call, and serves while it waits for its end. */
TEST_F(calls, server_calls_back_before_it_replies)
{
	struct kipc_send_options options = to_client(self->number);
	struct kipc_msg call, back, end;
	uint64_t id, back_id;

	ASSERT_EQ(0, kipc_call_start(self->client, "work", 4, NULL, &id, LONG));
	ASSERT_EQ(4, kipc_recv(self->server, &call, LONG));
	EXPECT_EQ(KIPC_MSG_CALL, call.kind);
	ASSERT_EQ(0, kipc_call_start(self->server, "which?", 6, &options, &back_id, LONG));
	ASSERT_EQ(6, kipc_recv(self->client, &back, LONG));
	EXPECT_EQ(KIPC_MSG_CALL, back.kind);
	EXPECT_EQ(0, kipc_reply(self->client, &back, "this", 4));
	ASSERT_EQ(4, kipc_recv(self->server, &end, LONG));
	EXPECT_EQ(KIPC_MSG_REPLY, end.kind);
	EXPECT_EQ(back_id, end.call);
	kipc_release(&end);
	EXPECT_EQ(0, kipc_reply(self->server, &call, "done", 4));
	ASSERT_EQ(4, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(KIPC_MSG_REPLY, end.kind);
	EXPECT_EQ(id, end.call);
	EXPECT_EQ(KIPC_CALL_REPLIED, end.outcome);
	EXPECT_EQ(0, memcmp(end.data, "done", 4));
	kipc_release(&end);
}

TEST_F(calls, client_replies_and_receives_in_one)
{
	struct kipc_send_options options = to_client(self->number);
	struct kipc_msg msg, end;
	uint64_t ids[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_call_start(self->server, "abc", 3, &options, &ids[i], LONG));
	ASSERT_EQ(3, kipc_recv(self->client, &msg, LONG));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(3, kipc_reply_recv(self->client, &msg, "ok", 2, LONG));
	EXPECT_EQ(-EAGAIN, kipc_reply_recv(self->client, &msg, "ok", 2, KIPC_NOW));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(2, kipc_recv(self->server, &end, LONG));
		EXPECT_EQ(ids[i], end.call);
		kipc_release(&end);
	}
}

TEST_F(calls, many_started_calls_end_in_any_order)
{
	struct kipc_msg held[20], end;
	uint64_t ids[20];
	char byte;
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, kipc_call_start(self->client, &(char){ i }, 1, NULL, &ids[i], LONG));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, kipc_recv(self->server, &held[i], LONG));
	for (i = 19; i >= 0; i--) {
		byte = *(const char *)held[i].data + 100;
		ASSERT_EQ(0, kipc_reply(self->server, &held[i], &byte, 1));
	}
	for (i = 19; i >= 0; i--) {
		ASSERT_EQ(1, kipc_recv(self->client, &end, LONG));
		EXPECT_EQ(ids[i], end.call);
		EXPECT_EQ(i + 100, *(const char *)end.data);
		kipc_release(&end);
	}
}

TEST_F(calls, started_call_that_is_refused_fails_seen)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg call, end;
	uint64_t id;

	options.type = 77;
	ASSERT_EQ(0, kipc_call_start(self->client, "x", 1, &options, &id, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &call, LONG));
	kipc_release(&call);
	ASSERT_EQ(0, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(KIPC_MSG_FAILED, end.kind);
	EXPECT_EQ(id, end.call);
	EXPECT_EQ(KIPC_CALL_SEEN, end.outcome);
	EXPECT_EQ(77, end.type);
	EXPECT_FALSE(end.known & KIPC_KNOWN_PEER);
	kipc_release(&end);
}

TEST_F(calls, started_call_of_a_server_that_dies_fails_unseen_then_epipe)
{
	struct kipc_msg end;
	uint64_t id;

	ASSERT_EQ(0, kipc_call_start(self->client, "x", 1, NULL, &id, LONG));
	kipc_close(self->server);
	self->server = NULL;
	ASSERT_EQ(0, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(KIPC_MSG_FAILED, end.kind);
	EXPECT_EQ(id, end.call);
	EXPECT_EQ(KIPC_CALL_UNSEEN, end.outcome);
	kipc_release(&end);
	EXPECT_EQ(-EPIPE, kipc_recv(self->client, &end, KIPC_NOW));
	EXPECT_EQ(-EPIPE, kipc_call_start(self->client, "x", 1, NULL, &id, LONG));
}

TEST_F(calls, starting_without_room_or_sense_leaves_no_call)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;
	uint64_t id = 5;
	char *data;
	int n = 0;

	ASSERT_EQ(0, kipc_info(self->client, &info));
	data = calloc(1, info.max_size + 1);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(-EINVAL, kipc_call_start(self->client, "x", 1, NULL, NULL, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_call_start(self->client, data, info.max_size + 1, NULL, &id,
					     LONG));
	EXPECT_EQ(5, id);
	while (!kipc_call_start(self->client, data, info.max_size / 2, NULL, &id, KIPC_NOW))
		n++;
	EXPECT_EQ(-EAGAIN, kipc_call_start(self->client, data, info.max_size / 2, NULL, &id,
					   KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_call_start(self->client, data, info.max_size / 2, NULL, &id,
					      SOON));
	free(data);
	EXPECT_LE(1, n);
	while (n-- && kipc_recv(self->server, &msg, KIPC_NOW) > 0)
		kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(calls, receiving_into_a_buffer_passes_over_a_failure)
{
	struct kipc_msg call;
	uint64_t id;
	char byte;

	ASSERT_EQ(0, kipc_call_start(self->client, "x", 1, NULL, &id, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &call, LONG));
	kipc_release(&call);
	EXPECT_EQ(-EAGAIN, kipc_recv_into(self->client, &byte, 1, KIPC_NOW));
}

TEST_F(calls, urgent_call_comes_first_with_type_and_priority)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg call;
	uint64_t id;

	ASSERT_EQ(0, kipc_call_start(self->client, "later", 5, NULL, &id, LONG));
	options.type = 1ULL << 40;
	options.prio = 32767;
	ASSERT_EQ(0, kipc_call_start(self->client, "now", 3, &options, &id, LONG));
	ASSERT_EQ(3, kipc_recv(self->server, &call, LONG));
	EXPECT_EQ(id, call.id);
	EXPECT_EQ(1ULL << 40, call.type);
	EXPECT_EQ(32767, call.prio);
	EXPECT_TRUE(call.known & KIPC_KNOWN_PRIO);
	kipc_release(&call);
	ASSERT_EQ(5, kipc_recv(self->server, &call, LONG));
	EXPECT_EQ(0, call.prio);
	kipc_release(&call);
	options.prio = 32768;
	EXPECT_EQ(-EINVAL, kipc_call_start(self->client, "x", 1, &options, &id, LONG));
	options.prio = 65536;
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->client, "x", 1, &options, LONG));
}

TEST_F(calls, reply_has_a_type_and_no_priority_or_receiver)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg call, end;
	uint64_t id;

	ASSERT_EQ(0, kipc_call_start(self->client, "x", 1, NULL, &id, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &call, LONG));
	options.prio = 1;
	EXPECT_EQ(-EINVAL, kipc_reply_opts(self->server, &call, "y", 1, &options));
	options.prio = 0;
	options.to = self->number;
	EXPECT_EQ(-EINVAL, kipc_reply_opts(self->server, &call, "y", 1, &options));
	options.to = 0;
	options.type = 9;
	EXPECT_EQ(0, kipc_reply_opts(self->server, &call, "y", 1, &options));
	EXPECT_EQ(-EINVAL, kipc_reply_opts(self->server, &call, "y", 1, &options));
	ASSERT_EQ(1, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(9, end.type);
	kipc_release(&end);
}

TEST_F(calls, older_programs_options_are_read)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_options opening = KIPC_OPTIONS_INIT;
	struct kipc *ends[2];
	struct kipc_msg msg;

	/* As they were before they had descriptors, and busy-polling. */
	options.size = offsetof(struct kipc_send_options, fds);
	options.type = 3;
	options.fds = (const int *)8;
	options.fd_count = 1;
	opening.size = offsetof(struct kipc_options, busy_poll);
	opening.reserved = 1;
	ASSERT_EQ(0, kipc_pair(ends, "channel:", &opening));
	ASSERT_EQ(0, kipc_send_opts(ends[1], "x", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ(3, msg.type);
	EXPECT_EQ(0, msg.fd_count);
	kipc_release(&msg);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(mechanisms_without_started_calls_eopnotsupp)
{
	static const char * const schemes[] = {
		"unix:", "unix-dgram:", "unix-seqpacket:", "tcp:", "udp:", "pipe:", "posix-mq:",
	};
	struct kipc *ends[2];
	unsigned int i;
	uint64_t id;

	for (i = 0; i < 7; i++) {
		EXPECT_FALSE(scheme_can(schemes[i]) & KIPC_CAN_ASYNC);
		ASSERT_EQ(0, kipc_pair(ends, schemes[i], NULL));
		EXPECT_EQ(-EOPNOTSUPP, kipc_call_start(ends[1], "x", 1, NULL, &id, LONG));
		kipc_close(ends[0]);
		kipc_close(ends[1]);
	}
}

static void *reply_type(void *handle)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	if (kipc_recv(handle, &msg, LONG) < 0)
		return (void *)1;
	options.type = msg.type + 1;
	return (void *)(long)kipc_reply_opts(handle, &msg, "", 0, &options);
}

TEST(types_go_both_ways_with_every_mechanism_that_calls)
{
	static const char * const schemes[] = {
		"unix:", "unix-dgram:", "unix-seqpacket:", "tcp:", "udp:", "channel:",
	};
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc *ends[2];
	struct kipc_msg reply;
	pthread_t thread;
	unsigned int i;

	options.type = 41;
	for (i = 0; i < 5 + !device_missing("channel"); i++) {
		ASSERT_EQ(0, kipc_pair(ends, schemes[i], NULL));
		ASSERT_EQ(0, pthread_create(&thread, NULL, reply_type, ends[0]));
		EXPECT_EQ(0, kipc_call_opts(ends[1], "x", 1, &options, &reply, LONG));
		EXPECT_EQ(42, reply.type);
		kipc_release(&reply);
		join(_metadata, thread);
		kipc_close(ends[0]);
		kipc_close(ends[1]);
	}
}

TEST_HARNESS_MAIN
