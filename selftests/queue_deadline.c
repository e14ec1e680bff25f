// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines and signals: a wait ends at a time of the monotonic or of the real-time clock,
 * which may be set meanwhile, or by a signal, which need not restart it; and whatever ends
 * it, nothing is lost and nothing is sent or received twice.
 */
#include <sched.h>

#include "queue_test.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080
#endif

#define HOUR	3600000000000LL

/*
 * The parent sets the clock back: what it has moved is the difference of the two clocks
 * before and after.
 */
FIXTURE(deadline)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int64_t offset;
};

static int64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int64_t clock_offset(void)
{
	return real_ns() - (int64_t)now_ns();
}

static int clock_move_to(int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	return clock_settime(CLOCK_REALTIME, &ts) ? -errno : 0;
}

static int clock_move(int64_t by)
{
	return clock_move_to(real_ns() + by);
}

FIXTURE_SETUP(deadline)
{
	self->offset = clock_offset();
	self->fd = queue_make(self->name, 2, 0, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(deadline)
{
	int64_t moved = clock_offset() - self->offset;

	if (moved > HOUR / 100 || moved < -HOUR / 100)
		clock_move(-moved);
	queue_unlink(self->name);
}

#define PUT(number)	ASSERT_EQ(0, put(self->fd, number, 0, 0))
#define FILL()		ASSERT_EQ(0, put_several(self->fd, 0, 2))

/* A thread that waits for a message, or for room, until a time of the real-time clock */

static int taker_start_until(struct taker *taker, int fd, int64_t deadline)
{
	taker->arg = take_args(&taker->number, KIPC_SELECT_URGENT, 0);
	taker->arg.flags = KIPC_F_REALTIME;
	taker->arg.deadline = deadline;
	return ask_and_wait(&taker->asker, fd, KIPC_IOC_QUEUE_RECV, &taker->arg);
}

static int putter_start_until(struct putter *putter, int fd, int number, int64_t deadline)
{
	putter->number = number;
	putter->arg = put_args(&putter->number, 0, 0);
	putter->arg.flags = KIPC_F_REALTIME;
	putter->arg.deadline = deadline;
	return ask_and_wait(&putter->asker, fd, KIPC_IOC_QUEUE_SEND, &putter->arg);
}

/* Deadlines */

TEST_F(deadline, monotonic_is_waited_for)
{
	struct kipc_queue_recv recv;
	uint64_t end = in_ms(40);
	int number;

	recv = take_args(&number, KIPC_SELECT_URGENT, 0);
	recv.deadline = end;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_LE(end, now_ns());
}

TEST_F(deadline, realtime_is_waited_for)
{
	struct kipc_queue_recv recv;
	struct kipc_queue_send send = queue_send_args("x", 1);
	int64_t end = real_ns() + 40000000;
	int number;

	recv = take_args(&number, KIPC_SELECT_URGENT, 0);
	recv.flags = KIPC_F_REALTIME;
	recv.deadline = end;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_LE(end, real_ns());
	FILL();
	send.flags = KIPC_F_REALTIME;
	end = real_ns() + 40000000;
	send.deadline = end;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_LE(end, real_ns());
}

/* The monotonic clock of a guest is far behind the real one: a mix-up would wait for ever. */
TEST_F(deadline, that_has_passed_etimedout_at_once)
{
	static const unsigned int clocks[] = { 0, KIPC_F_REALTIME };
	struct kipc_queue_recv recv;
	struct kipc_queue_send send = queue_send_args("x", 1);
	int number, i;

	for (i = 0; i < 2; i++) {
		recv = take_args(&number, KIPC_SELECT_URGENT, 0);
		recv.flags = clocks[i];
		recv.deadline = 1;
		EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	}
	recv.flags = KIPC_F_REALTIME;
	recv.deadline = real_ns() - 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	FILL();
	send.flags = KIPC_F_REALTIME;
	send.deadline = real_ns() - 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
}

TEST_F(deadline, that_has_passed_does_not_matter_where_nothing_waits)
{
	struct kipc_queue_recv recv;
	struct kipc_queue_send send = queue_send_args("1234", 4);
	int number;

	send.flags = KIPC_F_REALTIME;
	send.deadline = 1;
	EXPECT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	recv = take_args(&number, KIPC_SELECT_URGENT, 0);
	recv.flags = KIPC_F_REALTIME;
	recv.deadline = 1;
	EXPECT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
}

TEST_F(deadline, none_with_realtime_waits_for_ever)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start_until(&taker, self->fd, 0));
	nap_ms(20);
	EXPECT_TRUE(ask_waits(&taker.asker));
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
}

