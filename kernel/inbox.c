// SPDX-License-Identifier: GPL-2.0
/* Inbox: see inbox.h for what it is. */
#include <linux/errno.h>
#include <linux/poll.h>

#include "channel.h"
#include "endpoint.h"
#include "inbox.h"
#include "nice.h"
#include "quota.h"
#include "transfer.h"

/* Messages that are drained under one hold of the lock. */
#define KIPC_INBOX_LOT		256

/* Messages that are moved into the ring under one hold of the lock. */
#define KIPC_INBOX_FILL		64

/**
 * kipc_inbox_init() - make an inbox with nothing in it
 * @inbox:	the inbox; its @memory has been initialised
 * @owner:	the endpoint around it
 * @channel:	whose lock guards it
 */
void kipc_inbox_init(struct kipc_inbox *inbox, struct kipc_endpoint *owner,
		     struct kipc_channel *channel)
{
	inbox->lock = &channel->lock;
	inbox->owner = owner;
	inbox->record = &channel->record;
	inbox->room_wait = &channel->room_wait;
	inbox->held = RB_ROOT;
	inbox->urgent = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&inbox->canceled);
	INIT_LIST_HEAD(&inbox->queued);
	INIT_LIST_HEAD(&inbox->receivers);
	INIT_LIST_HEAD(&inbox->senders);
	kipc_pool_init(&inbox->pool, inbox->memory.size);
}

/**
 * kipc_inbox_close() - let nothing in any more, and end everybody's wait
 * @inbox:	the inbox
 * @reason:	what waiting senders and receivers are told
 * @wakes:	whom to wake
 */
void kipc_inbox_close(struct kipc_inbox *inbox, int reason, struct kipc_wakes *wakes)
{
	struct kipc_waiter *waiter, *next;

	lockdep_assert_held(inbox->lock);
	inbox->closed = true;
	list_splice_init(&inbox->receivers, &inbox->senders);
	list_for_each_entry_safe(waiter, next, &inbox->senders, entry) {
		list_del(&waiter->entry);
		kipc_waiter_finish(waiter, reason, wakes);
	}
}

/*
 * The client that a message in a server's inbox counts for.  While it waits for the
 * reply it is known; otherwise it may have gone, and its number is looked up.
 */
static struct kipc_endpoint *kipc_inbox_payer(struct kipc_inbox *inbox,
					      const struct kipc_message *msg)
{
	if (msg->call)
		return msg->call->caller;
	return kipc_channel_client(inbox->owner->channel, msg->peer);
}

/* Give a message's piece of the pool back. */
static void kipc_inbox_give(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	struct kipc_endpoint *payer = msg->peer ? kipc_inbox_payer(inbox, msg) : NULL;

	if (payer)
		payer->taken -= msg->slice.len;
	/* Of notices some have been paid for by somebody else: message.h. */
	if (likely(msg->slice.len || !msg->payer))
		kipc_user_uncharge(inbox->memory.user, KIPC_QUOTA_POOL_MSGS, 1);
	if (likely(msg->slice.len))
		kipc_pool_give(&inbox->pool, &msg->slice);
}

static void kipc_inbox_unhold(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	if (msg == inbox->recent)
		inbox->recent = NULL;
	else
		rb_erase(&msg->node, &inbox->held);
	inbox->held_count--;
	inbox->held_bytes -= msg->slice.len;
	if (unlikely(msg->flags & KIPC_HEADER_CANCELED))
		list_del_init(&msg->entry);
	if (unlikely(msg->ring_number))
		kipc_ring_clear(inbox->ring, msg);
	if (unlikely(msg->served))
		kipc_nice_leave(msg);
}

/* The order of urgent messages. */
static bool kipc_urgent_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kipc_message *x = rb_entry(a, struct kipc_message, node);
	const struct kipc_message *y = rb_entry(b, struct kipc_message, node);

	if (x->prio != y->prio)
		return x->prio > y->prio;
	return x->id < y->id;
}

