// SPDX-License-Identifier: GPL-2.0
/* Tests: see tests.h for what they are. */
#include <linux/module.h>
#include <linux/random.h>

#include "tests.h"

static unsigned int seed;
module_param(seed, uint, 0644);
MODULE_PARM_DESC(seed, "what random numbers begin with (0: chosen for each case)");

/* Begin a row of random numbers, and say with what. */
void kipc_test_seed(struct kunit *test, struct rnd_state *random)
{
	u32 first = seed ?: get_random_u32() ?: 1;

	kunit_info(test, "seed=%u", first);
	prandom_seed_state(random, first);
}

MODULE_DESCRIPTION("Unit tests of kipc");
MODULE_LICENSE("GPL");
