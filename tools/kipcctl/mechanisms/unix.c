// SPDX-License-Identifier: GPL-2.0
/* unix(7): stream, sequenced packets and datagrams, by path */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "table.h"

#define CHUNK 1024

static void address_of(const struct trial *trial, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%.100s", trial->path);
}

static int unix_bind(struct trial *trial, int *fd, int type)
{
	struct sockaddr_un address;

	address_of(trial, &address);
	*fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

static int unix_listen(struct trial *trial, struct end *rx, int type)
{
	int err = unix_bind(trial, &rx->listener, type);

	rx->server = true;
	if (!err && listen(rx->listener, 8))
		err = -errno;
	return err;
}

static int unix_connect(struct trial *trial, struct end *tx, int type)
{
	struct sockaddr_un address;

	address_of(trial, &address);
	tx->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (tx->fd < 0 || connect(tx->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

/* One call on a socket that is nobody's peer. */
static ssize_t unix_send_to(struct trial *trial, struct end *end, const void *data, size_t len,
			    int type)
{
	struct sockaddr_un address;
	ssize_t n;

	address_of(trial, &address);
	end->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (end->fd < 0)
		return -errno;
	n = sendto(end->fd, data, len, MSG_NOSIGNAL, (struct sockaddr *)&address,
		   sizeof(address));
	return n < 0 ? -errno : n;
}

/* A message and what the kernel adds to it must fit into the socket's send buffer. */
static int64_t unix_largest(struct trial *trial, struct end *end, const char **source)
{
	int room;
	socklen_t len = sizeof(room);

	(void)trial;
	if (getsockopt(end->fd, SOL_SOCKET, SO_SNDBUF, &room, &len))
		return -errno;
	*source = "SO_SNDBUF less 32";
	return room - 32;
}

/* ---- stream ---- */

static int stream_serve(struct trial *trial, struct end *rx)
{
	return unix_listen(trial, rx, SOCK_STREAM);
}

static int stream_join(struct trial *trial, struct end *tx)
{
	return unix_connect(trial, tx, SOCK_STREAM);
}

static ssize_t stream_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	return unix_send_to(trial, end, data, len, SOCK_STREAM);
}

static const struct transport stream_transport = {
	.chunk = CHUNK,
	.serve = stream_serve,
	.join = stream_join,
	.accept = socket_accept,
	.send = socket_send,
	.recv = socket_recv,
	.send_to = stream_send_to,
	.send_fd = socket_send_fd,
	.recv_fd = socket_recv_fd,
	.recv_timed = socket_recv_timed,
};

const struct mechanism mechanism_unix = {
	.scheme = "unix",
	.about = "UNIX stream socket: unix(7)",
	.transport = &stream_transport,
	.clean = unlink_path,
};

/* ---- sequenced packets ---- */

static int packet_serve(struct trial *trial, struct end *rx)
{
	return unix_listen(trial, rx, SOCK_SEQPACKET);
}

static int packet_join(struct trial *trial, struct end *tx)
{
	return unix_connect(trial, tx, SOCK_SEQPACKET);
}

static ssize_t packet_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	return unix_send_to(trial, end, data, len, SOCK_SEQPACKET);
}

static const struct transport packet_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = packet_serve,
	.join = packet_join,
	.accept = socket_accept,
	.send = socket_send,
	.recv = socket_recv,
	.send_to = packet_send_to,
	.send_fd = socket_send_fd,
	.recv_fd = socket_recv_fd,
	.recv_timed = socket_recv_timed,
	.largest = unix_largest,
};

const struct mechanism mechanism_unix_seqpacket = {
	.scheme = "unix-seqpacket",
	.about = "UNIX sequenced-packet socket: unix(7)",
	.transport = &packet_transport,
	.clean = unlink_path,
};

/* ---- datagrams ---- */

static int datagram_serve(struct trial *trial, struct end *rx)
{
	int on = 1, err = unix_bind(trial, &rx->fd, SOCK_DGRAM);

	rx->server = true;
	if (!err && setsockopt(rx->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		err = -errno;
	return err;
}

/* With an address of its own, which the kernel chooses, so that it can be answered. */
static int datagram_join(struct trial *trial, struct end *tx)
{
	const sa_family_t any = AF_UNIX;
	int err = unix_connect(trial, tx, SOCK_DGRAM);

	if (!err && bind(tx->fd, (const struct sockaddr *)&any, sizeof(any)))
		err = -errno;
	return err;
}

static ssize_t datagram_send_to(struct trial *trial, struct end *end, const void *data,
				size_t len)
{
	return unix_send_to(trial, end, data, len, SOCK_DGRAM);
}

static const struct transport datagram_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = datagram_serve,
	.join = datagram_join,
	.send = socket_send,
	.recv = socket_recv,
	.send_to = datagram_send_to,
	.send_fd = socket_send_fd,
	.recv_fd = socket_recv_fd,
	.recv_timed = socket_recv_timed,
	.largest = unix_largest,
};

const struct mechanism mechanism_unix_dgram = {
	.scheme = "unix-dgram",
	.about = "UNIX datagram socket: unix(7)",
	.transport = &datagram_transport,
	.own[CELL_DIRECTION] = datagram_direction,
	.clean = unlink_path,
};
