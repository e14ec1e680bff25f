// SPDX-License-Identifier: GPL-2.0
/* Transfer, calls and replies: see transfer.h. */
#include "channel.h"
#include "copy.h"
#include "fds.h"
#include "quota.h"
#include "trace.h"
#include "transfer.h"

/* Who made a call that nobody waits for, if it is still there; the caller holds the lock. */
static struct kipc_endpoint *kipc_call_maker(struct kipc_channel *channel,
					     const struct kipc_message *msg)
{
	return msg->peer ? kipc_channel_client(channel, msg->peer) : channel->server;
}

/*
 * A call that nobody waits for ends without a reply: it becomes the notice of that, for
 * which its maker has been charged when it was made.
 */
static bool kipc_call_fail(struct kipc_endpoint *ep, struct kipc_message *msg,
			   struct kipc_wakes *wakes)
{
	struct kipc_endpoint *maker = kipc_call_maker(ep->channel, msg);

	if (!maker)
		return false;
	kipc_user_put(msg->payer);
	msg->payer = NULL;
	if (msg->fds)
		kipc_fds_put(msg->fds);
	msg->fds = NULL;
	msg->flags = msg->state == KIPC_MESSAGE_HELD ? KIPC_MSG_DELIVERED : 0;
	msg->kind = KIPC_KIND_FAILED;
	msg->answers = msg->id;
	msg->id = ++ep->channel->last_id;
	msg->peer = ep->number;
	msg->len = 0;
	msg->prio = 0;
	if (kipc_inbox_put(&maker->inbox, msg, wakes))
		kipc_wake_pollers(&maker->poll_wait, EPOLLIN | EPOLLRDNORM);
	return true;
}

/**
 * kipc_call_end() - end a call without a reply; the caller holds the lock
 * @ep:		who received it, or would have
 * @msg:	the call, or any other message; in no list, its slice given back
 * @result:	what its caller is told
 * @wakes:	whom to wake
 *
 * Does nothing where nobody waits (any more).
 *
 * Return: whether the message is still the caller's.
 */
bool kipc_call_end(struct kipc_endpoint *ep, struct kipc_message *msg, int result,
		   struct kipc_wakes *wakes)
{
	struct kipc_call *call = msg->call;

	if (!call)
		return !msg->payer || !kipc_call_fail(ep, msg, wakes);
	msg->call = NULL;
	call->outcome = msg->state == KIPC_MESSAGE_HELD ? KIPC_OUTCOME_DELIVERED :
							  KIPC_OUTCOME_NONE;
	kipc_waiter_finish(&call->receiver.waiter, result, wakes);
	return true;
}

/*
 * Stop waiting for a reply, unless the call has ended by itself just now.  A call
 * that nobody has received is taken back; one that has been delivered stays with its
 * receiver, which learns that nobody waits by a notice, or when it replies.
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
		if (kipc_inbox_give_up(inbox, msg, inbox->owner->options & KIPC_CHANNEL_NOTICES,
				       &wakes))
			kipc_wake_pollers(&inbox->owner->poll_wait, EPOLLIN | EPOLLRDNORM);
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
 * @ep:		a client or a server
 * @to:		from a server: the client's number
 * @source:	what to send
 * @limit:	how long, in all; nonblock is for the room at the receiver only
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @call:	on the caller's stack, @receiver.header set; outcome is written
 *
 * Return: 0, the reply is held by @ep; or a negative errno (uapi: KIPC_IOC_CHANNEL_CALL).
 */
int kipc_channel_call(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
		      const struct kipc_limit *limit, u64 *release, struct kipc_call *call)
{
	struct kipc_message *msg;
	struct kipc_inbox *inbox;
	u64 id;
	int err;

	call->outcome = KIPC_OUTCOME_NONE;
	msg = kipc_channel_prepare(ep, to, KIPC_KIND_CALL, source, limit, release);
	if (IS_ERR(msg))
		return PTR_ERR(msg);

	kipc_waiter_init(&call->receiver.waiter);
	kipc_view_capture(&call->receiver.view);
	call->caller = ep;
	call->msg = msg;
	/* Good while the call is not finished: the receiver's death finishes it. */
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
 * kipc_channel_call_async() - send a call whose end is received as a message
 * @ep:		a client or a server
 * @to:		from a server: the client's number
 * @source:	what to send
 * @limit:	how long to wait for room at the receiver
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @id:		the call's id is written
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_CHANNEL_CALL).
 */
