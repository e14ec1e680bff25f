// SPDX-License-Identifier: GPL-2.0
/*
 * Stores of messages (queue:, posix-mq:, sysv-msg:): what each has of its own, and
 * what becomes of messages when nobody is there.
 */
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "lib_test.h"

FIXTURE(store)
{
	char address[128];
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(store)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(store, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(store, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(store, sysv_msg) { .scheme = "sysv-msg" };

FIXTURE_SETUP(store)
{
	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	fresh_address(variant->scheme, self->address);
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
}

FIXTURE_TEARDOWN(store)
{
	kipc_close(self->send);
	kipc_close(self->recv);
	if (self->address[0])
		kipc_unlink(self->address);
}

TEST_F(store, messages_outlive_their_sender)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	kipc_close(self->send);
	self->send = NULL;
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(store, several_receivers_share_the_messages)
{
	struct kipc *second;
	struct kipc_msg msg;
	int i;

	ASSERT_EQ(0, kipc_listen(&second, self->address, NULL));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kipc_send(self->send, &i, sizeof(i), LONG));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(sizeof(i), kipc_recv(i & 1 ? second : self->recv, &msg, LONG));
		EXPECT_EQ(i, *(const int *)msg.data);
		kipc_release(&msg);
	}
	kipc_close(second);
}

TEST_F(store, unlinked_store_works_on_or_says_it_is_gone)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_unlink(self->address));
	if (scheme_is(variant->scheme, "sysv-msg")) {
		EXPECT_EQ(-EPIPE, kipc_send(self->send, "x", 1, LONG));
		EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, LONG));
		return;
	}
	EXPECT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(store, name_taken_by_another_meanwhile_is_left_alone)
{
	struct kipc *other;

	ASSERT_EQ(0, kipc_unlink(self->address));
	ASSERT_EQ(0, kipc_listen(&other, self->address, NULL));
	kipc_close(self->recv);
	kipc_close(self->send);
	self->recv = other;
	EXPECT_EQ(0, kipc_connect(&self->send, self->address, NULL));
}

TEST(queue_keeps_its_messages_until_it_is_unlinked)
{
	struct kipc *recv, *send;
	struct kipc_msg msg;
	char address[128];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	fresh_address("queue", address);
	ASSERT_EQ(0, kipc_listen(&recv, address, NULL));
	ASSERT_EQ(0, kipc_connect(&send, address, NULL));
	ASSERT_EQ(0, kipc_send(send, "kept", 4, LONG));
	kipc_close(recv);
	kipc_close(send);
	ASSERT_EQ(0, kipc_listen(&recv, address, NULL));
	EXPECT_EQ(4, kipc_recv(recv, &msg, KIPC_NOW));
	kipc_release(&msg);
	kipc_close(recv);
	EXPECT_EQ(0, kipc_unlink(address));
}

TEST(queue_has_the_limits_it_was_made_with)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];
	char data[101] = "";

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?msgs=3&size=100&bytes=250", NULL));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_EQ(3, info.max_msgs);
	EXPECT_EQ(100, info.max_size);
	EXPECT_EQ(-EMSGSIZE, kipc_send(ends[1], data, 101, LONG));
	EXPECT_EQ(0, kipc_send(ends[1], data, 100, KIPC_NOW));
	EXPECT_EQ(0, kipc_send(ends[1], data, 100, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, kipc_send(ends[1], data, 100, KIPC_NOW));
	EXPECT_EQ(0, kipc_send(ends[1], data, 50, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, kipc_send(ends[1], data, 0, KIPC_NOW));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(queue_tells_the_sender)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(ends[1], "x", 1, LONG) ? 1 : 0);
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	EXPECT_EQ(child, msg.pid);
	EXPECT_EQ(geteuid(), msg.uid);
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(posix_queue_of_a_foreign_program_is_joined)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	mqd_t mqd = mq_open("/kipc-test-foreign", O_CREAT | O_RDWR, 0600, &attr);
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *handle;
	struct kipc_msg msg;

	ASSERT_LE(0, mqd);
	ASSERT_EQ(0, mq_send(mqd, "raw", 3, 5));
	ASSERT_EQ(0, kipc_listen(&handle, "posix-mq:/kipc-test-foreign", NULL));
	ASSERT_EQ(0, kipc_info(handle, &info));
	EXPECT_EQ(64, info.max_size);
	EXPECT_EQ(4, info.max_msgs);
	ASSERT_EQ(3, kipc_recv(handle, &msg, LONG));
	EXPECT_EQ(5, msg.prio);
	kipc_release(&msg);
	kipc_close(handle);
	/* It was not ours: the name is still there. */
	EXPECT_EQ(0, mq_unlink("/kipc-test-foreign"));
	mq_close(mqd);
}

