// SPDX-License-Identifier: GPL-2.0
/*
 * Quota: charges and limits of users in namespaces in namespaces, compared with sums.  And user:
 * which accounts there are, as long as they should be there and no longer.
 *
 * The namespaces are made up: three user namespaces, each in the one before, and two network
 * namespaces of the second one, which set limits.
 */
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/types.h>

#include "tests.h"

#define kipc_event_limit_hit	quota_test_limit_hit

/* Instead of tracepoints, which are kipc.ko's. */
#define KIPC_TRACE_H
static inline void trace_kipc_limit(u32 uid, u32 what, u64 wanted)
{
}

#include "../user.c"
#include "../quota.c"

#define DEPTH		3
#define NETS		2
#define USERS		4
#define STEPS		20000
#define THREADS		3

/**
 * struct quota_world - the namespaces, and what is told
 * @ns:		user namespaces, the machine's first
 * @net:	network namespaces of @ns[1]
 * @defaults:	what the module's parameters were
 */
struct quota_world {
	struct user_namespace	*ns[DEPTH];
	struct net		*net[NETS];
	unsigned long		defaults[KIPC_QUOTA_COUNT];
};

/* What was told, and how often that had been refused, of all users. */
static atomic_t quota_told, quota_refusals;

void quota_test_limit_hit(struct kipc_user *user, enum kipc_quota what, u32 times)
{
	atomic_inc(&quota_told);
	atomic_add(times, &quota_refusals);
}

static struct net *quota_net_create(struct kunit *test, struct user_namespace *ns)
{
	struct net *net = kipc_test_alloc(test, sizeof(*net));
	struct net_generic *gen = kipc_test_alloc(test, sizeof(*gen) + 16 * sizeof(void *));

	kipc_users_id = 15;
	gen->ptr[kipc_users_id] = kipc_test_alloc(test, sizeof(struct kipc_bounds_set));
	RCU_INIT_POINTER(net->gen, gen);
	net->user_ns = ns;
	kipc_users_net_init(net);
	return net;
}

static int quota_init(struct kunit *test)
{
	struct quota_world *world = kipc_test_alloc(test, sizeof(*world));
	int i;

	test->priv = world;
	for (i = 0; i < DEPTH; i++) {
		world->ns[i] = kipc_test_alloc(test, sizeof(*world->ns[i]));
		refcount_set(&world->ns[i]->ns.count, 1);
		world->ns[i]->parent = i ? world->ns[i - 1] : NULL;
	}
	for (i = 0; i < NETS; i++)
		world->net[i] = quota_net_create(test, world->ns[1]);
	memcpy(world->defaults, kipc_defaults, sizeof(kipc_defaults));
	atomic_set(&quota_told, 0);
	atomic_set(&quota_refusals, 0);
	return 0;
}

/* Nobody has anything any more: all accounts are closed, and no namespace is kept. */
static void quota_exit(struct kunit *test)
{
	struct quota_world *world = test->priv;
	int i;

	kipc_quota_exit();
	if (!world)
		return;
	for (i = 0; i < NETS; i++)
		if (world->net[i])
			kipc_users_net_exit(world->net[i]);
	memcpy(kipc_defaults, world->defaults, sizeof(kipc_defaults));
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&kipc_users));
	/* What a case that failed has left is in memory that goes now. */
	kipc_users = RB_ROOT;
	for (i = 0; i < DEPTH; i++)
		KUNIT_EXPECT_EQ(test, refcount_read(&world->ns[i]->ns.count), 1);
}

static struct kipc_user *quota_open(struct kunit *test, int depth, u32 uid)
{
	struct quota_world *world = test->priv;
	struct kipc_user *user = kipc_user_open(world->ns[depth], KUIDT_INIT(uid));

	KUNIT_ASSERT_NOT_NULL(test, user);
	return user;
}

