// SPDX-License-Identifier: GPL-2.0
/* Transfer, calls and replies: see transfer.h. */
#include "channel.h"
#include "copy.h"
#include "event.h"
#include "fds.h"
#include "objects.h"
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
	msg->flags = msg->state == KIPC_MESSAGE_HELD ? KIPC_HEADER_DELIVERED : 0;
	msg->kind = KIPC_KIND_FAILED;
	msg->time = ktime_get_coarse_ns();
	msg->answers = msg->id;
	msg->peer = ep->number;
	msg->slice.offset = 0;
	msg->len = 0;
	msg->prio = 0;
	if (kipc_inbox_put(&maker->inbox, msg, wakes))
		kipc_endpoint_tell(maker);
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
		return !kipc_message_is_async_call(msg) || !kipc_call_fail(ep, msg, wakes);
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
static int kipc_call_give_up(struct kipc_channel *channel, struct kipc_call *call, int why)
{
	struct kipc_inbox *inbox = call->inbox;
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
			kipc_endpoint_tell(inbox->owner);
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

/* Is this the end of a call, and not that of an attempt to make one? */
static bool kipc_call_is_failure(int err)
{
	switch (err) {
	case -EPIPE:
	case -ESRCH:
	case -ECONNRESET:
	case -ETIMEDOUT:
	case -EINTR:
	case -EDQUOT:
		return true;
	default:
		return false;
	}
}

/**
 * kipc_call_failed() - a call has ended without a reply, and its maker is told: count and tell
 * @ep:		who made it
 * @id:		its id; 0, it never had one
 * @err:	what its maker is told
 * @outcome:	enum kipc_outcome
 *
 * One that was only tried (no room, and not to be waited for; bad arguments), or that a
 * signal's handler may restart, is none.
 */
void kipc_call_failed(struct kipc_endpoint *ep, u64 id, int err, u32 outcome)
{
	struct kipc_channel *channel = ep->channel;

	if (!kipc_call_is_failure(err))
		return;
	spin_lock(&channel->lock);
	channel->record.failed++;
	spin_unlock(&channel->lock);
	kipc_objects_count_failure(ep->net);
	kipc_event_call_failed(ep, id, err, outcome);
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
	int err;

	call->outcome = KIPC_OUTCOME_NONE;
	call->caller = ep;
	kipc_waiter_init(&call->receiver.waiter);
	kipc_view_capture(&call->receiver.view, ep->time_offset);
	msg = kipc_message_create(&ep->spare, KIPC_KIND_CALL, source);
	if (!msg)
		return -ENOMEM;
	call->id = 0;
	err = kipc_channel_transmit(ep, to, msg, source, limit, release, call);
	if (likely(!err)) {
		err = kipc_waiter_sleep(&call->receiver.waiter, limit);
		err = err ? kipc_call_give_up(ep->channel, call, err) :
			    call->receiver.waiter.result;
		trace_kipc_call_end(ep->channel, call->id, call->outcome, err);
	}
	if (unlikely(err))
		kipc_call_failed(ep, call->id, err, call->outcome);
	return err;
}

/**
 * kipc_channel_call_async() - send a call whose end is received as a message
 * @ep:		a client or a server
 * @to:		from a server: the client's number
 * @source:	what to send
 * @limit:	how long to wait for room at the receiver
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @call:	@id is written
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_CHANNEL_CALL).
 */
int kipc_channel_call_async(struct kipc_endpoint *ep, u64 to, struct kipc_source *source,
			    const struct kipc_limit *limit, u64 *release, struct kipc_call *call)
{
	struct kipc_message *msg = kipc_message_create(&ep->spare, KIPC_KIND_CALL, source);
	int err;

	if (!msg)
		return -ENOMEM;
	/* For the message that tells of the end, whichever that will be. */
	err = kipc_user_charge(ep->user, KIPC_QUOTA_POOL_MSGS, 1);
	if (err) {
		kipc_message_destroy(msg);
		return err;
	}
	msg->payer = kipc_user_get(ep->user);
	err = kipc_channel_transmit(ep, to, msg, source, limit, release, call);
	if (unlikely(err))
		kipc_call_failed(ep, 0, err, KIPC_OUTCOME_NONE);
	return err;
}

/**
 * struct kipc_answer - an answer on its way, on the stack of the thread that gives it
 * @ep:		who holds the call
 * @reply:	the reply
 * @call:	the call, once it has been found
 * @inbox:	the caller's, @reply has room there; or NULL, nobody waits
 * @limit:	how long to wait for the next message
 * @receiver:	who receives it, or NULL
 * @begun:	what kipc_receive_begin() said
 */
struct kipc_answer {
	struct kipc_endpoint	*ep;
	struct kipc_message	*reply;
	struct kipc_message	*call;
	struct kipc_inbox	*inbox;
	const struct kipc_limit	*limit;
	struct kipc_receiver	*receiver;
	int			begun;
};

/* Who is to be given the reply to a call: NULL, nobody wants it any more. */
static struct kipc_inbox *kipc_reply_target(struct kipc_channel *channel,
					    const struct kipc_message *msg)
{
	struct kipc_endpoint *caller = NULL;

	if (likely(msg->call))
		caller = msg->call->caller;	/* lives: a thread of it waits in the call */
	else if (kipc_message_is_async_call(msg))
		caller = kipc_call_maker(channel, msg);
	return caller ? &caller->inbox : NULL;
}

/**
 * kipc_call_is_wanted() - does anybody wait for the reply, or will receive it?
 * @ep:		who holds the call; its lock is held
 * @msg:	the call
 */
bool kipc_call_is_wanted(struct kipc_endpoint *ep, const struct kipc_message *msg)
{
	return kipc_reply_target(ep->channel, msg);
}

/* Find the held call of an id, and room for the reply.  The caller holds the lock. */
static int kipc_reply_reserve(struct kipc_answer *answer, u64 id)
{
	struct kipc_endpoint *ep = answer->ep;
	struct kipc_message *msg = kipc_inbox_find(&ep->inbox, id);
	int err;

	if (!msg)
		return -ENOENT;
	if (msg->kind != KIPC_KIND_CALL)
		return -EPROTO;
	if (msg->busy)
		return -EBUSY;
	answer->call = msg;
	answer->inbox = kipc_reply_target(ep->channel, msg);
	if (!answer->inbox)
		return 0;
	answer->reply->paid = msg->payer;
	err = kipc_inbox_reserve(answer->inbox, answer->reply,
				 kipc_endpoint_is_client(ep) ? ep : NULL);
	return err == -EAGAIN ? -ENOBUFS : err;
}

/*
 * Give a filled reply to the caller: to the thread that waits, which gets it as a message
 * that it holds, or as a message to receive.
 */
static void kipc_reply_deliver(struct kipc_answer *answer, struct kipc_wakes *wakes)
{
	struct kipc_message *reply = answer->reply;
	struct kipc_call *call = answer->call->call;

	reply->answers = answer->call->id;
	reply->to = NULL;
	if (unlikely(!call)) {
		if (kipc_inbox_put(answer->inbox, reply, wakes))
			kipc_endpoint_tell(answer->inbox->owner);
		trace_kipc_reply(answer->ep->channel, answer->call, reply);
		return;
	}
	answer->call->call = NULL;
	kipc_record_add(&answer->ep->channel->record, reply);
	trace_kipc_reply(answer->ep->channel, answer->call, reply);
	kipc_inbox_hold(answer->inbox, reply);
	kipc_message_describe(reply, &call->receiver.view, call->receiver.header);
	call->outcome = KIPC_OUTCOME_REPLIED;
	kipc_waiter_finish(&call->receiver.waiter, 0, wakes);
}

/*
 * End the call, with the filled reply or because nobody wants it, and begin to receive the
 * next message.  The caller holds the lock.
 */
static int kipc_reply_end(struct kipc_answer *answer, struct kipc_wakes *wakes)
{
	/* Before the caller is told: while it waits it need not be looked up. */
	kipc_channel_drop(answer->ep, answer->call, wakes);
	if (!answer->inbox)
		return -ECANCELED;
	kipc_reply_deliver(answer, wakes);
	if (answer->receiver)
		answer->begun = kipc_receive_begin(answer->ep, answer->limit, NULL,
						   answer->receiver);
	return 0;
}

/*
 * A small reply goes its whole way under one hold of the lock, unless there is no memory
 * for it right now.
 *
 * Return: 0; -ECANCELED; -EAGAIN, it takes all the steps; another negative errno.
 */
static int kipc_reply_post(struct kipc_answer *answer, u64 id, const struct kipc_source *source)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *reply = answer->reply;
	struct kipc_inbox *inbox;
	int err;

	spin_lock(&answer->ep->channel->lock);
	err = kipc_reply_reserve(answer, id);
	inbox = answer->inbox;
	if (!err && inbox &&
	    !kipc_copy_small(&inbox->memory, reply->slice.offset, reply->len, source)) {
		kipc_inbox_cancel(inbox, reply, &wakes);
		err = -EAGAIN;
	}
	if (!err)
		err = kipc_reply_end(answer, &wakes);
	spin_unlock(&answer->ep->channel->lock);

	kipc_wakes_flush(&wakes);
	return err;
}

