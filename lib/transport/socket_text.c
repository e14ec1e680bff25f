// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where a socket is, as an address that kipc_connect() takes. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "socket.h"

/* A string that is built up to a size; @err once it was not enough. */
struct kipc_text {
	char *at;
	size_t left;
	int err;
};

static void kipc_text_add(struct kipc_text *text, const char *add)
{
	size_t len = strlen(add);

	if (len >= text->left) {
		text->err = -EMSGSIZE;
		return;
	}
	memcpy(text->at, add, len + 1);
	text->at += len;
	text->left -= len;
}

static void kipc_text_add_unix(struct kipc_text *text, const struct sockaddr_un *sun,
			       socklen_t sun_len)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t i, len = sun_len > head ? sun_len - head : 0;
	bool abstract = len && !sun->sun_path[0];
	char byte[4];

	if (abstract)
		kipc_text_add(text, "@");
	else
		len = strnlen(sun->sun_path, len);
	for (i = abstract; i < len; i++) {
		unsigned char c = (unsigned char)sun->sun_path[i];
		bool plain = c > ' ' && c < 0x7f && c != '%' && c != '?';

		snprintf(byte, sizeof(byte), plain ? "%c" : "%%%02x", c);
		kipc_text_add(text, byte);
	}
}

static void kipc_text_add_inet(struct kipc_text *text, const struct kipc_sockaddr *address)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&address->any;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&address->any;
	bool six = address->any.sa_family == AF_INET6;
	bool mapped = six && IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr);
	char host[INET6_ADDRSTRLEN], scope[IF_NAMESIZE], port[8];

	if (mapped)
		inet_ntop(AF_INET, &sin6->sin6_addr.s6_addr[12], host, sizeof(host));
	else if (six)
		inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
	six = six && !mapped;
	kipc_text_add(text, six ? "[" : "");
	kipc_text_add(text, host);
	if (six && sin6->sin6_scope_id && if_indextoname(sin6->sin6_scope_id, scope)) {
		kipc_text_add(text, "%25");
		kipc_text_add(text, scope);
	}
	snprintf(port, sizeof(port), ":%u", ntohs(sin->sin_port));
	kipc_text_add(text, six ? "]" : "");
	kipc_text_add(text, port);
}

/* An address as text: 0, or -EMSGSIZE where @size is too small. */
int kipc_sockaddr_text(const char *scheme, const struct kipc_sockaddr *address, char *buf,
		       size_t size)
{
	struct kipc_text text = { buf, size, 0 };

	kipc_text_add(&text, scheme);
	kipc_text_add(&text, ":");
	if (address->any.sa_family == AF_UNIX)
		kipc_text_add_unix(&text, &address->un, address->len);
	else
		kipc_text_add_inet(&text, address);
	return text.err;
}

/* The address of a socket, or of its peer, as text. */
int kipc_socket_text(const char *scheme, int fd, bool of_peer, char *buf, size_t size)
{
	struct kipc_sockaddr address = { .len = sizeof(address.storage) };
	int err;

	err = of_peer ? getpeername(fd, &address.any, &address.len) :
			getsockname(fd, &address.any, &address.len);
	if (err)
		return kipc_socket_error(errno);
	return kipc_sockaddr_text(scheme, &address, buf, size);
}
