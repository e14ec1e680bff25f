// SPDX-License-Identifier: GPL-2.0
/* Notify: see notify.h for what it is. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "endpoint.h"
#include "entry.h"
#include "notify.h"
#include "queue.h"

static struct kipc_notifier *kipc_notify_create(struct kipc_endpoint *ep,
						const struct kipc_queue_notify *arg)
{
	struct kipc_notifier *notify;

	notify = kzalloc(sizeof(*notify), GFP_KERNEL_ACCOUNT);
	if (!notify)
		return ERR_PTR(-ENOMEM);
	if (arg->how == KIPC_NOTIFY_EVENTFD) {
		struct eventfd_ctx *eventfd = eventfd_ctx_fdget(arg->fd);

		if (IS_ERR(eventfd)) {
			kfree(notify);
			return ERR_PTR(-EBADF);
		}
		notify->eventfd = eventfd;
	}
	notify->ep = ep;
	notify->how = arg->how;
	notify->flags = arg->flags;
	notify->signo = arg->signo;
	notify->value = arg->value;
	notify->process = get_pid(task_tgid(current));
	notify->thread = get_pid(task_pid(current));
	notify->exec_id = READ_ONCE(current->group_leader->self_exec_id);
	notify->user_ns = get_user_ns(current_user_ns());
	return notify;
}

static void kipc_notify_destroy(struct kipc_notifier *notify)
{
	if (notify->eventfd)
		eventfd_ctx_put(notify->eventfd);
	put_user_ns(notify->user_ns);
	put_pid(notify->thread);
	put_pid(notify->process);
	kfree(notify);
}

/* Take a request, which may be missing, away from its queue and its endpoint. */
static void kipc_notify_end_locked(struct kipc_queue *queue, struct kipc_notifier *notify)
{
	lockdep_assert_held(&queue->lock);
	if (!notify)
		return;
	list_del(&notify->list);
	if (queue->sole == notify)
		queue->sole = NULL;
	notify->ep->notify = NULL;
	kipc_notify_destroy(notify);
}

static bool kipc_notify_is_ours(const struct kipc_notifier *notify)
{
	return notify && notify->process == task_tgid(current);
}

static int kipc_notify_begin_locked(struct kipc_queue *queue, struct kipc_notifier *notify)
{
	bool sole = notify->flags & KIPC_NOTIFY_SOLE;

	if (queue->removed)
		return -EIDRM;
	if (sole && queue->sole)
		return -EBUSY;
	kipc_notify_end_locked(queue, notify->ep->notify);
	notify->ep->notify = notify;
	list_add_tail(&notify->list, &queue->notifies);
	if (sole)
		queue->sole = notify;
	return 0;
}

static int kipc_notify_off(struct kipc_endpoint *ep, u32 flags)
{
	struct kipc_queue *queue = ep->queue;
	struct kipc_notifier *notify;

	spin_lock(&queue->lock);
	notify = flags & KIPC_NOTIFY_SOLE ? queue->sole : ep->notify;
	if (!(flags & KIPC_NOTIFY_SOLE) || kipc_notify_is_ours(notify))
		kipc_notify_end_locked(queue, notify);
	spin_unlock(&queue->lock);
	return 0;
}

/**
 * kipc_notify_set() - ask to be told, or not any more
 * @ep:		a handle on a queue
 * @arg:	what is asked for, checked
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_QUEUE_NOTIFY).
 */
int kipc_notify_set(struct kipc_endpoint *ep, const struct kipc_queue_notify *arg)
{
	struct kipc_notifier *notify;
	int err;

	if (arg->how == KIPC_NOTIFY_OFF)
		return kipc_notify_off(ep, arg->flags);
	notify = kipc_notify_create(ep, arg);
	if (IS_ERR(notify))
		return PTR_ERR(notify);

	spin_lock(&ep->queue->lock);
	err = kipc_notify_begin_locked(ep->queue, notify);
	spin_unlock(&ep->queue->lock);
	if (err)
		kipc_notify_destroy(notify);
	return err;
}

/*
 * The thread that a signal to the process goes to.  The kernel exports no way to leave
 * that to it, so this does what it would do: any thread that does not block the signal,
 * the first one rather than others.  Where all do, somebody waits for it, or will: most
 * likely who asked for it.
 */
static struct task_struct *kipc_notify_thread(const struct kipc_notifier *notify)
{
	struct task_struct *leader = pid_task(notify->process, PIDTYPE_TGID);
	struct task_struct *thread, *fallback = NULL;

	/* What was asked for is no reason to signal a program that was executed since. */
	if (!leader || READ_ONCE(leader->self_exec_id) != notify->exec_id)
		return NULL;
	for_each_thread(leader, thread) {
		if (thread->flags & PF_EXITING)
			continue;
		if (!sigismember(&thread->blocked, notify->signo))
			return thread;
		if (!fallback || task_pid(thread) == notify->thread)
			fallback = thread;
	}
	return fallback;
}

static void kipc_notify_signal(const struct kipc_notifier *notify, const struct kipc_sender *sender)
{
	struct task_struct *thread;
	struct kernel_siginfo info;

	clear_siginfo(&info);
	info.si_signo = notify->signo;
	info.si_code = SI_MESGQ;
	info.si_value.sival_ptr = u64_to_user_ptr(notify->value);
	info.si_pid = pid_nr_ns(sender->pid, ns_of_pid(notify->process));
	info.si_uid = from_kuid_munged(notify->user_ns, sender->uid);

	rcu_read_lock();
	thread = kipc_notify_thread(notify);
	if (thread)
		send_sig_info(notify->signo, &info, thread);
	rcu_read_unlock();
}

/**
 * kipc_notify_tell_locked() - tell of a message that has got into the store
 * @queue:	the queue, locked
 * @entry:	the message
 * @first:	the store was empty
 */
void kipc_notify_tell_locked(struct kipc_queue *queue, const struct kipc_entry *entry,
			     bool first)
{
	struct kipc_notifier *notify, *next;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry_safe(notify, next, &queue->notifies, list) {
		if (!first && !(notify->flags & KIPC_NOTIFY_EACH))
			continue;
		if (notify->how == KIPC_NOTIFY_SIGNAL)
			kipc_notify_signal(notify, &entry->sender);
		else if (notify->how == KIPC_NOTIFY_EVENTFD)
			kipc_eventfd_add(notify->eventfd);
		if (notify->flags & KIPC_NOTIFY_ONCE)
			kipc_notify_end_locked(queue, notify);
	}
}

/**
 * kipc_notify_close() - the current process closes a descriptor of an endpoint
 * @ep:	a handle on a queue
 */
void kipc_notify_close(struct kipc_endpoint *ep)
{
	struct kipc_queue *queue = ep->queue;

	/* Set by this process, or by one whose own close is still to come. */
	if (!READ_ONCE(ep->notify))
		return;
	spin_lock(&queue->lock);
	if (kipc_notify_is_ours(ep->notify))
		kipc_notify_end_locked(queue, ep->notify);
	spin_unlock(&queue->lock);
}

/**
 * kipc_notify_drop() - an endpoint goes
 * @ep:	a handle on a queue
 */
void kipc_notify_drop(struct kipc_endpoint *ep)
{
	struct kipc_queue *queue = ep->queue;

	spin_lock(&queue->lock);
	kipc_notify_end_locked(queue, ep->notify);
	spin_unlock(&queue->lock);
}
