// SPDX-License-Identifier: GPL-2.0
/* Queue: see queue.h for what it is. */
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "copy.h"
#include "endpoint.h"
#include "entry.h"
#include "queue.h"
#include "quota.h"
#include "trace.h"

/* What a queue may hold where its creator does not say. */
#define KIPC_QUEUE_DEFAULT_MSGS		1024
#define KIPC_QUEUE_DEFAULT_BYTES	SZ_16M
#define KIPC_QUEUE_DEFAULT_SIZE		SZ_1M

/* No queue holds more than this, whoever makes it: counters stay far from their ends. */
#define KIPC_QUEUE_MSGS_MAX		BIT_ULL(32)
#define KIPC_QUEUE_BYTES_MAX		BIT_ULL(40)

/**
 * struct kipc_queue_receiver - a thread that waits for a message, on its stack
 * @waiter:	finished with 0: @entry is the thread's
 * @room:	bytes of its buffer; a larger message is not handed to it
 * @entry:	what it was handed
 * @needed:	finished with -EMSGSIZE: the size of the first message
 */
struct kipc_queue_receiver {
	struct kipc_waiter	waiter;
	u64			room;
	struct kipc_entry	*entry;
	u64			needed;
};

/**
 * struct kipc_queue_room - a thread that waits for room, on its stack
 * @waiter:	finished with 0: room has been taken on its behalf
 * @len:	how much
 */
struct kipc_queue_room {
	struct kipc_waiter	waiter;
	u64			len;
};

static void kipc_queue_free(struct kref *ref)
{
	struct kipc_queue *queue = container_of(ref, struct kipc_queue, ref);
	struct kipc_entry *entry, *next;

	rbtree_postorder_for_each_entry_safe(entry, next, &queue->entries.rb_root, node) {
		kipc_entry_destroy(entry);
		cond_resched();
	}
	kipc_user_uncharge(queue->user, KIPC_QUOTA_NAMES, 1);
	kipc_user_put(queue->user);
	kfree(queue);
}

void kipc_queue_put(struct kipc_queue *queue)
{
	kref_put(&queue->ref, kipc_queue_free);
}

/* While a name is registered it holds a reference, so this cannot come too late. */
static bool kipc_queue_get(struct kipc_name *name)
{
	kref_get(&container_of(name, struct kipc_queue, name)->ref);
	return true;
}

static struct kipc_queue *kipc_queue_alloc(struct kipc_endpoint *ep, const char *text,
					   umode_t mode, const struct kipc_bounds *bounds)
{
	struct kipc_queue *queue;
	int err;

	err = kipc_user_charge(ep->user, KIPC_QUOTA_NAMES, 1);
	if (err)
		return ERR_PTR(err);
	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue) {
		kipc_user_uncharge(ep->user, KIPC_QUOTA_NAMES, 1);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&queue->ref);
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->receivers);
	INIT_LIST_HEAD(&queue->senders);
	init_waitqueue_head(&queue->poll_wait);
	queue->entries = RB_ROOT_CACHED;
	queue->user = kipc_user_get(ep->user);
	queue->bounds = *bounds;
	kipc_name_init(&queue->name, KIPC_NAME_QUEUE, ep->net, text, mode);
	return queue;
}

/* Fill in defaults.  A size alone, or bytes alone, pulls the other one along. */
static int kipc_bounds_complete(struct kipc_bounds *bounds)
{
	if (!bounds->max_msgs)
		bounds->max_msgs = KIPC_QUEUE_DEFAULT_MSGS;
	if (!bounds->max_bytes)
		bounds->max_bytes = max_t(u64, KIPC_QUEUE_DEFAULT_BYTES, bounds->max_size);
	if (!bounds->max_size)
		bounds->max_size = min_t(u64, KIPC_QUEUE_DEFAULT_SIZE, bounds->max_bytes);

	if (bounds->max_size > bounds->max_bytes || bounds->max_size > KIPC_QUEUE_SIZE_MAX ||
	    bounds->max_bytes > KIPC_QUEUE_BYTES_MAX || bounds->max_msgs > KIPC_QUEUE_MSGS_MAX)
		return -EINVAL;
	return 0;
}