/* Let a message wait; an ordinary one that had been received is the first again. */
static void kipc_inbox_enqueue(struct kipc_inbox *inbox, struct kipc_message *msg, bool again)
{
	msg->state = KIPC_MESSAGE_QUEUED;
	inbox->queued_count++;
	if (unlikely(msg->prio))
		rb_add_cached(&msg->node, &inbox->urgent, kipc_urgent_less);
	else if (again)
		list_add(&msg->entry, &inbox->queued);
	else
		list_add_tail(&msg->entry, &inbox->queued);
}

static void kipc_inbox_dequeue(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	inbox->queued_count--;
	if (unlikely(msg->prio))
		rb_erase_cached(&msg->node, &inbox->urgent);
	else
		list_del_init(&msg->entry);
}

/* The next message to receive, or NULL. */
struct kipc_message *kipc_inbox_first(struct kipc_inbox *inbox)
{
	struct rb_node *node = rb_first_cached(&inbox->urgent);

	if (unlikely(node))
		return rb_entry(node, struct kipc_message, node);
	return list_first_entry_or_null(&inbox->queued, struct kipc_message, entry);
}

/* The next message to take out of a closed inbox, off its list or tree, or NULL. */
static struct kipc_message *kipc_inbox_pull(struct kipc_inbox *inbox)
{
	struct kipc_message *msg = inbox->recent;
	struct rb_node *node = rb_first(&inbox->held);

	if (msg || node) {
		msg = msg ?: rb_entry(node, struct kipc_message, node);
		kipc_inbox_unhold(inbox, msg);
		return msg;
	}
	msg = kipc_inbox_first(inbox);
	if (msg)
		kipc_inbox_dequeue(inbox, msg);
	return msg;
}

/**
 * kipc_inbox_drain() - take messages out of a closed inbox, some at a time
 * @inbox:	the inbox
 * @gone:	the messages, for the caller to end and destroy
 *
 * An inbox may hold a million: the lock is given up between the lots.
 *
 * Return: whether there were any.
 */
bool kipc_inbox_drain(struct kipc_inbox *inbox, struct list_head *gone)
{
	struct kipc_message *msg;
	int lot = KIPC_INBOX_LOT;

	lockdep_assert_held(inbox->lock);
	while (lot-- && (msg = kipc_inbox_pull(inbox))) {
		kipc_inbox_give(inbox, msg);
		list_add_tail(&msg->entry, gone);
	}
	return !list_empty(gone);
}

/*
 * The most that a client may have of this inbox, which has @taken bytes of it:
 * half of what is left to it, so that no client can keep the others out.  The
 * first may have 1/2 of the pool, a second 1/2 of the rest, and so on.
 */
static u64 kipc_inbox_share(const struct kipc_inbox *inbox, u64 taken)
{
	return ((u64)inbox->pool.free + taken) / 2;
}

/**
 * kipc_inbox_has_room() - could a client send an ordinary message now?
 * @inbox:	the inbox
 * @taken:	bytes of it that the client has
 *
 * Ordinary is one page, or whatever a smaller pool lets through at all.  After a
 * no, whoever polls on @room_wait is woken when room comes free.
 */
bool kipc_inbox_has_room(struct kipc_inbox *inbox, u32 taken)
{
	u64 ordinary = min_t(u64, PAGE_SIZE, inbox->pool.size / 2);

	lockdep_assert_held(inbox->lock);
	if (taken + ordinary <= kipc_inbox_share(inbox, taken) &&
	    kipc_pool_fits(&inbox->pool, ordinary))
		return true;
	inbox->room_wanted = true;
	return false;
}

/*
 * Charge the owner's user for a message.  It has been for one that ends a call nobody
 * waits for, and the call gives that back when it is replaced by the reply; until then
 * the user may be over its limit.
 */
static int kipc_inbox_charge(struct kipc_inbox *inbox, const struct kipc_message *msg)
{
	if (likely(!msg->paid))
		return kipc_user_charge(inbox->memory.user, KIPC_QUOTA_POOL_MSGS, 1);
	kipc_user_overcharge(inbox->memory.user, KIPC_QUOTA_POOL_MSGS, 1);
	return 0;
}

