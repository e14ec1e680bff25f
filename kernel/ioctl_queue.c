// SPDX-License-Identifier: GPL-2.0
/* Ioctl: the requests on queues.  See ioctl.h; the contract is in uapi/linux/kipc.h. */
#include "copy.h"
#include "endpoint.h"
#include "ioctl.h"
#include "queue.h"

static int kipc_queue_write_bounds(struct kipc_request *rq)
{
	const struct kipc_queue_open *arg = &rq->arg.open;

	return kipc_write_back(rq, &arg->max_msgs, sizeof(arg->max_msgs)) ?:
	       kipc_write_back(rq, &arg->max_bytes, sizeof(arg->max_bytes)) ?:
	       kipc_write_back(rq, &arg->max_size, sizeof(arg->max_size));
}

int kipc_ioc_queue_open(struct kipc_request *rq)
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

int kipc_ioc_queue_unlink(struct kipc_request *rq)
{
	struct kipc_queue_unlink *arg = &rq->arg.unlink;

	if (arg->flags || kipc_name_check(arg->name))
		return -EINVAL;
	return kipc_queue_unlink_text(rq->ep, arg->name);
}

int kipc_ioc_queue_send(struct kipc_request *rq)
{
	struct kipc_queue_send *arg = &rq->arg.put;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_queue_send_args args = { arg->type, arg->payload.tag, arg->prio };
	struct kipc_source source;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK || arg->reserved || arg->prio > KIPC_PRIO_MAX ||
	    arg->payload.prio || arg->payload.fd_count || arg->payload.fds)
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

int kipc_ioc_queue_recv(struct kipc_request *rq)
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
