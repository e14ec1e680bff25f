// SPDX-License-Identifier: GPL-2.0
/* Nice: see nice.h for what it is. */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "channel.h"
#include "endpoint.h"
#include "nice.h"

#define KIPC_NICE_BITS	6

/**
 * struct kipc_nice_bucket - records of some threads
 * @lock:	guards them, and the nice values of their threads
 * @served:	struct kipc_served, by @pid
 */
struct kipc_nice_bucket {
	spinlock_t	lock;	/* see above */
	struct rb_root	served;
};

static struct kipc_nice_bucket kipc_nice_buckets[1 << KIPC_NICE_BITS];

static struct kipc_nice_bucket *kipc_nice_bucket(const struct pid *pid)
{
	return &kipc_nice_buckets[hash_ptr(pid, KIPC_NICE_BITS)];
}

static int kipc_served_cmp(const void *pid, const struct rb_node *node)
{
	const struct pid *other = rb_entry(node, struct kipc_served, node)->pid;

	return (const struct pid *)pid < other ? -1 : (const struct pid *)pid > other;
}

static bool kipc_served_less(struct rb_node *a, const struct rb_node *b)
{
	return kipc_served_cmp(rb_entry(a, struct kipc_served, node)->pid, b) < 0;
}

/* The current thread's record; @fresh becomes it, and is NULL then, if there is none. */
static struct kipc_served *kipc_nice_record(struct kipc_nice_bucket *bucket,
					    struct kipc_served **fresh)
{
	struct rb_node *node = rb_find(task_pid(current), &bucket->served, kipc_served_cmp);
	struct kipc_served *served;

	if (node)
		return rb_entry(node, struct kipc_served, node);

	served = *fresh;
	*fresh = NULL;
	served->pid = get_pid(task_pid(current));
	served->calls = 0;
	served->nice = task_nice(current);
	rb_add(&served->node, &bucket->served, kipc_served_less);
	return served;
}

/*
 * A caller's value is taken over as far as the thread might take it by itself: a child
 * that it forks meanwhile keeps it.
 */
static void kipc_nice_set(struct kipc_served *served, int nice)
{
	if (nice < served->nice && !can_nice(current, nice))
		nice = served->nice;
	set_user_nice(current, nice);
	served->adopted = nice;
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
	struct kipc_nice_bucket *bucket = kipc_nice_bucket(task_pid(current));
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
		kipc_nice_set(msg->served, msg->nice);
		spin_unlock(&bucket->lock);
	}
	spin_unlock(&ep->channel->lock);
	kfree(fresh);
}

/* The last call of a thread has ended.  What somebody else has set meanwhile stays. */
static void kipc_nice_restore(struct kipc_nice_bucket *bucket, struct kipc_served *served)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(served->pid, PIDTYPE_PID);
	if (task && task_nice(task) == served->adopted)
		set_user_nice(task, served->nice);
	rcu_read_unlock();
	rb_erase(&served->node, &bucket->served);
	put_pid(served->pid);
	kfree(served);
}

/**
 * kipc_nice_leave() - a call that was adopted is ending; the caller holds the lock
 * @msg:	the call
 */
void kipc_nice_leave(struct kipc_message *msg)
{
	struct kipc_served *served = msg->served;
	struct kipc_nice_bucket *bucket = kipc_nice_bucket(served->pid);

	msg->served = NULL;
	spin_lock(&bucket->lock);
	if (!--served->calls)
		kipc_nice_restore(bucket, served);
	spin_unlock(&bucket->lock);
}

void __init kipc_nice_init(void)
{
	struct kipc_nice_bucket *bucket = kipc_nice_buckets;

	for (; bucket < kipc_nice_buckets + ARRAY_SIZE(kipc_nice_buckets); bucket++) {
		spin_lock_init(&bucket->lock);
		bucket->served = RB_ROOT;
	}
}
