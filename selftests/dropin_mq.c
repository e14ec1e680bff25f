// SPDX-License-Identifier: GPL-2.0
/*
 * POSIX message queues: mq_send, mq_timedsend, mq_receive, mq_timedreceive, mq_getattr and
 * mq_setattr.  See dropin_mq.h for how this is run.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "dropin_mq.h"

FIXTURE(mq)
{
	char name[MQ_NAME_SIZE];
	mqd_t mqd;
};

FIXTURE_SETUP(mq)
{
	umask(0);
	no_mq_limit();
	self->mqd = mq_make(fresh_mq_name(self->name), O_RDWR, MSGS, SIZE);
	ASSERT_LE(0, self->mqd);
}

FIXTURE_TEARDOWN(mq)
{
	mq_close(self->mqd);
	mq_unlink(self->name);
}

static ssize_t take(mqd_t mqd, char *buf, unsigned int *prio)
{
	return got(mq_receive(mqd, buf, SIZE, prio));
}

/* Messages */

TEST_F(mq, message_arrives_whole_with_its_priority)
{
	char data[SIZE], buf[SIZE + 1];
	unsigned int prio = 99;
	int len;

	fill(data, SIZE, 1);
	for (len = 0; len <= SIZE; len++) {
		memset(buf, 0xaa, sizeof(buf));
		ASSERT_EQ(0, got(mq_send(self->mqd, data, len, len)));
		EXPECT_EQ(len, take(self->mqd, buf, &prio));
		EXPECT_EQ(len, prio);
		EXPECT_EQ(0, memcmp(data, buf, len));
		EXPECT_EQ((char)0xaa, buf[len]);
	}
}

TEST_F(mq, receiver_need_not_ask_for_the_priority)
{
	char buf[SIZE];

	EXPECT_EQ(0, put_prio(self->mqd, "hello", 3));
	EXPECT_EQ(5, take(self->mqd, buf, NULL));
}

TEST_F(mq, empty_message_of_no_address)
{
	char *none = unknown(NULL);
	char buf[SIZE];

	EXPECT_EQ(0, got(mq_send(self->mqd, none, 0, 0)));
	EXPECT_EQ(1, mq_curmsgs(self->mqd));
	EXPECT_EQ(0, take(self->mqd, buf, NULL));
	EXPECT_EQ(0, mq_curmsgs(self->mqd));
}

TEST_F(mq, higher_priority_is_received_first)
{
	EXPECT_EQ(0, put_prio(self->mqd, "two", 2));
	EXPECT_EQ(0, put_prio(self->mqd, "none", 0));
	EXPECT_EQ(0, put_prio(self->mqd, "highest", 32767));
	EXPECT_EQ(0, put_prio(self->mqd, "three", 3));
	EXPECT_TRUE(next_is(self->mqd, "highest"));
	EXPECT_TRUE(next_is(self->mqd, "three"));
	EXPECT_TRUE(next_is(self->mqd, "two"));
	EXPECT_TRUE(next_is(self->mqd, "none"));
}

TEST_F(mq, one_priority_is_received_in_order)
{
	int round;

	for (round = 0; round < 3; round++) {
		EXPECT_EQ(0, put_prio(self->mqd, "a", 1));
		EXPECT_EQ(0, put_prio(self->mqd, "c", 0));
		EXPECT_EQ(0, put_prio(self->mqd, "b", 1));
		EXPECT_EQ(0, put_prio(self->mqd, "d", 0));
		EXPECT_TRUE(next_is(self->mqd, "a"));
		EXPECT_TRUE(next_is(self->mqd, "b"));
		EXPECT_TRUE(next_is(self->mqd, "c"));
		EXPECT_TRUE(next_is(self->mqd, "d"));
	}
}

