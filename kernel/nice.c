// SPDX-License-Identifier: GPL-2.0
/* Nice: see nice.h for what it is. */
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "channel.h"
#include "endpoint.h"
#include "nice.h"

/* The current thread's record; @fresh becomes it, and is NULL then, if there is none. */
static struct kipc_served *kipc_nice_record(struct kipc_endpoint *ep, struct kipc_served **fresh)
{
	struct kipc_served *served;

	list_for_each_entry(served, &ep->served, entry)
		if (served->task == current)
			return served;

	served = *fresh;
	*fresh = NULL;
	served->task = get_task_struct(current);
	served->calls = 0;
	served->nice = task_nice(current);
	list_add(&served->entry, &ep->served);
	return served;
}

/**
 * kipc_nice_adopt() - the current thread has received a call
 * @ep:	where
 * @id:	the call's id
 *
 * Where there is no memory to remember its own value the thread keeps that.
 */
void kipc_nice_adopt(struct kipc_endpoint *ep, u64 id)
{
	struct kipc_served *fresh = kmalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	struct kipc_message *msg;

	if (!fresh)
		return;
	spin_lock(&ep->channel->lock);
	msg = kipc_inbox_find(&ep->inbox, id);
	/* Another thread may have ended it already, or be about to. */
	if (msg && !msg->served) {
		msg->served = kipc_nice_record(ep, &fresh);
		msg->served->calls++;
		set_user_nice(current, msg->nice);
	}
	spin_unlock(&ep->channel->lock);
	kfree(fresh);
}

/**
 * kipc_nice_leave() - a call that was adopted is ending; the caller holds the lock
 * @msg:	the call
 */
void kipc_nice_leave(struct kipc_message *msg)
{
	struct kipc_served *served = msg->served;

	msg->served = NULL;
	if (--served->calls)
		return;
	if (!(served->task->flags & PF_EXITING))
		set_user_nice(served->task, served->nice);
	list_del(&served->entry);
	put_task_struct(served->task);
	kfree(served);
}
