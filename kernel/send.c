// SPDX-License-Identifier: GPL-2.0
/* Transfer, sending: see transfer.h. */
#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "trace.h"
#include "transfer.h"

/**
 * kipc_endpoint_tell() - tell pollers that a message waits
 * @ep:	whose pollers; pinned, or the channel's lock is held
 */
void kipc_endpoint_tell(struct kipc_endpoint *ep)
{
	/* A poller is on the wait queue before it takes the lock to look. */
	if (waitqueue_active(&ep->poll_wait))
		wake_up_interruptible_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * kipc_channel_await() - sleep as a waiter that is on one of the channel's lists
 * @channel:	the channel
 * @waiter:	the waiter; off the list afterwards in any case
 * @limit:	how long
 *
 * Return: what it was finished with; -ETIMEDOUT or -ERESTARTSYS.
 */
int kipc_channel_await(struct kipc_channel *channel, struct kipc_waiter *waiter,
		       const struct kipc_limit *limit)
{
	int err = kipc_waiter_sleep(waiter, limit);

	if (!err)
		return waiter->result;

	spin_lock(&channel->lock);
	if (waiter->done)
		err = waiter->result;
	else
		list_del(&waiter->entry);
	spin_unlock(&channel->lock);
	return err;
}

/* The inbox that a message goes to: the server's, or a client's by its number. */
static struct kipc_inbox *kipc_channel_target(struct kipc_endpoint *ep, u64 to, int *err)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_endpoint *target;

	if (kipc_endpoint_is_client(ep)) {
		target = channel->server;
		*err = -EPIPE;
	} else {
		target = kipc_channel_client(channel, to);
		*err = -ESRCH;
	}
	return target ? &target->inbox : NULL;
}

/* Release what an operation is to release first, under the same hold of the lock. */
static int kipc_channel_release_first(struct kipc_endpoint *ep, u64 *release,
				      struct kipc_message **released, struct kipc_wakes *wakes)
{
	if (!*release)
		return 0;
	*released = kipc_channel_release_locked(ep, *release, wakes);
	if (IS_ERR(*released))
		return PTR_ERR(*released);
	*release = 0;
	return 0;
}

static int kipc_channel_reserve_locked(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
				       struct kipc_inbox **inbox)
{
	int err;

	*inbox = kipc_channel_target(ep, to, &err);
	if (!*inbox)
		return err;
	return kipc_inbox_reserve(*inbox, msg, kipc_endpoint_is_client(ep) ? ep : NULL);
}

/* Give a filled message to its receiver: cannot fail. */
static void kipc_channel_deliver(struct kipc_inbox *inbox, struct kipc_message *msg,
				 struct kipc_call *call, struct kipc_wakes *wakes)
{
	msg->call = msg->payer ? NULL : call;
	msg->to = NULL;
	if (kipc_inbox_put(inbox, msg, wakes))
		kipc_endpoint_tell(inbox->owner);
	/* It may be with its receiver already, which needs the lock to end it. */
	if (call) {
		call->msg = msg;
		call->inbox = inbox;
		call->id = msg->id;
	}
	trace_kipc_send(inbox->owner->channel, msg);
}

/*
 * A small message goes from room to receiver under one hold of the lock, unless there is
 * no room, or no memory, right now.
 *
 * Return: 0; -EAGAIN, it takes all the steps; another negative errno.
 */
static int kipc_channel_post(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
			     const struct kipc_source *source, u64 *release,
			     struct kipc_call *call)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *released = NULL;
	struct kipc_inbox *inbox;
	int err;

	spin_lock(&ep->channel->lock);
	err = kipc_channel_release_first(ep, release, &released, &wakes);
	if (!err)
		err = kipc_channel_reserve_locked(ep, to, msg, &inbox);
	if (!err && !kipc_copy_small(&inbox->memory, msg->slice.offset, msg->len, source)) {
		kipc_inbox_cancel(inbox, msg, &wakes);
		err = -EAGAIN;
	}
	if (!err)
		kipc_channel_deliver(inbox, msg, call, &wakes);
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (!IS_ERR_OR_NULL(released))
		kipc_message_recycle(&ep->spare, released);
	return err;
}

