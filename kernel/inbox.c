// SPDX-License-Identifier: GPL-2.0
/* Inbox: see inbox.h for what it is. */
#include <linux/errno.h>
#include <linux/poll.h>

#include "channel.h"
#include "endpoint.h"
#include "inbox.h"
#include "quota.h"

/* Messages that are drained under one hold of the lock. */
#define KIPC_INBOX_LOT		256

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
	inbox->last_id = &channel->last_id;
	inbox->room_wait = &channel->room_wait;
	inbox->held = RB_ROOT;
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
		return msg->call->client;
	return kipc_channel_client(inbox->owner->channel, msg->peer);
}

/* Give a message's piece of the pool back. */
static void kipc_inbox_give(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	struct kipc_endpoint *payer = msg->peer ? kipc_inbox_payer(inbox, msg) : NULL;

	if (payer)
		payer->taken -= msg->slice.len;
	kipc_pool_give(&inbox->pool, &msg->slice);
	kipc_user_uncharge(inbox->memory.user, KIPC_QUOTA_POOL_MSGS, 1);
}

static void kipc_inbox_unhold(struct kipc_inbox *inbox, struct kipc_message *msg)
{
	if (msg == inbox->recent)
		inbox->recent = NULL;
	else
		rb_erase(&msg->by_id, &inbox->held);
	inbox->held_count--;
	inbox->held_bytes -= msg->slice.len;
}

/* The next message to take out of a closed inbox, off its list or tree, or NULL. */
static struct kipc_message *kipc_inbox_pull(struct kipc_inbox *inbox)
{
	struct kipc_message *msg = inbox->recent;
	struct rb_node *node = rb_first(&inbox->held);

	if (msg || node) {
		msg = msg ?: rb_entry(node, struct kipc_message, by_id);
		kipc_inbox_unhold(inbox, msg);
		return msg;
	}
	msg = list_first_entry_or_null(&inbox->queued, struct kipc_message, entry);
	if (msg) {
		list_del(&msg->entry);
		inbox->queued_count--;
	}
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

/**
 * kipc_inbox_reserve() - find room for a message
 * @inbox:	the inbox
 * @msg:	in state NEW
 * @from:	the client that sends it and is limited to its share; NULL for a server
 *
 * On success the message is RESERVED, has its id, and holds a reference on the
 * endpoint (@to) until it is put or cancelled.
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
	err = kipc_user_charge(inbox->memory.user, KIPC_QUOTA_POOL_MSGS, 1);
	if (err) {
		kipc_pool_give(&inbox->pool, &msg->slice);
		return err;
	}
	if (from)
		from->taken += msg->slice.len;
	msg->id = ++*inbox->last_id;
	msg->to = kipc_endpoint_get(inbox->owner);
	msg->state = KIPC_MESSAGE_RESERVED;
	return 0;
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
 * The caller still holds the reference on @to and drops it outside the lock.
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
	return rb_entry(a, struct kipc_message, by_id)->id <
	       rb_entry(b, struct kipc_message, by_id)->id;
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
		rb_add(&inbox->recent->by_id, &inbox->held, kipc_id_less);
	inbox->recent = msg;
	msg->state = KIPC_MESSAGE_HELD;
	inbox->held_count++;
	inbox->held_bytes += msg->slice.len;
}

/* Hand a message to the thread that began to wait last.  False: nobody waits. */
static bool kipc_inbox_hand_over(struct kipc_inbox *inbox, struct kipc_message *msg,
				 struct kipc_wakes *wakes)
{
	struct kipc_receiver *receiver;

	receiver = list_first_entry_or_null(&inbox->receivers, struct kipc_receiver,
					    waiter.entry);
	if (!receiver)
		return false;
	list_del(&receiver->waiter.entry);
	kipc_inbox_hold(inbox, msg);
	kipc_message_describe(msg, &receiver->view, receiver->header);
	kipc_waiter_finish(&receiver->waiter, 0, wakes);
	return true;
}

/**
 * kipc_inbox_put() - commit a message: cannot fail
 * @inbox:	the inbox, not closed
 * @msg:	RESERVED and filled; the inbox's from now on
 * @wakes:	whom to wake
 *
 * Return: whether it was queued, so that pollers are to be told.
 */
bool kipc_inbox_put(struct kipc_inbox *inbox, struct kipc_message *msg,
		    struct kipc_wakes *wakes)
{
	lockdep_assert_held(inbox->lock);
	if (kipc_inbox_hand_over(inbox, msg, wakes))
		return false;
	msg->state = KIPC_MESSAGE_QUEUED;
	list_add_tail(&msg->entry, &inbox->queued);
	inbox->queued_count++;
	return true;
}

/**
 * kipc_inbox_take() - receive the oldest message, if one waits
 * @inbox:	the inbox
 * @receiver:	its header is written
 *
 * Return: whether there was one; it is HELD now.
 */
bool kipc_inbox_take(struct kipc_inbox *inbox, struct kipc_receiver *receiver)
{
	struct kipc_message *msg;

	lockdep_assert_held(inbox->lock);
	msg = list_first_entry_or_null(&inbox->queued, struct kipc_message, entry);
	if (!msg)
		return false;
	list_del(&msg->entry);
	inbox->queued_count--;
	kipc_inbox_hold(inbox, msg);
	kipc_message_describe(msg, &receiver->view, receiver->header);
	return true;
}

/**
 * kipc_inbox_requeue() - a receiver could not be told of its message: undo receive
 * @inbox:	the inbox
 * @id:		the message's id
 * @wakes:	whom to wake
 *
 * The message is the next one again.  Where another thread has ended it in the
 * meantime there is nothing to undo.
 *
 * Return: whether it was queued, so that pollers are to be told.
 */
bool kipc_inbox_requeue(struct kipc_inbox *inbox, u64 id, struct kipc_wakes *wakes)
{
	struct kipc_message *msg = kipc_inbox_find(inbox, id);

	if (!msg || msg->replying)
		return false;
	kipc_inbox_unhold(inbox, msg);
	if (kipc_inbox_hand_over(inbox, msg, wakes))
		return false;
	msg->state = KIPC_MESSAGE_QUEUED;
	list_add(&msg->entry, &inbox->queued);
	inbox->queued_count++;
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
	list_del(&msg->entry);
	inbox->queued_count--;
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
		struct kipc_message *msg = rb_entry(node, struct kipc_message, by_id);

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
