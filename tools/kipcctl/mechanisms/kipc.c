// SPDX-License-Identifier: GPL-2.0
/* /dev/kipc: channels and queues, by ioctl(2) */
#include <errno.h>
#include <fcntl.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "table.h"

#define CHUNK		1024

/* Small enough to be flooded */
#define POOL		65536

static int kipc_absent(struct trial *trial, char *why, size_t size)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	(void)trial;
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == ENOENT || errno == ENXIO)
		snprintf(why, size, "no /dev/kipc: the module is not loaded");
	else
		snprintf(why, size, "/dev/kipc: %s", strerror(errno));
	return -ENODEV;
}

/* Names have no slash. */
static void name_it(char name[KIPC_NAME_SIZE], const struct trial *trial)
{
	snprintf(name, KIPC_NAME_SIZE, "%s", trial->name + 1);
}

static int request(int fd, unsigned long number, void *argument)
{
	return ioctl(fd, number, argument) ? -errno : 0;
}

static int open_device(struct end *end)
{
	end->fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);
	return end->fd < 0 ? -errno : 0;
}

static __u64 deadline(int ms)
{
	return ms < 0 ? 0 : now_ns() + ms * 1000000LL;
}

/* ---- channels ---- */

static int channel_map(struct end *end)
{
	end->map = mmap(NULL, end->map_size, PROT_READ, MAP_SHARED, end->fd, 0);
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

static int channel_make(struct trial *trial, struct end *rx, size_t pool)
{
	struct kipc_channel_create create = {
		.size = sizeof(create),
		.flags = KIPC_CHANNEL_NOTICES,
		.mode = 0600,
		.pool_size = pool,
	};
	int err = open_device(rx);

	rx->server = true;
	name_it(create.name, trial);
	if (!err)
		err = request(rx->fd, KIPC_IOC_CHANNEL_CREATE, &create);
	rx->map_size = create.pool_size;
	return err ? err : channel_map(rx);
}

static int channel_serve(struct trial *trial, struct end *rx)
{
	return channel_make(trial, rx, POOL);
}

static int channel_serve_largest(struct trial *trial, struct end *rx)
{
	return channel_make(trial, rx, 0);
}

static int channel_join(struct trial *trial, struct end *tx)
{
	struct kipc_channel_connect connect = { .size = sizeof(connect), .pool_size = POOL };
	int err = open_device(tx);

	name_it(connect.name, trial);
	if (!err)
		err = request(tx->fd, KIPC_IOC_CHANNEL_CONNECT, &connect);
	tx->map_size = connect.pool_size;
	return err ? err : channel_map(tx);
}

static ssize_t channel_put(struct end *end, const void *data, size_t len, int flags,
			   const struct kipc_payload *more)
{
	struct kipc_channel_send send = {
		.size = sizeof(send),
		.flags = flags & NOWAIT ? KIPC_F_NONBLOCK : 0,
		.to = end->server ? end->peer : 0,
	};
	int err;

	if (more)
		send.payload = *more;
	send.payload.data = (uintptr_t)data;
	send.payload.len = len;
	err = request(end->fd, KIPC_IOC_CHANNEL_SEND, &send);
	return err ? err : (ssize_t)len;
}

static ssize_t channel_send(struct end *end, const void *data, size_t len, int flags)
{
	return channel_put(end, data, len, flags, NULL);
}

static ssize_t channel_send_kind(struct end *end, const void *data, size_t len, int type,
				 int prio)
{
	const struct kipc_payload more = { .tag = type, .prio = prio };

	return channel_put(end, data, len, 0, &more);
}

/* The next message of @kinds, bits; the end of a client is the end of file. */
static ssize_t channel_take(struct end *end, int flags, int ms, unsigned int kinds,
			    struct kipc_header *msg)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = flags & NOWAIT ? KIPC_F_NONBLOCK : 0,
		.deadline = deadline(ms),
		.release = end->held,
	};
	int err;

	do {
		err = request(end->fd, KIPC_IOC_CHANNEL_RECV, &recv);
		end->held = err ? recv.release : recv.msg.id;
		if (err)
			return err;
		recv.release = end->held;
		if (recv.msg.kind == KIPC_KIND_GONE)
			return -EPIPE;
	} while (!(kinds & 1 << recv.msg.kind));
	end->peer = recv.msg.peer;
	end->sender = recv.msg.pid;
	end->lent = (char *)end->map + recv.msg.offset;
	*msg = recv.msg;
	return (ssize_t)recv.msg.len;
}

