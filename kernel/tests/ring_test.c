// SPDX-License-Identifier: GPL-2.0
/*
 * Ring: what the owner says of how far it has come, whatever it says; and messages that go into
 * the ring, end by their id or by the owner's word, in any order, across the ends of 32 bits.
 * The owner's side of the memory is filled with rubbish meanwhile: the kernel must not mind.
 */
#include <linux/slab.h>

#include "tests.h"

#define kipc_memory_init	ring_test_memory_init
#define kipc_memory_deinit	ring_test_memory_deinit
#define kipc_memory_lookup	ring_test_memory_lookup
#define kipc_message_describe	ring_test_message_describe

#include "../ring.c"

#define STEPS		20000
#define MESSAGES	512U

/* Chunks that can be had before there is no memory. */
static unsigned int ring_chunks_left;

/* Chunks that there are. */
static unsigned int ring_chunks;

void ring_test_memory_init(struct kipc_memory *memory, u32 size, struct kipc_user *user,
			   struct kipc_endpoint *owner)
{
	memory->size = size;
	memory->first = NULL;
	xa_init(&memory->chunks);
}

void ring_test_memory_deinit(struct kipc_memory *memory)
{
	unsigned long index;
	void *chunk;

	xa_for_each(&memory->chunks, index, chunk) {
		kfree(chunk);
		ring_chunks--;
	}
	xa_destroy(&memory->chunks);
}

void *ring_test_memory_lookup(struct kipc_memory *memory, unsigned long index)
{
	void *chunk = xa_load(&memory->chunks, index);

	if (chunk)
		return chunk;
	if (!ring_chunks_left)
		return ERR_PTR(-ENOMEM);
	chunk = kzalloc(kipc_chunk_bytes(memory), GFP_KERNEL);
	if (!chunk || xa_err(xa_store(&memory->chunks, index, chunk, GFP_KERNEL))) {
		kfree(chunk);
		return ERR_PTR(-ENOMEM);
	}
	ring_chunks_left--;
	ring_chunks++;
	return chunk;
}

/* A header whose every byte is the message's. */
void ring_test_message_describe(const struct kipc_message *msg, const struct kipc_view *view,
				struct kipc_header *header)
{
	memset(header, msg->id % 251, sizeof(*header));
	header->id = msg->id;
}

/**
 * struct ring_model - a ring, and what is in it
 * @ring:	the ring
 * @messages:	all that there are
 * @numbers:	of each, in the ring, from 1; 0, it is not there
 * @tail:	messages that have been put in
 */
struct ring_model {
	struct kipc_ring_state	*ring;
	struct kipc_message	messages[MESSAGES];
	u64			numbers[MESSAGES];
	u64			tail;
};

static int ring_init(struct kunit *test)
{
	ring_chunks_left = U32_MAX;
	ring_chunks = 0;
	return 0;
}

static void ring_destroy(void *ring)
{
	kipc_ring_destroy(ring);
}

/* A ring that has been in use for @tail messages, all of which have ended. */
static struct ring_model *ring_model_create(struct kunit *test, u32 entries, u64 tail)
{
	struct ring_model *model = kipc_test_alloc(test, sizeof(*model));
	u32 i;

	model->ring = kipc_ring_create(entries, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(model->ring));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ring_destroy, model->ring), 0);
	model->tail = tail;
	model->ring->tail = tail;
	model->ring->seen = tail;
	model->ring->done = tail;
	for (i = 0; i < MESSAGES; i++) {
		model->messages[i].id = 1000 + i;
		model->messages[i].kind = KIPC_KIND_SEND;
	}
	return model;
}

/* The message that is in the entry of a number, or -1. */
static int ring_model_at(const struct ring_model *model, u64 number)
{
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (model->numbers[i] &&
		    (model->numbers[i] - 1 - number) % model->ring->entries == 0)
			return i;
	return -1;
}

/* The oldest message that is in the ring before a number, or -1. */
static int ring_model_oldest(const struct ring_model *model, u64 before)
{
	int oldest = -1;
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (model->numbers[i] && model->numbers[i] - 1 < before &&
		    (oldest < 0 || model->numbers[i] < model->numbers[oldest]))
			oldest = i;
	return oldest;
}

/* What the owner sees of an entry, which may lie in two chunks. */
static void ring_read(struct kipc_ring_state *ring, u32 index, struct kipc_header *header)
{
	u32 offset = sizeof(struct kipc_ring) + index * sizeof(*header);
	u8 *to = (u8 *)header, *chunk;
	size_t i;

	for (i = 0; i < sizeof(*header); i++, offset++) {
		chunk = xa_load(&ring->memory.chunks, offset / KIPC_CHUNK_SIZE);
		to[i] = chunk[offset % KIPC_CHUNK_SIZE];
	}
}

