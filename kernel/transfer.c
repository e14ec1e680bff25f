// SPDX-License-Identifier: GPL-2.0
/*
 * Transfer: what moves messages through a channel (channel.h).
 *
 * Every sending operation goes the same way: validate, reserve room at the
 * receiver (lock), copy (no lock), commit (lock), wake.  Nothing is visible to
 * anybody before commit, and commit cannot fail but for a receiver that has closed
 * meanwhile; until then every step can be undone.
 *
 * What one operation does after another (release, then call; reply, then receive)
 * is done under one hold of the lock where that is possible: a round trip takes it
 * four times.
 */
#include <linux/sched/signal.h>

#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "trace.h"

/* Tell pollers that a message waits. */
static void kipc_endpoint_tell(struct kipc_endpoint *ep)
{
	/* A poller is on the wait queue before it takes the lock to look. */
	if (waitqueue_active(&ep->poll_wait))
		wake_up_interruptible_poll(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
}

/*
 * Sleep as a waiter that is on one of the channel's lists, until finished or for as
 * long as allowed; off the list in any case.
 */
static int kipc_channel_await(struct kipc_channel *channel, struct kipc_waiter *waiter,
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

/**
 * kipc_call_end() - end a call without a reply; the caller holds the lock
 * @msg:	the call, or any other message
 * @result:	what its caller is told
 * @wakes:	whom to wake
 *
 * Does nothing where nobody waits (any more).
 */
void kipc_call_end(struct kipc_message *msg, int result, struct kipc_wakes *wakes)
{
	struct kipc_call *call = msg->call;

	if (!call)
		return;
	msg->call = NULL;
	call->outcome = msg->state == KIPC_MESSAGE_HELD ? KIPC_OUTCOME_DELIVERED :
							  KIPC_OUTCOME_NONE;
	kipc_waiter_finish(&call->receiver.waiter, result, wakes);
}

/* End a held message; write() has nothing to answer any more if this was it. */
static void kipc_channel_drop(struct kipc_endpoint *ep, struct kipc_message *msg,
			      struct kipc_wakes *wakes)
{
	kipc_inbox_drop(&ep->inbox, msg, wakes);
	if (ep->reading == msg->id)
		ep->reading = 0;
}

/* End the held message of an id without a reply.  It is the caller's afterwards. */
static struct kipc_message *kipc_channel_release_locked(struct kipc_endpoint *ep, u64 id,
							struct kipc_wakes *wakes)
{
	struct kipc_message *msg = kipc_inbox_find(&ep->inbox, id);

	if (!msg)
		return ERR_PTR(-ENOENT);
	if (msg->replying)
		return ERR_PTR(-EBUSY);
	kipc_channel_drop(ep, msg, wakes);
	kipc_call_end(msg, -ECONNRESET, wakes);
	trace_kipc_release(ep->channel, id);
	return msg;
}

/**
 * kipc_channel_release() - end a held message without a reply
 * @ep:	who holds it
 * @id:	its id
 *
 * Return: 0; -ENOENT, not held; -EBUSY, being replied to.
 */
int kipc_channel_release(struct kipc_endpoint *ep, u64 id)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *msg;

	spin_lock(&ep->channel->lock);
	msg = kipc_channel_release_locked(ep, id, &wakes);
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	kipc_message_recycle(&ep->spare, msg);
	return 0;
}

/* The inbox that a message goes to: the server's, or a client's by its number. */
static struct kipc_inbox *kipc_channel_target(struct kipc_endpoint *ep, u64 to, int *err)
{
	struct kipc_channel *channel = ep->channel;
	struct kipc_endpoint *target;

	if (kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT) {
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
	bool client = kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT;
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

/* Make a message, reserve room for it and fill it: all that may fail. */
static struct kipc_message *kipc_channel_prepare(struct kipc_endpoint *ep, u64 to,
						 enum kipc_kind kind,
						 struct kipc_source *source, u64 tag,
						 const struct kipc_limit *limit, u64 *release)
{
	struct kipc_message *msg;
	int err;

	msg = kipc_message_create(&ep->spare, kind, tag, iov_iter_count(&source->iter));
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
static int kipc_channel_commit(struct kipc_endpoint *ep, struct kipc_message *msg,
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
	return kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT ? -EPIPE : -ESRCH;
}

/*
 * Stop waiting for a reply, unless the call has ended by itself just now.  A call
 * that nobody has received is taken back; one that has been delivered stays with
 * its server, which learns when it replies that nobody waits.
 */
static int kipc_call_give_up(struct kipc_channel *channel, struct kipc_inbox *inbox,
			     struct kipc_call *call, int why)
{
	struct kipc_message *msg, *withdrawn = NULL;
	struct kipc_wakes wakes = { .count = 0 };
	int err = why;

	spin_lock(&channel->lock);
	if (call->receiver.waiter.done) {
		err = call->receiver.waiter.result;
		goto out_unlock;
	}
	msg = call->msg;
	msg->call = NULL;
	if (msg->state == KIPC_MESSAGE_QUEUED) {
		kipc_inbox_withdraw(inbox, msg, &wakes);
		withdrawn = msg;
	} else {
		call->outcome = KIPC_OUTCOME_DELIVERED;
		/* Restarting the system call would run the call twice. */
		if (why == -ERESTARTSYS)
			err = -EINTR;
	}
out_unlock:
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	kipc_message_destroy(withdrawn);
	return err;
}

/**
 * kipc_channel_call() - send a call and wait for its reply
 * @ep:		a client
 * @source:	the payload
 * @tag:	the application's
 * @limit:	how long, in all; nonblock is for the room at the server only
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @call:	on the caller's stack, @receiver.header set; outcome is written
 *
 * Return: 0, the reply is held by @ep; or a negative errno (uapi: KIPC_IOC_CHANNEL_CALL).
 */
int kipc_channel_call(struct kipc_endpoint *ep, struct kipc_source *source, u64 tag,
		      const struct kipc_limit *limit, u64 *release, struct kipc_call *call)
{
	struct kipc_message *msg;
	struct kipc_inbox *inbox;
	u64 id;
	int err;

	call->outcome = KIPC_OUTCOME_NONE;
	msg = kipc_channel_prepare(ep, 0, KIPC_KIND_CALL, source, tag, limit, release);
	if (IS_ERR(msg))
		return PTR_ERR(msg);

	kipc_waiter_init(&call->receiver.waiter);
	kipc_view_capture(&call->receiver.view);
	call->client = ep;
	call->msg = msg;
	/* Good while the call is not finished: the server's death finishes it. */
	inbox = &msg->to->inbox;
	id = msg->id;
	err = kipc_channel_commit(ep, msg, call);
	if (err)
		return err;

	err = kipc_waiter_sleep(&call->receiver.waiter, limit);
	err = err ? kipc_call_give_up(ep->channel, inbox, call, err) :
		    call->receiver.waiter.result;
	trace_kipc_call_end(ep->channel, id, call->outcome, err);
	return err;
}

/**
 * kipc_channel_send() - send one way
 * @ep:		a server or a client
 * @to:		from a server: the client's number
 * @source:	the payload
 * @tag:	the application's
 * @limit:	how long to wait for room
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_CHANNEL_SEND).
 */
int kipc_channel_send(struct kipc_endpoint *ep, u64 to, struct kipc_source *source, u64 tag,
		      const struct kipc_limit *limit)
{
	struct kipc_message *msg;
	u64 nothing = 0;

	msg = kipc_channel_prepare(ep, to, KIPC_KIND_SEND, source, tag, limit, &nothing);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return kipc_channel_commit(ep, msg, NULL);
}

/**
 * kipc_channel_requeue() - undo a receive that could not be completed
 * @ep:	the endpoint
 * @id:	the message's id
 */
void kipc_channel_requeue(struct kipc_endpoint *ep, u64 id)
{
	struct kipc_wakes wakes = { .count = 0 };
	bool queued;

	spin_lock(&ep->channel->lock);
	queued = kipc_inbox_requeue(&ep->inbox, id, &wakes);
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (queued)
		kipc_endpoint_tell(ep);
}

/*
 * Take the next message, or line up for it.  The caller holds the lock.
 *
 * Return: 0; -EINPROGRESS, kipc_receive_finish() awaits it; -EAGAIN; -EPIPE.
 */
static int kipc_receive_begin(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			      struct kipc_receiver *receiver)
{
	kipc_view_capture(&receiver->view);
	if (kipc_inbox_take(&ep->inbox, receiver))
		return 0;
	if (!ep->channel->server)
		return -EPIPE;
	if (limit->nonblock)
		return -EAGAIN;
	kipc_waiter_init(&receiver->waiter);
	list_add(&receiver->waiter.entry, &ep->inbox.receivers);
	return -EINPROGRESS;
}

/* What kipc_receive_begin() has begun; the lock has been dropped. */
static int kipc_receive_finish(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			       struct kipc_receiver *receiver, int err)
{
	if (err == -EINPROGRESS)
		err = kipc_channel_await(ep->channel, &receiver->waiter, limit);
	if (err)
		return err;
	/* A thread that is being killed will not serve it; another one can. */
	if (fatal_signal_pending(current)) {
		kipc_channel_requeue(ep, receiver->header->id);
		return -EINTR;
	}
	trace_kipc_recv(ep->channel, receiver->header);
	return 0;
}

/**
 * kipc_channel_receive() - take the next message
 * @ep:		a server or a client
 * @limit:	how long to wait for one
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @receiver:	on the caller's stack, @header set
 *
 * Return: 0, the message is held by @ep; -EAGAIN, -ETIMEDOUT, -ERESTARTSYS; -EPIPE
 * to a client whose server has gone; -ENOENT or -EBUSY, @release could not be.
 */
int kipc_channel_receive(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			 u64 *release, struct kipc_receiver *receiver)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *released = NULL;
	int err = 0;

	spin_lock(&ep->channel->lock);
	if (*release) {
		released = kipc_channel_release_locked(ep, *release, &wakes);
		err = PTR_ERR_OR_ZERO(released);
	}
	if (!err) {
		*release = 0;
		err = kipc_receive_begin(ep, limit, receiver);
	}
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (!IS_ERR_OR_NULL(released))
		kipc_message_recycle(&ep->spare, released);
	return kipc_receive_finish(ep, limit, receiver, err);
}

/* The held call of an id, claimed for replying: nobody else ends it from here on. */
static struct kipc_message *kipc_reply_claim(struct kipc_endpoint *ep, u64 id,
					     struct kipc_message *reply)
{
	struct kipc_message *msg = kipc_inbox_find(&ep->inbox, id);
	int err;

	if (!msg)
		return ERR_PTR(-ENOENT);
	if (msg->kind != KIPC_KIND_CALL)
		return ERR_PTR(-EPROTO);
	if (msg->replying)
		return ERR_PTR(-EBUSY);
	if (msg->call) {
		/* Its client lives: a thread of it waits in the call. */
		err = kipc_inbox_reserve(&msg->call->client->inbox, reply, NULL);
		if (err)
			return ERR_PTR(err == -EAGAIN ? -ENOBUFS : err);
	}
	msg->replying = true;
	return msg;
}

/* Give a filled reply to the caller, who gets it as a message that it holds. */
static void kipc_reply_deliver(struct kipc_channel *channel, struct kipc_message *msg,
			       struct kipc_message *reply, struct kipc_wakes *wakes)
{
	struct kipc_call *call = msg->call;

	trace_kipc_reply(channel, msg, reply);
	msg->call = NULL;
	kipc_inbox_hold(&reply->to->inbox, reply);
	kipc_message_describe(reply, &call->receiver.view, call->receiver.header);
	call->outcome = KIPC_OUTCOME_REPLIED;
	kipc_waiter_finish(&call->receiver.waiter, 0, wakes);
}

/*
 * End a call that kipc_reply_claim() has claimed: give the reply to the caller, if it
 * still waits.  With @err set the copy failed, and the call is held as before.  After
 * a reply, @receiver, where there is one, begins to receive (kipc_receive_begin()).
 */
static int kipc_reply_commit(struct kipc_endpoint *ep, struct kipc_message *msg,
			     struct kipc_message *reply, int err,
			     const struct kipc_limit *limit, struct kipc_receiver *receiver,
			     int *begun)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_endpoint *to = reply->to;

	spin_lock(&ep->channel->lock);
	msg->replying = false;
	if (!err && !msg->call)
		err = -ECANCELED;
	/* Before the caller is told: while it waits it need not be looked up. */
	if (!err || err == -ECANCELED)
		kipc_channel_drop(ep, msg, &wakes);
	if (!err)
		kipc_reply_deliver(ep->channel, msg, reply, &wakes);
	else if (to)
		kipc_inbox_cancel(&to->inbox, reply, &wakes);
	if (!err && receiver)
		*begun = kipc_receive_begin(ep, limit, receiver);
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (to)
		kipc_endpoint_put(to);
	if (!err || err == -ECANCELED)
		kipc_message_recycle(&ep->spare, msg);
	if (err)
		kipc_message_destroy(reply);
	return err;
}

/**
 * kipc_channel_reply() - answer a call and release it, and receive the next message
 * @ep:		the server
 * @id:		the call's id; 0 once the reply has been given, or nobody waits for it
 * @source:	the answer
 * @tag:	the application's
 * @limit:	how long to wait for the next message
 * @receiver:	on the caller's stack, @header set; NULL not to receive
 *
 * Return: 0; -ECANCELED, nobody waited, the call is released; another negative
 * errno (uapi: KIPC_IOC_CHANNEL_REPLY), the call is still held while @id is not 0.
 */
int kipc_channel_reply(struct kipc_endpoint *ep, u64 *id, struct kipc_source *source, u64 tag,
		       const struct kipc_limit *limit, struct kipc_receiver *receiver)
{
	struct kipc_message *msg, *reply;
	int begun = 0, err = 0;

	reply = kipc_message_create(&ep->spare, KIPC_KIND_REPLY, tag,
				    iov_iter_count(&source->iter));
	if (!reply)
		return -ENOMEM;

	spin_lock(&ep->channel->lock);
	msg = kipc_reply_claim(ep, *id, reply);
	spin_unlock(&ep->channel->lock);
	if (IS_ERR(msg)) {
		kipc_message_destroy(reply);
		return PTR_ERR(msg);
	}

	if (reply->to)
		err = kipc_copy_to_memory(&reply->to->inbox.memory, reply->slice.offset,
					  reply->len, source);
	err = kipc_reply_commit(ep, msg, reply, err, limit, receiver, &begun);
	if (!err || err == -ECANCELED)
		*id = 0;
	if (err || !receiver)
		return err;
	return kipc_receive_finish(ep, limit, receiver, begun);
}
