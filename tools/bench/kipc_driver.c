// SPDX-License-Identifier: GPL-2.0
/*
 * kipc_driver: the mechanisms of libkipc, all by one driver
 *
 * It asks the library what a scheme can do and uses the best it has:
 *
 *	names (KIPC_CAN_LISTEN)	the server listens and the client connects, each
 *				in its own process, as unrelated programs would;
 *				otherwise kipc_pair() before fork()
 *	calls (KIPC_CAN_CALL)	kipc_call() against kipc_reply_recv(); otherwise
 *				the request goes one way and the reply comes
 *				back over a second handle, the other way round
 *
 * Handles are asked for messages of the size under test (which makes the
 * library give a channel a pool of four of them, since one client may fill half
 * of what is left), and a kipc queue for room for four.  Where that is refused
 * the mechanism's defaults are taken, and a size that is still too large is
 * "n/a": no limit of the system is raised.
 */
#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kipc.h"
#include "payload.h"

/* Bytes that may wait in a queue. */
#define ROOM_MIN	1048576ULL
#define ROOM_MESSAGES	4

/* A client's pool: it only ever receives short replies. */
#define REPLY_POOL	65536ULL

/* How long ring-busy looks before it sleeps: longer than anything takes here. */
#define BUSY_NS		10000000

enum { FORWARD, BACK, WAYS };

struct handles {
	bool calls;
	bool pairs;
	struct kipc *way[WAYS];		/* our ends; no [BACK] with calls */
	struct kipc *pair[WAYS][2];	/* between prepare() and open(0) */
	struct kipc_msg msg;		/* the message that recv() has lent */
	char address[WAYS][160];
};

static uint64_t lane_room(const struct lane *lane)
{
	return max_u64(ROOM_MIN, ROOM_MESSAGES * (uint64_t)lane->size);
}

/* What a name looks like where it is not a plain word. */
static const struct {
	const char *scheme;
	const char *prefix;	/* NULL: no names, only kipc_pair() will do */
} names[] = {
	{ "pipe", NULL },
	{ "pty", NULL },
	{ "fifo", "/tmp/" },
	{ "unix", "@" },
	{ "unix-dgram", "@" },
	{ "unix-seqpacket", "@" },
	{ "cma", "@" },
	{ "sunrpc", "@" },
	{ "posix-mq", "/" },
	{ "posix-shm", "/" },
	{ "ring", NULL },
	{ "ring-busy", NULL },
};

/*
 * Mechanisms by names that are measured by kipc_pair() as well: what the same by hand
 * is, a socket pair.
 */
static const struct {
	const char *name;
	const char *scheme;
} pairs[] = {
	{ "unix-pair", "unix" },
	{ "unix-seqpacket-pair", "unix-seqpacket" },
};

static bool lane_is_pair(const struct lane *lane)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(pairs[i].name, lane->driver->name))
			return true;
	return false;
}

static const char *lane_scheme(const struct lane *lane)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(pairs[i].name, lane->driver->name))
			return pairs[i].scheme;
	return lane->driver->name;
}

static const char *scheme_prefix(const char *scheme)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].scheme, scheme))
			return names[i].prefix;
	return "";
}

/* Binder has a few devices, each of which one server may manage. */
static const char * const binder_devices[] = { "vndbinder", "hwbinder", "binder" };

/* An address that no other lane uses. */
static void lane_address(const struct lane *lane, int way, char *buf,
			 size_t len)
{
	const char *scheme = lane_scheme(lane);
	const char *prefix = lane_is_pair(lane) ? NULL : scheme_prefix(scheme);
	unsigned int n = lane->serial * WAYS + (unsigned int)way;
	unsigned int pid = (unsigned int)lane->parent;

	if (!strcmp(scheme, "ring-busy"))
		snprintf(buf, len, "ring:?busy=%u", BUSY_NS);
	else if (!prefix)
		snprintf(buf, len, "%s:", scheme);
	else if (!strcmp(scheme, "binder"))
		snprintf(buf, len, "%s:%s", scheme,
			 binder_devices[lane->serial % ARRAY_SIZE(binder_devices)]);
	else if (!strcmp(scheme, "sysv-msg"))
		snprintf(buf, len, "%s:0x%08x", scheme,
			 0x4b000000 | (pid & 0xfff) << 12 | (n & 0xfff));
	else if (!strcmp(scheme, "tcp") || !strcmp(scheme, "udp"))
		snprintf(buf, len, "%s:127.%u.%u.%u:%u", scheme, 1 + (pid >> 12 & 127),
			 pid >> 6 & 63, 1 + (pid & 63), 20000 + n % 10000);
	else
		snprintf(buf, len, "%s:%skipc-bench-%u-%u", scheme, prefix, pid,
			 n);
}

/* By its scheme alone: the name is our own invention and differs every time. */
static int lane_explain(struct lane *lane, int err)
{
	char address[64];

	snprintf(address, sizeof(address), "%s:", lane_scheme(lane));
	kipc_explain(address, err, lane->why, sizeof(lane->why));
	return err;
}