static void ring_model_push(struct kunit *test, struct ring_model *model, u32 index)
{
	struct kipc_message *msg = &model->messages[index];
	bool takes = ring_model_at(model, model->tail) < 0;
	struct kipc_header header, want;

	KUNIT_ASSERT_EQ(test, kipc_ring_takes(model->ring, msg), takes);
	if (!takes)
		return;
	kipc_ring_push(model->ring, msg);
	model->numbers[index] = ++model->tail;
	KUNIT_ASSERT_EQ(test, msg->ring_number, model->tail);
	KUNIT_ASSERT_EQ(test, model->ring->tail, model->tail);
	KUNIT_ASSERT_EQ(test, kipc_ring_shared(model->ring)->tail, model->tail);
	ring_read(model->ring, (model->tail - 1) % model->ring->entries, &header);
	ring_test_message_describe(msg, NULL, &want);
	KUNIT_ASSERT_EQ(test, memcmp(&header, &want, sizeof(header)), 0);
}

static void ring_model_clear(struct kunit *test, struct ring_model *model, u32 index)
{
	kipc_ring_clear(model->ring, &model->messages[index]);
	KUNIT_ASSERT_EQ(test, model->messages[index].ring_number, 0);
	model->numbers[index] = 0;
}

/* The owner has done with all before a number: each of them comes once, oldest first. */
static void ring_model_done(struct kunit *test, struct ring_model *model, u64 done)
{
	struct kipc_message *msg;
	int oldest;

	KUNIT_ASSERT_TRUE(test, kipc_ring_check(model->ring, done, done));
	while ((oldest = ring_model_oldest(model, done)) >= 0) {
		msg = kipc_ring_next_done(model->ring, done);
		KUNIT_ASSERT_PTR_EQ(test, msg, &model->messages[oldest]);
		ring_model_clear(test, model, oldest);
	}
	KUNIT_ASSERT_PTR_EQ(test, kipc_ring_next_done(model->ring, done), NULL);
}

/* All that the owner could ever write to, were its mapping not read-only. */
static void ring_spoil(struct kunit *test, struct ring_model *model, struct rnd_state *random)
{
	unsigned long index;
	void *chunk;

	xa_for_each(&model->ring->memory.chunks, index, chunk)
		prandom_bytes_state(random, chunk, kipc_chunk_bytes(&model->ring->memory));
}

static void ring_random(struct kunit *test, u32 entries, u64 tail)
{
	struct ring_model *model = ring_model_create(test, entries, tail);
	struct rnd_state random;
	u32 step, index;

	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		index = kipc_test_below(&random, MESSAGES);
		if (!model->numbers[index])
			ring_model_push(test, model, index);
		else if (kipc_test_below(&random, 4))
			ring_model_clear(test, model, index);
		if (!kipc_test_below(&random, 64))
			ring_model_done(test, model,
					model->tail - kipc_test_below(&random,
								      min_t(u64, model->tail,
									    2 * entries) + 1));
		if (!kipc_test_below(&random, 4096))
			ring_spoil(test, model, &random);
		cond_resched();
	}
	ring_model_done(test, model, model->tail);
	for (index = 0; index < entries; index++)
		KUNIT_EXPECT_PTR_EQ(test, model->ring->held[index], NULL);
}

static void ring_random_small(struct kunit *test)
{
	ring_random(test, KIPC_RING_MIN, 0);
}

/* More than a chunk, so that a header lies across the border of two. */
static void ring_random_two_chunks(struct kunit *test)
{
	ring_random(test, 512, 0);
}

static void ring_random_past_32_bits(struct kunit *test)
{
	ring_random(test, 64, U32_MAX - 1000);
}

static void ring_random_past_63_bits(struct kunit *test)
{
	ring_random(test, 64, S64_MAX - 1000);
}

/* How far an owner can have come that has been given so many, by name. */
static void ring_check(struct kunit *test)
{
	static const struct {
		u64	tail;
		u64	seen;
		u64	done;
		bool	good;
	} table[] = {
		{ 0, 0, 0, true }, { 0, 1, 0, false }, { 0, 0, 1, false }, { 0, 1, 1, false },
		{ 0, U64_MAX, U64_MAX, false }, { 5, 5, 5, true }, { 5, 5, 0, true },
		{ 5, 0, 0, true }, { 5, 3, 3, true }, { 5, 3, 4, false }, { 5, 6, 0, false },
		{ 5, 6, 6, false }, { 5, U64_MAX, 0, false }, { 5, 5, U64_MAX, false },
		{ 5, 5 + BIT_ULL(32), 0, false }, { 5, 5, BIT_ULL(32), false },
		{ 5, -1ULL, -1ULL, false }, { BIT_ULL(32) + 5, 5, 6, false },
		{ BIT_ULL(32) + 5, BIT_ULL(32) + 5, 6, true },
		{ BIT_ULL(32) + 5, BIT_ULL(32) + 6, 6, false },
		{ BIT_ULL(63) + 1, BIT_ULL(63) + 1, BIT_ULL(63), true },
		{ BIT_ULL(63) + 1, BIT_ULL(63) + 2, BIT_ULL(63), false },
		{ U64_MAX, U64_MAX, U64_MAX, true }, { U64_MAX, 0, U64_MAX, false },
	};
	struct kipc_ring_state ring = { .entries = KIPC_RING_MIN };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ring.tail = table[i].tail;
		KUNIT_EXPECT_EQ_MSG(test, kipc_ring_check(&ring, table[i].seen, table[i].done),
				    table[i].good, "entry %zu", i);
	}
}

