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

static int kipc_queue_open_fd(struct kipc **handle, const char *name, uint32_t flags,
			      const struct kipc_address *address)
{
	bool create = flags & KIPC_QUEUE_CREATE;
	struct kipc_queue_open open = { .size = sizeof(open), .flags = flags };
	struct kipc_queue *queue;
	int err;

	kipc_device_set_name(open.name, name);
	if (create)
		kipc_queue_wish(&open, address);
	queue = kipc_handle_new(sizeof(*queue), &kipc_queue_transport,
				flags & KIPC_QUEUE_RECV ? KIPC_SIDE_RECV : KIPC_SIDE_SEND);
	if (!queue)
		return -ENOMEM;
	queue->fd = kipc_device_open();
	err = queue->fd < 0 ? queue->fd :
	      kipc_device_ioctl(queue->fd, KIPC_IOC_QUEUE_OPEN, &open);
	if (!err && create && !kipc_queue_suits(&open, address))
		err = -EADDRINUSE;
	if (!err)
		err = kipc_device_tune(queue->fd, address);
	if (err) {
		kipc_queue_close(&queue->base);
		return err;
	}
	queue->max_size = open.max_size;
	queue->max_msgs = open.max_msgs;
	atomic_init(&queue->capacity, open.max_size < KIPC_QUEUE_BUFFER ?
				      open.max_size : KIPC_QUEUE_BUFFER);
	*handle = &queue->base;
	return 0;
}

static int kipc_queue_listen(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_queue_open_fd(handle, address->name,
				  KIPC_QUEUE_RECV | KIPC_QUEUE_CREATE, address);
}

static int kipc_queue_connect(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_queue_open_fd(handle, address->name, KIPC_QUEUE_SEND, address);
}

static int kipc_queue_remove(int fd, const char *name)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink) };

	kipc_device_set_name(unlink.name, name);
	return kipc_device_ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
}

static int kipc_queue_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	char name[KIPC_NAME_SIZE];
	int err;

	kipc_system_fresh_name(name, sizeof(name));
	err = kipc_queue_open_fd(&ends[0], name, KIPC_QUEUE_RECV | KIPC_QUEUE_CREATE |
				 KIPC_QUEUE_EXCL, address);
	if (err)
		return err;
	err = kipc_queue_open_fd(&ends[1], name, KIPC_QUEUE_SEND, address);
	kipc_queue_remove(kipc_to_queue(ends[0])->fd, name);
	if (err) {
		kipc_queue_close(ends[0]);
		ends[0] = NULL;
	}
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

static void kipc_queue_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_queue *queue = kipc_to_queue(handle);

	info->max_size = handle ? queue->max_size : KIPC_QUEUE_SIZE_MAX;
	info->max_msgs = handle ? queue->max_msgs : 0;
}

const struct kipc_transport kipc_queue_transport = {
	.scheme = "queue",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_PRIO |
	       KIPC_CAN_POLL | KIPC_CAN_PEER | KIPC_CAN_FDS | KIPC_CAN_SELECT |
	       KIPC_CAN_PEEK,
	.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_MSGS) | KIPC_PARAM_BIT(KIPC_PARAM_BYTES) |
		  KIPC_PARAM_BIT(KIPC_PARAM_BUSY),
	.name_rule = KIPC_DEVICE_NAME_RULE,
	.name_ok = kipc_device_name_ok,
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
	.fd = kipc_queue_fd,
	.limits = kipc_queue_limits,
};