/* Options of our own are refused with one of these: the defaults may do. */
static bool options_refused(int err)
{
	return err == -EINVAL || err == -EMSGSIZE || err == -EPERM ||
	       err == -EACCES || err == -EDQUOT || err == -E2BIG;
}

static int handle_check(struct lane *lane, struct kipc *handle)
{
	struct kipc_info info = KIPC_INFO_INIT;
	int err;

	err = kipc_info(handle, &info);
	if (err)
		return err;
	lane->max_size = min_u64(lane->max_size, info.max_size);
	return lane->max_size < lane->size ? -EMSGSIZE : 0;
}

static int handle_try(struct lane *lane, int way, bool listen, bool asking)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct handles *handles = lane->priv;
	char address[256];

	options.max_size = lane->size;
	/* To binder: a client's pool tells how large its server's is. */
	if (!listen && !strcmp(lane->driver->name, "channel"))
		options.pool_size = REPLY_POOL;
	snprintf(address, sizeof(address), "%s", handles->address[way]);
	if (asking && listen && !strcmp(lane->driver->name, "queue"))
		snprintf(address, sizeof(address), "%s?size=%zu&bytes=%llu",
			 handles->address[way], lane->size,
			 (unsigned long long)lane_room(lane));
	if (listen)
		return kipc_listen(&handles->way[way], address,
				   asking ? &options : NULL);
	return kipc_connect(&handles->way[way], address,
			    asking ? &options : NULL);
}

/*
 * Only the way forward carries SIZE bytes; replies fit into any default.  Where
 * the defaults turn out too small, lane->why tells why it could not be more.
 */
static int handle_open(struct lane *lane, int way, bool listen)
{
	struct handles *handles = lane->priv;
	int refused = 0, err;

	err = handle_try(lane, way, listen, way == FORWARD);
	if (err && way == FORWARD && options_refused(err)) {
		refused = err;
		err = handle_try(lane, way, listen, false);
	}
	if (err)
		return lane_explain(lane, err);
	if (way == FORWARD)
		err = handle_check(lane, handles->way[way]);
	if (err && refused)
		lane_explain(lane, refused);
	return err;
}

static int pair_open(struct lane *lane)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct handles *handles = lane->priv;
	int err;

	options.max_size = lane->size;
	err = kipc_pair(handles->pair[FORWARD], handles->address[FORWARD],
			&options);
	if (options_refused(err))
		err = kipc_pair(handles->pair[FORWARD],
				handles->address[FORWARD], NULL);
	if (err)
		return lane_explain(lane, err);
	err = handle_check(lane, handles->pair[FORWARD][1]);
	if (err || handles->calls)
		return err;
	err = kipc_pair(handles->pair[BACK], handles->address[BACK], NULL);
	return err ? lane_explain(lane, err) : 0;
}

static void lane_close(struct lane *lane)
{
	struct handles *handles = lane->priv;
	int way, end;

	if (!handles)
		return;
	for (way = 0; way < WAYS; way++) {
		for (end = 0; end < 2; end++)
			kipc_close(handles->pair[way][end]);
		kipc_close(handles->way[way]);
	}
	free(handles);
	lane->priv = NULL;
}

static int lane_prepare(struct lane *lane)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct handles *handles;
	int err, way;

	handles = calloc(1, sizeof(*handles));
	if (!handles)
		return -ENOMEM;
	lane->priv = handles;
	for (way = 0; way < WAYS; way++)
		lane_address(lane, way, handles->address[way],
			     sizeof(handles->address[way]));
	err = kipc_scheme_info(handles->address[FORWARD], &info);
	handles->calls = info.can & KIPC_CAN_CALL;
	handles->pairs = !(info.can & KIPC_CAN_LISTEN) || lane_is_pair(lane) ||
			 !scheme_prefix(lane->driver->name);
	if (!err && handles->pairs)
		err = pair_open(lane);
	if (err)
		lane_close(lane);
	return err;
}

/* After fork(): keep our end of each pair, drop the other's. */
static int pair_take(struct lane *lane)
{
	struct handles *handles = lane->priv;
	int way, mine;

	for (way = 0; way < WAYS; way++) {
		mine = (lane->side == SIDE_SERVER) == (way == FORWARD) ? 0 : 1;
		handles->way[way] = handles->pair[way][mine];
		kipc_close(handles->pair[way][!mine]);
		handles->pair[way][0] = NULL;
		handles->pair[way][1] = NULL;
	}
	return 0;
}

static int lane_open(struct lane *lane, int step)
{
	struct handles *handles = lane->priv;
	int err;

	if (handles->pairs)
		return step ? 0 : pair_take(lane);
	if (lane->side == SIDE_SERVER && step == 0)
		return handle_open(lane, FORWARD, true);
	if (lane->side == SIDE_SERVER)
		return handles->calls ? 0 : handle_open(lane, BACK, false);
	if (step)
		return 0;
	err = handle_open(lane, FORWARD, false);
	if (err || handles->calls)
		return err;
	return handle_open(lane, BACK, true);
}

