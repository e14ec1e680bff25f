// SPDX-License-Identifier: GPL-2.0
/* Queue: the object.  See queue.h for what it is. */
#include <linux/file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "copy.h"
#include "endpoint.h"
#include "event.h"
#include "file.h"
#include "objects.h"
#include "queue_transfer.h"
#include "quota.h"
#include "trace.h"

/* What a queue may hold where its creator does not say. */
#define KIPC_QUEUE_DEFAULT_MSGS		1024
#define KIPC_QUEUE_DEFAULT_BYTES	SZ_16M
#define KIPC_QUEUE_DEFAULT_SIZE		SZ_1M

/* Leave the table, if it is in it.  Where it was never made known, nobody is told. */
static void kipc_queue_retire(struct kipc_queue *queue)
{
	struct kipc_totals done = {
		.sent = queue->record.sent,
		.received = queue->record.received,
	};

	if (!queue->id)
		return;
	kipc_object_remove(queue->name.net, KIPC_OBJECT_QUEUE, queue->id, &done);
	if (queue->known)
		kipc_event_queue(queue, false);
}

static void kipc_queue_free(struct kref *ref)
{
	struct kipc_queue *queue = container_of(ref, struct kipc_queue, ref);

	kipc_queue_retire(queue);
	kipc_rouse_deinit(&queue->rouse);
	kipc_store_clear(&queue->store);
	kipc_entry_drop_spare(&queue->spare);
	put_pid(queue->record.sender);
	put_pid(queue->record.receiver);
	kipc_user_uncharge(queue->user, KIPC_QUOTA_NAMES, 1);
	kipc_user_put(queue->user);
	kfree_rcu(queue, rcu);
}

void kipc_queue_put(struct kipc_queue *queue)
{
	kref_put(&queue->ref, kipc_queue_free);
}

/* By its number a queue may be found that has just lost its name, and all else. */
static bool kipc_queue_get(struct kipc_name *name)
{
	return kref_get_unless_zero(&container_of(name, struct kipc_queue, name)->ref);
}

/* One that will be thrown away, as another had the name first, is not listed. */
static bool kipc_queue_get_known(void *object)
{
	struct kipc_queue *queue = object;

	return READ_ONCE(queue->known) && kref_get_unless_zero(&queue->ref);
}

/* The queue is there to stay. */
static void kipc_queue_announce(struct kipc_queue *queue)
{
	WRITE_ONCE(queue->known, true);
	kipc_event_queue(queue, true);
}

static struct kipc_queue *kipc_queue_of(struct kipc_name *name)
{
	return container_of(name, struct kipc_queue, name);
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
	kipc_store_init(&queue->store);
	kipc_rouse_init(&queue->rouse);
	INIT_LIST_HEAD(&queue->receivers);
	INIT_LIST_HEAD(&queue->senders);
	INIT_LIST_HEAD(&queue->notifies);
	init_waitqueue_head(&queue->poll_wait);
	queue->user = kipc_user_get(ep->user);
	queue->bounds = *bounds;
	queue->record.change_time = ktime_get_coarse_ns();
	kipc_name_init(&queue->name, KIPC_NAME_QUEUE, ep->net, text, mode);
	err = kipc_object_add(ep->net, KIPC_OBJECT_QUEUE, queue, &queue->id);
	if (!err)
		return queue;
	kipc_queue_put(queue);
	return ERR_PTR(err);
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
	int err;

	queue = kipc_queue_alloc(ep, text, mode, bounds);
	if (IS_ERR(queue))
		return queue;
	err = kipc_number_reserve(&queue->name);
	if (err) {
		kipc_queue_put(queue);
		return ERR_PTR(err);
	}
	/* The name's reference, taken before anybody can find, and unlink, it. */
	kref_get(&queue->ref);
	name = kipc_name_register(&queue->name, kipc_queue_get);
	*created = name == &queue->name;
	if (*created) {
		kipc_queue_announce(queue);
		return queue;
	}
	/* Somebody else was first: ours goes, with both its references. */
	kipc_number_cancel(&queue->name);
	kipc_queue_put(queue);
	kipc_queue_put(queue);
	return kipc_queue_of(name);
}

/* Who may do what, at one moment. */
struct kipc_access kipc_queue_access(struct kipc_queue *queue)
{
	struct kipc_access access;

	spin_lock(&queue->lock);
	access = queue->name.access;
	spin_unlock(&queue->lock);
	return access;
}

static int kipc_queue_permit(struct kipc_queue *queue, int may)
{
	struct kipc_access access;

	if (!may)
		return 0;
	access = kipc_queue_access(queue);
	return kipc_name_permit(&queue->name, &access, may);
}

