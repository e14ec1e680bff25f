/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue: a named store of whole messages, by priority.
 *
 * Messages are copied in from the sender and out to the receiver; what is in
 * between belongs to the queue.  Order is by priority, then by arrival, in a tree:
 * O(log n) in, O(1) to find the first.
 *
 * One spinlock guards a queue.  It is not held while payload is copied:
 *
 *	send	reserve room -> allocate, copy in -> commit -> wake
 *	receive	take the first -> copy out -> give its room back, wake senders;
 *		or, when it could not be copied out, put it back where it was
 *
 * A message that has been taken belongs to the thread that took it and still
 * occupies its room in the queue, so putting it back cannot fail.
 *
 * Receivers that wait are handed messages directly, first come first; so is room
 * to senders that wait for it.  While senders wait, a new one goes behind them.
 *
 * A queue is referred to by its endpoints and by its name.  Unlinking takes the
 * name away; the last endpoint to go then takes the queue with it.
 *
 * Payload lives in the same allocation as its entry, in slab caches of this
 * module's own up to 8 KiB (so no foreign object ever shares a slab with bytes
 * that a user chose) and in whole pages above.
 */
#ifndef KIPC_QUEUE_H
#define KIPC_QUEUE_H

#include <linux/kipc.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/uio.h>

#include "message.h"
#include "registry.h"
#include "wait.h"

struct kipc_endpoint;
struct kipc_user;

/**
 * struct kipc_bounds - what a queue may hold
 * @max_msgs:	messages
 * @max_bytes:	payload bytes of all of them
 * @max_size:	payload bytes of one
 */
struct kipc_bounds {
	u64	max_msgs;
	u64	max_bytes;
	u64	max_size;
};

/**
 * struct kipc_queue - see above
 * @ref:	endpoints, and one for the name while it is registered
 * @lock:	guards all that follows
 * @name:	its name; guarded by the registry
 * @user:	who made it, and pays for the name
 * @bounds:	what it may hold
 * @entries:	struct kipc_entry by priority, then arrival
 * @msgs:	messages that room is taken for (waiting, coming or going)
 * @bytes:	their payload
 * @waiting:	messages in @entries
 * @waiting_bytes: their payload
 * @last_seq:	sequence number of the newest message
 * @receivers:	struct kipc_queue_receiver that wait, first come first
 * @senders:	struct kipc_queue_room that wait, first come first
 * @poll_wait:	pollers of its endpoints; the queue outlives each of their files
 */
struct kipc_queue {
	struct kref		ref;
	spinlock_t		lock;	/* see above */
	struct kipc_name	name;
	struct kipc_user	*user;
	struct kipc_bounds	bounds;
	struct rb_root_cached	entries;
	u64			msgs;
	u64			bytes;
	u64			waiting;
	u64			waiting_bytes;
	u64			last_seq;
	struct list_head	receivers;
	struct list_head	senders;
	wait_queue_head_t	poll_wait;
};

/**
 * struct kipc_queue_send_args - what a sender says of a message
 * @type:	the application's
 * @tag:	the application's
 * @prio:	0 to KIPC_PRIO_MAX
 */
struct kipc_queue_send_args {
	u64	type;
	u64	tag;
	u32	prio;
};

int kipc_queue_open(struct kipc_endpoint *ep, const char *text, u32 flags, umode_t mode,
		    struct kipc_bounds *bounds);
void kipc_queue_put(struct kipc_queue *queue);
void kipc_queue_unlink(struct kipc_name *name);
int kipc_queue_unlink_text(struct kipc_endpoint *ep, const char *text);

int kipc_queue_send(struct kipc_endpoint *ep, struct iov_iter *from,
		    const struct kipc_queue_send_args *args, const struct kipc_limit *limit);
int kipc_queue_receive(struct kipc_endpoint *ep, struct iov_iter *to,
		       const struct kipc_limit *limit, struct kipc_header __user *header,
		       u64 *needed);
__poll_t kipc_queue_poll(struct kipc_endpoint *ep, struct file *file, poll_table *table);
void kipc_queue_info(struct kipc_queue *queue, struct kipc_endpoint_info *info);

#endif /* KIPC_QUEUE_H */
