// SPDX-License-Identifier: GPL-2.0
/* kipc_recv_opts(): which message is received, how much of it, and looking at it. */
#include "lib_test.h"

FIXTURE(pick)
{
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(pick)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(pick, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(pick, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(pick, pipe) { .scheme = "pipe" };
FIXTURE_VARIANT_ADD(pick, fifo) { .scheme = "fifo" };
FIXTURE_VARIANT_ADD(pick, pty) { .scheme = "pty" };
FIXTURE_VARIANT_ADD(pick, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(pick, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(pick, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(pick, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(pick, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(pick, sysv_msg) { .scheme = "sysv-msg" };

FIXTURE_SETUP(pick)
{
	struct kipc *ends[2];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, open_ends(variant->scheme, ends));
	self->recv = ends[0];
	self->send = ends[1];
}

FIXTURE_TEARDOWN(pick)
{
	kipc_close(self->send);
	kipc_close(self->recv);
}

/* A message whose text is one letter. */
static int put(struct kipc *handle, char letter, uint64_t type, uint32_t prio)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;

	options.type = type;
	options.prio = prio;
	return kipc_send_opts(handle, &letter, 1, &options, LONG);
}

/* The letter that is picked, or -errno. */
static int pick(struct kipc *handle, uint32_t how, uint64_t match, uint32_t flags,
		int64_t timeout)
{
	struct kipc_recv_options options = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg;
	ssize_t n;
	int letter;

	options.pick = how;
	options.match = match;
	options.flags = flags;
	n = kipc_recv_opts(handle, &msg, &options, timeout);
	if (n < 0)
		return (int)n;
	letter = n == 1 ? *(const char *)msg.data : 0;
	kipc_release(&msg);
	return letter;
}

TEST_F(pick, without_options_as_recv)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EAGAIN, kipc_recv_opts(self->recv, &msg, NULL, KIPC_NOW));
	ASSERT_EQ(0, kipc_send(self->send, "abc", 3, LONG));
	ASSERT_EQ(3, kipc_recv_opts(self->recv, &msg, NULL, LONG));
	EXPECT_EQ(3, msg.len);
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NEXT, 0, 0, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, pick(self->recv, KIPC_PICK_NEXT, 0, 0, SOON));
}

TEST_F(pick, what_cannot_be_chosen_is_refused)
{
	uint32_t can = scheme_can(variant->scheme);

	ASSERT_EQ(0, kipc_send(self->send, "a", 1, LONG));
	if (!(can & KIPC_CAN_SELECT))
		EXPECT_EQ(-EOPNOTSUPP, pick(self->recv, KIPC_PICK_TYPE, 0, 0, LONG));
	if (!(can & KIPC_CAN_PEEK))
		EXPECT_EQ(-EOPNOTSUPP, pick(self->recv, KIPC_PICK_NEXT, 0, KIPC_PEEK, LONG));
	if (!(can & KIPC_CAN_DUPLEX))
		EXPECT_EQ(-EOPNOTSUPP, pick(self->send, KIPC_PICK_NEXT, 0, 0, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_NEXT, 0, 0, LONG));
}

TEST_F(pick, arguments_are_checked)
{
	struct kipc_recv_options options = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg;

	EXPECT_EQ(-EINVAL, kipc_recv_opts(NULL, &msg, &options, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_recv_opts(self->recv, NULL, &options, KIPC_NOW));
	EXPECT_EQ(-EINVAL, pick(self->recv, 6, 0, 0, KIPC_NOW));
	EXPECT_EQ(-EINVAL, pick(self->recv, KIPC_PICK_NEXT, 0, 4, KIPC_NOW));
	EXPECT_EQ(-EINVAL, pick(self->recv, KIPC_PICK_NEXT, 1, 0, KIPC_NOW));
	EXPECT_EQ(-EINVAL, pick(self->recv, KIPC_PICK_NTH, 0, 0, KIPC_NOW));
	options.size--;
	EXPECT_EQ(-EINVAL, kipc_recv_opts(self->recv, &msg, &options, KIPC_NOW));
}

TEST_F(pick, too_long_is_refused_and_stays)
{
	struct kipc_recv_options options = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg;
	char data[100];

	fill(data, sizeof(data), 1);
	ASSERT_EQ(0, kipc_send(self->send, data, sizeof(data), LONG));
	options.max_len = 99;
	EXPECT_EQ(-EMSGSIZE, kipc_recv_opts(self->recv, &msg, &options, LONG));
	if (!scheme_is(variant->scheme, "sysv-msg"))
		EXPECT_EQ(100, msg.len);
	kipc_release(&msg);
	options.max_len = 100;
	ASSERT_EQ(100, kipc_recv_opts(self->recv, &msg, &options, LONG));
	EXPECT_TRUE(filled(msg.data, 100, 1));
	kipc_release(&msg);
}

TEST_F(pick, too_long_is_cut_off)
{
	struct kipc_recv_options options = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg;
	char data[100];

	fill(data, sizeof(data), 1);
	ASSERT_EQ(0, kipc_send(self->send, data, sizeof(data), LONG));
	ASSERT_EQ(0, kipc_send(self->send, data, sizeof(data), LONG));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	options.flags = KIPC_TRUNCATE;
	options.max_len = 10;
	ASSERT_EQ(100, kipc_recv_opts(self->recv, &msg, &options, LONG));
	EXPECT_EQ(10, msg.len);
	EXPECT_TRUE(filled(msg.data, 10, 1));
	kipc_release(&msg);
	options.max_len = 0;
	ASSERT_EQ(100, kipc_recv_opts(self->recv, &msg, &options, LONG));
	EXPECT_EQ(0, msg.len);
	kipc_release(&msg);
	options.max_len = 10;
	ASSERT_EQ(1, kipc_recv_opts(self->recv, &msg, &options, LONG));
	EXPECT_EQ(1, msg.len);
	kipc_release(&msg);
}

TEST_F(pick, by_type)
{
	if (!(scheme_can(variant->scheme) & KIPC_CAN_SELECT))
		SKIP(return, "cannot choose");
	ASSERT_EQ(0, put(self->send, 'a', 5, 0));
	ASSERT_EQ(0, put(self->send, 'b', 3, 0));
	ASSERT_EQ(0, put(self->send, 'c', 5, 0));
	ASSERT_EQ(0, put(self->send, 'd', 0, 0));
	ASSERT_EQ(0, put(self->send, 'e', 7, 0));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_TYPE, 4, 0, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, pick(self->recv, KIPC_PICK_TYPE, 4, 0, SOON));
	EXPECT_EQ('b', pick(self->recv, KIPC_PICK_TYPE, 3, 0, LONG));
	EXPECT_EQ('d', pick(self->recv, KIPC_PICK_TYPE_MAX, 6, 0, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_TYPE_MAX, 6, 0, LONG));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_TYPE_MAX, 4, 0, KIPC_NOW));
	EXPECT_EQ('e', pick(self->recv, KIPC_PICK_NOT_TYPE, 5, 0, LONG));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NOT_TYPE, 5, 0, KIPC_NOW));
	EXPECT_EQ('c', pick(self->recv, KIPC_PICK_FIRST, 0, 0, LONG));
}

