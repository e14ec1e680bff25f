/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of libkipc-admin share: a channel with a client, users, and what a listing
 * tells of one object.
 */
#ifndef ADMIN_TEST_H
#define ADMIN_TEST_H

#include <grp.h>
#include <kipc_admin.h>
#include <sys/prctl.h>

#include "lib_test.h"

#define USER	1000	/* an ordinary user and group */
#define OTHER	1001	/* another one */

/* A name without the scheme, which every address of these tests begins with. */
static inline const char *name_of(const char *address)
{
	return strchr(address, ':') + 1;
}

/* Run as a user, in a process of its own.  Returns what the function does, 0 to 255. */
static inline int as_user(uid_t uid, int (*run)(const char *arg), const char *arg)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			_exit(255);
		_exit(run(arg));
	}
	return exit_status(child);
}

/* A channel: its server holds a message that its client has sent. */
struct pair {
	char address[128];
	struct kipc *server;
	struct kipc *client;
	struct kipc_msg held;
};

static inline int pair_open(struct pair *pair)
{
	int err;

	memset(pair, 0, sizeof(*pair));
	fresh_address("channel", pair->address);
	err = kipc_listen(&pair->server, pair->address, NULL);
	if (!err)
		err = kipc_connect(&pair->client, pair->address, NULL);
	return err;
}

static inline int pair_hold(struct pair *pair)
{
	int err = kipc_send(pair->client, "twelve bytes", 12, KIPC_NOW);

	return err ? err : kipc_recv(pair->server, &pair->held, LONG) == 12 ? 0 : -EPROTO;
}

static inline void pair_close(struct pair *pair)
{
	kipc_close(pair->client);
	kipc_close(pair->server);
}

#endif /* ADMIN_TEST_H */
