/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels: what the files of channel: share.
 *
 *	channel.c		opening and closing, the pool, the tables
 *	channel_msg.c		messages: send, call, receive, reply
 *	channel_release.c	when messages are given back
 *	channel_ring.c		receiving without a system call
 *
 * A received message is not copied at all here: msg->data points into the pool,
 * the read-only mapping that the kernel fills, until the message is released.
 *
 * Fork: mappings are not inherited.  The child finds its forkmark cleared and maps
 * the pool, and the ring, anew at its first receive; ids that were pending at the
 * fork are the parent's.
 */
#ifndef KIPC_CHANNEL_H
#define KIPC_CHANNEL_H

#include <linux/kipc.h>

#include "internal.h"

#define KIPC_CHANNEL_PENDING	8

struct kipc_intake;

/**
 * struct kipc_channel - an end of a channel
 * @base:	the handle
 * @fd:		the endpoint
 * @server:	whether it is the server's end
 * @pool:	where the pool is mapped
 * @pool_size:	how large it is
 * @lazy_max:	the largest message whose release may wait
 * @to:		a pair's server: its one client
 * @mark:	tells a forked child
 * @pending:	ids whose release waits, or 0
 * @sleepers:	threads of this process that are in a request that may sleep
 * @polled:	kipc_fd() has been asked for
 * @intake:	the ring, or NULL
 */
struct kipc_channel {
	struct kipc base;
	int fd;
	bool server;
	atomic_uintptr_t pool;
	size_t pool_size;
	size_t lazy_max;
	uint64_t to;
	struct kipc_forkmark mark;
	atomic_ullong pending[KIPC_CHANNEL_PENDING];
	atomic_uint sleepers;
	atomic_bool polled;
	struct kipc_intake *intake;
};

static inline struct kipc_channel *kipc_to_channel(const struct kipc *handle)
{
	return container_of(handle, struct kipc_channel, base);
}

/* channel.c */
int kipc_channel_settle(struct kipc_channel *channel);

/* Before anything that uses a mapping. */
static inline int kipc_channel_enter(struct kipc_channel *channel)
{
	return kipc_forkmark_forked(&channel->mark) ? kipc_channel_settle(channel) : 0;
}

/* channel_release.c */
int kipc_channel_flush(struct kipc_channel *channel, const uint64_t *ids, unsigned int count);
void kipc_channel_flush_all(struct kipc_channel *channel);
uint64_t kipc_channel_carry(struct kipc_channel *channel);
void kipc_channel_defer(struct kipc_channel *channel, uint64_t id);
void kipc_channel_release_msg(struct kipc_msg *msg);

/* channel_msg.c */
int kipc_channel_send_out(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline);
ssize_t kipc_channel_send_many(struct kipc *handle, const struct kipc_outgoing *outs,
			       size_t count, kipc_deadline deadline);
int kipc_channel_recv_msg(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_channel_call_out(struct kipc *handle, const struct kipc_outgoing *out,
			  struct kipc_msg *reply, kipc_deadline deadline);
int kipc_channel_call_start(struct kipc *handle, const struct kipc_outgoing *out,
			    uint64_t *id, kipc_deadline deadline);
int kipc_channel_reply_to(struct kipc *handle, struct kipc_msg *call,
			  const struct kipc_outgoing *out);
int kipc_channel_reply_recv(struct kipc *handle, struct kipc_msg *msg,
			    const struct kipc_outgoing *out, kipc_deadline deadline,
			    bool *replied);
int kipc_channel_canceled(const struct kipc_msg *call);
int kipc_channel_take_fds(const struct kipc_msg *msg, int *fds, size_t count);

/* channel_ring.c */
int kipc_intake_open(struct kipc_channel *channel, uint64_t entries);
int kipc_intake_map(struct kipc_channel *channel);
void kipc_intake_close(struct kipc_channel *channel, bool mapped);
uint64_t kipc_intake_take(struct kipc_channel *channel, struct kipc_header *header);
void kipc_intake_tell(struct kipc_channel *channel, struct kipc_channel_recv *recv);
void kipc_intake_release(struct kipc_channel *channel, const struct kipc_msg *msg);

/* The number of a message in the ring, from 1; 0 where it did not come from there. */
static inline uint64_t kipc_intake_number(const struct kipc_msg *msg)
{
	uint64_t number;

	__builtin_memcpy(&number, msg->priv, sizeof(number));
	return number;
}

static inline void kipc_intake_set_number(struct kipc_msg *msg, uint64_t number)
{
	__builtin_memcpy(msg->priv, &number, sizeof(number));
}

#endif /* KIPC_CHANNEL_H */