TEST_F(pick, waits_for_the_one_that_qualifies)
{
	pid_t child;

	if (!(scheme_can(variant->scheme) & KIPC_CAN_SELECT))
		SKIP(return, "cannot choose");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(put(self->send, 'a', 1, 0) || put(self->send, 'b', 2, 0));
	}
	EXPECT_EQ('b', pick(self->recv, KIPC_PICK_TYPE, 2, 0, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_TYPE, 1, 0, KIPC_FOREVER));
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pick, look_and_leave)
{
	if (!(scheme_can(variant->scheme) & KIPC_CAN_PEEK))
		SKIP(return, "cannot look");
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NEXT, 0, KIPC_PEEK, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, pick(self->recv, KIPC_PICK_NEXT, 0, KIPC_PEEK, SOON));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NTH, 0, KIPC_PEEK, LONG));
	ASSERT_EQ(0, put(self->send, 'a', 5, 0));
	ASSERT_EQ(0, put(self->send, 'b', 3, 0));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_NEXT, 0, KIPC_PEEK, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_FIRST, 0, KIPC_PEEK, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_NTH, 0, KIPC_PEEK, LONG));
	EXPECT_EQ('b', pick(self->recv, KIPC_PICK_NTH, 1, KIPC_PEEK, LONG));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NTH, 2, KIPC_PEEK, LONG));
	EXPECT_EQ(scheme_is(variant->scheme, "sysv-msg") ? -EOPNOTSUPP : 'b',
		  pick(self->recv, KIPC_PICK_TYPE, 3, KIPC_PEEK, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_NEXT, 0, 0, LONG));
	EXPECT_EQ('b', pick(self->recv, KIPC_PICK_NEXT, 0, 0, LONG));
	EXPECT_EQ(-EAGAIN, pick(self->recv, KIPC_PICK_NEXT, 0, 0, KIPC_NOW));
}