/**
 * kipc_inbox_reserve() - find room for a message
 * @inbox:	the inbox
 * @msg:	in state NEW
 * @from:	the client that sends it and is limited to its share; NULL for a server
 *
 * On success the message is RESERVED.  Whoever fills it without the lock pins the
 * endpoint first (kipc_inbox_pin()).
 *
 * Return: 0; -EPIPE, closed; -EMSGSIZE, it will never fit; -EAGAIN, not now;
 * -EDQUOT, the owner's user has as many messages as it may.
 */
int kipc_inbox_reserve(struct kipc_inbox *inbox, struct kipc_message *msg,
		       struct kipc_endpoint *from)
{
	u64 len = kipc_pool_round(msg->len);
	int err;

	lockdep_assert_held(inbox->lock);
	if (inbox->closed)
		return -EPIPE;
	if (len > inbox->pool.size / (from ? 2 : 1))
		return -EMSGSIZE;
	if (from && from->taken + len > kipc_inbox_share(inbox, from->taken))
		return -EAGAIN;
	if (!kipc_pool_take(&inbox->pool, &msg->slice, msg->len))
		return -EAGAIN;
	err = kipc_inbox_charge(inbox, msg);
	if (err) {
		kipc_pool_give(&inbox->pool, &msg->slice);
		return err;
	}
	if (from)
		from->taken += msg->slice.len;
	inbox->used = true;
	msg->state = KIPC_MESSAGE_RESERVED;
	return 0;
}

/**
 * kipc_inbox_pin() - let a reserved message hold a reference on its endpoint
 * @inbox:	the inbox
 * @msg:	RESERVED; @to is set, until it is put or cancelled
 */
void kipc_inbox_pin(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	msg->to = kipc_endpoint_get(inbox->owner);
}

/* Room has come free: reserve for those who wait for it, first come first. */
static void kipc_inbox_grant(struct kipc_inbox *inbox, struct kipc_wakes *wakes)
{
	struct kipc_room *room, *next;
	int err;

	list_for_each_entry_safe(room, next, &inbox->senders, waiter.entry) {
		err = kipc_inbox_reserve(inbox, room->msg, room->from);
		if (err == -EAGAIN)
			continue;
		if (!err)
			kipc_inbox_pin(inbox, room->msg);
		list_del(&room->waiter.entry);
		kipc_waiter_finish(&room->waiter, err, wakes);
	}
}

static void kipc_inbox_free_slice(struct kipc_inbox *inbox, struct kipc_message *msg,
				  struct kipc_wakes *wakes)
{
	kipc_inbox_give(inbox, msg);
	if (unlikely(!list_empty(&inbox->senders)))
		kipc_inbox_grant(inbox, wakes);
	if (unlikely(inbox->room_wanted)) {
		inbox->room_wanted = false;
		kipc_wake_pollers(inbox->room_wait, EPOLLOUT | EPOLLWRNORM);
	}
}

/**
 * kipc_inbox_cancel() - give a reservation back
 * @inbox:	the inbox
 * @msg:	RESERVED; NEW afterwards
 * @wakes:	whom to wake
 *
 * A reference on @to is still the caller's, to drop it outside the lock.
 */
void kipc_inbox_cancel(struct kipc_inbox *inbox, struct kipc_message *msg,
		       struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	msg->state = KIPC_MESSAGE_NEW;
	kipc_inbox_free_slice(inbox, msg, wakes);
}

static bool kipc_id_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kipc_message, node)->id <
	       rb_entry(b, struct kipc_message, node)->id;
}

/**
 * kipc_inbox_hold() - give a message to the owner
 * @inbox:	the inbox
 * @msg:	on no list; HELD afterwards
 */
void kipc_inbox_hold(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	lockdep_assert_held(inbox->lock);
	if (inbox->recent)
		rb_add(&inbox->recent->node, &inbox->held, kipc_id_less);
	inbox->recent = msg;
	msg->state = KIPC_MESSAGE_HELD;
	msg->held_at = jiffies;
	inbox->held_count++;
	inbox->held_bytes += msg->slice.len;
}

/* The thread that began to wait last, off the list; or NULL. */
static struct kipc_receiver *kipc_inbox_receiver(struct kipc_inbox *inbox)
{
	struct kipc_receiver *receiver;