/* A limit in the middle namespace. */
static void quota_bound(struct kunit *test, u32 uid, enum kipc_quota what, u64 limit)
{
	struct quota_world *world = test->priv;
	u64 limits[KIPC_QUOTA_COUNT];
	int err;

	limits[what] = limit;
	err = kipc_user_bound(world->net[0], KUIDT_INIT(uid), BIT(what), limits);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static u64 quota_taken(const struct kipc_user *user, enum kipc_quota what)
{
	return atomic64_read(&user->charge[what].taken);
}

/* An account that has @taken of at most @limit is charged @amount. */
static void quota_edge(struct kunit *test, struct kipc_user *user, u64 taken, u64 amount, u64 limit)
{
	const enum kipc_quota what = KIPC_QUOTA_QUEUE_BYTES;
	bool fits = amount <= limit && taken <= limit - amount;

	atomic64_set(&user->charge[what].taken, taken);
	user->charge[what].limit = limit;
	KUNIT_EXPECT_EQ_MSG(test, kipc_account_charge(user, what, amount), fits ? 0 : -EDQUOT,
			    "%llx + %llx of %llx", taken, amount, limit);
	KUNIT_EXPECT_EQ(test, quota_taken(user, what), taken + (fits ? amount : 0));
}

/* Every sum of two numbers near the ends of what there is, against every limit there. */
static void quota_edges(struct kunit *test)
{
	static const u64 edges[] = {
		0, 1, 2, S32_MAX, U32_MAX, BIT_ULL(32), S64_MAX - 1, S64_MAX, BIT_ULL(63),
		BIT_ULL(63) + 1, U64_MAX - 2, U64_MAX - 1, U64_MAX,
	};
	const enum kipc_quota what = KIPC_QUOTA_QUEUE_BYTES;
	struct kipc_user *user = quota_open(test, 0, 1);
	struct kipc_charge *charge = &user->charge[what];
	size_t taken, amount, limit;

	/* Where it is not the machine's, KIPC_NO_LIMIT is really none. */
	user->parent = user;
	for (taken = 0; taken < ARRAY_SIZE(edges); taken++)
		for (amount = 0; amount < ARRAY_SIZE(edges); amount++)
			for (limit = 0; limit < ARRAY_SIZE(edges); limit++)
				quota_edge(test, user, edges[taken], edges[amount], edges[limit]);
	user->parent = NULL;
	atomic64_set(&charge->taken, 0);
	charge->limit = KIPC_NO_LIMIT;
	kipc_user_put(user);
}

/* An account refuses: those inside it have been charged, and get it back. */
static void quota_refusal_leaves_nothing(struct kunit *test)
{
	const enum kipc_quota what = KIPC_QUOTA_QUEUE_BYTES;
	struct kipc_user *user = quota_open(test, 2, 7), *at;
	int full;

	for (full = 0; full < DEPTH; full++) {
		struct kipc_user *bounded = full == 0 ? user : full == 1 ? user->parent :
					    user->parent->parent;
		u64 before[DEPTH], refused[DEPTH];
		int i = 0;

		kipc_quota_set_default(what, 1000);
		WRITE_ONCE(bounded->charge[what].limit, 100);
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 60), 0);
		for (at = user; at; at = at->parent, i++) {
			before[i] = quota_taken(at, what);
			refused[i] = atomic64_read(&at->charge[what].refused);
		}
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 41), -EDQUOT);
		for (at = user, i = 0; at; at = at->parent, i++) {
			KUNIT_EXPECT_EQ(test, quota_taken(at, what), before[i]);
			KUNIT_EXPECT_EQ(test, atomic64_read(&at->charge[what].refused),
					refused[i] + (i <= full));
		}
		KUNIT_EXPECT_EQ(test, user->charge[what].wanted, 101);
		KUNIT_EXPECT_EQ(test, user->charge[what].allowed, 100);
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 40), 0);
		kipc_user_uncharge(user, what, 100);
		WRITE_ONCE(bounded->charge[what].limit, KIPC_NO_LIMIT);
	}
	kipc_user_put(user);
	kipc_quota_exit();
	KUNIT_EXPECT_EQ(test, atomic_read(&quota_refusals), 1 + 2 + 3);
}

