// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * queue: kipc queues, one way, with types and priorities.
 *
 * kipc_listen() makes the queue or joins the one that is there, and may receive;
 * kipc_connect() joins it and may send.  The queue stays, with the messages in
 * it, until kipc_unlink(), whoever made it.
 */
#include <errno.h>
#include <unistd.h>

#include "queue.h"

/* A first buffer: queues of small messages never grow it. */
#define KIPC_QUEUE_BUFFER 65536

static void kipc_queue_close(struct kipc *handle)
{
	struct kipc_buffer *buffer;

	/* Messages that were not released go with the handle. */
	for (buffer = handle->all; buffer; buffer = buffer->all)
		kipc_queue_drop_fds(buffer);
	close(kipc_to_queue(handle)->fd);
	kipc_handle_free(handle);
}

/*
 * The limits of a queue to be made; 0 leaves them to the kernel.  A mere wish for
 * larger messages than a queue can have is cut down.
 */
static void kipc_queue_wish(struct kipc_queue_open *open, const struct kipc_address *address)
{
	open->mode = kipc_address_mode(address);
	open->max_msgs = kipc_address_get(address, KIPC_PARAM_MSGS, 0);
	open->max_size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	open->max_bytes = kipc_address_get(address, KIPC_PARAM_BYTES, 0);
	if (kipc_address_demands(address, KIPC_PARAM_SIZE))
		return;
	if (open->max_size > KIPC_QUEUE_SIZE_MAX)
		open->max_size = KIPC_QUEUE_SIZE_MAX;
	if (open->max_bytes && open->max_size > open->max_bytes)
		open->max_size = open->max_bytes;
}

/* The queue was there perhaps: is it what the address demands? */
static bool kipc_queue_suits(const struct kipc_queue_open *open,
			     const struct kipc_address *address)
{
	return !((kipc_address_demands(address, KIPC_PARAM_MSGS) &&
		  open->max_msgs != address->value[KIPC_PARAM_MSGS]) ||
		 (kipc_address_demands(address, KIPC_PARAM_SIZE) &&
		  open->max_size != address->value[KIPC_PARAM_SIZE]) ||
		 (kipc_address_demands(address, KIPC_PARAM_BYTES) &&
		  open->max_bytes != address->value[KIPC_PARAM_BYTES]));
}

static int kipc_queue_open_fd(struct kipc **handle, struct kipc_queue_open *open,
			      const struct kipc_address *address)
{
	bool create = open->flags & KIPC_QUEUE_CREATE;
	struct kipc_queue *queue;
	int err;

	if (create)
		kipc_queue_wish(open, address);
	queue = kipc_handle_new(sizeof(*queue), &kipc_queue_transport,
				open->flags & KIPC_QUEUE_RECV ? KIPC_SIDE_RECV : KIPC_SIDE_SEND);
	if (!queue)
		return -ENOMEM;
	queue->fd = kipc_device_open();
	err = queue->fd < 0 ? queue->fd : kipc_queue_ioctl(queue, KIPC_IOC_QUEUE_OPEN, open);
	if (!err && create && !kipc_queue_suits(open, address))
		err = -EADDRINUSE;
	if (!err)
		err = kipc_device_tune(queue->fd, address);
	if (err) {
		kipc_queue_close(&queue->base);
		return err;
	}
	atomic_init(&queue->capacity, open->max_size < KIPC_QUEUE_BUFFER ?
				      open->max_size : KIPC_QUEUE_BUFFER);
	*handle = &queue->base;
	return 0;
}

static int kipc_queue_open_named(struct kipc **handle, uint32_t flags,
				 const struct kipc_address *address)
{
	struct kipc_queue_open open = { .size = sizeof(open), .flags = flags };

	kipc_device_set_name(open.name, address->name);
	return kipc_queue_open_fd(handle, &open, address);
}