/* A client that comes is told of like a message. */
static int channel_accept(struct end *end)
{
	struct kipc_header msg;

	return (int)channel_take(end, 0, -1, 1 << KIPC_KIND_CONNECTED, &msg);
}

static ssize_t channel_receive(struct end *end, void *data, size_t len, int flags, int ms)
{
	struct kipc_header msg;
	ssize_t n = channel_take(end, flags, ms, 1 << KIPC_KIND_SEND, &msg);

	if (n > 0)
		memcpy(data, end->lent, (size_t)n < len ? (size_t)n : len);
	return n;
}

static ssize_t channel_recv(struct end *end, void *data, size_t len, int flags)
{
	return channel_receive(end, data, len, flags, -1);
}

static ssize_t channel_recv_timed(struct end *end, void *data, size_t len, int ms)
{
	return channel_receive(end, data, len, 0, ms);
}

static int channel_send_fd(struct end *end, int fd)
{
	const struct kipc_payload more = { .fds = (uintptr_t)&fd, .fd_count = 1 };
	ssize_t n = channel_put(end, "f", 1, 0, &more);

	return n < 0 ? (int)n : 0;
}

static int channel_recv_fd(struct end *end)
{
	struct kipc_header msg;
	__s32 fd = -1;
	struct kipc_channel_fds fds = {
		.size = sizeof(fds),
		.fds = (uintptr_t)&fd,
		.count = 1,
	};
	ssize_t n = channel_take(end, 0, 1000, 1 << KIPC_KIND_SEND, &msg);
	int err;

	if (n < 0)
		return (int)n;
	fds.id = end->held;
	err = request(end->fd, KIPC_IOC_CHANNEL_FDS, &fds);
	return err ? err : fd;
}

static ssize_t channel_send_to(struct trial *trial, struct end *end, const void *data,
			       size_t len)
{
	int err = open_device(end);

	(void)trial;
	return err ? err : channel_send(end, data, len, NOWAIT);
}

/* The pool is not inherited: the child maps it itself. */
static int channel_share(struct end *end)
{
	return channel_map(end);
}

static int64_t channel_largest(struct trial *trial, struct end *end, const char **source)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };
	int err = request(end->fd, KIPC_IOC_ENDPOINT_INFO, &info);

	(void)trial;
	*source = "half of the default pool; pools have up to 1G";
	return err ? err : (int64_t)info.max_size;
}

static const struct transport channel_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = channel_serve,
	.serve_largest = channel_serve_largest,
	.join = channel_join,
	.accept = channel_accept,
	.send = channel_send,
	.recv = channel_recv,
	.send_to = channel_send_to,
	.send_kind = channel_send_kind,
	.send_fd = channel_send_fd,
	.recv_fd = channel_recv_fd,
	.recv_timed = channel_recv_timed,
	.share = channel_share,
	.largest = channel_largest,
};

const struct mechanism mechanism_channel = {
	.scheme = "channel",
	.about = "kipc channel: /dev/kipc",
	.absent = kipc_absent,
	.transport = &channel_transport,
};

/* ---- queues ---- */

static int queue_open(struct trial *trial, struct end *end, struct kipc_queue_open *open)
{
	int err = open_device(end);

	open->size = sizeof(*open);
	open->flags |= KIPC_QUEUE_RECV | KIPC_QUEUE_SEND;
	name_it(open->name, trial);
	return err ? err : request(end->fd, KIPC_IOC_QUEUE_OPEN, open);
}

static int queue_make(struct trial *trial, struct end *rx, size_t size)
{
	struct kipc_queue_open open = {
		.flags = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL,
		.mode = 0600,
		.max_msgs = 16,
		.max_bytes = 16 * (__u64)size,
		.max_size = size,
	};
	int err;

	if (size > CHUNK)
		open.max_bytes = size;
	rx->server = true;
	err = queue_open(trial, rx, &open);
	trial->stage->value[3] = open.number;
	return err;
}

static int queue_serve(struct trial *trial, struct end *rx)
{
	return queue_make(trial, rx, CHUNK);
}

