// SPDX-License-Identifier: GPL-2.0
/* Message: see message.h for what it is and who owns it when. */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "copy.h"
#include "fds.h"
#include "message.h"
#include "quota.h"

static struct kmem_cache *kipc_message_cache;

/**
 * kipc_sender_describe() - tell a receiver who sent
 * @sender:	who
 * @view:	the receiver's namespaces
 * @header:	pid, uid and gid are written
 */
void kipc_sender_describe(const struct kipc_sender *sender, const struct kipc_view *view,
			  struct kipc_header *header)
{
	/* In the initial namespaces numbers are what they are. */
	if (likely(view->pid_ns == &init_pid_ns))
		header->pid = pid_nr(sender->pid);
	else
		header->pid = pid_nr_ns(sender->pid, view->pid_ns);
	if (likely(view->user_ns == &init_user_ns)) {
		header->uid = __kuid_val(sender->uid);
		header->gid = __kgid_val(sender->gid);
	} else {
		header->uid = from_kuid_munged(view->user_ns, sender->uid);
		header->gid = from_kgid_munged(view->user_ns, sender->gid);
	}
}

static struct kipc_message *kipc_message_init_new(struct kipc_message *msg, enum kipc_kind kind)
{
	if (!msg)
		return NULL;
	msg->answers = 0;
	msg->peer = 0;
	msg->time = ktime_get_coarse_ns();
	msg->ring_number = 0;
	msg->kind = kind;
	msg->state = KIPC_MESSAGE_NEW;
	msg->nice = task_nice(current);
	msg->flags = 0;
	msg->paid = false;
	msg->busy = false;
	msg->to = NULL;
	msg->call = NULL;
	msg->payer = NULL;
	msg->served = NULL;
	INIT_LIST_HEAD(&msg->entry);
	kipc_sender_capture(&msg->sender);
	return msg;
}

/**
 * kipc_message_create() - make a message of the current thread's
 * @spare:	the endpoint's spare message, taken where there is one
 * @kind:	what it is
 * @source:	what to send; its descriptors are the message's afterwards
 *
 * Return: the message, in state NEW and the caller's, or NULL.
 */
struct kipc_message *kipc_message_create(struct kipc_message **spare, enum kipc_kind kind,
					 struct kipc_source *source)
{
	struct kipc_message *msg = NULL;

	if (READ_ONCE(*spare))
		msg = xchg(spare, NULL);
	if (!msg)
		msg = kmem_cache_alloc(kipc_message_cache, GFP_KERNEL_ACCOUNT);
	if (!kipc_message_init_new(msg, kind))
		return NULL;

	msg->tag = source->tag;
	msg->len = iov_iter_count(&source->iter);
	msg->prio = source->prio;
	msg->fds = source->fds;
	source->fds = NULL;
	return msg;
}

/**
 * kipc_message_create_notice() - make a message that has no payload
 * @kind:	what it is
 *
 * Return: the message, in state NEW and the caller's, or NULL.
 */
struct kipc_message *kipc_message_create_notice(enum kipc_kind kind)
{
	struct kipc_message *msg = kmem_cache_alloc(kipc_message_cache, GFP_KERNEL_ACCOUNT);

	if (!kipc_message_init_new(msg, kind))
		return NULL;
	msg->slice = (struct kipc_slice){ };
	msg->tag = 0;
	msg->len = 0;
	msg->prio = 0;
	msg->fds = NULL;
	return msg;
}

static void kipc_message_drop_fds(struct kipc_message *msg)
{
	if (msg->state < KIPC_MESSAGE_QUEUED)
		kipc_fds_forget(msg->fds);
	else
		kipc_fds_put(msg->fds);
}

/* What a message has besides itself. */
static void kipc_message_strip(struct kipc_message *msg)
{
	kipc_sender_forget(&msg->sender);
	if (unlikely(msg->fds))
		kipc_message_drop_fds(msg);
	if (unlikely(msg->payer)) {
		kipc_user_uncharge(msg->payer, KIPC_QUOTA_POOL_MSGS, 1);
		kipc_user_put(msg->payer);
	}
}

/**
 * kipc_message_destroy() - free a message that is in nobody's list or tree
 * @msg:	the message, or NULL
 */
void kipc_message_destroy(struct kipc_message *msg)
{
	if (!msg)
		return;
	kipc_message_strip(msg);
	kmem_cache_free(kipc_message_cache, msg);
}

/**
 * kipc_message_recycle() - free a message, or keep it as an endpoint's spare
 * @spare:	the endpoint's spare message
 * @msg:	the message
 *
 * One spare an endpoint: a server keeps the call that it has answered for its next
 * reply, a client the reply that it has released for its next call, and neither asks
 * the slab allocator in the steady state.
 */
void kipc_message_recycle(struct kipc_message **spare, struct kipc_message *msg)
{
	if (READ_ONCE(*spare)) {
		kipc_message_destroy(msg);
		return;
	}
	kipc_message_strip(msg);
	msg = xchg(spare, msg);
	if (msg)
		kmem_cache_free(kipc_message_cache, msg);
}

/* Free an endpoint's spare message, if it has one. */
void kipc_message_drop_spare(struct kipc_message **spare)
{
	if (*spare)
		kmem_cache_free(kipc_message_cache, *spare);
	*spare = NULL;
}

/* Free the messages that hang by their @entry on a list of the caller's own. */
void kipc_message_destroy_all(struct list_head *list)
{
	struct kipc_message *msg, *next;

	list_for_each_entry_safe(msg, next, list, entry) {
		kipc_message_destroy(msg);
		cond_resched();
	}
	INIT_LIST_HEAD(list);
}

/**
 * kipc_message_describe() - write the header that its receiver is told
 * @msg:	the message
 * @view:	the receiver's namespaces
 * @header:	written whole
 */
void kipc_message_describe(const struct kipc_message *msg, const struct kipc_view *view,
			   struct kipc_header *header)
{
	header->id = msg->id;
	header->offset = msg->slice.offset;
	header->len = msg->len;
	header->tag = msg->tag;
	header->peer = msg->peer;
	header->type = 0;
	header->time = msg->time + view->time_offset;
	header->call = msg->answers;
	header->prio = msg->prio <= KIPC_PRIO_MAX ? msg->prio : 0;
	header->kind = msg->kind;
	header->fd_count = kipc_fds_count(msg->fds);
	header->flags = msg->flags;
	header->reserved = 0;
	kipc_sender_describe(&msg->sender, view, header);
}

int __init kipc_message_init(void)
{
	kipc_message_cache = KMEM_CACHE(kipc_message, SLAB_NO_MERGE);
	return kipc_message_cache ? 0 : -ENOMEM;
}

void kipc_message_exit(void)
{
	kmem_cache_destroy(kipc_message_cache);
}
