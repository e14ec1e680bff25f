// SPDX-License-Identifier: GPL-2.0
/*
 * Waiter: deadlines from both ends of 64 bits, and what becomes of tasks that are to be woken.
 */
#include <linux/kthread.h>

#include "tests.h"

#include "../wait.c"

#define WAITERS		(3 * KIPC_WAKE_BATCH + 1)

/* A deadline that has passed ends the sleep, on both clocks, and does not even begin to poll. */
static void wait_deadline_passed(struct kunit *test)
{
	static const u64 past[] = { 1, 2, NSEC_PER_SEC / 1000 };
	struct kipc_waiter waiter;
	size_t i, realtime;

	for (i = 0; i < ARRAY_SIZE(past); i++) {
		for (realtime = 0; realtime < 2; realtime++) {
			struct kipc_limit limit = {
				.deadline = past[i],
				.realtime = realtime,
				.busy_poll = realtime ? 0 : U32_MAX,
			};

			kipc_waiter_init(&waiter);
			KUNIT_EXPECT_EQ(test, kipc_waiter_sleep(&waiter, &limit), -ETIMEDOUT);
		}
	}
	KUNIT_EXPECT_EQ(test, READ_ONCE(current->__state), TASK_RUNNING);
}

static int wait_finish(void *data)
{
	struct kipc_waiter *waiter = data;
	struct kipc_wakes wakes = { .count = 0 };

	/* Likely asleep by now; nothing depends on it. */
	schedule_timeout_uninterruptible(2);
	kipc_waiter_finish(waiter, -ECANCELED, &wakes);
	kipc_wakes_flush(&wakes);
	return 0;
}

/* One as far away as a number can say, or none, lasts until somebody ends the wait. */
static void wait_deadline_far(struct kunit *test)
{
	static const u64 far[] = { 0, S64_MAX - 1, S64_MAX, BIT_ULL(63), U64_MAX - 1, U64_MAX };
	struct kipc_waiter waiter;
	struct task_struct *task;
	size_t i, realtime;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		for (realtime = 0; realtime < 2; realtime++) {
			struct kipc_limit limit = { .deadline = far[i], .realtime = realtime };

			kipc_waiter_init(&waiter);
			task = kthread_run(wait_finish, &waiter, "wait_finish");
			KUNIT_ASSERT_FALSE(test, IS_ERR(task));
			KUNIT_EXPECT_EQ(test, kipc_waiter_sleep(&waiter, &limit), 0);
			KUNIT_EXPECT_TRUE(test, waiter.done);
			KUNIT_EXPECT_EQ(test, waiter.result, -ECANCELED);
		}
	}
}

/* What has been finished is not slept for, however late it is. */
static void wait_finished_before(struct kunit *test)
{
	struct kipc_limit limit = { .deadline = 1, .busy_poll = 1000 };
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_waiter waiter;

	kipc_waiter_init(&waiter);
	kipc_waiter_finish(&waiter, 0, &wakes);
	kipc_wakes_flush(&wakes);
	KUNIT_EXPECT_EQ(test, kipc_waiter_sleep(&waiter, &limit), 0);
}

/* However many are finished at once, each is pinned until it has been woken, and no longer. */
static void wait_wakes(struct kunit *test)
{
	unsigned int before = refcount_read(&current->usage), i;
	struct kipc_waiter waiters[WAITERS];
	struct kipc_wakes wakes = { .count = 0 };

	for (i = 0; i < WAITERS; i++) {
		kipc_waiter_init(&waiters[i]);
		kipc_waiter_finish(&waiters[i], -(int)i, &wakes);
		KUNIT_EXPECT_EQ(test, wakes.count, i % KIPC_WAKE_BATCH + 1);
		KUNIT_EXPECT_EQ(test, refcount_read(&current->usage), before + wakes.count);
	}
	kipc_wakes_flush(&wakes);
	KUNIT_EXPECT_EQ(test, wakes.count, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&current->usage), before);
	for (i = 0; i < WAITERS; i++) {
		KUNIT_EXPECT_TRUE(test, waiters[i].done);
		KUNIT_EXPECT_EQ(test, waiters[i].result, -(int)i);
	}
}

static void wait_count(struct kunit *test)
{
	struct list_head *entries;
	LIST_HEAD(list);
	u32 i;

	entries = kipc_test_alloc(test, (KIPC_THREADS_SHOWN + 2) * sizeof(*entries));
	for (i = 0; i < KIPC_THREADS_SHOWN + 2; i++) {
		KUNIT_EXPECT_EQ(test, kipc_waiters_count(&list), min(i, KIPC_THREADS_SHOWN));
		list_add(&entries[i], &list);
	}
}

static struct kunit_case wait_cases[] = {
	KUNIT_CASE(wait_deadline_passed),
	KUNIT_CASE(wait_deadline_far),
	KUNIT_CASE(wait_finished_before),
	KUNIT_CASE(wait_wakes),
	KUNIT_CASE(wait_count),
	{ }
};

static struct kunit_suite wait_suite = {
	.name = "kipc_wait",
	.test_cases = wait_cases,
};

kunit_test_suite(wait_suite);