TEST_F(deadline, at_the_end_of_time_is_never)
{
	struct taker takers[2];
	int i;

	ASSERT_EQ(0, taker_start_until(&takers[0], self->fd, INT64_MAX));
	ASSERT_EQ(0, taker_start_until(&takers[1], self->fd, -1));
	nap_ms(20);
	for (i = 0; i < 2; i++) {
		PUT(i);
		EXPECT_EQ(i, taker_end(&takers[i]));
	}
}

TEST_F(deadline, of_batches_realtime)
{
	struct kipc_header msg;
	char buf[8];
	struct kipc_queue_recv_batch recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_REALTIME,
		.deadline = real_ns() + 20000000,
		.data = (uintptr_t)buf,
		.len = sizeof(buf),
		.msgs = (uintptr_t)&msg,
		.count = 1,
	};
	struct kipc_queue_item item = { .payload = payload_of("x", 1) };
	struct kipc_queue_send_batch send = {
		.size = sizeof(send),
		.flags = KIPC_F_REALTIME,
		.items = (uintptr_t)&item,
		.count = 1,
	};

	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	EXPECT_LE(recv.deadline, real_ns());
	FILL();
	send.deadline = real_ns() + 20000000;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND_BATCH, &send));
	EXPECT_LE(send.deadline, real_ns());
}

/* In a time namespace the monotonic clock is another one, the real one is not. */
TEST_F(deadline, in_a_time_namespace)
{
	struct kipc_queue_recv recv;
	int number;
	pid_t child;

	if (unshare(CLONE_NEWTIME))
		SKIP(return, "no time namespaces: %s", strerror(errno));
	ASSERT_EQ(0, write_text("/proc/self/timens_offsets", "monotonic 100000 0"));
	child = fork();
	if (!child) {
		recv = take_args(&number, KIPC_SELECT_URGENT, 0);
		recv.deadline = in_ms(20);
		if (request(self->fd, KIPC_IOC_QUEUE_RECV, &recv) != -ETIMEDOUT ||
		    now_ns() < recv.deadline || now_ns() > recv.deadline + 5000000000)
			_exit(1);
		recv.flags = KIPC_F_REALTIME;
		recv.deadline = real_ns() + 20000000;
		if (request(self->fd, KIPC_IOC_QUEUE_RECV, &recv) != -ETIMEDOUT ||
		    real_ns() < recv.deadline || real_ns() > recv.deadline + 5000000000)
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
}

/* The clock is set while somebody waits */

TEST_F(deadline, clock_set_forward_ends_a_realtime_wait)
{
	struct putter putter;
	struct taker taker;

	ASSERT_EQ(0, taker_start_until(&taker, self->fd, real_ns() + HOUR));
	ASSERT_EQ(0, clock_move(2 * HOUR));
	EXPECT_EQ(-ETIMEDOUT, taker_end(&taker));
	FILL();
	ASSERT_EQ(0, putter_start_until(&putter, self->fd, 3, real_ns() + HOUR));
	ASSERT_EQ(0, clock_move(2 * HOUR));
	EXPECT_EQ(-ETIMEDOUT, putter_end(&putter));
}

/* Again with more time where the clock could not be set before the wait was over. */
TEST_F(deadline, clock_set_back_prolongs_a_realtime_wait)
{
	uint64_t span = 250000000, end;
	struct taker taker;

	for (;;) {
		end = now_ns() + span;
		taker_start_until(&taker, self->fd, real_ns() + span);
		ASSERT_EQ(0, clock_move(-HOUR));
		if (now_ns() < end)
			break;
		/* Too slow to know which came first: it may still wait, for an hour */
		ASSERT_EQ(0, clock_move(HOUR));
		EXPECT_EQ(-ETIMEDOUT, taker_end(&taker));
		span *= 4;
	}
	while (now_ns() < end + 50000000)
		nap_ms(10);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
}

TEST_F(deadline, clock_that_is_set_does_not_matter_to_a_monotonic_wait)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_URGENT, 0));
	ASSERT_EQ(0, clock_move(2 * HOUR));
	nap_ms(20);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	ASSERT_EQ(0, clock_move(-2 * HOUR));
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
}

