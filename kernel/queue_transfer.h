/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queue transfer: messages go in and come out.  See queue.h for the object and its rules.
 *
 * The functions whose name ends in _locked belong to the rooms that move messages; their
 * caller holds the queue's lock and wakes @wakes once it has dropped that.
 */
#ifndef KIPC_QUEUE_TRANSFER_H
#define KIPC_QUEUE_TRANSFER_H

#include "entry.h"
#include "fetch.h"
#include "queue.h"

/* Messages of a batch that go in, or come out, in one hold of the lock. */
#define KIPC_QUEUE_RUN	32

/**
 * struct kipc_queue_waiter - a thread that waits for a queue, on its stack
 * @waiter:	its sleep; in one of the queue's lists
 * @prio:	the thread's priority, the lower the more urgent
 */
struct kipc_queue_waiter {
	struct kipc_waiter	waiter;
	int			prio;
};

/**
 * struct kipc_queue_sender - a thread that waits for room
 * @wait:	finished with 0: its message is in the queue
 * @entry:	the message, the thread's until then
 * @overtake:	it does not stay behind one that is too large for the room there is
 */
struct kipc_queue_sender {
	struct kipc_queue_waiter	wait;
	struct kipc_entry		*entry;
	bool				overtake;
};

/**
 * struct kipc_queue_order - what a receiver asks for
 * @choice:	which message
 * @room:	bytes of its buffer
 * @flags:	KIPC_RECV_*
 */
struct kipc_queue_order {
	struct kipc_choice	choice;
	u64			room;
	u32			flags;
};

/**
 * struct kipc_queue_receiver - a thread that waits for a message
 * @wait:	finished with 0: @entry is the thread's (or with PEEK, a reference on it);
 *		with -EMSGSIZE: there is one that is too large
 * @order:	what it asks for
 * @entry:	what it was handed
 * @needed:	the size of the one that is too large
 */
struct kipc_queue_receiver {
	struct kipc_queue_waiter	wait;
	const struct kipc_queue_order	*order;
	struct kipc_entry		*entry;
	u64				needed;
};

/**
 * struct kipc_queue_target - where a receiver wants a message
 * @iter:	the buffer, for read(); or NULL
 * @data:	the buffer
 * @header:	where its header goes, and before it, in one word with the count of them that
 *		were wanted, the count of descriptors; or NULL
 * @fds:	room for numbers of descriptors
 * @fd_count:	for how many
 * @needed:	after -EMSGSIZE: the message's length
 */
struct kipc_queue_target {
	struct iov_iter			*iter;
	void __user			*data;
	struct kipc_header __user	*header;
	s32 __user			*fds;
	u32				fd_count;
	u64				needed;
};

/* Is there room for a message of so many bytes?  The queue is locked. */
static inline bool kipc_queue_fits(const struct kipc_queue *queue, u64 len)
{
	return queue->msgs < queue->bounds.max_msgs &&
	       queue->bytes + len <= queue->bounds.max_bytes;
}

/* Is it more than half full?  The queue is locked. */
static inline bool kipc_queue_is_crowded(const struct kipc_queue *queue)
{
	return queue->msgs > queue->bounds.max_msgs / 2 ||
	       queue->bytes > queue->bounds.max_bytes / 2;
}

/* queue_wait.c */
void kipc_queue_commit_locked(struct kipc_queue *queue, struct kipc_entry *entry,
			      struct kipc_wakes *wakes);
void kipc_queue_return_locked(struct kipc_queue *queue, struct kipc_entry *entry,
			      struct kipc_wakes *wakes);
void kipc_queue_grant_waiting(struct kipc_queue *queue, struct kipc_wakes *wakes);
void kipc_queue_expel_locked(struct kipc_queue *queue, struct kipc_wakes *wakes);
void kipc_queue_line_up_locked(struct kipc_queue_waiter *wait, struct list_head *list);
int kipc_queue_await(struct kipc_queue *queue, struct kipc_queue_waiter *wait,
		     const struct kipc_limit *limit);

/* There may be room: let in the messages of those who wait for it. */
static inline void kipc_queue_grant_locked(struct kipc_queue *queue, struct kipc_wakes *wakes)
{
	if (unlikely(!list_empty(&queue->senders)))
		kipc_queue_grant_waiting(queue, wakes);
}

/* Tell pollers what may have become true.  The queue is not locked. */
static inline void kipc_queue_tell(struct kipc_queue *queue, __poll_t events)
{
	/* A poller is on the wait queue before it takes the lock to look. */
	if (unlikely(waitqueue_active(&queue->poll_wait)))
		kipc_wake_pollers(&queue->poll_wait, events);
}

/* queue_send.c */
int kipc_queue_send(struct kipc_queue *queue, struct kipc_user *user,
		    struct kipc_source *source, u64 type, bool overtake,
		    const struct kipc_limit *limit);
int kipc_queue_send_batch(struct kipc_queue *queue, struct kipc_user *user,
			  const struct kipc_queue_item __user *items, u32 count,
			  const struct kipc_limit *limit, u32 *done) __reads_user(3);

/* queue_receive.c */
int kipc_queue_receive(struct kipc_queue *queue, const struct kipc_queue_order *order,
		       const struct kipc_limit *limit, struct kipc_queue_target *target);
int kipc_queue_receive_batch(struct kipc_queue *queue, struct kipc_queue_order *order,
			     const struct kipc_limit *limit, void __user *data,
			     struct kipc_header __user *headers, u32 count, u32 *done);

#endif /* KIPC_QUEUE_TRANSFER_H */
