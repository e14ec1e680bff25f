// SPDX-License-Identifier: GPL-2.0
/* Transfer, receiving: see transfer.h. */
#include <linux/sched/signal.h>

#include "channel.h"
#include "fds.h"
#include "nice.h"
#include "trace.h"
#include "transfer.h"

/* Messages of the ring that are released under one hold of the lock. */
#define KIPC_RING_LOT		64

/**
 * kipc_channel_drop() - end a held message; the caller holds the lock
 * @ep:		who holds it
 * @msg:	the message; the caller's afterwards
 * @wakes:	whom to wake
 */
void kipc_channel_drop(struct kipc_endpoint *ep, struct kipc_message *msg,
		       struct kipc_wakes *wakes)
{
	kipc_inbox_drop(&ep->inbox, msg, wakes);
	/* write() has nothing to answer any more if this was it. */
	if (ep->reading == msg->id)
		ep->reading = 0;
}

/**
 * kipc_channel_release_locked() - end a held message without a reply
 * @ep:		who holds it
 * @id:		its id
 * @wakes:	whom to wake
 *
 * Return: the message, the caller's to recycle; NULL, it has become the notice of its
 * failure; ERR_PTR(-ENOENT), not held; ERR_PTR(-EBUSY), being replied to.
 */
struct kipc_message *kipc_channel_release_locked(struct kipc_endpoint *ep, u64 id,
						 struct kipc_wakes *wakes)
{
	struct kipc_message *msg = kipc_inbox_find(&ep->inbox, id);

	if (!msg)
		return ERR_PTR(-ENOENT);
	if (msg->busy)
		return ERR_PTR(-EBUSY);
	kipc_channel_drop(ep, msg, wakes);
	trace_kipc_release(ep->channel, id);
	return kipc_call_end(ep, msg, -ECONNRESET, wakes) ? msg : NULL;
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
	if (msg)
		kipc_message_recycle(&ep->spare, msg);
	return 0;
}

/**
 * kipc_channel_requeue() - undo a receive that could not be completed
 * @ep:		the endpoint
 * @header:	what the receiver would have been told
 */
void kipc_channel_requeue(struct kipc_endpoint *ep, const struct kipc_header *header)
{
	struct kipc_wakes wakes = { .count = 0 };
	bool queued;

	spin_lock(&ep->channel->lock);
	queued = kipc_inbox_requeue(&ep->inbox, header, &wakes);
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (queued)
		kipc_endpoint_tell(ep);
}

/* The owner has taken this much from the ring.  Return: whether there is more in it now. */
static bool kipc_ring_mark_seen(struct kipc_endpoint *ep, const struct kipc_ring_mark *mark)
{
	struct kipc_ring_state *ring = ep->inbox.ring;

	kipc_inbox_fill_ring(&ep->inbox);
	ring->seen = max(ring->seen, mark->seen);
	return ring->tail != mark->seen;
}

/**
 * kipc_receive_begin() - take the next message, or line up for it
 * @ep:		the endpoint
 * @limit:	whether to line up
 * @mark:	how far the owner has come in its ring, checked; or NULL
 * @receiver:	on the caller's stack, @header set
 *
 * The caller holds the lock.
 *
 * Return: 0; -EINPROGRESS, kipc_receive_finish() awaits it; -EAGAIN; -EPIPE.
 */
int kipc_receive_begin(struct kipc_endpoint *ep, const struct kipc_limit *limit,
		       const struct kipc_ring_mark *mark, struct kipc_receiver *receiver)
{
	kipc_view_capture(&receiver->view, ep->time_offset);
	if (unlikely(mark) && kipc_ring_mark_seen(ep, mark)) {
		*receiver->header = (struct kipc_header){ .kind = KIPC_KIND_NONE };
		return 0;
	}
	if (kipc_inbox_take(&ep->inbox, receiver))
		return 0;
	if (ep->channel->ended)
		return -EPIPE;
	if (limit->nonblock)
		return -EAGAIN;
	kipc_waiter_init(&receiver->waiter);
	list_add(&receiver->waiter.entry, &ep->inbox.receivers);
	return -EINPROGRESS;
}

