// SPDX-License-Identifier: GPL-2.0
/* Message: see message.h for what it is and who owns it when. */
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "message.h"

static struct kmem_cache *kipc_message_cache;

/**
 * kipc_sender_capture() - note who the current thread is
 * @sender:	holds a reference afterwards: kipc_sender_forget()
 */
void kipc_sender_capture(struct kipc_sender *sender)
{
	sender->pid = get_pid(task_tgid(current));
	sender->uid = current_euid();
	sender->gid = current_egid();
}

void kipc_sender_forget(struct kipc_sender *sender)
{
	put_pid(sender->pid);
	sender->pid = NULL;
}

/**
 * kipc_sender_describe() - tell a receiver who sent
 * @sender:	who
 * @view:	the receiver's namespaces
 * @header:	pid, uid and gid are written
 */
void kipc_sender_describe(const struct kipc_sender *sender, const struct kipc_view *view,
			  struct kipc_header *header)
{
	header->pid = pid_nr_ns(sender->pid, view->pid_ns);
	header->uid = from_kuid_munged(view->user_ns, sender->uid);
	header->gid = from_kgid_munged(view->user_ns, sender->gid);
}

/**
 * kipc_view_capture() - note through which namespaces the current thread sees
 * @view:	good as long as this thread is in the operation: a thread that
 *		sleeps cannot leave its namespaces
 */
void kipc_view_capture(struct kipc_view *view)
{
	view->pid_ns = task_active_pid_ns(current);
	view->user_ns = current_user_ns();
}

/**
 * kipc_message_create() - make a message of the current thread's
 * @kind:	what it is
 * @tag:	the application's
 * @len:	bytes of payload, at most KIPC_POOL_MAX
 *
 * Return: the message, in state NEW and the caller's, or NULL.
 */
struct kipc_message *kipc_message_create(enum kipc_kind kind, u64 tag, u64 len)
{
	struct kipc_message *msg = kmem_cache_zalloc(kipc_message_cache, GFP_KERNEL_ACCOUNT);

	if (!msg)
		return NULL;
	INIT_LIST_HEAD(&msg->entry);
	INIT_LIST_HEAD(&msg->sent);
	msg->kind = kind;
	msg->tag = tag;
	msg->len = len;
	kipc_sender_capture(&msg->sender);
	return msg;
}

/**
 * kipc_message_destroy() - free a message that is in nobody's list or tree
 * @msg:	the message, or NULL
 */
void kipc_message_destroy(struct kipc_message *msg)
{
	if (!msg)
		return;
	kipc_sender_forget(&msg->sender);
	kmem_cache_free(kipc_message_cache, msg);
}

/* Free the messages that hang by their @entry on a list of the caller's own. */
void kipc_message_destroy_all(struct list_head *list)
{
	struct kipc_message *msg, *next;

	list_for_each_entry_safe(msg, next, list, entry)
		kipc_message_destroy(msg);
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
	*header = (struct kipc_header){
		.id = msg->id,
		.offset = msg->slice.offset,
		.len = msg->len,
		.tag = msg->tag,
		.peer = msg->peer,
		.kind = msg->kind,
	};
	kipc_sender_describe(&msg->sender, view, header);
}

int __init kipc_message_init(void)
{
	kipc_message_cache = KMEM_CACHE(kipc_message, 0);
	return kipc_message_cache ? 0 : -ENOMEM;
}

void kipc_message_exit(void)
{
	kmem_cache_destroy(kipc_message_cache);
}
