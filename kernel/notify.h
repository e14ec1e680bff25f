/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notify: who wants to be told when a message arrives in a queue.
 *
 * A request belongs to one endpoint and to the process that made it.  It is in the list of
 * the queue, and the endpoint points to it, both under the queue's lock.  It ends by having
 * told (ONCE), by another one, by KIPC_NOTIFY_OFF, when its process closes a descriptor of
 * the endpoint, and with the endpoint.
 *
 * Signals go out under the queue's lock, as those of POSIX queues do: neither they nor
 * eventfds come back to a queue.
 */
#ifndef KIPC_NOTIFY_H
#define KIPC_NOTIFY_H

#include <linux/kipc.h>
#include <linux/list.h>
#include <linux/types.h>

struct eventfd_ctx;
struct kipc_endpoint;
struct kipc_entry;
struct kipc_queue;
struct pid;
struct user_namespace;

/**
 * struct kipc_notifier - see above
 * @list:	in the queue's @notifies
 * @ep:		whose it is
 * @how:	enum kipc_notify
 * @flags:	KIPC_NOTIFY_*
 * @process:	who asked, pinned
 * @thread:	which of its threads, pinned
 * @exec_id:	of that process: one that has executed another program is another one
 * @user_ns:	through which it sees senders, pinned
 * @signo:	SIGNAL: which
 * @value:	SIGNAL: what goes with it
 * @eventfd:	EVENTFD: which, pinned
 */
struct kipc_notifier {
	struct list_head	list;
	struct kipc_endpoint	*ep;
	u32			how;
	u32			flags;
	struct pid		*process;
	struct pid		*thread;
	u32			exec_id;
	struct user_namespace	*user_ns;
	int			signo;
	u64			value;
	struct eventfd_ctx	*eventfd;
};

int kipc_notify_set(struct kipc_endpoint *ep, const struct kipc_queue_notify *arg);
void kipc_notify_tell_locked(struct kipc_queue *queue, const struct kipc_entry *entry,
			     bool first);
void kipc_notify_close(struct kipc_endpoint *ep);
void kipc_notify_drop(struct kipc_endpoint *ep);

#endif /* KIPC_NOTIFY_H */
