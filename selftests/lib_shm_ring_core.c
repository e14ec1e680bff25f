// SPDX-License-Identifier: GPL-2.0
/*
 * The room of ring: that knows nothing but memory (lib/transport/ring_core.c), in this
 * process alone: places, laps, what is left by the dead, nonsense, and a model.
 */
#include "lib_test.h"

#include <transport/ring_core.c>

#define ORDER	6
#define BYTES	((size_t)KIPC_RING_GRANULE << ORDER)
#define ME	3
#define OTHER	4
#define DEAD	5

FIXTURE(core)
{
	struct kipc_ring ring;
	atomic_uint_least64_t parties[KIPC_RING_PARTIES];
	unsigned char *memory;
};

/* Guards on both sides tell of writes that go astray. */
#define GUARD	4096

FIXTURE_SETUP(core)
{
	/* Not aligned_alloc(), which wants a multiple of the alignment. */
	ASSERT_EQ(0, posix_memalign((void **)&self->memory, GUARD,
				    kipc_ring_footprint(ORDER) + 3 * GUARD));
	memset(self->memory, 0x5a, kipc_ring_footprint(ORDER) + 3 * GUARD);
	memset(self->memory + GUARD, 0, kipc_ring_footprint(ORDER));
	kipc_ring_attach(&self->ring, self->memory + GUARD, ORDER, self->parties);
	self->parties[DEAD] = 77;
}

FIXTURE_TEARDOWN(core)
{
	size_t i, after = GUARD + kipc_ring_footprint(ORDER);

	for (i = 0; i < GUARD; i++) {
		ASSERT_EQ(0x5a, self->memory[i]);
		ASSERT_EQ(0x5a, self->memory[after + i]);
	}
	free(self->memory);
}

static int put(struct kipc_ring *ring, const void *data, size_t len)
{
	struct kipc_ring_record record;
	int err = kipc_ring_reserve(ring, ME, len, &record);

	if (err)
		return err;
	memcpy(record.data, data, len);
	return kipc_ring_commit(ring, &record, KIPC_RING_SEND, len);
}

/* Take a message of one byte and release it: the byte, or the error. */
static int get(struct kipc_ring *ring)
{
	struct kipc_ring_record record;
	int byte, err = kipc_ring_take(ring, ME, &record);

	if (err)
		return err;
	byte = *(unsigned char *)record.data;
	err = kipc_ring_release(ring, &record);
	return err ? err : byte;
}

TEST_F(core, zeroed_memory_is_an_empty_ring)
{
	EXPECT_EQ(-EAGAIN, get(&self->ring));
	EXPECT_FALSE(kipc_ring_is_ready(&self->ring));
}

TEST_F(core, messages_come_in_order_through_many_laps)
{
	unsigned char byte;
	int i;

	for (i = 0; i < 1000; i++) {
		byte = i;
		ASSERT_EQ(0, put(&self->ring, &byte, 1));
		byte++;
		ASSERT_EQ(0, put(&self->ring, &byte, 1));
		ASSERT_EQ(i & 255, get(&self->ring));
		ASSERT_EQ((i + 1) & 255, get(&self->ring));
	}
	EXPECT_EQ(-EAGAIN, get(&self->ring));
}

TEST_F(core, ring_takes_as_many_as_it_has_granules)
{
	int i;

	for (i = 0; i < 1 << ORDER; i++)
		ASSERT_EQ(0, put(&self->ring, "x", 1));
	EXPECT_EQ(-EAGAIN, put(&self->ring, "x", 1));
	EXPECT_EQ('x', get(&self->ring));
	EXPECT_EQ(0, put(&self->ring, "y", 1));
	EXPECT_EQ(-EAGAIN, put(&self->ring, "x", 1));
}

TEST_F(core, half_of_the_ring_is_the_largest_and_fits_wherever_the_tail_is)
{
	static unsigned char data[BYTES];
	struct kipc_ring_record record;
	int start;

	EXPECT_EQ(-EMSGSIZE, put(&self->ring, data, BYTES / 2 + 1));
	for (start = 0; start < 1 << ORDER; start++) {
		fill(data, BYTES / 2, start);
		ASSERT_EQ(0, put(&self->ring, data, BYTES / 2));
		ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &record));
		ASSERT_EQ(BYTES / 2, kipc_ring_word_len(record.word));
		ASSERT_TRUE(filled(record.data, BYTES / 2, start));
		ASSERT_EQ(0, kipc_ring_release(&self->ring, &record));
		ASSERT_EQ(0, put(&self->ring, "x", 1));
		ASSERT_EQ('x', get(&self->ring));
	}
}