/* A limit below what has been taken lets that be, and refuses more until enough is back. */
static void quota_limit_lowered(struct kunit *test)
{
	const enum kipc_quota what = KIPC_QUOTA_POOL_MSGS;
	struct kipc_user *user = quota_open(test, 1, 7);

	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 50), 0);
	quota_bound(test, 7, what, 20);
	KUNIT_EXPECT_EQ(test, quota_taken(user, what), 50);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), -EDQUOT);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, U64_MAX), -EDQUOT);
	kipc_user_overcharge(user, what, 5);
	KUNIT_EXPECT_EQ(test, quota_taken(user, what), 55);
	kipc_user_uncharge(user, what, 35);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), -EDQUOT);
	kipc_user_uncharge(user, what, 1);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), 0);
	quota_bound(test, 7, what, 0);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), -EDQUOT);
	quota_bound(test, 7, what, KIPC_NO_LIMIT);
	KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), 0);
	KUNIT_EXPECT_EQ(test, quota_taken(user->parent, what), 21);
	kipc_user_uncharge(user, what, 21);
	kipc_user_put(user);
}

static void quota_defaults(struct kunit *test)
{
	struct kipc_user *user = quota_open(test, 1, 7);
	int what;
	bool own;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		kipc_quota_set_default(what, 10);
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 10), 0);
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1), -EDQUOT);
		KUNIT_EXPECT_EQ(test, kipc_quota_limit(user, what, &own), 10);
		KUNIT_EXPECT_FALSE(test, own);
		kipc_user_uncharge(user, what, 10);
		kipc_quota_set_default(what, 0);
		KUNIT_EXPECT_EQ(test, kipc_user_charge(user, what, 1),
				what == KIPC_QUOTA_POOL_BYTES ? 0 : -EDQUOT);
	}
	kipc_user_uncharge(user, KIPC_QUOTA_POOL_BYTES, 1);
	KUNIT_EXPECT_EQ(test, kipc_quota_default(KIPC_QUOTA_POOL_BYTES),
			(u64)totalram_pages() * PAGE_SIZE / 4);
	kipc_user_put(user);
}

/* The lowest limit holds; where two say the same, the inner one's word. */
static void quota_lowest_limit(struct kunit *test)
{
	static const u64 limits[] = { 0, 1, 5, 10, 11, U64_MAX - 1, KIPC_NO_LIMIT };
	const enum kipc_quota what = KIPC_QUOTA_FDS;
	struct kipc_user *user = quota_open(test, 2, 7), *at;
	u32 i, combinations = ARRAY_SIZE(limits) * ARRAY_SIZE(limits) * ARRAY_SIZE(limits);
	bool own;

	kipc_quota_set_default(what, 10);
	for (i = 0; i < combinations; i++) {
		u64 lowest = KIPC_NO_LIMIT;
		bool said = false;
		u32 digits = i;

		for (at = user; at; at = at->parent, digits /= ARRAY_SIZE(limits)) {
			u64 limit = limits[digits % ARRAY_SIZE(limits)];

			at->charge[what].limit = limit;
			if (limit < lowest)
				said = true;
			else if (!at->parent && limit == KIPC_NO_LIMIT && lowest > 10)
				said = false;
			if (!at->parent && limit == KIPC_NO_LIMIT)
				limit = 10;
			lowest = min(lowest, limit);
		}
		KUNIT_ASSERT_EQ(test, kipc_quota_limit(user, what, &own), lowest);
		KUNIT_ASSERT_EQ(test, own, said);
	}
	for (at = user; at; at = at->parent)
		at->charge[what].limit = KIPC_NO_LIMIT;
	kipc_user_put(user);
}

