// SPDX-License-Identifier: GPL-2.0
/*
 * What every transport does alike, on a pair of ends: one message in, the same
 * message out; limits, times, signals, processes.
 */
#include <poll.h>

#include "lib_test.h"

FIXTURE(pair)
{
	struct kipc *recv;
	struct kipc *send;
	uint32_t can;
	size_t max_size;
	int descriptors;
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
FIXTURE_VARIANT_ADD(pair, ring) { .scheme = "ring" };

FIXTURE_SETUP(pair)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	self->descriptors = open_descriptors();
	ASSERT_EQ(0, open_ends(variant->scheme, ends));
	self->recv = ends[0];
	self->send = ends[1];
	ASSERT_EQ(0, kipc_info(self->send, &info));
	ASSERT_STREQ(variant->scheme, info.scheme);
	self->can = info.can;
	self->max_size = info.max_size;
}

FIXTURE_TEARDOWN(pair)
{
	kipc_close(self->send);
	kipc_close(self->recv);
	if (self->descriptors)
		EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(pair, message_arrives_whole)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "hello", 5, LONG));
	ASSERT_EQ(5, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(5, msg.len);
	EXPECT_EQ(KIPC_MSG_SEND, msg.kind);
	EXPECT_EQ(self->recv, msg.handle);
	EXPECT_EQ(0, memcmp(msg.data, "hello", 5));
	kipc_release(&msg);
}

TEST_F(pair, messages_keep_their_order_and_bounds)
{
	struct kipc_msg msg;
	size_t len;

	for (len = 0; len < 8; len++)
		ASSERT_EQ(0, kipc_send(self->send, "abcdefgh", len, LONG));
	for (len = 0; len < 8; len++) {
		ASSERT_EQ(len, kipc_recv(self->recv, &msg, LONG));
		EXPECT_EQ(0, memcmp(msg.data, "abcdefgh", len));
		kipc_release(&msg);
	}
}

TEST_F(pair, empty_message_is_a_message)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, NULL, 0, LONG));
	EXPECT_EQ(0, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(pair, several_messages_may_be_held)
{
	struct kipc_msg msgs[4];
	char letter;
	int i;

	for (i = 0; i < 4; i++) {
		letter = 'a' + i;
		ASSERT_EQ(0, kipc_send(self->send, &letter, 1, LONG));
		ASSERT_EQ(1, kipc_recv(self->recv, &msgs[i], LONG));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ('a' + i, *(const char *)msgs[i].data);
	for (i = 0; i < 4; i++)
		kipc_release(&msgs[i]);
}

TEST_F(pair, releasing_twice_is_harmless)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(NULL, msg.handle);
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->send, "y", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ('y', *(const char *)msg.data);
	kipc_release(&msg);
}

TEST_F(pair, unreleased_message_goes_with_the_handle)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
}

TEST_F(pair, recv_from_nothing_now_eagain)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	EXPECT_EQ(NULL, msg.handle);
}

TEST_F(pair, recv_from_nothing_in_time_etimedout)
{
	int64_t start = now_ns();
	struct kipc_msg msg;

	EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->recv, &msg, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	EXPECT_GT(SOON + KIPC_S(5), now_ns() - start);
}

