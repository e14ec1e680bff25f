/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests: what the unit tests of the module share.
 *
 * Each *_test.c tries one pure room of the module in a kernel that has KUnit.  It includes the
 * room's own .c, so that what is static there can be tried and nothing is exported for tests,
 * and has the least of stand-ins for the rooms that this one asks.  A stand-in is named
 * anew, by a macro before the room is included, so that several files can have one for the same
 * function.  Together they are a module of their own, kipc_kunit.ko, that shares no variable
 * with kipc.ko, makes no name that kipc.ko makes, and is never installed.
 *
 * Most cases do random things to a room and the same to a model of it that is too simple to
 * be wrong.  What they draw comes from the seed that the case prints: the module's parameter
 * "seed" makes it draw the same again.
 *
 * Nothing here is freed by hand that KUnit can free: a case that has failed just ends.
 */
#ifndef KIPC_TESTS_H
#define KIPC_TESTS_H

#include <kunit/test.h>
#include <linux/prandom.h>

void kipc_test_seed(struct kunit *test, struct rnd_state *random);

/* A number below @end. */
static inline u32 kipc_test_below(struct rnd_state *random, u32 end)
{
	return ((u64)prandom_u32_state(random) * end) >> 32;
}

/* Zeroed memory until the case ends. */
static inline void *kipc_test_alloc(struct kunit *test, size_t size)
{
	void *memory = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

#endif /* KIPC_TESTS_H */
