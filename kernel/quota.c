// SPDX-License-Identifier: GPL-2.0
/* Quota: see quota.h for what it is. */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/workqueue.h>

#include "event.h"
#include "quota.h"
#include "trace.h"

static unsigned long kipc_defaults[KIPC_QUOTA_COUNT] = {
	[KIPC_QUOTA_ENDPOINTS]	 = 65536,
	[KIPC_QUOTA_NAMES]	 = 65536,
	[KIPC_QUOTA_POOL_BYTES]	 = 0,
	[KIPC_QUOTA_POOL_MSGS]	 = BIT(20),
	[KIPC_QUOTA_QUEUE_BYTES] = 256UL << 20,
	[KIPC_QUOTA_QUEUE_MSGS]	 = BIT(20),
	[KIPC_QUOTA_FDS]	 = 16384,
};

module_param_named(max_endpoints, kipc_defaults[KIPC_QUOTA_ENDPOINTS], ulong, 0644);
MODULE_PARM_DESC(max_endpoints, "open endpoints a user may have");
module_param_named(max_names, kipc_defaults[KIPC_QUOTA_NAMES], ulong, 0644);
MODULE_PARM_DESC(max_names, "channels and queues a user may have");
module_param_named(max_pool_bytes, kipc_defaults[KIPC_QUOTA_POOL_BYTES], ulong, 0644);
MODULE_PARM_DESC(max_pool_bytes, "memory behind a user's pools (0: a quarter of RAM)");
module_param_named(max_pool_msgs, kipc_defaults[KIPC_QUOTA_POOL_MSGS], ulong, 0644);
MODULE_PARM_DESC(max_pool_msgs, "messages that a user's pools may hold");
module_param_named(max_queue_bytes, kipc_defaults[KIPC_QUOTA_QUEUE_BYTES], ulong, 0644);
MODULE_PARM_DESC(max_queue_bytes, "payload a user may have waiting in queues");
module_param_named(max_queue_msgs, kipc_defaults[KIPC_QUOTA_QUEUE_MSGS], ulong, 0644);
MODULE_PARM_DESC(max_queue_msgs, "messages a user may have waiting in queues");
module_param_named(max_fds, kipc_defaults[KIPC_QUOTA_FDS], ulong, 0644);
MODULE_PARM_DESC(max_fds, "descriptors a user may have on their way in messages");

/* For how long refusals are gathered before they are told of. */
#define KIPC_REFUSED_DELAY	(HZ / 10)

static LLIST_HEAD(kipc_refused);
static void kipc_refused_tell(struct work_struct *work);
static DECLARE_DELAYED_WORK(kipc_refused_work, kipc_refused_tell);

/**
 * kipc_quota_default() - what a user may have who has no limit of its own
 * @what:	of what
 */
u64 kipc_quota_default(enum kipc_quota what)
{
	u64 limit = READ_ONCE(kipc_defaults[what]);

	if (unlikely(!limit) && what == KIPC_QUOTA_POOL_BYTES)
		return (u64)totalram_pages() * PAGE_SIZE / 4;
	return limit;
}

/**
 * kipc_quota_set_default() - say what a user may have who has no limit of its own
 * @what:	of what
 * @limit:	how much, at most ULONG_MAX; 0 of POOL_BYTES is a quarter of the machine's memory
 */
void kipc_quota_set_default(enum kipc_quota what, u64 limit)
{
	WRITE_ONCE(kipc_defaults[what], limit);
}

/*
 * What one account says, the others apart: @said of this user, where that is anything.  Else
 * an inner account has as much as the outer ones let it have.
 */
static u64 kipc_account_limit(const struct kipc_user *user, enum kipc_quota what, bool *said)
{
	u64 limit = READ_ONCE(user->charge[what].limit);

	*said = limit != KIPC_NO_LIMIT;
	if (likely(!*said) && likely(!user->parent))
		limit = kipc_quota_default(what);
	return limit;
}

/**
 * kipc_quota_limit() - what a user may have
 * @user:	the account
 * @what:	of what
 * @own:	written: whether that is said of this user; or NULL
 */
u64 kipc_quota_limit(const struct kipc_user *user, enum kipc_quota what, bool *own)
{
	u64 lowest = KIPC_NO_LIMIT;
	bool said;

	for (; user; user = user->parent) {
		u64 limit = kipc_account_limit(user, what, &said);

		if (limit >= lowest)
			continue;
		lowest = limit;
		if (own)
			*own = said;
	}
	return lowest;
}

