/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the ring share: a reader of one, and messages that are a number.
 */
#ifndef RING_TEST_H
#define RING_TEST_H

#include "channel_test.h"

/**
 * struct ring - a ring and how far its reader has come
 * @end:	whose it is
 * @shared:	where it is mapped
 * @bytes:	of the mapping
 * @entries:	how many it has
 * @taken:	entries taken so far
 */
struct ring {
	const struct end *end;
	struct kipc_ring *shared;
	uint64_t bytes;
	uint32_t entries;
	uint64_t taken;
};

static inline int ring_init(struct ring *ring, const struct end *end,
			    uint32_t entries)
{
	struct kipc_channel_ring arg = {
		.size = sizeof(arg),
		.entries = entries,
	};
	int err = request(end->fd, KIPC_IOC_CHANNEL_RING, &arg);

	if (err)
		return err;
	*ring = (struct ring){
		.end = end,
		.bytes = arg.bytes,
		.entries = arg.entries,
	};
	ring->shared = mmap(NULL, arg.bytes, PROT_READ, MAP_SHARED, end->fd,
			    arg.offset);
	return ring->shared == MAP_FAILED ? -errno : 0;
}

static inline void ring_exit(struct ring *ring)
{
	if (ring->shared)
		munmap(ring->shared, ring->bytes);
}

static inline uint64_t ring_tail(const struct ring *ring)
{
	return __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE);
}

static inline bool ring_has(const struct ring *ring)
{
	return ring_tail(ring) != ring->taken;
}

static inline const struct kipc_header *ring_entry(const struct ring *ring,
						   uint64_t number)
{
	return &ring->shared->slots[number % ring->entries];
}

/* Messages that are a number */

static inline int send_number(int fd, uint64_t to, int number)
{
	return channel_send(fd, to, &number, sizeof(number));
}

static inline int call_with_number(int fd, int number, uint64_t *id)
{
	return channel_call_async(fd, 0, payload_of(&number, sizeof(number)),
				  id);
}

static inline int number_of(const struct end *end, const struct kipc_header *msg)
{
	if (msg->len != sizeof(int))
		return -1;
	return *(const int *)(end->pool + msg->offset);
}

/* Take the next entry.  Return: its number, or -2: there is none. */
static inline int ring_take(struct ring *ring)
{
	if (!ring_has(ring))
		return -2;
	return number_of(ring->end, ring_entry(ring, ring->taken++));
}

/* Release the message that is in an entry. */
static inline int ring_release(const struct ring *ring, uint64_t number)
{
	return channel_release(ring->end->fd, ring_entry(ring, number)->id);
}

static inline int ring_recv_until(const struct ring *ring,
				  struct kipc_header *msg, uint64_t seen,
				  uint64_t done, uint64_t deadline)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.flags = KIPC_RECV_RING | (deadline ? 0 : KIPC_F_NONBLOCK),
		.deadline = deadline,
		.ring_seen = seen,
		.ring_done = done,
	};
	int err;

	memset(&arg.msg, 0xff, sizeof(arg.msg));
	err = request(ring->end->fd, KIPC_IOC_CHANNEL_RECV, &arg);
	*msg = arg.msg;
	return err;
}

/* Say how far the reader has come, and done with it, and receive what is not there. */
static inline int ring_recv_now(const struct ring *ring, struct kipc_header *msg)
{
	return ring_recv_until(ring, msg, ring->taken, ring->taken, 0);
}

static inline int ring_recv(const struct ring *ring, struct kipc_header *msg)
{
	return ring_recv_until(ring, msg, ring->taken, ring->taken, LONG);
}

/* Say that the reader has come this far, and has done with that many. */
static inline int ring_mark(const struct ring *ring, uint64_t seen, uint64_t done)
{
	struct kipc_header msg;

	return ring_recv_until(ring, &msg, seen, done, 0);
}

/*
 * Take the next message, wherever it is, and release one that came by request.
 * Return: its number, -EAGAIN when there is none, or what else went wrong.
 */
static inline int ring_next(struct ring *ring, struct kipc_header *msg)
{
	int err, number;

	while (!ring_has(ring)) {
		err = ring_recv_now(ring, msg);
		if (err)
			return err;
		if (msg->kind == KIPC_KIND_NONE)
			continue;
		number = number_of(ring->end, msg);
		err = channel_release(ring->end->fd, msg->id);
		return err ?: number;
	}
	return ring_take(ring);
}

#endif /* RING_TEST_H */
