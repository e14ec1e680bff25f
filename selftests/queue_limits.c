// SPDX-License-Identifier: GPL-2.0
/*
 * Limits, owners and statistics of a queue: what is set holds from then on, also for those
 * who wait; who may set it; and what the queue tells of itself.
 */
#include "queue_test.h"

FIXTURE(limits)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	struct kipc_queue_stat stat;
};

FIXTURE_SETUP(limits)
{
	umask(0);
	self->fd = queue_make(self->name, 2, 1000, 100);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(limits)
{
	close(self->fd);
	queue_unlink(self->name);
}

#define PUT(number)	ASSERT_EQ(0, put(self->fd, number, 0, 0))
#define FILL()		ASSERT_EQ(0, put_several(self->fd, 0, 2))
#define STAT()		ASSERT_EQ(0, queue_stat(self->fd, 0, 0, &self->stat))

/* Raised and lowered */

TEST_F(limits, are_what_was_set)
{
	struct kipc_queue_set set = set_args(KIPC_SET_MAX_MSGS | KIPC_SET_MAX_BYTES |
					     KIPC_SET_MAX_SIZE);

	set.max_msgs = 11;
	set.max_bytes = 222;
	set.max_size = 33;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	STAT();
	EXPECT_EQ(11, self->stat.max_msgs);
	EXPECT_EQ(222, self->stat.max_bytes);
	EXPECT_EQ(33, self->stat.max_size);
	EXPECT_EQ(11, endpoint_info(self->fd).max_msgs);
	EXPECT_EQ(222, endpoint_info(self->fd).max_bytes);
	EXPECT_EQ(33, endpoint_info(self->fd).max_size);
	EXPECT_EQ(0666, self->stat.mode);
}

TEST_F(limits, one_is_set_and_the_others_stay)
{
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 500));
	STAT();
	EXPECT_EQ(2, self->stat.max_msgs);
	EXPECT_EQ(500, self->stat.max_bytes);
	EXPECT_EQ(100, self->stat.max_size);
}

TEST_F(limits, more_messages_let_waiting_senders_in)
{
	struct putter putters[4];
	int i;

	FILL();
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, putter_start(&putters[i], self->fd, 2 + i));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 4));
	EXPECT_EQ(0, putter_end(&putters[0]));
	EXPECT_EQ(0, putter_end(&putters[1]));
	STAT();
	EXPECT_EQ(4, self->stat.msgs);
	EXPECT_EQ(2, self->stat.senders);
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 6));
	EXPECT_EQ(0, putter_end(&putters[2]));
	EXPECT_EQ(0, putter_end(&putters[3]));
	EXPECT_EQ(6, drain(self->fd));
}

TEST_F(limits, more_bytes_let_a_waiting_sender_in)
{
	struct putter putter;

	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 7));
	PUT(1);
	ASSERT_EQ(0, putter_start(&putter, self->fd, 2));
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 8));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(2, take_any(self->fd));
}

TEST_F(limits, more_room_is_seen_by_poll)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLOUT };

	FILL();
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_EQ(POLLOUT, pfd.revents);
}

TEST_F(limits, more_room_wakes_a_poller)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLOUT };
	pid_t child;

	FILL();
	child = spawn();
	if (!child)
		_exit(poll(&pfd, 1, 10000) == 1 ? 0 : 1);
	await_sleep(child, child, SYS_poll);
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	EXPECT_EQ(0, reap(child));
}

TEST_F(limits, lowered_leave_in_what_is_there)
{
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 10));
	ASSERT_EQ(0, put_several(self->fd, 0, 5));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 12));
	ASSERT_EQ(0, queue_set_max_size(self->fd, 4));
	EXPECT_EQ(5, stat_of(self->fd).msgs);
	EXPECT_EQ(-EAGAIN, put(self->fd, 9, 0, 0));
	EXPECT_EQ(0, take_any(self->fd));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(-EAGAIN, put(self->fd, 9, 0, 0));
	EXPECT_EQ(2, take_any(self->fd));
	EXPECT_EQ(0, put(self->fd, 9, 0, 0));
	EXPECT_EQ(-EAGAIN, put(self->fd, 10, 0, 0));
}

TEST_F(limits, lowered_leave_senders_waiting)
{
	struct putter putter;

	FILL();
	ASSERT_EQ(0, putter_start(&putter, self->fd, 2));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 1));
	EXPECT_EQ(0, take_any(self->fd));
	EXPECT_EQ(1, stat_of(self->fd).senders);
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(2, take_any(self->fd));
}

