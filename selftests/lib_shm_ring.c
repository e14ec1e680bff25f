// SPDX-License-Identifier: GPL-2.0
/*
 * ring: what a pair has of its own: writing and reading in place, calls that are taken
 * back, and the dead.  (What it does like the others is in lib_transport.c, lib_many.c and
 * lib_loan.c.)
 */
#include <poll.h>

#include "lib_test.h"

FIXTURE(ring)
{
	struct kipc *a;
	struct kipc *b;
};

FIXTURE_SETUP(ring)
{
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, "ring:?bytes=8K", NULL));
	self->a = ends[0];
	self->b = ends[1];
}

FIXTURE_TEARDOWN(ring)
{
	kipc_close(self->a);
	kipc_close(self->b);
}

TEST_F(ring, pair_of_each_kind_of_memory)
{
	static const char * const regions[] = {
		"mmap-anon:", "memfd:", "memfd:name", "sysv-shm:", "dmabuf:system",
	};
	struct kipc *ends[2];
	struct kipc_msg msg;
	char address[64];
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		snprintf(address, sizeof(address), "ring:%s?bytes=64K", regions[i]);
		err = kipc_pair(ends, address, NULL);
		if (err == -ENODEV) {
			TH_LOG("%s is not on this machine", regions[i]);
			continue;
		}
		ASSERT_EQ(0, err) TH_LOG("%s", regions[i]);
		EXPECT_EQ(0, kipc_send(ends[1], "to", 2, LONG));
		EXPECT_EQ(2, kipc_recv(ends[0], &msg, LONG));
		kipc_release(&msg);
		EXPECT_EQ(0, kipc_send(ends[0], "fro", 3, LONG));
		EXPECT_EQ(3, kipc_recv(ends[1], &msg, LONG));
		kipc_release(&msg);
		kipc_close(ends[0]);
		EXPECT_EQ(-EPIPE, kipc_send(ends[1], "x", 1, LONG));
		kipc_close(ends[1]);
	}
}

TEST_F(ring, addresses_without_sense_einval)
{
	static const char * const addresses[] = {
		"ring:nothing:", "ring:pipe:", "ring:posix-shm:noslash", "ring:/name",
		"ring:posix-shm:/kipc-test-named", "ring:?bytes=1G",
	};
	struct kipc *ends[2];
	unsigned int i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		EXPECT_EQ(-EINVAL, kipc_pair(ends, addresses[i], NULL)) {
			TH_LOG("%s", addresses[i]);
		}
	}
	EXPECT_EQ(-EOPNOTSUPP, kipc_connect(ends, "ring:memfd:x", NULL));
}

TEST_F(ring, message_is_read_where_it_was_written)
{
	struct kipc_loan loan;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_loan(self->b, &loan, 1, LONG));
	*(char *)loan.data = 'x';
	kipc_commit(&loan, 1, LONG);
	ASSERT_EQ(0, kipc_loan(self->b, &loan, 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->a, &msg, LONG));
	/* The two places are neighbours in one array. */
	EXPECT_EQ((char *)loan.data, (const char *)msg.data + 64);
	kipc_release(&msg);
	kipc_loan_cancel(&loan);
}

TEST_F(ring, message_held_is_not_written_over)
{
	struct kipc_msg held, msg;
	char data[1000];
	int i;

	fill(data, 1000, 7);
	ASSERT_EQ(0, kipc_send(self->b, data, 1000, LONG));
	ASSERT_EQ(1000, kipc_recv(self->a, &held, LONG));
	for (i = 0; i < 200; i++) {
		int err = kipc_send(self->b, "overwritten?", 12, KIPC_NOW);

		if (err) {
			ASSERT_EQ(-EAGAIN, err);
			break;
		}
		while (kipc_recv(self->a, &msg, KIPC_NOW) > 0)
			kipc_release(&msg);
	}
	EXPECT_GT(200, i);
	EXPECT_TRUE(filled(held.data, 1000, 7));
	kipc_release(&held);
	EXPECT_EQ(0, kipc_send(self->b, "on", 2, LONG));
}