/*
 * A call that nobody waited for has ended without a reply, and its maker learns that: again,
 * where it names a place for the news that cannot be written.
 */
static void kipc_receive_failure(struct kipc_endpoint *ep, const struct kipc_header *header)
{
	int undelivered = kipc_endpoint_is_client(ep) ? -EPIPE : -ESRCH;

	if (header->flags & KIPC_HEADER_DELIVERED)
		kipc_call_failed(ep, header->call, -ECONNRESET, KIPC_OUTCOME_DELIVERED);
	else
		kipc_call_failed(ep, header->call, undelivered, KIPC_OUTCOME_NONE);
}

/**
 * kipc_receive_finish() - what kipc_receive_begin() has begun, without the lock
 * @ep:		the endpoint
 * @limit:	how long to wait
 * @receiver:	as it was there
 * @err:	what that returned
 *
 * Return: 0, the message is held by @ep; or a negative errno.
 */
int kipc_receive_finish(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			struct kipc_receiver *receiver, int err)
{
	const struct kipc_header *header = receiver->header;

	if (err == -EINPROGRESS)
		err = kipc_channel_await(ep->channel, &receiver->waiter, limit);
	if (err)
		return err;
	/* A thread that is being killed will not serve it; another one can. */
	if (fatal_signal_pending(current)) {
		kipc_channel_requeue(ep, header);
		return -EINTR;
	}
	if (unlikely(ep->options & KIPC_CHANNEL_NICE) && header->kind == KIPC_KIND_CALL)
		kipc_nice_adopt(ep, header->id);
	trace_kipc_recv(ep->channel, header);
	if (unlikely(header->kind == KIPC_KIND_FAILED))
		kipc_receive_failure(ep, header);
	return 0;
}

/* Release what the owner has done with in its ring, some at a time. */
static int kipc_ring_release(struct kipc_endpoint *ep, const struct kipc_ring_mark *mark)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *msg;
	LIST_HEAD(gone);
	int err, lot;

	do {
		lot = KIPC_RING_LOT;
		msg = NULL;
		spin_lock(&ep->channel->lock);
		err = ep->inbox.ring && kipc_ring_check(ep->inbox.ring, mark->seen, mark->done) ?
		      0 : -EINVAL;
		while (!err && lot-- && (msg = kipc_ring_next_done(ep->inbox.ring, mark->done))) {
			kipc_channel_drop(ep, msg, &wakes);
			list_add(&msg->entry, &gone);
		}
		spin_unlock(&ep->channel->lock);

		kipc_wakes_flush(&wakes);
		kipc_message_destroy_all(&gone);
	} while (msg);
	return err;
}

/**
 * kipc_channel_receive() - take the next message
 * @ep:		a server or a client
 * @limit:	how long to wait for one
 * @mark:	how far the owner has come in its ring; NULL not to look there
 * @release:	id of a held message to release first, or 0; 0 once that is done
 * @receiver:	on the caller's stack, @header set
 *
 * Return: 0, the message is held by @ep; -EAGAIN, -ETIMEDOUT, -ERESTARTSYS; -EPIPE
 * to a client whose server has gone; -ENOENT or -EBUSY, @release could not be; -EINVAL,
 * no such @mark.
 */
int kipc_channel_receive(struct kipc_endpoint *ep, const struct kipc_limit *limit,
			 const struct kipc_ring_mark *mark, u64 *release,
			 struct kipc_receiver *receiver)
{
	struct kipc_wakes wakes = { .count = 0 };
	struct kipc_message *released = NULL;
	int err = 0;

	if (unlikely(mark)) {
		err = kipc_ring_release(ep, mark);
		if (err)
			return err;
	}

	spin_lock(&ep->channel->lock);
	if (*release) {
		released = kipc_channel_release_locked(ep, *release, &wakes);
		err = PTR_ERR_OR_ZERO(released);
	}
	if (!err) {
		*release = 0;
		err = kipc_receive_begin(ep, limit, mark, receiver);
	}
	spin_unlock(&ep->channel->lock);

