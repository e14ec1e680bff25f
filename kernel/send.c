// SPDX-License-Identifier: GPL-2.0
/* Transfer, sending: see transfer.h. */
#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "trace.h"
#include "transfer.h"

/**
 * kipc_endpoint_tell() - tell pollers that a message waits
 * @ep:	whose pollers; pinned, no lock held
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

/**
 * kipc_channel_reserve() - find room for a message, waiting as long as allowed
 * @ep:		the sender
 * @to:		from a server: the client's number
 * @msg:	in state NEW; RESERVED on success
 * @limit:	how long
 * @release:	id of a held message to release first, or 0; 0 once that is done
 */
static int kipc_channel_reserve(struct kipc_endpoint *ep, u64 to, struct kipc_message *msg,
				const struct kipc_limit *limit, u64 *release)
{
	bool client = kipc_endpoint_is_client(ep);
	struct kipc_channel *channel = ep->channel;
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *released = NULL;
	struct kipc_inbox *inbox;
	struct kipc_room room;
	bool wait = false;
	int err = 0;

	spin_lock(&channel->lock);
	if (*release) {
		released = kipc_channel_release_locked(ep, *release, &wakes);
		err = PTR_ERR_OR_ZERO(released);
	}
	if (!err) {
		*release = 0;
		inbox = kipc_channel_target(ep, to, &err);
		if (inbox)
			err = kipc_inbox_reserve(inbox, msg, client ? ep : NULL);
	}
	if (err == -EAGAIN && limit->nonblock) {
		/* Who is refused polls next, and an edge is told only once. */
		inbox->room_wanted = true;
	} else if (err == -EAGAIN) {
		wait = true;
		kipc_waiter_init(&room.waiter);
		room.msg = msg;
		room.from = client ? ep : NULL;
		list_add_tail(&room.waiter.entry, &inbox->senders);
	}
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	if (!IS_ERR_OR_NULL(released))
		kipc_message_recycle(&ep->spare, released);
	return wait ? kipc_channel_await(channel, &room.waiter, limit) : err;
}

/* Undo a reservation.  The message is the caller's to destroy. */
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

/**
 * kipc_channel_prepare() - make a message, reserve room for it and fill it
 * @ep:		the sender
 * @to:		from a server: the client's number
 * @kind:	what it is
 * @source:	what to send
 * @limit:	how long to wait for room
 * @release:	id of a held message to release first, or 0; 0 once that is done
 *
 * All that may fail.  kipc_channel_commit() must follow.
 *
 * Return: the message, RESERVED; or ERR_PTR().
 */
struct kipc_message *kipc_channel_prepare(struct kipc_endpoint *ep, u64 to, enum kipc_kind kind,
					  struct kipc_source *source,
					  const struct kipc_limit *limit, u64 *release)
{
	struct kipc_message *msg;
	int err;

	msg = kipc_message_create(&ep->spare, kind, source);
	if (!msg)
		return ERR_PTR(-ENOMEM);
	msg->peer = ep->number;

	err = kipc_channel_reserve(ep, to, msg, limit, release);
	if (err)
		goto err_destroy;
	err = kipc_copy_to_memory(&msg->to->inbox.memory, msg->slice.offset, msg->len, source);
	if (err)
		goto err_cancel;
	return msg;

err_cancel:
	kipc_channel_cancel(ep->channel, msg);
err_destroy:
	kipc_message_destroy(msg);
	return ERR_PTR(err);
}

/**
 * kipc_channel_commit() - give a filled message to its receiver
 * @ep:		the sender
 * @msg:	RESERVED; not the caller's any more, whatever is returned
 * @call:	who waits for the reply, or NULL
 *
 * Return: 0; -EPIPE or -ESRCH, the receiver has closed since.
 */
int kipc_channel_commit(struct kipc_endpoint *ep, struct kipc_message *msg,
			struct kipc_call *call)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_endpoint *to = msg->to;
	bool queued = false, closed;

	spin_lock(&channel->lock);
	closed = to->inbox.closed;
	if (unlikely(closed)) {
		kipc_inbox_cancel(&to->inbox, msg, &wakes);
	} else {
		trace_kipc_send(channel, msg);
		msg->call = call;
		msg->to = NULL;
		queued = kipc_inbox_put(&to->inbox, msg, &wakes);
	}
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	if (queued)
		kipc_endpoint_tell(to);
	kipc_endpoint_put(to);
	if (likely(!closed))
		return 0;
	kipc_message_destroy(msg);
	return kipc_endpoint_is_client(ep) ? -EPIPE : -ESRCH;
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
	struct kipc_message *msg;
	u64 nothing = 0;

	msg = kipc_channel_prepare(ep, to, KIPC_KIND_SEND, source, limit, &nothing);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return kipc_channel_commit(ep, msg, NULL);
}