/* Does the current thread own the queue, or stand above owners? */
bool kipc_queue_owned(struct kipc_queue *queue)
{
	struct kipc_access access = kipc_queue_access(queue);

	return kipc_name_owned(&queue->name, &access);
}

/* The endpoint becomes a handle on the queue, whose reference it takes over. */
static void kipc_queue_attach(struct kipc_endpoint *ep, struct kipc_queue *queue, int may,
			      struct kipc_bounds *bounds)
{
	spin_lock(&queue->lock);
	*bounds = queue->bounds;
	spin_unlock(&queue->lock);
	ep->queue = queue;
	ep->may = may;
}

/**
 * kipc_queue_open() - make an endpoint a handle on a queue
 * @ep:		the endpoint, taking a role
 * @text:	the queue's name, checked
 * @flags:	KIPC_QUEUE_*
 * @mode:	of a new queue
 * @bounds:	of a new queue, 0 for defaults; those of the queue afterwards
 * @created:	false; true afterwards where it is a new queue
 *
 * Return: 0, -ENOENT, -EEXIST, -EACCES, -EINVAL, -EDQUOT or -ENOMEM.
 */
int kipc_queue_open(struct kipc_endpoint *ep, const char *text, u32 flags, umode_t mode,
		    struct kipc_bounds *bounds, bool *created)
{
	int may = kipc_queue_may(flags), err;
	struct kipc_queue *queue;

	queue = kipc_queue_find(ep->net, text);
	if (IS_ERR(queue)) {
		if (!(flags & KIPC_QUEUE_CREATE))
			return PTR_ERR(queue);
		err = kipc_bounds_complete(bounds);
		if (err)
			return err;
		queue = kipc_queue_create(ep, text, mode, bounds, created);
		if (IS_ERR(queue))
			return PTR_ERR(queue);
	}

	err = !*created && flags & KIPC_QUEUE_EXCL ? -EEXIST : 0;
	/* As with open(): whoever makes it gets what it asked for, whatever the mode. */
	if (!err && !*created)
		err = kipc_queue_permit(queue, may);
	if (err)
		kipc_queue_put(queue);
	else
		kipc_queue_attach(ep, queue, may, bounds);
	return err;
}

/**
 * kipc_queue_open_anonymous() - make an endpoint the first handle on a nameless queue
 * @ep:		the endpoint, taking a role
 * @flags:	KIPC_QUEUE_*
 * @mode:	of the queue
 * @bounds:	of the queue, 0 for defaults; as they are afterwards
 *
 * Return: 0, -EINVAL, -EDQUOT or -ENOMEM.
 */
int kipc_queue_open_anonymous(struct kipc_endpoint *ep, u32 flags, umode_t mode,
			      struct kipc_bounds *bounds)
{
	struct kipc_queue *queue;
	int err;

	err = kipc_bounds_complete(bounds);
	if (err)
		return err;
	queue = kipc_queue_alloc(ep, "", mode, bounds);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	kipc_queue_attach(ep, queue, kipc_queue_may(flags), bounds);
	kipc_queue_announce(queue);
	return 0;
}

static int kipc_queue_share(struct kipc_endpoint *ep, const struct kipc_endpoint *other, int may,
			    struct kipc_bounds *bounds)
{
	struct kipc_queue *queue = other->queue;

	if (may & ~other->may)
		return -EACCES;
	if (READ_ONCE(queue->removed))
		return -EIDRM;
	/* The name's namespace is pinned by those who have the queue open: by us as well. */
	if (queue->name.net != ep->net)
		ep->queue_net = get_net(queue->name.net);
	kref_get(&queue->ref);
	kipc_queue_attach(ep, queue, may, bounds);
	return 0;
}

/**
 * kipc_queue_open_same() - make an endpoint another handle on the queue of one
 * @ep:		the endpoint, taking a role
 * @flags:	KIPC_QUEUE_*
 * @handle:	descriptor of the other one
 * @bounds:	written: those of the queue
 *
 * Return: 0, -EBADF, -EACCES or -EIDRM.
 */
int kipc_queue_open_same(struct kipc_endpoint *ep, u32 flags, int handle,
			 struct kipc_bounds *bounds)
{
	struct file *file = fget(handle);
	struct kipc_endpoint *other;
	int err = -EBADF;

	if (!file)
		return -EBADF;
	if (file->f_op == &kipc_file_operations) {
		other = file->private_data;
		if (kipc_endpoint_role(other) == KIPC_ROLE_QUEUE)
			err = kipc_queue_share(ep, other, kipc_queue_may(flags), bounds);
	}
	fput(file);
	return err;
}

