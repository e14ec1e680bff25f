// SPDX-License-Identifier: GPL-2.0
/* Several messages in one go, with every mechanism. */
#include "lib_test.h"

FIXTURE(many)
{
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(many)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(many, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(many, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(many, pipe) { .scheme = "pipe" };
FIXTURE_VARIANT_ADD(many, fifo) { .scheme = "fifo" };
FIXTURE_VARIANT_ADD(many, pty) { .scheme = "pty" };
FIXTURE_VARIANT_ADD(many, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(many, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(many, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(many, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(many, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(many, sysv_msg) { .scheme = "sysv-msg" };
FIXTURE_VARIANT_ADD(many, ring) { .scheme = "ring" };

FIXTURE_SETUP(many)
{
	struct kipc *ends[2];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, open_ends(variant->scheme, ends));
	self->recv = ends[0];
	self->send = ends[1];
}

FIXTURE_TEARDOWN(many)
{
	kipc_close(self->send);
	kipc_close(self->recv);
}

/* Message i has i % 50 bytes. */
static void prepare(struct kipc_out *msgs, size_t count, const char *data)
{
	size_t i;

	for (i = 0; i < count; i++)
		msgs[i] = (struct kipc_out){ .data = data, .len = i % 50 };
}

/* As many as the mechanism takes, then the rest, in their order. */
TEST_F(many, thousand_arrive_whole_and_in_order)
{
	static struct kipc_out msgs[1000];
	char data[50];
	struct kipc_msg msg;
	size_t sent = 0, got = 0;
	ssize_t n;

	fill(data, sizeof(data), 1);
	prepare(msgs, 1000, data);
	while (got < 1000) {
		n = kipc_send_many(self->send, msgs + sent, 1000 - sent, LONG);
		ASSERT_LE(0, n);
		ASSERT_TRUE(n || sent == 1000);
		for (sent += n; got < sent; got++) {
			ASSERT_EQ(got % 50, kipc_recv(self->recv, &msg, LONG));
			ASSERT_TRUE(filled(msg.data, msg.len, 1));
			kipc_release(&msg);
		}
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(many, full_mechanism_takes_some_then_none)
{
	static struct kipc_out msgs[70];
	static char data[4000];
	struct kipc_msg msg;
	ssize_t n, sent = 0;
	int i;

	for (i = 0; i < 70; i++)
		msgs[i] = (struct kipc_out){ .data = data, .len = sizeof(data) };
	/*
	 * A terminal or a connection is full for a moment, until the kernel has moved on
	 * what is in it.
	 */
	do {
		while ((n = kipc_send_many(self->send, msgs, 70, SOON)) > 0 && sent < 100000)
			sent += n;
		EXPECT_EQ(-ETIMEDOUT, n);
		n = kipc_send_many(self->send, msgs, 70, KIPC_NOW);
		sent += n > 0 ? n : 0;
	} while (n > 0 && sent < 100000);
	EXPECT_EQ(-EAGAIN, n);
	while (kipc_recv(self->recv, &msg, SOON) >= 0) {
		kipc_release(&msg);
		sent--;
	}
	EXPECT_EQ(0, sent);
}

TEST_F(many, arguments_are_checked_the_good_before_are_sent)
{
	struct kipc_out msgs[3] = { { "a", 1, NULL }, { NULL, 1, NULL }, { "c", 1, NULL } };
	struct kipc_msg msg;

	EXPECT_EQ(0, kipc_send_many(self->send, msgs, 0, LONG));
	EXPECT_EQ(0, kipc_send_many(self->send, NULL, 0, LONG));
	EXPECT_EQ(-EINVAL, kipc_send_many(self->send, NULL, 1, LONG));
	EXPECT_EQ(-EINVAL, kipc_send_many(NULL, msgs, 1, LONG));
	EXPECT_EQ(1, kipc_send_many(self->send, msgs, 3, LONG));
	EXPECT_EQ(-EINVAL, kipc_send_many(self->send, msgs + 1, 2, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	if (!(scheme_can(variant->scheme) & KIPC_CAN_DUPLEX))
		EXPECT_EQ(-EOPNOTSUPP, kipc_send_many(self->recv, msgs, 1, LONG));
}

/* The same, received in lots that are larger and smaller than the sender's. */
TEST_F(many, thousand_are_received_in_lots)
{
	static struct kipc_out msgs[1000];
	static struct kipc_msg in[150];
	size_t sent = 0, got = 0, want;
	char data[50];
	ssize_t n, i;

	fill(data, sizeof(data), 1);
	prepare(msgs, 1000, data);
	while (got < 1000) {
		n = kipc_send_many(self->send, msgs + sent, 1000 - sent, LONG);
		ASSERT_LE(0, n);
		ASSERT_TRUE(n || sent == 1000);
		for (sent += n; got < sent; got += n) {
			want = got % 3 ? 150 : 7;
			n = kipc_recv_many(self->recv, in, want, LONG);
			ASSERT_LT(0, n);
			ASSERT_GE(want, n);
			for (i = 0; i < n; i++) {
				ASSERT_EQ((got + i) % 50, in[i].len);
				ASSERT_TRUE(filled(in[i].data, in[i].len, 1));
			}
			/* In any order. */
			for (i = n; i; i--)
				kipc_release(&in[i - 1]);
		}
	}
	EXPECT_EQ(-EAGAIN, kipc_recv_many(self->recv, in, 2, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_recv_many(self->recv, in, 2, SOON));
}

TEST_F(many, first_is_waited_for_and_no_other)
{
	struct kipc_msg in[3];
	int64_t start;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(kipc_send(self->send, "a", 1, LONG) ? 1 : 0);
	}
	start = now_ns();
	ASSERT_EQ(1, kipc_recv_many(self->recv, in, 3, LONG));
	EXPECT_GT(LONG / 2, now_ns() - start);
	EXPECT_EQ('a', *(const char *)in[0].data);
	kipc_release(&in[0]);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(many, arguments_of_receiving_are_checked)
{
	struct kipc_msg in[2];

	EXPECT_EQ(0, kipc_recv_many(self->recv, in, 0, LONG));
	EXPECT_EQ(0, kipc_recv_many(self->recv, NULL, 0, LONG));
	EXPECT_EQ(-EINVAL, kipc_recv_many(self->recv, NULL, 1, LONG));
	EXPECT_EQ(-EINVAL, kipc_recv_many(NULL, in, 1, LONG));
	if (!(scheme_can(variant->scheme) & KIPC_CAN_DUPLEX))
		EXPECT_EQ(-EOPNOTSUPP, kipc_recv_many(self->send, in, 1, LONG));
}

/* One that kipc_recv_into() had no room for is still the first. */
TEST_F(many, message_put_back_comes_first)
{
	struct kipc_msg in[3];
	char buf[1];

	ASSERT_EQ(0, kipc_send(self->send, "ab", 2, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "c", 1, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 1, LONG));
	ASSERT_EQ(2, kipc_recv_many(self->recv, in, 3, LONG));
	EXPECT_EQ(2, in[0].len);
	EXPECT_EQ(1, in[1].len);
	kipc_release(&in[0]);
	kipc_release(&in[1]);
}

TEST(queue_batch_of_large_messages_goes_in_parts)
{
	static char data[200000];
	struct kipc *ends[2];
	struct kipc_msg in[5];
	ssize_t n, i;
	int got = 0;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?size=200000&bytes=1M", NULL));
	fill(data, sizeof(data), 3);
	ASSERT_EQ(0, kipc_send(ends[1], "x", 1, LONG));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kipc_send(ends[1], data, sizeof(data), LONG));
	n = kipc_recv_many(ends[0], in, 5, LONG);
	ASSERT_EQ(5, n);
	for (i = 0; i < n; i++) {
		got += filled(in[i].data, in[i].len, 3) && in[i].len == sizeof(data);
		kipc_release(&in[i]);
	}
	EXPECT_EQ(4, got);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(queue_messages_of_a_batch_tell_what_they_are)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_out msgs[3] = { { "a", 1, NULL }, { "b", 1, &options }, { "", 0, NULL } };
	struct kipc *ends[2];
	struct kipc_msg in[4];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	options.type = 77;
	options.prio = 2;
	ASSERT_EQ(3, kipc_send_many(ends[1], msgs, 3, LONG));
	ASSERT_EQ(3, kipc_recv_many(ends[0], in, 4, LONG));
	EXPECT_EQ('b', *(const char *)in[0].data);
	EXPECT_EQ(77, in[0].type);
	EXPECT_EQ(2, in[0].prio);
	EXPECT_EQ(getpid(), in[0].pid);
	EXPECT_EQ('a', *(const char *)in[1].data);
	EXPECT_EQ(0, in[1].type);
	EXPECT_EQ(0, in[2].len);
	/* A handle that is closed takes what was not released with it. */
	kipc_release(&in[1]);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* Messages of one batch, released by two threads while others are received. */
struct half {
	struct kipc_msg *msgs;
	ssize_t count;
};

static void *release_half(void *arg)
{
	struct half *half = arg;
	ssize_t i;

	for (i = 0; i < half->count; i += 2)
		kipc_release(&half->msgs[i]);
	return NULL;
}

TEST_F(many, threads_release_a_batch_together)
{
	static struct kipc_out msgs[64];
	static struct kipc_msg in[64];
	struct half odd, even;
	pthread_t thread;
	char data[50];
	int round;
	ssize_t n;

	fill(data, sizeof(data), 1);
	prepare(msgs, 64, data);
	for (round = 0; round < 50; round++) {
		n = kipc_send_many(self->send, msgs, 64, LONG);
		ASSERT_LT(0, n);
		for (; n > 0; n -= odd.count) {
			odd.count = kipc_recv_many(self->recv, in, n, LONG);
			ASSERT_LT(0, odd.count);
			odd.msgs = in;
			even.msgs = in + 1;
			even.count = odd.count - 1;
			ASSERT_TRUE(filled(in[0].data, in[0].len, 1));
			ASSERT_EQ(0, pthread_create(&thread, NULL, release_half, &odd));
			release_half(&even);
			pthread_join(thread, NULL);
		}
	}
}

TEST_F(many, peer_that_is_gone_epipe)
{
	struct kipc_out out = { "a", 1, NULL };

	if (!(scheme_can(variant->scheme) & KIPC_CAN_DUPLEX))
		SKIP(return, "stores do not notice, and a pipe has its own test");
	kipc_close(self->recv);
	self->recv = NULL;
	EXPECT_EQ(-EPIPE, kipc_send_many(self->send, &out, 1, LONG));
}

TEST(each_message_has_its_options)
{
	struct kipc_send_options urgent = KIPC_SEND_OPTIONS_INIT, wrong = KIPC_SEND_OPTIONS_INIT;
	struct kipc_out msgs[4] = {
		{ "a", 1, NULL }, { "b", 1, &urgent }, { "c", 1, &wrong }, { "d", 1, NULL },
	};
	struct kipc *ends[2];
	struct kipc_msg msg;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	urgent.prio = 5;
	urgent.type = 6;
	wrong.prio = 1 << 20;
	ASSERT_EQ(0, kipc_pair(ends, "channel:", NULL));
	EXPECT_EQ(2, kipc_send_many(ends[1], msgs, 4, LONG));
	EXPECT_EQ(-EINVAL, kipc_send_many(ends[1], msgs + 2, 2, LONG));
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ('b', *(const char *)msg.data);
	EXPECT_EQ(6, msg.type);
	kipc_release(&msg);
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ('a', *(const char *)msg.data);
	kipc_release(&msg);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(listener_sends_to_several_clients_in_one_go)
{
	struct kipc_send_options to[2] = { KIPC_SEND_OPTIONS_INIT, KIPC_SEND_OPTIONS_INIT };
	struct kipc *server, *clients[2];
	struct kipc_out msgs[100];
	char address[128];
	struct kipc_msg msg;
	int i, n;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_listen(&server, fresh_address("channel", address), NULL));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kipc_connect(&clients[i], address, NULL));
		ASSERT_EQ(0, kipc_send(clients[i], "x", 1, LONG));
		ASSERT_EQ(1, kipc_recv(server, &msg, LONG));
		to[i].to = msg.peer;
		kipc_release(&msg);
	}
	for (i = 0; i < 100; i++)
		msgs[i] = (struct kipc_out){ "xy" + i % 2, 1, &to[i % 2] };
	EXPECT_EQ(100, kipc_send_many(server, msgs, 100, LONG));
	msgs[0].options = NULL;
	EXPECT_EQ(-EDESTADDRREQ, kipc_send_many(server, msgs, 1, LONG));
	for (i = 0; i < 2; i++) {
		for (n = 0; kipc_recv(clients[i], &msg, KIPC_NOW) == 1; n++) {
			EXPECT_EQ("xy"[i], *(const char *)msg.data);
			kipc_release(&msg);
		}
		EXPECT_EQ(50, n);
		kipc_close(clients[i]);
	}
	kipc_close(server);
}

TEST_HARNESS_MAIN
