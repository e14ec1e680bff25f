// SPDX-License-Identifier: GPL-2.0
/*
 * The operations: every request of <linux/kipc.h>, field by field, and what else can be done
 * with an endpoint or to the process that has it.
 *
 * A field of a request is a number, and its kind says which ones are worth trying.  Those at
 * the end that the module only writes have no row: they are filled with rubbish.
 */
#include <linux/kipc.h>
#include <linux/kipc_netlink.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* A field of a request */
#define F(_struct, _field, _kind, _limit) {				\
	.name = #_field,						\
	.kind = _kind,							\
	.width = sizeof(((struct _struct *)NULL)->_field),		\
	.offset = offsetof(struct _struct, _field),			\
	.limit = _limit,						\
}

/* An argument of what is no request */
#define A(_name, _kind, _limit)	{ .name = _name, .kind = _kind, .limit = _limit }

#define IOCTL(_name, _weight, _request, _struct)			\
	.name = _name,							\
	.weight = _weight,						\
	.request = _request,						\
	.size = sizeof(struct _struct)

#define WAITING_FLAGS	(KIPC_F_NONBLOCK | KIPC_F_REALTIME | KIPC_F_NORESTART)
#define OPEN_FLAGS	(KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | KIPC_QUEUE_RECV | \
			 KIPC_QUEUE_SEND | KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_SAME)
#define RECV_FLAGS	(WAITING_FLAGS | KIPC_RECV_PEEK | KIPC_RECV_TRUNCATE | KIPC_RECV_LARGEST)
#define NOTIFY_FLAGS	(KIPC_NOTIFY_ONCE | KIPC_NOTIFY_EACH | KIPC_NOTIFY_SOLE)
#define SET_FLAGS	(KIPC_SET_UID | KIPC_SET_GID | KIPC_SET_MODE | KIPC_SET_MAX_MSGS | \
			 KIPC_SET_MAX_BYTES | KIPC_SET_MAX_SIZE)
#define POOL_LIMIT	(4ULL << 20)

