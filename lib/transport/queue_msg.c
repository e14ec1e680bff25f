// SPDX-License-Identifier: LGPL-2.1-or-later
/* queue: messages out and in; see queue.h. */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"

/* What is picked is the kernel's to find. */
static_assert((int)KIPC_PICK_NEXT == (int)KIPC_SELECT_URGENT &&
	      (int)KIPC_PICK_FIRST == (int)KIPC_SELECT_FIRST &&
	      (int)KIPC_PICK_TYPE == (int)KIPC_SELECT_TYPE &&
	      (int)KIPC_PICK_TYPE_MAX == (int)KIPC_SELECT_TYPE_MAX &&
	      (int)KIPC_PICK_NOT_TYPE == (int)KIPC_SELECT_NOT_TYPE &&
	      (int)KIPC_PICK_NTH == (int)KIPC_SELECT_NTH, "picks differ");
static_assert(sizeof(int) == sizeof(__s32), "descriptors are not __s32");

static uint32_t kipc_queue_flags(kipc_deadline deadline)
{
	return deadline == KIPC_AT_ONCE ? KIPC_F_NONBLOCK : 0;
}

static uint64_t kipc_queue_deadline(kipc_deadline deadline)
{
	return deadline > 0 ? (uint64_t)deadline : 0;
}

static struct kipc_payload kipc_queue_payload(const struct kipc_outgoing *out)
{
	return (struct kipc_payload){
		.data = (uintptr_t)out->data,
		.len = out->len,
		.fds = (uintptr_t)out->fds,
		.fd_count = (__u16)out->fd_count,
	};
}

int kipc_queue_send_out(struct kipc *handle, const struct kipc_outgoing *out,
			kipc_deadline deadline)
{
	struct kipc_queue_send send = {
		.size = sizeof(send),
		.flags = kipc_queue_flags(deadline),
		.deadline = kipc_queue_deadline(deadline),
		.type = out->type,
		.prio = out->prio,
		.payload = kipc_queue_payload(out),
	};

	if (out->to)
		return -EINVAL;
	return kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_SEND, &send);
}

ssize_t kipc_queue_send_many(struct kipc *handle, const struct kipc_outgoing *outs,
			     size_t count, kipc_deadline deadline)
{
	struct kipc_queue_item items[KIPC_LOT];
	struct kipc_queue_send_batch send = {
		.size = sizeof(send),
		.flags = kipc_queue_flags(deadline),
		.deadline = kipc_queue_deadline(deadline),
		.items = (uintptr_t)items,
		.count = (__u32)count,
	};
	size_t i;
	int err;

	if (outs->to)
		return -EINVAL;
	for (i = 0; i < count; i++)
		items[i] = (struct kipc_queue_item){
			.payload = kipc_queue_payload(&outs[i]),
			.type = outs[i].type,
			.prio = outs[i].prio,
		};
	err = kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_SEND_BATCH, &send);
	return err ? err : (ssize_t)send.done;
}

/* ---- buffers ---- */

static struct kipc_queue_fds *kipc_queue_fds(const struct kipc_buffer *buffer)
{
	return (struct kipc_queue_fds *)buffer->data;
}

static struct kipc_buffer *kipc_queue_buffer(struct kipc *handle)
{
	size_t capacity = atomic_load(&kipc_to_queue(handle)->capacity);
	struct kipc_buffer *buffer = NULL;

	if (capacity <= SIZE_MAX - KIPC_QUEUE_HEAD)
		buffer = kipc_buffer_get(handle, KIPC_QUEUE_HEAD + capacity);
	if (buffer)
		kipc_queue_fds(buffer)->count = 0;
	return buffer;
}

/* Close what was not taken. */
void kipc_queue_drop_fds(struct kipc_buffer *buffer)
{
	struct kipc_queue_fds *fds = kipc_queue_fds(buffer);

	while (fds && fds->count)
		close(fds->fds[--fds->count]);
}

void kipc_queue_release_msg(struct kipc_msg *msg)
{
	/* Of several in one buffer none has any. */
	if (msg->priv[0] && kipc_queue_fds(msg->priv[0])->count)
		kipc_queue_drop_fds(msg->priv[0]);
	kipc_buffer_return(msg);
}

/* As on a channel: new ones, all or none, as often as they are asked for. */
int kipc_queue_take_fds(const struct kipc_msg *msg, int *fds, size_t count)
{
	const struct kipc_queue_fds *here = kipc_queue_fds(msg->priv[0]);
	size_t n;
	int err;

	if (count > here->count)
		return -EINVAL;
	for (n = 0; n < count; n++) {
		fds[n] = fcntl(here->fds[n], F_DUPFD_CLOEXEC, 0);
		if (fds[n] >= 0)
			continue;
		err = -errno;
		while (n)
			close(fds[--n]);
		return err;
	}
	return 0;
}

/* ---- messages in ---- */

/* A request for the next message, without its descriptors. */
static void kipc_queue_ask_into(struct kipc_queue_recv *recv, void *data, size_t size,
				kipc_deadline deadline)
{
	memset(recv, 0, sizeof(*recv));
	recv->size = sizeof(*recv);
	recv->flags = kipc_queue_flags(deadline);
	recv->deadline = kipc_queue_deadline(deadline);
	recv->data = (uintptr_t)data;
	recv->len = size;
}