/* One random charge, refund or limit, which every account of the user must agree to. */
static void quota_random_step(struct kunit *test, struct rnd_state *random,
			      struct kipc_user **users, u64 (*taken)[DEPTH], u64 (*limits)[DEPTH])
{
	const enum kipc_quota what = KIPC_QUOTA_QUEUE_BYTES;
	u32 i = kipc_test_below(random, USERS * DEPTH), depth = i % DEPTH, at;
	u64 amount = kipc_test_below(random, 40);
	struct kipc_user *user = users[i];
	bool fits = true;
	u64 *sums = taken[i / DEPTH];

	switch (kipc_test_below(random, 8)) {
	case 0:
		limits[i / DEPTH][depth] = kipc_test_below(random, 4) ?
					   kipc_test_below(random, 300) : KIPC_NO_LIMIT;
		WRITE_ONCE(user->charge[what].limit, limits[i / DEPTH][depth]);
		return;
	case 1 ... 3:
		/* Of what this account has, what is its own. */
		amount = min(amount, sums[depth] - (depth + 1 < DEPTH ? sums[depth + 1] : 0));
		kipc_user_uncharge(user, what, amount);
		amount = -amount;
		break;
	case 4:
		kipc_user_overcharge(user, what, amount);
		break;
	default:
		for (at = 0; at <= depth; at++) {
			u64 limit = limits[i / DEPTH][at];

			if (!at && limit == KIPC_NO_LIMIT)
				limit = kipc_defaults[what];
			fits &= sums[at] + amount <= limit;
		}
		KUNIT_ASSERT_EQ(test, kipc_user_charge(user, what, amount), fits ? 0 : -EDQUOT);
	}
	for (at = 0; fits && at <= depth; at++)
		sums[at] += amount;
}

static void quota_random(struct kunit *test)
{
	const enum kipc_quota what = KIPC_QUOTA_QUEUE_BYTES;
	u64 taken[USERS][DEPTH] = { }, limits[USERS][DEPTH];
	struct kipc_user *users[USERS * DEPTH];
	struct rnd_state random;
	u32 i, step;

	kipc_quota_set_default(what, 200);
	memset(limits, 0xff, sizeof(limits));
	for (i = 0; i < USERS * DEPTH; i++)
		users[i] = quota_open(test, i % DEPTH, i / DEPTH);
	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		quota_random_step(test, &random, users, taken, limits);
		for (i = 0; i < USERS * DEPTH; i++)
			KUNIT_ASSERT_EQ(test, quota_taken(users[i], what),
					taken[i / DEPTH][i % DEPTH]);
		cond_resched();
	}
	for (i = 0; i < USERS * DEPTH; i++) {
		WRITE_ONCE(users[i]->charge[what].limit, KIPC_NO_LIMIT);
		atomic64_set(&users[i]->charge[what].taken, 0);
	}
	for (i = 0; i < USERS * DEPTH; i++)
		kipc_user_put(users[i]);
}

/**
 * struct quota_race - threads that charge one account
 * @user:	the account
 * @limit:	its limit
 * @above:	how often more than that was seen
 * @got:	what was charged and not given back
 */
struct quota_race {
	struct kipc_user	*user;
	u64			limit;
	atomic_t		above;
	atomic64_t		got;
};