static int kipc_queue_may(u32 flags)
{
	return (flags & KIPC_QUEUE_RECV ? KIPC_MAY_RECV : 0) |
	       (flags & KIPC_QUEUE_SEND ? KIPC_MAY_SEND : 0);
}

/* Make a queue known, or find that somebody has.  Its reference is the caller's. */
static struct kipc_queue *kipc_queue_create(struct kipc_endpoint *ep, const char *text,
					    umode_t mode, const struct kipc_bounds *bounds,
					    bool *created)
{
	struct kipc_queue *queue;
	struct kipc_name *name;

	queue = kipc_queue_alloc(ep, text, mode, bounds);
	if (IS_ERR(queue))
		return queue;
	/* The name's reference, taken before anybody can find, and unlink, it. */
	kref_get(&queue->ref);
	name = kipc_name_register(&queue->name, kipc_queue_get);
	*created = name == &queue->name;
	if (*created)
		return queue;
	/* Somebody else was first: ours goes, with both its references. */
	kipc_queue_put(queue);
	kipc_queue_put(queue);
	return container_of(name, struct kipc_queue, name);
}

/**
 * kipc_queue_open() - make an endpoint a handle on a queue
 * @ep:		the endpoint, taking a role
 * @text:	the queue's name, checked
 * @flags:	KIPC_QUEUE_*
 * @mode:	of a new queue
 * @bounds:	of a new queue, 0 for defaults; those of the queue afterwards
 *
 * Return: 0, -ENOENT, -EEXIST, -EACCES, -EINVAL, -EDQUOT or -ENOMEM.
 */
int kipc_queue_open(struct kipc_endpoint *ep, const char *text, u32 flags, umode_t mode,
		    struct kipc_bounds *bounds)
{
	int may = kipc_queue_may(flags), err;
	struct kipc_queue *queue = NULL;
	struct kipc_name *name;
	bool created = false;

	name = kipc_name_find(ep->net, KIPC_NAME_QUEUE, text, kipc_queue_get);
	if (name) {
		queue = container_of(name, struct kipc_queue, name);
	} else {
		if (!(flags & KIPC_QUEUE_CREATE))
			return -ENOENT;
		err = kipc_bounds_complete(bounds);
		if (err)
			return err;
		queue = kipc_queue_create(ep, text, mode, bounds, &created);
		if (IS_ERR(queue))
			return PTR_ERR(queue);
	}

	err = !created && flags & KIPC_QUEUE_EXCL ? -EEXIST : 0;
	/* As with open(): whoever makes it gets what it asked for, whatever the mode. */
	if (!err && !created)
		err = kipc_name_permit(&queue->name, may);
	if (err) {
		kipc_queue_put(queue);
		return err;
	}
	*bounds = queue->bounds;
	ep->queue = queue;
	ep->may = may;
	return 0;
}

/**
 * kipc_queue_unlink() - take a queue's name away, and the name's reference
 * @name:	pinned by the caller, or in a namespace that is going
 */
void kipc_queue_unlink(struct kipc_name *name)
{
	if (kipc_name_unregister(name))
		kipc_queue_put(container_of(name, struct kipc_queue, name));
}

/**
 * kipc_queue_unlink_text() - take the name away that a user says
 * @ep:		of any role: says in which namespace
 * @text:	the name, checked
 *
 * Return: 0, -ENOENT or -EACCES.
 */
int kipc_queue_unlink_text(struct kipc_endpoint *ep, const char *text)
{
	struct kipc_name *name;
	int err = -EACCES;

	name = kipc_name_find(ep->net, KIPC_NAME_QUEUE, text, kipc_queue_get);
	if (!name)
		return -ENOENT;
	if (kipc_name_owned(name)) {
		kipc_queue_unlink(name);
		err = 0;
	}
	kipc_queue_put(container_of(name, struct kipc_queue, name));
	return err;
}

