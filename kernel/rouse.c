// SPDX-License-Identifier: GPL-2.0
/* Rouse: see rouse.h for what it is. */
#include <linux/sched/task.h>

#include "rouse.h"

/*
 * A task is held back no longer than this.  Programming a timer costs most of what is won
 * where that is once a message; this much later it is once in many.
 */
#define KIPC_ROUSE_NS	(250 * NSEC_PER_USEC)

static void kipc_rouse_exchange(struct kipc_rouse *rouse, struct task_struct *task)
{
	task = xchg(&rouse->task, task);
	if (task) {
		wake_up_process(task);
		put_task_struct(task);
	}
}

static enum hrtimer_restart kipc_rouse_expire(struct hrtimer *timer)
{
	kipc_rouse_exchange(container_of(timer, struct kipc_rouse, timer), NULL);
	return HRTIMER_NORESTART;
}

void kipc_rouse_init(struct kipc_rouse *rouse)
{
	rouse->task = NULL;
	hrtimer_init(&rouse->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	rouse->timer.function = kipc_rouse_expire;
}

/* Nobody puts a task there any more. */
void kipc_rouse_deinit(struct kipc_rouse *rouse)
{
	hrtimer_cancel(&rouse->timer);
	kipc_rouse_wake(rouse);
}

/**
 * kipc_rouse_late() - hold a task back that is to be woken
 * @rouse:	may hold one already, which is woken now
 * @task:	the task, with a reference that goes over; what it waits for has been done
 *
 * A timer that still runs for a task that has been woken before its time comes too soon
 * for this one, which does no harm.
 */
void kipc_rouse_late(struct kipc_rouse *rouse, struct task_struct *task)
{
	kipc_rouse_exchange(rouse, task);
	if (!hrtimer_is_queued(&rouse->timer))
		hrtimer_start(&rouse->timer, ns_to_ktime(KIPC_ROUSE_NS), HRTIMER_MODE_REL);
}

/**
 * kipc_rouse_wake() - wake who is held back, if anybody is
 * @rouse:	holds nobody afterwards
 */
void kipc_rouse_wake(struct kipc_rouse *rouse)
{
	kipc_rouse_exchange(rouse, NULL);
}
