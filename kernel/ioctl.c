// SPDX-License-Identifier: GPL-2.0
/* Ioctl: see ioctl.h for what it is; the contract is in uapi/linux/kipc.h. */
#include <linux/indirect_call_wrapper.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "copy.h"
#include "endpoint.h"
#include "fetch.h"
#include "ioctl.h"
#include "message.h"

/* Write a member of @rq->arg back to where it is in the user's structure. */
int kipc_write_back(struct kipc_request *rq, const void *member, size_t bytes)
{
	size_t offset = member - (const void *)&rq->arg;

	return copy_to_user(rq->uarg + offset, member, bytes) ? -EFAULT : 0;
}

/* The caller's monotonic clock may run at an offset, in a time namespace. */
u64 kipc_deadline_to_host(u64 deadline)
{
	s64 host;

	deadline = min_t(u64, deadline, KTIME_MAX);
	if (check_sub_overflow((s64)deadline, kipc_time_offset(), &host))
		return KTIME_MAX;
	/* Before the machine was there: passed, which 0 would not mean. */
	return max_t(s64, host, 1);
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

static int kipc_ioc_endpoint_tune(struct kipc_request *rq)
{
	struct kipc_endpoint_tune *arg = &rq->arg.tune;

	if (arg->flags || arg->busy_poll > KIPC_BUSY_POLL_MAX)
		return -EINVAL;
	WRITE_ONCE(rq->ep->busy_poll, arg->busy_poll);
	return 0;
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
	KIPC_IOCTL(ENDPOINT_TUNE, kipc_endpoint_tune, busy_poll, kipc_ioc_endpoint_tune),
	KIPC_IOCTL(CHANNEL_CREATE, kipc_channel_create, name, kipc_ioc_channel_create),
	KIPC_IOCTL(CHANNEL_CONNECT, kipc_channel_connect, name, kipc_ioc_channel_connect),
	KIPC_IOCTL(CHANNEL_CALL, kipc_channel_call, request, kipc_ioc_channel_call),
	KIPC_IOCTL(CHANNEL_SEND, kipc_channel_send, payload, kipc_ioc_channel_send),
	KIPC_IOCTL(CHANNEL_RECV, kipc_channel_recv, ring_done, kipc_ioc_channel_recv),
	KIPC_IOCTL(CHANNEL_REPLY, kipc_channel_reply, reply, kipc_ioc_channel_reply),
	KIPC_IOCTL(CHANNEL_RELEASE, kipc_channel_release, count, kipc_ioc_channel_release),
	KIPC_IOCTL(CHANNEL_SEND_BATCH, kipc_channel_send_batch, count,
		   kipc_ioc_channel_send_batch),
	KIPC_IOCTL(CHANNEL_FDS, kipc_channel_fds, count, kipc_ioc_channel_fds),
	KIPC_IOCTL(CHANNEL_INSPECT, kipc_channel_inspect, id, kipc_ioc_channel_inspect),
	KIPC_IOCTL(CHANNEL_RING, kipc_channel_ring, reserved, kipc_ioc_channel_ring),
	KIPC_IOCTL(QUEUE_OPEN, kipc_queue_open, name, kipc_ioc_queue_open),
	KIPC_IOCTL(QUEUE_UNLINK, kipc_queue_unlink, name, kipc_ioc_queue_unlink),
	KIPC_IOCTL(QUEUE_SEND, kipc_queue_send, payload, kipc_ioc_queue_send),
	KIPC_IOCTL(QUEUE_RECV, kipc_queue_recv, fd_count, kipc_ioc_queue_recv),
	KIPC_IOCTL(QUEUE_SEND_BATCH, kipc_queue_send_batch, reserved,
		   kipc_ioc_queue_send_batch),
	KIPC_IOCTL(QUEUE_RECV_BATCH, kipc_queue_recv_batch, count, kipc_ioc_queue_recv_batch),
	KIPC_IOCTL(QUEUE_NOTIFY, kipc_queue_notify, reserved, kipc_ioc_queue_notify),
	KIPC_IOCTL(QUEUE_STAT, kipc_queue_stat, number, kipc_ioc_queue_stat),
	KIPC_IOCTL(QUEUE_SET, kipc_queue_set, max_size, kipc_ioc_queue_set),
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
	struct kipc_request rq __uninitialized;	/* what is used of it is written first */
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
		err = check_zeroed_user(kipc_reread(rq.uarg, "behind it: in <= size in each row") +
					ioctl->size, size - ioctl->size);
		if (err <= 0)
			return err ?: -E2BIG;
	}
	/* The two requests of every round trip are called directly: no retpoline. */
	return INDIRECT_CALL_2(ioctl->run, kipc_ioc_channel_call, kipc_ioc_channel_reply, &rq);
}