TEST_F(mq, priority_has_a_highest_einval)
{
	struct timespec soon = day_in_ms(1000);

	EXPECT_EQ(32768, sysconf(_SC_MQ_PRIO_MAX));
	EXPECT_EQ(0, put_prio(self->mqd, "x", 32767));
	EXPECT_EQ(-EINVAL, put_prio(self->mqd, "x", 32768));
	EXPECT_EQ(-EINVAL, put_prio(self->mqd, "x", UINT_MAX));
	EXPECT_ERRNO(EINVAL, mq_timedsend(self->mqd, "x", 1, 32768, &soon));
	/* The priority is looked at before the descriptor. */
	EXPECT_EQ(-EINVAL, put_prio(-1, "x", 32768));
	EXPECT_EQ(1, mq_curmsgs(self->mqd));
}

TEST_F(mq, message_above_msgsize_emsgsize)
{
	struct timespec soon = day_in_ms(1000);
	char data[2 * SIZE] = "";

	EXPECT_EQ(0, got(mq_send(self->mqd, data, SIZE, 0)));
	EXPECT_ERRNO(EMSGSIZE, mq_send(self->mqd, data, SIZE + 1, 0));
	EXPECT_ERRNO(EMSGSIZE, mq_send(self->mqd, data, SSIZE_MAX, 0));
	EXPECT_ERRNO(EMSGSIZE, mq_send(self->mqd, data, SIZE_MAX, 0));
	EXPECT_ERRNO(EMSGSIZE, mq_timedsend(self->mqd, data, SIZE + 1, 0, &soon));
	EXPECT_EQ(1, mq_curmsgs(self->mqd));
}

TEST_F(mq, buffer_below_msgsize_emsgsize)
{
	struct timespec soon = day_in_ms(1000);
	char buf[SIZE];

	/* Also when there is no message, and when it would fit. */
	EXPECT_ERRNO(EMSGSIZE, mq_receive(self->mqd, buf, SIZE - 1, NULL));
	EXPECT_EQ(0, mq_set_flags(self->mqd, O_NONBLOCK));
	EXPECT_ERRNO(EMSGSIZE, mq_receive(self->mqd, buf, SIZE - 1, NULL));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_ERRNO(EMSGSIZE, mq_receive(self->mqd, buf, SIZE - 1, NULL));
	EXPECT_ERRNO(EMSGSIZE, mq_receive(self->mqd, buf, 0, NULL));
	EXPECT_ERRNO(EMSGSIZE, mq_timedreceive(self->mqd, buf, SIZE - 1, NULL, &soon));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
}

TEST_F(mq, buffer_above_msgsize_will_do)
{
	char buf[4 * SIZE];

	memset(buf, 0xaa, sizeof(buf));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(5, got(mq_receive(self->mqd, buf, sizeof(buf), NULL)));
	EXPECT_EQ((char)0xaa, buf[5]);
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(5, got(mq_receive(self->mqd, buf, SSIZE_MAX, NULL)));
}