/**
 * kipc_queue_unopen() - undo an open whose outcome could not be told
 * @ep:		the endpoint, taking a role
 * @created:	it was a new queue, with a name: that goes with it
 *
 * Somebody else may have opened it by its name meanwhile, and keeps it.
 */
void kipc_queue_unopen(struct kipc_endpoint *ep, bool created)
{
	struct net *net = ep->queue_net;

	if (created)
		kipc_queue_unlink(&ep->queue->name);
	kipc_queue_put(ep->queue);
	ep->queue = NULL;
	ep->queue_net = NULL;
	ep->may = 0;
	if (net)
		put_net(net);
}

/**
 * kipc_queue_find() - the queue of a name
 * @net:	in which namespace
 * @text:	the name, checked
 *
 * Return: the queue, pinned, or ERR_PTR(-ENOENT).
 */
struct kipc_queue *kipc_queue_find(struct net *net, const char *text)
{
	struct kipc_name *name;

	name = kipc_name_find(net, KIPC_NAME_QUEUE, text, kipc_queue_get);
	return name ? kipc_queue_of(name) : ERR_PTR(-ENOENT);
}

/* The queue of a number, pinned, or NULL. */
struct kipc_queue *kipc_queue_find_number(struct net *net, u32 number)
{
	struct kipc_name *name = kipc_number_find(net, number, kipc_queue_get);

	return name ? kipc_queue_of(name) : NULL;
}

/* The queue of an id, pinned, or NULL. */
struct kipc_queue *kipc_queue_find_id(struct net *net, u32 id)
{
	return kipc_object_find(net, KIPC_OBJECT_QUEUE, id, kipc_queue_get_known);
}

/* The queue with the next higher id, pinned, or NULL. */
struct kipc_queue *kipc_queue_next(struct net *net, u32 id)
{
	return kipc_object_next(net, KIPC_OBJECT_QUEUE, id, kipc_queue_get_known);
}

/**
 * kipc_queue_use_other() - the queue of a number, for a request on it
 * @ep:		of any role: says in which namespace
 * @number:	the number
 * @may:	KIPC_MAY_*: what is to be done with it
 *
 * Return: the queue, pinned, or ERR_PTR(-ENOENT, -EACCES).
 */
struct kipc_queue *kipc_queue_use_other(struct kipc_endpoint *ep, u32 number, int may)
{
	struct kipc_queue *queue = kipc_queue_find_number(ep->net, number);
	int err;

	if (!queue)
		return ERR_PTR(-ENOENT);
	err = kipc_queue_permit(queue, may);
	if (!err)
		return queue;
	kipc_queue_put(queue);
	return ERR_PTR(err);
}

/**
 * kipc_queue_next_number() - the queue with the next higher number
 * @ep:		of any role: says in which namespace
 * @number:	the number
 *
 * Return: the queue, pinned, or ERR_PTR(-ENOENT).
 */
struct kipc_queue *kipc_queue_next_number(struct kipc_endpoint *ep, u32 number)
{
	struct kipc_name *name = kipc_number_next(ep->net, number, kipc_queue_get);

	return name ? kipc_queue_of(name) : ERR_PTR(-ENOENT);
}

/**
 * kipc_queue_unlink() - take a queue's name away, and the name's reference
 * @name:	pinned by the caller, or in a namespace that is going
 */
void kipc_queue_unlink(struct kipc_name *name)
{
	if (kipc_name_unregister(name))
		kipc_queue_put(kipc_queue_of(name));
}

/* From here on the queue is empty, and nobody gets anything of it but EIDRM. */
static void kipc_queue_remove(struct kipc_queue *queue)
{
	struct kipc_wakes wakes = { };
	struct kipc_store store;

	spin_lock(&queue->lock);
	queue->removed = true;
	store = queue->store;
	kipc_store_init(&queue->store);
	queue->msgs -= store.count;
	queue->bytes -= store.bytes;
	kipc_queue_expel_locked(queue, &wakes);
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLHUP | EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
	kipc_store_clear(&store);
}

/**
 * kipc_queue_end() - take a queue's name away, at a user's wish
 * @queue:	the queue, pinned
 * @remove:	and end the queue itself
 *
 * Return: 0; -EACCES; -EIDRM, it had been removed; -ENOENT, it has no name (any more).
 */
int kipc_queue_end(struct kipc_queue *queue, bool remove)
{
	if (!kipc_queue_owned(queue))
		return -EACCES;
	if (READ_ONCE(queue->removed))
		return -EIDRM;
	if (!remove && !READ_ONCE(queue->name.registered))
		return -ENOENT;
	kipc_queue_unlink(&queue->name);
	if (remove)
		kipc_queue_remove(queue);
	return 0;
}