	receiver = list_first_entry_or_null(&inbox->receivers, struct kipc_receiver,
					    waiter.entry);
	if (receiver)
		list_del(&receiver->waiter.entry);
	return receiver;
}

/* Hand a message to the thread that began to wait last.  False: nobody waits. */
static bool kipc_inbox_hand_over(struct kipc_inbox *inbox, struct kipc_message *msg,
				 struct kipc_wakes *wakes)
{
	struct kipc_receiver *receiver = kipc_inbox_receiver(inbox);

	if (!receiver)
		return false;
	kipc_inbox_hold(inbox, msg);
	kipc_message_describe(msg, &receiver->view, receiver->header);
	kipc_waiter_finish(&receiver->waiter, 0, wakes);
	return true;
}

/**
 * kipc_inbox_put() - commit a message: cannot fail
 * @inbox:	the inbox, not closed
 * @msg:	RESERVED and filled, or a notice; the inbox's from now on
 * @wakes:	whom to wake
 *
 * The message gets its id: ids count in the order of sending.
 *
 * Return: whether it was queued, so that pollers are to be told.
 */
bool kipc_inbox_put(struct kipc_inbox *inbox, struct kipc_message *msg,
		    struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	kipc_record_add(inbox->record, msg);
	if (kipc_inbox_hand_over(inbox, msg, wakes))
		return false;
	if (unlikely(inbox->ring) && !kipc_inbox_first(inbox) &&
	    kipc_ring_takes(inbox->ring, msg)) {
		kipc_inbox_hold(inbox, msg);
		kipc_ring_push(inbox->ring, msg);
	} else {
		kipc_inbox_enqueue(inbox, msg, false);
	}
	return true;
}

/**
 * kipc_inbox_fill_ring() - put messages that wait into the ring, as far as it takes them
 * @inbox:	the inbox; it has a ring
 *
 * Before one is received by a request, not after it: that may fail, and the message is
 * the next one again.
 */
void kipc_inbox_fill_ring(struct kipc_inbox *inbox)
{
	struct kipc_message *msg;
	int more = KIPC_INBOX_FILL;

	lockdep_assert_held(inbox->lock);
	while (more-- && (msg = kipc_inbox_first(inbox)) && kipc_ring_takes(inbox->ring, msg)) {
		kipc_inbox_dequeue(inbox, msg);
		kipc_inbox_hold(inbox, msg);
		kipc_ring_push(inbox->ring, msg);
	}
}

static void kipc_inbox_describe_canceled(const struct kipc_message *msg,
					 struct kipc_receiver *receiver)
{
	kipc_message_describe(msg, &receiver->view, receiver->header);
	receiver->header->kind = KIPC_KIND_CANCELED;
	receiver->header->offset = 0;
	receiver->header->len = 0;
	receiver->header->fd_count = 0;
}

/* Is there something that kipc_inbox_take() would take? */
bool kipc_inbox_has_message(struct kipc_inbox *inbox)
{
	lockdep_assert_held(inbox->lock);
	return kipc_inbox_first(inbox) || !list_empty(&inbox->canceled);
}

/**
 * kipc_inbox_take() - receive the most urgent, then oldest message, if one waits
 * @inbox:	the inbox
 * @receiver:	its header is written
 *
 * That a caller has given up comes before any message: it saves work.
 *
 * Return: whether there was one; it is HELD now.
 */
bool kipc_inbox_take(struct kipc_inbox *inbox, struct kipc_receiver *receiver)
{
	struct kipc_message *msg;

	lockdep_assert_held(inbox->lock);
	if (unlikely(!list_empty(&inbox->canceled))) {
		msg = list_first_entry(&inbox->canceled, struct kipc_message, entry);
		list_del_init(&msg->entry);
		kipc_inbox_describe_canceled(msg, receiver);
		return true;
	}
	msg = kipc_inbox_first(inbox);
	if (!msg)
		return false;
	kipc_inbox_dequeue(inbox, msg);
	kipc_inbox_hold(inbox, msg);
	kipc_message_describe(msg, &receiver->view, receiver->header);
	return true;
}