/* Signals */

TEST_F(deadline, norestart_ends_a_receive_that_would_be_restarted)
{
	struct taker taker;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, taker_start_with(&taker, self->fd, KIPC_SELECT_URGENT, 0,
				      KIPC_F_NORESTART));
	signal_thread(&taker.asker, SIGUSR1);
	EXPECT_EQ(-EINTR, taker_end(&taker));
}

TEST_F(deadline, norestart_ends_a_send_that_would_be_restarted)
{
	struct putter putter;

	on_signal(SIGUSR1, SA_RESTART);
	FILL();
	ASSERT_EQ(0, putter_start_with(&putter, self->fd, 3, KIPC_F_NORESTART));
	signal_thread(&putter.asker, SIGUSR1);
	EXPECT_EQ(-EINTR, putter_end(&putter));
	EXPECT_EQ(2, stat_of(self->fd).msgs);
	EXPECT_EQ(0, stat_of(self->fd).senders);
}

TEST_F(deadline, norestart_with_realtime_eintr)
{
	struct taker taker;

	on_signal(SIGUSR1, SA_RESTART);
	taker.arg = take_args(&taker.number, KIPC_SELECT_URGENT, 0);
	taker.arg.flags = KIPC_F_REALTIME | KIPC_F_NORESTART;
	taker.arg.deadline = real_ns() + HOUR;
	ASSERT_EQ(0, ask_and_wait(&taker.asker, self->fd, KIPC_IOC_QUEUE_RECV, &taker.arg));
	signal_thread(&taker.asker, SIGUSR1);
	EXPECT_EQ(-EINTR, taker_end(&taker));
}

/* A signal that has no handler, and does nothing, ends no wait. */
TEST_F(deadline, norestart_is_not_ended_by_an_ignored_signal)
{
	struct taker taker;

	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(0, taker_start_with(&taker, self->fd, KIPC_SELECT_URGENT, 0,
				      KIPC_F_NORESTART));
	signal_thread(&taker.asker, SIGUSR1);
	nap_ms(5);
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
}

TEST_F(deadline, stopped_and_continued_waits_on)
{
	static const unsigned int flags[] = { 0, KIPC_F_NORESTART };
	pid_t child;
	int i;

	for (i = 0; i < 2; i++) {
		child = spawn();
		if (!child)
			_exit(take_with(self->fd, KIPC_SELECT_URGENT, 0, flags[i]) == 7 ? 0 : 1);
		ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
		kill(child, SIGSTOP);
		ASSERT_EQ(child, waitpid(child, NULL, WUNTRACED));
		EXPECT_EQ(0, stat_of(self->fd).receivers);
		kill(child, SIGCONT);
		ASSERT_TRUE(await_waiters(self->fd, 1, 0));
		PUT(7);
		EXPECT_EQ(0, reap(child));
	}
}

TEST_F(deadline, restarted_wait_ends_at_its_own_deadline)
{
	static const unsigned int clocks[] = { 0, KIPC_F_REALTIME };
	struct taker taker;
	uint64_t end;
	int i, n;

	on_signal(SIGUSR1, SA_RESTART);
	for (i = 0; i < 2; i++) {
		end = in_ms(1000);
		taker.arg = take_args(&taker.number, KIPC_SELECT_URGENT, 0);
		taker.arg.flags = clocks[i];
		taker.arg.deadline = clocks[i] ? real_ns() + 1000000000 : end;
		ASSERT_EQ(0, ask(&taker.asker, self->fd, KIPC_IOC_QUEUE_RECV, &taker.arg));
		ask_waits(&taker.asker);
		for (n = 0; n < 5; n++) {
			signal_thread(&taker.asker, SIGUSR1);
			nap_ms(10);
		}
		EXPECT_EQ(-ETIMEDOUT, taker_end(&taker));
		EXPECT_LE(end - 1000000, now_ns());
		EXPECT_GT(end + 5000000000, now_ns());
	}
}