TEST_F(pair, recv_that_waits_gets_what_comes)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(kipc_send(self->send, "late", 4, LONG) ? 1 : 0);
	}
	EXPECT_EQ(4, kipc_recv(self->recv, &msg, KIPC_FOREVER));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pair, recv_with_time_gets_what_comes)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(kipc_send(self->send, "late", 4, LONG) ? 1 : 0);
	}
	EXPECT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pair, recv_interrupted_eintr_loses_nothing)
{
	struct kipc_msg msg;

	alarm_start();
	EXPECT_EQ(-EINTR, kipc_recv(self->recv, &msg, KIPC_FOREVER));
	EXPECT_EQ(-EINTR, kipc_recv(self->recv, &msg, LONG));
	alarm_stop();
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

/*
 * Fill it up; how many went in, or the error.  A terminal is full for a moment, until the
 * kernel has moved on what is in it.
 */
static int stuff(struct kipc *send, const void *data, size_t len)
{
	int n, err = 0;

	for (n = 0; n < 1000000 && !err; n++) {
		err = kipc_send(send, data, len, KIPC_NOW);
		if (err == -EAGAIN)
			err = kipc_send(send, data, len, SOON);
	}
	return err == -ETIMEDOUT ? n - 1 : err;
}

TEST_F(pair, send_into_what_is_full_eagain_etimedout_eintr)
{
	static char data[4000];
	struct kipc_msg msg;
	int i, count;

	if (is_network(variant->scheme))
		SKIP(return, "never full (tcp), or what finds no room is lost (udp)");
	count = stuff(self->send, data, sizeof(data));
	ASSERT_LT(0, count);
	EXPECT_EQ(-EAGAIN, kipc_send(self->send, data, sizeof(data), KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->send, data, sizeof(data), SOON));
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_send(self->send, data, sizeof(data), KIPC_FOREVER));
	EXPECT_EQ(-EINTR, kipc_send(self->send, data, sizeof(data), LONG));
	alarm_stop();

	/* What failed was not sent. */
	for (i = 0; i < count; i++) {
		ASSERT_EQ(sizeof(data), kipc_recv(self->recv, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(pair, send_that_waits_goes_when_there_is_room)
{
	static char data[4000];
	struct kipc_msg msg;
	pid_t child;
	int count;

	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "what finds no room is lost");
	count = stuff(self->send, data, sizeof(data));
	ASSERT_LT(0, count);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_send(self->send, data, sizeof(data), KIPC_FOREVER) ||
		    kipc_send(self->send, data, sizeof(data), LONG))
			_exit(1);
		_exit(0);
	}
	nap(SOON);
	for (count += 2; count; count--) {
		ASSERT_EQ(sizeof(data), kipc_recv(self->recv, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pair, too_large_emsgsize_leaves_the_handle_usable)
{
	struct kipc_msg msg;
	char *data;

	if (self->max_size > 64 << 20)
		SKIP(return, "too large to try");
	data = calloc(1, self->max_size + 1);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, data, self->max_size + 1, LONG));
	EXPECT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	free(data);
}

TEST_F(pair, largest_message_arrives_whole)
{
	/* Of a stream, which has no largest, some: lib_socket_stream has larger ones. */
	size_t most = self->max_size > 64 << 20 ? 1 << 20 : 4 << 20;
	size_t len = self->max_size < most ? self->max_size : most;
	struct kipc_msg msg;
	char *data = malloc(len);
	pid_t child;

	ASSERT_NE(NULL, data);
	fill(data, len, 1);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, data, len, KIPC_FOREVER) ||
		      kipc_send(self->send, data, len, LONG));
	ASSERT_EQ(len, kipc_recv(self->recv, &msg, KIPC_FOREVER));
	EXPECT_TRUE(filled(msg.data, len, 1));
	kipc_release(&msg);
	ASSERT_EQ(len, kipc_recv(self->recv, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, len, 1));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	free(data);
}

TEST_F(pair, many_messages_of_all_sizes_arrive_unchanged)
{
	size_t most = self->max_size < 100000 ? self->max_size : 100000;
	static char data[100000];
	struct kipc_msg msg;
	unsigned int i;
	pid_t child;

	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "what finds no room is lost");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		for (i = 0; i < 500; i++) {
			size_t len = i * 7919 % (most + 1);

			fill(data, len, i);
			if (kipc_send(self->send, data, len, i & 1 ? LONG : KIPC_FOREVER))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 500; i++) {
		size_t len = i * 7919 % (most + 1);

		ASSERT_EQ(len, kipc_recv(self->recv, &msg, i & 2 ? LONG : KIPC_FOREVER));
		ASSERT_TRUE(filled(msg.data, len, i));
		kipc_release(&msg);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pair, recv_into_the_callers_buffer)
{
	char buf[8] = "";

	ASSERT_EQ(0, kipc_send(self->send, "hello", 5, LONG));
	EXPECT_EQ(5, kipc_recv_into(self->recv, buf, sizeof(buf), LONG));
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(-EAGAIN, kipc_recv_into(self->recv, buf, sizeof(buf), KIPC_NOW));
}

