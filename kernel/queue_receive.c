// SPDX-License-Identifier: GPL-2.0
/* Queue: how messages come out.  See queue.h and queue_transfer.h. */
#include <linux/sched/signal.h>

#include "copy.h"
#include "fds.h"
#include "queue_transfer.h"
#include "trace.h"

/* Messages that a batch takes out of the store in one hold of the lock. */
#define KIPC_QUEUE_RUN	32

/* What is written to the user of a message, as it lies in struct kipc_queue_recv. */
struct kipc_queue_result {
	u32			fd_count;
	u32			fd_done;
	struct kipc_header	header;
};

/* The message that is asked for: taken, or looked at.  The queue is locked. */
static struct kipc_entry *kipc_queue_pick(struct kipc_queue *queue,
					  const struct kipc_queue_order *order, u64 *needed)
{
	struct kipc_entry *entry;

	if (unlikely(queue->removed))
		return ERR_PTR(-EIDRM);
	if (order->flags & KIPC_RECV_LARGEST && order->room < queue->bounds.max_size) {
		*needed = queue->bounds.max_size;
		return ERR_PTR(-EMSGSIZE);
	}
	entry = kipc_store_find(&queue->store, &order->choice);
	if (!entry)
		return NULL;
	if (entry->len > order->room && !(order->flags & KIPC_RECV_TRUNCATE)) {
		*needed = entry->len;
		return ERR_PTR(-EMSGSIZE);
	}
	if (order->flags & KIPC_RECV_PEEK)
		return kipc_entry_get(entry);
	kipc_store_remove(&queue->store, entry);
	return entry;
}

/* Take a message, or wait to be handed one. */
static struct kipc_entry *kipc_queue_take(struct kipc_queue *queue,
					  const struct kipc_queue_order *order,
					  const struct kipc_limit *limit, u64 *needed)
{
	struct kipc_queue_receiver receiver = { .order = order };
	struct kipc_entry *entry;
	int err;

	spin_lock(&queue->lock);
	entry = kipc_queue_pick(queue, order, needed);
	if (!entry && (limit->nonblock || order->choice.select == KIPC_SELECT_NTH))
		entry = ERR_PTR(-EAGAIN);
	if (!entry)
		kipc_queue_line_up_locked(&receiver.wait, &queue->receivers);
	spin_unlock(&queue->lock);
	if (entry)
		return entry;

	err = kipc_queue_await(queue, &receiver.wait, limit);
	*needed = receiver.needed;
	return err ? ERR_PTR(err) : receiver.entry;
}

static void kipc_queue_record_receive(struct kipc_queue *queue)
{
	struct kipc_queue_record *record = &queue->record;
	struct pid *me = task_tgid(current);

	record->received++;
	record->recv_time = ktime_get_coarse_ns();
	if (record->receiver != me) {
		put_pid(record->receiver);
		record->receiver = get_pid(me);
	}
}

/* A message has been received, but for its room. */
static void kipc_queue_leave_locked(struct kipc_queue *queue, const struct kipc_entry *entry)
{
	lockdep_assert_held(&queue->lock);
	queue->msgs--;
	queue->bytes -= entry->len;
	kipc_queue_record_receive(queue);
	trace_kipc_queue_recv(queue, entry);
}

static void kipc_queue_wake_senders(struct kipc_queue *queue, struct kipc_wakes *wakes,
				    bool crowded)
{
	kipc_wakes_flush(wakes);
	if (!crowded)
		kipc_rouse_now(&queue->rouse);
	/* A sender that was let in has left a message for pollers. */
	kipc_queue_tell(queue, EPOLLOUT | EPOLLWRNORM | EPOLLIN | EPOLLRDNORM);
}

static void kipc_queue_finish(struct kipc_queue *queue, struct kipc_entry *entry)
{
	struct kipc_wakes wakes = { };
	bool crowded;

	spin_lock(&queue->lock);
	kipc_queue_leave_locked(queue, entry);
	kipc_queue_grant_locked(queue, &wakes);
	crowded = kipc_queue_is_crowded(queue);
	spin_unlock(&queue->lock);

	kipc_queue_wake_senders(queue, &wakes, crowded);
	kipc_entry_recycle(&queue->spare, entry);
}

