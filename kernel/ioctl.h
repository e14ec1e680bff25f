/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ioctl: the requests of the UAPI, from user memory to the rooms that do them.
 *
 * One table says, for each request, how large its structure is, how much of it is
 * read, and which function handles it.  That part is read once; results are written
 * to the user's structure by the handler.
 */
#ifndef KIPC_IOCTL_H
#define KIPC_IOCTL_H

#include <linux/fs.h>
#include <linux/kipc.h>

#include "endpoint.h"
#include "wait.h"

union kipc_arg {
	u32				size;
	struct kipc_endpoint_info	info;
	struct kipc_endpoint_tune	tune;
	struct kipc_channel_create	create;
	struct kipc_channel_connect	connect;
	struct kipc_channel_call	call;
	struct kipc_channel_send	send;
	struct kipc_channel_recv	recv;
	struct kipc_channel_reply	reply;
	struct kipc_channel_release	release;
	struct kipc_channel_send_batch	batch;
	struct kipc_channel_fds		fds;
	struct kipc_channel_inspect	inspect;
	struct kipc_channel_ring	ring;
	struct kipc_queue_open		open;
	struct kipc_queue_unlink	unlink;
	struct kipc_queue_send		put;
	struct kipc_queue_recv		get;
	struct kipc_queue_send_batch	put_batch;
	struct kipc_queue_recv_batch	get_batch;
	struct kipc_queue_notify	notify;
	struct kipc_queue_stat		stat;
	struct kipc_queue_set		set;
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

long kipc_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
int kipc_write_back(struct kipc_request *rq, const void *member, size_t bytes);
u64 kipc_deadline_to_host(u64 deadline);

/* How long a request may wait, of what its structure and its endpoint say. */
static inline struct kipc_limit kipc_request_limit(const struct kipc_request *rq, u32 flags,
						   u64 deadline)
{
	return (struct kipc_limit){
		.deadline = deadline ? kipc_deadline_to_host(deadline) : 0,
		.nonblock = rq->nonblock || flags & KIPC_F_NONBLOCK,
		.busy_poll = READ_ONCE(rq->ep->busy_poll),
	};
}

/* ioctl_channel.c */
int kipc_ioc_channel_create(struct kipc_request *rq);
int kipc_ioc_channel_connect(struct kipc_request *rq);
int kipc_ioc_channel_call(struct kipc_request *rq);
int kipc_ioc_channel_send(struct kipc_request *rq);
int kipc_ioc_channel_recv(struct kipc_request *rq);
int kipc_ioc_channel_reply(struct kipc_request *rq);
int kipc_ioc_channel_release(struct kipc_request *rq);
int kipc_ioc_channel_send_batch(struct kipc_request *rq);
int kipc_ioc_channel_fds(struct kipc_request *rq);
int kipc_ioc_channel_inspect(struct kipc_request *rq);
int kipc_ioc_channel_ring(struct kipc_request *rq);

/* ioctl_queue.c */
int kipc_ioc_queue_open(struct kipc_request *rq);
int kipc_ioc_queue_unlink(struct kipc_request *rq);
int kipc_ioc_queue_send(struct kipc_request *rq);
int kipc_ioc_queue_recv(struct kipc_request *rq);
int kipc_ioc_queue_send_batch(struct kipc_request *rq);
int kipc_ioc_queue_recv_batch(struct kipc_request *rq);
int kipc_ioc_queue_notify(struct kipc_request *rq);
int kipc_ioc_queue_stat(struct kipc_request *rq);
int kipc_ioc_queue_set(struct kipc_request *rq);

#endif /* KIPC_IOCTL_H */
