// SPDX-License-Identifier: GPL-2.0
/* Waiter: see wait.h for what it is and the order it relies on. */
#include <linux/cpumask.h>
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>

#include "wait.h"

/**
 * kipc_waiter_end() - end a wait; the caller holds the object's lock
 * @waiter:	the waiter, on no list any more; not to be touched afterwards
 * @result:	0 or a negative errno
 *
 * Everything the waiter is to find must have been written before.
 *
 * Return: the task, pinned, to be woken.
 */
struct task_struct *kipc_waiter_end(struct kipc_waiter *waiter, int result)
{
	struct task_struct *task = get_task_struct(waiter->task);

	waiter->result = result;
	/* Pairs with the acquire in kipc_waiter_done(). */
	smp_store_release(&waiter->done, true);
	return task;
}

/**
 * kipc_waiter_finish() - end a wait, and remember whom to wake
 * @waiter:	as for kipc_waiter_end()
 * @result:	likewise
 * @wakes:	remembers the task for kipc_wakes_flush()
 */
void kipc_waiter_finish(struct kipc_waiter *waiter, int result, struct kipc_wakes *wakes)
{
	struct task_struct *task = kipc_waiter_end(waiter, result);

	if (wakes->count == KIPC_WAKE_BATCH)
		kipc_wakes_wake(wakes);
	wakes->tasks[wakes->count++] = task;
}

/**
 * kipc_wakes_wake() - wake the tasks that were remembered
 * @wakes:	empty afterwards
 */
void kipc_wakes_wake(struct kipc_wakes *wakes)
{
	while (wakes->count) {
		struct task_struct *task = wakes->tasks[--wakes->count];

		wake_up_process(task);
		put_task_struct(task);
	}
}

static bool kipc_waiter_done(const struct kipc_waiter *waiter)
{
	/* Pairs with the release in kipc_waiter_finish(). */
	return smp_load_acquire(&waiter->done);
}

/*
 * Poll for as long as the limit says and nothing else wants the CPU.  Return: whether
 * the waiter is finished.
 */
static bool kipc_waiter_poll(const struct kipc_waiter *waiter, const struct kipc_limit *limit)
{
	u64 until = ktime_get_ns() + limit->busy_poll;

	if (limit->deadline && !limit->realtime)
		until = min(until, limit->deadline);
	if (num_online_cpus() == 1)
		return false;
	while (!need_resched() && single_task_running() && !signal_pending(current)) {
		if (kipc_waiter_done(waiter))
			return true;
		if (ktime_get_ns() >= until)
			return false;
		cpu_relax();
	}
	return false;
}

/* Sleep once.  Return: whether the deadline, if there is one, has not passed yet. */
static bool kipc_schedule_until(const struct kipc_limit *limit)
{
	ktime_t expires = ns_to_ktime(min_t(u64, limit->deadline, KTIME_MAX));

	if (!limit->deadline) {
		schedule();
		return true;
	}
	return schedule_hrtimeout_range_clock(&expires, current->timer_slack_ns, HRTIMER_MODE_ABS,
					      limit->realtime ? CLOCK_REALTIME :
					      CLOCK_MONOTONIC) != 0;
}

/**
 * kipc_waiter_sleep() - sleep until finished, the deadline, or a signal
 * @waiter:	already where finishers find it; no lock held
 * @limit:	how long
 *
 * Return: 0, it was finished, and its @result is there; -ETIMEDOUT, or
 * -ERESTARTSYS (-ERESTARTNOHAND), after which the caller takes the lock and looks at @done again.
 */
int kipc_waiter_sleep(struct kipc_waiter *waiter, const struct kipc_limit *limit)
{
	int err = 0;

	if (unlikely(limit->busy_poll) && kipc_waiter_poll(waiter, limit))
		return 0;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (kipc_waiter_done(waiter))
			break;
		if (signal_pending(current)) {
			err = limit->norestart ? -ERESTARTNOHAND : -ERESTARTSYS;
			break;
		}
		if (!kipc_schedule_until(limit)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return err;
}