/* What a receiver into a small buffer left must be there for the one who chooses. */
TEST_F(pick, what_did_not_fit_can_be_chosen)
{
	char data[4];

	if (!(scheme_can(variant->scheme) & KIPC_CAN_SELECT))
		SKIP(return, "cannot choose");
	ASSERT_EQ(0, put(self->send, 'a', 5, 0));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, data, 0, LONG));
	EXPECT_EQ('a', pick(self->recv, KIPC_PICK_TYPE, 5, 0, LONG));
}

TEST(queue_has_priorities_among_those_that_qualify)
{
	struct kipc *ends[2];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	ASSERT_EQ(0, put(ends[1], 'a', 5, 1));
	ASSERT_EQ(0, put(ends[1], 'b', 5, 9));
	ASSERT_EQ(0, put(ends[1], 'c', 6, 10));
	ASSERT_EQ(0, put(ends[1], 'd', 5, 9));
	EXPECT_EQ('a', pick(ends[0], KIPC_PICK_FIRST, 0, KIPC_PEEK, LONG));
	EXPECT_EQ('c', pick(ends[0], KIPC_PICK_NEXT, 0, KIPC_PEEK, LONG));
	EXPECT_EQ('b', pick(ends[0], KIPC_PICK_TYPE, 5, 0, LONG));
	EXPECT_EQ('d', pick(ends[0], KIPC_PICK_NOT_TYPE, 6, 0, LONG));
	EXPECT_EQ('a', pick(ends[0], KIPC_PICK_FIRST, 0, 0, LONG));
	EXPECT_EQ('c', pick(ends[0], KIPC_PICK_NEXT, 0, 0, LONG));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(queue_message_larger_than_any_before)
{
	struct kipc_recv_options options = KIPC_RECV_OPTIONS_INIT;
	static char data[300000];
	struct kipc *ends[2];
	struct kipc_msg msg;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?size=1M&bytes=2M", NULL));
	fill(data, sizeof(data), 2);
	ASSERT_EQ(0, kipc_send(ends[1], data, sizeof(data), LONG));
	options.flags = KIPC_PEEK | KIPC_TRUNCATE;
	options.max_len = 200000;
	ASSERT_EQ(300000, kipc_recv_opts(ends[0], &msg, &options, LONG));
	EXPECT_EQ(200000, msg.len);
	EXPECT_TRUE(filled(msg.data, 200000, 2));
	kipc_release(&msg);
	options.flags = 0;
	EXPECT_EQ(-EMSGSIZE, kipc_recv_opts(ends[0], &msg, &options, LONG));
	EXPECT_EQ(300000, msg.len);
	options.max_len = SIZE_MAX;
	ASSERT_EQ(300000, kipc_recv_opts(ends[0], &msg, &options, LONG));
	EXPECT_TRUE(filled(msg.data, 300000, 2));
	kipc_release(&msg);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