/* Move the wall clock by so many seconds. */
static int shift_clock(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += seconds;
	return clock_settime(CLOCK_REALTIME, &now);
}

TEST(posix_queue_waits_by_the_monotonic_clock)
{
	int64_t start = now_ns();
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	if (!getenv("KIPC_ACCEL"))
		SKIP(return, "not in a guest: no business to set the clock");
	ASSERT_EQ(0, kipc_pair(ends, "posix-mq:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int err;

		nap(KIPC_MS(100));
		err = shift_clock(3600);
		nap(KIPC_MS(500));
		_exit(shift_clock(-3600) || err);
	}
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(ends[0], &msg, KIPC_MS(400)));
	EXPECT_LE(KIPC_MS(400), now_ns() - start);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(sysv_types_are_one_less_than_mtype)
{
	struct { long mtype; char text[8]; } raw = { 1, "raw" };
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	int id = msgget(0x6b697063, IPC_CREAT | 0600);
	struct kipc *recv, *send;
	struct kipc_msg msg;

	ASSERT_LE(0, id);
	ASSERT_EQ(0, kipc_listen(&recv, "sysv-msg:0x6b697063", NULL));
	ASSERT_EQ(0, kipc_connect(&send, "sysv-msg:1802072163", NULL));
	ASSERT_EQ(0, msgsnd(id, &raw, 3, 0));
	ASSERT_EQ(3, kipc_recv(recv, &msg, LONG));
	EXPECT_EQ(0, msg.type);
	kipc_release(&msg);
	options.type = 41;
	ASSERT_EQ(0, kipc_send_opts(send, "x", 1, &options, LONG));
	EXPECT_EQ(1, msgrcv(id, &raw, sizeof(raw.text), 42, IPC_NOWAIT));
	options.type = INT64_MAX;
	EXPECT_EQ(-EINVAL, kipc_send_opts(send, "x", 1, &options, LONG));
	options.type--;
	EXPECT_EQ(0, kipc_send_opts(send, "x", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(recv, &msg, LONG));
	EXPECT_EQ(INT64_MAX - 1, msg.type);
	kipc_release(&msg);
	kipc_close(recv);
	kipc_close(send);
	EXPECT_EQ(0, msgctl(id, IPC_RMID, NULL));
}

TEST(sysv_key_from_a_path)
{
	struct kipc *recv, *send;

	EXPECT_EQ(-ENOENT, kipc_listen(&recv, "sysv-msg:/nowhere", NULL));
	ASSERT_EQ(0, kipc_listen(&recv, "sysv-msg:/tmp", NULL));
	EXPECT_LE(0, msgget(ftok("/tmp", 'k'), 0));
	ASSERT_EQ(0, kipc_connect(&send, "sysv-msg:/tmp", NULL));
	kipc_close(send);
	kipc_close(recv);
	EXPECT_EQ(-1, msgget(ftok("/tmp", 'k'), 0));
}

TEST(sysv_pair_is_removed_with_its_last_end_in_any_process)
{
	struct kipc *ends[2];
	struct msginfo before, after;
	pid_t child;

	msgctl(0, MSG_INFO, (struct msqid_ds *)&before);
	ASSERT_EQ(0, kipc_pair(ends, "sysv-msg:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		if (kipc_send(ends[1], "x", 1, KIPC_NOW))
			_exit(1);
		kipc_close(ends[0]);
		kipc_close(ends[1]);
		_exit(0);
	}
	/* Closing here must not take the queue from the child. */
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	EXPECT_EQ(0, exit_status(child));
	msgctl(0, MSG_INFO, (struct msqid_ds *)&after);
	EXPECT_EQ(before.msgpool, after.msgpool);
}

TEST(sysv_timed_receive_costs_little_cpu)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	clock_t before;

	ASSERT_EQ(0, kipc_pair(ends, "sysv-msg:", NULL));
	before = clock();
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(ends[0], &msg, KIPC_S(1)));
	EXPECT_GT(CLOCKS_PER_SEC / 4, clock() - before);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
