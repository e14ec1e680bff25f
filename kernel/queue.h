/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue: a store of whole messages, each with a type and a priority.
 *
 * Messages are copied in from the sender and out to the receiver; what is in
 * between belongs to the queue.  The store (store.h) finds any message that a receiver can
 * ask for in O(log n).
 *
 * One spinlock guards a queue.  It is not held while payload is copied:
 *
 *	send	charge, allocate, copy in -> take room and commit -> wake
 *	receive	take out of the store -> copy out -> give its room back, wake senders;
 *		or, when it could not be copied out, put it back where it was
 *
 * A message that has been taken belongs to the thread that took it and still
 * occupies its room in the queue, so putting it back cannot fail.
 *
 * Threads that wait are on two lists, by the priority of the thread and then in their
 * order of arrival.  Nobody on them could be served:
 *
 *	@receivers	none of the messages in the store is what any of them asks for.  A
 *			new message is handed straight to the first who asks for it, and
 *			gets into the store when there is none.
 *	@senders	there is no room for the first of them, and others stay behind it,
 *			unless they have asked to go ahead where they fit.  Each brings its
 *			message along, and whoever gives room back puts that into the queue
 *			on its behalf.
 *
 * A queue is referred to by its endpoints, by requests that found it by number, and by its
 * name.  Unlinking takes the name away; the last endpoint to go then takes the queue with
 * it.  A queue that is removed is empty from then on, and every request on it fails.
 *
 * queue.c is the object; queue_send.c and queue_receive.c are what moves messages, on the
 * common ground of queue_wait.c.
 */
#ifndef KIPC_QUEUE_H
#define KIPC_QUEUE_H

#include <linux/kipc.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/uio.h>

#include "endpoint.h"
#include "message.h"
#include "registry.h"
#include "rouse.h"
#include "store.h"
#include "wait.h"

struct kipc_entry;
struct kipc_notifier;
struct kipc_source;
struct kipc_user;

/* No queue holds more than this, whoever makes it: counters stay far from their ends. */
#define KIPC_QUEUE_MSGS_MAX	BIT_ULL(32)
#define KIPC_QUEUE_BYTES_MAX	BIT_ULL(40)

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
 * struct kipc_queue_record - what has happened in a queue
 * @sent:	messages sent
 * @received:	messages received
 * @peak_msgs:	the most that have been in the store
 * @peak_bytes:	the most payload
 * @send_time:	of the last, CLOCK_MONOTONIC_COARSE
 * @recv_time:	likewise
 * @change_time: of making it and of kipc_queue_change(), likewise
 * @sender:	who sent the last, pinned, or NULL
 * @receiver:	who received the last, pinned, or NULL
 */
struct kipc_queue_record {
	u64		sent;
	u64		received;
	u64		peak_msgs;
	u64		peak_bytes;
	u64		send_time;
	u64		recv_time;
	u64		change_time;
	struct pid	*sender;
	struct pid	*receiver;
};

/**
 * struct kipc_queue - see above
 * @ref:	endpoints, requests, and one for the name while it is registered
 * @rcu:	frees it: kipc_number_find() may just look at it
 * @id:		its number among the namespace's queues (objects.h); set once
 * @known:	it has been made known, and is listed; set once
 * @lock:	guards all that follows
 * @name:	its name; guarded by the registry, but for its @access
 * @user:	who made it, and pays for the name
 * @bounds:	what it may hold
 * @store:	messages that wait
 * @msgs:	messages that room is taken for: waiting, or being received
 * @bytes:	their payload
 * @last_seq:	sequence number of the newest message
 * @removed:	it is no more: KIPC_UNLINK_REMOVE
 * @receivers:	struct kipc_queue_receiver that wait, see above
 * @senders:	struct kipc_queue_sender that wait, see above
 * @notifies:	struct kipc_notifier: who wants to be told of messages
 * @sole:	the one of them that has POSIX's single place, or NULL
 * @record:	what has happened
 * @rouse:	the sender that has been let in and is woken a little later, or none
 * @spare:	an entry kept for the next message, or NULL; exchanged atomically, under no
 *		lock
 * @poll_wait:	pollers of its endpoints; the queue outlives each of their files
 */