static void kipc_queue_ask(struct kipc_queue_recv *recv, const struct kipc_wanted *wanted,
			   struct kipc_buffer *buffer, kipc_deadline deadline)
{
	size_t room = buffer->capacity - KIPC_QUEUE_HEAD;
	size_t size = room < wanted->max_len ? room : wanted->max_len;

	kipc_queue_ask_into(recv, buffer->data + KIPC_QUEUE_HEAD, size, deadline);
	recv->select = wanted->pick;
	recv->match = wanted->match;
	/* Only where it may be cut off there: elsewhere the buffer grows. */
	if (wanted->flags & KIPC_TRUNCATE && size == wanted->max_len)
		recv->flags |= KIPC_RECV_TRUNCATE;
	if (wanted->flags & KIPC_PEEK) {
		recv->flags |= KIPC_RECV_PEEK;
	} else {
		recv->fds = (uintptr_t)kipc_queue_fds(buffer)->fds;
		recv->fd_count = KIPC_FDS_MAX;
	}
}

static void kipc_queue_grow(struct kipc_queue *queue, size_t len)
{
	size_t now = atomic_load(&queue->capacity);

	while (now < len && !atomic_compare_exchange_weak(&queue->capacity, &now, len))
		;
}

static void kipc_queue_tell(struct kipc_msg *msg, const struct kipc_header *header)
{
	msg->type = header->type;
	msg->prio = header->prio;
	msg->id = header->id;
	msg->pid = (pid_t)header->pid;
	msg->uid = header->uid;
	msg->gid = header->gid;
	msg->known = KIPC_KNOWN_TYPE | KIPC_KNOWN_PRIO | KIPC_KNOWN_PEER;
}

/* Of a message that is larger than what is wanted of it. */
static bool kipc_queue_refused(const struct kipc_wanted *wanted, size_t len)
{
	return len > wanted->max_len && !(wanted->flags & KIPC_TRUNCATE);
}

int kipc_queue_recv_wanted(struct kipc *handle, struct kipc_msg *msg,
			   const struct kipc_wanted *wanted, kipc_deadline deadline)
{
	struct kipc_queue *queue = kipc_to_queue(handle);
	struct kipc_queue_recv recv;
	struct kipc_buffer *buffer;
	int err;

	for (;;) {
		buffer = kipc_queue_buffer(handle);
		if (!buffer)
			return -ENOMEM;
		kipc_queue_ask(&recv, wanted, buffer, deadline);
		err = kipc_queue_ioctl(queue, KIPC_IOC_QUEUE_RECV, &recv);
		if (!err)
			break;
		kipc_buffer_put(handle, buffer);
		if (err != -EMSGSIZE)
			return err;
		msg->len = recv.msg.len;
		if (kipc_queue_refused(wanted, msg->len))
			return err;
		kipc_queue_grow(queue, msg->len < wanted->max_len ? msg->len : wanted->max_len);
	}
	kipc_queue_fds(buffer)->count = recv.fd_done;
	kipc_buffer_lend(handle, msg, buffer, KIPC_QUEUE_HEAD, recv.msg.len);
	kipc_queue_tell(msg, &recv.msg);
	msg->fd_count = recv.fd_done;
	return 0;
}

int kipc_queue_recv_msg(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	static const struct kipc_wanted any = { .max_len = SIZE_MAX };

	return kipc_queue_recv_wanted(handle, msg, &any, deadline);
}

/* Hand out the messages of a batch, which share the buffer that they lie in. */
static void kipc_queue_lend(struct kipc *handle, struct kipc_msg *msgs,
			    const struct kipc_header *headers, uint32_t count,
			    struct kipc_buffer *buffer)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		kipc_buffer_lend(handle, &msgs[i], buffer, KIPC_QUEUE_HEAD + headers[i].offset,
				 headers[i].len);
		kipc_queue_tell(&msgs[i], &headers[i]);
	}
	kipc_buffer_share(buffer, count);
}

ssize_t kipc_queue_recv_many(struct kipc *handle, struct kipc_msg *msgs, size_t count,
			     kipc_deadline deadline)
{
	struct kipc_header headers[KIPC_LOT];
	struct kipc_buffer *buffer = kipc_queue_buffer(handle);
	struct kipc_queue_recv_batch recv = {
		.size = sizeof(recv),
		.flags = kipc_queue_flags(deadline),
		.deadline = kipc_queue_deadline(deadline),
		.msgs = (uintptr_t)headers,
		.count = (__u32)count,
	};
	int err;

	if (!buffer)
		return -ENOMEM;
	recv.data = (uintptr_t)(buffer->data + KIPC_QUEUE_HEAD);
	recv.len = buffer->capacity - KIPC_QUEUE_HEAD;
	err = kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_RECV_BATCH, &recv);
	if (!err) {
		kipc_queue_lend(handle, msgs, headers, recv.done, buffer);
		return recv.done;
	}
	kipc_buffer_put(handle, buffer);
	if (err != -EMSGSIZE)
		return err;
	/* The first is larger than any before: alone it makes the buffers grow. */
	err = kipc_queue_recv_msg(handle, msgs, deadline);
	return err ? err : 1;
}

/* The kernel leaves a message that does not fit where it is: no copy of ours. */
ssize_t kipc_queue_recv_into(struct kipc *handle, void *buf, size_t size,
			     kipc_deadline deadline)
{
	struct kipc_queue_recv recv;
	int err;

	kipc_queue_ask_into(&recv, buf, size, deadline);
	err = kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_RECV, &recv);
	return err ? err : (ssize_t)recv.msg.len;
}
