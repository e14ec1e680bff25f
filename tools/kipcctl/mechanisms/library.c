// SPDX-License-Identifier: GPL-2.0
/*
 * Mechanisms that are no kernel's but a library's: a ring in shared memory, which is
 * libkipc's own, and Sun RPC.  What is tried is libkipc, if it has them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kipc.h"
#include "table.h"

#define CHUNK 1024

static int library_absent(struct trial *trial, char *why, size_t size)
{
	struct kipc_info info = KIPC_INFO_INIT;

	if (!kipc_scheme_info(trial->mechanism->scheme, &info))
		return 0;
	snprintf(why, size, "this libkipc has no %s:", trial->mechanism->scheme);
	return -ENODEV;
}

static const char *address(const struct trial *trial, char *buf, size_t size)
{
	snprintf(buf, size, trial->mechanism->transport->address, trial->name);
	return buf;
}

static int library_serve(struct trial *trial, struct end *rx)
{
	struct kipc *handle;
	char text[128];
	int err = kipc_listen(&handle, address(trial, text, sizeof(text)), NULL);

	if (err)
		return err;
	rx->server = true;
	rx->more = handle;
	rx->fd = kipc_fd(handle);
	return 0;
}

static int library_join(struct trial *trial, struct end *tx)
{
	struct kipc *handle;
	char text[128];
	int err = kipc_connect(&handle, address(trial, text, sizeof(text)), NULL);

	if (err)
		return err;
	tx->more = handle;
	tx->fd = kipc_fd(handle);
	return 0;
}

/* A client is taken in by the next receive, for which there is no message yet. */
static int library_settle(struct end *rx)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(rx->more, &msg, KIPC_NOW);

	return n == -EAGAIN ? 0 : n < 0 ? (int)n : -EPROTO;
}

static ssize_t library_send(struct end *end, const void *data, size_t len, int flags)
{
	int err = kipc_send(end->more, data, len, flags & NOWAIT ? KIPC_NOW : KIPC_FOREVER);

	return err ? err : (ssize_t)len;
}

static ssize_t library_recv(struct end *end, void *data, size_t len, int flags)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(end->more, &msg, flags & NOWAIT ? KIPC_NOW : KIPC_FOREVER);

	if (n < 0)
		return n;
	memcpy(data, msg.data, msg.len < len ? msg.len : len);
	end->peer = msg.peer;
	end->sender = msg.known & KIPC_KNOWN_PEER ? msg.pid : 0;
	kipc_release(&msg);
	return n;
}

static ssize_t library_recv_timed(struct end *end, void *data, size_t len, int ms)
{
	return kipc_recv_into(end->more, data, len, KIPC_MS(ms));
}

static int64_t library_largest(struct trial *trial, struct end *end, const char **source)
{
	struct kipc_info info = KIPC_INFO_INIT;
	int err = kipc_info(end->more, &info);

	(void)trial;
	*source = "kipc_info()";
	return err ? err : (int64_t)info.max_size;
}

/* ---- direction: a listener sends to a client that it has heard of ---- */

static int send_and_be_answered(struct trial *trial, struct end *tx)
{
	char text[CHUNK];

	if (library_send(tx, "hello", 5, 0) != 5)
		return bad(trial, -EIO, "send");
	tell(trial, STEP_OWN);
	if (await(trial, STEP_OWN + 1) || library_send(tx, "abc", 3, 0) != 3)
		return bad(trial, -EIO, "send");
	trial->stage->value[0] = receive_soon(trial, tx, text, sizeof(text), 500);
	tell(trial, STEP_OWN + 2);
	return await(trial, STEP_OWN + 9);
}

static int library_direction(struct trial *trial)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	char text[CHUNK];
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_be_answered);
	int err = pid < 0 ? pid : await(trial, STEP_OWN), n;

	if (err || receive_soon(trial, &rx, text, sizeof(text), 1000) != 5)
		return bad(trial, err ? err : -EPROTO, "receive");
	options.to = rx.peer;
	err = kipc_send_opts(rx.more, "vwxyz", 5, &options, KIPC_S(1));
	tell(trial, STEP_OWN + 1);
	if (err)
		return found(trial, "1-way", "what the receiver sent back: %s", error_name(err));
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	n = receive_soon(trial, &rx, text, sizeof(text), 1000);
	return found(trial, n == 3 && trial->stage->value[0] == 5 ? "full" : "1-way",
		     "both sent at once, and got %d and %d bytes", n, (int)trial->stage->value[0]);
}

static void library_close(struct end *end)
{
	kipc_close(end->more);
	end_init(end);
}

static void library_clean(const struct trial *trial)
{
	char text[128];

	kipc_unlink(address(trial, text, sizeof(text)));
}

static const struct transport ring_transport = {
	.chunk = CHUNK,
	.records = true,
	.address = "ring:posix-shm:%s",
	.serve = library_serve,
	.attach = library_serve,
	.join = library_join,
	.send = library_send,
	.recv = library_recv,
	.recv_timed = library_recv_timed,
	.largest = library_largest,
	.settle = library_settle,
	.close = library_close,
};

const struct mechanism mechanism_ring = {
	.scheme = "ring",
	.about = "message ring in shared memory: libkipc",
	.absent = library_absent,
	.transport = &ring_transport,
	.own[CELL_DIRECTION] = library_direction,
	.clean = library_clean,
};

static const struct transport sunrpc_transport = {
	.chunk = CHUNK,
	.records = true,
	.address = "sunrpc:/tmp%s",
	.serve = library_serve,
	.join = library_join,
	.send = library_send,
	.recv = library_recv,
	.recv_timed = library_recv_timed,
	.largest = library_largest,
	.settle = library_settle,
	.close = library_close,
};

const struct mechanism mechanism_sunrpc = {
	.scheme = "sunrpc",
	.about = "Sun RPC: libtirpc",
	.absent = library_absent,
	.transport = &sunrpc_transport,
	.own[CELL_DIRECTION] = library_direction,
	.clean = library_clean,
};