static void kipc_bounds_change(struct kipc_bounds *bounds, const struct kipc_change *change)
{
	if (change->flags & KIPC_SET_MAX_MSGS)
		bounds->max_msgs = change->max_msgs;
	if (change->flags & KIPC_SET_MAX_BYTES)
		bounds->max_bytes = change->max_bytes;
	if (change->flags & KIPC_SET_MAX_SIZE)
		WRITE_ONCE(bounds->max_size, change->max_size);
}

/**
 * kipc_queue_change() - change a queue's owner, mode and limits
 * @queue:	the queue, pinned; that the caller may has been asked
 * @change:	what to, checked
 *
 * Return: 0 or -EIDRM.
 */
int kipc_queue_change(struct kipc_queue *queue, const struct kipc_change *change)
{
	struct kipc_wakes wakes = { };
	bool removed;

	spin_lock(&queue->lock);
	removed = queue->removed;
	if (!removed) {
		kipc_access_change(&queue->name.access, change);
		kipc_bounds_change(&queue->bounds, change);
		queue->record.change_time = ktime_get_coarse_ns();
		kipc_queue_grant_locked(queue, &wakes);
	}
	spin_unlock(&queue->lock);

	kipc_wakes_flush(&wakes);
	kipc_queue_tell(queue, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
	return removed ? -EIDRM : 0;
}

/* What the time of day was at a moment of CLOCK_MONOTONIC; 0 is none. */
u64 kipc_real_time(u64 time)
{
	return time ? ktime_to_ns(ktime_mono_to_real(ns_to_ktime(time))) : 0;
}

static void kipc_queue_stat_record(const struct kipc_queue *queue, struct kipc_queue_stat *stat)
{
	const struct kipc_queue_record *record = &queue->record;

	stat->msgs = queue->store.count;
	stat->bytes = queue->store.bytes;
	stat->peak_msgs = record->peak_msgs;
	stat->peak_bytes = record->peak_bytes;
	stat->sent = record->sent;
	stat->received = record->received;
	stat->send_time = kipc_real_time(record->send_time);
	stat->recv_time = kipc_real_time(record->recv_time);
	stat->change_time = kipc_real_time(record->change_time);
	stat->send_pid = pid_vnr(record->sender);
	stat->recv_pid = pid_vnr(record->receiver);
	stat->senders = kipc_waiters_count(&queue->senders);
	stat->receivers = kipc_waiters_count(&queue->receivers);
}

static void kipc_queue_stat_access(const struct kipc_access *access, struct kipc_queue_stat *stat)
{
	struct user_namespace *ns = current_user_ns();

	stat->mode = access->mode;
	stat->uid = from_kuid_munged(ns, access->uid);
	stat->gid = from_kgid_munged(ns, access->gid);
	stat->creator_uid = from_kuid_munged(ns, access->creator_uid);
	stat->creator_gid = from_kgid_munged(ns, access->creator_gid);
}

/**
 * kipc_queue_stat() - what there is to know of a queue
 * @queue:	the queue, pinned
 * @stat:	zero but for @size and @flags; filled in
 * @may:	KIPC_MAY_*: what the current thread must be allowed, or 0
 *
 * Return: 0, -EACCES or -EIDRM.
 */
int kipc_queue_stat(struct kipc_queue *queue, struct kipc_queue_stat *stat, int may)
{
	int err = kipc_queue_permit(queue, may);
	struct kipc_access access;

	if (err)
		return err;
	spin_lock(&queue->lock);
	if (queue->removed) {
		spin_unlock(&queue->lock);
		return -EIDRM;
	}
	access = queue->name.access;
	stat->max_msgs = queue->bounds.max_msgs;
	stat->max_bytes = queue->bounds.max_bytes;
	stat->max_size = queue->bounds.max_size;
	kipc_queue_stat_record(queue, stat);
	spin_unlock(&queue->lock);

	kipc_queue_stat_access(&access, stat);
	if (READ_ONCE(queue->name.registered)) {
		stat->number = queue->name.number;
		strscpy(stat->name, queue->name.text, sizeof(stat->name));
	}
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
	__poll_t events = 0;
	u64 ordinary;

	poll_wait(file, &queue->poll_wait, table);
	spin_lock(&queue->lock);
	ordinary = min3((u64)PAGE_SIZE, queue->bounds.max_size, queue->bounds.max_bytes);
	if (queue->removed)
		events |= EPOLLHUP;
	if (ep->may & KIPC_MAY_RECV && queue->store.count)
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
	info->queued = queue->store.count;
	info->queued_bytes = queue->store.bytes;
	info->max_msgs = queue->bounds.max_msgs;
	info->max_bytes = queue->bounds.max_bytes;
	info->max_size = queue->bounds.max_size;
	spin_unlock(&queue->lock);
}
