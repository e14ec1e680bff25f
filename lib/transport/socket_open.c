// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sockets: opening a handle by its scheme. */
#include <errno.h>
#include <string.h>

#include "socket.h"

static const struct kipc_socket_kind *const kipc_socket_kinds[] = {
	&kipc_unix_kind,
	&kipc_unix_dgram_kind,
	&kipc_unix_seqpacket_kind,
	&kipc_tcp_kind,
	&kipc_udp_kind,
};

/* The kind of a scheme that is one of sockets. */
const struct kipc_socket_kind *kipc_socket_kind(const char *scheme)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kipc_socket_kinds) - 1; i++)
		if (!strcmp(kipc_socket_kinds[i]->end->mechanism.scheme, scheme))
			break;
	return kipc_socket_kinds[i];
}

int kipc_socket_listen(struct kipc **handle, const struct kipc_address *address)
{
	const struct kipc_socket_kind *kind = kipc_socket_kind(address->mechanism->scheme);

	return kind->type == SOCK_DGRAM ? kipc_datagram_open(handle, address, kind) :
					  kipc_listener_open(handle, address, kind);
}

int kipc_socket_connect(struct kipc **handle, const struct kipc_address *address)
{
	return kipc_end_connect(handle, address, kipc_socket_kind(address->mechanism->scheme));
}

int kipc_socket_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	return kipc_end_pair(ends, address, kipc_socket_kind(address->mechanism->scheme));
}

/* Of an end, or, where @handle is NULL, of the scheme. */
void kipc_socket_limits(const struct kipc_socket_kind *kind, const struct kipc *handle,
			struct kipc_info *info)
{
	info->max_size = handle ? kipc_end_max_size(handle) : kind->max_size;
}

/* Of a listener: there are as many rooms to send into as clients. */
int kipc_socket_listener_events(struct kipc *handle, uint32_t want,
				struct kipc_events *events)
{
	(void)handle;
	(void)events;
	return want & KIPC_WANT_SEND ? -EOPNOTSUPP : 0;
}