/* Find room for a message, waiting as long as allowed. */
static int kipc_channel_reserve(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
				const struct kipc_limit *limit, u64 *release)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *released = NULL;
	struct kipc_inbox *inbox;
	struct kipc_room room;
	bool wait = false;
	int err;

	spin_lock(&ep->channel->lock);
	err = kipc_channel_release_first(ep, release, &released, &wakes);
	if (!err)
		err = kipc_channel_reserve_locked(ep, to, msg, &inbox);
	if (!err) {
		kipc_inbox_pin(inbox, msg);
	} else if (err == -EAGAIN && limit->nonblock) {
		/* Who is refused polls next, and an edge is told only once. */
		inbox->room_wanted = true;
	} else if (err == -EAGAIN) {
		wait = true;
		kipc_waiter_init(&room.waiter);
		room.msg = msg;
		room.from = kipc_endpoint_is_client(ep) ? ep : NULL;
		list_add_tail(&room.waiter.entry, &inbox->senders);
		trace_kipc_wait(ep->channel, msg);
	}
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (!IS_ERR_OR_NULL(released))
		kipc_message_recycle(&ep->spare, released);
	return wait ? kipc_channel_await(ep->channel, &room.waiter, limit) : err;
}

/* Undo a reservation. */
static void kipc_channel_cancel(struct kipc_channel *channel, struct kipc_message *msg)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_endpoint *to = msg->to;

	spin_lock(&channel->lock);
	kipc_inbox_cancel(&to->inbox, msg, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_endpoint_put(to);
}

/* Give a filled message to its receiver, unless that has closed since. */
static int kipc_channel_commit(struct kipc_endpoint *ep, struct kipc_message *msg,
			       struct kipc_call *call)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_endpoint *to = msg->to;
	bool closed;

	spin_lock(&channel->lock);
	closed = to->inbox.closed;
	if (unlikely(closed))
		kipc_inbox_cancel(&to->inbox, msg, &wakes);
	else
		kipc_channel_deliver(&to->inbox, msg, call, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_endpoint_put(to);
	if (likely(!closed))
		return 0;
	return kipc_endpoint_is_client(ep) ? -EPIPE : -ESRCH;
}

/* All the steps of sending, one by one. */
static int kipc_channel_send_stepwise(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
				      struct kipc_source *source, const struct kipc_limit *limit,
				      u64 *release, struct kipc_call *call)
{
	int err;

	err = kipc_channel_reserve(ep, to, msg, limit, release);
	if (err)
		return err;
	err = kipc_copy_to_memory(&msg->to->inbox.memory, msg->slice.offset, msg->len, source);
	if (!err)
		return kipc_channel_commit(ep, msg, call);
	kipc_channel_cancel(ep->channel, msg);
	return err;
}

/**
 * kipc_channel_transmit() - bring a message to its receiver
 * @ep:		the sender
 * @to:		from a server: the client's number
 * @msg:	NEW; not the caller's any more, whatever is returned
 * @source:	what to send
 * @limit:	how long to wait for room
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @call:	who waits for the reply, ready to be finished; of a call that has a payer,
 *		where its id goes; otherwise NULL
 *
 * Return: 0; a negative errno, and the message has been destroyed.
 */
int kipc_channel_transmit(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
			  struct kipc_source *source, const struct kipc_limit *limit,
			  u64 *release, struct kipc_call *call)
{
	int err = -EAGAIN;

	msg->peer = ep->number;
	if (likely(source->small))
		err = kipc_channel_post(ep, to, msg, source, release, call);
	if (err == -EAGAIN)
		err = kipc_channel_send_stepwise(ep, to, msg, source, limit, release, call);
	if (err)
		kipc_message_destroy(msg);
	return err;
}

/**
 * kipc_channel_send() - send one way
 * @ep:		a server or a client
 * @to:		from a server: the client's number
 * @source:	what to send
 * @limit:	how long to wait for room
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_CHANNEL_SEND).
 */
int kipc_channel_send(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
		      const struct kipc_limit *limit)
{
	struct kipc_message *msg = kipc_message_create(&ep->spare, KIPC_KIND_SEND, source);
	u64 nothing = 0;

	if (!msg)
		return -ENOMEM;
	return kipc_channel_transmit(ep, to, msg, source, limit, &nothing, NULL);
}
