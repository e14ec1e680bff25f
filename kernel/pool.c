// SPDX-License-Identifier: GPL-2.0
/* Pool: see pool.h for what it is. */
#include "pool.h"

static struct kipc_slice *kipc_hole_slice(struct rb_node *node)
{
	return rb_entry(node, struct kipc_slice, by_hole);
}

static bool kipc_hole_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kipc_slice *x = kipc_hole_slice(a);
	const struct kipc_slice *y = rb_entry(b, struct kipc_slice, by_hole);

	if (x->hole != y->hole)
		return x->hole < y->hole;
	return x->offset < y->offset;
}

/* The slice before the hole to cut @len bytes from, or NULL. */
static struct kipc_slice *kipc_hole_find(struct kipc_pool *pool, u32 len)
{
	struct kipc_slice *best = pool->last->hole >= len ? pool->last : NULL;
	struct rb_node *node = pool->holes.rb_node;

	while (node) {
		struct kipc_slice *slice = kipc_hole_slice(node);

		if (slice->hole >= len) {
			best = slice;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best;
}

static void kipc_slice_link(struct kipc_pool *pool, struct kipc_slice *slice,
			    struct kipc_slice *before)
{
	slice->before = before;
	slice->after = before->after;
	before->after = slice;
	if (slice->after)
		slice->after->before = slice;
	else
		pool->last = slice;
}

static void kipc_slice_unlink(struct kipc_pool *pool, struct kipc_slice *slice)
{
	slice->before->after = slice->after;
	if (slice->after)
		slice->after->before = slice->before;
	else
		pool->last = slice->before;
}

/**
 * kipc_pool_init() - make a pool with nothing taken
 * @pool:	the pool
 * @size:	its bytes, a multiple of KIPC_POOL_ALIGN and not 0
 */
void kipc_pool_init(struct kipc_pool *pool, u32 size)
{
	*pool = (struct kipc_pool){ .size = size, .free = size };
	pool->holes = RB_ROOT;
	pool->last = &pool->head;
	pool->head.hole = size;
}

/**
 * kipc_pool_fits() - is there a hole for a payload?
 * @pool:	the pool
 * @len:	bytes of the payload
 */
bool kipc_pool_fits(struct kipc_pool *pool, u64 len)
{
	/* @free is a multiple of KIPC_POOL_ALIGN: what is not above it is not when rounded. */
	return len <= pool->free && kipc_hole_find(pool, kipc_pool_round(len));
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

	/* As in kipc_pool_fits(): so that rounding cannot pass the end of 64 bits, or of 32. */
	if (len > pool->free)
		return false;
	len = kipc_pool_round(len);
	before = kipc_hole_find(pool, len);
	if (!before)
		return false;

	if (before != pool->last)
		rb_erase(&before->by_hole, &pool->holes);
	slice->offset = before->offset + before->len;
	slice->len = len;
	slice->hole = before->hole - len;
	before->hole = 0;
	kipc_slice_link(pool, slice, before);
	if (slice->hole && slice != pool->last)
		rb_add(&slice->by_hole, &pool->holes, kipc_hole_less);
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
	struct kipc_slice *before = slice->before;

	if (slice->hole && slice != pool->last)
		rb_erase(&slice->by_hole, &pool->holes);
	if (before->hole)
		rb_erase(&before->by_hole, &pool->holes);
	kipc_slice_unlink(pool, slice);
	before->hole += slice->len + slice->hole;
	if (before != pool->last)
		rb_add(&before->by_hole, &pool->holes, kipc_hole_less);
	pool->free += slice->len;
	slice->len = 0;
}
