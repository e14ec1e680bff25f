// SPDX-License-Identifier: GPL-2.0
/* Ioctl: the requests on queues.  See ioctl.h; the contract is in uapi/linux/kipc.h. */
#include <linux/eventfd.h>
#include <linux/nsproxy.h>
#include <linux/sched/signal.h>

#include "copy.h"
#include "endpoint.h"
#include "ioctl.h"
#include "notify.h"
#include "queue_transfer.h"

#define KIPC_QUEUE_WAIT_FLAGS	(KIPC_F_NONBLOCK | KIPC_F_REALTIME | KIPC_F_NORESTART)

/* The clock of the real time has no offset in any time namespace. */
static inline struct kipc_limit kipc_queue_limit(const struct kipc_request *rq, u32 flags,
						 u64 deadline)
{
	bool realtime = flags & KIPC_F_REALTIME;
	struct kipc_limit limit = kipc_request_limit(rq, flags, realtime ? 0 : deadline);

	if (unlikely(realtime)) {
		limit.deadline = deadline;
		limit.realtime = true;
	}
	limit.norestart = flags & KIPC_F_NORESTART;
	return limit;
}

static bool kipc_name_is_empty(const char *text)
{
	return !memchr_inv(text, 0, KIPC_NAME_SIZE);
}

static int kipc_queue_write_opened(struct kipc_request *rq)
{
	const struct kipc_queue_open *arg = &rq->arg.open;

	return kipc_write_back(rq, &arg->number, sizeof(arg->number)) ?:
	       kipc_write_back(rq, &arg->max_msgs, sizeof(arg->max_msgs)) ?:
	       kipc_write_back(rq, &arg->max_bytes, sizeof(arg->max_bytes)) ?:
	       kipc_write_back(rq, &arg->max_size, sizeof(arg->max_size));
}

/* Flags that go together, and what belongs to them. */
static int kipc_queue_open_check(const struct kipc_queue_open *arg)
{
	u32 known = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | KIPC_QUEUE_RECV | KIPC_QUEUE_SEND |
		    KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_SAME;
	bool limited = arg->mode || arg->max_msgs || arg->max_bytes || arg->max_size;
	bool nameless = arg->flags & (KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_SAME);
	bool create = arg->flags & KIPC_QUEUE_CREATE, same = arg->flags & KIPC_QUEUE_SAME;

	if (arg->flags & ~known || !(arg->flags & (KIPC_QUEUE_RECV | KIPC_QUEUE_SEND)))
		return -EINVAL;
	if (arg->number || arg->reserved || arg->mode & ~0777 || (limited && !create))
		return -EINVAL;
	if (arg->flags & (KIPC_QUEUE_EXCL | KIPC_QUEUE_ANONYMOUS) && !create)
		return -EINVAL;
	if (same ? create : arg->handle)
		return -EINVAL;
	if (nameless)
		return kipc_name_is_empty(arg->name) ? 0 : -EINVAL;
	return kipc_name_check(arg->name);
}

static int kipc_queue_open_any(struct kipc_endpoint *ep, const struct kipc_queue_open *arg,
			       struct kipc_bounds *bounds, bool *created)
{
	*created = false;
	if (arg->flags & KIPC_QUEUE_SAME)
		return kipc_queue_open_same(ep, arg->flags, arg->handle, bounds);
	if (arg->flags & KIPC_QUEUE_ANONYMOUS)
		return kipc_queue_open_anonymous(ep, arg->flags, arg->mode, bounds);
	return kipc_queue_open(ep, arg->name, arg->flags, arg->mode, bounds, created);
}

/* Open, and tell what has been opened: where that cannot be told it is not. */
static int kipc_queue_open_told(struct kipc_request *rq)
{
	struct kipc_queue_open *arg = &rq->arg.open;
	struct kipc_bounds bounds = { arg->max_msgs, arg->max_bytes, arg->max_size };
	bool created;
	int err;

	/* First as it is: an address that cannot be written opens nothing. */
	err = kipc_queue_write_opened(rq) ?:
	      kipc_queue_open_any(rq->ep, arg, &bounds, &created);
	if (err)
		return err;
	arg->number = rq->ep->queue->name.number;
	arg->max_msgs = bounds.max_msgs;
	arg->max_bytes = bounds.max_bytes;
	arg->max_size = bounds.max_size;
	err = kipc_queue_write_opened(rq);
	if (err)
		kipc_queue_unopen(rq->ep, created);
	return err;
}

int kipc_ioc_queue_open(struct kipc_request *rq)
{
	int err;

	err = kipc_queue_open_check(&rq->arg.open) ?: kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	err = kipc_queue_open_told(rq);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_QUEUE);
	return err;
}

