// SPDX-License-Identifier: GPL-2.0
/*
 * Store: every kind of receive is compared with a search of all that is there, after random
 * sending, receiving, removal from the middle and putting back; and what the nodes of the two
 * trees know of their subtrees with a look at those.
 */
#include "tests.h"

#define kipc_entry_free	store_test_entry_free

#include "../store.c"

#define ENTRIES		256U
#define STEPS		30000

/* Types that lie side by side, and the two ends. */
static const u64 store_types[] = { 0, 1, 2, 3, 1000, U64_MAX - 1, U64_MAX };
static const u16 store_prios[] = { 0, 0, 1, 2, KIPC_PRIO_MAX };

/**
 * struct store_model - a store, and what is in it
 * @store:	the store
 * @entries:	all that there are
 * @in:		which of them are in the store
 * @count:	how many
 * @bytes:	their payload
 * @last_seq:	of the newest
 */
struct store_model {
	struct kipc_store	store;
	struct kipc_entry	*entries[ENTRIES];
	bool			in[ENTRIES];
	u64			count;
	u64			bytes;
	u64			last_seq;
};

static unsigned int store_freed;

void store_test_entry_free(struct kipc_entry *entry)
{
	store_freed++;
}

static int store_model_init(struct kunit *test)
{
	struct store_model *model = kipc_test_alloc(test, sizeof(*model));
	u32 i;

	kipc_store_init(&model->store);
	for (i = 0; i < ENTRIES; i++)
		model->entries[i] = kipc_test_alloc(test, sizeof(struct kipc_entry));
	store_freed = 0;
	test->priv = model;
	return 0;
}

static void store_model_put(struct store_model *model, u32 index)
{
	struct kipc_entry *entry = model->entries[index];

	kipc_store_insert(&model->store, entry);
	model->in[index] = true;
	model->count++;
	model->bytes += entry->len;
}

static void store_model_send(struct store_model *model, u32 index, u64 type, u16 prio, u32 len)
{
	struct kipc_entry *entry = model->entries[index];

	memset(entry, 0xa5, sizeof(*entry));
	refcount_set(&entry->ref, 1);
	entry->seq = ++model->last_seq;
	entry->type = type;
	entry->prio = prio;
	entry->len = len;
	store_model_put(model, index);
}

static void store_model_remove(struct store_model *model, u32 index)
{
	kipc_store_remove(&model->store, model->entries[index]);
	model->in[index] = false;
	model->count--;
	model->bytes -= model->entries[index]->len;
}

static bool store_qualifies(const struct kipc_choice *choice, const struct kipc_entry *entry)
{
	if (choice->select == KIPC_SELECT_TYPE)
		return entry->type == choice->match;
	if (choice->select == KIPC_SELECT_TYPE_MAX)
		return entry->type <= choice->match;
	if (choice->select == KIPC_SELECT_NOT_TYPE)
		return entry->type != choice->match;
	return true;
}

/* Of two that qualify, is @a received before @b? */
static bool store_precedes(const struct kipc_choice *choice, const struct kipc_entry *a,
			   const struct kipc_entry *b)
{
	if (choice->select == KIPC_SELECT_FIRST)
		return a->seq < b->seq;
	if (choice->select == KIPC_SELECT_TYPE_MAX && a->type != b->type)
		return a->type < b->type;
	return a->prio > b->prio || (a->prio == b->prio && a->seq < b->seq);
}

/* How many of those that are in the store are received before this one? */
static u64 store_model_ahead(const struct store_model *model, const struct kipc_choice *choice,
			     const struct kipc_entry *entry)
{
	u64 ahead = 0;
	u32 i;

	for (i = 0; i < ENTRIES; i++)
		ahead += model->in[i] && store_precedes(choice, model->entries[i], entry);
	return ahead;
}

static struct kipc_entry *store_model_find(const struct store_model *model,
					   const struct kipc_choice *choice)
{
	struct kipc_entry *found = NULL;
	u32 i;

	for (i = 0; i < ENTRIES; i++) {
		struct kipc_entry *entry = model->entries[i];

		if (!model->in[i] || !store_qualifies(choice, entry))
			continue;
		if (choice->select == KIPC_SELECT_NTH) {
			if (store_model_ahead(model, choice, entry) == choice->match)
				return entry;
		} else if (!found || store_precedes(choice, entry, found)) {
			found = entry;
		}
	}
	return found;
}