const struct op ops[] = {
	{ IOCTL("endpoint_info", 3, KIPC_IOC_ENDPOINT_INFO, kipc_endpoint_info), .arg = {
		A("fd", SLOT, 0),
		F(kipc_endpoint_info, size, SIZE, 0),
		F(kipc_endpoint_info, flags, FLAGS, 0),
	} },
	{ IOCTL("endpoint_tune", 3, KIPC_IOC_ENDPOINT_TUNE, kipc_endpoint_tune), .arg = {
		A("fd", SLOT, 0),
		F(kipc_endpoint_tune, size, SIZE, 0),
		F(kipc_endpoint_tune, flags, FLAGS, 0),
		F(kipc_endpoint_tune, busy_poll, NUMBER, KIPC_BUSY_POLL_MAX / 100),
	} },
	{ IOCTL("channel_create", 20, KIPC_IOC_CHANNEL_CREATE, kipc_channel_create), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_create, size, SIZE, 0),
		F(kipc_channel_create, flags, FLAGS, KIPC_CHANNEL_NOTICES | KIPC_CHANNEL_NICE),
		F(kipc_channel_create, mode, FLAGS, 0777),
		F(kipc_channel_create, reserved, FLAGS, 0),
		F(kipc_channel_create, pool_size, LENGTH, POOL_LIMIT),
		F(kipc_channel_create, name, NAME, 0),
	} },
	{ IOCTL("channel_connect", 25, KIPC_IOC_CHANNEL_CONNECT, kipc_channel_connect), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_connect, size, SIZE, 0),
		F(kipc_channel_connect, flags, FLAGS, 0),
		F(kipc_channel_connect, pool_size, LENGTH, POOL_LIMIT),
		F(kipc_channel_connect, client, OUT_PEER, 0),
		F(kipc_channel_connect, name, NAME, 0),
	} },
	{ IOCTL("channel_call", 40, KIPC_IOC_CHANNEL_CALL, kipc_channel_call), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_call, size, SIZE, 0),
		F(kipc_channel_call, flags, FLAGS, KIPC_F_NONBLOCK | KIPC_CALL_ASYNC),
		F(kipc_channel_call, deadline, DEADLINE, 0),
		F(kipc_channel_call, release, ID, 0),
		F(kipc_channel_call, to, PEER, 0),
		F(kipc_channel_call, request, PAYLOAD, 0),
		F(kipc_channel_call, reply.id, OUT_ID, 0),
	} },
	{ IOCTL("channel_send", 40, KIPC_IOC_CHANNEL_SEND, kipc_channel_send), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_send, size, SIZE, 0),
		F(kipc_channel_send, flags, FLAGS, KIPC_F_NONBLOCK),
		F(kipc_channel_send, deadline, DEADLINE, 0),
		F(kipc_channel_send, to, PEER, 0),
		F(kipc_channel_send, payload, PAYLOAD, 0),
	} },
	{ IOCTL("channel_send_batch", 20, KIPC_IOC_CHANNEL_SEND_BATCH, kipc_channel_send_batch),
	  .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_send_batch, size, SIZE, 0),
		F(kipc_channel_send_batch, flags, FLAGS, KIPC_F_NONBLOCK),
		F(kipc_channel_send_batch, deadline, DEADLINE, 0),
		F(kipc_channel_send_batch, to, PEER, 0),
		F(kipc_channel_send_batch, payloads, PAYLOADS_AT, 0),
		F(kipc_channel_send_batch, count, NUMBER, 16),
	} },
	{ IOCTL("channel_recv", 50, KIPC_IOC_CHANNEL_RECV, kipc_channel_recv), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_recv, size, SIZE, 0),
		F(kipc_channel_recv, flags, FLAGS, KIPC_F_NONBLOCK | KIPC_RECV_RING),
		F(kipc_channel_recv, deadline, DEADLINE, 0),
		F(kipc_channel_recv, release, ID, 0),
		F(kipc_channel_recv, ring_seen, NUMBER, 8),
		F(kipc_channel_recv, ring_done, NUMBER, 8),
		F(kipc_channel_recv, msg.id, OUT_ID, 0),
		F(kipc_channel_recv, msg.peer, OUT_PEER, 0),
	} },
	{ IOCTL("channel_reply", 40, KIPC_IOC_CHANNEL_REPLY, kipc_channel_reply), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_reply, size, SIZE, 0),
		F(kipc_channel_reply, flags, FLAGS, KIPC_F_NONBLOCK | KIPC_REPLY_RECV),
		F(kipc_channel_reply, deadline, DEADLINE, 0),
		F(kipc_channel_reply, id, ID, 0),
		F(kipc_channel_reply, reply, PAYLOAD, 0),
		F(kipc_channel_reply, msg.id, OUT_ID, 0),
		F(kipc_channel_reply, msg.peer, OUT_PEER, 0),
	} },
	{ IOCTL("channel_release", 20, KIPC_IOC_CHANNEL_RELEASE, kipc_channel_release), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_release, size, SIZE, 0),
		F(kipc_channel_release, flags, FLAGS, 0),
		F(kipc_channel_release, ids, IDS_AT, 0),
		F(kipc_channel_release, count, NUMBER, 4),
	} },
	{ IOCTL("channel_fds", 10, KIPC_IOC_CHANNEL_FDS, kipc_channel_fds), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_fds, size, SIZE, 0),
		F(kipc_channel_fds, flags, FLAGS, 0),
		F(kipc_channel_fds, id, ID, 0),
		F(kipc_channel_fds, fds, FDS_AT, 0),
		F(kipc_channel_fds, count, NUMBER, 4),
	} },
	{ IOCTL("channel_inspect", 6, KIPC_IOC_CHANNEL_INSPECT, kipc_channel_inspect), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_inspect, size, SIZE, 0),
		F(kipc_channel_inspect, flags, FLAGS, 0),
		F(kipc_channel_inspect, id, ID, 0),
	} },
	{ IOCTL("channel_ring", 10, KIPC_IOC_CHANNEL_RING, kipc_channel_ring), .arg = {
		A("fd", SLOT, 0),
		F(kipc_channel_ring, size, SIZE, 0),
		F(kipc_channel_ring, flags, FLAGS, 0),
		F(kipc_channel_ring, entries, NUMBER, KIPC_RING_MAX),
		F(kipc_channel_ring, reserved, FLAGS, 0),
	} },
	{ IOCTL("queue_open", 30, KIPC_IOC_QUEUE_OPEN, kipc_queue_open), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_open, size, SIZE, 0),
		F(kipc_queue_open, flags, FLAGS, OPEN_FLAGS),
		F(kipc_queue_open, mode, FLAGS, 0777),
		F(kipc_queue_open, handle, SLOT, 0),
		F(kipc_queue_open, number, OUT_QUEUE, 0),
		F(kipc_queue_open, reserved, FLAGS, 0),
		F(kipc_queue_open, max_msgs, NUMBER, 10),
		F(kipc_queue_open, max_bytes, LENGTH, 1 << 20),
		F(kipc_queue_open, max_size, LENGTH, 1 << 16),
		F(kipc_queue_open, name, NAME, 0),
	} },
	{ IOCTL("queue_unlink", 8, KIPC_IOC_QUEUE_UNLINK, kipc_queue_unlink), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_unlink, size, SIZE, 0),
		F(kipc_queue_unlink, flags, FLAGS, KIPC_UNLINK_REMOVE),
		F(kipc_queue_unlink, number, QUEUE, 0),
		F(kipc_queue_unlink, reserved, FLAGS, 0),
		F(kipc_queue_unlink, name, NAME, 0),
	} },
	{ IOCTL("queue_send", 40, KIPC_IOC_QUEUE_SEND, kipc_queue_send), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_send, size, SIZE, 0),
		F(kipc_queue_send, flags, FLAGS, WAITING_FLAGS | KIPC_SEND_OVERTAKE),
		F(kipc_queue_send, deadline, DEADLINE, 0),
		F(kipc_queue_send, type, NUMBER, 4),
		F(kipc_queue_send, prio, NUMBER, 3),
		F(kipc_queue_send, number, QUEUE, 0),
		F(kipc_queue_send, payload, PAYLOAD, 0),
	} },
	{ IOCTL("queue_recv", 40, KIPC_IOC_QUEUE_RECV, kipc_queue_recv), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_recv, size, SIZE, 0),
		F(kipc_queue_recv, flags, FLAGS, RECV_FLAGS),
		F(kipc_queue_recv, deadline, DEADLINE, 0),
		F(kipc_queue_recv, data, DATA, 0),
		F(kipc_queue_recv, len, LENGTH, 1 << 16),
		F(kipc_queue_recv, select, NUMBER, KIPC_SELECT_NTH),
		F(kipc_queue_recv, number, QUEUE, 0),
		F(kipc_queue_recv, match, NUMBER, 4),
		F(kipc_queue_recv, fds, FDS_AT, 0),
		F(kipc_queue_recv, fd_count, NUMBER, 4),
	} },
	{ IOCTL("queue_send_batch", 20, KIPC_IOC_QUEUE_SEND_BATCH, kipc_queue_send_batch), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_send_batch, size, SIZE, 0),
		F(kipc_queue_send_batch, flags, FLAGS, WAITING_FLAGS),
		F(kipc_queue_send_batch, deadline, DEADLINE, 0),
		F(kipc_queue_send_batch, items, ITEMS_AT, 0),
		F(kipc_queue_send_batch, count, NUMBER, 16),
		F(kipc_queue_send_batch, number, QUEUE, 0),
		F(kipc_queue_send_batch, reserved, FLAGS, 0),
	} },
	{ IOCTL("queue_recv_batch", 20, KIPC_IOC_QUEUE_RECV_BATCH, kipc_queue_recv_batch), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_recv_batch, size, SIZE, 0),
		F(kipc_queue_recv_batch, flags, FLAGS, WAITING_FLAGS),
		F(kipc_queue_recv_batch, deadline, DEADLINE, 0),
		F(kipc_queue_recv_batch, data, DATA, 0),
		F(kipc_queue_recv_batch, len, LENGTH, 1 << 16),
		F(kipc_queue_recv_batch, select, NUMBER, KIPC_SELECT_NTH),
		F(kipc_queue_recv_batch, number, QUEUE, 0),
		F(kipc_queue_recv_batch, match, NUMBER, 4),
		F(kipc_queue_recv_batch, msgs, HEADERS_AT, 0),
		F(kipc_queue_recv_batch, count, NUMBER, 16),
	} },
	{ IOCTL("queue_notify", 12, KIPC_IOC_QUEUE_NOTIFY, kipc_queue_notify), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_notify, size, SIZE, 0),
		F(kipc_queue_notify, flags, FLAGS, NOTIFY_FLAGS),
		F(kipc_queue_notify, how, NUMBER, KIPC_NOTIFY_EVENTFD),
		F(kipc_queue_notify, signo, NUMBER, 12),
		F(kipc_queue_notify, value, NUMBER, 1),
		F(kipc_queue_notify, fd, SLOT, 0),
		F(kipc_queue_notify, reserved, FLAGS, 0),
	} },
	{ IOCTL("queue_stat", 6, KIPC_IOC_QUEUE_STAT, kipc_queue_stat), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_stat, size, SIZE, 0),
		F(kipc_queue_stat, flags, FLAGS, KIPC_STAT_NEXT | KIPC_STAT_PERMIT),
		F(kipc_queue_stat, number, QUEUE, 0),
	} },
	{ IOCTL("queue_set", 10, KIPC_IOC_QUEUE_SET, kipc_queue_set), .arg = {
		A("fd", SLOT, 0),
		F(kipc_queue_set, size, SIZE, 0),
		F(kipc_queue_set, flags, FLAGS, SET_FLAGS),
		F(kipc_queue_set, number, QUEUE, 0),
		F(kipc_queue_set, mode, FLAGS, 0777),
		F(kipc_queue_set, uid, NUMBER, 1000),
		F(kipc_queue_set, gid, NUMBER, 1000),
		F(kipc_queue_set, max_msgs, NUMBER, 10),
		F(kipc_queue_set, max_bytes, LENGTH, 1 << 20),
		F(kipc_queue_set, max_size, LENGTH, 1 << 16),
	} },
	{ "ioctl", 4, .run = do_ioctl, .arg = {
		A("fd", SLOT, 0), A("nr", NUMBER, 0x29), A("size", LENGTH, 1024),
		A("at", DATA, 0), A("dir", NUMBER, 3), A("magic", NUMBER, 1),
	} },

	{ "open", 60, .run = do_open, .arg = {
		A("fd", SLOT, 0), A("nonblock", NUMBER, 1) } },
	{ "close", 20, .run = do_close, .arg = { A("fd", SLOT, 0) } },
	{ "dup", 6, .run = do_dup, .arg = { A("fd", SLOT, 0), A("to", SLOT, 0) } },
	{ "fcntl", 4, .run = do_fcntl, .arg = {
		A("fd", SLOT, 0), A("what", NUMBER, 5), A("flags", NUMBER, 3) } },
	{ "read", 20, .run = do_read, .arg = {
		A("fd", SLOT, 0), A("at", DATA, 0), A("len", LENGTH, 1 << 16) } },
	{ "write", 20, .run = do_write, .arg = {
		A("fd", SLOT, 0), A("at", DATA, 0), A("len", LENGTH, 1 << 16) } },
	{ "readv", 6, .run = do_readv, .arg = {
		A("fd", SLOT, 0), A("first", NUMBER, 15), A("count", NUMBER, 8),
		A("flags", FLAGS, 8) } },
	{ "writev", 6, .run = do_writev, .arg = {
		A("fd", SLOT, 0), A("first", NUMBER, 15), A("count", NUMBER, 8),
		A("flags", FLAGS, 8) } },
	{ "poll", 6, .run = do_poll, .arg = {
		A("fd", SLOT, 0), A("also", SLOT, 0), A("events", FLAGS, 0x1f) } },
	{ "epoll", 5, .run = do_epoll, .arg = { A("fd", SLOT, 0) } },
	{ "epoll_ctl", 12, .run = do_epoll_ctl, .arg = {
		A("epoll", SLOT, 0), A("op", NUMBER, 3), A("fd", SLOT, 0),
		A("events", FLAGS, 0xf000001fULL) } },
	{ "epoll_wait", 6, .run = do_epoll_wait, .arg = { A("epoll", SLOT, 0) } },
	{ "eventfd", 4, .run = do_eventfd, .arg = { A("fd", SLOT, 0) } },
	{ "pipe", 3, .run = do_pipe, .arg = { A("fd", SLOT, 0), A("other", SLOT, 0) } },
	{ "socketpair", 3, .run = do_socketpair, .arg = { A("fd", SLOT, 0), A("other", SLOT, 0) } },
	{ "fd_send", 6, .run = do_fd_send, .arg = { A("through", SLOT, 0), A("fd", SLOT, 0) } },
	{ "fd_recv", 6, .run = do_fd_recv, .arg = { A("through", SLOT, 0), A("fd", SLOT, 0) } },
	{ "splice", 3, .run = do_splice, .arg = {
		A("from", SLOT, 0), A("to", SLOT, 0), A("len", LENGTH, 1 << 16) } },
	{ "fdinfo", 5, .run = do_fdinfo, .arg = { A("fd", SLOT, 0), A("what", NUMBER, 2) } },

	{ "mmap", 20, .alone = true, .run = do_mmap, .arg = {
		A("map", MAP, 0), A("fd", SLOT, 0), A("len", LENGTH, POOL_LIMIT),
		A("prot", FLAGS, 7), A("flags", NUMBER, 3), A("offset", NUMBER, 3) } },
	{ "munmap", 8, .alone = true, .run = do_munmap, .arg = {
		A("map", MAP, 0), A("from", LENGTH, 1 << 16), A("len", LENGTH, 1 << 16) } },
	{ "mremap", 4, .alone = true, .run = do_mremap, .arg = {
		A("map", MAP, 0), A("len", LENGTH, POOL_LIMIT), A("flags", FLAGS, 5) } },
	{ "mprotect", 4, .alone = true, .run = do_mprotect, .arg = {
		A("map", MAP, 0), A("prot", FLAGS, 7) } },
	{ "madvise", 6, .run = do_madvise, .arg = { A("map", MAP, 0), A("advice", NUMBER, 25) } },
	{ "touch", 12, .run = do_touch, .arg = {
		A("map", MAP, 0), A("from", LENGTH, 1 << 20), A("write", NUMBER, 1) } },
	{ "store", 10, .run = do_store, .arg = { A("at", DATA, 0), A("value", NUMBER, ~0ULL) } },

	{ "fork", 5, .alone = true, .run = do_fork, .arg = {
		A("calls", NUMBER, CALLS_MAX), A("as", NUMBER, 5), A("wait", NUMBER, 1) } },
	{ "kill", 3, .run = do_kill, .arg = { A("child", NUMBER, CHILDREN), A("sig", NUMBER, 3) } },
	{ "signal", 4, .run = do_signal, .arg = { A("which", NUMBER, 3), A("sig", NUMBER, 3) } },
	{ "sleep", 3, .run = do_sleep, .arg = { A("us", NUMBER, 300) } },
	{ "shrink", 1, .run = do_shrink, .arg = { A("fd", SLOT, 0) } },

	{ "nl_open", 6, .run = do_nl_open, .arg = { A("fd", SLOT, 0) } },
	{ "nl_join", 3, .run = do_nl_join, .arg = {
		A("fd", SLOT, 0), A("group", NUMBER, 2), A("leave", NUMBER, 1) } },
	{ "nl_ask", 16, .run = do_nl_ask, .arg = {
		A("fd", SLOT, 0), A("cmd", NUMBER, KIPC_CMD_MAX), A("dump", NUMBER, 3),
		A("a", ATTR, 0), A("b", ATTR, 0), A("c", ATTR, 0), A("d", ATTR, 0),
		A("e", ATTR, 0), A("cut", NUMBER, 3) } },
	{ "nl_recv", 6, .run = do_nl_recv, .arg = { A("fd", SLOT, 0), A("times", NUMBER, 4) } },
};