static int quota_race_run(void *data)
{
	struct quota_race *race = data;
	u64 mine = 0;
	int i;

	for (i = 0; i < STEPS; i++) {
		if (!kipc_user_charge(race->user, KIPC_QUOTA_FDS, 1 + i % 3))
			mine += 1 + i % 3;
		if (quota_taken(race->user, KIPC_QUOTA_FDS) > race->limit)
			atomic_inc(&race->above);
		if (mine > race->limit / 4) {
			kipc_user_uncharge(race->user, KIPC_QUOTA_FDS, mine / 2);
			mine -= mine / 2;
		}
		cond_resched();
	}
	atomic64_add(mine, &race->got);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* However many charge at once, the limit is never passed for a moment, and no sum is lost. */
static void quota_race(struct kunit *test)
{
	struct quota_race race = { .user = quota_open(test, 0, 7), .limit = 20 };
	struct task_struct *threads[THREADS];
	u64 got;
	int i;

	kipc_quota_set_default(KIPC_QUOTA_FDS, race.limit);
	for (i = 0; i < THREADS; i++)
		threads[i] = kthread_run(quota_race_run, &race, "kipc_race/%d", i);
	for (i = 0; i < THREADS; i++)
		if (!IS_ERR(threads[i]))
			kthread_stop(threads[i]);
	for (i = 0; i < THREADS; i++)
		KUNIT_EXPECT_FALSE(test, IS_ERR(threads[i]));
	got = atomic64_read(&race.got);
	KUNIT_EXPECT_EQ(test, atomic_read(&race.above), 0);
	KUNIT_EXPECT_EQ(test, quota_taken(race.user, KIPC_QUOTA_FDS), got);
	kipc_user_uncharge(race.user, KIPC_QUOTA_FDS, got);
	kipc_user_put(race.user);
}

/* One account of a user in a namespace, as long as somebody has it, and its outer ones. */
static void user_open_and_put(struct kunit *test)
{
	struct quota_world *world = test->priv;
	struct kipc_user *outer = quota_open(test, 0, 7), *inner = quota_open(test, 2, 7), *again;

	KUNIT_EXPECT_PTR_EQ(test, inner->parent->parent, outer);
	KUNIT_EXPECT_PTR_EQ(test, outer->parent, NULL);
	again = quota_open(test, 2, 7);
	KUNIT_EXPECT_PTR_EQ(test, again, inner);
	kipc_user_put(again);
	again = kipc_user_find(world->ns[1], KUIDT_INIT(7));
	KUNIT_EXPECT_PTR_EQ(test, again, inner->parent);
	kipc_user_put(again);
	KUNIT_EXPECT_PTR_EQ(test, kipc_user_find(world->ns[2], KUIDT_INIT(8)), NULL);
	kipc_user_put(outer);
	again = kipc_user_find(world->ns[0], KUIDT_INIT(7));
	KUNIT_EXPECT_PTR_EQ(test, again, outer);
	kipc_user_put(again);
	kipc_user_put(inner);
	KUNIT_EXPECT_PTR_EQ(test, kipc_user_find(world->ns[0], KUIDT_INIT(7)), NULL);
}

/* A listing finds each user of its namespace once, in their order, and no other. */
static void user_next(struct kunit *test)
{
	static const u32 uids[] = { 0, 1, 2, 1000, 65534, U32_MAX - 1 };
	struct kipc_user *users[DEPTH][ARRAY_SIZE(uids)], *user;
	struct quota_world *world = test->priv;
	int depth, i;
	kuid_t last;

	/* The machine's are there with the inner ones: of every second user only that. */
	for (i = 0; i < ARRAY_SIZE(uids); i++)
		for (depth = 0; depth < DEPTH; depth++)
			users[depth][i] = quota_open(test, i % 2 ? 0 : depth, uids[i]);
	for (depth = 0; depth < DEPTH; depth++) {
		last = INVALID_UID;
		for (i = 0; i < ARRAY_SIZE(uids); i += depth ? 2 : 1) {
			user = kipc_user_next(world->ns[depth], last);
			KUNIT_ASSERT_NOT_NULL(test, user);
			KUNIT_EXPECT_PTR_EQ(test, user->ns, world->ns[depth]);
			KUNIT_EXPECT_EQ(test, __kuid_val(user->uid), uids[i]);
			last = user->uid;
			kipc_user_put(user);
		}
		KUNIT_EXPECT_PTR_EQ(test, kipc_user_next(world->ns[depth], last), NULL);
	}
	for (i = 0; i < ARRAY_SIZE(uids); i++)
		for (depth = 0; depth < DEPTH; depth++)
			kipc_user_put(users[depth][i]);
}

/* How many limits a namespace has set, which it has counted. */
static u32 quota_bounds(struct net *net)
{
	struct kipc_bounds_set *set = kipc_bounds_set(net);

	return list_count_nodes(&set->list) == set->count ? set->count : U32_MAX;
}

/* Limits keep an account, belong to who set them last, and go with that. */
static void user_bounds(struct kunit *test)
{
	struct quota_world *world = test->priv;
	u64 limits[KIPC_QUOTA_COUNT] = { 1, 2, 3, 4, 5, 6, 7 };
	struct kipc_user *user;
	kuid_t uid = KUIDT_INIT(7);

	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], uid, 0x7f, limits), 0);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[1], uid, 0x03, limits), 0);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[1], uid, 0x03, limits), 0);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), 5);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[1]), 2);
	user = kipc_user_find(world->ns[1], uid);
	KUNIT_ASSERT_NOT_NULL(test, user);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1 + 7);
	KUNIT_EXPECT_EQ(test, kipc_quota_limit(user, 6, NULL), 7);

	kipc_users_net_exit(world->net[0]);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), 0);
	KUNIT_EXPECT_EQ(test, user->charge[6].limit, KIPC_NO_LIMIT);
	KUNIT_EXPECT_EQ(test, user->charge[0].limit, 1);
	limits[0] = KIPC_NO_LIMIT;
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], uid, 0x01, limits), 0);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], uid, 0x01, limits), 0);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), 0);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[1]), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1 + 1);
	kipc_user_put(user);
	kipc_users_net_exit(world->net[1]);
	KUNIT_EXPECT_PTR_EQ(test, kipc_user_find(world->ns[1], uid), NULL);
}