TEST_F(mq, message_out_of_reach_efault)
{
	struct timespec soon = day_in_ms(1000);

	EXPECT_ERRNO(EFAULT, mq_send(self->mqd, nowhere(), 5, 0));
	EXPECT_ERRNO(EFAULT, mq_timedsend(self->mqd, nowhere(), 5, 0, &soon));
	EXPECT_EQ(0, mq_curmsgs(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
}

/* Linux has lost the message then, kipc has not. */
TEST_F(mq, buffer_out_of_reach_efault)
{
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_ERRNO(EFAULT, mq_receive(self->mqd, nowhere(), SIZE, NULL));
	EXPECT_EQ(drop_in() ? 1 : 0, mq_curmsgs(self->mqd));
}

/* Descriptors */

/* What all functions that take one say of a descriptor */
static bool all_say_ebadf(int fd)
{
	struct timespec soon = day_in_ms(1000);
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct mq_attr attr = { 0 }, old;
	char buf[SIZE];

	return got(mq_send(fd, "x", 1, 0)) == -EBADF &&
	       got(mq_timedsend(fd, "x", 1, 0, &soon)) == -EBADF &&
	       got(mq_receive(fd, buf, SIZE, NULL)) == -EBADF &&
	       got(mq_timedreceive(fd, buf, SIZE, NULL, &soon)) == -EBADF &&
	       got(mq_getattr(fd, &attr)) == -EBADF &&
	       got(mq_setattr(fd, &attr, NULL)) == -EBADF &&
	       got(mq_setattr(fd, &attr, &old)) == -EBADF &&
	       got(mq_notify(fd, &none)) == -EBADF &&
	       got(mq_notify(fd, NULL)) == -EBADF;
}

TEST_F(mq, descriptor_that_is_not_open_ebadf)
{
	EXPECT_TRUE(all_say_ebadf(-1));
	EXPECT_TRUE(all_say_ebadf(INT_MIN));
	EXPECT_TRUE(all_say_ebadf(INT_MAX));
	EXPECT_TRUE(all_say_ebadf(INT_MAX - 1));
	EXPECT_TRUE(all_say_ebadf(closed_fd()));
}

TEST_F(mq, descriptor_that_is_no_queue_ebadf)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_TRUE(all_say_ebadf(pipes[0]));
	EXPECT_TRUE(all_say_ebadf(pipes[1]));
	EXPECT_TRUE(all_say_ebadf(open("/", O_RDONLY)));
	EXPECT_TRUE(all_say_ebadf(open("/", O_PATH)));
	EXPECT_TRUE(all_say_ebadf(open("/proc/self/exe", O_RDONLY)));
	EXPECT_TRUE(all_say_ebadf(open("/dev/null", O_RDWR)));
	EXPECT_TRUE(all_say_ebadf(open("/dev/zero", O_RDWR)));
	EXPECT_TRUE(all_say_ebadf(socket(AF_UNIX, SOCK_STREAM, 0)));
	EXPECT_TRUE(all_say_ebadf(socket(AF_INET, SOCK_DGRAM, 0)));
	EXPECT_TRUE(all_say_ebadf(epoll_create1(0)));
	EXPECT_TRUE(all_say_ebadf(eventfd(0, 0)));
	EXPECT_TRUE(all_say_ebadf(memfd_create("no queue", 0)));
}

TEST_F(mq, other_endpoint_of_kipc_ebadf)
{
	char name[KIPC_NAME_SIZE];
	uint64_t pool = 0;
	int fd = endpoint_open();

	if (fd < 0)
		SKIP(return, "no /dev/kipc");
	EXPECT_TRUE(all_say_ebadf(fd));
	ASSERT_EQ(0, channel_create(fd, fresh_name(name), 0600, &pool));
	EXPECT_TRUE(all_say_ebadf(fd));
}

TEST_F(mq, sending_through_a_receiver_s_descriptor_ebadf)
{
	struct timespec soon = day_in_ms(1000);
	mqd_t mqd = mq_join(self->name, O_RDONLY);

	ASSERT_LE(0, mqd);
	EXPECT_EQ(-EBADF, put(mqd, "x"));
	EXPECT_ERRNO(EBADF, mq_timedsend(mqd, "x", 1, 0, &soon));
	/* The direction is looked at before the size. */
	EXPECT_ERRNO(EBADF, mq_send(mqd, "x", SIZE + 1, 0));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(next_is(mqd, "hello"));
}

TEST_F(mq, receiving_through_a_sender_s_descriptor_ebadf)
{
	struct timespec soon = day_in_ms(1000);
	mqd_t mqd = mq_join(self->name, O_WRONLY);
	char buf[SIZE];

	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, put(mqd, "hello"));
	EXPECT_EQ(-EBADF, take(mqd, buf, NULL));
	EXPECT_ERRNO(EBADF, mq_timedreceive(mqd, buf, SIZE, NULL, &soon));
	EXPECT_ERRNO(EBADF, mq_receive(mqd, buf, 0, NULL));
	EXPECT_EQ(1, mq_curmsgs(mqd));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
}

TEST_F(mq, duplicate_descriptor_is_as_good)
{
	int fd = dup(self->mqd);

	EXPECT_EQ(0, put(fd, "hello"));
	EXPECT_EQ(0, mq_set_flags(fd, O_NONBLOCK));
	EXPECT_EQ(O_NONBLOCK, mq_flags(self->mqd));
	EXPECT_EQ(0, mq_close(fd));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
}

/* What is at once, and what is not */

