// SPDX-License-Identifier: GPL-2.0
/* Ioctl: see ioctl.h for what it is; the contract is in uapi/linux/kipc.h. */
#include <linux/indirect_call_wrapper.h>
#include <linux/kipc.h>
#include <linux/nospec.h>
#include <linux/nsproxy.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "ioctl.h"
#include "queue.h"

union kipc_arg {
	u32				size;
	struct kipc_endpoint_info	info;
	struct kipc_channel_create	create;
	struct kipc_channel_connect	connect;
	struct kipc_channel_call	call;
	struct kipc_channel_send	send;
	struct kipc_channel_recv	recv;
	struct kipc_channel_reply	reply;
	struct kipc_channel_release	release;
	struct kipc_queue_open		open;
	struct kipc_queue_unlink	unlink;
	struct kipc_queue_send		put;
	struct kipc_queue_recv		get;
};

/**
 * struct kipc_request - a request on its way
 * @ep:		the endpoint it was made on
 * @nonblock:	the file is O_NONBLOCK
 * @arg:	the part of the user's structure that is read, read once
 * @uarg:	where it is
 */
struct kipc_request {
	struct kipc_endpoint	*ep;
	bool			nonblock;
	union kipc_arg		arg;
	void __user		*uarg;
};

/* Write a member of @rq->arg back to where it is in the user's structure. */
static int kipc_write_back(struct kipc_request *rq, const void *member, size_t bytes)
{
	size_t offset = member - (const void *)&rq->arg;

	return copy_to_user(rq->uarg + offset, member, bytes) ? -EFAULT : 0;
}

/* The caller's monotonic clock may run at an offset, in a time namespace. */
static u64 kipc_deadline_to_host(u64 deadline)
{
#ifdef CONFIG_TIME_NS
	s64 offset = timespec64_to_ns(&current->nsproxy->time_ns->offsets.monotonic);
	s64 host;

	deadline = min_t(u64, deadline, KTIME_MAX);
	if (check_sub_overflow((s64)deadline, offset, &host))
		return KTIME_MAX;
	/* Before the machine was there: passed, which 0 would not mean. */
	return max_t(s64, host, 1);
#else
	return deadline;
#endif
}

static struct kipc_limit kipc_request_limit(const struct kipc_request *rq, u32 flags,
					    u64 deadline)
{
	return (struct kipc_limit){
		.deadline = deadline ? kipc_deadline_to_host(deadline) : 0,
		.nonblock = rq->nonblock || flags & KIPC_F_NONBLOCK,
	};
}

static int kipc_ioc_endpoint_info(struct kipc_request *rq)
{
	struct kipc_endpoint_info *arg = &rq->arg.info;
	struct kipc_endpoint_info info = { .size = arg->size };

	if (arg->flags)
		return -EINVAL;
	kipc_endpoint_info(rq->ep, &info);
	return copy_to_user(rq->uarg, &info, sizeof(info)) ? -EFAULT : 0;
}

/*
 * Requests that give a role write back before they do anything that others see: an
 * address that cannot be written fails them as a whole.
 */
static int kipc_ioc_channel_create(struct kipc_request *rq)
{
	struct kipc_channel_create *arg = &rq->arg.create;
	u32 pool = kipc_pool_size(arg->pool_size);
	int err;

	if (arg->flags || arg->reserved || arg->mode & ~0777 || !pool ||
	    kipc_name_check(arg->name))
		return -EINVAL;
	err = kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	arg->pool_size = pool;
	err = kipc_write_back(rq, &arg->pool_size, sizeof(arg->pool_size));
	if (!err)
		err = kipc_channel_create(rq->ep, arg->name, arg->mode, pool);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_SERVER);
	return err;
}

static int kipc_ioc_channel_connect(struct kipc_request *rq)
{
	struct kipc_channel_connect *arg = &rq->arg.connect;
	u32 pool = kipc_pool_size(arg->pool_size);
	int err;

	if (arg->flags || !pool || kipc_name_check(arg->name))
		return -EINVAL;
	err = kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	arg->pool_size = pool;
	err = kipc_write_back(rq, &arg->pool_size, sizeof(arg->pool_size)) ?:
	      kipc_write_back(rq, &arg->client, sizeof(arg->client));
	if (!err)
		err = kipc_channel_connect(rq->ep, arg->name, pool);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_CLIENT);
	if (err)
		return err;
	arg->client = rq->ep->number;
	return kipc_write_back(rq, &arg->client, sizeof(arg->client));
}

