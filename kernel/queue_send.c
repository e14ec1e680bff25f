// SPDX-License-Identifier: GPL-2.0
/* Queue: how messages go in.  See queue.h and queue_transfer.h. */
#include "copy.h"
#include "fds.h"
#include "queue_transfer.h"

static bool kipc_queue_admits(const struct kipc_queue *queue, const struct kipc_entry *entry,
			      bool overtake)
{
	return (overtake || list_empty(&queue->senders)) && kipc_queue_fits(queue, entry->len);
}

static void kipc_queue_wake_receivers(struct kipc_queue *queue, struct kipc_wakes *wakes)
{
	kipc_wakes_flush(wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM);
}

/* Put a message in, waiting for room as long as allowed.  On errors it stays the caller's. */
static int kipc_queue_post(struct kipc_queue *queue, struct kipc_entry *entry, bool overtake,
			   const struct kipc_limit *limit)
{
	struct kipc_queue_sender sender = { .entry = entry, .overtake = overtake };
	struct kipc_wakes wakes = { };
	bool wait = false;
	int err = 0;

	spin_lock(&queue->lock);
	if (unlikely(queue->removed)) {
		err = -EIDRM;
	} else if (likely(kipc_queue_admits(queue, entry, overtake))) {
		kipc_queue_commit_locked(queue, entry, &wakes);
	} else if (limit->nonblock) {
		err = -EAGAIN;
	} else {
		kipc_queue_line_up_locked(&sender.wait, &queue->senders);
		wait = true;
	}
	spin_unlock(&queue->lock);

	if (wait)
		return kipc_queue_await(queue, &sender.wait, limit);
	if (!err)
		kipc_queue_wake_receivers(queue, &wakes);
	return err;
}

/* Is it in vain to copy the payload in? */
static bool kipc_queue_looks_full(const struct kipc_queue *queue, u64 len)
{
	/* Under no lock: whoever comes between could as well have come before or after. */
	return data_race(!kipc_queue_fits(queue, len) && !queue->removed);
}

static struct kipc_entry *kipc_queue_bring(struct kipc_queue *queue, struct kipc_user *user,
					   struct kipc_source *source, u64 type)
{
	struct kipc_entry *entry;

	if (iov_iter_count(&source->iter) > READ_ONCE(queue->bounds.max_size))
		return ERR_PTR(-EMSGSIZE);
	/* A nameless one goes with its last handle, whatever waits in it. */
	if (unlikely(source->fds) && queue->name.text[0] &&
	    !kipc_fds_may_wait(source->fds, queue->name.net))
		return ERR_PTR(-ELOOP);
	entry = kipc_entry_create(&queue->spare, user, source);
	if (!IS_ERR(entry))
		entry->type = type;
	return entry;
}

/**
 * kipc_queue_send() - put a message into the queue
 * @queue:	the queue
 * @user:	who pays
 * @source:	payload, descriptors, tag and priority
 * @type:	the application's
 * @overtake:	do not stay behind senders whose messages do not fit
 * @limit:	how long to wait for room
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_QUEUE_SEND).
 */
int kipc_queue_send(struct kipc_queue *queue, struct kipc_user *user,
		    struct kipc_source *source, u64 type, bool overtake,
		    const struct kipc_limit *limit)
{
	u64 len = iov_iter_count(&source->iter);
	struct kipc_entry *entry;
	int err;

	if (limit->nonblock && len <= READ_ONCE(queue->bounds.max_size) &&
	    kipc_queue_looks_full(queue, len))
		return -EAGAIN;
	entry = kipc_queue_bring(queue, user, source, type);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	err = kipc_queue_post(queue, entry, overtake, limit);
	if (err)
		kipc_entry_put(entry);
	return err;
}

