// SPDX-License-Identifier: GPL-2.0
/*
 * Pool: what is taken and given back is compared with a map that has the owner of every line,
 * and the place of each slice with the rule of pool.h, found by looking at all holes.
 */
#include <linux/sizes.h>

#include "tests.h"

#include "../pool.c"

#define LINES_MAX	512U
#define STEPS		20000

/**
 * struct pool_model - a pool, and what must be true of it
 * @pool:	the pool
 * @lines:	lines that it has
 * @free:	those that nobody has
 * @owner:	of each line: 1 + the index in @slices, or 0
 * @slices:	by index, while they are taken
 * @taken:	which are
 */
struct pool_model {
	struct kipc_pool	pool;
	u32			lines;
	u32			free;
	u16			owner[LINES_MAX];
	struct kipc_slice	slices[LINES_MAX];
	bool			taken[LINES_MAX];
};

static struct pool_model *pool_model_create(struct kunit *test, u32 lines)
{
	struct pool_model *model = kipc_test_alloc(test, sizeof(*model));

	model->lines = lines;
	model->free = lines;
	kipc_pool_init(&model->pool, lines * KIPC_POOL_ALIGN);
	return model;
}

/* The line at which a slice of so many lines belongs, or -1: there is no place. */
static int pool_model_place(const struct pool_model *model, u32 lines)
{
	u32 at, end, least = U32_MAX;
	int place = -1;

	for (at = 0; at < model->lines; at = end) {
		end = at + 1;
		if (model->owner[at])
			continue;
		while (end < model->lines && !model->owner[end])
			end++;
		if (end - at < lines)
			continue;
		/* The hole at the end is the last choice, whatever its size. */
		if (end == model->lines && place < 0)
			place = at;
		if (end < model->lines && end - at < least) {
			least = end - at;
			place = at;
		}
	}
	return place;
}

static void pool_model_take(struct kunit *test, struct pool_model *model, u32 index, u64 len)
{
	struct kipc_slice *slice = &model->slices[index];
	u32 lines = max_t(u64, DIV_ROUND_UP_ULL(len, KIPC_POOL_ALIGN), 1), i;
	int place = pool_model_place(model, lines);

	memset(slice, 0xa5, sizeof(*slice));
	KUNIT_ASSERT_EQ(test, kipc_pool_fits(&model->pool, len), place >= 0);
	KUNIT_ASSERT_EQ(test, kipc_pool_take(&model->pool, slice, len), place >= 0);
	if (place < 0)
		return;
	KUNIT_ASSERT_EQ(test, slice->offset, place * KIPC_POOL_ALIGN);
	KUNIT_ASSERT_EQ(test, slice->len, lines * KIPC_POOL_ALIGN);
	for (i = place; i < place + lines; i++) {
		KUNIT_ASSERT_EQ(test, model->owner[i], 0);
		model->owner[i] = 1 + index;
	}
	model->taken[index] = true;
	model->free -= lines;
}

static void pool_model_give(struct kunit *test, struct pool_model *model, u32 index)
{
	struct kipc_slice *slice = &model->slices[index];
	u32 first = slice->offset / KIPC_POOL_ALIGN;
	u32 lines = slice->len / KIPC_POOL_ALIGN, i;

	kipc_pool_give(&model->pool, slice);
	KUNIT_ASSERT_EQ(test, slice->len, 0);
	for (i = first; i < first + lines; i++) {
		KUNIT_ASSERT_EQ(test, model->owner[i], 1 + index);
		model->owner[i] = 0;
	}
	model->taken[index] = false;
	model->free += lines;
}

/* The tree has every hole but the wilderness, in its order, and nothing else. */
static void pool_check_holes(struct kunit *test, const struct kipc_pool *pool, u32 holes)
{
	const struct kipc_slice *last = NULL;
	struct rb_node *node;

	for (node = rb_first(&pool->holes); node; node = rb_next(node)) {
		const struct kipc_slice *slice = kipc_hole_slice(node);

		KUNIT_ASSERT_NE(test, slice->hole, 0);
		KUNIT_ASSERT_PTR_NE(test, slice, pool->last);
		KUNIT_ASSERT_TRUE(test, !last || last->hole < slice->hole ||
				  (last->hole == slice->hole && last->offset < slice->offset));
		last = slice;
		holes--;
	}
	KUNIT_ASSERT_EQ(test, holes, 0);
}