TEST_F(mq, full_queue_nonblock_eagain)
{
	struct timespec soon = day_in_ms(1000);

	ASSERT_EQ(0, fill_up(self->mqd));
	EXPECT_EQ(0, mq_set_flags(self->mqd, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, put(self->mqd, "x"));
	EXPECT_ERRNO(EAGAIN, mq_timedsend(self->mqd, "x", 1, 0, &soon));
	EXPECT_EQ(-EAGAIN, put_prio(self->mqd, "x", 9));
	EXPECT_EQ(MSGS, mq_curmsgs(self->mqd));
}

TEST_F(mq, empty_queue_nonblock_eagain)
{
	struct timespec soon = day_in_ms(1000);
	char buf[SIZE];

	EXPECT_EQ(0, mq_set_flags(self->mqd, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, take(self->mqd, buf, NULL));
	EXPECT_ERRNO(EAGAIN, mq_timedreceive(self->mqd, buf, SIZE, NULL, &soon));
}

static int64_t ns_since(struct timespec then)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - then.tv_sec) * 1000000000LL + now.tv_nsec - then.tv_nsec;
}

TEST_F(mq, time_that_passes_etimedout)
{
	struct timespec soon;
	char buf[SIZE];

	soon = day_in_ms(40);
	EXPECT_ERRNO(ETIMEDOUT, mq_timedreceive(self->mqd, buf, SIZE, NULL, &soon));
	EXPECT_LE(0, ns_since(soon));
	ASSERT_EQ(0, fill_up(self->mqd));
	soon = day_in_ms(40);
	EXPECT_ERRNO(ETIMEDOUT, mq_timedsend(self->mqd, "x", 1, 0, &soon));
	EXPECT_LE(0, ns_since(soon));
	EXPECT_EQ(MSGS, mq_curmsgs(self->mqd));
}

TEST_F(mq, time_that_has_passed_etimedout)
{
	struct timespec past[] = { { 0, 0 }, { 0, 999999999 }, { 1, 0 }, day_in_ms(-1) };
	char buf[SIZE];
	int i;

	for (i = 0; i < 4; i++)
		EXPECT_ERRNO(ETIMEDOUT,
			     mq_timedreceive(self->mqd, buf, SIZE, NULL, &past[i]));
	ASSERT_EQ(0, fill_up(self->mqd));
	for (i = 0; i < 4; i++)
		EXPECT_ERRNO(ETIMEDOUT, mq_timedsend(self->mqd, "x", 1, 0, &past[i]));
}

TEST_F(mq, time_does_not_matter_where_nothing_is_waited_for)
{
	struct timespec past = { 0, 0 };
	char buf[SIZE];

	EXPECT_EQ(0, got(mq_timedsend(self->mqd, "hello", 5, 0, &past)));
	EXPECT_EQ(5, got(mq_timedreceive(self->mqd, buf, SIZE, NULL, &past)));
}

/* POSIX lets this be told only where the call would wait; Linux always does. */
TEST_F(mq, time_that_is_none_einval)
{
	static const struct timespec bad[] = {
		{ -1, 0 }, { 0, -1 }, { 0, 1000000000 }, { LONG_MIN, 0 },
		{ 0, LONG_MAX }, { 1, LONG_MIN }, { -1, -1 },
	};
	char buf[SIZE];
	int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_ERRNO(EINVAL, mq_timedreceive(self->mqd, buf, SIZE, NULL, &bad[i]));
		EXPECT_ERRNO(EINVAL, mq_timedsend(self->mqd, "x", 1, 0, &bad[i]));
		EXPECT_ERRNO(EINVAL, mq_timedsend(-1, "x", 1, 0, &bad[i]));
		EXPECT_ERRNO(EINVAL, mq_timedreceive(-1, buf, SIZE, NULL, &bad[i]));
	}
	EXPECT_EQ(0, mq_curmsgs(self->mqd));
	ASSERT_EQ(0, fill_up(self->mqd));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_ERRNO(EINVAL, mq_timedsend(self->mqd, "x", 1, 0, &bad[i]));
}

