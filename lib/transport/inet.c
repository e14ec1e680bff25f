// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tcp: and udp:, the schemes; what they do is in the files of socket.h.
 *
 * Neither tells who is at the other end, and both let in whoever reaches the port.
 *
 * udp: is what UDP is: a message may be lost, come twice or overtake another, and there
 * is no flow control.  The library sends each call once and never again, so it makes no
 * call run twice; one that is lost ends with -ETIMEDOUT.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "inet.h"

#define KIPC_INET_CAN								\
	(KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	 KIPC_CAN_TYPE | KIPC_CAN_POLL)

/* A socket on a port of its own, on this machine only. */
static int kipc_loopback_socket(int type, struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!bind(fd, (struct sockaddr *)sin, len) &&
	    !getsockname(fd, (struct sockaddr *)sin, &len))
		return fd;
	len = (socklen_t)errno;
	close(fd);
	return -(int)len;
}

static int kipc_inet_listen_socket(const struct kipc_socket_kind *kind,
				   const struct kipc_address *address,
				   struct kipc_unix_bound *bound)
{
	(void)bound;	/* a port leaves no name behind */
	return kipc_inet_listen(kind->type, address);
}

static int kipc_inet_connect_socket(const struct kipc_socket_kind *kind,
				    const struct kipc_address *address)
{
	return kipc_inet_connect(kind->type, address);
}

#define KIPC_INET_SOCKETS					\
	.domain = AF_INET,					\
	.listen = kipc_inet_listen_socket,			\
	.connect = kipc_inet_connect_socket

#define KIPC_INET_SCHEME					\
	.mechanism.name_rule = KIPC_INET_NAME_RULE,		\
	.mechanism.name_ok = kipc_inet_name_ok,			\
	.can = KIPC_INET_CAN,					\
	KIPC_SOCKET_OPERATIONS

/* ---- tcp ---- */

/* The end that @client connected; others may have come to the port before it. */
static int kipc_tcp_accept_from(int listener, const struct sockaddr_in *client)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);

		if (fd < 0 && (errno == ECONNABORTED || errno == EINTR))
			continue;
		if (fd < 0)
			return -errno;
		if (from.sin_port == client->sin_port &&
		    from.sin_addr.s_addr == client->sin_addr.s_addr)
			return fd;
		close(fd);
	}
}

static int kipc_tcp_pair_sockets(const struct kipc_socket_kind *kind,
				 const struct kipc_address *address, int fds[2])
{
	struct sockaddr_in here, there;
	int listener = kipc_loopback_socket(SOCK_STREAM, &here);
	int err = listener < 0 ? listener : listen(listener, SOMAXCONN) ? -errno : 0;

	(void)kind;
	fds[0] = err;
	fds[1] = err ? err : kipc_loopback_socket(SOCK_STREAM, &there);
	if (fds[1] >= 0)
		fds[0] = connect(fds[1], (struct sockaddr *)&here, sizeof(here)) ? -errno :
			 kipc_tcp_accept_from(listener, &there);
	if (listener >= 0)
		close(listener);
	err = fds[1] < 0 ? fds[1] : fds[0] < 0 ? fds[0] : 0;
	if (err && fds[1] >= 0)
		close(fds[1]);
	if (err)
		return err;
	kipc_inet_tune(fds[0], address);
	kipc_inet_tune(fds[1], address);
	return 0;
}

static void kipc_tcp_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_socket_limits(&kipc_tcp_kind, handle, info);
}

const struct kipc_transport kipc_tcp_transport = {
	.mechanism.scheme = "tcp",
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_SIZE) | KIPC_PARAM_BIT(KIPC_PARAM_KEEPALIVE),
	KIPC_INET_SCHEME,
	.limits = kipc_tcp_limits,
};

static const struct kipc_transport kipc_tcp_listener = {
	.mechanism.scheme = "tcp",
	.can = KIPC_INET_CAN,
	KIPC_LISTENER_OPERATIONS,
};

const struct kipc_socket_kind kipc_tcp_kind = {
	KIPC_INET_SOCKETS,
	.type = SOCK_STREAM,
	.max_size = KIPC_STREAM_MAX,
	.end = &kipc_tcp_transport,
	.listener = &kipc_tcp_listener,
	.pair = kipc_tcp_pair_sockets,
};

/* ---- udp ---- */

static int kipc_udp_join(int fds[2], const struct sockaddr_in at[2])
{
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		err = kipc_inet_expect_refusals(fds[i], AF_INET);
		if (!err && connect(fds[i], (const struct sockaddr *)&at[!i], sizeof(at[!i])))
			err = -errno;
	}
	return err;
}

static int kipc_udp_pair_sockets(const struct kipc_socket_kind *kind,
				 const struct kipc_address *address, int fds[2])
{
	struct sockaddr_in at[2];
	int err;

	(void)kind;
	(void)address;
	fds[0] = kipc_loopback_socket(SOCK_DGRAM, &at[0]);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = kipc_loopback_socket(SOCK_DGRAM, &at[1]);
	err = fds[1] < 0 ? fds[1] : kipc_udp_join(fds, at);
	if (!err)
		return 0;
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return err;
}

static void kipc_udp_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_socket_limits(&kipc_udp_kind, handle, info);
}

const struct kipc_transport kipc_udp_transport = {
	.mechanism.scheme = "udp",
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	KIPC_INET_SCHEME,
	.limits = kipc_udp_limits,
};

static const struct kipc_transport kipc_udp_listener = {
	.mechanism.scheme = "udp",
	.can = KIPC_INET_CAN,
	KIPC_DATAGRAM_OPERATIONS,
};

const struct kipc_socket_kind kipc_udp_kind = {
	KIPC_INET_SOCKETS,
	.type = SOCK_DGRAM,
	.max_size = KIPC_UDP_MAX,
	.end = &kipc_udp_transport,
	.listener = &kipc_udp_listener,
	.pair = kipc_udp_pair_sockets,
};