/* An owner that says nothing for long, then all at once, takes no more time than the ring has. */
static void ring_done_after_long(struct kunit *test)
{
	struct ring_model *model = ring_model_create(test, KIPC_RING_MIN, 0);
	u32 i;

	model->tail = BIT_ULL(50);
	model->ring->tail = model->tail;
	for (i = 0; i < KIPC_RING_MIN; i++)
		ring_model_push(test, model, i);
	KUNIT_EXPECT_FALSE(test, kipc_ring_takes(model->ring, &model->messages[i]));
	ring_model_done(test, model, BIT_ULL(50));
	KUNIT_EXPECT_PTR_NE(test, model->ring->held[0], NULL);
	ring_model_done(test, model, BIT_ULL(50) + 1);
	KUNIT_EXPECT_PTR_EQ(test, model->ring->held[0], NULL);
	/* What was said before is no news, and nothing is taken back. */
	ring_model_done(test, model, 0);
	KUNIT_EXPECT_PTR_NE(test, model->ring->held[1], NULL);
	ring_model_done(test, model, model->tail);
}

/* Ordinary one-way messages go into the ring, and nothing else. */
static void ring_takes(struct kunit *test)
{
	struct ring_model *model = ring_model_create(test, KIPC_RING_MIN, 0);
	struct kipc_message *msg = &model->messages[0];

	KUNIT_EXPECT_TRUE(test, kipc_ring_takes(model->ring, msg));
	for (msg->kind = 0; msg->kind < 32; msg->kind++)
		KUNIT_EXPECT_EQ(test, kipc_ring_takes(model->ring, msg),
				msg->kind == KIPC_KIND_SEND);
	msg->kind = KIPC_KIND_SEND;
	msg->prio = 1;
	KUNIT_EXPECT_FALSE(test, kipc_ring_takes(model->ring, msg));
	KUNIT_EXPECT_FALSE(test, kipc_ring_has_message(NULL));
	KUNIT_EXPECT_FALSE(test, kipc_ring_has_message(model->ring));
	ring_model_push(test, model, 1);
	KUNIT_EXPECT_TRUE(test, kipc_ring_has_message(model->ring));
	model->ring->seen = 1;
	KUNIT_EXPECT_FALSE(test, kipc_ring_has_message(model->ring));
	ring_model_clear(test, model, 1);
}

/* Memory for all entries of every size, and none left where it does not suffice. */
static void ring_memory(struct kunit *test)
{
	struct kipc_ring_state *ring;
	u32 entries, have, want;

	for (entries = KIPC_RING_MIN; entries <= KIPC_RING_MAX; entries *= 2) {
		want = kipc_memory_size(kipc_ring_bytes(entries));
		KUNIT_EXPECT_GE(test, want, sizeof(struct kipc_ring) +
				entries * sizeof(struct kipc_header));
		KUNIT_EXPECT_EQ(test, want % PAGE_SIZE, 0);
		for (have = 0; have <= DIV_ROUND_UP(want, KIPC_CHUNK_SIZE); have++) {
			ring_chunks_left = have;
			ring = kipc_ring_create(entries, NULL, 0);
			KUNIT_EXPECT_EQ(test, IS_ERR(ring), have * KIPC_CHUNK_SIZE < want &&
					!(have && want < KIPC_CHUNK_SIZE));
			if (!IS_ERR(ring)) {
				KUNIT_EXPECT_EQ(test, kipc_ring_shared(ring)->entries, entries);
				KUNIT_EXPECT_EQ(test, kipc_ring_shared(ring)->slot_size,
						sizeof(struct kipc_header));
				kipc_ring_destroy(ring);
			}
			KUNIT_EXPECT_EQ(test, ring_chunks, 0);
		}
	}
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_check),
	KUNIT_CASE(ring_takes),
	KUNIT_CASE(ring_memory),
	KUNIT_CASE(ring_done_after_long),
	KUNIT_CASE(ring_random_small),
	KUNIT_CASE(ring_random_two_chunks),
	KUNIT_CASE(ring_random_past_32_bits),
	KUNIT_CASE(ring_random_past_63_bits),
	{ }
};

static struct kunit_suite ring_suite = {
	.name = "kipc_ring",
	.init = ring_init,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