TEST_F(mq, time_out_of_reach_efault)
{
	struct timespec *bad = nowhere();
	char *end = memory(2 * PAGE);
	char buf[SIZE];

	EXPECT_ERRNO(EFAULT, mq_timedsend(self->mqd, "x", 1, 0, bad));
	EXPECT_ERRNO(EFAULT, mq_timedreceive(self->mqd, buf, SIZE, NULL, bad));
	/* Nor may it be half there. */
	mprotect(end + PAGE, PAGE, PROT_NONE);
	bad = (void *)(end + PAGE - 8);
	EXPECT_ERRNO(EFAULT, mq_timedsend(self->mqd, "x", 1, 0, bad));
	bad = (void *)(end + PAGE - 16);
	EXPECT_EQ(0, got(mq_timedsend(self->mqd, "x", 1, 0, bad)));
	EXPECT_EQ(1, got(mq_timedreceive(self->mqd, buf, SIZE, NULL, bad)));
}

/* A thread that makes one call, and what became of it */
struct caller {
	pthread_t thread;
	pid_t tid;
	mqd_t mqd;
	bool sends;
	const struct timespec *time;
	ssize_t ret;
};

static ssize_t call(const struct caller *caller)
{
	char buf[SIZE];

	if (caller->sends)
		return got(caller->time ?
			   mq_timedsend(caller->mqd, "late", 4, 0, caller->time) :
			   mq_send(caller->mqd, "late", 4, 0));
	return got(caller->time ?
		   mq_timedreceive(caller->mqd, buf, SIZE, NULL, caller->time) :
		   mq_receive(caller->mqd, buf, SIZE, NULL));
}

static void *caller_run(void *arg)
{
	struct caller *caller = arg;

	__atomic_store_n(&caller->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	caller->ret = call(caller);
	return NULL;
}

/* Start it, and see it wait */
static bool caller_waits(struct caller *caller)
{
	caller->ret = -ENODATA;
	if (pthread_create(&caller->thread, NULL, caller_run, caller))
		return false;
	while (!__atomic_load_n(&caller->tid, __ATOMIC_ACQUIRE))
		nap_ms(1);
	return await_mq_sleep(getpid(), caller->tid);
}

static ssize_t caller_end(struct caller *caller)
{
	pthread_join(caller->thread, NULL);
	return caller->ret;
}

TEST_F(mq, sender_waits_for_room)
{
	struct timespec later = day_in_ms(LONG_S * 1000);
	const struct timespec *times[] = { NULL, &later };
	int i;

	for (i = 0; i < 2; i++) {
		struct caller caller = { .mqd = self->mqd, .sends = true, .time = times[i] };

		ASSERT_EQ(0, fill_up(self->mqd));
		ASSERT_TRUE(caller_waits(&caller));
		EXPECT_TRUE(next_is(self->mqd, "full"));
		EXPECT_EQ(0, caller_end(&caller));
		EXPECT_EQ(MSGS, mq_curmsgs(self->mqd));
		while (mq_curmsgs(self->mqd) > 1)
			EXPECT_TRUE(next_is(self->mqd, "full"));
		EXPECT_TRUE(next_is(self->mqd, "late"));
	}
}

TEST_F(mq, receiver_waits_for_a_message)
{
	struct timespec later = day_in_ms(LONG_S * 1000);
	const struct timespec *times[] = { NULL, &later };
	int i;

	for (i = 0; i < 2; i++) {
		struct caller caller = { .mqd = self->mqd, .time = times[i] };

		ASSERT_TRUE(caller_waits(&caller));
		EXPECT_EQ(0, put(self->mqd, "hello"));
		EXPECT_EQ(5, caller_end(&caller));
		EXPECT_EQ(0, mq_curmsgs(self->mqd));
	}
}

TEST_F(mq, time_without_end_is_waited_for)
{
	static const struct timespec never[] = {
		{ LONG_MAX, 0 }, { LONG_MAX, 999999999 }, { 9223372036L, 999999999 },
		{ 9223372037L, 0 }, { 20000000000L, 0 },
	};
	int i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		struct caller caller = { .mqd = self->mqd, .time = &never[i] };

		ASSERT_TRUE(caller_waits(&caller));
		EXPECT_EQ(0, put(self->mqd, "hello"));
		EXPECT_EQ(5, caller_end(&caller));
	}
}