/*
 * A request has failed after it had done what @id (release, or reply) asked for: say
 * so in the user's structure.  Where that cannot be written the request must not be
 * restarted, or it would do it twice.
 */
static int kipc_request_done(struct kipc_request *rq, u64 *id, int err)
{
	*id = 0;
	if (kipc_write_back(rq, id, sizeof(*id)) && err == -ERESTARTSYS)
		return -EINTR;
	return err;
}

/* Outcome and reply lie side by side, and are written in one go. */
#define KIPC_CALL_OUT	offsetof(struct kipc_channel_call, outcome)

static int kipc_request_call(struct kipc_request *rq, struct kipc_call *call)
{
	struct kipc_channel_call *arg = &rq->arg.call;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_source source;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_CLIENT));
	if (err)
		return err;
	err = kipc_source_open(&source, &arg->request, KIPC_POOL_MAX);
	if (err)
		return err;
	err = kipc_channel_call(rq->ep, &source, arg->request.tag, &limit, &arg->release, call);
	kipc_source_close(&source);
	return err;
}

static int kipc_ioc_channel_call(struct kipc_request *rq)
{
	struct kipc_channel_call *arg = &rq->arg.call;
	struct kipc_call call;
	u64 release = arg->release;
	int err;

	call.receiver.header = &arg->reply;
	call.outcome = KIPC_OUTCOME_NONE;
	err = kipc_request_call(rq, &call);
	arg->outcome = call.outcome;
	arg->reserved = 0;
	if (!err) {
		if (!kipc_write_words(rq->uarg + KIPC_CALL_OUT, &arg->outcome,
				      sizeof(*arg) - KIPC_CALL_OUT))
			return 0;
		kipc_channel_requeue(rq->ep, arg->reply.id);
		err = -EFAULT;
	}
	kipc_write_back(rq, &arg->outcome, sizeof(arg->outcome));
	if (release != arg->release)
		err = kipc_request_done(rq, &arg->release, err);
	return err;
}

static int kipc_ioc_channel_send(struct kipc_request *rq)
{
	struct kipc_channel_send *arg = &rq->arg.send;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_source source;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_CLIENT) | BIT(KIPC_ROLE_SERVER));
	if (err)
		return err;
	if (arg->to && kipc_endpoint_role(rq->ep) == KIPC_ROLE_CLIENT)
		return -EINVAL;
	err = kipc_source_open(&source, &arg->payload, KIPC_POOL_MAX);
	if (err)
		return err;
	err = kipc_channel_send(rq->ep, arg->to, &source, arg->payload.tag, &limit);
	kipc_source_close(&source);
	return err;
}

/* Tell the user of a message that was received; if that cannot be, undo it. */
static int kipc_request_deliver(struct kipc_request *rq, struct kipc_header __user *uheader,
				const struct kipc_header *header)
{
	if (!kipc_write_words(uheader, header, sizeof(*header)))
		return 0;
	kipc_channel_requeue(rq->ep, header->id);
	return -EFAULT;
}

static int kipc_ioc_channel_recv(struct kipc_request *rq)
{
	struct kipc_channel_recv *arg = &rq->arg.recv;
	struct kipc_channel_recv __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_receiver receiver = { .header = &arg->msg };
	u64 release = arg->release;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_CLIENT) | BIT(KIPC_ROLE_SERVER));
	if (err)
		return err;
	err = kipc_channel_receive(rq->ep, &limit, &arg->release, &receiver);
	if (!err)
		err = kipc_request_deliver(rq, &uarg->msg, &arg->msg);
	if (err && release != arg->release)
		err = kipc_request_done(rq, &arg->release, err);
	return err;
}

static int kipc_request_reply(struct kipc_request *rq, const struct kipc_limit *limit,
			      struct kipc_receiver *receiver)
{
	struct kipc_channel_reply *arg = &rq->arg.reply;
	struct kipc_source source;
	u64 nothing = 0;
	int err;

	err = kipc_payload_check(&arg->reply);
	if (err)
		return err;
	if (!arg->id)
		return kipc_channel_receive(rq->ep, limit, &nothing, receiver);
	err = kipc_source_open(&source, &arg->reply, KIPC_POOL_MAX);
	if (err)
		return err;
	err = kipc_channel_reply(rq->ep, &arg->id, &source, arg->reply.tag, limit, receiver);
	kipc_source_close(&source);
	return err;
}