/* A server that was killed could not remove its names. */
static void lane_clean(struct lane *lane)
{
	char address[160];
	int way;

	for (way = 0; way < WAYS; way++) {
		lane_address(lane, way, address, sizeof(address));
		kipc_unlink(address);
	}
}

static ssize_t lane_call(struct lane *lane, const void *data, size_t len,
			 void *reply)
{
	struct handles *handles = lane->priv;
	struct kipc_msg answer;
	ssize_t n;
	int err;

	if (!handles->calls) {
		err = kipc_send(handles->way[FORWARD], data, len, KIPC_FOREVER);
		if (err)
			return err;
		return kipc_recv_into(handles->way[BACK], reply, PAYLOAD_REPLY,
				      KIPC_FOREVER);
	}
	n = kipc_call(handles->way[FORWARD], data, len, &answer, KIPC_FOREVER);
	if (n < 0)
		return n;
	memcpy(reply, answer.data,
	       (size_t)n < PAYLOAD_REPLY ? (size_t)n : PAYLOAD_REPLY);
	kipc_release(&answer);
	return n;
}

static ssize_t lane_recv(struct lane *lane, size_t expect, const void **data)
{
	struct handles *handles = lane->priv;
	ssize_t n;

	(void)expect;
	n = kipc_recv(handles->way[FORWARD], &handles->msg, KIPC_FOREVER);
	*data = handles->msg.data;
	return n;
}

static int lane_reply(struct lane *lane, const void *data, size_t len)
{
	struct handles *handles = lane->priv;
	int err;

	if (handles->calls)
		return kipc_reply(handles->way[FORWARD], &handles->msg, data,
				  len);
	err = kipc_send(handles->way[BACK], data, len, KIPC_FOREVER);
	kipc_release(&handles->msg);
	return err;
}

static ssize_t lane_reply_recv(struct lane *lane, const void *data, size_t len,
			       size_t expect, const void **next)
{
	struct handles *handles = lane->priv;
	ssize_t n;
	int err;

	if (!handles->calls) {
		err = lane_reply(lane, data, len);
		return err ? err : lane_recv(lane, expect, next);
	}
	n = kipc_reply_recv(handles->way[FORWARD], &handles->msg, data, len,
			    KIPC_FOREVER);
	*next = handles->msg.data;
	return n;
}

static int lane_send(struct lane *lane, const void *data, size_t len)
{
	struct handles *handles = lane->priv;

	return kipc_send(handles->way[FORWARD], data, len, KIPC_FOREVER);
}

static void lane_done(struct lane *lane)
{
	struct handles *handles = lane->priv;

	kipc_release(&handles->msg);
}

const struct driver ring_busy_driver = {
	.name = "ring-busy",
	.about = "libkipc's ring:, looking and not sleeping: two CPUs",
	.kind = DRIVER_LIBRARY,
	.measures = { true, true },
	.prepare = lane_prepare,
	.open = lane_open,
	.close = lane_close,
	.clean = lane_clean,
	.call = lane_call,
	.recv = lane_recv,
	.reply = lane_reply,
	.reply_recv = lane_reply_recv,
	.send = lane_send,
	.done = lane_done,
};

/* auto: is the last, and is one of those before. */
static bool scheme_is_one(const char *scheme)
{
	return scheme && strcmp(scheme, "auto");
}

/* The n-th name to measure, and the scheme behind it; NULL: there are no more. */
static const char *driver_name(unsigned int n, const char **scheme)
{
	unsigned int schemes = 0;

	while (scheme_is_one(kipc_scheme(schemes)))
		schemes++;
	*scheme = kipc_scheme(n);
	if (n < schemes)
		return *scheme;
	if (n - schemes >= ARRAY_SIZE(pairs))
		return NULL;
	*scheme = pairs[n - schemes].scheme;
	return pairs[n - schemes].name;
}

int kipc_driver_make(struct driver *driver, unsigned int n)
{
	const char *scheme, *name = driver_name(n, &scheme);
	struct kipc_info info = KIPC_INFO_INIT;
	char address[64];
	bool carries;

	if (!name)
		return -ENOENT;
	snprintf(address, sizeof(address), "%s:", scheme);
	if (kipc_scheme_info(address, &info))
		memset(&info, 0, sizeof(info));
	carries = info.can & (KIPC_CAN_LISTEN | KIPC_CAN_PAIR);
	*driver = (struct driver){
		.name = name,
		.about = name != scheme ?
				 "libkipc: call and reply, kipc_pair()" :
			 info.can & KIPC_CAN_CALL ?
				 "libkipc: call and reply" :
				 "libkipc: one way, a second handle back",
		.kind = DRIVER_LIBRARY,
		/* What udp: loses one way would be waited for. */
		.measures = { carries, carries && strcmp(scheme, "udp") },
		.prepare = lane_prepare,
		.open = lane_open,
		.close = lane_close,
		.clean = lane_clean,
		.call = lane_call,
		.recv = lane_recv,
		.reply = lane_reply,
		.reply_recv = lane_reply_recv,
		.send = lane_send,
		.done = lane_done,
	};
	return 0;
}