TEST_F(deadline, restarted_realtime_wait_gets_its_message)
{
	struct taker taker;
	int i;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, taker_start_until(&taker, self->fd, real_ns() + HOUR));
	for (i = 0; i < 5; i++) {
		signal_thread(&taker.asker, SIGUSR1);
		nap_ms(2);
	}
	PUT(1);
	EXPECT_EQ(1, taker_end(&taker));
	EXPECT_EQ(0, stat_of(self->fd).msgs);
}

/* Interrupted at any moment, thousands of times */

#define FLOW	3000

struct flow {
	int fd;
	unsigned int flags;
	int wrong;
	int interrupted;
	pid_t tid;
	bool end;
};

static void *flow_send(void *arg)
{
	struct flow *flow = arg;
	struct kipc_queue_send send;
	int n, err;

	__atomic_store_n(&flow->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	for (n = 0; n < FLOW; n++) {
		do {
			send = put_args(&n, 0, 0);
			send.flags = flow->flags;
			err = request(flow->fd, KIPC_IOC_QUEUE_SEND, &send);
			flow->interrupted += err == -EINTR;
		} while (err == -EINTR);
		flow->wrong += err != 0;
	}
	__atomic_store_n(&flow->end, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *flow_receive(void *arg)
{
	struct flow *flow = arg;
	int n, got;

	__atomic_store_n(&flow->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	for (n = 0; n < FLOW; n++) {
		do {
			got = take_with(flow->fd, KIPC_SELECT_URGENT, 0, flow->flags);
			flow->interrupted += got == -EINTR;
		} while (got == -EINTR);
		flow->wrong += got != n;
	}
	__atomic_store_n(&flow->end, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Signal both until they end, in turn, now and then leaving them alone. */
static void flow_disturb(struct flow *flows)
{
	unsigned int random = 1;
	int i;

	while (!__atomic_load_n(&flows[0].end, __ATOMIC_ACQUIRE) ||
	       !__atomic_load_n(&flows[1].end, __ATOMIC_ACQUIRE)) {
		i = rand_r(&random) % 2;
		if (__atomic_load_n(&flows[i].tid, __ATOMIC_ACQUIRE) &&
		    !__atomic_load_n(&flows[i].end, __ATOMIC_ACQUIRE))
			syscall(SYS_tgkill, getpid(), flows[i].tid, SIGUSR1);
		usleep(rand_r(&random) % 200);
	}
}

TEST_F(deadline, eintr_loses_and_doubles_nothing)
{
	static const struct {
		unsigned int flags;
		int handler;
	} ways[] = {
		{ KIPC_F_NORESTART, SA_RESTART }, { 0, SA_RESTART }, { 0, 0 },
	};
	struct flow flows[2];
	pthread_t threads[2];
	int i;

	for (i = 0; i < 3; i++) {
		on_signal(SIGUSR1, ways[i].handler);
		flows[0] = (struct flow){ .fd = self->fd, .flags = ways[i].flags };
		flows[1] = flows[0];
		ASSERT_EQ(0, pthread_create(&threads[0], NULL, flow_send, &flows[0]));
		ASSERT_EQ(0, pthread_create(&threads[1], NULL, flow_receive, &flows[1]));
		flow_disturb(flows);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		EXPECT_EQ(0, flows[0].wrong);
		EXPECT_EQ(0, flows[1].wrong);
		if (i == 1) {
			EXPECT_EQ(0, flows[0].interrupted);
			EXPECT_EQ(0, flows[1].interrupted);
		}
		EXPECT_EQ(0, stat_of(self->fd).msgs);
		EXPECT_EQ(0, stat_of(self->fd).senders);
		EXPECT_EQ(0, stat_of(self->fd).receivers);
	}
}

TEST_HARNESS_MAIN