TEST_F(pair, recv_into_too_small_emsgsize_keeps_the_message)
{
	char buf[8] = "";
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "first", 5, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "second", 6, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 3, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 4, LONG));
	EXPECT_EQ(5, kipc_recv_into(self->recv, buf, sizeof(buf), LONG));
	EXPECT_STREQ("first", buf);
	EXPECT_EQ(6, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(pair, kept_message_does_not_outlive_the_handle)
{
	char buf[1];

	ASSERT_EQ(0, kipc_send(self->send, "first", 5, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 1, LONG));
}

TEST_F(pair, type_arrives_where_there_are_types)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	options.type = 4711;
	if (!(self->can & KIPC_CAN_TYPE)) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_send_opts(self->send, "x", 1, &options, LONG));
		return;
	}
	ASSERT_EQ(0, kipc_send_opts(self->send, "x", 1, &options, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "y", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	EXPECT_TRUE(msg.known & KIPC_KNOWN_TYPE);
	EXPECT_EQ(4711, msg.type);
	kipc_release(&msg);
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(0, msg.type);
	kipc_release(&msg);
}

TEST_F(pair, higher_priority_comes_first_where_there_are_priorities)
{
	static const unsigned int order[] = { 0, 7, 3, 7, 32767 };
	static const char expected[] = { '4', '1', '3', '2', '0' };
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;
	int i;

	if (!(self->can & KIPC_CAN_PRIO)) {
		options.prio = 1;
		EXPECT_EQ(-EOPNOTSUPP, kipc_send_opts(self->send, "x", 1, &options, LONG));
		return;
	}
	for (i = 0; i < 5; i++) {
		char name = '0' + i;

		options.prio = order[i];
		ASSERT_EQ(0, kipc_send_opts(self->send, &name, 1, &options, LONG));
	}
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
		EXPECT_TRUE(msg.known & KIPC_KNOWN_PRIO);
		EXPECT_EQ(expected[i], *(const char *)msg.data);
		kipc_release(&msg);
	}
	options.prio = 32768;
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->send, "x", 1, &options, LONG));
}

TEST_F(pair, wrong_direction_eopnotsupp)
{
	struct kipc_msg msg;

	if (self->can & KIPC_CAN_DUPLEX) {
		ASSERT_EQ(0, kipc_send(self->recv, "back", 4, LONG));
		EXPECT_EQ(4, kipc_recv(self->send, &msg, LONG));
		kipc_release(&msg);
		return;
	}
	EXPECT_EQ(-EOPNOTSUPP, kipc_send(self->recv, "x", 1, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_recv(self->send, &msg, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_recv_into(self->send, &msg, 1, KIPC_NOW));
}

TEST_F(pair, calls_on_a_one_way_mechanism_eopnotsupp)
{
	struct kipc_msg msg;

	if (self->can & KIPC_CAN_CALL)
		SKIP(return, "it can");
	EXPECT_EQ(-EOPNOTSUPP, kipc_call(self->send, "x", 1, &msg, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(-EINVAL, kipc_reply(self->recv, &msg, "y", 1));
	EXPECT_EQ(-EINVAL, kipc_reply_recv(self->recv, &msg, "y", 1, KIPC_NOW));
	kipc_release(&msg);
}

TEST_F(pair, data_without_an_address_einval)
{
	EXPECT_EQ(-EINVAL, kipc_send(self->send, NULL, 1, LONG));
	EXPECT_EQ(-EINVAL, kipc_recv_into(self->recv, NULL, 1, LONG));
}

TEST_F(pair, descriptor_polls_readable_when_a_message_is_there)
{
	struct pollfd pollfd = { .fd = kipc_fd(self->recv), .events = POLLIN };
	struct kipc_msg msg;

	if (!(self->can & KIPC_CAN_POLL)) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_fd(self->recv));
		return;
	}
	ASSERT_LE(0, pollfd.fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(pollfd.fd, F_GETFD));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, poll(&pollfd, 1, 1000));
	EXPECT_TRUE(pollfd.revents & POLLIN);
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

TEST_F(pair, descriptors_are_close_on_exec)
{
	int fd;

	for (fd = 3; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) == 0) {
			char link[64], path[64] = "";

			/* The harness has some of its own; ours are after these. */
			snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
			EXPECT_LE(0, readlink(link, path, sizeof(path) - 1));
			EXPECT_EQ(NULL, strstr(path, "kipc"));
			EXPECT_NE(fd, kipc_fd(self->recv));
			EXPECT_NE(fd, kipc_fd(self->send));
		}
}

TEST_F(pair, receiver_gone_epipe_and_no_signal)
{
	int err = 0;

	if (scheme_is(variant->scheme, "queue") || scheme_is(variant->scheme, "posix-mq") ||
	    scheme_is(variant->scheme, "sysv-msg"))
		SKIP(return, "a store of messages does not know its receivers");
	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "it is told of one message by the next: lib_socket_inet");
	kipc_close(self->recv);
	self->recv = NULL;
	err = kipc_send(self->send, "x", 1, LONG);
	EXPECT_EQ(-EPIPE, err);
	EXPECT_EQ(-EPIPE, kipc_send(self->send, "x", 1, KIPC_FOREVER));
	EXPECT_EQ(-EPIPE, kipc_send(self->send, "x", 1, KIPC_NOW));
}

