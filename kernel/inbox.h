/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inbox: the receiving side of a channel endpoint.
 *
 * It brings together the pool and the memory behind it, the messages that wait,
 * the messages that the owner holds, the threads of the owner that wait for a
 * message, and the senders that wait for room.
 *
 * An inbox has no lock: the lock of its channel serialises every call, and that is
 * asserted (kipc_inbox_init() is told the lock).  The one thing done outside it is
 * filling a reserved slice; whoever does that holds a reference on the endpoint, so
 * the memory stays although the endpoint may be closed meanwhile.
 *
 * The way of a message through it (states: message.h):
 *
 *	reserve -> (fill, no lock) -> put -> take -> drop
 *	       \-> cancel                \-> withdraw \-> requeue
 *
 * put() hands the message to the thread that began to wait last, if one waits;
 * such a message never sees the queue.  Otherwise it waits: in @urgent or @queued, or,
 * received already as far as the kernel is concerned, in the ring (ring.h).  What a
 * receiver is told is written for it under the lock (struct kipc_receiver), because from
 * then on another thread of its process may end the message by its id.
 */
#ifndef KIPC_INBOX_H
#define KIPC_INBOX_H

#include <linux/kipc.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "message.h"
#include "mmap.h"
#include "pool.h"
#include "ring.h"
#include "wait.h"

struct kipc_channel;

/**
 * struct kipc_record - what a channel has carried; guarded by its lock
 * @last_id:	id of the newest message, and so how many there have been
 * @bytes:	their payload
 * @failed:	calls that ended without a reply
 */
struct kipc_record {
	u64	last_id;
	u64	bytes;
	u64	failed;
};

/* A message gets its id, and counts. */
static inline void kipc_record_add(struct kipc_record *record, struct kipc_message *msg)
{
	msg->id = ++record->last_id;
	record->bytes += msg->len;
}

/**
 * struct kipc_inbox - see above
 * @lock:	the channel's lock, for asserting
 * @owner:	the endpoint around this
 * @memory:	where payloads are
 * @pool:	which of it is taken
 * @ring:	where ordinary messages are put for the owner to find, or NULL
 * @canceled:	held calls whose caller has given up, while that is to be told
 * @urgent:	messages with a priority that wait: the most urgent first, then the oldest
 * @queued:	messages without one that wait, oldest first
 * @recent:	the message received last, if it has not ended: it is about to
 * @held:	the others received and not ended, by id
 * @receivers:	struct kipc_receiver of waiting threads, latest first
 * @senders:	struct kipc_room of waiting senders, first come first
 * @record:	what the channel has carried
 * @room_wait:	who polls for room; lives in the channel, because those are
 *		other endpoints' pollers and may outlive this one
 * @room_wanted: somebody polled and found no room
 * @used:	something was reserved since the last look: the memory is not idle
 * @queued_count: messages in @urgent and @queued
 * @held_count:	messages received and not ended
 * @held_bytes:	bytes of the pool that those have
 * @closed:	nothing is put or reserved any more
 */
struct kipc_inbox {
	spinlock_t		*lock;	/* only to assert */
	struct kipc_endpoint	*owner;
	struct kipc_memory	memory;
	struct kipc_pool	pool;
	struct kipc_ring_state	*ring;
	struct list_head	canceled;
	struct rb_root_cached	urgent;
	struct list_head	queued;
	struct kipc_message	*recent;
	struct rb_root		held;
	struct list_head	receivers;
	struct list_head	senders;
	struct kipc_record	*record;
	wait_queue_head_t	*room_wait;
	bool			room_wanted;
	bool			used;
	u32			queued_count;
	u32			held_count;
	u32			held_bytes;
	bool			closed;
};

/**
 * struct kipc_receiver - a thread that receives, on its stack
 * @waiter:	how it sleeps
 * @view:	how it sees senders
 * @header:	where what it is told goes: written when finished with result 0
 */
struct kipc_receiver {
	struct kipc_waiter	waiter;
	struct kipc_view	view;
	struct kipc_header	*header;
};

/**
 * struct kipc_room - a sender that waits for room, on its stack
 * @waiter:	finished with 0: the message has been reserved on its behalf
 * @msg:	what it wants to send
 * @from:	the client that it sends from, or NULL
 */
struct kipc_room {
	struct kipc_waiter	waiter;
	struct kipc_message	*msg;
	struct kipc_endpoint	*from;
};

void kipc_inbox_init(struct kipc_inbox *inbox, struct kipc_endpoint *owner,
		     struct kipc_channel *channel);
void kipc_inbox_close(struct kipc_inbox *inbox, int reason, struct kipc_wakes *wakes);
bool kipc_inbox_drain(struct kipc_inbox *inbox, struct list_head *gone);

int kipc_inbox_reserve(struct kipc_inbox *inbox, struct kipc_message *msg,
		       struct kipc_endpoint *from);
void kipc_inbox_pin(struct kipc_inbox *inbox, struct kipc_message *msg);
void kipc_inbox_cancel(struct kipc_inbox *inbox, struct kipc_message *msg,
		       struct kipc_wakes *wakes);
bool kipc_inbox_put(struct kipc_inbox *inbox, struct kipc_message *msg,
		    struct kipc_wakes *wakes);
void kipc_inbox_hold(struct kipc_inbox *inbox, struct kipc_message *msg);
void kipc_inbox_fill_ring(struct kipc_inbox *inbox);
struct kipc_message *kipc_inbox_first(struct kipc_inbox *inbox);
bool kipc_inbox_has_message(struct kipc_inbox *inbox);
bool kipc_inbox_take(struct kipc_inbox *inbox, struct kipc_receiver *receiver);
bool kipc_inbox_requeue(struct kipc_inbox *inbox, const struct kipc_header *header,
			struct kipc_wakes *wakes);
bool kipc_inbox_give_up(struct kipc_inbox *inbox, struct kipc_message *msg, bool tell,
			struct kipc_wakes *wakes);
void kipc_inbox_withdraw(struct kipc_inbox *inbox, struct kipc_message *msg,
			 struct kipc_wakes *wakes);
struct kipc_message *kipc_inbox_find(struct kipc_inbox *inbox, u64 id);
void kipc_inbox_drop(struct kipc_inbox *inbox, struct kipc_message *msg,
		     struct kipc_wakes *wakes);
const struct kipc_message *kipc_inbox_oldest(const struct kipc_inbox *inbox);
bool kipc_inbox_has_room(struct kipc_inbox *inbox, u32 taken);

#endif /* KIPC_INBOX_H */
