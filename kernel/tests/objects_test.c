// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: ids go round and are nobody else's while they are taken; whoever looks for an id that
 * was never given, has been given back or is another kind's finds nothing.
 */
#include <linux/slab.h>

#include "tests.h"

#include "../objects.c"

#define OBJECTS		200U
#define STEPS		20000

/**
 * struct objects_model - a table, and what is in it
 * @net:	made up
 * @id:		of each object, or 0
 * @kind:	likewise
 * @going:	the objects: of a word, as a table wants them; not 0, it refuses a reference
 * @count:	how many of each kind
 */
struct objects_model {
	struct net	*net;
	u32		id[OBJECTS];
	u8		kind[OBJECTS];
	unsigned long	going[OBJECTS];
	u32		count[KIPC_OBJECT_KINDS];
};

static bool objects_get(void *object)
{
	return !*(unsigned long *)object;
}

static int objects_init(struct kunit *test)
{
	struct objects_model *model = kipc_test_alloc(test, sizeof(*model));
	struct net_generic *gen = kipc_test_alloc(test, sizeof(*gen) + 16 * sizeof(void *));

	test->priv = model;
	model->net = kipc_test_alloc(test, sizeof(*model->net));
	kipc_objects_id = 15;
	gen->ptr[kipc_objects_id] = kipc_test_alloc(test, sizeof(struct kipc_objects));
	RCU_INIT_POINTER(model->net->gen, gen);
	return kipc_objects_net_init(model->net);
}

static void objects_exit(struct kunit *test)
{
	struct objects_model *model = test->priv;

	/* Empty but for what a case that failed has left. */
	if (model)
		xa_destroy(&kipc_objects(model->net)->table);
}

static void objects_model_add(struct kunit *test, u32 index, enum kipc_object_kind kind)
{
	struct objects_model *model = test->priv;
	u32 i, id = 0;

	model->going[index] = 0;
	KUNIT_ASSERT_EQ(test, kipc_object_add(model->net, kind, &model->going[index], &id), 0);
	KUNIT_ASSERT_TRUE(test, id >= 1 && id <= INT_MAX);
	for (i = 0; i < OBJECTS; i++)
		KUNIT_ASSERT_NE(test, model->id[i], id);
	model->id[index] = id;
	model->kind[index] = kind;
	model->count[kind]++;
}

static void objects_model_remove(struct kunit *test, u32 index)
{
	struct objects_model *model = test->priv;

	kipc_object_remove(model->net, model->kind[index], model->id[index], NULL);
	model->count[model->kind[index]]--;
	model->id[index] = 0;
}

/* A listing of a kind has those that are not going, in order, each once. */
static void objects_check(struct kunit *test, enum kipc_object_kind kind)
{
	struct objects_model *model = test->priv;
	u32 last = 0, left = 0, i;
	unsigned long *object;

	for (i = 0; i < OBJECTS; i++)
		left += model->id[i] && model->kind[i] == kind && !model->going[i];
	while ((object = kipc_object_next(model->net, kind, last, objects_get))) {
		i = object - model->going;
		KUNIT_ASSERT_LT(test, last, model->id[i]);
		KUNIT_ASSERT_EQ(test, model->kind[i], kind);
		KUNIT_ASSERT_EQ(test, model->going[i], 0);
		last = model->id[i];
		left--;
	}
	KUNIT_ASSERT_EQ(test, left, 0);
	KUNIT_ASSERT_EQ(test, kipc_object_count(model->net, kind), model->count[kind]);
}

static void objects_check_find(struct kunit *test, u32 id)
{
	struct objects_model *model = test->priv;
	enum kipc_object_kind kind;
	u32 i;

	for (kind = 0; kind < KIPC_OBJECT_KINDS; kind++) {
		void *want = NULL;

		for (i = 0; i < OBJECTS; i++)
			if (id && model->id[i] == id && model->kind[i] == kind &&
			    !model->going[i])
				want = &model->going[i];
		KUNIT_ASSERT_PTR_EQ(test, kipc_object_find(model->net, kind, id, objects_get),
				    want);
	}
}

