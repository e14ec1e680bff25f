// SPDX-License-Identifier: GPL-2.0
/*
 * raw-unix-stream, raw-unix-seqpacket: socketpair(2)
 *
 * The stream keeps the buffer that a program gets by default.  A seqpacket
 * message must fit into the sender's buffer as a whole, so for large sizes it
 * is enlarged: by SO_SNDBUFFORCE where we may (CAP_NET_ADMIN), else by
 * SO_SNDBUF up to net.core.wmem_max; what does not fit then is "n/a".
 */
#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "payload.h"

/* What the kernel keeps of the buffer for itself (net/unix/af_unix.c). */
#define SNDBUF_SLACK	32

static int raw_prepare_socketpair(struct lane *lane, int type)
{
	struct raw_fds *fds = malloc(sizeof(*fds));
	int ends[2], err;

	if (!fds)
		return -ENOMEM;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends)) {
		err = -errno;
		free(fds);
		return err;
	}
	fds->request[0] = ends[0];
	fds->request[1] = ends[1];
	/* One socket serves both ways, by a descriptor for each. */
	fds->reply[1] = dup(ends[0]);
	fds->reply[0] = dup(ends[1]);
	lane->priv = fds;
	if (fds->reply[0] < 0 || fds->reply[1] < 0) {
		err = -errno;
		raw_close(lane);
		return err;
	}
	return 0;
}

static int raw_prepare_stream(struct lane *lane)
{
	return raw_prepare_socketpair(lane, SOCK_STREAM);
}

static int raw_size_sndbuf(struct lane *lane, int fd)
{
	int have, want = (int)lane->size;
	socklen_t len = sizeof(have);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &have, &len))
		return -errno;
	/* The kernel doubles what it is asked for: room for two messages. */
	if (have / 2 < want) {
		if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want,
			       sizeof(want)))
			setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &want,
				   sizeof(want));
		if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &have, &len))
			return -errno;
	}
	lane->max_size = (uint64_t)have - SNDBUF_SLACK;
	return lane->max_size < lane->size ? -EMSGSIZE : 0;
}

static int raw_prepare_seqpacket(struct lane *lane)
{
	struct raw_fds *fds;
	int err;

	err = raw_prepare_socketpair(lane, SOCK_SEQPACKET);
	if (err)
		return err;
	fds = lane->priv;
	err = raw_size_sndbuf(lane, fds->request[1]);
	if (err)
		raw_close(lane);
	return err;
}

static int raw_packet_write(int fd, const void *data, size_t len)
{
	ssize_t n;

	do {
		n = send(fd, data, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR && !worker_stop);
	return n < 0 ? -errno : 0;
}

static ssize_t raw_packet_read(int fd, void *data, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, data, len, MSG_TRUNC);
	} while (n < 0 && errno == EINTR && !worker_stop);
	if (!n)
		return -EPIPE;
	return n < 0 ? -errno : n;
}

static ssize_t raw_packet_call(struct lane *lane, const void *data, size_t len,
			       void *reply)
{
	struct raw_fds *fds = lane->priv;
	int err;

	err = raw_packet_write(fds->request[1], data, len);
	if (err)
		return err;
	return raw_packet_read(fds->request[1], reply, PAYLOAD_REPLY);
}

static ssize_t raw_packet_recv(struct lane *lane, size_t expect,
			       const void **data)
{
	struct raw_fds *fds = lane->priv;

	(void)expect;
	*data = lane->buffer;
	return raw_packet_read(fds->request[0], lane->buffer, lane->size);
}

static int raw_packet_reply(struct lane *lane, const void *data, size_t len)
{
	struct raw_fds *fds = lane->priv;

	return raw_packet_write(fds->request[0], data, len);
}

static int raw_packet_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_fds *fds = lane->priv;

	return raw_packet_write(fds->request[1], data, len);
}

const struct driver raw_unix_stream_driver = {
	.name = "raw-unix-stream",
	.about = "an AF_UNIX stream socket pair, write and read",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = raw_prepare_stream,
	.open = raw_open,
	.close = raw_close,
	.call = raw_stream_call,
	.recv = raw_stream_recv,
	.reply = raw_stream_reply,
	.send = raw_stream_send,
};

const struct driver raw_unix_seqpacket_driver = {
	.name = "raw-unix-seqpacket",
	.about = "an AF_UNIX seqpacket socket pair, send and recv",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = raw_prepare_seqpacket,
	.open = raw_open,
	.close = raw_close,
	.call = raw_packet_call,
	.recv = raw_packet_recv,
	.reply = raw_packet_reply,
	.send = raw_packet_send,
};
