// SPDX-License-Identifier: GPL-2.0
/* Queue: who waits, and what is done for those who do.  See queue.h and queue_transfer.h. */
#include <linux/ktime.h>

#include "notify.h"
#include "queue_transfer.h"
#include "trace.h"

/* What a receiver is to get of a message that it asks for.  Return: is it gone then? */
static bool kipc_queue_hand(struct kipc_queue_receiver *receiver, struct kipc_entry *entry,
			    struct kipc_wakes *wakes)
{
	const struct kipc_queue_order *order = receiver->order;
	bool peek = order->flags & KIPC_RECV_PEEK;

	list_del(&receiver->wait.waiter.entry);
	if (entry->len > order->room && !(order->flags & KIPC_RECV_TRUNCATE)) {
		receiver->needed = entry->len;
		kipc_waiter_finish(&receiver->wait.waiter, -EMSGSIZE, wakes);
		return false;
	}
	receiver->entry = peek ? kipc_entry_get(entry) : entry;
	kipc_waiter_finish(&receiver->wait.waiter, 0, wakes);
	return !peek;
}

/* A message goes to the first who waits for it.  Return: whether there was one. */
static bool kipc_queue_offer(struct kipc_queue *queue, struct kipc_entry *entry,
			     struct kipc_wakes *wakes)
{
	struct kipc_queue_receiver *receiver, *next;

	list_for_each_entry_safe(receiver, next, &queue->receivers, wait.waiter.entry)
		if (kipc_choice_takes(&receiver->order->choice, entry) &&
		    kipc_queue_hand(receiver, entry, wakes))
			return true;
	return false;
}

static void kipc_queue_insert(struct kipc_queue *queue, struct kipc_entry *entry)
{
	struct kipc_queue_record *record = &queue->record;

	kipc_store_insert(&queue->store, entry);
	record->peak_msgs = max(record->peak_msgs, queue->store.count);
	record->peak_bytes = max(record->peak_bytes, queue->store.bytes);
}

static void kipc_queue_record_send(struct kipc_queue *queue, const struct kipc_entry *entry)
{
	struct kipc_queue_record *record = &queue->record;

	record->sent++;
	record->send_time = entry->time;
	if (record->sender != entry->sender.pid) {
		put_pid(record->sender);
		record->sender = get_pid(entry->sender.pid);
	}
}

/**
 * kipc_queue_commit_locked() - a message is sent
 * @queue:	has room for it, and is not removed
 * @entry:	the queue's from now on
 * @wakes:	see queue_transfer.h
 */
void kipc_queue_commit_locked(struct kipc_queue *queue, struct kipc_entry *entry,
			      struct kipc_wakes *wakes)
{
	bool first = !queue->store.count;

	lockdep_assert_held(&queue->lock);
	queue->msgs++;
	queue->bytes += entry->len;
	entry->seq = ++queue->last_seq;
	kipc_queue_record_send(queue, entry);
	trace_kipc_queue_send(queue, entry);

	if (!list_empty(&queue->receivers) && kipc_queue_offer(queue, entry, wakes))
		return;
	kipc_queue_insert(queue, entry);
	if (unlikely(!list_empty(&queue->notifies)))
		kipc_notify_tell_locked(queue, entry, first);
}

/**
 * kipc_queue_return_locked() - a message that was taken could not be received
 * @queue:	the queue
 * @entry:	goes back to where it was
 * @wakes:	see queue_transfer.h
 */
void kipc_queue_return_locked(struct kipc_queue *queue, struct kipc_entry *entry,
			      struct kipc_wakes *wakes)
{
	lockdep_assert_held(&queue->lock);
	if (unlikely(queue->removed)) {
		queue->msgs--;
		queue->bytes -= entry->len;
		kipc_entry_put(entry);
	} else if (!kipc_queue_offer(queue, entry, wakes)) {
		kipc_queue_insert(queue, entry);
	}
}