/*
 * The lock has been given up for the copy, which ended with @err: is the reply still
 * wanted?  The one who waits may have gone since, and with it the place it was copied to.
 */
static int kipc_reply_commit(struct kipc_answer *answer, int err, struct kipc_wakes *wakes)
{
	struct kipc_message *msg = answer->call, *reply = answer->reply;

	msg->busy = false;
	if (!err && answer->inbox &&
	    kipc_reply_target(answer->ep->channel, msg) == answer->inbox)
		return kipc_reply_end(answer, wakes);
	if (answer->inbox)
		kipc_inbox_cancel(&reply->to->inbox, reply, wakes);
	if (err)
		return err;
	answer->inbox = NULL;
	return kipc_reply_end(answer, wakes);
}

/* All the steps of replying, one by one. */
static int kipc_reply_stepwise(struct kipc_answer *answer, u64 id, struct kipc_source *source)
{
	struct kipc_channel *channel = answer->ep->channel;
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *reply = answer->reply;
	struct kipc_endpoint *to;
	int err;

	spin_lock(&channel->lock);
	err = kipc_reply_reserve(answer, id);
	if (!err) {
		/* Nobody else may end the call from here on. */
		answer->call->busy = true;
		if (answer->inbox)
			kipc_inbox_pin(answer->inbox, reply);
	}
	spin_unlock(&channel->lock);
	if (err)
		return err;

	to = reply->to;
	if (to)
		err = kipc_copy_to_memory(&to->inbox.memory, reply->slice.offset, reply->len,
					  source);
	spin_lock(&channel->lock);
	err = kipc_reply_commit(answer, err, &wakes);
	spin_unlock(&channel->lock);

	kipc_wakes_flush(&wakes);
	if (to)
		kipc_endpoint_put(to);
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
	struct kipc_answer answer = { .ep = ep, .limit = limit, .receiver = receiver };
	int err = -EAGAIN;

	answer.reply = kipc_message_create(&ep->spare, KIPC_KIND_REPLY, source);
	if (!answer.reply)
		return -ENOMEM;
	answer.reply->peer = ep->number;

	if (likely(source->small))
		err = kipc_reply_post(&answer, *id, source);
	if (err == -EAGAIN)
		err = kipc_reply_stepwise(&answer, *id, source);
	if (err)
		kipc_message_destroy(answer.reply);
	if (!err || err == -ECANCELED) {
		*id = 0;
		kipc_message_recycle(&ep->spare, answer.call);
	}
	if (err || !receiver)
		return err;
	return kipc_receive_finish(ep, limit, receiver, answer.begun);
}