static bool kipc_queue_fits(const struct kipc_queue *queue, u64 len)
{
	return queue->msgs < queue->bounds.max_msgs &&
	       queue->bytes + len <= queue->bounds.max_bytes;
}

static void kipc_queue_take_room(struct kipc_queue *queue, u64 len)
{
	queue->msgs++;
	queue->bytes += len;
}

/* Hand room to those who wait for it, in their order. */
static void kipc_queue_grant(struct kipc_queue *queue, struct kipc_wakes *wakes)
{
	struct kipc_queue_room *room, *next;

	lockdep_assert_held(&queue->lock);
	list_for_each_entry_safe(room, next, &queue->senders, waiter.entry) {
		if (!kipc_queue_fits(queue, room->len))
			break;
		kipc_queue_take_room(queue, room->len);
		list_del(&room->waiter.entry);
		kipc_waiter_finish(&room->waiter, 0, wakes);
	}
}

static bool kipc_entry_node_less(struct rb_node *a, const struct rb_node *b)
{
	return kipc_entry_before(rb_entry(a, struct kipc_entry, node),
				 rb_entry(b, struct kipc_entry, node));
}

static struct kipc_entry *kipc_queue_first(const struct kipc_queue *queue)
{
	struct rb_node *node = rb_first_cached(&queue->entries);

	return node ? rb_entry(node, struct kipc_entry, node) : NULL;
}

static void kipc_queue_insert(struct kipc_queue *queue, struct kipc_entry *entry)
{
	rb_add_cached(&entry->node, &queue->entries, kipc_entry_node_less);
	queue->waiting++;
	queue->waiting_bytes += entry->len;
}

static void kipc_queue_remove(struct kipc_queue *queue, struct kipc_entry *entry)
{
	rb_erase_cached(&entry->node, &queue->entries);
	queue->waiting--;
	queue->waiting_bytes -= entry->len;
}

/*
 * Put an entry in its place; then, for as long as both a message and a receiver
 * wait, hand the first to the first.  A receiver whose buffer is too small for it is
 * told so, and the message stays for the next.
 */
static void kipc_queue_add(struct kipc_queue *queue, struct kipc_entry *entry,
			   struct kipc_wakes *wakes)
{
	struct kipc_queue_receiver *receiver, *next;

	lockdep_assert_held(&queue->lock);
	kipc_queue_insert(queue, entry);
	list_for_each_entry_safe(receiver, next, &queue->receivers, waiter.entry) {
		struct kipc_entry *first = kipc_queue_first(queue);

		if (!first)
			break;
		list_del(&receiver->waiter.entry);
		if (first->len > receiver->room) {
			receiver->needed = first->len;
			kipc_waiter_finish(&receiver->waiter, -EMSGSIZE, wakes);
			continue;
		}
		kipc_queue_remove(queue, first);
		receiver->entry = first;
		kipc_waiter_finish(&receiver->waiter, 0, wakes);
	}
}

static void kipc_queue_tell(struct kipc_queue *queue, __poll_t events)
{
	/* A poller is on the wait queue before it takes the lock to look. */
	if (waitqueue_active(&queue->poll_wait))
		wake_up_interruptible_poll(&queue->poll_wait, events);
}

/*
 * Sleep as a waiter of the queue's, off its list afterwards in any case.  A sender
 * that gives up may have stood before others that do fit, and before pollers.
 */
static int kipc_queue_await(struct kipc_queue *queue, struct kipc_waiter *waiter,
			    const struct kipc_limit *limit)
{
	int err = kipc_waiter_sleep(waiter, limit);
	struct kipc_wakes wakes = { };

	if (!err)
		return waiter->result;

	spin_lock(&queue->lock);
	if (waiter->done) {
		err = waiter->result;
	} else {
		list_del(&waiter->entry);
		kipc_queue_grant(queue, &wakes);
	}
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLOUT | EPOLLWRNORM);
	return err;
}

