// SPDX-License-Identifier: GPL-2.0
/*
 * kipc_events(): an event loop that waits as it is told misses nothing, whatever the
 * mechanism, and does not wait where it need not.
 */
#include <poll.h>

#include "lib_test.h"

FIXTURE(pair)
{
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(pair)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(pair, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(pair, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(pair, pipe) { .scheme = "pipe" };
FIXTURE_VARIANT_ADD(pair, fifo) { .scheme = "fifo" };
FIXTURE_VARIANT_ADD(pair, pty) { .scheme = "pty" };
FIXTURE_VARIANT_ADD(pair, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(pair, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(pair, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(pair, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(pair, udp) { .scheme = "udp" };
FIXTURE_VARIANT_ADD(pair, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(pair, sysv_msg) { .scheme = "sysv-msg" };
FIXTURE_VARIANT_ADD(pair, cma) { .scheme = "cma" };
FIXTURE_VARIANT_ADD(pair, sunrpc) { .scheme = "sunrpc" };

FIXTURE_SETUP(pair)
{
	struct kipc *ends[2];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, open_ends(variant->scheme, ends));
	self->recv = ends[0];
	self->send = ends[1];
}

FIXTURE_TEARDOWN(pair)
{
	kipc_close(self->send);
	kipc_close(self->recv);
}

/* Poll once, without waiting: is the handle ready for what is wanted? */
static bool ready(struct kipc *handle, uint32_t want)
{
	struct kipc_events events = KIPC_EVENTS_INIT;
	struct pollfd poll_fd;

	if (kipc_events(handle, want, &events))
		return false;
	poll_fd.fd = events.fd;
	poll_fd.events = events.events;
	return !events.timeout || poll(&poll_fd, 1, 0) == 1;
}

/* An event loop's wait, with the time it is told. */
static void wait_as_told(struct kipc *handle, uint32_t want)
{
	struct kipc_events events = KIPC_EVENTS_INIT;
	struct pollfd poll_fd;

	if (kipc_events(handle, want, &events))
		return;
	poll_fd.fd = events.fd;
	poll_fd.events = events.events;
	poll(&poll_fd, 1, events.timeout < 0 ? 20000 : events.timeout / 1000000);
}

static bool has_descriptor(const char *scheme)
{
	return scheme_can(scheme) & KIPC_CAN_POLL;
}

TEST_F(pair, descriptor_is_that_of_kipc_fd)
{
	struct kipc_events events = KIPC_EVENTS_INIT;

	ASSERT_EQ(0, kipc_events(self->recv, KIPC_WANT_RECV, &events));
	if (has_descriptor(variant->scheme)) {
		EXPECT_EQ(kipc_fd(self->recv), events.fd);
		EXPECT_EQ(KIPC_FOREVER, events.timeout);
	} else {
		EXPECT_EQ(-1, events.fd);
		EXPECT_LT(0, events.timeout);
	}
	EXPECT_EQ(POLLIN, events.events);
	ASSERT_EQ(0, kipc_events(self->send, KIPC_WANT_SEND, &events));
	EXPECT_EQ(POLLOUT, events.events);
}

TEST_F(pair, receiver_is_ready_while_a_message_waits)
{
	struct kipc_msg msg;

	if (!has_descriptor(variant->scheme))
		SKIP(return, "no descriptor");
	EXPECT_FALSE(ready(self->recv, KIPC_WANT_RECV));
	ASSERT_EQ(0, kipc_send(self->send, "1", 1, LONG));
	EXPECT_TRUE(ready(self->recv, KIPC_WANT_RECV));
	EXPECT_TRUE(ready(self->recv, KIPC_WANT_RECV));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_FALSE(ready(self->recv, KIPC_WANT_RECV));
}

TEST_F(pair, message_that_the_library_put_back_is_not_waited_for)
{
	struct kipc_events events = KIPC_EVENTS_INIT;
	char small[4], large[16];

	ASSERT_EQ(0, kipc_send(self->send, "too large", 9, LONG));
	ASSERT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, small, sizeof(small), LONG));
	if (has_descriptor(variant->scheme))
		EXPECT_TRUE(ready(self->recv, KIPC_WANT_RECV));
	wait_as_told(self->recv, KIPC_WANT_RECV);
	EXPECT_EQ(9, kipc_recv_into(self->recv, large, sizeof(large), KIPC_NOW));
	ASSERT_EQ(0, kipc_events(self->recv, KIPC_WANT_RECV, &events));
	EXPECT_NE(0, events.timeout);
}

/* Fill it up without waiting; false where there seems to be no end. */
static bool fill_up(struct kipc *handle)
{
	static char bytes[512];
	int i;

	for (i = 0; i < 1000000; i++)
		if (kipc_send(handle, bytes, sizeof(bytes), KIPC_NOW))
			return true;
	return false;
}

TEST_F(pair, sender_is_ready_while_there_is_room)
{
	struct kipc_msg msg;

	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "it is never full");
	if (!has_descriptor(variant->scheme))
		SKIP(return, "no descriptor");
	EXPECT_TRUE(ready(self->send, KIPC_WANT_SEND));
	ASSERT_TRUE(fill_up(self->send));
	EXPECT_FALSE(ready(self->send, KIPC_WANT_SEND));
	while (kipc_recv(self->recv, &msg, KIPC_NOW) >= 0)
		kipc_release(&msg);
	wait_as_told(self->send, KIPC_WANT_SEND);
	EXPECT_TRUE(ready(self->send, KIPC_WANT_SEND));
	EXPECT_EQ(0, kipc_send(self->send, "x", 1, KIPC_NOW));
}

TEST_F(pair, loop_gets_every_message)
{
	int got = 0, status;
	struct kipc_msg msg;
	pid_t child = fork();

	if (!child) {
		int i;

		for (i = 0; i < 20; i++)
			if (kipc_send(self->send, &i, sizeof(i), LONG))
				_exit(1);
		_exit(0);
	}
	while (got < 20) {
		wait_as_told(self->recv, KIPC_WANT_RECV);
		while (kipc_recv(self->recv, &msg, KIPC_NOW) >= 0) {
			ASSERT_EQ(sizeof(got), msg.len);
			EXPECT_EQ(0, memcmp(msg.data, &got, sizeof(got)));
			kipc_release(&msg);
			got++;
		}
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(pair, what_an_end_cannot_do_eopnotsupp)
{
	struct kipc_events events = KIPC_EVENTS_INIT;

	if (scheme_can(variant->scheme) & KIPC_CAN_DUPLEX)
		SKIP(return, "it does both");
	EXPECT_EQ(-EOPNOTSUPP, kipc_events(self->recv, KIPC_WANT_SEND, &events));
	EXPECT_EQ(-EOPNOTSUPP, kipc_events(self->send, KIPC_WANT_RECV, &events));
}

TEST_F(pair, nonsense_einval)
{
	struct kipc_events events = KIPC_EVENTS_INIT;

	EXPECT_EQ(-EINVAL, kipc_events(NULL, KIPC_WANT_RECV, &events));
	EXPECT_EQ(-EINVAL, kipc_events(self->recv, KIPC_WANT_RECV, NULL));
	EXPECT_EQ(-EINVAL, kipc_events(self->recv, 0, &events));
	EXPECT_EQ(-EINVAL, kipc_events(self->recv, KIPC_WANT_RECV | 4, &events));
	events.size--;
	EXPECT_EQ(-EINVAL, kipc_events(self->recv, KIPC_WANT_RECV, &events));
}

FIXTURE(listener)
{
	struct kipc *server;
	struct kipc *client;
};

FIXTURE_VARIANT(listener)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(listener, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(listener, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(listener, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(listener, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(listener, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(listener, udp) { .scheme = "udp" };
FIXTURE_VARIANT_ADD(listener, cma) { .scheme = "cma" };
FIXTURE_VARIANT_ADD(listener, sunrpc) { .scheme = "sunrpc" };

FIXTURE_SETUP(listener)
{
	char address[128];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	fresh_address(variant->scheme, address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
}

FIXTURE_TEARDOWN(listener)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

TEST_F(listener, has_no_one_room_to_wait_for)
{
	struct kipc_events events = KIPC_EVENTS_INIT;

	EXPECT_EQ(-EOPNOTSUPP, kipc_events(self->server, KIPC_WANT_SEND, &events));
	EXPECT_EQ(-EOPNOTSUPP, kipc_events(self->server, KIPC_WANT_RECV | KIPC_WANT_SEND,
					   &events));
	EXPECT_EQ(0, kipc_events(self->client, KIPC_WANT_RECV | KIPC_WANT_SEND, &events));
	EXPECT_EQ(POLLIN | POLLOUT, events.events);
}

/* Sends to its one caller before it answers. */
static void *send_then_answer(void *server)
{
	struct kipc_send_options to = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;
	int err;

	if (kipc_recv(server, &msg, LONG) < 0)
		return (void *)1L;
	to.to = msg.peer;
	err = kipc_send_opts(server, "news", 4, &to, LONG);
	return (void *)(long)(kipc_reply(server, &msg, "yes", 3) || err);
}

TEST_F(listener, message_that_came_during_a_call_is_not_waited_for)
{
	struct kipc_msg msg;
	pthread_t thread;
	void *failed;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_then_answer, self->server));
	ASSERT_EQ(3, kipc_call(self->client, "?", 1, &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(0, pthread_join(thread, &failed));
	ASSERT_EQ(NULL, failed);
	EXPECT_TRUE(ready(self->client, KIPC_WANT_RECV));
	ASSERT_EQ(4, kipc_recv(self->client, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_FALSE(ready(self->client, KIPC_WANT_RECV));
}

TEST_HARNESS_MAIN