int kipc_channel_call_async(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
			    const struct kipc_limit *limit, u64 *release, u64 *id)
{
	struct kipc_message *msg;
	int err;

	/* For the message that tells of the end, whichever that will be. */
	err = kipc_user_charge(ep->user, KIPC_QUOTA_POOL_MSGS, 1);
	if (err)
		return err;
	msg = kipc_channel_prepare(ep, to, KIPC_KIND_CALL, source, limit, release);
	if (IS_ERR(msg)) {
		kipc_user_uncharge(ep->user, KIPC_QUOTA_POOL_MSGS, 1);
		return PTR_ERR(msg);
	}
	msg->payer = kipc_user_get(ep->user);
	*id = msg->id;
	return kipc_channel_commit(ep, msg, NULL);
}

/* The held call of an id, claimed for replying: nobody else ends it from here on. */
static struct kipc_message *kipc_reply_claim(struct kipc_endpoint *ep, u64 id,
					     struct kipc_message *reply)
{
	struct kipc_message *msg = kipc_inbox_find(&ep->inbox, id);
	struct kipc_endpoint *caller = NULL;
	int err;

	if (!msg)
		return ERR_PTR(-ENOENT);
	if (msg->kind != KIPC_KIND_CALL)
		return ERR_PTR(-EPROTO);
	if (msg->busy)
		return ERR_PTR(-EBUSY);
	if (msg->call)
		caller = msg->call->caller;	/* lives: a thread of it waits in the call */
	else if (msg->payer)
		caller = kipc_call_maker(ep->channel, msg);
	reply->paid = msg->payer;
	if (caller) {
		err = kipc_inbox_reserve(&caller->inbox, reply,
					 kipc_endpoint_is_client(ep) ? ep : NULL);
		if (err)
			return ERR_PTR(err == -EAGAIN ? -ENOBUFS : err);
	}
	msg->busy = true;
	return msg;
}

/**
 * kipc_call_is_wanted() - does anybody wait for the reply, or will receive it?
 * @ep:		who holds the call; its lock is held
 * @msg:	the call
 */
bool kipc_call_is_wanted(struct kipc_endpoint *ep, const struct kipc_message *msg)
{
	return msg->call || (msg->payer && kipc_call_maker(ep->channel, msg));
}

/* Does anybody want the reply still? */
static bool kipc_reply_wanted(const struct kipc_message *msg, const struct kipc_message *reply)
{
	return msg->call || (msg->payer && reply->to && !reply->to->inbox.closed);
}

/*
 * Give a filled reply to the caller: to the thread that waits, which gets it as a message
 * that it holds, or as a message to receive.
 */
static void kipc_reply_deliver(struct kipc_channel *channel, struct kipc_message *msg,
			       struct kipc_message *reply, struct kipc_wakes *wakes)
{
	struct kipc_call *call = msg->call;
	struct kipc_endpoint *to = reply->to;

	trace_kipc_reply(channel, msg, reply);
	reply->answers = msg->id;
	reply->to = NULL;
	if (unlikely(!call)) {
		if (kipc_inbox_put(&to->inbox, reply, wakes))
			kipc_wake_pollers(&to->poll_wait, EPOLLIN | EPOLLRDNORM);
		return;
	}
	msg->call = NULL;
	kipc_inbox_hold(&to->inbox, reply);
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
	msg->busy = false;
	if (!err && !kipc_reply_wanted(msg, reply))
		err = -ECANCELED;
	/* Before the caller is told: while it waits it need not be looked up. */
	if (!err || err == -ECANCELED)
		kipc_channel_drop(ep, msg, &wakes);
	if (!err)
		kipc_reply_deliver(ep->channel, msg, reply, &wakes);
	else if (to)
		kipc_inbox_cancel(&to->inbox, reply, &wakes);
	if (!err && receiver)
		*begun = kipc_receive_begin(ep, limit, NULL, receiver);
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
 * @ep:		who holds it
 * @id:		the call's id; 0 once the reply has been given, or nobody waits for it
 * @source:	the answer
 * @limit:	how long to wait for the next message
 * @receiver:	on the caller's stack, @header set; NULL not to receive
 *
 * Return: 0; -ECANCELED, nobody waited, the call is released; another negative
 * errno (uapi: KIPC_IOC_CHANNEL_REPLY), the call is still held while @id is not 0.
 */
int kipc_channel_reply(struct kipc_endpoint *ep, u64 *id, struct kipc_source *source,
		       const struct kipc_limit *limit, struct kipc_receiver *receiver)
{
	struct kipc_message *msg, *reply;
	int begun = 0, err = 0;

	reply = kipc_message_create(&ep->spare, KIPC_KIND_REPLY, source);
	if (!reply)
		return -ENOMEM;
	reply->peer = ep->number;

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