/* An account would have had more than it may: note that, for the work to tell. */
static void kipc_user_refuse(struct kipc_user *user, enum kipc_quota what, u64 wanted)
{
	struct kipc_charge *charge = &user->charge[what];

	WRITE_ONCE(charge->wanted, wanted);
	WRITE_ONCE(charge->allowed, kipc_quota_limit(user, what, NULL));
	WRITE_ONCE(charge->refused_at, ktime_get_real_ns());
	atomic64_inc(&charge->refused);
	if (atomic_xchg(&user->pending, 1))
		return;
	llist_add(&kipc_user_get(user)->refused, &kipc_refused);
	schedule_delayed_work(&kipc_refused_work, KIPC_REFUSED_DELAY);
}

static void kipc_user_tell_refused(struct kipc_user *user)
{
	int what;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		struct kipc_charge *charge = &user->charge[what];
		u64 refused = atomic64_read(&charge->refused);

		if (refused != charge->told)
			kipc_event_limit_hit(user, what, refused - charge->told);
		charge->told = refused;
	}
}

static void kipc_refused_tell(struct work_struct *work)
{
	struct kipc_user *user, *next;

	llist_for_each_entry_safe(user, next, llist_del_all(&kipc_refused), refused) {
		/* What is refused from here on brings it into the list again; a full barrier. */
		atomic_xchg(&user->pending, 0);
		kipc_user_tell_refused(user);
		kipc_user_put(user);
	}
}

/* Take something on one account.  Return: 0 or -EDQUOT. */
static int kipc_account_charge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	atomic64_t *counter = &user->charge[what].taken;
	s64 taken = atomic64_read(counter);
	bool said;
	u64 sum;

	/* Never above the limit for a moment: that would refuse a smaller one beside it. */
	do {
		if (unlikely(check_add_overflow((u64)taken, amount, &sum) ||
			     sum > kipc_account_limit(user, what, &said)))
			return -EDQUOT;
	} while (!atomic64_try_cmpxchg(counter, &taken, sum));
	return 0;
}

/*
 * The account @full has no more of this to give.  What the accounts inside it have been
 * charged is given back, and all of them are told: nobody there gets more.  Under any lock.
 */
static int kipc_user_undo_charge(struct kipc_user *user, struct kipc_user *full,
				 enum kipc_quota what, u64 amount)
{
	struct kipc_user *at;

	for (at = user; at != full->parent; at = at->parent) {
		if (at != full)
			atomic64_sub(amount, &at->charge[what].taken);
		kipc_user_refuse(at, what, atomic64_read(&at->charge[what].taken) + amount);
	}
	trace_kipc_limit(__kuid_val(user->uid), what,
			 atomic64_read(&full->charge[what].taken) + amount);
	return -EDQUOT;
}

/**
 * kipc_user_charge() - take something on a user's accounts
 * @user:	the inner one
 * @what:	what is taken
 * @amount:	how much
 *
 * Return: 0 or -EDQUOT, with nothing taken.
 */
int kipc_user_charge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	struct kipc_user *at = user;

	do {
		if (unlikely(kipc_account_charge(at, what, amount)))
			return kipc_user_undo_charge(user, at, what, amount);
		at = at->parent;
	} while (unlikely(at));
	return 0;
}

/**
 * kipc_user_overcharge() - take something that takes the place of something else
 * @user:	the inner account
 * @what:	what is taken
 * @amount:	how much
 *
 * Whatever the limit says: the caller uncharges as much in a moment.
 */
void kipc_user_overcharge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	do {
		atomic64_add(amount, &user->charge[what].taken);
		user = user->parent;
	} while (unlikely(user));
}

/**
 * kipc_user_uncharge() - give back what kipc_user_charge() took
 * @user:	the inner account
 * @what:	what was taken
 * @amount:	how much
 */
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	do {
		atomic64_sub(amount, &user->charge[what].taken);
		user = user->parent;
	} while (unlikely(user));
}

/* Nobody uses the module any more: what was refused last goes with its accounts. */
void kipc_quota_exit(void)
{
	flush_delayed_work(&kipc_refused_work);
}