static int queue_serve_largest(struct trial *trial, struct end *rx)
{
	return queue_make(trial, rx, KIPC_QUEUE_SIZE_MAX);
}

static int queue_join(struct trial *trial, struct end *tx)
{
	struct kipc_queue_open open = { .flags = 0 };

	return queue_open(trial, tx, &open);
}

static ssize_t queue_put(struct end *end, const struct kipc_queue_send *what, const void *data,
			 size_t len)
{
	struct kipc_queue_send send = *what;
	int err;

	send.size = sizeof(send);
	send.payload.data = (uintptr_t)data;
	send.payload.len = len;
	err = request(end->fd, KIPC_IOC_QUEUE_SEND, &send);
	return err ? err : (ssize_t)len;
}

static ssize_t queue_send(struct end *end, const void *data, size_t len, int flags)
{
	const struct kipc_queue_send what = { .flags = flags & NOWAIT ? KIPC_F_NONBLOCK : 0 };

	return queue_put(end, &what, data, len);
}

static ssize_t queue_send_kind(struct end *end, const void *data, size_t len, int type, int prio)
{
	const struct kipc_queue_send what = { .type = type, .prio = prio };

	return queue_put(end, &what, data, len);
}

static int queue_send_fd(struct end *end, int fd)
{
	const struct kipc_queue_send what = {
		.payload = { .fds = (uintptr_t)&fd, .fd_count = 1 },
	};
	ssize_t n = queue_put(end, &what, "f", 1);

	return n < 0 ? (int)n : 0;
}

/* By its number, through an endpoint that is none of the queue's. */
static ssize_t queue_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	const struct kipc_queue_send what = {
		.flags = KIPC_F_NONBLOCK,
		.number = trial->stage->value[3],
	};
	int err = open_device(end);

	return err ? err : queue_put(end, &what, data, len);
}

static ssize_t queue_take(struct end *end, struct kipc_queue_recv *recv, void *data, size_t len)
{
	int err;

	recv->size = sizeof(*recv);
	recv->data = (uintptr_t)data;
	recv->len = len;
	err = request(end->fd, KIPC_IOC_QUEUE_RECV, recv);
	end->sender = recv->msg.pid;
	return err ? err : (ssize_t)recv->msg.len;
}

static ssize_t queue_recv(struct end *end, void *data, size_t len, int flags)
{
	struct kipc_queue_recv recv = { .flags = flags & NOWAIT ? KIPC_F_NONBLOCK : 0 };

	return queue_take(end, &recv, data, len);
}

static ssize_t queue_recv_type(struct end *end, void *data, size_t len, int type)
{
	struct kipc_queue_recv recv = { .select = KIPC_SELECT_TYPE, .match = type };

	return queue_take(end, &recv, data, len);
}

static ssize_t queue_recv_timed(struct end *end, void *data, size_t len, int ms)
{
	struct kipc_queue_recv recv = { .deadline = deadline(ms) };

	return queue_take(end, &recv, data, len);
}

static int queue_recv_fd(struct end *end)
{
	__s32 fd = -1;
	struct kipc_queue_recv recv = {
		.deadline = deadline(1000),
		.fds = (uintptr_t)&fd,
		.fd_count = 1,
	};
	char byte;
	ssize_t n = queue_take(end, &recv, &byte, 1);

	return n < 0 ? (int)n : fd;
}

static int64_t queue_largest(struct trial *trial, struct end *end, const char **source)
{
	(void)trial;
	(void)end;
	*source = "KIPC_QUEUE_SIZE_MAX";
	return KIPC_QUEUE_SIZE_MAX;
}

static void queue_clean(const struct trial *trial)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink) };
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	name_it(unlink.name, trial);
	ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
	close(fd);
}

static const struct transport queue_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = queue_serve,
	.serve_largest = queue_serve_largest,
	.join = queue_join,
	.send = queue_send,
	.recv = queue_recv,
	.send_to = queue_send_to,
	.send_kind = queue_send_kind,
	.recv_type = queue_recv_type,
	.send_fd = queue_send_fd,
	.recv_fd = queue_recv_fd,
	.recv_timed = queue_recv_timed,
	.largest = queue_largest,
};

const struct mechanism mechanism_queue = {
	.scheme = "queue",
	.about = "kipc queue: /dev/kipc",
	.absent = kipc_absent,
	.transport = &queue_transport,
	.clean = queue_clean,
};
