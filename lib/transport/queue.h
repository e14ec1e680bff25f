/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Queues: what the files of queue: share.
 *
 *	queue.c		opening and closing
 *	queue_msg.c	messages: send, receive, select
 *	queue_control.c	how full, how large, and being told
 *
 * The kernel does all the work: a handle is a descriptor, and every operation is
 * one system call, except that a message larger than any before it is asked for
 * twice, because the buffer grows in between.
 */
#ifndef KIPC_QUEUE_H
#define KIPC_QUEUE_H

#include <linux/kipc.h>

#include "internal.h"

/**
 * struct kipc_queue - a handle on a queue
 * @base:	the handle
 * @fd:		the endpoint
 * @capacity:	buffers: as large as one ever had to be
 */
struct kipc_queue {
	struct kipc base;
	int fd;
	atomic_size_t capacity;
};

/*
 * Each buffer begins with the descriptors that came with the message in it, which the
 * kernel installs when the message is received.  They are the library's until the message
 * is released, or the handle closed.
 */
struct kipc_queue_fds {
	uint32_t count;
	int fds[KIPC_FDS_MAX];
};

/* Where payloads begin. */
#define KIPC_QUEUE_HEAD	((sizeof(struct kipc_queue_fds) + 63) & ~(size_t)63)

static inline struct kipc_queue *kipc_to_queue(const struct kipc *handle)
{
	return container_of(handle, struct kipc_queue, base);
}

/* One meaning of an error everywhere: a queue that was removed is gone. */
static inline int kipc_queue_ioctl(const struct kipc_queue *queue, unsigned long request,
				   void *arg)
{
	int err = kipc_device_ioctl(queue->fd, request, arg);

	return err == -EIDRM ? -EPIPE : err;
}

/* queue_control.c */
int kipc_queue_ask_stat(const struct kipc *handle, struct kipc_queue_stat *stat);
int kipc_queue_stat(const struct kipc *handle, struct kipc_stat *stat);
int kipc_queue_change(struct kipc *handle, const struct kipc_change *change);
int kipc_queue_notify(struct kipc *handle, const struct kipc_notify_options *options);

/* queue_msg.c */
int kipc_queue_send_out(struct kipc *handle, const struct kipc_outgoing *out,
			kipc_deadline deadline);
ssize_t kipc_queue_send_many(struct kipc *handle, const struct kipc_outgoing *outs,
			     size_t count, kipc_deadline deadline);
int kipc_queue_recv_msg(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_queue_recv_wanted(struct kipc *handle, struct kipc_msg *msg,
			   const struct kipc_wanted *wanted, kipc_deadline deadline);
ssize_t kipc_queue_recv_many(struct kipc *handle, struct kipc_msg *msgs, size_t count,
			     kipc_deadline deadline);
void kipc_queue_release_msg(struct kipc_msg *msg);
int kipc_queue_take_fds(const struct kipc_msg *msg, int *fds, size_t count);
void kipc_queue_drop_fds(struct kipc_buffer *buffer);
ssize_t kipc_queue_recv_into(struct kipc *handle, void *buf, size_t size,
			     kipc_deadline deadline);

#endif /* KIPC_QUEUE_H */