/* <mqueue.h> says that there is a time; the system call makes none of that. */
TEST_F(mq, no_time_is_no_end)
{
	const struct timespec *none = unknown(NULL);
	char buf[SIZE];

	EXPECT_EQ(0, got(mq_timedsend(self->mqd, "hello", 5, 0, none)));
	EXPECT_EQ(5, got(mq_timedreceive(self->mqd, buf, SIZE, NULL, none)));
}

/* Times are CLOCK_REALTIME, and follow it when it is set. */
TEST_F(mq, setting_the_clock_ends_a_wait)
{
	struct timespec hour = day_in_ms(3600 * 1000), now, then;
	struct caller caller = { .mqd = self->mqd, .time = &hour };

	if (!in_guest())
		SKIP(return, "only in a guest");
	ASSERT_TRUE(caller_waits(&caller));
	clock_gettime(CLOCK_REALTIME, &now);
	then = now;
	then.tv_sec += 7200;
	ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &then));
	EXPECT_EQ(-ETIMEDOUT, caller_end(&caller));
	ASSERT_EQ(0, clock_settime(CLOCK_REALTIME, &now));
}

/* Signals */

static int handled;

static void on_usr1(int number)
{
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

static void handle_usr1(int flags)
{
	struct sigaction action = { .sa_handler = on_usr1, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

static void interrupt(const struct caller *caller)
{
	int before = __atomic_load_n(&handled, __ATOMIC_RELAXED);

	pthread_kill(caller->thread, SIGUSR1);
	while (__atomic_load_n(&handled, __ATOMIC_RELAXED) == before)
		nap_ms(1);
}

TEST_F(mq, signal_handler_ends_a_wait_eintr)
{
	struct timespec later = day_in_ms(LONG_S * 1000);
	int i;

	handle_usr1(0);
	for (i = 0; i < 4; i++) {
		struct caller caller = {
			.mqd = self->mqd,
			.sends = i & 1,
			.time = i & 2 ? &later : NULL,
		};

		if (caller.sends)
			ASSERT_EQ(0, fill_up(self->mqd));
		ASSERT_TRUE(caller_waits(&caller));
		interrupt(&caller);
		EXPECT_EQ(-EINTR, caller_end(&caller));
		EXPECT_EQ(caller.sends ? MSGS : 0, mq_curmsgs(self->mqd));
		while (mq_curmsgs(self->mqd) > 0)
			EXPECT_TRUE(next_is(self->mqd, "full"));
	}
}

TEST_F(mq, restarting_signal_handler_does_not_end_a_wait)
{
	struct timespec later = day_in_ms(LONG_S * 1000);
	int i;

	handle_usr1(SA_RESTART);
	for (i = 0; i < 4; i++) {
		struct caller caller = {
			.mqd = self->mqd,
			.sends = i & 1,
			.time = i & 2 ? &later : NULL,
		};

		if (caller.sends)
			ASSERT_EQ(0, fill_up(self->mqd));
		ASSERT_TRUE(caller_waits(&caller));
		interrupt(&caller);
		ASSERT_TRUE(await_mq_sleep(getpid(), caller.tid));
		EXPECT_TRUE(caller.sends ? next_is(self->mqd, "full") : !put(self->mqd, "hello"));
		EXPECT_EQ(caller.sends ? 0 : 5, caller_end(&caller));
		while (mq_curmsgs(self->mqd) > 1)
			EXPECT_TRUE(next_is(self->mqd, "full"));
		if (caller.sends)
			EXPECT_TRUE(next_is(self->mqd, "late"));
	}
}

/* A wait that goes on ends when it would have. */
TEST_F(mq, restarted_wait_has_the_same_end)
{
	struct timespec soon = day_in_ms(200);
	struct caller caller = { .mqd = self->mqd, .time = &soon };

	handle_usr1(SA_RESTART);
	ASSERT_TRUE(caller_waits(&caller));
	interrupt(&caller);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&caller));
	EXPECT_LE(0, ns_since(soon));
	EXPECT_GT(5000000000LL, ns_since(soon));
}

/* Cancellation: the four are cancellation points */

TEST_F(mq, wait_can_be_cancelled)
{
	struct timespec later = day_in_ms(LONG_S * 1000);
	void *end;
	int i;

	for (i = 0; i < 4; i++) {
		struct caller caller = {
			.mqd = self->mqd,
			.sends = i & 1,
			.time = i & 2 ? &later : NULL,
		};

		if (caller.sends)
			ASSERT_EQ(0, fill_up(self->mqd));
		ASSERT_TRUE(caller_waits(&caller));
		ASSERT_EQ(0, pthread_cancel(caller.thread));
		ASSERT_EQ(0, pthread_join(caller.thread, &end));
		EXPECT_EQ(PTHREAD_CANCELED, end);
		EXPECT_EQ(caller.sends ? MSGS : 0, mq_curmsgs(self->mqd));
		while (mq_curmsgs(self->mqd) > 0)
			EXPECT_TRUE(next_is(self->mqd, "full"));
	}
}

static void *call_cancelled(void *arg)
{
	struct caller *caller = arg;
	int state;

	/* Shut out, it is no cancellation point. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cancel(pthread_self());
	caller->ret = put(caller->mqd, "shut out");
	pthread_setcancelstate(state, &state);
	call(caller);
	caller->ret = -ENODATA;
	return NULL;
}

TEST_F(mq, pending_cancellation_is_acted_upon)
{
	void *end;
	int i;

	for (i = 0; i < 2; i++) {
		struct caller caller = { .mqd = self->mqd, .sends = i & 1 };

		ASSERT_EQ(0, pthread_create(&caller.thread, NULL, call_cancelled, &caller));
		ASSERT_EQ(0, pthread_join(caller.thread, &end));
		EXPECT_EQ(PTHREAD_CANCELED, end);
		EXPECT_EQ(0, caller.ret);
		EXPECT_TRUE(next_is(self->mqd, "shut out"));
		EXPECT_EQ(0, mq_curmsgs(self->mqd));
	}
}

/* Attributes */

TEST_F(mq, attributes_are_told)
{
	mqd_t sender = mq_join(self->name, O_WRONLY | O_NONBLOCK);
	struct mq_attr attr;

	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	memset(&attr, 0xff, sizeof(attr));
	EXPECT_EQ(0, mq_getattr(sender, &attr));
	EXPECT_EQ(O_NONBLOCK, attr.mq_flags);
	EXPECT_EQ(MSGS, attr.mq_maxmsg);
	EXPECT_EQ(SIZE, attr.mq_msgsize);
	EXPECT_EQ(2, attr.mq_curmsgs);
}

TEST_F(mq, nonblock_is_all_that_can_be_set)
{
	struct mq_attr attr = {
		.mq_flags = O_NONBLOCK,
		.mq_maxmsg = 99,
		.mq_msgsize = -1,
		.mq_curmsgs = 99,
	};

	EXPECT_EQ(0, got(mq_setattr(self->mqd, &attr, NULL)));
	EXPECT_EQ(0, mq_getattr(self->mqd, &attr));
	EXPECT_EQ(O_NONBLOCK, attr.mq_flags);
	EXPECT_EQ(MSGS, attr.mq_maxmsg);
	EXPECT_EQ(SIZE, attr.mq_msgsize);
	EXPECT_EQ(0, attr.mq_curmsgs);
	EXPECT_EQ(0, mq_set_flags(self->mqd, 0));
	EXPECT_EQ(0, mq_flags(self->mqd));
}

TEST_F(mq, other_flags_einval)
{
	static const long flags[] = { 1, O_RDWR, O_APPEND, O_NONBLOCK | 1, -1, 1L << 40 };
	int i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		EXPECT_EQ(-EINVAL, mq_set_flags(self->mqd, flags[i]));
		/* The flags are looked at before the descriptor. */
		EXPECT_EQ(-EINVAL, mq_set_flags(-1, flags[i]));
	}
	EXPECT_EQ(0, mq_flags(self->mqd));
}

TEST_F(mq, setting_tells_what_was)
{
	struct mq_attr new = { .mq_flags = O_NONBLOCK }, old;

	EXPECT_EQ(0, put(self->mqd, "hello"));
	memset(&old, 0xff, sizeof(old));
	EXPECT_EQ(0, got(mq_setattr(self->mqd, &new, &old)));
	EXPECT_EQ(0, old.mq_flags);
	EXPECT_EQ(MSGS, old.mq_maxmsg);
	EXPECT_EQ(SIZE, old.mq_msgsize);
	EXPECT_EQ(1, old.mq_curmsgs);
	new.mq_flags = 0;
	EXPECT_EQ(0, got(mq_setattr(self->mqd, &new, &old)));
	EXPECT_EQ(O_NONBLOCK, old.mq_flags);
}

TEST_F(mq, setting_nothing_is_asking)
{
	const struct mq_attr *none = unknown(NULL);
	struct mq_attr old;

	EXPECT_EQ(0, mq_set_flags(self->mqd, O_NONBLOCK));
	EXPECT_EQ(0, got(mq_setattr(self->mqd, none, &old)));
	EXPECT_EQ(O_NONBLOCK, old.mq_flags);
	EXPECT_EQ(O_NONBLOCK, mq_flags(self->mqd));
}

TEST_F(mq, flags_are_the_description_s_own)
{
	mqd_t other = mq_join(self->name, O_RDWR);

	EXPECT_EQ(0, mq_set_flags(self->mqd, O_NONBLOCK));
	EXPECT_EQ(0, mq_flags(other));
	EXPECT_EQ(O_NONBLOCK, fcntl(self->mqd, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, fcntl(other, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(O_NONBLOCK, mq_flags(other));
}

TEST_F(mq, attributes_out_of_reach_efault)
{
	EXPECT_ERRNO(EFAULT, mq_getattr(self->mqd, nowhere()));
	EXPECT_ERRNO(EFAULT, mq_setattr(self->mqd, nowhere(), NULL));
	EXPECT_ERRNO(EBADF, mq_getattr(-1, nowhere()));
}

/* Many at once */

#define SENDERS		4
#define RECEIVERS	2
#define EACH		500

static int send_many(const char *name, uint32_t sender)
{
	mqd_t mqd = mq_join(name, O_WRONLY);
	uint32_t i, word;

	for (i = 0; i < EACH; i++) {
		word = sender << 16 | i;
		if (mq_send(mqd, (char *)&word, sizeof(word), 0))
			return errno;
	}
	return 0;
}

/* Return: how many came, each sender's in their order */
static int receive_many(const char *name)
{
	mqd_t mqd = mq_join(name, O_RDONLY);
	int last[SENDERS], n = 0;
	uint32_t word[SIZE / 4];

	memset(last, 0xff, sizeof(last));
	for (;;) {
		if (mq_receive(mqd, (char *)word, SIZE, NULL) != 4)
			return -1;
		if (word[0] == UINT32_MAX)
			return n;
		if ((int)(word[0] & 0xffff) <= last[word[0] >> 16])
			return -1;
		last[word[0] >> 16] = word[0] & 0xffff;
		n++;
	}
}

TEST_F(mq, every_message_arrives_once)
{
	uint32_t end = UINT32_MAX;
	pid_t senders[SENDERS], receivers[RECEIVERS];
	int *counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, sum = 0;

	for (i = 0; i < RECEIVERS; i++) {
		receivers[i] = spawn();
		if (!receivers[i]) {
			counts[i] = receive_many(self->name);
			_exit(0);
		}
	}
	for (i = 0; i < SENDERS; i++) {
		senders[i] = spawn();
		if (!senders[i])
			_exit(send_many(self->name, i));
	}
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, reap(senders[i]));
	for (i = 0; i < RECEIVERS; i++)
		EXPECT_EQ(0, got(mq_send(self->mqd, (char *)&end, sizeof(end), 0)));
	for (i = 0; i < RECEIVERS; i++) {
		EXPECT_EQ(0, reap(receivers[i]));
		EXPECT_LE(0, counts[i]);
		sum += counts[i];
	}
	EXPECT_EQ(SENDERS * EACH, sum);
	EXPECT_EQ(0, mq_curmsgs(self->mqd));
}

TEST_HARNESS_MAIN