static int kipc_queue_listen(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_queue_open_named(handle, KIPC_QUEUE_RECV | KIPC_QUEUE_CREATE, address);
}

static int kipc_queue_connect(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_queue_open_named(handle, KIPC_QUEUE_SEND, address);
}

static int kipc_queue_remove(int fd, const char *name)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink) };

	kipc_device_set_name(unlink.name, name);
	return kipc_device_ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
}

static int kipc_queue_share(struct kipc **handle, const struct kipc *from, uint32_t side,
			    const struct kipc_address *address)
{
	struct kipc_queue_open open = {
		.size = sizeof(open),
		.flags = KIPC_QUEUE_SAME | side,
		.handle = kipc_to_queue(from)->fd,
	};

	return kipc_queue_open_fd(handle, &open, address);
}

/*
 * A queue without a name.  Whoever is given one of the ends can do with it what the end
 * is for and no more; so it is made by a third one that can do both.
 */
static int kipc_queue_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_queue_open open = {
		.size = sizeof(open),
		.flags = KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_RECV |
			 KIPC_QUEUE_SEND,
	};
	struct kipc *both;
	int err;

	err = kipc_queue_open_fd(&both, &open, address);
	if (err)
		return err;
	err = kipc_queue_share(&ends[0], both, KIPC_QUEUE_RECV, address);
	if (!err)
		err = kipc_queue_share(&ends[1], both, KIPC_QUEUE_SEND, address);
	if (err && ends[0]) {
		kipc_queue_close(ends[0]);
		ends[0] = NULL;
	}
	kipc_queue_close(both);
	return err;
}

static int kipc_queue_unlink_name(const struct kipc_address *address)
{
	int fd = kipc_device_open();
	int err;

	if (fd < 0)
		return fd;
	err = kipc_queue_remove(fd, address->name);
	close(fd);
	return err;
}

static int kipc_queue_fd(struct kipc *handle)
{
	return kipc_to_queue(handle)->fd;
}

/* As they are now: kipc_change() may have been called, by anybody. */
static void kipc_queue_limits(const struct kipc *handle, struct kipc_info *info)
{
	struct kipc_queue_stat stat;

	info->max_size = KIPC_QUEUE_SIZE_MAX;
	if (!handle || kipc_queue_ask_stat(handle, &stat))
		return;
	info->max_size = stat.max_size;
	info->max_msgs = stat.max_msgs;
}

const struct kipc_transport kipc_queue_transport = {
	.mechanism.scheme = "queue",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_PRIO |
	       KIPC_CAN_POLL | KIPC_CAN_PEER | KIPC_CAN_FDS | KIPC_CAN_SELECT |
	       KIPC_CAN_PEEK | KIPC_CAN_STAT | KIPC_CAN_CHANGE | KIPC_CAN_NOTIFY,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_MSGS) | KIPC_PARAM_BIT(KIPC_PARAM_BYTES) |
		  KIPC_PARAM_BIT(KIPC_PARAM_BUSY),
	.mechanism.name_rule = KIPC_DEVICE_NAME_RULE,
	.mechanism.name_ok = kipc_device_name_ok,
	.listen = kipc_queue_listen,
	.connect = kipc_queue_connect,
	.pair = kipc_queue_pair,
	.unlink = kipc_queue_unlink_name,
	.close = kipc_queue_close,
	.send = kipc_queue_send_out,
	.send_many = kipc_queue_send_many,
	.recv = kipc_queue_recv_msg,
	.recv_wanted = kipc_queue_recv_wanted,
	.recv_many = kipc_queue_recv_many,
	.recv_into = kipc_queue_recv_into,
	.release = kipc_queue_release_msg,
	.take_fds = kipc_queue_take_fds,
	.stat = kipc_queue_stat,
	.change = kipc_queue_change,
	.notify = kipc_queue_notify,
	.fd = kipc_queue_fd,
	.limits = kipc_queue_limits,
};
