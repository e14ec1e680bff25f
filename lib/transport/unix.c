// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unix:, unix-dgram: and unix-seqpacket:, the schemes; what they do is in the files of
 * socket.h.
 */
#include <errno.h>
#include <unistd.h>

#include "socket.h"

#define KIPC_UNIX_PARAMS (KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE))

#define KIPC_UNIX_CAN								\
	(KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	 KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_PEER | KIPC_CAN_FDS)

#define KIPC_UNIX_NAME_RULE \
	"a name is a path of at most 107 bytes, or '@' and an abstract name"

static int kipc_unix_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int kipc_unix_listen_socket(const struct kipc_socket_kind *kind,
				   const struct kipc_address *address,
				   struct kipc_unix_bound *bound)
{
	const int type = kind->type, on = 1;
	/* Accepting does not wait; datagrams are waited for. */
	int fd = kipc_unix_socket(type == SOCK_DGRAM ? type : type | SOCK_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return fd;
	/* Before the first datagram can come. */
	if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		err = -errno;
	if (!err)
		err = kipc_unix_bind(fd, type, address, bound);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int kipc_unix_connect_socket(const struct kipc_socket_kind *kind,
				    const struct kipc_address *address)
{
	int fd = kipc_unix_socket(kind->type);
	int err;

	if (fd < 0)
		return fd;
	/* To be answered it needs an address of its own. */
	err = kind->type == SOCK_DGRAM ? kipc_unix_bind_fresh(fd) : 0;
	if (!err)
		err = kipc_unix_connect(fd, address->name);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int kipc_unix_pair_sockets(const struct kipc_socket_kind *kind,
				  const struct kipc_address *address, int fds[2])
{
	(void)address;
	return socketpair(AF_UNIX, kind->type | SOCK_CLOEXEC, 0, fds) ? -errno : 0;
}

static int kipc_unix_unlink_name(const struct kipc_address *address)
{
	return kipc_unix_unlink(kipc_socket_kind(address->mechanism->scheme)->type,
				address->name);
}

/* What the three schemes have in common, and their listeners. */
#define KIPC_UNIX_SCHEME					\
	.mechanism.params = KIPC_UNIX_PARAMS,			\
	.mechanism.name_rule = KIPC_UNIX_NAME_RULE,		\
	.mechanism.name_ok = kipc_unix_name_ok,			\
	.unlink = kipc_unix_unlink_name,			\
	.can = KIPC_UNIX_CAN,					\
	KIPC_SOCKET_OPERATIONS

#define KIPC_UNIX_SOCKETS					\
	.domain = AF_UNIX,					\
	.listen = kipc_unix_listen_socket,			\
	.connect = kipc_unix_connect_socket,			\
	.pair = kipc_unix_pair_sockets

static void kipc_unix_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_socket_limits(&kipc_unix_kind, handle, info);
}

const struct kipc_transport kipc_unix_transport = {
	.mechanism.scheme = "unix",
	KIPC_UNIX_SCHEME,
	.limits = kipc_unix_limits,
};

static const struct kipc_transport kipc_unix_listener = {
	.mechanism.scheme = "unix",
	.can = KIPC_UNIX_CAN,
	KIPC_LISTENER_OPERATIONS,
};

const struct kipc_socket_kind kipc_unix_kind = {
	KIPC_UNIX_SOCKETS,
	.type = SOCK_STREAM,
	.max_size = KIPC_STREAM_MAX,
	.end = &kipc_unix_transport,
	.listener = &kipc_unix_listener,
};

static void kipc_unix_dgram_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_socket_limits(&kipc_unix_dgram_kind, handle, info);
}

const struct kipc_transport kipc_unix_dgram_transport = {
	.mechanism.scheme = "unix-dgram",
	KIPC_UNIX_SCHEME,
	.limits = kipc_unix_dgram_limits,
};

static const struct kipc_transport kipc_unix_dgram_listener = {
	.mechanism.scheme = "unix-dgram",
	.can = KIPC_UNIX_CAN,
	KIPC_DATAGRAM_OPERATIONS,
};

const struct kipc_socket_kind kipc_unix_dgram_kind = {
	KIPC_UNIX_SOCKETS,
	.type = SOCK_DGRAM,
	.max_size = KIPC_PACKET_MAX,
	.end = &kipc_unix_dgram_transport,
	.listener = &kipc_unix_dgram_listener,
};

static void kipc_unix_seqpacket_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_socket_limits(&kipc_unix_seqpacket_kind, handle, info);
}

const struct kipc_transport kipc_unix_seqpacket_transport = {
	.mechanism.scheme = "unix-seqpacket",
	KIPC_UNIX_SCHEME,
	.limits = kipc_unix_seqpacket_limits,
};

static const struct kipc_transport kipc_unix_seqpacket_listener = {
	.mechanism.scheme = "unix-seqpacket",
	.can = KIPC_UNIX_CAN,
	KIPC_LISTENER_OPERATIONS,
};

const struct kipc_socket_kind kipc_unix_seqpacket_kind = {
	KIPC_UNIX_SOCKETS,
	.type = SOCK_SEQPACKET,
	.max_size = KIPC_PACKET_MAX,
	.end = &kipc_unix_seqpacket_transport,
	.listener = &kipc_unix_seqpacket_listener,
};
