// SPDX-License-Identifier: GPL-2.0
/*
 * Selection: which message a receiver gets when it asks for the first, the most urgent,
 * one type, the lowest types, or any type but one; of what is there and of what comes
 * while it waits.
 *
 * Messages are numbers.  What a long random run must give is told by a model that looks at
 * every message each time.
 */
#include "queue_test.h"

FIXTURE(select)
{
	char name[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_SETUP(select)
{
	self->fd = queue_make(self->name, 20000, 0, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(select)
{
	close(self->fd);
	queue_unlink(self->name);
}

#define PUT(number, type, prio)	ASSERT_EQ(0, put(self->fd, number, type, prio))

/* What is there */

TEST_F(select, urgent_is_by_priority_then_arrival)
{
	PUT(1, 5, 0);
	PUT(2, 4, 7);
	PUT(3, 3, 7);
	PUT(4, 2, 9);
	EXPECT_EQ(4, take(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(2, take(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(3, take(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(1, take(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_URGENT, 0));
}

TEST_F(select, first_is_by_arrival_whatever_the_priority)
{
	PUT(1, 5, 0);
	PUT(2, 4, KIPC_PRIO_MAX);
	PUT(3, 3, 7);
	PUT(4, 2, 9);
	EXPECT_EQ(1, take(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(2, take(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(3, take(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(4, take(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_FIRST, 0));
}

TEST_F(select, type_is_that_type_only)
{
	PUT(1, 1, 9);
	PUT(2, 2, 0);
	PUT(3, 3, 9);
	EXPECT_EQ(2, take_type(self->fd, 2));
	EXPECT_EQ(-EAGAIN, take_type(self->fd, 2));
	EXPECT_EQ(-EAGAIN, take_type(self->fd, 0));
	EXPECT_EQ(-EAGAIN, take_type(self->fd, 4));
	EXPECT_EQ(3, take_type(self->fd, 3));
	EXPECT_EQ(1, take_type(self->fd, 1));
}

TEST_F(select, type_is_by_priority_then_arrival)
{
	PUT(1, 1, 0);
	PUT(2, 1, 5);
	PUT(3, 2, 9);
	PUT(4, 1, 5);
	EXPECT_EQ(2, take_type(self->fd, 1));
	EXPECT_EQ(4, take_type(self->fd, 1));
	EXPECT_EQ(1, take_type(self->fd, 1));
	EXPECT_EQ(-EAGAIN, take_type(self->fd, 1));
}

TEST_F(select, type_max_is_the_lowest_type_that_is_not_above)
{
	PUT(1, 30, 9);
	PUT(2, 20, 0);
	PUT(3, 10, 0);
	PUT(4, 40, 9);
	EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_TYPE_MAX, 9));
	EXPECT_EQ(3, take(self->fd, KIPC_SELECT_TYPE_MAX, 30));
	EXPECT_EQ(2, take(self->fd, KIPC_SELECT_TYPE_MAX, 30));
	EXPECT_EQ(1, take(self->fd, KIPC_SELECT_TYPE_MAX, 30));
	EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_TYPE_MAX, 30));
	EXPECT_EQ(4, take(self->fd, KIPC_SELECT_TYPE_MAX, 40));
}

TEST_F(select, type_max_is_by_priority_then_arrival_within_the_type)
{
	PUT(1, 10, 0);
	PUT(2, 20, 9);
	PUT(3, 10, 3);
	PUT(4, 10, 3);
	EXPECT_EQ(3, take(self->fd, KIPC_SELECT_TYPE_MAX, 99));
	EXPECT_EQ(4, take(self->fd, KIPC_SELECT_TYPE_MAX, 99));
	EXPECT_EQ(1, take(self->fd, KIPC_SELECT_TYPE_MAX, 99));
	EXPECT_EQ(2, take(self->fd, KIPC_SELECT_TYPE_MAX, 99));
}

TEST_F(select, not_type_is_any_other_by_priority_then_arrival)
{
	PUT(1, 1, 9);
	PUT(2, 2, 0);
	PUT(3, 3, 5);
	PUT(4, 4, 5);
	PUT(5, 1, 0);
	EXPECT_EQ(3, take(self->fd, KIPC_SELECT_NOT_TYPE, 1));
	EXPECT_EQ(4, take(self->fd, KIPC_SELECT_NOT_TYPE, 1));
	EXPECT_EQ(2, take(self->fd, KIPC_SELECT_NOT_TYPE, 1));
	EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_NOT_TYPE, 1));
	EXPECT_EQ(1, take(self->fd, KIPC_SELECT_NOT_TYPE, 2));
}

TEST_F(select, types_are_all_of_64_bits)
{
	static const uint64_t types[] = {
		0, 1, 1ULL << 31, (1ULL << 32) - 1, 1ULL << 32, 1ULL << 63, ~0ULL - 1, ~0ULL
	};
	int i;

	for (i = 7; i >= 0; i--)
		PUT(i, types[i], 0);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(i, look(self->fd, KIPC_SELECT_TYPE, types[i]));
		EXPECT_EQ(0, look(self->fd, KIPC_SELECT_TYPE_MAX, types[i]));
		EXPECT_EQ(i == 7 ? 6 : 7, look(self->fd, KIPC_SELECT_NOT_TYPE, types[i]));
	}
	for (i = 0; i < 8; i++) {
		if (types[i])
			EXPECT_EQ(-EAGAIN, take(self->fd, KIPC_SELECT_TYPE_MAX, types[i] - 1));
		EXPECT_EQ(i, take(self->fd, KIPC_SELECT_TYPE_MAX, types[i]));
	}
}

TEST_F(select, none_that_qualifies_waits_until_the_deadline)
{
	struct kipc_queue_recv arg;
	int number;

	PUT(1, 1, 0);
	arg = take_args(&number, KIPC_SELECT_TYPE, 2);
	arg.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &arg));
	arg.select = KIPC_SELECT_NOT_TYPE;
	arg.match = 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &arg));
	EXPECT_EQ(1, take_any(self->fd));
}

TEST_F(select, read_takes_the_most_urgent)
{
	int number;

	PUT(1, 1, 0);
	PUT(2, 2, 1);
	ASSERT_EQ(sizeof(number), read(self->fd, &number, sizeof(number)));
	EXPECT_EQ(2, number);
}

TEST_F(select, one_that_could_not_be_received_keeps_its_place)
{
	struct kipc_queue_recv arg;
	static const struct {
		unsigned int select;
		uint64_t match;
		int number;
	} cases[] = {
		{ KIPC_SELECT_FIRST, 0, 1 }, { KIPC_SELECT_TYPE, 5, 2 },
		{ KIPC_SELECT_TYPE_MAX, 9, 3 }, { KIPC_SELECT_NOT_TYPE, 4, 2 },
	};
	int i;

	PUT(1, 4, 0);
	PUT(2, 5, 5);
	PUT(3, 3, 5);
	PUT(4, 5, 5);
	for (i = 0; i < 4; i++) {
		arg = queue_recv_args(NULL, 100);
		arg.select = cases[i].select;
		arg.match = cases[i].match;
		EXPECT_EQ(-EFAULT, request(self->fd, KIPC_IOC_QUEUE_RECV, &arg));
		arg.len = 3;
		EXPECT_EQ(-EMSGSIZE, request(self->fd, KIPC_IOC_QUEUE_RECV, &arg));
		EXPECT_EQ(sizeof(int), arg.msg.len);
		EXPECT_EQ(cases[i].number, look(self->fd, cases[i].select, cases[i].match));
	}
	for (i = 2; i <= 4; i++)
		EXPECT_EQ(i, take_any(self->fd));
	EXPECT_EQ(1, take_any(self->fd));
}

/* What comes while one waits */

TEST_F(select, waiting_for_a_type_is_passed_over_by_others)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_TYPE, 7));
	PUT(1, 6, 0);
	PUT(2, 8, 9);
	EXPECT_EQ(2, stat_of(self->fd).msgs);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	PUT(3, 7, 0);
	EXPECT_EQ(3, taker_end(&taker));
	EXPECT_EQ(2, take_any(self->fd));
	EXPECT_EQ(1, take_any(self->fd));
}

TEST_F(select, waiting_for_low_types_is_passed_over_by_high_ones)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_TYPE_MAX, 7));
	PUT(1, 8, 9);
	PUT(2, ~0ULL, 9);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	PUT(3, 7, 0);
	EXPECT_EQ(3, taker_end(&taker));
	EXPECT_EQ(2, stat_of(self->fd).msgs);
}

