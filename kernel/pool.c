// SPDX-License-Identifier: GPL-2.0
/* Pool: see pool.h for what it is. */
#include "pool.h"

static bool kipc_hole_before(const struct kipc_slice *a, const struct kipc_slice *b)
{
	if (a->hole != b->hole)
		return a->hole < b->hole;
	return a->offset < b->offset;
}

static bool kipc_hole_less(struct rb_node *a, const struct rb_node *b)
{
	return kipc_hole_before(rb_entry(a, struct kipc_slice, by_hole),
				rb_entry(b, struct kipc_slice, by_hole));
}

/* Every change of a hole's size goes through here: the tree is ordered by it. */
static void kipc_hole_resize(struct kipc_pool *pool, struct kipc_slice *slice, u32 hole)
{
	if (slice->hole)
		rb_erase_cached(&slice->by_hole, &pool->holes);
	slice->hole = hole;
	if (hole)
		rb_add_cached(&slice->by_hole, &pool->holes, kipc_hole_less);
}

/* The slice before the smallest hole of at least @len bytes, or NULL. */
static struct kipc_slice *kipc_hole_find(struct kipc_pool *pool, u32 len)
{
	struct rb_node *node = pool->holes.rb_root.rb_node;
	struct kipc_slice *best = NULL;

	while (node) {
		struct kipc_slice *slice = rb_entry(node, struct kipc_slice, by_hole);

		if (slice->hole >= len) {
			best = slice;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

/**
 * kipc_pool_init() - make a pool with nothing taken
 * @pool:	the pool
 * @size:	its bytes, a multiple of KIPC_POOL_ALIGN and not 0
 */
void kipc_pool_init(struct kipc_pool *pool, u32 size)
{
	*pool = (struct kipc_pool){ .size = size, .free = size };
	pool->holes = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&pool->slices);
	list_add(&pool->head.by_offset, &pool->slices);
	kipc_hole_resize(pool, &pool->head, size);
}

/**
 * kipc_pool_take() - take a slice for a payload
 * @pool:	the pool
 * @slice:	becomes the slice; its memory must stay until kipc_pool_give()
 * @len:	bytes of the payload
 *
 * Return: whether there was a hole large enough.
 */
bool kipc_pool_take(struct kipc_pool *pool, struct kipc_slice *slice, u64 len)
{
	struct kipc_slice *before;
	u32 hole;

	len = kipc_pool_round(len);
	if (len > pool->free)
		return false;
	before = kipc_hole_find(pool, len);
	if (!before)
		return false;

	hole = before->hole;
	kipc_hole_resize(pool, before, 0);
	slice->offset = before->offset + before->len;
	slice->len = len;
	slice->hole = 0;
	list_add(&slice->by_offset, &before->by_offset);
	kipc_hole_resize(pool, slice, hole - len);
	pool->free -= len;
	return true;
}

/**
 * kipc_pool_give() - give a slice back
 * @pool:	the pool that it was taken from
 * @slice:	the slice
 *
 * Its bytes, and the hole that followed it, join the hole before it.
 */
void kipc_pool_give(struct kipc_pool *pool, struct kipc_slice *slice)
{
	struct kipc_slice *before = list_prev_entry(slice, by_offset);
	u32 hole = before->hole + slice->len + slice->hole;

	kipc_hole_resize(pool, slice, 0);
	list_del(&slice->by_offset);
	kipc_hole_resize(pool, before, hole);
	pool->free += slice->len;
	slice->len = 0;
}