static u32 store_index(const struct store_model *model, const struct kipc_entry *entry)
{
	u32 i;

	for (i = 0; i < ENTRIES; i++)
		if (model->entries[i] == entry)
			break;
	return i;
}

/* Ask in every way, of everything that may be asked for. */
static void store_check_finds(struct kunit *test, const struct store_model *model)
{
	static const u64 around[] = { 0, 1, 2, 3, 4, 999, 1000, 1001, U64_MAX - 1, U64_MAX };
	struct kipc_choice choice;
	size_t i;

	for (choice.select = 0; choice.select <= KIPC_SELECT_NTH; choice.select++) {
		for (i = 0; i < ARRAY_SIZE(around); i++) {
			choice.match = around[i];
			KUNIT_ASSERT_PTR_EQ(test, kipc_store_find(&model->store, &choice),
					    store_model_find(model, &choice));
		}
	}
	choice.select = KIPC_SELECT_NTH;
	for (choice.match = 0; choice.match <= model->count; choice.match++)
		KUNIT_ASSERT_PTR_EQ(test, kipc_store_find(&model->store, &choice),
				    store_model_find(model, &choice));
}

/* Each node of a tree, in its order, knows the truth of those below it. */
static void store_check_trees(struct kunit *test, const struct store_model *model)
{
	struct kipc_entry *entry, *last = NULL;
	struct rb_node *node;
	u64 count = 0;

	for (node = rb_first_cached(&model->store.urgency); node; node = rb_next(node)) {
		entry = kipc_urgency_entry(node);
		KUNIT_ASSERT_TRUE(test, kipc_rank_compute(entry, true));
		KUNIT_ASSERT_TRUE(test, !last || kipc_entry_before(last, entry));
		last = entry;
		count++;
	}
	KUNIT_ASSERT_EQ(test, count, model->count);
	last = NULL;
	for (node = rb_first_cached(&model->store.types); node; node = rb_next(node)) {
		entry = kipc_types_entry(node);
		KUNIT_ASSERT_TRUE(test, kipc_best_compute(entry, true));
		KUNIT_ASSERT_TRUE(test, !last || kipc_entry_before_by_type(last, entry));
		last = entry;
		count--;
	}
	KUNIT_ASSERT_EQ(test, count, 0);
	KUNIT_ASSERT_EQ(test, model->store.count, model->count);
	KUNIT_ASSERT_EQ(test, model->store.bytes, model->bytes);
}

static void store_random_choice(struct rnd_state *random, u64 count, struct kipc_choice *choice)
{
	choice->select = kipc_test_below(random, KIPC_SELECT_NTH + 1);
	choice->match = store_types[kipc_test_below(random, ARRAY_SIZE(store_types))];
	if (choice->select == KIPC_SELECT_NTH)
		choice->match = kipc_test_below(random, count + 2);
}

/* Receive by a random choice; now and then the receiver cannot be told, and it is put back. */
static void store_random_receive(struct kunit *test, struct store_model *model,
				 struct rnd_state *random)
{
	struct kipc_choice choice;
	struct kipc_entry *entry;
	u32 index;

	store_random_choice(random, model->count, &choice);
	entry = kipc_store_find(&model->store, &choice);
	KUNIT_ASSERT_PTR_EQ(test, entry, store_model_find(model, &choice));
	if (!entry)
		return;
	index = store_index(model, entry);
	store_model_remove(model, index);
	if (!kipc_test_below(random, 8))
		store_model_put(model, index);
}