TEST_F(core, lap_number_may_wrap)
{
	uint64_t pos = ((uint64_t)1 << (23 + ORDER)) - 10;
	int i;

	atomic_store(&self->ring.shared->tail.at, pos);
	atomic_store(&self->ring.shared->head.at, pos);
	atomic_store(&self->ring.shared->freed.at, pos);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, put(&self->ring, "x", 1));
		ASSERT_EQ('x', get(&self->ring));
	}
}

TEST_F(core, shorter_message_gives_back_the_rest_of_its_place)
{
	struct kipc_ring_record loan, record;
	int i;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, ME, BYTES / 2, &loan));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	*(char *)loan.data = 'a';
	ASSERT_EQ(0, kipc_ring_commit(&self->ring, &loan, KIPC_RING_SEND, 1));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &record));
	EXPECT_EQ(1, kipc_ring_word_len(record.word));
	ASSERT_EQ('b', get(&self->ring));
	/* All but the record in hand is free, once the rest's turn comes. */
	ASSERT_EQ(0, kipc_ring_release(&self->ring, &record));
	for (i = 0; i < 1 << ORDER; i++)
		ASSERT_EQ(0, put(&self->ring, "x", 1));
}

TEST_F(core, later_messages_wait_behind_a_reservation)
{
	struct kipc_ring_record loan;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, ME, 1, &loan));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	EXPECT_EQ(-EAGAIN, get(&self->ring));
	*(char *)loan.data = 'a';
	ASSERT_EQ(0, kipc_ring_commit(&self->ring, &loan, KIPC_RING_SEND, 1));
	EXPECT_EQ('a', get(&self->ring));
	EXPECT_EQ('b', get(&self->ring));
}

TEST_F(core, canceled_reservation_is_passed_over)
{
	struct kipc_ring_record loan;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, ME, 100, &loan));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	ASSERT_EQ(0, kipc_ring_cancel(&self->ring, &loan));
	EXPECT_EQ('b', get(&self->ring));
	EXPECT_EQ(-EPROTO, kipc_ring_commit(&self->ring, &loan, KIPC_RING_SEND, 1));
	EXPECT_EQ(-EAGAIN, get(&self->ring));
}

TEST_F(core, records_are_released_in_any_order_and_freed_in_theirs)
{
	struct kipc_ring_record a, b;
	int i;

	ASSERT_EQ(0, put(&self->ring, "a", 1));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &a));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &b));
	ASSERT_EQ(0, kipc_ring_release(&self->ring, &b));
	for (i = 0; i < (1 << ORDER) - 2; i++)
		ASSERT_EQ(0, put(&self->ring, "x", 1));
	EXPECT_EQ(-EAGAIN, put(&self->ring, "x", 1));
	EXPECT_EQ('a', *(char *)a.data);
	ASSERT_EQ(0, kipc_ring_release(&self->ring, &a));
	EXPECT_EQ(0, put(&self->ring, "x", 1));
	EXPECT_EQ(0, put(&self->ring, "x", 1));
}

TEST_F(core, releasing_twice_is_noticed)
{
	struct kipc_ring_record a;

	ASSERT_EQ(0, put(&self->ring, "a", 1));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &a));
	EXPECT_EQ(0, kipc_ring_release(&self->ring, &a));
	EXPECT_EQ(-EPROTO, kipc_ring_release(&self->ring, &a));
}

TEST_F(core, withdrawn_is_never_received_and_received_is_never_withdrawn)
{
	struct kipc_ring_record a, taken;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, ME, 1, &a));
	ASSERT_EQ(0, kipc_ring_commit(&self->ring, &a, KIPC_RING_CALL, 1));
	EXPECT_TRUE(kipc_ring_withdraw(&self->ring, &a));
	EXPECT_EQ(-EAGAIN, get(&self->ring));
	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, ME, 1, &a));
	ASSERT_EQ(0, kipc_ring_commit(&self->ring, &a, KIPC_RING_CALL, 1));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &taken));
	EXPECT_EQ(KIPC_RING_CALL, kipc_ring_word_kind(taken.word));
	EXPECT_FALSE(kipc_ring_withdraw(&self->ring, &a));
}

