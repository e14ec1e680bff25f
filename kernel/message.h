/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Message: one payload on its way through a channel.
 *
 * A message has one owner at any time, and only its owner frees it:
 *
 *	state		owner			leaves it by
 *	NEW		the sender's thread	reserve, or being freed
 *	RESERVED	the sender's thread	commit, or cancel
 *	QUEUED		the receiver's inbox	receive, withdrawal by its caller, close
 *	HELD		the receiver's inbox	release, reply, requeue, close
 *
 * All changes of state are made under the lock of the channel.  Payload, size
 * and identity are written by the sender before commit and never afterwards.
 *
 * @call points to the thread that waits for the reply, as long as it waits; it is
 * cleared, under the lock, by whoever ends the call first: the reply, the timeout,
 * the signal, the release without a reply, the death of the receiver.  A call that
 * nobody waits for (KIPC_CALL_ASYNC) has a @payer instead, who has been charged for the
 * message that ends it.
 *
 * Notices are messages too, without a slice.  Each is made, and charged, before it can
 * be due: two with every client, which pays for them (@payer), and a call that fails
 * becomes the notice of that.
 */
#ifndef KIPC_MESSAGE_H
#define KIPC_MESSAGE_H

#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/kipc.h>
#include <linux/list.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>
#include <linux/types.h>

#include "pool.h"

struct kipc_call;
struct kipc_endpoint;
struct kipc_fds;
struct kipc_served;
struct kipc_source;
struct kipc_user;

enum kipc_message_state {
	KIPC_MESSAGE_NEW,
	KIPC_MESSAGE_RESERVED,
	KIPC_MESSAGE_QUEUED,
	KIPC_MESSAGE_HELD,
};

/**
 * struct kipc_sender - who sends: captured at the call, not looked up later
 * @pid:	the process
 * @uid:	its effective user
 * @gid:	its effective group
 */
struct kipc_sender {
	struct pid	*pid;
	kuid_t		uid;
	kgid_t		gid;
};

/**
 * struct kipc_view - through whose namespaces a receiver sees a sender
 * @pid_ns:	the receiver's
 * @user_ns:	the receiver's
 * @time_offset: what the receiver's monotonic clock is ahead of the machine's
 */
struct kipc_view {
	struct pid_namespace	*pid_ns;
	struct user_namespace	*user_ns;
	s64			time_offset;
};

/**
 * struct kipc_message - see above
 * @entry:	QUEUED and ordinary: in the inbox's @queued.  HELD, and its caller has
 *		given up: in its @canceled, until that has been told.  Elsewhere a list
 *		of its owner's.
 * @node:	QUEUED and urgent: in the inbox's @urgent.  HELD: in its @held, unless
 *		it is its @recent.
 * @slice:	its piece of the receiver's pool, from RESERVED on; a notice has none
 * @id:		unique on the channel, from QUEUED or HELD on
 * @answers:	of a reply, or the failure of a call: the id of that call
 * @tag:	the application's
 * @peer:	number of the client that sent it, 0 for the server
 * @time:	when it was made, CLOCK_MONOTONIC_COARSE
 * @held_at:	HELD: since when, in jiffies
 * @len:	bytes of payload
 * @ring_number: HELD and in the ring: its number there, from 1; otherwise 0
 * @prio:	its priority; above KIPC_PRIO_MAX for what overtakes everything
 * @kind:	enum kipc_kind
 * @state:	enum kipc_message_state
 * @nice:	its sender's nice value
 * @flags:	KIPC_HEADER_*
 * @paid:	a reply: its receiver has been charged for it when it made the call
 * @busy:	HELD: a thread fills the reply to it, or reads it; nobody else may end it
 * @to:		receiver, from RESERVED to commit; pinned by the sender
 * @call:	who waits for the reply; NULL when nobody does (any more)
 * @payer:	a call made with KIPC_CALL_ASYNC: who has been charged for its end; a
 *		client's notice: who has been for it; pinned
 * @served:	HELD: the thread that runs at @nice because of it, or NULL
 * @fds:	descriptors that go with it, or NULL
 * @sender:	identity
 */
struct kipc_message {
	struct list_head	entry;
	struct rb_node		node;
	struct kipc_slice	slice;
	u64			id;
	u64			answers;
	u64			tag;
	u64			peer;
	u64			time;
	unsigned long		held_at;
	u64			ring_number;
	u32			len;
	u16			prio;
	u8			kind;
	u8			state;
	s8			nice;
	u8			flags;
	bool			paid;
	bool			busy;
	struct kipc_endpoint	*to;
	struct kipc_call	*call;
	struct kipc_user	*payer;
	struct kipc_served	*served;
	struct kipc_fds		*fds;
	struct kipc_sender	sender;
};

void kipc_sender_describe(const struct kipc_sender *sender, const struct kipc_view *view,
			  struct kipc_header *header);

struct kipc_message *kipc_message_create(struct kipc_message **spare, enum kipc_kind kind,
					 struct kipc_source *source);
struct kipc_message *kipc_message_create_notice(enum kipc_kind kind);
void kipc_message_destroy(struct kipc_message *msg);
void kipc_message_recycle(struct kipc_message **spare, struct kipc_message *msg);
void kipc_message_drop_spare(struct kipc_message **spare);
void kipc_message_destroy_all(struct list_head *list);
void kipc_message_describe(const struct kipc_message *msg, const struct kipc_view *view,
			   struct kipc_header *header);

int kipc_message_init(void);
void kipc_message_exit(void);

/**
 * kipc_sender_capture() - note who the current thread is
 * @sender:	holds a reference afterwards: kipc_sender_forget()
 */
static inline void kipc_sender_capture(struct kipc_sender *sender)
{
	sender->pid = get_pid(task_tgid(current));
	sender->uid = current_euid();
	sender->gid = current_egid();
}

static inline void kipc_sender_forget(struct kipc_sender *sender)
{
	put_pid(sender->pid);
}

/* What the current thread's monotonic clock is ahead of the machine's, in its namespace. */
static inline s64 kipc_time_offset(void)
{
#ifdef CONFIG_TIME_NS
	return timespec64_to_ns(&current->nsproxy->time_ns->offsets.monotonic);
#else
	return 0;
#endif
}

/**
 * kipc_view_capture() - note through which namespaces the current thread sees
 * @view:	good as long as this thread is in the operation: a thread that
 *		sleeps cannot leave its namespaces
 * @time_offset: kipc_time_offset() of whoever opened its endpoint
 */
static inline void kipc_view_capture(struct kipc_view *view, s64 time_offset)
{
	view->pid_ns = ns_of_pid(task_pid(current));
	view->user_ns = current_user_ns();
	view->time_offset = time_offset;
}

/* For how long a message has been held. */
static inline u64 kipc_message_held_ns(const struct kipc_message *msg)
{
	return jiffies64_to_nsecs(jiffies - msg->held_at);
}

/* Has a message of this kind nothing but its header, being news of the channel itself? */
static inline bool kipc_kind_is_notice(u32 kind)
{
	return kind >= KIPC_KIND_FAILED;
}

/* Will the end of this be a message to whoever made it? */
static inline bool kipc_message_is_async_call(const struct kipc_message *msg)
{
	return unlikely(msg->payer) && msg->kind == KIPC_KIND_CALL;
}

#endif /* KIPC_MESSAGE_H */