TEST_F(limits, no_messages_is_none)
{
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 0));
	EXPECT_EQ(0, stat_of(self->fd).max_msgs);
	EXPECT_EQ(-EAGAIN, put(self->fd, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, "", 0));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 1));
	EXPECT_EQ(0, put(self->fd, 1, 0, 0));
}

TEST_F(limits, no_bytes_lets_in_empty_ones_only)
{
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 0));
	EXPECT_EQ(-EAGAIN, put(self->fd, 1, 0, 0));
	EXPECT_EQ(0, queue_send_now(self->fd, "", 0));
}

TEST_F(limits, size_holds_from_then_on)
{
	char data[201] = "";

	EXPECT_EQ(-EMSGSIZE, queue_send_now(self->fd, data, 101));
	ASSERT_EQ(0, queue_set_max_size(self->fd, 200));
	EXPECT_EQ(0, queue_send_now(self->fd, data, 200));
	EXPECT_EQ(-EMSGSIZE, queue_send_now(self->fd, data, 201));
	ASSERT_EQ(0, queue_set_max_size(self->fd, 10));
	EXPECT_EQ(-EMSGSIZE, queue_send_now(self->fd, data, 11));
	EXPECT_EQ(0, queue_send_now(self->fd, data, 10));
	ASSERT_EQ(0, queue_set_max_size(self->fd, KIPC_QUEUE_SIZE_MAX));
	EXPECT_EQ(KIPC_QUEUE_SIZE_MAX, endpoint_info(self->fd).max_size);
}

/* As msg_qbytes of System V: what never fits waits for ever, or until there is room. */
TEST_F(limits, size_above_bytes_waits)
{
	struct kipc_queue_send send;
	char data[60] = "";
	struct asker asker;

	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 50));
	EXPECT_EQ(100, stat_of(self->fd).max_size);
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, data, 60));
	send = queue_send_args(data, 60);
	send.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	send.deadline = LONG;
	ASSERT_EQ(0, ask_and_wait(&asker, self->fd, KIPC_IOC_QUEUE_SEND, &send));
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 60));
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(60, stat_of(self->fd).bytes);
}

/* Whatever can be sent at all can be sent now. */
TEST_F(limits, empty_queue_is_ready_though_its_largest_does_not_fit)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLOUT };

	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 50));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(0, queue_send_now(self->fd, self->name, 50));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

/* Who may set */

struct setter {
	int fd;
	struct kipc_queue_set set;
};

static int set_as(void *arg)
{
	struct setter *setter = arg;

	return -request(setter->fd, KIPC_IOC_QUEUE_SET, &setter->set);
}

TEST_F(limits, another_user_eperm)
{
	static const unsigned int flags[] = {
		KIPC_SET_UID, KIPC_SET_GID, KIPC_SET_MODE, KIPC_SET_MAX_MSGS,
		KIPC_SET_MAX_BYTES, KIPC_SET_MAX_SIZE,
	};
	struct setter setter = { .fd = self->fd };
	struct kipc_queue_stat after;
	int i;

	STAT();
	for (i = 0; i < 6; i++) {
		setter.set = set_args(flags[i]);
		EXPECT_EQ(EPERM, as_user(USER, set_as, &setter));
	}
	ASSERT_EQ(0, queue_stat(self->fd, 0, 0, &after));
	EXPECT_EQ(0, memcmp(&self->stat, &after, sizeof(after)));
}

TEST_F(limits, owner_may_and_is_told_by_stat)
{
	struct setter setter = { .fd = self->fd, .set = set_args(KIPC_SET_UID | KIPC_SET_GID) };

	setter.set.uid = USER;
	setter.set.gid = OTHER;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &setter.set));
	STAT();
	EXPECT_EQ(USER, self->stat.uid);
	EXPECT_EQ(OTHER, self->stat.gid);
	EXPECT_EQ(0, self->stat.creator_uid);
	EXPECT_EQ(0, self->stat.creator_gid);

	setter.set = set_args(KIPC_SET_MAX_MSGS);
	setter.set.max_msgs = 7;
	EXPECT_EQ(EPERM, as_user(OTHER, set_as, &setter));
	EXPECT_EQ(0, as_user(USER, set_as, &setter));
	EXPECT_EQ(7, stat_of(self->fd).max_msgs);
}

static int make_and_give_away(void *name)
{
	struct setter setter = { .set = set_args(KIPC_SET_UID) };

	setter.fd = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	setter.set.uid = OTHER;
	if (setter.fd < 0 || set_as(&setter))
		return 1;
	/* It is another's now, and may be changed all the same. */
	if (stat_of(setter.fd).uid != OTHER || stat_of(setter.fd).creator_uid != USER)
		return 2;
	if (queue_set_mode(setter.fd, 0640) || stat_of(setter.fd).mode != 0640)
		return 3;
	setter.set.uid = USER;
	return set_as(&setter) ? 4 : -queue_unlink(name);
}