int kipc_ioc_queue_unlink(struct kipc_request *rq)
{
	struct kipc_queue_unlink *arg = &rq->arg.unlink;
	bool named = !kipc_name_is_empty(arg->name);
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~KIPC_UNLINK_REMOVE || arg->reserved || (named && arg->number))
		return -EINVAL;
	if (named && kipc_name_check(arg->name))
		return -EINVAL;
	queue = named ? kipc_queue_find(rq->ep->net, arg->name) :
			kipc_queue_use(rq->ep, arg->number, 0);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_end(queue, arg->flags & KIPC_UNLINK_REMOVE);
	kipc_queue_unuse(queue, named || arg->number);
	return err;
}

int kipc_ioc_queue_send(struct kipc_request *rq)
{
	struct kipc_queue_send *arg = &rq->arg.put;
	struct kipc_limit limit = kipc_queue_limit(rq, arg->flags, arg->deadline);
	struct kipc_source source __uninitialized;
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~(KIPC_QUEUE_WAIT_FLAGS | KIPC_SEND_OVERTAKE) ||
	    arg->prio > KIPC_PRIO_MAX || arg->payload.prio)
		return -EINVAL;
	queue = kipc_queue_use(rq->ep, arg->number, KIPC_MAY_SEND);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_source_open(&source, &arg->payload, KIPC_QUEUE_SIZE_MAX, rq->ep->user);
	if (!err) {
		source.prio = arg->prio;
		err = kipc_queue_send(queue, rq->ep->user, &source, arg->type,
				      arg->flags & KIPC_SEND_OVERTAKE, &limit);
		kipc_source_close(&source);
	}
	kipc_queue_unuse(queue, arg->number);
	return err;
}

static int kipc_choice_check(u32 select, u64 match)
{
	if (select > KIPC_SELECT_NTH)
		return -EINVAL;
	return select <= KIPC_SELECT_FIRST && match ? -EINVAL : 0;
}

static int kipc_queue_recv_check(const struct kipc_queue_recv *arg)
{
	u32 known = KIPC_QUEUE_WAIT_FLAGS | KIPC_RECV_PEEK | KIPC_RECV_TRUNCATE |
		    KIPC_RECV_LARGEST;

	if (arg->flags & ~known || arg->fd_count > KIPC_FDS_MAX)
		return -EINVAL;
	if (arg->select == KIPC_SELECT_NTH && !(arg->flags & KIPC_RECV_PEEK))
		return -EINVAL;
	return kipc_choice_check(arg->select, arg->match);
}

int kipc_ioc_queue_recv(struct kipc_request *rq)
{
	struct kipc_queue_recv *arg = &rq->arg.get;
	struct kipc_queue_recv __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_queue_limit(rq, arg->flags, arg->deadline);
	struct kipc_queue_order order = {
		.choice = { arg->select, arg->match },
		.room = min_t(u64, arg->len, KIPC_QUEUE_SIZE_MAX),
		.flags = arg->flags,
	};
	struct kipc_queue_target target = {
		.data = u64_to_user_ptr(arg->data),
		.header = &uarg->msg,
		.fds = u64_to_user_ptr(arg->fds),
		.fd_count = arg->fd_count,
	};
	struct kipc_queue *queue;
	int err;

	err = kipc_queue_recv_check(arg);
	if (err)
		return err;
	queue = kipc_queue_use(rq->ep, arg->number, KIPC_MAY_RECV);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_receive(queue, &order, &limit, &target);
	kipc_queue_unuse(queue, arg->number);
	if (likely(err != -EMSGSIZE))
		return err;
	arg->msg.len = target.needed;
	return kipc_write_back(rq, &arg->msg.len, sizeof(arg->msg.len)) ?: err;
}

/* The count of what has been done is written first, so that it can be written in the end. */
static int kipc_queue_begin_batch(struct kipc_request *rq, u32 count, u32 *done)
{
	if (!count || count > KIPC_BATCH_MAX)
		return -EINVAL;
	*done = 0;
	return kipc_write_back(rq, done, sizeof(*done));
}

int kipc_ioc_queue_send_batch(struct kipc_request *rq)
{
	struct kipc_queue_send_batch *arg = &rq->arg.put_batch;
	struct kipc_limit limit = kipc_queue_limit(rq, arg->flags, arg->deadline);
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~KIPC_QUEUE_WAIT_FLAGS || arg->reserved)
		return -EINVAL;
	err = kipc_queue_begin_batch(rq, arg->count, &arg->done);
	if (err)
		return err;
	queue = kipc_queue_use(rq->ep, arg->number, KIPC_MAY_SEND);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_send_batch(queue, rq->ep->user, u64_to_user_ptr(arg->items), arg->count,
				    &limit, &arg->done);
	kipc_queue_unuse(queue, arg->number);
	return kipc_write_back(rq, &arg->done, sizeof(arg->done)) ?: err;
}