const unsigned int op_count = ARRAY_SIZE(ops);

/* The seven fields of a payload */
static const struct arg payload[] = {
	F(kipc_payload, data, DATA, 0),
	F(kipc_payload, len, LENGTH, 1 << 16),
	F(kipc_payload, tag, NUMBER, ~0ULL),
	F(kipc_payload, fds, FDS_AT, 0),
	F(kipc_payload, flags, FLAGS, KIPC_PAYLOAD_VEC),
	F(kipc_payload, fd_count, NUMBER, 4),
	F(kipc_payload, prio, NUMBER, 3),
};

static struct arg args[ARRAY_SIZE(ops)][ARGS_MAX];
static unsigned int counts[ARRAY_SIZE(ops)];
static unsigned int weights;

static void table_put(unsigned int op, const struct arg *arg, unsigned int base)
{
	if (counts[op] == ARGS_MAX) {
		fprintf(stderr, "fuzz: %s has too many arguments\n", ops[op].name);
		abort();
	}
	args[op][counts[op]] = *arg;
	args[op][counts[op]++].offset += base;
}

/* Lays out the arguments of each operation, payloads as their fields. */
void table_init(void)
{
	unsigned int op, i, j;

	for (op = 0; op < op_count; op++) {
		for (i = 0; i < ARGS_MAX && ops[op].arg[i].kind != NONE; i++) {
			const struct arg *arg = &ops[op].arg[i];

			if (arg->kind >= OUT_ID)
				continue;
			if (arg->kind != PAYLOAD) {
				table_put(op, arg, 0);
				continue;
			}
			for (j = 0; j < ARRAY_SIZE(payload); j++)
				table_put(op, &payload[j], arg->offset);
		}
		weights += ops[op].weight;
	}
}

/* The arguments of an operation, as they are in a call. */
const struct arg *op_args(unsigned int op, unsigned int *count)
{
	*count = counts[op];
	return args[op];
}

unsigned int op_any(uint64_t *random)
{
	unsigned int op = 0, at = any(random, weights);

	while (at >= ops[op].weight)
		at -= ops[op++].weight;
	return op;
}

int op_find(const char *name)
{
	unsigned int op;

	for (op = 0; op < op_count; op++) {
		if (!strcmp(ops[op].name, name))
			return op;
	}
	return -1;
}