/* Slices and holes follow each other without a gap, and are those of the map. */
static void pool_check(struct kunit *test, const struct pool_model *model)
{
	const struct kipc_pool *pool = &model->pool;
	const struct kipc_slice *slice, *before = NULL;
	u32 at = 0, holes = 0, free = 0, i;

	for (slice = &pool->head; slice; slice = slice->after) {
		u32 owner = slice == &pool->head ? 0 : 1 + (slice - model->slices);

		KUNIT_ASSERT_EQ(test, slice->offset, at);
		KUNIT_ASSERT_PTR_EQ(test, slice->before, before);
		for (i = 0; i < slice->len; i += KIPC_POOL_ALIGN)
			KUNIT_ASSERT_EQ(test, model->owner[(at + i) / KIPC_POOL_ALIGN], owner);
		at += slice->len;
		for (i = 0; i < slice->hole; i += KIPC_POOL_ALIGN)
			KUNIT_ASSERT_EQ(test, model->owner[(at + i) / KIPC_POOL_ALIGN], 0);
		at += slice->hole;
		free += slice->hole;
		holes += slice->hole && slice->after;
		before = slice;
	}
	KUNIT_ASSERT_EQ(test, at, pool->size);
	KUNIT_ASSERT_PTR_EQ(test, before, pool->last);
	KUNIT_ASSERT_EQ(test, free, pool->free);
	KUNIT_ASSERT_EQ(test, free, model->free * KIPC_POOL_ALIGN);
	pool_check_holes(test, pool, holes);
}

/* Mostly a few lines, now and then most of the pool, more than that, or nothing. */
static u64 pool_random_len(struct rnd_state *random, u32 lines)
{
	u64 all = (u64)lines * KIPC_POOL_ALIGN;

	switch (kipc_test_below(random, 16)) {
	case 0:
		return 0;
	case 1:
		return kipc_test_below(random, all + 2 * KIPC_POOL_ALIGN);
	case 2:
		return 1 + kipc_test_below(random, all / 4 + 1);
	default:
		return 1 + kipc_test_below(random, 6 * KIPC_POOL_ALIGN);
	}
}

static void pool_random(struct kunit *test, u32 lines)
{
	struct pool_model *model = pool_model_create(test, lines);
	struct rnd_state random;
	u32 step, index, taking = 2;

	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		/* The pool fills for a while, then empties for a while. */
		if (step % 512 == 0)
			taking = 1 + kipc_test_below(&random, 4);
		index = kipc_test_below(&random, lines);
		if (model->taken[index])
			pool_model_give(test, model, index);
		else if (kipc_test_below(&random, 4) < taking)
			pool_model_take(test, model, index, pool_random_len(&random, lines));
		KUNIT_ASSERT_EQ(test, model->pool.free, model->free * KIPC_POOL_ALIGN);
		if (step % 16 == 0)
			pool_check(test, model);
		cond_resched();
	}
	for (index = 0; index < lines; index++)
		if (model->taken[index])
			pool_model_give(test, model, index);
	pool_check(test, model);
	KUNIT_EXPECT_EQ(test, model->pool.head.hole, model->pool.size);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&model->pool.holes));
}

static void pool_random_one_line(struct kunit *test)
{
	pool_random(test, 1);
}

static void pool_random_few_lines(struct kunit *test)
{
	pool_random(test, 5);
}

static void pool_random_page(struct kunit *test)
{
	pool_random(test, 64);
}

static void pool_random_chunk(struct kunit *test)
{
	pool_random(test, LINES_MAX);
}

