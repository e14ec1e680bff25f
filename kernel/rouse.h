/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rouse: wake senders of a full queue a little late, so that they have something to do.
 *
 * A sender that waits for room has its message put in by the receiver who makes that.
 * Woken at once, on the receiver's CPU, it fills the one place that is free, finds the
 * queue full again and sleeps: two context switches a message, for as long as the scheduler
 * lets it preempt the receiver.  What it waited for has been done, though; it can as well
 * be woken when half of the queue is free and it can go on for a while, and 250 µs later if
 * that does not come.
 *
 * One task is held back at a time, in one word that is only exchanged: the receiver puts it
 * there, and whoever takes it out, the receiver that has made enough room or the timer,
 * wakes it.  It is a wake-up like others, which a task that meanwhile sleeps somewhere else
 * must take as spurious: nobody's sleep ends by it.
 */
#ifndef KIPC_ROUSE_H
#define KIPC_ROUSE_H

#include <linux/hrtimer.h>
#include <linux/sched.h>

/**
 * struct kipc_rouse - see above
 * @task:	who is to be woken, pinned; or NULL
 * @timer:	wakes it at the latest
 */
struct kipc_rouse {
	struct task_struct	*task;
	struct hrtimer		timer;
};

void kipc_rouse_init(struct kipc_rouse *rouse);
void kipc_rouse_deinit(struct kipc_rouse *rouse);
void kipc_rouse_late(struct kipc_rouse *rouse, struct task_struct *task);
void kipc_rouse_wake(struct kipc_rouse *rouse);

/* It is time: wake who is held back, if anybody is. */
static inline void kipc_rouse_now(struct kipc_rouse *rouse)
{
	if (unlikely(READ_ONCE(rouse->task)))
		kipc_rouse_wake(rouse);
}

#endif /* KIPC_ROUSE_H */
