/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ring: where a receiver under load finds one-way messages without a request.
 *
 * The ring is memory (mmap.h) that the owner maps read-only: a counter, and a header for
 * each entry.  The kernel writes it and never reads it back; what it knows of the ring
 * is in struct kipc_ring_state.  A message in the ring is HELD by the inbox as if it had
 * been received by a request, and found there by its id; an entry is free again when
 * its message has ended.
 *
 * A ring has no lock: the channel's lock serialises every call.  It belongs to its
 * inbox and goes with the endpoint.
 */
#ifndef KIPC_RING_H
#define KIPC_RING_H

#include <linux/kipc.h>

#include "message.h"
#include "mmap.h"

/**
 * struct kipc_ring_state - see above
 * @memory:	what the owner maps: struct kipc_ring
 * @view:	how the owner sees senders, pinned
 * @tail:	entries written so far
 * @seen:	entries that the owner has said it has taken
 * @done:	entries before this one hold no message any more
 * @entries:	a power of two
 * @held:	the message of each entry, NULL where it has ended
 */
struct kipc_ring_state {
	struct kipc_memory	memory;
	struct kipc_view	view;
	u64			tail;
	u64			seen;
	u64			done;
	u32			entries;
	struct kipc_message	*held[];
};

struct kipc_ring_state *kipc_ring_create(u32 entries, struct kipc_user *user);
void kipc_ring_destroy(struct kipc_ring_state *ring);
bool kipc_ring_takes(const struct kipc_ring_state *ring, const struct kipc_message *msg);
void kipc_ring_push(struct kipc_ring_state *ring, struct kipc_message *msg);
void kipc_ring_clear(struct kipc_ring_state *ring, struct kipc_message *msg);
struct kipc_message *kipc_ring_next_done(struct kipc_ring_state *ring, u64 done);
bool kipc_ring_check(const struct kipc_ring_state *ring, u64 seen, u64 done);

/* Has the ring entries that the owner has not said it has taken? */
static inline bool kipc_ring_has_message(const struct kipc_ring_state *ring)
{
	return ring && ring->tail != ring->seen;
}

/* Bytes of the ring as it is mapped. */
static inline u32 kipc_ring_bytes(u32 entries)
{
	return sizeof(struct kipc_ring) + entries * sizeof(struct kipc_header);
}

#endif /* KIPC_RING_H */