	kipc_wakes_flush(&wakes);
	if (!IS_ERR_OR_NULL(released))
		kipc_message_recycle(&ep->spare, released);
	return kipc_receive_finish(ep, limit, receiver, err);
}

/**
 * kipc_channel_claim() - keep everybody else from ending a held message
 * @ep:	who holds it
 * @id:	its id
 *
 * Return: whether it is held, and was not claimed; kipc_channel_unclaim() must follow.
 */
bool kipc_channel_claim(struct kipc_endpoint *ep, u64 id)
{
	struct kipc_message *msg;
	bool claimed;

	spin_lock(&ep->channel->lock);
	msg = kipc_inbox_find(&ep->inbox, id);
	claimed = msg && !msg->busy;
	if (claimed)
		msg->busy = true;
	spin_unlock(&ep->channel->lock);
	return claimed;
}

/* What kipc_channel_claim() has claimed may be ended again. */
void kipc_channel_unclaim(struct kipc_endpoint *ep, u64 id)
{
	spin_lock(&ep->channel->lock);
	kipc_inbox_find(&ep->inbox, id)->busy = false;
	spin_unlock(&ep->channel->lock);
}

/**
 * kipc_channel_add_ring() - give an endpoint its ring
 * @ep:		a server or a client
 * @entries:	how many, a power of two
 *
 * Return: 0, -EEXIST, -ENOMEM or -EDQUOT.
 */
int kipc_channel_add_ring(struct kipc_endpoint *ep, u32 entries)
{
	struct kipc_ring_state *ring = kipc_ring_create(entries, ep->user, ep->time_offset);
	int err = 0;

	if (IS_ERR(ring))
		return PTR_ERR(ring);
	spin_lock(&ep->channel->lock);
	if (ep->inbox.ring)
		err = -EEXIST;
	else
		smp_store_release(&ep->inbox.ring, ring);	/* for mmap, which has no lock */
	spin_unlock(&ep->channel->lock);
	if (err)
		kipc_ring_destroy(ring);
	return err;
}

/**
 * kipc_channel_inspect() - look at a held message again
 * @ep:		who holds it
 * @id:		its id
 * @header:	written
 *
 * Return: 0 or -ENOENT.
 */
int kipc_channel_inspect(struct kipc_endpoint *ep, u64 id, struct kipc_header *header)
{
	struct kipc_message *msg;
	struct kipc_view view;

	kipc_view_capture(&view, ep->time_offset);
	spin_lock(&ep->channel->lock);
	msg = kipc_inbox_find(&ep->inbox, id);
	if (msg) {
		kipc_message_describe(msg, &view, header);
		if (msg->kind == KIPC_KIND_CALL && !kipc_call_is_wanted(ep, msg))
			header->flags |= KIPC_HEADER_CANCELED;
	}
	spin_unlock(&ep->channel->lock);
	return msg ? 0 : -ENOENT;
}

/**
 * kipc_channel_take_fds() - install a held message's descriptors
 * @ep:		who holds it
 * @id:		its id
 * @to:		where their numbers are written
 * @count:	how many, from the first
 * @taken:	empty; afterwards those that have been, to be ended with kipc_fds_taken_end()
 *
 * Return: 0; -ENOENT, not held; -EINVAL, it has fewer; -ENOMEM; or as kipc_fds_install().
 */
int kipc_channel_take_fds(struct kipc_endpoint *ep, u64 id, s32 __user *to, u32 count,
			  struct kipc_fds_taken *taken)
{
	struct kipc_fds *fds = NULL;
	struct kipc_message *msg;
	int err = -ENOENT;

	/* Installing may sleep: with a reference of our own, and without the lock. */
	spin_lock(&ep->channel->lock);
	msg = kipc_inbox_find(&ep->inbox, id);
	if (msg)
		err = kipc_fds_count(msg->fds) < count ? -EINVAL : 0;
	if (!err && count) {
		fds = kipc_fds_get(msg->fds);
		if (count == fds->count)
			fds->wanted = true;
	}
	spin_unlock(&ep->channel->lock);

	if (fds) {
		err = kipc_fds_take_some(fds, to, count, taken);
		kipc_fds_put(fds);
	}
	return err;
}
