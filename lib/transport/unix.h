/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of AF_UNIX sockets, for all transports that have one; see unix_name.c. */
#ifndef KIPC_UNIX_H
#define KIPC_UNIX_H

#include <sys/socket.h>
#include <sys/un.h>

#include "internal.h"

/* A name that was bound in the file system, to be removed in the end. */
struct kipc_unix_bound {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev;
	ino_t ino;
	struct kipc_lifetime life;
};

bool kipc_unix_name_ok(const char *name);
bool kipc_unix_allowed(const struct kipc_address *address, const struct ucred *cred);
int kipc_unix_bind(int fd, int type, const struct kipc_address *address,
		   struct kipc_unix_bound *bound);
void kipc_unix_unbind(struct kipc_unix_bound *bound);
int kipc_unix_connect(int fd, const char *name);
int kipc_unix_bind_fresh(int fd);
int kipc_unix_unlink(int type, const char *name);

#endif /* KIPC_UNIX_H */