TEST_F(ring, loan_of_the_parent_is_nothing_to_the_child)
{
	struct kipc_loan loan;
	struct kipc_msg msg;
	pid_t child;

	ASSERT_EQ(0, kipc_loan(self->b, &loan, 8, LONG));
	memcpy(loan.data, "parental", 8);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_commit(&loan, 8, LONG) != -EINVAL)
			_exit(1);
		if (kipc_send(self->b, "child", 5, LONG))
			_exit(2);
		if (kipc_commit(&loan, 8, LONG) != -EINVAL)
			_exit(3);
		kipc_loan_cancel(&loan);
		kipc_close(self->b);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(0, kipc_commit(&loan, 8, LONG));
	ASSERT_EQ(8, kipc_recv(self->a, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(5, kipc_recv(self->a, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(ring, loan_of_the_killed_is_passed_over)
{
	struct kipc_loan loan;
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_loan(self->b, &loan, 100, LONG) || kipc_send(self->b, "late", 4, LONG))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	ASSERT_EQ(4, kipc_recv(self->a, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->a, &msg, KIPC_NOW));
}

TEST_F(ring, loan_of_the_killed_is_passed_over_by_who_never_waits)
{
	int64_t start = now_ns();
	struct kipc_loan loan;
	struct kipc_msg msg;
	pid_t child = fork();
	ssize_t n;

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_loan(self->b, &loan, 100, LONG) || kipc_send(self->b, "late", 4, LONG))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	while ((n = kipc_recv(self->a, &msg, KIPC_NOW)) == -EAGAIN && now_ns() - start < LONG)
		nap(KIPC_MS(1));
	EXPECT_EQ(4, n);
	kipc_release(&msg);
}

TEST_F(ring, message_in_the_hands_of_the_killed_is_its_own_and_its_room_comes_back)
{
	char data[2000];
	struct kipc_msg msg;
	pid_t child;
	int i;

	ASSERT_EQ(0, kipc_send(self->b, "theirs", 6, LONG));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->a, &msg, LONG) != 6)
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kipc_send(self->b, data, sizeof(data), LONG));
		ASSERT_EQ(sizeof(data), kipc_recv(self->a, &msg, LONG));
		kipc_release(&msg);
	}
}

TEST_F(ring, killed_peer_epipe_for_who_waits)
{
	struct kipc_msg msg;
	char data[4000];
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->a);
		kipc_send(self->b, "last", 4, LONG);
		pause();
		_exit(0);
	}
	kipc_close(self->b);
	self->b = NULL;
	ASSERT_EQ(4, kipc_recv(self->a, &msg, LONG));
	kipc_release(&msg);
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	EXPECT_EQ(-EPIPE, kipc_recv(self->a, &msg, KIPC_FOREVER));
	EXPECT_EQ(-EPIPE, kipc_send(self->a, data, sizeof(data), KIPC_FOREVER));
}

TEST_F(ring, killed_receiver_epipe_for_who_waits_for_room)
{
	char data[4000];
	pid_t child = fork();
	int err;

	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->b);
		pause();
		_exit(0);
	}
	kipc_close(self->a);
	self->a = NULL;
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	do {
		err = kipc_send(self->b, data, sizeof(data), LONG);
	} while (!err);
	EXPECT_EQ(-EPIPE, err);
}

TEST_F(ring, descriptor_tells_of_the_others_end)
{
	struct pollfd pollfd = { .fd = kipc_fd(self->a), .events = POLLIN };
	struct kipc_msg msg;
	pid_t child;

	ASSERT_LE(0, pollfd.fd);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(0);
	}
	kipc_close(self->b);
	self->b = NULL;
	EXPECT_EQ(0, poll(&pollfd, 1, 20));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	EXPECT_EQ(1, poll(&pollfd, 1, 10000));
	EXPECT_EQ(-EPIPE, kipc_recv(self->a, &msg, LONG));
}