TEST_F(core, positions_left_behind_by_the_killed_are_moved_on)
{
	struct kipc_ring_record record;
	int i;

	for (i = 0; i < 300; i++) {
		/* Killed with the word written and the tail not. */
		ASSERT_EQ(0, put(&self->ring, "a", 1));
		atomic_fetch_sub(&self->ring.shared->tail.at, 1);
		ASSERT_EQ(0, put(&self->ring, "b", 1));
		atomic_fetch_sub(&self->ring.shared->tail.at, 2);
		/* Killed with the word taken and the head not. */
		ASSERT_EQ(0, kipc_ring_take(&self->ring, ME, &record));
		atomic_fetch_sub(&self->ring.shared->head.at, 1);
		ASSERT_EQ(0, kipc_ring_release(&self->ring, &record));
		ASSERT_EQ('b', get(&self->ring));
		ASSERT_EQ(-EAGAIN, get(&self->ring));
	}
}

TEST_F(core, what_the_dead_reserved_is_passed_over)
{
	struct kipc_ring_record loan, mine;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, DEAD, 200, &loan));
	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, OTHER, 10, &mine));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	EXPECT_EQ(DEAD, kipc_ring_recv_blocker(&self->ring, &loan));
	kipc_ring_abandon(&self->ring, DEAD, 77);
	EXPECT_EQ(-EAGAIN, get(&self->ring));
	EXPECT_EQ(OTHER, kipc_ring_recv_blocker(&self->ring, &loan));
	*(char *)mine.data = 'a';
	ASSERT_EQ(0, kipc_ring_commit(&self->ring, &mine, KIPC_RING_SEND, 1));
	EXPECT_EQ('a', get(&self->ring));
	EXPECT_EQ('b', get(&self->ring));
}

TEST_F(core, what_the_dead_had_taken_is_freed_and_not_received_again)
{
	struct kipc_ring_record record;
	int i;

	ASSERT_EQ(0, put(&self->ring, "a", 1));
	ASSERT_EQ(0, put(&self->ring, "b", 1));
	ASSERT_EQ(0, kipc_ring_take(&self->ring, DEAD, &record));
	kipc_ring_abandon(&self->ring, DEAD, 77);
	EXPECT_EQ('b', get(&self->ring));
	EXPECT_EQ(-EAGAIN, get(&self->ring));
	for (i = 0; i < 1 << ORDER; i++)
		ASSERT_EQ(0, put(&self->ring, "x", 1));
}

TEST_F(core, number_of_the_dead_in_new_hands_is_left_alone)
{
	struct kipc_ring_record loan;

	ASSERT_EQ(0, kipc_ring_reserve(&self->ring, DEAD, 1, &loan));
	self->parties[DEAD] = 78;
	kipc_ring_abandon(&self->ring, DEAD, 77);
	EXPECT_EQ(0, kipc_ring_commit(&self->ring, &loan, KIPC_RING_SEND, 1));
}

TEST_F(core, nonsense_is_an_error_and_ends)
{
	struct kipc_ring_record record;
	unsigned int seed = 1, i, j;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 1 << ORDER; j++)
			if (rand_r(&seed) % 4 == 0) {
				uint64_t word = (uint64_t)rand_r(&seed) << 33 ^
						(uint64_t)rand_r(&seed) << 10 ^ rand_r(&seed);

				/* Half of them of the right lap. */
				if (j & 1)
					word = word << 23 >> 23;
				atomic_store(&self->ring.words[j], word);
			}
		if (i % 3 == 0) {
			atomic_store(&self->ring.shared->tail.at, rand_r(&seed) % 200);
			atomic_store(&self->ring.shared->head.at, rand_r(&seed) % 200);
			atomic_store(&self->ring.shared->freed.at, rand_r(&seed) % 200);
		}
		if (!kipc_ring_take(&self->ring, ME, &record)) {
			size_t len = kipc_ring_word_len(record.word);
			unsigned char *data = record.data;

			ASSERT_LE(self->ring.data, data);
			ASSERT_GE(self->ring.data + BYTES, data + len);
			kipc_ring_release(&self->ring, &record);
		}
		if (!kipc_ring_reserve(&self->ring, ME, rand_r(&seed) % (BYTES / 2), &record)) {
			size_t len = kipc_ring_word_len(record.word);

			ASSERT_GE(self->ring.data + BYTES, (unsigned char *)record.data + len);
			memset(record.data, 1, len);
			kipc_ring_commit(&self->ring, &record, KIPC_RING_SEND, len);
		}
		kipc_ring_abandon(&self->ring, ME, 0);
	}
}