/* A namespace may set so many limits; then it can only take some away. */
static void user_bounds_run_out(struct kunit *test)
{
	struct quota_world *world = test->priv;
	u64 limits[KIPC_QUOTA_COUNT] = { };
	u32 uid, last;

	for (uid = 0; uid < KIPC_BOUNDS_MAX; uid++) {
		if (kipc_user_bound(world->net[0], KUIDT_INIT(uid), 0x7f, limits))
			break;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, uid, KIPC_BOUNDS_MAX / KIPC_QUOTA_COUNT);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), uid * KIPC_QUOTA_COUNT);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], KUIDT_INIT(uid), 1, limits), -ENOSPC);
	KUNIT_EXPECT_PTR_EQ(test, kipc_user_find(world->ns[1], KUIDT_INIT(uid)), NULL);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[1], KUIDT_INIT(uid), 1, limits), 0);
	last = uid - 1;
	limits[3] = KIPC_NO_LIMIT;
	/* All of a request or nothing */
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], KUIDT_INIT(last), 9, limits), -ENOSPC);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), uid * KIPC_QUOTA_COUNT);
	KUNIT_EXPECT_EQ(test, kipc_user_bound(world->net[0], KUIDT_INIT(last), 8, limits), 0);
	KUNIT_EXPECT_EQ(test, quota_bounds(world->net[0]), uid * KIPC_QUOTA_COUNT - 1);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(quota_edges),
	KUNIT_CASE(quota_refusal_leaves_nothing),
	KUNIT_CASE(quota_limit_lowered),
	KUNIT_CASE(quota_defaults),
	KUNIT_CASE(quota_lowest_limit),
	KUNIT_CASE(quota_random),
	KUNIT_CASE(quota_race),
	{ }
};

static struct kunit_case user_cases[] = {
	KUNIT_CASE(user_open_and_put),
	KUNIT_CASE(user_next),
	KUNIT_CASE(user_bounds),
	KUNIT_CASE(user_bounds_run_out),
	{ }
};

static struct kunit_suite quota_suite = {
	.name = "kipc_quota",
	.init = quota_init,
	.exit = quota_exit,
	.test_cases = quota_cases,
};

static struct kunit_suite user_suite = {
	.name = "kipc_user",
	.init = quota_init,
	.exit = quota_exit,
	.test_cases = user_cases,
};

kunit_test_suites(&quota_suite, &user_suite);
