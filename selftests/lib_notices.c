// SPDX-License-Identifier: GPL-2.0
/* Notices of a channel's listener, calls given up, and the options for waiting and serving. */
#include <sys/resource.h>

#include "lib_test.h"

FIXTURE(notices)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
	uint64_t number;
};

FIXTURE_SETUP(notices)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_msg msg;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	fresh_address("channel", self->address);
	options.flags = KIPC_OPT_NOTICES;
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, &options));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(KIPC_MSG_CONNECTED, msg.kind);
	self->number = msg.peer;
	kipc_release(&msg);
}

FIXTURE_TEARDOWN(notices)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

TEST_F(notices, client_comes_sends_and_goes_in_that_order)
{
	struct kipc *other;
	struct kipc_msg msg;
	uint64_t number;

	ASSERT_EQ(0, kipc_connect(&other, self->address, NULL));
	ASSERT_EQ(0, kipc_send(other, "x", 1, LONG));
	kipc_close(other);
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_CONNECTED, msg.kind);
	EXPECT_TRUE(msg.known & KIPC_KNOWN_PEER);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(geteuid(), msg.uid);
	number = msg.peer;
	EXPECT_NE(self->number, number);
	kipc_release(&msg);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_SEND, msg.kind);
	EXPECT_EQ(number, msg.peer);
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_GONE, msg.kind);
	EXPECT_EQ(number, msg.peer);
	EXPECT_EQ(0, msg.len);
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(notices, killed_client_is_gone)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *other;

		if (kipc_connect(&other, self->address, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_CONNECTED, msg.kind);
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_GONE, msg.kind);
	kipc_release(&msg);
	exit_status(child);
}

static void *call_soon(void *client)
{
	struct kipc_msg reply;

	return (void *)(long)kipc_call(client, "long work", 9, &reply, SOON);
}

TEST_F(notices, call_given_up_is_told_and_still_held)
{
	struct kipc_msg call, notice;
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, call_soon, self->client));
	ASSERT_EQ(9, kipc_recv(self->server, &call, LONG));
	EXPECT_EQ(0, kipc_canceled(&call));
	ASSERT_EQ(0, kipc_recv(self->server, &notice, LONG));
	EXPECT_EQ(KIPC_MSG_CANCELED, notice.kind);
	EXPECT_EQ(call.id, notice.call);
	EXPECT_EQ(self->number, notice.peer);
	pthread_join(thread, &result);
	EXPECT_EQ(-ETIMEDOUT, (long)result);
	kipc_release(&notice);
	/* This would also carry out a release that waits. */
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &notice, KIPC_NOW));
	EXPECT_EQ(1, kipc_canceled(&call));
	EXPECT_EQ(-ECANCELED, kipc_reply(self->server, &call, "late", 4));
	EXPECT_EQ(-EINVAL, kipc_canceled(&call));
}

TEST_F(notices, receiving_into_a_buffer_passes_over_them)
{
	struct kipc *other;
	char byte;

	ASSERT_EQ(0, kipc_connect(&other, self->address, NULL));
	ASSERT_EQ(0, kipc_send(other, "x", 1, LONG));
	kipc_close(other);
	EXPECT_EQ(1, kipc_recv_into(self->server, &byte, 1, LONG));
	EXPECT_EQ(-ETIMEDOUT, kipc_recv_into(self->server, &byte, 1, SOON));
}

TEST_F(notices, only_calls_can_be_given_up)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EINVAL, kipc_canceled(NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(-EINVAL, kipc_canceled(&msg));
	kipc_release(&msg);
}

TEST_F(notices, client_can_ask_whether_its_server_still_waits)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg call, msg;
	pid_t child;

	options.to = self->number;
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_call_opts(self->server, "x", 1, &options, &msg, SOON) != -ETIMEDOUT);
	ASSERT_EQ(1, kipc_recv(self->client, &call, LONG));
	EXPECT_EQ(0, kipc_canceled(&call));
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(1, kipc_canceled(&call));
	kipc_release(&call);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->client, &msg, KIPC_NOW));
}

/* Opened otherwise, a listener hears nothing of its clients. */
static void hears(struct __test_metadata *_metadata, const char *address,
		  const struct kipc_options *options, bool notices)
{
	struct kipc *server, *client;
	struct kipc_msg msg;
	char text[160];

	snprintf(text, sizeof(text), "channel:kipc-test-notices-%d%s", getpid(), address);
	ASSERT_EQ(0, kipc_listen(&server, text, options));
	ASSERT_EQ(0, kipc_connect(&client, text, options));
	EXPECT_EQ(notices ? 0 : -EAGAIN, kipc_recv(server, &msg, KIPC_NOW));
	kipc_close(client);
	kipc_close(server);
}

TEST(notices_are_asked_for_by_option_or_address)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	hears(_metadata, "", NULL, false);
	hears(_metadata, "", &options, false);
	hears(_metadata, "?notices", NULL, true);
	hears(_metadata, "?pool=1M&notices", &options, true);
	options.flags = KIPC_OPT_NOTICES;
	hears(_metadata, "", &options, true);
}

TEST(wish_for_notices_is_not_granted_by_sockets)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	options.flags = KIPC_OPT_NOTICES;
	ASSERT_EQ(0, kipc_pair(ends, "unix-seqpacket:", &options));
	ASSERT_EQ(0, kipc_info(ends[0], &info));
	EXPECT_FALSE(info.can & KIPC_CAN_NOTICES);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_call(ends[1], "x", 1, &msg, LONG) != -ECONNRESET);
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ(-EOPNOTSUPP, kipc_canceled(&msg));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(server_serves_at_its_callers_nice_value)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "channel:?nice", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (setpriority(PRIO_PROCESS, 0, 7))
			_exit(2);
		_exit(kipc_call(ends[1], "x", 1, &msg, LONG) != 0);
	}
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, kipc_reply(ends[0], &msg, NULL, 0));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, 0));
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

static void calls_go_through(struct __test_metadata *_metadata, const char *address,
			     const struct kipc_options *options)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;
	int i;

	ASSERT_EQ(0, kipc_pair(ends, address, options));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		for (i = 0; i < 100; i++) {
			if (kipc_call(ends[1], "x", 1, &msg, LONG) != 2)
				_exit(1);
			kipc_release(&msg);
		}
		_exit(0);
	}
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	for (i = 0; i < 99; i++)
		ASSERT_EQ(1, kipc_reply_recv(ends[0], &msg, "ok", 2, LONG));
	EXPECT_EQ(0, kipc_reply(ends[0], &msg, "ok", 2));
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(busy_polling_is_an_option_a_wish_beyond_bounds_is_cut)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc *ends[2];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	calls_go_through(_metadata, "channel:?busy=50000", NULL);
	options.busy_poll = KIPC_S(100);
	options.ring = 100000;
	calls_go_through(_metadata, "channel:", &options);
	ASSERT_EQ(0, kipc_pair(ends, "queue:?busy=1000", &options));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
