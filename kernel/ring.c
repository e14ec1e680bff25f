// SPDX-License-Identifier: GPL-2.0
/* Ring: see ring.h for what it is. */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "ring.h"

/* Chunks are taken now: nothing can be allocated when a message comes. */
static int kipc_ring_populate(struct kipc_ring_state *ring)
{
	unsigned long index;

	for (index = 0; index < DIV_ROUND_UP(ring->memory.size, KIPC_CHUNK_SIZE); index++) {
		void *chunk = kipc_memory_chunk(&ring->memory, index);

		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
	}
	return 0;
}

static struct kipc_ring *kipc_ring_shared(struct kipc_ring_state *ring)
{
	return kipc_memory_chunk(&ring->memory, 0);
}

/**
 * kipc_ring_create() - make an empty ring, seen by the current thread's namespaces
 * @entries:	how many, a power of two
 * @user:	who pays
 * @time_offset: kipc_time_offset() of whoever opened the endpoint
 *
 * Return: the ring, or ERR_PTR(-ENOMEM, -EDQUOT).
 */
struct kipc_ring_state *kipc_ring_create(u32 entries, struct kipc_user *user, s64 time_offset)
{
	struct kipc_ring_state *ring;
	int err;

	ring = kvzalloc(struct_size(ring, held, entries), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->entries = entries;
	kipc_view_capture(&ring->view, time_offset);
	get_pid_ns(ring->view.pid_ns);
	get_user_ns(ring->view.user_ns);
	kipc_memory_init(&ring->memory, kipc_memory_size(kipc_ring_bytes(entries)), user, NULL);
	ring->memory.base = KIPC_RING_OFFSET >> PAGE_SHIFT;

	err = kipc_ring_populate(ring);
	if (err) {
		kipc_ring_destroy(ring);
		return ERR_PTR(err);
	}
	kipc_ring_shared(ring)->entries = entries;
	kipc_ring_shared(ring)->slot_size = sizeof(struct kipc_header);
	return ring;
}

/* Its messages have ended, and nobody has it mapped. */
void kipc_ring_destroy(struct kipc_ring_state *ring)
{
	kipc_memory_deinit(&ring->memory);
	put_pid_ns(ring->view.pid_ns);
	put_user_ns(ring->view.user_ns);
	kvfree(ring);
}

static u32 kipc_ring_index(const struct kipc_ring_state *ring, u64 number)
{
	return number & (ring->entries - 1);
}

/* Is this a message for the ring, and the next entry free? */
bool kipc_ring_takes(const struct kipc_ring_state *ring, const struct kipc_message *msg)
{
	return msg->kind == KIPC_KIND_SEND && !msg->prio &&
	       !ring->held[kipc_ring_index(ring, ring->tail)];
}

/* A header may lie across the border of two chunks. */
static void kipc_ring_write(struct kipc_ring_state *ring, u32 offset, const void *from, u32 len)
{
	while (len) {
		u32 at = offset % KIPC_CHUNK_SIZE;
		u32 run = min_t(u32, len, KIPC_CHUNK_SIZE - at);

		memcpy(kipc_memory_chunk(&ring->memory, offset / KIPC_CHUNK_SIZE) + at, from, run);
		from += run;
		offset += run;
		len -= run;
	}
}

/**
 * kipc_ring_push() - put a message where the owner finds it
 * @ring:	the ring; kipc_ring_takes() has said yes
 * @msg:	HELD
 */
void kipc_ring_push(struct kipc_ring_state *ring, struct kipc_message *msg)
{
	u32 index = kipc_ring_index(ring, ring->tail);
	struct kipc_header header;

	kipc_message_describe(msg, &ring->view, &header);
	kipc_ring_write(ring, offsetof(struct kipc_ring, slots[index]), &header, sizeof(header));
	ring->held[index] = msg;
	msg->ring_number = ring->tail + 1;
	/* The owner loads it with acquire: payload and header come before. */
	smp_store_release(&kipc_ring_shared(ring)->tail, ++ring->tail);
}

/* A message of the ring has ended: its entry is free. */
void kipc_ring_clear(struct kipc_ring_state *ring, struct kipc_message *msg)
{
	ring->held[kipc_ring_index(ring, msg->ring_number - 1)] = NULL;
	msg->ring_number = 0;
}

/**
 * kipc_ring_next_done() - the next message that the owner has done with
 * @ring:	the ring
 * @done:	entries before this one are
 *
 * Return: the message, for the caller to end; or NULL, there is none left.
 */
struct kipc_message *kipc_ring_next_done(struct kipc_ring_state *ring, u64 done)
{
	/* What was written over is done with already. */
	if (ring->tail > ring->entries)
		ring->done = max(ring->done, ring->tail - ring->entries);
	while (ring->done < done) {
		struct kipc_message *msg = ring->held[kipc_ring_index(ring, ring->done)];

		ring->done++;
		if (msg)
			return msg;
	}
	return NULL;
}

/* Can the owner have come this far? */
bool kipc_ring_check(const struct kipc_ring_state *ring, u64 seen, u64 done)
{
	return done <= seen && seen <= ring->tail;
}