static int kipc_ioc_channel_reply(struct kipc_request *rq)
{
	struct kipc_channel_reply *arg = &rq->arg.reply;
	struct kipc_channel_reply __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_receiver receiver = { .header = &arg->msg };
	bool receive = arg->flags & KIPC_REPLY_RECV;
	u64 id = arg->id;
	int err;

	if (arg->flags & ~(KIPC_F_NONBLOCK | KIPC_REPLY_RECV) || (!id && !receive))
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_SERVER));
	if (err)
		return err;
	err = kipc_request_reply(rq, &limit, receive ? &receiver : NULL);
	if (!err && receive)
		err = kipc_request_deliver(rq, &uarg->msg, &arg->msg);
	if (err && id != arg->id)
		err = kipc_request_done(rq, &arg->id, err);
	return err;
}

static int kipc_ioc_channel_release(struct kipc_request *rq)
{
	struct kipc_channel_release *arg = &rq->arg.release;
	const u64 __user *ids = u64_to_user_ptr(arg->ids);
	int err;
	u64 id;

	if (arg->flags || !arg->count || arg->count > KIPC_RELEASE_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_CLIENT) | BIT(KIPC_ROLE_SERVER));
	if (err)
		return err;
	arg->done = 0;
	while (!err && arg->done < arg->count) {
		if (copy_from_user(&id, ids + arg->done, sizeof(id)))
			err = -EFAULT;
		else
			err = kipc_channel_release(rq->ep, id);
		if (!err)
			arg->done++;
	}
	return kipc_write_back(rq, &arg->done, sizeof(arg->done)) ?: err;
}

static int kipc_queue_write_bounds(struct kipc_request *rq)
{
	const struct kipc_queue_open *arg = &rq->arg.open;

	return kipc_write_back(rq, &arg->max_msgs, sizeof(arg->max_msgs)) ?:
	       kipc_write_back(rq, &arg->max_bytes, sizeof(arg->max_bytes)) ?:
	       kipc_write_back(rq, &arg->max_size, sizeof(arg->max_size));
}

static int kipc_ioc_queue_open(struct kipc_request *rq)
{
	struct kipc_queue_open *arg = &rq->arg.open;
	struct kipc_bounds bounds = { arg->max_msgs, arg->max_bytes, arg->max_size };
	u32 known = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | KIPC_QUEUE_RECV | KIPC_QUEUE_SEND;
	bool limited = arg->mode || arg->max_msgs || arg->max_bytes || arg->max_size;
	int err;

	if (arg->flags & ~known || !(arg->flags & (KIPC_QUEUE_RECV | KIPC_QUEUE_SEND)) ||
	    (arg->flags & KIPC_QUEUE_EXCL && !(arg->flags & KIPC_QUEUE_CREATE)) ||
	    (limited && !(arg->flags & KIPC_QUEUE_CREATE)) ||
	    arg->reserved || arg->mode & ~0777 || kipc_name_check(arg->name))
		return -EINVAL;
	err = kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	err = kipc_queue_write_bounds(rq);
	if (!err)
		err = kipc_queue_open(rq->ep, arg->name, arg->flags, arg->mode, &bounds);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_QUEUE);
	if (err)
		return err;
	arg->max_msgs = bounds.max_msgs;
	arg->max_bytes = bounds.max_bytes;
	arg->max_size = bounds.max_size;
	return kipc_queue_write_bounds(rq);
}

static int kipc_ioc_queue_unlink(struct kipc_request *rq)
{
	struct kipc_queue_unlink *arg = &rq->arg.unlink;

	if (arg->flags || kipc_name_check(arg->name))
		return -EINVAL;
	return kipc_queue_unlink_text(rq->ep, arg->name);
}

static int kipc_ioc_queue_send(struct kipc_request *rq)
{
	struct kipc_queue_send *arg = &rq->arg.put;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_queue_send_args args = { arg->type, arg->payload.tag, arg->prio };
	struct kipc_source source;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK || arg->reserved || arg->prio > KIPC_PRIO_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_QUEUE));
	if (err)
		return err;
	err = kipc_source_open(&source, &arg->payload, KIPC_QUEUE_SIZE_MAX);
	if (err)
		return err;
	err = kipc_queue_send(rq->ep, &source.iter, &args, &limit);
	kipc_source_close(&source);
	return err;
}

