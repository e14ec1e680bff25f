// SPDX-License-Identifier: GPL-2.0
/* Nice: see nice.h for what it is. */
#include <linux/hash.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "channel.h"
#include "endpoint.h"
#include "nice.h"

#define KIPC_NICE_BITS	6

/**
 * struct kipc_nice_bucket - records of some threads
 * @lock:	guards them, and the nice values of their threads
 * @served:	struct kipc_served
 */
struct kipc_nice_bucket {
	spinlock_t		lock;	/* see above */
	struct list_head	served;
};

static struct kipc_nice_bucket kipc_nice_buckets[1 << KIPC_NICE_BITS];

static struct kipc_nice_bucket *kipc_nice_bucket(const struct task_struct *task)
{
	return &kipc_nice_buckets[hash_ptr(task, KIPC_NICE_BITS)];
}

/* The current thread's record; @fresh becomes it, and is NULL then, if there is none. */
static struct kipc_served *kipc_nice_record(struct kipc_nice_bucket *bucket,
					    struct kipc_served **fresh)
{
	struct kipc_served *served;

	list_for_each_entry(served, &bucket->served, entry)
		if (served->task == current)
			return served;

	served = *fresh;
	*fresh = NULL;
	served->task = get_task_struct(current);
	served->calls = 0;
	served->nice = task_nice(current);
	list_add(&served->entry, &bucket->served);
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
	struct kipc_nice_bucket *bucket = kipc_nice_bucket(current);
	struct kipc_served *fresh = kmalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	struct kipc_message *msg;

	if (!fresh)
		return;
	spin_lock(&ep->channel->lock);
	msg = kipc_inbox_find(&ep->inbox, id);
	/* Another thread may have ended it already, or be about to. */
	if (msg && !msg->served) {
		spin_lock(&bucket->lock);
		msg->served = kipc_nice_record(bucket, &fresh);
		msg->served->calls++;
		set_user_nice(current, msg->nice);
		spin_unlock(&bucket->lock);
	}
	spin_unlock(&ep->channel->lock);
	kfree(fresh);
}

/* The last call of a thread has ended. */
static void kipc_nice_restore(struct kipc_served *served)
{
	if (!(served->task->flags & PF_EXITING))
		set_user_nice(served->task, served->nice);
	list_del(&served->entry);
	put_task_struct(served->task);
	kfree(served);
}

/**
 * kipc_nice_leave() - a call that was adopted is ending; the caller holds the lock
 * @msg:	the call
 */
void kipc_nice_leave(struct kipc_message *msg)
{
	struct kipc_served *served = msg->served;
	struct kipc_nice_bucket *bucket = kipc_nice_bucket(served->task);

	msg->served = NULL;
	spin_lock(&bucket->lock);
	if (!--served->calls)
		kipc_nice_restore(served);
	spin_unlock(&bucket->lock);
}

void __init kipc_nice_init(void)
{
	struct kipc_nice_bucket *bucket = kipc_nice_buckets;

	for (; bucket < kipc_nice_buckets + ARRAY_SIZE(kipc_nice_buckets); bucket++) {
		spin_lock_init(&bucket->lock);
		INIT_LIST_HEAD(&bucket->served);
	}
}