struct kipc_queue {
	struct kref		ref;
	struct rcu_head		rcu;
	u32			id;
	bool			known;
	spinlock_t		lock;	/* see above */
	struct kipc_name	name;
	struct kipc_user	*user;
	struct kipc_bounds	bounds;
	struct kipc_store	store;
	u64			msgs;
	u64			bytes;
	u64			last_seq;
	bool			removed;
	struct list_head	receivers;
	struct list_head	senders;
	struct list_head	notifies;
	struct kipc_notifier	*sole;
	struct kipc_queue_record record;
	struct kipc_rouse	rouse;
	struct kipc_entry	*spare;
	wait_queue_head_t	poll_wait;
};

int kipc_queue_open(struct kipc_endpoint *ep, const char *text, u32 flags, umode_t mode,
		    struct kipc_bounds *bounds, bool *created);
int kipc_queue_open_anonymous(struct kipc_endpoint *ep, u32 flags, umode_t mode,
			      struct kipc_bounds *bounds);
int kipc_queue_open_same(struct kipc_endpoint *ep, u32 flags, int handle,
			 struct kipc_bounds *bounds);
void kipc_queue_unopen(struct kipc_endpoint *ep, bool created);
struct kipc_queue *kipc_queue_use_other(struct kipc_endpoint *ep, u32 number, int may);
void kipc_queue_put(struct kipc_queue *queue);

/**
 * kipc_queue_use() - the queue that a request is for
 * @ep:		the endpoint it was made on
 * @number:	the queue's number, or 0 for the endpoint's own
 * @may:	KIPC_MAY_*: what is to be done with it
 *
 * Return: the queue, for kipc_queue_unuse(); or ERR_PTR(-ENOTCONN, -EOPNOTSUPP, -EBADF) of
 * the endpoint or (-ENOENT, -EACCES) of the number.
 */
static inline struct kipc_queue *kipc_queue_use(struct kipc_endpoint *ep, u32 number, int may)
{
	int err;

	if (number)
		return kipc_queue_use_other(ep, number, may);
	err = kipc_endpoint_expect(ep, BIT(KIPC_ROLE_QUEUE));
	if (err)
		return ERR_PTR(err);
	return may & ~ep->may ? ERR_PTR(-EBADF) : ep->queue;
}

/* A request has done with a queue that it found by (@number is not 0) number or name. */
static inline void kipc_queue_unuse(struct kipc_queue *queue, u32 number)
{
	if (number)
		kipc_queue_put(queue);
}

void kipc_queue_unlink(struct kipc_name *name);
struct kipc_queue *kipc_queue_find(struct net *net, const char *text);
int kipc_queue_end(struct kipc_queue *queue, bool remove);
bool kipc_queue_owned(struct kipc_queue *queue);
struct kipc_access kipc_queue_access(struct kipc_queue *queue);
int kipc_queue_change(struct kipc_queue *queue, const struct kipc_change *change);
int kipc_queue_stat(struct kipc_queue *queue, struct kipc_queue_stat *stat, int may);
struct kipc_queue *kipc_queue_next_number(struct kipc_endpoint *ep, u32 number);
struct kipc_queue *kipc_queue_find_number(struct net *net, u32 number);
struct kipc_queue *kipc_queue_find_id(struct net *net, u32 id);
struct kipc_queue *kipc_queue_next(struct net *net, u32 id);
u64 kipc_real_time(u64 time);

__poll_t kipc_queue_poll(struct kipc_endpoint *ep, struct file *file, poll_table *table);
void kipc_queue_info(struct kipc_queue *queue, struct kipc_endpoint_info *info);

#endif /* KIPC_QUEUE_H */