/* Take room for a message, waiting for it as long as allowed. */
static int kipc_queue_reserve(struct kipc_queue *queue, u64 len, const struct kipc_limit *limit)
{
	struct kipc_queue_room room = { .len = len };

	spin_lock(&queue->lock);
	if (list_empty(&queue->senders) && kipc_queue_fits(queue, len)) {
		kipc_queue_take_room(queue, len);
		spin_unlock(&queue->lock);
		return 0;
	}
	if (limit->nonblock) {
		spin_unlock(&queue->lock);
		return -EAGAIN;
	}
	kipc_waiter_init(&room.waiter);
	list_add_tail(&room.waiter.entry, &queue->senders);
	spin_unlock(&queue->lock);

	return kipc_queue_await(queue, &room.waiter, limit);
}

/* Give room back that a message has left, or never came to fill. */
static void kipc_queue_release(struct kipc_queue *queue, u64 len)
{
	struct kipc_wakes wakes = { };

	spin_lock(&queue->lock);
	queue->msgs--;
	queue->bytes -= len;
	kipc_queue_grant(queue, &wakes);
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLOUT | EPOLLWRNORM);
}

static struct kipc_entry *kipc_queue_fill(struct kipc_endpoint *ep, struct iov_iter *from,
					  const struct kipc_queue_send_args *args)
{
	size_t len = iov_iter_count(from);
	struct kipc_entry *entry;

	entry = kipc_entry_create(ep->user, len);
	if (IS_ERR(entry))
		return entry;
	entry->type = args->type;
	entry->tag = args->tag;
	entry->prio = args->prio;
	if (copy_from_iter(entry->data, len, from) != len) {
		kipc_entry_destroy(entry);
		return ERR_PTR(-EFAULT);
	}
	return entry;
}

/**
 * kipc_queue_send() - put a message into the queue
 * @ep:		a handle on it
 * @from:	the payload, all of it
 * @args:	type, tag and priority, checked
 * @limit:	how long to wait for room
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_QUEUE_SEND).
 */
int kipc_queue_send(struct kipc_endpoint *ep, struct iov_iter *from,
		    const struct kipc_queue_send_args *args, const struct kipc_limit *limit)
{
	struct kipc_queue *queue = ep->queue;
	u64 len = iov_iter_count(from);
	struct kipc_wakes wakes = { };
	struct kipc_entry *entry;
	int err;

	if (!(ep->may & KIPC_MAY_SEND))
		return -EBADF;
	if (len > queue->bounds.max_size)
		return -EMSGSIZE;
	err = kipc_queue_reserve(queue, len, limit);
	if (err)
		return err;
	entry = kipc_queue_fill(ep, from, args);
	if (IS_ERR(entry)) {
		kipc_queue_release(queue, len);
		return PTR_ERR(entry);
	}

	spin_lock(&queue->lock);
	entry->seq = ++queue->last_seq;
	trace_kipc_queue_send(queue, entry);
	kipc_queue_add(queue, entry, &wakes);
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM);
	return 0;
}

/* Take the first message, or wait to be handed one. */
static struct kipc_entry *kipc_queue_take(struct kipc_queue *queue, u64 room,
					  const struct kipc_limit *limit, u64 *needed)
{
	struct kipc_queue_receiver receiver = { .room = room };
	struct kipc_entry *entry;
	int err;

	spin_lock(&queue->lock);
	entry = kipc_queue_first(queue);
	if (entry && entry->len <= room) {
		kipc_queue_remove(queue, entry);
		spin_unlock(&queue->lock);
		return entry;
	}
	if (entry || limit->nonblock) {
		err = entry ? -EMSGSIZE : -EAGAIN;
		*needed = entry ? entry->len : 0;
		spin_unlock(&queue->lock);
		return ERR_PTR(err);
	}
	kipc_waiter_init(&receiver.waiter);
	list_add_tail(&receiver.waiter.entry, &queue->receivers);
	spin_unlock(&queue->lock);

	err = kipc_queue_await(queue, &receiver.waiter, limit);
	*needed = receiver.needed;
	return err ? ERR_PTR(err) : receiver.entry;
}

