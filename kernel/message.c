// SPDX-License-Identifier: GPL-2.0
/* Message: see message.h for what it is and who owns it when. */
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "message.h"

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

/**
 * kipc_message_create() - make a message of the current thread's
 * @spare:	the endpoint's spare message, taken where there is one
 * @kind:	what it is
 * @tag:	the application's
 * @len:	bytes of payload, at most KIPC_POOL_MAX
 *
 * Return: the message, in state NEW and the caller's, or NULL.
 */
struct kipc_message *kipc_message_create(struct kipc_message **spare, enum kipc_kind kind,
					 u64 tag, u64 len)
{
	struct kipc_message *msg = NULL;

	if (READ_ONCE(*spare))
		msg = xchg(spare, NULL);
	if (!msg)
		msg = kmem_cache_alloc(kipc_message_cache, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return NULL;

	msg->tag = tag;
	msg->peer = 0;
	msg->len = len;
	msg->kind = kind;
	msg->state = KIPC_MESSAGE_NEW;
	msg->replying = false;
	msg->to = NULL;
	msg->call = NULL;
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
	kipc_sender_forget(&msg->sender);
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