static void objects_random_from(struct kunit *test, u32 last)
{
	struct objects_model *model = test->priv;
	struct rnd_state random;
	u32 step, i;

	kipc_objects(model->net)->last = last;
	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		i = kipc_test_below(&random, OBJECTS);
		if (!model->id[i])
			objects_model_add(test, i, kipc_test_below(&random, KIPC_OBJECT_KINDS));
		else if (kipc_test_below(&random, 4))
			objects_model_remove(test, i);
		else
			model->going[i] = !model->going[i];
		objects_check_find(test, model->id[i]);
		objects_check_find(test, model->id[i] + 1);
		objects_check_find(test, prandom_u32_state(&random));
		if (step % 256 == 0) {
			objects_check(test, KIPC_OBJECT_ENDPOINT);
			objects_check(test, KIPC_OBJECT_QUEUE);
		}
		cond_resched();
	}
	for (i = 0; i < OBJECTS; i++)
		if (model->id[i])
			objects_model_remove(test, i);
	kipc_objects_net_exit(model->net);
}

static void objects_random(struct kunit *test)
{
	objects_random_from(test, 0);
}

static void objects_random_round(struct kunit *test)
{
	objects_random_from(test, INT_MAX - STEPS / 8);
}

/* An id is not given again before all others have been. */
static void objects_stale_id(struct kunit *test)
{
	struct objects_model *model = test->priv;
	u32 i, first;

	objects_model_add(test, 0, KIPC_OBJECT_QUEUE);
	first = model->id[0];
	objects_model_remove(test, 0);
	for (i = 0; i < STEPS; i++) {
		objects_model_add(test, 1, KIPC_OBJECT_QUEUE);
		KUNIT_ASSERT_NE(test, model->id[1], first);
		KUNIT_ASSERT_PTR_EQ(test, kipc_object_find(model->net, KIPC_OBJECT_QUEUE, first,
							   objects_get), NULL);
		objects_model_remove(test, 1);
	}
}

static void objects_totals(struct kunit *test)
{
	struct objects_model *model = test->priv;
	struct kipc_totals done = { 1, U32_MAX, 3, BIT_ULL(40) }, totals;
	u32 id, i;
	int err;

	KUNIT_EXPECT_EQ(test, kipc_object_totals(model->net, &totals), 0);
	for (i = 1; i <= 3; i++) {
		err = kipc_object_add(model->net, KIPC_OBJECT_QUEUE, model, &id);
		KUNIT_ASSERT_EQ(test, err, 0);
		kipc_object_remove(model->net, KIPC_OBJECT_QUEUE, id, i == 2 ? NULL : &done);
	}
	KUNIT_EXPECT_EQ(test, kipc_object_totals(model->net, &totals), 2);
	KUNIT_EXPECT_EQ(test, totals.messages, 2);
	KUNIT_EXPECT_EQ(test, totals.bytes, 2ULL * U32_MAX);
	KUNIT_EXPECT_EQ(test, totals.sent, 6);
	KUNIT_EXPECT_EQ(test, totals.received, BIT_ULL(41));
	kipc_objects_count_failure(model->net);
	KUNIT_EXPECT_EQ(test, kipc_objects_failures(model->net), 1);
}

static struct kunit_case objects_cases[] = {
	KUNIT_CASE(objects_stale_id),
	KUNIT_CASE(objects_totals),
	KUNIT_CASE(objects_random),
	KUNIT_CASE(objects_random_round),
	{ }
};

static struct kunit_suite objects_suite = {
	.name = "kipc_objects",
	.init = objects_init,
	.exit = objects_exit,
	.test_cases = objects_cases,
};

kunit_test_suite(objects_suite);