/* Undo a take: the entry goes back to where it was. */
static void kipc_queue_untake(struct kipc_queue *queue, struct kipc_entry *entry)
{
	struct kipc_wakes wakes = { };

	spin_lock(&queue->lock);
	kipc_queue_add(queue, entry, &wakes);
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM);
}

static int kipc_queue_copy_out(struct kipc_queue *queue, const struct kipc_entry *entry,
			       struct iov_iter *to, struct kipc_header __user *uheader)
{
	struct kipc_header header;
	struct kipc_view view;

	/* A thread that is being killed will not read it; another one can. */
	if (fatal_signal_pending(current))
		return -EINTR;
	if (copy_to_iter(entry->data, entry->len, to) != entry->len)
		return -EFAULT;

	kipc_view_capture(&view, kipc_time_offset());
	kipc_entry_describe(entry, &view, &header);
	if (uheader && kipc_write_words(uheader, &header, sizeof(header)))
		return -EFAULT;
	trace_kipc_queue_recv(queue, &header);
	return 0;
}

/**
 * kipc_queue_receive() - take the first message out of the queue
 * @ep:		a handle on it
 * @to:		the buffer
 * @limit:	how long to wait for one
 * @header:	where its header goes, or NULL
 * @needed:	after -EMSGSIZE: the message's length
 *
 * The message is gone from the queue only when payload and header have arrived.
 *
 * Return: 0 or a negative errno (uapi: KIPC_IOC_QUEUE_RECV).
 */
int kipc_queue_receive(struct kipc_endpoint *ep, struct iov_iter *to,
		       const struct kipc_limit *limit, struct kipc_header __user *header,
		       u64 *needed)
{
	struct kipc_queue *queue = ep->queue;
	struct kipc_entry *entry;
	int err;
	u32 len;

	if (!(ep->may & KIPC_MAY_RECV))
		return -EBADF;
	entry = kipc_queue_take(queue, iov_iter_count(to), limit, needed);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	err = kipc_queue_copy_out(queue, entry, to, header);
	if (err) {
		kipc_queue_untake(queue, entry);
		return err;
	}
	len = entry->len;
	kipc_entry_destroy(entry);
	kipc_queue_release(queue, len);
	return 0;
}

/**
 * kipc_queue_poll() - what is ready
 * @ep:		a handle on a queue
 * @file:	its file
 * @table:	poll's
 */
__poll_t kipc_queue_poll(struct kipc_endpoint *ep, struct file *file, poll_table *table)
{
	struct kipc_queue *queue = ep->queue;
	u64 ordinary = min_t(u64, PAGE_SIZE, queue->bounds.max_size);
	__poll_t events = 0;

	poll_wait(file, &queue->poll_wait, table);
	spin_lock(&queue->lock);
	if (ep->may & KIPC_MAY_RECV && queue->waiting)
		events |= EPOLLIN | EPOLLRDNORM;
	if (ep->may & KIPC_MAY_SEND && list_empty(&queue->senders) &&
	    kipc_queue_fits(queue, ordinary))
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&queue->lock);
	return events;
}

/**
 * kipc_queue_info() - describe a queue
 * @queue:	the queue
 * @info:	its queue fields are filled in
 */
void kipc_queue_info(struct kipc_queue *queue, struct kipc_endpoint_info *info)
{
	spin_lock(&queue->lock);
	info->queued = queue->waiting;
	info->queued_bytes = queue->waiting_bytes;
	info->max_msgs = queue->bounds.max_msgs;
	info->max_bytes = queue->bounds.max_bytes;
	info->max_size = queue->bounds.max_size;
	spin_unlock(&queue->lock);
}
