// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * queue: kipc queues, one way, with types and priorities.
 *
 * kipc_listen() makes the queue or joins the one that is there, and may receive;
 * kipc_connect() joins it and may send.  The queue stays, with the messages in
 * it, until kipc_unlink(), whoever made it.
 *
 * The kernel does all the work: a handle is a descriptor, and every operation is
 * one system call, except that a message larger than any before it is asked for
 * twice, because the buffer grows in between.
 */
#include <errno.h>
#include <linux/kipc.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* A first buffer: queues of small messages never grow it. */
#define KIPC_QUEUE_BUFFER 65536

struct kipc_queue {
	struct kipc base;
	int fd;
	atomic_size_t capacity;	/* buffers: as large as it ever had to be */
	uint64_t max_size;
	uint64_t max_msgs;
};

static struct kipc_queue *to_queue(struct kipc *handle)
{
	return container_of(handle, struct kipc_queue, base);
}

static int kipc_queue_send_out(struct kipc *handle, const struct kipc_outgoing *out,
			       kipc_deadline deadline)
{
	struct kipc_queue_send send = {
		.size = sizeof(send),
		.flags = deadline == KIPC_AT_ONCE ? KIPC_F_NONBLOCK : 0,
		.deadline = deadline > 0 ? (uint64_t)deadline : 0,
		.type = out->type,
		.prio = out->prio,
		.payload = {
			.data = (uintptr_t)out->data,
			.len = out->len,
		},
	};

	if (out->to)
		return -EINVAL;
	return kipc_device_ioctl(to_queue(handle)->fd, KIPC_IOC_QUEUE_SEND, &send);
}

/* One message into a buffer; recv->msg tells of it, and on -EMSGSIZE how large. */
static int kipc_queue_take(struct kipc_queue *queue, struct kipc_queue_recv *recv,
			   void *buf, size_t size, kipc_deadline deadline)
{
	memset(recv, 0, sizeof(*recv));
	recv->size = sizeof(*recv);
	recv->flags = deadline == KIPC_AT_ONCE ? KIPC_F_NONBLOCK : 0;
	recv->deadline = deadline > 0 ? (uint64_t)deadline : 0;
	recv->data = (uintptr_t)buf;
	recv->len = size;
	return kipc_device_ioctl(queue->fd, KIPC_IOC_QUEUE_RECV, recv);
}

static void kipc_queue_grow(struct kipc_queue *queue, size_t len)
{
	size_t now = atomic_load(&queue->capacity);

	while (now < len && !atomic_compare_exchange_weak(&queue->capacity, &now, len))
		;
}

static int kipc_queue_recv_msg(struct kipc *handle, struct kipc_msg *msg,
			       kipc_deadline deadline)
{
	struct kipc_queue *queue = to_queue(handle);
	struct kipc_queue_recv recv;
	struct kipc_buffer *buffer;
	int err;

	for (;;) {
		buffer = kipc_buffer_get(handle, atomic_load(&queue->capacity));
		if (!buffer)
			return -ENOMEM;
		err = kipc_queue_take(queue, &recv, buffer->data, buffer->capacity, deadline);
		if (!err)
			break;
		kipc_buffer_put(handle, buffer);
		if (err != -EMSGSIZE)
			return err;
		kipc_queue_grow(queue, recv.msg.len);
	}
	kipc_buffer_lend(handle, msg, buffer, 0, recv.msg.len);
	msg->type = recv.msg.type;
	msg->prio = recv.msg.prio;
	msg->id = recv.msg.id;
	msg->pid = (pid_t)recv.msg.pid;
	msg->uid = recv.msg.uid;
	msg->gid = recv.msg.gid;
	msg->known = KIPC_KNOWN_TYPE | KIPC_KNOWN_PRIO | KIPC_KNOWN_PEER;
	return 0;
}

/* The kernel leaves a message that does not fit where it is: no copy of ours. */
static ssize_t kipc_queue_recv_into(struct kipc *handle, void *buf, size_t size,
				    kipc_deadline deadline)
{
	struct kipc_queue_recv recv;
	int err = kipc_queue_take(to_queue(handle), &recv, buf, size, deadline);

	return err ? err : (ssize_t)recv.msg.len;
}

/* ---- opening ---- */

static void kipc_queue_close(struct kipc *handle)
{
	close(to_queue(handle)->fd);
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
	kipc_queue_remove(to_queue(ends[0])->fd, name);
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
	return to_queue(handle)->fd;
}

static void kipc_queue_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_queue *queue = to_queue((struct kipc *)handle);

	info->max_size = handle ? queue->max_size : KIPC_QUEUE_SIZE_MAX;
	info->max_msgs = handle ? queue->max_msgs : 0;
}

const struct kipc_transport kipc_queue_transport = {
	.scheme = "queue",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_PRIO |
	       KIPC_CAN_POLL | KIPC_CAN_PEER,
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
	.recv = kipc_queue_recv_msg,
	.recv_into = kipc_queue_recv_into,
	.fd = kipc_queue_fd,
	.limits = kipc_queue_limits,
};