static void store_random(struct kunit *test)
{
	struct store_model *model = test->priv;
	struct rnd_state random;
	u32 step, index, sending = 2;

	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		if (step % 1024 == 0)
			sending = 1 + kipc_test_below(&random, 3);
		index = kipc_test_below(&random, ENTRIES);
		if (kipc_test_below(&random, 4) >= sending)
			store_random_receive(test, model, &random);
		else if (!model->in[index])
			store_model_send(model, index,
					 store_types[kipc_test_below(&random,
								     ARRAY_SIZE(store_types))],
					 store_prios[kipc_test_below(&random,
								     ARRAY_SIZE(store_prios))],
					 kipc_test_below(&random, 3) ? step : U32_MAX);
		else if (!kipc_test_below(&random, 4))
			store_model_remove(model, index);
		if (step % 256 == 0)
			store_check_trees(test, model);
		if (step % 2048 == 0)
			store_check_finds(test, model);
		cond_resched();
	}
	for (index = 0; index < ENTRIES; index++)
		if (model->in[index])
			store_model_remove(model, index);
	store_check_trees(test, model);
}

/* Every way of asking, of the last of many messages, of one, and of none. */
static void store_to_the_last(struct kunit *test)
{
	struct store_model *model = test->priv;
	u32 i;

	store_check_finds(test, model);
	for (i = 0; i < 16; i++)
		store_model_send(model, i, store_types[i % ARRAY_SIZE(store_types)],
				 store_prios[i % ARRAY_SIZE(store_prios)], i);
	for (i = 0; i < 16; i++) {
		store_check_finds(test, model);
		store_check_trees(test, model);
		store_model_remove(model, (i * 7) % 16);
	}
	store_check_finds(test, model);
	store_check_trees(test, model);
}

/* Equals are received in the order of sending, and one that is put back is the first again. */
static void store_equals_in_order(struct kunit *test)
{
	struct kipc_choice choice = { .select = KIPC_SELECT_URGENT };
	struct store_model *model = test->priv;
	u32 i;

	for (i = 0; i < ENTRIES; i++)
		store_model_send(model, i, 7, 5, 0);
	for (i = 0; i < ENTRIES; i++) {
		choice.select = i % KIPC_SELECT_NTH;
		choice.match = choice.select == KIPC_SELECT_NOT_TYPE ? 8 : 7;
		KUNIT_ASSERT_PTR_EQ(test, kipc_store_find(&model->store, &choice),
				    model->entries[i]);
		store_model_remove(model, i);
		store_model_put(model, i);
		KUNIT_ASSERT_PTR_EQ(test, kipc_store_find(&model->store, &choice),
				    model->entries[i]);
		store_model_remove(model, i);
	}
}

/* What is handed to a receiver who waits is what it would find, were it the only one. */
static void store_choice_takes(struct kunit *test)
{
	struct store_model *model = test->priv;
	struct kipc_choice choice;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(store_types); i++) {
		store_model_send(model, 0, store_types[i], 1, 1);
		for (choice.select = 0; choice.select < KIPC_SELECT_NTH; choice.select++) {
			for (j = 0; j < ARRAY_SIZE(store_types); j++) {
				choice.match = store_types[j];
				KUNIT_EXPECT_EQ(test, kipc_choice_takes(&choice, model->entries[0]),
						!!kipc_store_find(&model->store, &choice));
			}
		}
		store_model_remove(model, 0);
	}
}

static void store_clear(struct kunit *test)
{
	struct store_model *model = test->priv;
	u32 i;

	for (i = 0; i < ENTRIES; i++)
		store_model_send(model, i, i % 3, i % 5, 10);
	kipc_entry_get(model->entries[3]);
	kipc_store_clear(&model->store);
	KUNIT_EXPECT_EQ(test, store_freed, ENTRIES - 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&model->entries[3]->ref), 1);
	KUNIT_EXPECT_EQ(test, model->store.count, 0);
	KUNIT_EXPECT_EQ(test, model->store.bytes, 0);
	kipc_store_clear(&model->store);
	KUNIT_EXPECT_EQ(test, store_freed, ENTRIES - 1);
}

static struct kunit_case store_cases[] = {
	KUNIT_CASE(store_to_the_last),
	KUNIT_CASE(store_equals_in_order),
	KUNIT_CASE(store_choice_takes),
	KUNIT_CASE(store_clear),
	KUNIT_CASE(store_random),
	{ }
};

static struct kunit_suite store_suite = {
	.name = "kipc_store",
	.init = store_model_init,
	.test_cases = store_cases,
};

kunit_test_suite(store_suite);