int kipc_ioc_queue_recv_batch(struct kipc_request *rq)
{
	struct kipc_queue_recv_batch *arg = &rq->arg.get_batch;
	struct kipc_queue_recv_batch __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_queue_limit(rq, arg->flags, arg->deadline);
	struct kipc_queue_order order = {
		.choice = { arg->select, arg->match },
		.room = min_t(u64, arg->len, MAX_RW_COUNT),
	};
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~KIPC_QUEUE_WAIT_FLAGS || arg->select == KIPC_SELECT_NTH)
		return -EINVAL;
	err = kipc_choice_check(arg->select, arg->match) ?:
	      kipc_queue_begin_batch(rq, arg->count, &arg->done);
	if (err)
		return err;
	queue = kipc_queue_use(rq->ep, arg->number, KIPC_MAY_RECV);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_receive_batch(queue, &order, &limit, u64_to_user_ptr(arg->data),
				       u64_to_user_ptr(arg->msgs), arg->count, &uarg->done);
	kipc_queue_unuse(queue, arg->number);
	return err;
}

static int kipc_queue_notify_check(const struct kipc_queue_notify *arg)
{
	u32 known = KIPC_NOTIFY_ONCE | KIPC_NOTIFY_EACH | KIPC_NOTIFY_SOLE;
	bool signal = arg->how == KIPC_NOTIFY_SIGNAL, eventfd = arg->how == KIPC_NOTIFY_EVENTFD;

	if (arg->flags & ~known || arg->how > KIPC_NOTIFY_EVENTFD || arg->reserved)
		return -EINVAL;
	if (signal ? !arg->signo || !valid_signal(arg->signo) : arg->signo || arg->value)
		return -EINVAL;
	return !eventfd && arg->fd ? -EINVAL : 0;
}

int kipc_ioc_queue_notify(struct kipc_request *rq)
{
	int err;

	err = kipc_queue_notify_check(&rq->arg.notify) ?:
	      kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_QUEUE));
	return err ?: kipc_notify_set(rq->ep, &rq->arg.notify);
}

int kipc_ioc_queue_stat(struct kipc_request *rq)
{
	struct kipc_queue_stat *arg = &rq->arg.stat;
	struct kipc_queue_stat stat = { .size = arg->size, .flags = arg->flags };
	bool next = arg->flags & KIPC_STAT_NEXT;
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~(KIPC_STAT_NEXT | KIPC_STAT_PERMIT))
		return -EINVAL;
	queue = next ? kipc_queue_next_number(rq->ep, arg->number) :
		       kipc_queue_use(rq->ep, arg->number, 0);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_stat(queue, &stat, arg->flags & KIPC_STAT_PERMIT ? KIPC_MAY_RECV : 0);
	kipc_queue_unuse(queue, next || arg->number);
	if (err)
		return err;
	return copy_to_user(rq->uarg, &stat, sizeof(stat)) ? -EFAULT : 0;
}

/* What is not to be set is 0. */
static bool kipc_queue_set_fits(const struct kipc_queue_set *arg, u32 flag, u64 value, u64 max)
{
	return value <= (arg->flags & flag ? max : 0);
}

int kipc_ioc_queue_set(struct kipc_request *rq)
{
	struct kipc_queue_set *arg = &rq->arg.set;
	u32 known = KIPC_SET_UID | KIPC_SET_GID | KIPC_SET_MODE | KIPC_SET_MAX_MSGS |
		    KIPC_SET_MAX_BYTES | KIPC_SET_MAX_SIZE;
	struct kipc_change change = {
		.flags = arg->flags,
		.mode = arg->mode,
		.max_msgs = arg->max_msgs,
		.max_bytes = arg->max_bytes,
		.max_size = arg->max_size,
	};
	struct kipc_queue *queue;
	int err;

	if (arg->flags & ~known ||
	    !kipc_queue_set_fits(arg, KIPC_SET_UID, arg->uid, U32_MAX) ||
	    !kipc_queue_set_fits(arg, KIPC_SET_GID, arg->gid, U32_MAX) ||
	    !kipc_queue_set_fits(arg, KIPC_SET_MODE, arg->mode, 0777) ||
	    !kipc_queue_set_fits(arg, KIPC_SET_MAX_MSGS, arg->max_msgs, KIPC_QUEUE_MSGS_MAX) ||
	    !kipc_queue_set_fits(arg, KIPC_SET_MAX_BYTES, arg->max_bytes, KIPC_QUEUE_BYTES_MAX) ||
	    !kipc_queue_set_fits(arg, KIPC_SET_MAX_SIZE, arg->max_size, KIPC_QUEUE_SIZE_MAX))
		return -EINVAL;
	queue = kipc_queue_use(rq->ep, arg->number, 0);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	err = kipc_queue_owned(queue) ? 0 : -EPERM;
	err = err ?: kipc_change_resolve(&change, current_user_ns(), arg->uid, arg->gid);
	err = err ?: kipc_queue_change(queue, &change);
	kipc_queue_unuse(queue, arg->number);
	return err;
}