TEST_F(pair, sender_gone_what_it_sent_comes_first)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "last", 4, LONG));
	kipc_close(self->send);
	self->send = NULL;
	EXPECT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	if (scheme_is(variant->scheme, "pipe") || scheme_is(variant->scheme, "pty") ||
	    scheme_is(variant->scheme, "ring") || scheme_is(variant->scheme, "tcp") ||
	    (scheme_is_socket(variant->scheme) && !is_connectionless(variant->scheme))) {
		EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, LONG));
		EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, KIPC_FOREVER));
		EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, KIPC_NOW));
	} else {
		EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	}
}

TEST_F(pair, killed_sender_leaves_only_whole_messages)
{
	static char data[100000];
	size_t len = self->max_size < sizeof(data) ? self->max_size : sizeof(data);
	struct kipc_msg msg;
	pid_t child;
	ssize_t n;

	fill(data, len, 9);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->recv);
		for (;;)
			kipc_send(self->send, data, len, KIPC_FOREVER);
	}
	nap(SOON);
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	kipc_close(self->send);
	self->send = NULL;
	while ((n = kipc_recv(self->recv, &msg, KIPC_NOW)) >= 0) {
		EXPECT_EQ(len, n);
		EXPECT_TRUE(filled(msg.data, len, 9));
		kipc_release(&msg);
	}
	EXPECT_TRUE(n == -EAGAIN || n == -EPIPE);
}

TEST_F(pair, both_directions_of_fork_work)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		/* The child receives through its copy, the parent has not yet. */
		if (kipc_recv(self->recv, &msg, LONG) != 2 || memcmp(msg.data, "to", 2))
			_exit(1);
		kipc_release(&msg);
		if (kipc_send(self->send, "fro", 3, LONG))
			_exit(2);
		kipc_close(self->recv);
		kipc_close(self->send);
		_exit(0);
	}
	ASSERT_EQ(0, kipc_send(self->send, "to", 2, LONG));
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(3, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "fro", 3));
	kipc_release(&msg);
}

TEST_F(pair, each_process_closes_its_own_end)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->recv);
		nap(SOON);
		if (kipc_send(self->send, "hi", 2, LONG))
			_exit(1);
		kipc_close(self->send);
		_exit(0);
	}
	kipc_close(self->send);
	self->send = NULL;
	EXPECT_EQ(2, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

static void *send_hundred(void *arg)
{
	uint32_t i;

	for (i = 0; i < 100; i++)
		if (kipc_send(arg, &i, sizeof(i), KIPC_FOREVER))
			return arg;
	return NULL;
}

static void *recv_hundred(void *arg)
{
	struct kipc_msg msg;
	uintptr_t sum = 0;
	int i;

	for (i = 0; i < 100; i++) {
		if (kipc_recv(arg, &msg, i & 1 ? LONG : KIPC_FOREVER) != sizeof(uint32_t))
			return NULL;
		sum += *(const uint32_t *)msg.data;
		kipc_release(&msg);
	}
	return (void *)sum;
}

TEST_F(pair, threads_share_the_ends)
{
	pthread_t senders[4], receivers[4];
	uintptr_t sum = 0;
	void *result;
	int i;

	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "what finds no room is lost");
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_create(&receivers[i], NULL, recv_hundred, self->recv));
		ASSERT_EQ(0, pthread_create(&senders[i], NULL, send_hundred, self->send));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(senders[i], &result);
		EXPECT_EQ(NULL, result);
		pthread_join(receivers[i], &result);
		sum += (uintptr_t)result;
	}
	EXPECT_EQ(4 * 4950, sum);
}

TEST_HARNESS_MAIN