/* Undo a take: the entry goes back to where it was. */
static void kipc_queue_untake(struct kipc_queue *queue, struct kipc_entry *entry)
{
	struct kipc_wakes wakes = { };

	spin_lock(&queue->lock);
	kipc_queue_return_locked(queue, entry, &wakes);
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM);
}

static int kipc_queue_copy_out(const struct kipc_entry *entry, void __user *to, u64 room)
{
	u64 len = min_t(u64, entry->len, room);

	/* A thread that is being killed will not read it; another one can. */
	if (fatal_signal_pending(current))
		return -EINTR;
	return kipc_write_bytes(to, entry->data, len);
}

static void kipc_queue_describe(const struct kipc_entry *entry, struct kipc_header *header)
{
	struct kipc_view view;

	kipc_view_capture(&view, kipc_time_offset());
	kipc_entry_describe(entry, &view, header);
}

/* As read() gets it: no header. */
static int kipc_queue_read_out(const struct kipc_entry *entry, struct iov_iter *to)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return copy_to_iter(entry->data, entry->len, to) == entry->len ? 0 : -EFAULT;
}

static int kipc_queue_deliver(const struct kipc_entry *entry,
			      const struct kipc_queue_order *order,
			      const struct kipc_queue_target *target)
{
	struct kipc_queue_result result __uninitialized;
	struct kipc_fds_taken taken = { };
	void __user *uresult = target->header;
	int err;

	if (target->iter)
		return kipc_queue_read_out(entry, target->iter);
	err = kipc_queue_copy_out(entry, target->data, order->room);
	if (err)
		return err;
	kipc_queue_describe(entry, &result.header);
	if (unlikely(entry->fds && target->fd_count)) {
		err = kipc_fds_take(entry->fds, target->fds, target->fd_count, &taken);
		if (err)
			return err;
	}
	result.fd_count = target->fd_count;
	result.fd_done = taken.count;
	uresult -= offsetof(struct kipc_queue_result, header);
	err = kipc_write_words(uresult, &result, sizeof(result));
	kipc_fds_taken_end(&taken, err);
	return err;
}

/**
 * kipc_queue_receive() - take a message out of the queue, or look at one
 * @queue:	the queue
 * @order:	which, and how
 * @limit:	how long to wait for one
 * @target:	where to
 *
 * The message is gone from the queue only when all of it has arrived.
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_QUEUE_RECV).
 */
int kipc_queue_receive(struct kipc_queue *queue, const struct kipc_queue_order *order,
		       const struct kipc_limit *limit, struct kipc_queue_target *target)
{
	struct kipc_entry *entry;
	int err;

	entry = kipc_queue_take(queue, order, limit, &target->needed);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	err = kipc_queue_deliver(entry, order, target);
	if (order->flags & KIPC_RECV_PEEK)
		kipc_entry_put(entry);
	else if (err)
		kipc_queue_untake(queue, entry);
	else
		kipc_queue_finish(queue, entry);
	return err;
}

/* A message of a batch takes room up to where the next one may start. */
static u64 kipc_queue_span(const struct kipc_entry *entry)
{
	return round_up((u64)entry->len, sizeof(u64));
}

/* Take further messages that there is room for, in one hold of the lock. */
static void kipc_queue_take_run(struct kipc_queue *queue, const struct kipc_queue_order *order,
				u64 room, u32 count, struct list_head *run)
{
	struct kipc_entry *entry;

	spin_lock(&queue->lock);
	while (count--) {
		entry = kipc_store_find(&queue->store, &order->choice);
		if (!entry || entry->len > room)
			break;
		kipc_store_remove(&queue->store, entry);
		list_add_tail(&entry->list, run);
		room -= min(room, kipc_queue_span(entry));
	}
	spin_unlock(&queue->lock);
}

/**
 * struct kipc_queue_page - where a batch is written
 * @data:	the payloads
 * @room:	bytes for them
 * @used:	bytes that have some
 * @headers:	the headers
 * @count:	how many have been written
 * @done:	where their number goes
 * @told:	what it says
 */
struct kipc_queue_page {
	void __user			*data;
	u64				room;
	u64				used;
	struct kipc_header __user	*headers;
	u32				count;
	u32 __user			*done;
	u32				told;
};

