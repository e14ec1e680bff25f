// SPDX-License-Identifier: GPL-2.0
/*
 * tcp(7) and udp(7), over the loopback interface or, to another machine, over a wire.
 * The server takes a port that the kernel gives it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table.h"

static int inet_bind(struct trial *trial, int *fd, int type)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = trial->host,
	};
	socklen_t len = sizeof(address);

	*fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(*fd, (struct sockaddr *)&address, &len))
		return -errno;
	trial->stage->port = address.sin_port;
	return 0;
}

static struct sockaddr_in inet_address(const struct trial *trial)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = trial->host,
		.sin_port = trial->stage->port,
	};
}

static int inet_connect(struct trial *trial, struct end *tx, int type)
{
	struct sockaddr_in address = inet_address(trial);

	tx->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (tx->fd < 0 || connect(tx->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

static ssize_t inet_send_to(struct trial *trial, struct end *end, const void *data, size_t len,
			    int type)
{
	struct sockaddr_in address = inet_address(trial);
	ssize_t n;

	end->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (end->fd < 0)
		return -errno;
	n = sendto(end->fd, data, len, MSG_NOSIGNAL, (struct sockaddr *)&address,
		   sizeof(address));
	return n < 0 ? -errno : n;
}

/* ---- TCP ---- */

/* Its buffers grow to megabytes; pieces are to go at once. */
#define TCP_CHUNK 16384

static int tcp_serve(struct trial *trial, struct end *rx)
{
	int err = inet_bind(trial, &rx->listener, SOCK_STREAM);

	rx->server = true;
	if (!err && listen(rx->listener, 8))
		err = -errno;
	return err;
}

static int tcp_join(struct trial *trial, struct end *tx)
{
	int on = 1, err = inet_connect(trial, tx, SOCK_STREAM);

	if (!err && setsockopt(tx->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		err = -errno;
	return err;
}

static ssize_t tcp_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	return inet_send_to(trial, end, data, len, SOCK_STREAM);
}

static const struct transport tcp_transport = {
	.chunk = TCP_CHUNK,
	.network = true,
	.serve = tcp_serve,
	.join = tcp_join,
	.accept = socket_accept,
	.send = socket_send,
	.recv = socket_recv,
	.send_to = tcp_send_to,
	.send_fd = socket_send_fd,
	.recv_fd = socket_recv_fd,
	.recv_timed = socket_recv_timed,
};

const struct mechanism mechanism_tcp = {
	.scheme = "tcp",
	.about = "TCP: tcp(7)",
	.transport = &tcp_transport,
};

/* ---- UDP ---- */

#define UDP_CHUNK 1024

static int udp_serve(struct trial *trial, struct end *rx)
{
	rx->server = true;
	return inet_bind(trial, &rx->fd, SOCK_DGRAM);
}

static int udp_join(struct trial *trial, struct end *tx)
{
	return inet_connect(trial, tx, SOCK_DGRAM);
}

/* That nobody is there comes back as an error of the next call. */
static int udp_attach(struct trial *trial, struct end *tx)
{
	int err = inet_connect(trial, tx, SOCK_DGRAM), i;

	for (i = 0; i < 20 && !err; i++) {
		if (send(tx->fd, "message", 8, MSG_NOSIGNAL) < 0)
			err = -errno;
		nap(5);
	}
	return err;
}

static ssize_t udp_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	return inet_send_to(trial, end, data, len, SOCK_DGRAM);
}

static int64_t udp_largest(struct trial *trial, struct end *end, const char **source)
{
	(void)trial;
	(void)end;
	*source = "the protocol: 65535 less two headers";
	return 65507;
}

static const struct transport udp_transport = {
	.chunk = UDP_CHUNK,
	.records = true,
	.network = true,
	.serve = udp_serve,
	.join = udp_join,
	.attach = udp_attach,
	.send = socket_send,
	.recv = socket_recv,
	.send_to = udp_send_to,
	.send_fd = socket_send_fd,
	.recv_fd = socket_recv_fd,
	.recv_timed = socket_recv_timed,
	.largest = udp_largest,
};

const struct mechanism mechanism_udp = {
	.scheme = "udp",
	.about = "UDP: udp(7)",
	.transport = &udp_transport,
	.own[CELL_DIRECTION] = datagram_direction,
};