TEST_F(limits, creator_may_still)
{
	char name[KIPC_NAME_SIZE];

	EXPECT_EQ(0, as_user(USER, make_and_give_away, fresh_name(name)));
}

static int open_it(void *name)
{
	int fd = queue_open(name, QUEUE_BOTH);

	return fd < 0 ? -fd : 0;
}

TEST_F(limits, owner_and_mode_hold_for_who_opens_then)
{
	struct kipc_queue_set set = set_args(KIPC_SET_UID | KIPC_SET_MODE);

	set.uid = USER;
	set.mode = 0600;
	EXPECT_EQ(0, as_user(OTHER, open_it, self->name));
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(EACCES, as_user(OTHER, open_it, self->name));
	EXPECT_EQ(0, as_user(USER, open_it, self->name));
}

TEST_F(limits, mode_has_no_umask)
{
	umask(077);
	ASSERT_EQ(0, queue_set_mode(self->fd, 0777));
	EXPECT_EQ(0777, stat_of(self->fd).mode);
}

TEST_F(limits, handle_that_may_only_receive_sets_them)
{
	int fd = queue_open(self->name, KIPC_QUEUE_RECV);

	EXPECT_EQ(0, queue_set_max_msgs(fd, 7));
	EXPECT_EQ(7, stat_of(self->fd).max_msgs);
	close(fd);
}

/* What it tells of itself */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The clock as of its last tick, which the kernel may have looked at */
static uint64_t tick_ns(void)
{
	return clock_ns(CLOCK_REALTIME_COARSE);
}

/* Between that tick and now */
#define EXPECT_NOW(since, time) do {				\
	uint64_t told = time;					\
								\
	EXPECT_LE(since, told);					\
	EXPECT_GE(clock_ns(CLOCK_REALTIME), told);		\
} while (0)

TEST_F(limits, stat_of_a_new_queue)
{
	uint64_t before = tick_ns();
	char name[KIPC_NAME_SIZE];
	int fd = queue_make(name, 3, 300, 30);

	ASSERT_EQ(0, queue_stat(fd, 0, 0, &self->stat));
	EXPECT_LT(0, self->stat.number);
	EXPECT_EQ(0666, self->stat.mode);
	EXPECT_EQ(0, self->stat.uid);
	EXPECT_EQ(0, self->stat.gid);
	EXPECT_EQ(3, self->stat.max_msgs);
	EXPECT_EQ(300, self->stat.max_bytes);
	EXPECT_EQ(30, self->stat.max_size);
	EXPECT_EQ(0, self->stat.msgs);
	EXPECT_EQ(0, self->stat.bytes);
	EXPECT_EQ(0, self->stat.peak_msgs);
	EXPECT_EQ(0, self->stat.peak_bytes);
	EXPECT_EQ(0, self->stat.sent);
	EXPECT_EQ(0, self->stat.received);
	EXPECT_EQ(0, self->stat.send_time);
	EXPECT_EQ(0, self->stat.recv_time);
	EXPECT_NOW(before, self->stat.change_time);
	EXPECT_EQ(0, self->stat.send_pid);
	EXPECT_EQ(0, self->stat.recv_pid);
	EXPECT_EQ(0, self->stat.senders);
	EXPECT_EQ(0, self->stat.receivers);
	EXPECT_STREQ(name, self->stat.name);
	close(fd);
	queue_unlink(name);
}

TEST_F(limits, stat_counts_what_comes_and_goes)
{
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 10));
	ASSERT_EQ(0, queue_send_now(self->fd, self->name, 10));
	ASSERT_EQ(0, queue_send_now(self->fd, self->name, 20));
	ASSERT_EQ(0, queue_send_now(self->fd, self->name, 0));
	STAT();
	EXPECT_EQ(3, self->stat.msgs);
	EXPECT_EQ(30, self->stat.bytes);
	EXPECT_EQ(3, self->stat.peak_msgs);
	EXPECT_EQ(30, self->stat.peak_bytes);
	EXPECT_EQ(3, self->stat.sent);
	EXPECT_EQ(0, self->stat.received);
	EXPECT_EQ(3, drain(self->fd));
	ASSERT_EQ(0, queue_send_now(self->fd, self->name, 5));
	STAT();
	EXPECT_EQ(1, self->stat.msgs);
	EXPECT_EQ(5, self->stat.bytes);
	EXPECT_EQ(3, self->stat.peak_msgs);
	EXPECT_EQ(30, self->stat.peak_bytes);
	EXPECT_EQ(4, self->stat.sent);
	EXPECT_EQ(3, self->stat.received);
}