/* Tell a thread that waits, or the next one that receives, that a caller has gone. */
static bool kipc_inbox_tell_canceled(struct kipc_inbox *inbox, struct kipc_message *msg,
				     struct kipc_wakes *wakes)
{
	struct kipc_receiver *receiver = kipc_inbox_receiver(inbox);

	if (!receiver) {
		list_add_tail(&msg->entry, &inbox->canceled);
		return true;
	}
	kipc_inbox_describe_canceled(msg, receiver);
	kipc_waiter_finish(&receiver->waiter, 0, wakes);
	return false;
}

/**
 * kipc_inbox_give_up() - the caller of a held call does not wait any more
 * @inbox:	the inbox
 * @msg:	HELD
 * @tell:	the owner wants to be told
 * @wakes:	whom to wake
 *
 * Return: whether that waits to be received, so that pollers are to be told.
 */
bool kipc_inbox_give_up(struct kipc_inbox *inbox, struct kipc_message *msg, bool tell,
			struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	msg->flags |= KIPC_HEADER_CANCELED;
	return tell && kipc_inbox_tell_canceled(inbox, msg, wakes);
}

/**
 * kipc_inbox_requeue() - a receiver could not be told of its message: undo receive
 * @inbox:	the inbox
 * @header:	what it would have been told
 * @wakes:	whom to wake
 *
 * The message is the next one again.  Where another thread has ended it in the
 * meantime there is nothing to undo.
 *
 * Return: whether it was queued, so that pollers are to be told.
 */
bool kipc_inbox_requeue(struct kipc_inbox *inbox, const struct kipc_header *header,
			struct kipc_wakes *wakes)
{
	struct kipc_message *msg = kipc_inbox_find(inbox, header->id);

	if (!msg || msg->busy)
		return false;
	if (unlikely(header->kind == KIPC_KIND_CANCELED))
		return kipc_inbox_tell_canceled(inbox, msg, wakes);
	kipc_inbox_unhold(inbox, msg);
	if (kipc_inbox_hand_over(inbox, msg, wakes))
		return false;
	kipc_inbox_enqueue(inbox, msg, true);
	return true;
}

/**
 * kipc_inbox_withdraw() - take back a message that nobody has received
 * @inbox:	the inbox
 * @msg:	QUEUED; the caller's afterwards
 * @wakes:	whom to wake
 */
void kipc_inbox_withdraw(struct kipc_inbox *inbox, struct kipc_message *msg,
			 struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	kipc_inbox_dequeue(inbox, msg);
	kipc_inbox_free_slice(inbox, msg, wakes);
}

/**
 * kipc_inbox_find() - the held message of an id
 * @inbox:	the inbox
 * @id:		what the user says
 *
 * Return: the message, or NULL: never held here, or no more.
 */
struct kipc_message *kipc_inbox_find(struct kipc_inbox *inbox, u64 id)
{
	struct rb_node *node = inbox->held.rb_node;

	lockdep_assert_held(inbox->lock);
	if (inbox->recent && inbox->recent->id == id)
		return inbox->recent;
	while (node) {
		struct kipc_message *msg = rb_entry(node, struct kipc_message, node);

		if (id == msg->id)
			return msg;
		node = id < msg->id ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/**
 * kipc_inbox_drop() - end a held message
 * @inbox:	the inbox
 * @msg:	HELD; the caller's afterwards
 * @wakes:	whom to wake
 */
void kipc_inbox_drop(struct kipc_inbox *inbox, struct kipc_message *msg,
		     struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	kipc_inbox_unhold(inbox, msg);
	kipc_inbox_free_slice(inbox, msg, wakes);
}

/**
 * kipc_inbox_oldest() - the message that has been held longest, or NULL
 * @inbox:	the inbox
 *
 * That is the one with the lowest id: of those that wait the owner takes it first, but for
 * urgent ones.
 */
const struct kipc_message *kipc_inbox_oldest(const struct kipc_inbox *inbox)
{
	struct rb_node *node = rb_first(&inbox->held);

	lockdep_assert_held(inbox->lock);
	return node ? rb_entry(node, struct kipc_message, node) : inbox->recent;
}