/* Its message is in.  While that leaves it little to do it need not be woken: rouse.h. */
static void kipc_queue_finish_sender(struct kipc_queue *queue, struct kipc_queue_sender *sender,
				     u64 len, struct kipc_wakes *wakes)
{
	const struct kipc_bounds *bounds = &queue->bounds;
	struct kipc_waiter *waiter = &sender->wait.waiter;

	if (kipc_queue_is_crowded(queue) && bounds->max_msgs >= 4 && bounds->max_bytes >= 4 * len)
		kipc_rouse_late(&queue->rouse, kipc_waiter_end(waiter, 0));
	else
		kipc_waiter_finish(waiter, 0, wakes);
}

/**
 * kipc_queue_grant_waiting() - let in the messages of those who wait for room
 * @queue:	may have room
 * @wakes:	see queue_transfer.h
 */
void kipc_queue_grant_waiting(struct kipc_queue *queue, struct kipc_wakes *wakes)
{
	struct kipc_queue_sender *sender, *next;
	bool stuck = false;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry_safe(sender, next, &queue->senders, wait.waiter.entry) {
		u64 len = sender->entry->len;

		/* No message at all would fit, or this one has to stay behind another. */
		if (!kipc_queue_fits(queue, 0))
			break;
		if (stuck && !sender->overtake)
			continue;
		if (!kipc_queue_fits(queue, len)) {
			stuck = true;
			continue;
		}
		list_del(&sender->wait.waiter.entry);
		sender->entry->time = ktime_get_coarse_ns();
		kipc_queue_commit_locked(queue, sender->entry, wakes);
		kipc_queue_finish_sender(queue, sender, len, wakes);
	}
}

static void kipc_queue_expel_list(struct list_head *list, struct kipc_wakes *wakes)
{
	struct kipc_queue_waiter *wait, *next;

	list_for_each_entry_safe(wait, next, list, waiter.entry) {
		list_del(&wait->waiter.entry);
		kipc_waiter_finish(&wait->waiter, -EIDRM, wakes);
	}
}

/**
 * kipc_queue_expel_locked() - nobody waits any more: the queue is being removed
 * @queue:	the queue
 * @wakes:	see queue_transfer.h
 */
void kipc_queue_expel_locked(struct kipc_queue *queue, struct kipc_wakes *wakes)
{
	lockdep_assert_held(&queue->lock);
	kipc_queue_expel_list(&queue->senders, wakes);
	kipc_queue_expel_list(&queue->receivers, wakes);
}

/**
 * kipc_queue_line_up_locked() - make the current thread one that waits
 * @wait:	for kipc_queue_await(), once the lock is dropped
 * @list:	@senders or @receivers of the queue
 *
 * Behind those of the same priority or a better one; most have the same.
 */
void kipc_queue_line_up_locked(struct kipc_queue_waiter *wait, struct list_head *list)
{
	struct kipc_queue_waiter *other;

	kipc_waiter_init(&wait->waiter);
	wait->prio = current->prio;
	list_for_each_entry_reverse(other, list, waiter.entry)
		if (other->prio <= wait->prio)
			break;
	/* Where none is, this is the head of the list itself. */
	list_add(&wait->waiter.entry, &other->waiter.entry);
}

/**
 * kipc_queue_await() - sleep until served, the deadline, or a signal
 * @queue:	the queue
 * @wait:	the current thread's, lined up
 * @limit:	how long
 *
 * A sender that gives up may have stood before others that do fit, and before pollers.
 *
 * Return: what it was finished with, or -ETIMEDOUT or what a signal is answered with; it is
 * on no list any more.
 */
int kipc_queue_await(struct kipc_queue *queue, struct kipc_queue_waiter *wait,
		     const struct kipc_limit *limit)
{
	struct kipc_wakes wakes = { };
	int err;

	err = kipc_waiter_sleep(&wait->waiter, limit);
	if (!err)
		return wait->waiter.result;

	spin_lock(&queue->lock);
	if (wait->waiter.done) {
		err = wait->waiter.result;
	} else {
		list_del(&wait->waiter.entry);
		kipc_queue_grant_locked(queue, &wakes);
	}
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
	return err;
}