/* ---- a model: what a ring should do, done simply ---- */

#define HELD	8

struct model {
	unsigned int first, last;	/* messages sent and not yet taken */
	unsigned int loans, taken;
	struct kipc_ring_record loan[HELD], take[HELD];
	unsigned int loan_id[HELD], take_id[HELD];
	unsigned char state[100000];	/* of the n-th place: 'r', 's', 'c' */
	size_t len[100000];
};

static size_t a_length(unsigned int *seed)
{
	switch (rand_r(seed) % 4) {
	case 0:
		return rand_r(seed) % 3;
	case 1:
		return 60 + rand_r(seed) % 10;
	case 2:
		return rand_r(seed) % 500;
	default:
		return rand_r(seed) % (BYTES / 2 + 1);
	}
}

static bool model_reserve(struct model *m, struct kipc_ring *ring, unsigned int *seed)
{
	size_t len = a_length(seed);
	unsigned int n = m->loans;
	int err;

	if (n == HELD)
		return true;
	err = kipc_ring_reserve(ring, ME, len, &m->loan[n]);
	if (err)
		return err == -EAGAIN;
	m->len[m->last] = len;
	m->state[m->last] = 'r';
	m->loan_id[n] = m->last++;
	m->loans++;
	return true;
}

static bool model_commit(struct model *m, struct kipc_ring *ring, unsigned int *seed)
{
	unsigned int i, id;
	bool cancel = rand_r(seed) % 8 == 0;
	int err;

	if (!m->loans)
		return true;
	i = rand_r(seed) % m->loans;
	id = m->loan_id[i];
	if (rand_r(seed) % 3 == 0)
		m->len[id] = rand_r(seed) % (m->len[id] + 1);
	fill(m->loan[i].data, m->len[id], id);
	err = cancel ? kipc_ring_cancel(ring, &m->loan[i]) :
		       kipc_ring_commit(ring, &m->loan[i], KIPC_RING_SEND, m->len[id]);
	m->state[id] = cancel ? 'c' : 's';
	m->loans--;
	m->loan[i] = m->loan[m->loans];
	m->loan_id[i] = m->loan_id[m->loans];
	return !err;
}

static bool model_take(struct model *m, struct kipc_ring *ring)
{
	struct kipc_ring_record record;
	int err;

	if (m->taken == HELD)
		return true;
	err = kipc_ring_take(ring, OTHER, &record);
	while (m->first < m->last && m->state[m->first] == 'c')
		m->first++;
	if (m->first == m->last || m->state[m->first] == 'r')
		return err == -EAGAIN;
	if (err || kipc_ring_word_len(record.word) != m->len[m->first])
		return false;
	m->take[m->taken] = record;
	m->take_id[m->taken++] = m->first++;
	return true;
}

static bool model_release(struct model *m, struct kipc_ring *ring, unsigned int *seed)
{
	unsigned int i, id;

	if (!m->taken)
		return true;
	i = rand_r(seed) % m->taken;
	id = m->take_id[i];
	/* Nobody has touched it as long as it was held. */
	if (!filled(m->take[i].data, m->len[id], id) || kipc_ring_release(ring, &m->take[i]))
		return false;
	m->taken--;
	m->take[i] = m->take[m->taken];
	m->take_id[i] = m->take_id[m->taken];
	return true;
}

TEST_F(core, does_what_a_simple_model_does)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned int seed = 42, i;

	ASSERT_NE(NULL, m);
	for (i = 0; i < 200000 && m->last < 99999; i++) {
		bool ok = true;

		switch (rand_r(&seed) % 4) {
		case 0:
			ok = model_reserve(m, &self->ring, &seed);
			break;
		case 1:
			ok = model_commit(m, &self->ring, &seed);
			break;
		case 2:
			ok = model_take(m, &self->ring);
			break;
		case 3:
			ok = model_release(m, &self->ring, &seed);
			break;
		}
		ASSERT_TRUE(ok) TH_LOG("step %u", i);
	}
	EXPECT_LT(10000, m->first);
	free(m);
}

TEST_HARNESS_MAIN
