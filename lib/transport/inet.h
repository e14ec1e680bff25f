/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tcp: and udp: hosts and ports, and the sockets that have them. */
#ifndef KIPC_INET_H
#define KIPC_INET_H

#include "socket.h"

#define KIPC_INET_NAME_RULE \
	"a name is host:port, [address]:port or, to listen, *:port"

bool kipc_inet_name_ok(const char *name);
int kipc_inet_listen(int type, const struct kipc_address *address);
int kipc_inet_connect(int type, const struct kipc_address *address);
void kipc_inet_tune(int fd, const struct kipc_address *address);
int kipc_inet_expect_refusals(int fd, int family);

#endif /* KIPC_INET_H */