TEST_F(ring, descriptor_opened_late_knows_what_waits)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send(self->b, "x", 1, LONG));
	pollfd.fd = kipc_fd(self->a);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, poll(&pollfd, 1, 10000));
		ASSERT_EQ(1, kipc_recv(self->a, &msg, KIPC_NOW));
		kipc_release(&msg);
	}
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

/* ---- calls ---- */

/* An empty message ends it. */
static void *serve(void *arg)
{
	struct kipc_msg msg;
	ssize_t n;
	int err;

	while ((n = kipc_recv(arg, &msg, LONG)) > 0) {
		/* So small a ring may be full of messages that others are busy with. */
		while ((err = kipc_reply(arg, &msg, msg.data, msg.len)) == -ENOBUFS)
			nap(KIPC_US(100));
		if (err)
			return arg;
	}
	kipc_release(&msg);
	return n ? arg : NULL;
}

static void *call_often(void *arg)
{
	struct kipc_msg reply;
	char data[300];
	int i;

	for (i = 1; i < 200; i++) {
		fill(data, i, i);
		if (kipc_call(arg, data, i, &reply, LONG) != i || !filled(reply.data, i, i))
			return arg;
		kipc_release(&reply);
	}
	return NULL;
}

TEST_F(ring, threads_call_each_other_at_the_same_time)
{
	pthread_t servers[2], callers[4];
	void *result;
	int i;

	pthread_create(&servers[0], NULL, serve, self->a);
	pthread_create(&servers[1], NULL, serve, self->b);
	for (i = 0; i < 4; i++)
		pthread_create(&callers[i], NULL, call_often, i & 1 ? self->a : self->b);
	for (i = 0; i < 4; i++) {
		pthread_join(callers[i], &result);
		EXPECT_EQ(NULL, result);
	}
	EXPECT_EQ(0, kipc_send(self->a, NULL, 0, LONG));
	EXPECT_EQ(0, kipc_send(self->b, NULL, 0, LONG));
	for (i = 0; i < 2; i++) {
		pthread_join(servers[i], &result);
		EXPECT_EQ(NULL, result);
	}
}

TEST_F(ring, call_not_received_in_time_is_taken_back)
{
	struct kipc_msg reply, msg;

	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->b, "x", 1, &reply, SOON));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->a, &msg, KIPC_NOW));
}

TEST_F(ring, refused_call_econnreset)
{
	struct kipc_msg reply, msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_call(self->b, "x", 1, &reply, LONG) != -ECONNRESET ||
		      reply.outcome != KIPC_CALL_SEEN);
	ASSERT_EQ(1, kipc_recv(self->a, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_CALL, msg.kind);
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(ring, server_killed_with_the_call_econnreset_though_others_serve)
{
	struct kipc_msg reply, msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_recv(self->a, &msg, LONG);
		raise(SIGKILL);
	}
	/* This process has that end too, and never looks. */
	EXPECT_EQ(-ECONNRESET, kipc_call(self->b, "x", 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
}

TEST_F(ring, call_to_who_is_gone_epipe)
{
	struct kipc_msg reply;

	kipc_close(self->a);
	self->a = NULL;
	EXPECT_EQ(-EPIPE, kipc_call(self->b, "x", 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
}

TEST_F(ring, messages_during_a_call_are_kept_for_receivers)
{
	struct kipc_msg reply, msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->a, &msg, LONG) != 4 ||
		    kipc_send(self->a, "one", 3, LONG) || kipc_send(self->a, "second", 6, LONG) ||
		    kipc_reply(self->a, &msg, "reply", 5))
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(5, kipc_call(self->b, "call", 4, &reply, LONG));
	kipc_release(&reply);
	EXPECT_EQ(3, kipc_recv(self->b, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(6, kipc_recv(self->b, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_HARNESS_MAIN