TEST_F(select, waiting_for_other_types_is_passed_over_by_that_type)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_NOT_TYPE, 7));
	PUT(1, 7, 9);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	PUT(2, 0, 0);
	EXPECT_EQ(2, taker_end(&taker));
	EXPECT_EQ(1, stat_of(self->fd).msgs);
}

TEST_F(select, waiting_for_any_is_served)
{
	static const unsigned int any[] = { KIPC_SELECT_URGENT, KIPC_SELECT_FIRST };
	struct taker taker;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, taker_start(&taker, self->fd, any[i], 0));
		PUT(i, 1ULL << 40, 0);
		EXPECT_EQ(i, taker_end(&taker));
	}
}

/* The first of those whom it suits gets it, whoever came before them. */
TEST_F(select, waiting_with_different_selections_each_gets_its_own)
{
	struct taker five, low, not_five, any;

	ASSERT_EQ(0, taker_start(&five, self->fd, KIPC_SELECT_TYPE, 5));
	ASSERT_EQ(0, taker_start(&low, self->fd, KIPC_SELECT_TYPE_MAX, 3));
	ASSERT_EQ(0, taker_start(&not_five, self->fd, KIPC_SELECT_NOT_TYPE, 5));
	ASSERT_EQ(0, taker_start(&any, self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(4, stat_of(self->fd).receivers);
	PUT(1, 9, 0);	/* suits not_five and any */
	PUT(2, 2, 0);	/* suits low and any */
	PUT(3, 5, 0);	/* suits five and any */
	PUT(4, 5, 0);	/* suits any */
	EXPECT_EQ(1, taker_end(&not_five));
	EXPECT_EQ(2, taker_end(&low));
	EXPECT_EQ(3, taker_end(&five));
	EXPECT_EQ(4, taker_end(&any));
	EXPECT_EQ(0, stat_of(self->fd).msgs);
}

TEST_F(select, waiting_for_one_type_is_first_come_first_served)
{
	struct taker takers[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, taker_start(&takers[i], self->fd, KIPC_SELECT_TYPE, i % 2));
	PUT(1, 1, 0);
	PUT(0, 0, 0);
	PUT(3, 1, 0);
	PUT(2, 0, 0);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i, taker_end(&takers[i]));
}

/* One that cannot be copied out goes to the next whom it suits, not to the next. */
TEST_F(select, waiting_with_a_bad_buffer_passes_it_to_the_next_of_its_type)
{
	struct taker bad, other, good;

	bad.arg = queue_recv_args(NULL, 100);
	bad.arg.select = KIPC_SELECT_TYPE;
	bad.arg.match = 7;
	ASSERT_EQ(0, ask_and_wait(&bad.asker, self->fd, KIPC_IOC_QUEUE_RECV, &bad.arg));
	ASSERT_EQ(0, taker_start(&other, self->fd, KIPC_SELECT_NOT_TYPE, 7));
	ASSERT_EQ(0, taker_start(&good, self->fd, KIPC_SELECT_TYPE, 7));
	PUT(1, 7, 0);
	EXPECT_EQ(-EFAULT, ask_end(&bad.asker));
	EXPECT_EQ(1, taker_end(&good));
	PUT(2, 0, 0);
	EXPECT_EQ(2, taker_end(&other));
}

/* A queue full of what nobody asks for has no room; taking one of it makes room. */
TEST_F(select, room_is_made_by_whatever_is_taken)
{
	struct putter putter;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	PUT(1, 1, 0);
	PUT(2, 2, 5);
	PUT(3, 3, 9);
	ASSERT_EQ(0, putter_start(&putter, self->fd, 4));
	EXPECT_EQ(-EAGAIN, take_type(self->fd, 0));
	EXPECT_EQ(2, take_type(self->fd, 2));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(4, take_type(self->fd, 0));
}

/* Many */

#define TYPES	100

/* Every hundredth is of one type, so each type has a hundred; all of one priority. */
TEST_F(select, ten_thousand_are_taken_by_type)
{
	int i, type;

	for (i = 0; i < 100 * TYPES; i++)
		PUT(i, i % TYPES, 0);
	for (type = TYPES - 1; type >= 0; type -= 3) {
		for (i = 0; i < 100; i++)
			ASSERT_EQ(i * TYPES + type, take_type(self->fd, type));
		ASSERT_EQ(-EAGAIN, take_type(self->fd, type));
	}
	/* What is left is as it was sent. */
	for (i = 0; i < 100 * TYPES; i++)
		if (i % TYPES % 3)
			ASSERT_EQ(i, take(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_F(select, ten_thousand_are_taken_from_the_lowest_type)
{
	int i, type;

	for (i = 0; i < 100 * TYPES; i++)
		PUT(i, i % TYPES, i % 7);
	for (type = 0; type < TYPES; type++) {
		int prio = 6, number, last = -1;

		for (i = 0; i < 100; i++) {
			number = take(self->fd, KIPC_SELECT_TYPE_MAX, TYPES);
			ASSERT_EQ(type, number % TYPES);
			ASSERT_GE(prio, number % 7);
			if (number % 7 == prio)
				ASSERT_LT(last, number);
			prio = number % 7;
			last = number;
		}
	}
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

/* The model */

#define OPS	6000
#define MOST	150

struct sent {
	int number;
	uint64_t type;
	unsigned int prio;
};

struct model {
	struct sent sent[MOST];	/* in the order of sending */
	int count;
};

static bool model_qualifies(const struct sent *sent, unsigned int select, uint64_t match)
{
	switch (select) {
	case KIPC_SELECT_TYPE:
		return sent->type == match;
	case KIPC_SELECT_TYPE_MAX:
		return sent->type <= match;
	case KIPC_SELECT_NOT_TYPE:
		return sent->type != match;
	}
	return true;
}

/* Is @a received before @b, of which it was sent before? */
static bool model_not_after(const struct sent *a, const struct sent *b, unsigned int select)
{
	if (select == KIPC_SELECT_FIRST)
		return true;
	if (select == KIPC_SELECT_TYPE_MAX && a->type != b->type)
		return a->type < b->type;
	return a->prio >= b->prio;
}

/* Return: the place of the message that is to be received, or -1 */
static int model_find(const struct model *model, unsigned int select, uint64_t match)
{
	int best = -1, i;

	for (i = 0; i < model->count; i++) {
		if (!model_qualifies(&model->sent[i], select, match))
			continue;
		if (best < 0 || !model_not_after(&model->sent[best], &model->sent[i], select))
			best = i;
	}
	return best;
}

static int model_drop(struct model *model, int place)
{
	int number = model->sent[place].number;

	memmove(&model->sent[place], &model->sent[place + 1],
		(--model->count - place) * sizeof(model->sent[0]));
	return number;
}

/* Few types, so that several messages have one, at both ends of what there is. */
static uint64_t random_type(unsigned int *random)
{
	uint64_t type = rand_r(random) % 6;

	return rand_r(random) % 4 ? type : ~0ULL - type;
}

TEST_F(select, random_run_is_as_the_model_says)
{
	struct model *model = memory(sizeof(*model));
	unsigned int random = 1, select;
	int op, place, sent = 0, taken = 0;
	uint64_t match;

	for (op = 0; op < OPS; op++) {
		/* In waves: the queue fills up and empties again. */
		if (rand_r(&random) % 10 < (op / 500 % 2 ? 3 : 7) && model->count < MOST) {
			struct sent *new = &model->sent[model->count++];

			new->number = sent++;
			new->type = random_type(&random);
			new->prio = rand_r(&random) % 3 * (rand_r(&random) % 2 ? 1 : 9000);
			PUT(new->number, new->type, new->prio);
			continue;
		}
		select = rand_r(&random) % KIPC_SELECT_NTH;
		match = select <= KIPC_SELECT_FIRST ? 0 : random_type(&random);
		place = model_find(model, select, match);
		if (place < 0) {
			ASSERT_EQ(-EAGAIN, take(self->fd, select, match));
			continue;
		}
		ASSERT_EQ(model_drop(model, place), take(self->fd, select, match))
			TH_LOG("operation %d, select %u, match %llu", op, select,
			       (unsigned long long)match);
		taken++;
	}
	EXPECT_LT(OPS / 4, taken);
	EXPECT_EQ(model->count, stat_of(self->fd).msgs);
	while (model->count)
		ASSERT_EQ(model_drop(model, model_find(model, KIPC_SELECT_URGENT, 0)),
			  take_any(self->fd));
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_HARNESS_MAIN