static int kipc_ioc_queue_recv(struct kipc_request *rq)
{
	struct kipc_queue_recv *arg = &rq->arg.get;
	struct kipc_queue_recv __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct iov_iter to;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK || arg->reserved[0] || arg->reserved[1])
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, BIT(KIPC_ROLE_QUEUE));
	if (err)
		return err;
	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(arg->data),
		      min_t(u64, arg->len, KIPC_QUEUE_SIZE_MAX));
	err = kipc_queue_receive(rq->ep, &to, &limit, &uarg->msg, &arg->msg.len);
	if (err == -EMSGSIZE && kipc_write_back(rq, &arg->msg.len, sizeof(arg->msg.len)))
		err = -EFAULT;
	return err;
}

/**
 * struct kipc_ioctl - a row of the table
 * @size:	of the structure as this module knows it
 * @min:	of the structure when the request was introduced.  Where it has grown
 *		since, what an older program's lacks is to be zeroed before @run
 * @in:		how many of its first bytes are read: results come last
 * @run:	the handler
 */
struct kipc_ioctl {
	size_t	size;
	size_t	min;
	size_t	in;
	int	(*run)(struct kipc_request *rq);
};

/* A request whose last member that is read is @_last. */
#define KIPC_IOCTL(_name, _struct, _last, _run)					\
	[_IOC_NR(KIPC_IOC_##_name)] = {						\
		.size = sizeof(struct _struct),					\
		.min = sizeof(struct _struct),					\
		.in = round_up(offsetofend(struct _struct, _last), sizeof(u64)),	\
		.run = _run,							\
	}

static const struct kipc_ioctl kipc_ioctls[] = {
	KIPC_IOCTL(ENDPOINT_INFO, kipc_endpoint_info, flags, kipc_ioc_endpoint_info),
	KIPC_IOCTL(CHANNEL_CREATE, kipc_channel_create, name, kipc_ioc_channel_create),
	KIPC_IOCTL(CHANNEL_CONNECT, kipc_channel_connect, name, kipc_ioc_channel_connect),
	KIPC_IOCTL(CHANNEL_CALL, kipc_channel_call, request, kipc_ioc_channel_call),
	KIPC_IOCTL(CHANNEL_SEND, kipc_channel_send, payload, kipc_ioc_channel_send),
	KIPC_IOCTL(CHANNEL_RECV, kipc_channel_recv, release, kipc_ioc_channel_recv),
	KIPC_IOCTL(CHANNEL_REPLY, kipc_channel_reply, reply, kipc_ioc_channel_reply),
	KIPC_IOCTL(CHANNEL_RELEASE, kipc_channel_release, count, kipc_ioc_channel_release),
	KIPC_IOCTL(QUEUE_OPEN, kipc_queue_open, name, kipc_ioc_queue_open),
	KIPC_IOCTL(QUEUE_UNLINK, kipc_queue_unlink, name, kipc_ioc_queue_unlink),
	KIPC_IOCTL(QUEUE_SEND, kipc_queue_send, payload, kipc_ioc_queue_send),
	KIPC_IOCTL(QUEUE_RECV, kipc_queue_recv, reserved, kipc_ioc_queue_recv),
};

/**
 * kipc_ioctl() - unlocked_ioctl, and by way of compat_ptr_ioctl also compat_ioctl
 * @file:	the file
 * @cmd:	the request: its number says which, its size how new the caller is
 * @arg:	address of the structure
 *
 * Return: 0 or a negative errno.
 */
long kipc_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	unsigned int nr = _IOC_NR(cmd), size = _IOC_SIZE(cmd);
	const struct kipc_ioctl *ioctl;
	struct kipc_request rq;
	int err;

	if (_IOC_TYPE(cmd) != KIPC_IOC_MAGIC || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE) ||
	    nr >= ARRAY_SIZE(kipc_ioctls))
		return -ENOTTY;
	ioctl = &kipc_ioctls[array_index_nospec(nr, ARRAY_SIZE(kipc_ioctls))];
	if (!ioctl->run)
		return -ENOTTY;
	if (size < ioctl->min)
		return -EINVAL;

	rq.ep = file->private_data;
	rq.nonblock = file->f_flags & O_NONBLOCK;
	rq.uarg = (void __user *)arg;
	err = kipc_read_words(&rq.arg, rq.uarg, ioctl->in);
	if (err)
		return err;
	if (rq.arg.size != size)
		return -EINVAL;
	if (size > ioctl->size) {
		err = check_zeroed_user(rq.uarg + ioctl->size, size - ioctl->size);
		if (err <= 0)
			return err ?: -E2BIG;
	}
	/* The two requests of every round trip are called directly: no retpoline. */
	return INDIRECT_CALL_2(ioctl->run, kipc_ioc_channel_call, kipc_ioc_channel_reply, &rq);
}
