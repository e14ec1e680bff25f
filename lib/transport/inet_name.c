// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hosts and ports.
 *
 * A host is an address (127.0.0.1, [::1], [fe80::1%25eth0]) or a name; only a name is
 * asked for at the resolver.  "*" listens on every address of both Internets by one
 * socket, or where there is no IPv6 on those of IPv4.  Port 0 lets the kernel choose one
 * (kipc_local_address()).
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inet.h"

/* As long as a name in the DNS. */
#define KIPC_HOST_SIZE 256

/* Where the port begins; NULL: there is none. */
static const char *kipc_inet_port(const char *name)
{
	const char *port = strrchr(name, ':');
	unsigned long number;
	char *end;

	if (!port || port[1] < '0' || port[1] > '9' || strlen(port) > 6)
		return NULL;
	number = strtoul(port + 1, &end, 10);
	return *end || number > 65535 ? NULL : port + 1;
}

/* The host, without brackets; false: that is none. */
static bool kipc_inet_host(const char *name, const char *port, char *host)
{
	size_t len = (size_t)(port - 1 - name);

	if (len >= KIPC_HOST_SIZE)
		return false;
	if (len > 2 && name[0] == '[' && name[len - 1] == ']') {
		name++;
		len -= 2;
	} else if (memchr(name, ':', len) || memchr(name, '[', len)) {
		return false;
	}
	memcpy(host, name, len);
	host[len] = '\0';
	return len;
}

bool kipc_inet_name_ok(const char *name)
{
	const char *port = kipc_inet_port(name);
	char host[KIPC_HOST_SIZE];

	return port && kipc_inet_host(name, port, host);
}

static int kipc_inet_error(int err)
{
	switch (err) {
	case EAI_SYSTEM:
		return -errno;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_AGAIN:
	case EAI_FAIL:
		return -EHOSTUNREACH;	/* nobody could say where it is */
	default:
		return -ENOENT;
	}
}

/* All addresses of a name; -ENOENT: there are none. */
static int kipc_inet_look_up(const char *name, int type, int family, struct addrinfo **list)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = type,
		.ai_flags = AI_NUMERICSERV | AI_PASSIVE,
	};
	const char *port = kipc_inet_port(name);
	char host[KIPC_HOST_SIZE];
	int err;

	if (!port || !kipc_inet_host(name, port, host))
		return -EINVAL;
	err = getaddrinfo(strcmp(host, "*") ? host : NULL, port, &hints, list);
	return err ? kipc_inet_error(err) : 0;
}

static int kipc_inet_socket(const struct addrinfo *info, int flags)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | flags, 0);

	return fd < 0 ? -errno : fd;
}

/* ---- listening ---- */

static int kipc_inet_bind(int fd, const struct addrinfo *info, bool any)
{
	const int on = 1, off = 0;

	/* UDP would share the port with whoever asks for the same. */
	if (info->ai_socktype == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (any && info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, info->ai_addr, info->ai_addrlen))
		return -errno;
	return info->ai_socktype == SOCK_STREAM && listen(fd, SOMAXCONN) ? -errno : 0;
}

/* A socket on the first of these that can be had. */
static int kipc_inet_listen_any(const struct addrinfo *list, bool any)
{
	const struct addrinfo *info;
	int fd, err = -ENOENT;

	for (info = list; info; info = info->ai_next) {
		/* Accepting does not wait; datagrams are waited for. */
		fd = kipc_inet_socket(info, info->ai_socktype == SOCK_STREAM ? SOCK_NONBLOCK : 0);
		err = fd < 0 ? fd : kipc_inet_bind(fd, info, any);
		if (!err)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

static int kipc_inet_listen_on(const char *name, int type, int family, bool any)
{
	struct addrinfo *list;
	int err = kipc_inet_look_up(name, type, family, &list);

	if (err)
		return err;
	err = kipc_inet_listen_any(list, any);
	freeaddrinfo(list);
	return err;
}

/* A socket that listens there, or -errno. */
int kipc_inet_listen(int type, const struct kipc_address *address)
{
	const char *name = address->name;
	int fd;

	if (name[0] != '*')
		return kipc_inet_listen_on(name, type, AF_UNSPEC, false);
	fd = kipc_inet_listen_on(name, type, AF_INET6, true);
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL || fd == -ENOENT)
		fd = kipc_inet_listen_on(name, type, AF_INET, true);
	return fd;
}

/* ---- connecting ---- */

/* What a connection is like: small messages at once, and tested if so demanded. */
void kipc_inet_tune(int fd, const struct kipc_address *address)
{
	int idle = (int)kipc_address_get(address, KIPC_PARAM_KEEPALIVE, 0);
	int every = idle / 3 ? idle / 3 : 1;
	const int on = 1, times = 3;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!idle)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* Let UDP tell which datagrams were refused. */
int kipc_inet_expect_refusals(int fd, int family)
{
	const int on = 1;
	int err = family == AF_INET6 ?
		  setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) :
		  setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));

	return err ? -errno : 0;
}

/*
 * TCP may connect a socket to itself where nobody listens, if the port that it is
 * given happens to be the one that it asks for.
 */
static bool kipc_inet_is_itself(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	return !getsockname(fd, (struct sockaddr *)&here, &here_len) &&
	       !getpeername(fd, (struct sockaddr *)&there, &there_len) &&
	       here_len == there_len && !memcmp(&here, &there, here_len);
}

/* On this machine UDP is refused at once where nobody has the port. */
static int kipc_inet_try(int fd)
{
	static const struct kipc_outgoing none;
	socklen_t len = sizeof(int);
	int err = 0;

	kipc_packet_send(fd, KIPC_FRAME_PROBE, 0, &none, NULL, KIPC_AT_ONCE);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return err == ECONNREFUSED ? -ENOENT : 0;
}

static int kipc_inet_connect_to(int fd, const struct addrinfo *info)
{
	int err = info->ai_socktype == SOCK_DGRAM ?
		  kipc_inet_expect_refusals(fd, info->ai_family) : 0;

	if (err)
		return err;
	if (connect(fd, info->ai_addr, info->ai_addrlen))
		return errno == ECONNREFUSED ? -ENOENT : -errno;
	if (info->ai_socktype == SOCK_DGRAM)
		return kipc_inet_try(fd);
	return kipc_inet_is_itself(fd) ? -ENOENT : 0;
}

/* A socket to the first of these that answers. */
static int kipc_inet_connect_any(const struct addrinfo *list)
{
	const struct addrinfo *info;
	int fd, err = -ENOENT;

	for (info = list; info && err != -EINTR; info = info->ai_next) {
		fd = kipc_inet_socket(info, 0);
		err = fd < 0 ? fd : kipc_inet_connect_to(fd, info);
		if (!err)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return err;
}

/* A socket that is connected there, or -errno. */
int kipc_inet_connect(int type, const struct kipc_address *address)
{
	const char *port = kipc_inet_port(address->name);
	struct addrinfo *list;
	int fd;

	if (address->name[0] == '*' || !port || !strtoul(port, NULL, 10))
		return -EINVAL;
	fd = kipc_inet_look_up(address->name, type, AF_UNSPEC, &list);
	if (fd)
		return fd;
	fd = kipc_inet_connect_any(list);
	freeaddrinfo(list);
	if (fd >= 0 && type == SOCK_STREAM)
		kipc_inet_tune(fd, address);
	return fd;
}