static int kipc_queue_write_page(const struct kipc_entry *entry, struct kipc_queue_page *page)
{
	struct kipc_header header;
	int err;

	err = kipc_queue_copy_out(entry, page->data + page->used, page->room - page->used);
	if (err)
		return err;
	kipc_queue_describe(entry, &header);
	header.offset = page->used;
	if (kipc_write_words(page->headers + page->count, &header, sizeof(header)))
		return -EFAULT;
	page->used = min(page->room, page->used + kipc_queue_span(entry));
	page->count++;
	return 0;
}

/* Write a run out, as far as that goes: what has been moves to @written. */
static int kipc_queue_write_run(struct list_head *run, struct list_head *written,
				struct kipc_queue_page *page)
{
	struct kipc_entry *entry, *next;
	int err;

	list_for_each_entry_safe(entry, next, run, list) {
		err = kipc_queue_write_page(entry, page);
		if (err)
			return err;
		list_move_tail(&entry->list, written);
	}
	return 0;
}

/* Tell how many have come.  Before they leave the queue: what cannot be told has not. */
static int kipc_queue_tell_run(struct list_head *run, struct list_head *written,
			       struct kipc_queue_page *page)
{
	if (page->count == page->told ||
	    !copy_to_user(page->done, &page->count, sizeof(page->count))) {
		page->told = page->count;
		return 0;
	}
	list_splice_init(written, run);
	return -EFAULT;
}

/* What was written has left the queue, what was not goes back: in one hold of the lock. */
static void kipc_queue_settle_run(struct kipc_queue *queue, struct list_head *written,
				  struct list_head *back)
{
	struct kipc_wakes wakes = { };
	struct kipc_entry *entry, *next;
	bool crowded;

	spin_lock(&queue->lock);
	list_for_each_entry(entry, written, list)
		kipc_queue_leave_locked(queue, entry);
	list_for_each_entry_safe(entry, next, back, list) {
		list_del(&entry->list);
		kipc_queue_return_locked(queue, entry, &wakes);
	}
	kipc_queue_grant_locked(queue, &wakes);
	crowded = kipc_queue_is_crowded(queue);
	spin_unlock(&queue->lock);

	kipc_queue_wake_senders(queue, &wakes, crowded);
	list_for_each_entry_safe(entry, next, written, list)
		kipc_entry_put(entry);
}

/**
 * kipc_queue_receive_batch() - take several messages out of the queue
 * @queue:	the queue
 * @order:	which
 * @limit:	how long to wait for the first
 * @data:	where the payloads go: @order says how many bytes fit
 * @headers:	where the headers go
 * @count:	how many at most
 * @done:	where the number goes of those that have been received; is 0
 *
 * Return: 0 or, where none has been received, a negative errno (uapi:
 * KIPC_IOC_QUEUE_RECV_BATCH).
 */
int kipc_queue_receive_batch(struct kipc_queue *queue, struct kipc_queue_order *order,
			     const struct kipc_limit *limit, void __user *data,
			     struct kipc_header __user *headers, u32 count, u32 __user *done)
{
	struct kipc_queue_page page = {
		.data = data,
		.room = order->room,
		.headers = headers,
		.done = done,
	};
	struct kipc_entry *first;
	int err = 0, untold;
	u64 needed;

	first = kipc_queue_take(queue, order, limit, &needed);
	if (IS_ERR(first))
		return PTR_ERR(first);
	for (;;) {
		u32 want = min_t(u32, count - page.count, KIPC_QUEUE_RUN);
		u64 room = page.room - page.used;
		LIST_HEAD(written);
		LIST_HEAD(run);

		if (first) {
			list_add_tail(&first->list, &run);
			room -= min(room, kipc_queue_span(first));
			want--;
			first = NULL;
		}
		kipc_queue_take_run(queue, order, room, want, &run);
		if (list_empty(&run))
			break;
		err = kipc_queue_write_run(&run, &written, &page);
		untold = kipc_queue_tell_run(&run, &written, &page);
		kipc_queue_settle_run(queue, &written, &run);
		err = err ?: untold;
		if (err || page.count == count)
			break;
	}
	return page.told ? 0 : err;
}
