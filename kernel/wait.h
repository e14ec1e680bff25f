/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiter: one thread asleep until somebody hands it what it waits for.
 *
 * A waiter lives on the sleeping thread's stack, where others find it by a list or a
 * pointer, under the lock of the object it waits for (a channel or a queue).  Whoever has
 * something for it takes it from there, writes the result into the structure
 * around it, and finishes it: all under the lock.  The wake-up itself comes after
 * the lock is dropped (unless more are woken at once than struct kipc_wakes holds).
 *
 * The hand-over needs no lock on the sleeper's side, and so relies on an order:
 *
 *	finisher (lock held)			sleeper (no lock)
 *	write the result
 *	pin the task
 *	store-release done = true		load-acquire done
 *	drop the lock				read the result, return:
 *	wake the task, unpin it			the waiter's stack is gone
 *
 * From the store on, the waiter may be gone: the finisher only touches the task,
 * which it has pinned before.  A sleeper that gives up (time, signal) takes the
 * lock and looks at done again: either it is still on the list and takes itself
 * off, or it has been handed something and must deal with it.
 *
 * A sleeper may look at done for a while before it sleeps (busy-polling).  It is a
 * running task then, so waking it costs the finisher next to nothing.
 */
#ifndef KIPC_WAIT_H
#define KIPC_WAIT_H

#include <linux/kipc_netlink.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>

/**
 * struct kipc_waiter - a thread that waits
 * @entry:	in a list of the object it waits for, until finished; a caller that
 *		waits for a reply is in none
 * @task:	the thread
 * @result:	0, or the negative errno it was woken with
 * @done:	set last, with release: nothing here is touched any more
 */
struct kipc_waiter {
	struct list_head	entry;
	struct task_struct	*task;
	int			result;
	bool			done;
};

/**
 * struct kipc_limit - how long an operation may wait
 * @deadline:	nanoseconds of CLOCK_MONOTONIC, 0 for none
 * @realtime:	they are of CLOCK_REALTIME
 * @nonblock:	not at all
 * @norestart:	a signal handler ends the operation, also one that restarts system calls
 * @busy_poll:	nanoseconds to poll before sleeping
 */
struct kipc_limit {
	u64	deadline;
	bool	realtime;
	bool	nonblock;
	bool	norestart;
	u32	busy_poll;
};

#define KIPC_WAKE_BATCH		4

/**
 * struct kipc_wakes - tasks to wake once the lock is dropped
 * @count:	how many
 * @tasks:	pinned
 */
struct kipc_wakes {
	unsigned int		count;
	struct task_struct	*tasks[KIPC_WAKE_BATCH];
};

struct task_struct *kipc_waiter_end(struct kipc_waiter *waiter, int result);
void kipc_waiter_finish(struct kipc_waiter *waiter, int result, struct kipc_wakes *wakes);
int kipc_waiter_sleep(struct kipc_waiter *waiter, const struct kipc_limit *limit);
void kipc_wakes_wake(struct kipc_wakes *wakes);

/*
 * Tell every poller, also those that asked to be woken one at a time: what has
 * happened (room for some, a hang-up for all) is not used up by the first.
 */
static inline void kipc_wake_pollers(wait_queue_head_t *wait, __poll_t events)
{
	__wake_up(wait, TASK_INTERRUPTIBLE, 0, poll_to_key(events));
}

/* How many wait in a list, as far as is told; whoever guards it holds its lock. */
static inline u32 kipc_waiters_count(const struct list_head *list)
{
	const struct list_head *at;
	u32 count = 0;

	list_for_each(at, list)
		if (++count == KIPC_THREADS_SHOWN)
			break;
	return count;
}

/* Make a waiter for the current thread, on its stack and on no list. */
static inline void kipc_waiter_init(struct kipc_waiter *waiter)
{
	waiter->task = current;
	waiter->result = 0;
	waiter->done = false;
}

/* Wake the tasks that were remembered, if there are any.  No lock is held. */
static inline void kipc_wakes_flush(struct kipc_wakes *wakes)
{
	if (wakes->count)
		kipc_wakes_wake(wakes);
}

#endif /* KIPC_WAIT_H */