TEST_F(limits, stat_does_not_count_what_failed)
{
	struct kipc_header msg;

	FILL();
	EXPECT_EQ(-EAGAIN, put(self->fd, 9, 0, 0));
	EXPECT_EQ(-EMSGSIZE, queue_send_now(self->fd, self->name, 101));
	EXPECT_EQ(-EFAULT, queue_recv_now(self->fd, NULL, 100, &msg));
	EXPECT_EQ(-EMSGSIZE, queue_recv_now(self->fd, NULL, 0, &msg));
	STAT();
	EXPECT_EQ(2, self->stat.msgs);
	EXPECT_EQ(2, self->stat.peak_msgs);
	EXPECT_EQ(2, self->stat.sent);
	EXPECT_EQ(0, self->stat.received);
	EXPECT_EQ(0, self->stat.recv_time);
	EXPECT_EQ(0, self->stat.recv_pid);
	EXPECT_EQ(0, take_any(self->fd));
	EXPECT_EQ(-EFAULT, queue_send_now(self->fd, NULL, 100));
	STAT();
	EXPECT_EQ(2, self->stat.sent);
	EXPECT_EQ(2, self->stat.peak_msgs);
	EXPECT_EQ(8, self->stat.peak_bytes);
}

TEST_F(limits, stat_counts_what_is_handed_over)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_URGENT, 0));
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
	STAT();
	EXPECT_EQ(1, self->stat.sent);
	EXPECT_EQ(1, self->stat.received);
	EXPECT_EQ(0, self->stat.msgs);
	EXPECT_EQ(0, self->stat.bytes);
	EXPECT_EQ(getpid(), self->stat.send_pid);
	EXPECT_EQ(getpid(), self->stat.recv_pid);
	EXPECT_LT(0, self->stat.recv_time);
}

TEST_F(limits, stat_tells_who_and_when)
{
	uint64_t before = tick_ns();
	pid_t sender, receiver;

	sender = spawn();
	if (!sender)
		_exit(-put(self->fd, 1, 0, 0));
	EXPECT_EQ(0, reap(sender));
	STAT();
	EXPECT_EQ(sender, self->stat.send_pid);
	EXPECT_NOW(before, self->stat.send_time);
	EXPECT_EQ(0, self->stat.recv_pid);
	receiver = spawn();
	if (!receiver)
		_exit(take_any(self->fd) == 1 ? 0 : 1);
	EXPECT_EQ(0, reap(receiver));
	STAT();
	EXPECT_EQ(sender, self->stat.send_pid);
	EXPECT_EQ(receiver, self->stat.recv_pid);
	EXPECT_NOW(before, self->stat.recv_time);
	EXPECT_LE(self->stat.send_time, self->stat.recv_time);
	before = tick_ns();
	ASSERT_EQ(0, queue_set_mode(self->fd, 0600));
	EXPECT_NOW(before, stat_of(self->fd).change_time);
}

TEST_F(limits, stat_counts_who_waits)
{
	struct putter putters[2];
	struct taker takers[3];
	int i;

	FILL();
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, taker_start(&takers[i], self->fd, KIPC_SELECT_TYPE, 7));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, putter_start(&putters[i], self->fd, i));
	STAT();
	EXPECT_EQ(3, self->stat.receivers);
	EXPECT_EQ(2, self->stat.senders);
	/* Whoever takes one puts in that of a thread that waits. */
	EXPECT_EQ(4, drain(self->fd));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, putter_end(&putters[i]));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 10));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, put(self->fd, i, 7, 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, taker_end(&takers[i]));
	STAT();
	EXPECT_EQ(0, self->stat.receivers);
	EXPECT_EQ(0, self->stat.senders);
}

static int stat_without_permission(void *arg)
{
	struct _test_data_limits *self = arg;

	if (queue_stat(self->fd, 0, 0, &self->stat) || self->stat.max_msgs != 2)
		return 1;
	return -queue_stat(self->fd, 0, KIPC_STAT_PERMIT, &self->stat);
}

TEST_F(limits, stat_needs_no_permission_but_with_permit)
{
	EXPECT_EQ(0, as_user(USER, stat_without_permission, self));
	ASSERT_EQ(0, queue_set_mode(self->fd, 0602));
	EXPECT_EQ(EACCES, as_user(USER, stat_without_permission, self));
}

TEST_HARNESS_MAIN