static void pool_round(struct kunit *test)
{
	static const struct {
		u64	len;
		u64	taken;
	} table[] = {
		{ 0, 64 }, { 1, 64 }, { 63, 64 }, { 64, 64 }, { 65, 128 }, { 128, 128 },
		{ SZ_1G - 1, SZ_1G }, { SZ_1G, SZ_1G }, { U32_MAX - 63, 0xffffffc0ULL },
		{ U32_MAX - 62, BIT_ULL(32) }, { U32_MAX, BIT_ULL(32) },
		{ BIT_ULL(32), BIT_ULL(32) }, { BIT_ULL(63) + 1, BIT_ULL(63) + 64 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ(test, kipc_pool_round(table[i].len), table[i].taken);
}

/* Whoever asks for more than there is, as much as a number can say, gets nothing. */
static void pool_too_much(struct kunit *test)
{
	static const u32 sizes[] = { 64, 4096, SZ_1G, U32_MAX - 63 };
	static const u64 more[] = {
		1, 63, 64, SZ_4K, U32_MAX, BIT_ULL(32), BIT_ULL(40),
	};
	static const u64 most[] = {
		BIT_ULL(32), BIT_ULL(32) + 1, BIT_ULL(63), U64_MAX - 64, U64_MAX - 63,
		U64_MAX - 62, U64_MAX,
	};
	struct kipc_pool pool;
	struct kipc_slice slice;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		kipc_pool_init(&pool, sizes[i]);
		for (j = 0; j < ARRAY_SIZE(more); j++)
			KUNIT_EXPECT_FALSE(test, kipc_pool_take(&pool, &slice,
								sizes[i] + more[j]));
		for (j = 0; j < ARRAY_SIZE(most); j++) {
			KUNIT_EXPECT_FALSE(test, kipc_pool_fits(&pool, most[j]));
			KUNIT_EXPECT_FALSE(test, kipc_pool_take(&pool, &slice, most[j]));
		}
		KUNIT_EXPECT_EQ(test, pool.free, sizes[i]);
		KUNIT_EXPECT_PTR_EQ(test, pool.last, &pool.head);
	}
}

/* A pool of every size, to its last byte and over its end. */
static void pool_whole(struct kunit *test)
{
	static const u32 sizes[] = { 64, 128, 4096, SZ_32K, SZ_1G, U32_MAX - 63 };
	struct kipc_slice slice, other;
	struct kipc_pool pool;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		kipc_pool_init(&pool, sizes[i]);
		KUNIT_EXPECT_TRUE(test, kipc_pool_take(&pool, &slice, sizes[i] - 63));
		KUNIT_EXPECT_EQ(test, slice.offset, 0);
		KUNIT_EXPECT_EQ(test, slice.len, sizes[i]);
		KUNIT_EXPECT_EQ(test, pool.free, 0);
		KUNIT_EXPECT_FALSE(test, kipc_pool_fits(&pool, 0));
		KUNIT_EXPECT_FALSE(test, kipc_pool_take(&pool, &other, 0));
		kipc_pool_give(&pool, &slice);
		KUNIT_EXPECT_EQ(test, pool.free, sizes[i]);
		KUNIT_EXPECT_TRUE(test, kipc_pool_fits(&pool, sizes[i]));
	}
}

/* What lies between two holes joins both, whichever is given back first. */
static void pool_join(struct kunit *test)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct pool_model *model = pool_model_create(test, 8);
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < 4; j++)
			pool_model_take(test, model, j, 2 * KIPC_POOL_ALIGN);
		KUNIT_ASSERT_EQ(test, model->free, 0);
		for (j = 0; j < 3; j++) {
			pool_model_give(test, model, orders[i][j]);
			pool_check(test, model);
		}
		KUNIT_EXPECT_TRUE(test, kipc_pool_fits(&model->pool, 6 * KIPC_POOL_ALIGN));
		KUNIT_EXPECT_FALSE(test, kipc_pool_fits(&model->pool, 6 * KIPC_POOL_ALIGN + 1));
		pool_model_give(test, model, 3);
		pool_check(test, model);
	}
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(pool_round),
	KUNIT_CASE(pool_too_much),
	KUNIT_CASE(pool_whole),
	KUNIT_CASE(pool_join),
	KUNIT_CASE(pool_random_one_line),
	KUNIT_CASE(pool_random_few_lines),
	KUNIT_CASE(pool_random_page),
	KUNIT_CASE(pool_random_chunk),
	{ }
};

static struct kunit_suite pool_suite = {
	.name = "kipc_pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
