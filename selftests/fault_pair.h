/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of failures on channels share: a server and its client, and whether exactly
 * what was sent has come.
 */
#ifndef FAULT_PAIR_H
#define FAULT_PAIR_H

#include "fault_test.h"

#define LARGE	(3 * CHUNK + 5)

/* A channel with one client, made anew for each run: memory comes with the first message. */
struct pair {
	struct end server;
	struct end client;
};

static inline int pair_open(struct pair *pair, unsigned int flags)
{
	char name[KIPC_NAME_SIZE];
	int err;

	*pair = (struct pair){ { .fd = -1 }, { .fd = -1 } };
	err = end_serve_with(&pair->server, fresh_name(name), 1 << 20, flags);
	return err ?: end_connect(&pair->client, name, 1 << 20);
}

static inline void pair_close(struct pair *pair)
{
	end_close(&pair->client);
	end_close(&pair->server);
}

/* Does exactly this message come, and no other after it? */
static inline bool comes(struct end *end, int kind, const void *data, size_t len, unsigned int fds)
{
	struct kipc_header msg, none;

	return !channel_recv_now(end->fd, &msg) && msg.kind == kind && msg.fd_count == fds &&
	       end_has(end, &msg, data, len) && !channel_release(end->fd, msg.id) &&
	       channel_recv_now(end->fd, &none) == -EAGAIN;
}

static inline bool empty(struct end *end)
{
	struct kipc_header none;

	return channel_recv_now(end->fd, &none) == -EAGAIN;
}

#endif /* FAULT_PAIR_H */