static struct kipc_entry *kipc_queue_bring_item(struct kipc_queue *queue,
						struct kipc_user *user,
						const struct kipc_queue_item __user *uitem)
{
	struct kipc_source source __uninitialized;
	struct kipc_queue_item item;
	struct kipc_entry *entry;
	int err;

	if (kipc_read_words(&item, uitem, sizeof(item)))
		return ERR_PTR(-EFAULT);
	if (item.reserved || item.prio > KIPC_PRIO_MAX || item.payload.prio)
		return ERR_PTR(-EINVAL);
	err = kipc_source_open(&source, &item.payload, KIPC_QUEUE_SIZE_MAX, user);
	if (err)
		return ERR_PTR(err);
	source.prio = item.prio;
	entry = kipc_queue_bring(queue, user, &source, item.type);
	kipc_source_close(&source);
	return entry;
}

/* Bring in up to a run of messages, until one cannot be.  Return: why that could not. */
static int kipc_queue_bring_run(struct kipc_queue *queue, struct kipc_user *user,
				const struct kipc_queue_item __user *items, u32 count,
				struct list_head *run)
{
	struct kipc_entry *entry;
	u32 i;

	for (i = 0; i < min_t(u32, count, KIPC_QUEUE_RUN); i++) {
		entry = kipc_queue_bring_item(queue, user, items + i);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
		list_add_tail(&entry->list, run);
	}
	return 0;
}

static struct kipc_entry *kipc_run_pop(struct list_head *run)
{
	struct kipc_entry *entry = list_first_entry_or_null(run, struct kipc_entry, list);

	if (entry)
		list_del(&entry->list);
	return entry;
}

/* Put in what there is room for, in one hold of the lock.  Return: how many. */
static u32 kipc_queue_post_run(struct kipc_queue *queue, struct list_head *run)
{
	struct kipc_wakes wakes = { };
	struct kipc_entry *entry;
	u32 posted = 0;

	spin_lock(&queue->lock);
	while (!queue->removed && !list_empty(run)) {
		entry = list_first_entry(run, struct kipc_entry, list);
		if (!kipc_queue_admits(queue, entry, false))
			break;
		list_del(&entry->list);
		kipc_queue_commit_locked(queue, entry, &wakes);
		posted++;
	}
	spin_unlock(&queue->lock);

	kipc_queue_wake_receivers(queue, &wakes);
	return posted;
}

/* The first message of a batch may wait. */
static int kipc_queue_post_first(struct kipc_queue *queue, struct list_head *run,
				 const struct kipc_limit *limit)
{
	struct kipc_entry *entry = kipc_run_pop(run);
	int err = kipc_queue_post(queue, entry, false, limit);

	if (err)
		kipc_entry_put(entry);
	return err;
}

static void kipc_run_drop(struct list_head *run)
{
	struct kipc_entry *entry;

	while ((entry = kipc_run_pop(run)))
		kipc_entry_put(entry);
}

/**
 * kipc_queue_send_batch() - put several messages into the queue
 * @queue:	the queue
 * @user:	who pays
 * @items:	the messages
 * @count:	how many
 * @limit:	how long to wait for room for the first
 * @done:	how many have been sent
 *
 * Return: 0 or, where none has been sent, a negative errno (uapi:
 * KIPC_IOC_QUEUE_SEND_BATCH).
 */
int kipc_queue_send_batch(struct kipc_queue *queue, struct kipc_user *user,
			  const struct kipc_queue_item __user *items, u32 count,
			  const struct kipc_limit *limit, u32 *done)
{
	LIST_HEAD(run);
	int err = 0;

	*done = 0;
	while (!err && list_empty(&run) && *done < count) {
		err = kipc_queue_bring_run(queue, user, items + *done, count - *done, &run);
		/* What has been brought counts as done, or this is the end: none is read twice. */
		if (list_empty(&run))
			break;
		if (!*done) {
			int first = kipc_queue_post_first(queue, &run, limit);

			if (first) {
				err = first;
				break;
			}
			*done = 1;
		}
		*done += kipc_queue_post_run(queue, &run);
	}
	kipc_run_drop(&run);
	return *done ? 0 : err;
}
