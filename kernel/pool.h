/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pool: which bytes of an endpoint's receive memory are taken.
 *
 * A pool hands out slices of the range [0, size).  It knows offsets only: no
 * memory, no file, no lock.  Whoever embeds a pool serialises every call on it
 * (for a channel endpoint that is the channel's lock).
 *
 * A slice lives in the object that owns it (a message), so neither taking nor
 * giving back allocates anything, and giving back cannot fail.  Free space has
 * no objects of its own: every slice knows the hole that follows it, and a slice
 * of length 0, the pool's @head, has the hole at the start.  The hole after the last
 * slice is the wilderness; all others are kept in a tree by size, then offset.  A
 * slice is cut from the smallest hole that fits, the lowest of its size, and only
 * where none fits from the wilderness.  So what has been used is used again, which
 * keeps the same few cache lines, pages and translations warm, and a pool that
 * carries one message after another never touches the tree.  Every call is
 * O(log slices).
 */
#ifndef KIPC_POOL_H
#define KIPC_POOL_H

#include <linux/rbtree.h>
#include <linux/types.h>

/* Slices start at, and measure, a multiple of this: one cache line. */
#define KIPC_POOL_ALIGN		64U

/**
 * struct kipc_slice - a piece of a pool
 * @before:	the slice before it; NULL for the pool's @head
 * @after:	the slice after it; NULL for the pool's @last
 * @by_hole:	in the pool's @holes, while @hole is not 0 and not the wilderness
 * @offset:	where it starts
 * @len:	its bytes, a multiple of KIPC_POOL_ALIGN; 0 when it is not taken
 * @hole:	free bytes between its end and the next slice
 */
struct kipc_slice {
	struct kipc_slice	*before;
	struct kipc_slice	*after;
	struct rb_node		by_hole;
	u32			offset;
	u32			len;
	u32			hole;
};

/**
 * struct kipc_pool - what of a range is taken
 * @size:	its bytes
 * @free:	those that no slice has
 * @holes:	the slices that a hole follows, but for the last one
 * @last:	the slice that the wilderness follows
 * @head:	the slice of length 0 at offset 0
 */
struct kipc_pool {
	u32			size;
	u32			free;
	struct rb_root		holes;
	struct kipc_slice	*last;
	struct kipc_slice	head;
};

/* The bytes that a payload of @len takes; an empty one takes the least. */
static inline u64 kipc_pool_round(u64 len)
{
	if (!len)
		return KIPC_POOL_ALIGN;
	return (len + KIPC_POOL_ALIGN - 1) & ~(u64)(KIPC_POOL_ALIGN - 1);
}

void kipc_pool_init(struct kipc_pool *pool, u32 size);
bool kipc_pool_fits(struct kipc_pool *pool, u64 len);
bool kipc_pool_take(struct kipc_pool *pool, struct kipc_slice *slice, u64 len);
void kipc_pool_give(struct kipc_pool *pool, struct kipc_slice *slice);

#endif /* KIPC_POOL_H */
