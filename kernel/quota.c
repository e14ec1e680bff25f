// SPDX-License-Identifier: GPL-2.0
/* Quota: see quota.h for what it is. */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

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

static DEFINE_SPINLOCK(kipc_users_lock);
static struct rb_root kipc_users = RB_ROOT;
static LIST_HEAD(kipc_owning);
static LIST_HEAD(kipc_lending);

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

/**
 * kipc_user_limit() - what a user may have
 * @user:	the account
 * @what:	of what
 * @own:	written: whether that is not the default; or NULL
 */
u64 kipc_user_limit(const struct kipc_user *user, enum kipc_quota what, bool *own)
{
	const struct kipc_charge *charge = &user->charge[what];
	u64 limit = kipc_quota_default(what), mine, lent;

	if (own)
		*own = false;
	if (likely(!READ_ONCE(user->bounded)))
		return limit;
	mine = READ_ONCE(charge->own);
	lent = READ_ONCE(charge->lent);
	if (own)
		*own = mine != KIPC_NO_LIMIT || lent < limit;
	return min(mine != KIPC_NO_LIMIT ? mine : limit, lent);
}

static int kipc_user_cmp(const void *key, const struct rb_node *node)
{
	const struct kipc_user *user = rb_entry(node, struct kipc_user, node);
	uid_t a = __kuid_val(*(const kuid_t *)key), b = __kuid_val(user->uid);

	return a < b ? -1 : a > b;
}

static bool kipc_user_less(struct rb_node *a, const struct rb_node *b)
{
	return kipc_user_cmp(&rb_entry(a, struct kipc_user, node)->uid, b) < 0;
}

/* A user whose last reference is going cannot be found any more: both under the lock. */
static struct kipc_user *kipc_user_find_locked(kuid_t uid)
{
	struct rb_node *node = rb_find(&uid, &kipc_users, kipc_user_cmp);

	lockdep_assert_held(&kipc_users_lock);
	return node ? kipc_user_get(rb_entry(node, struct kipc_user, node)) : NULL;
}

static struct kipc_user *kipc_user_alloc(kuid_t uid)
{
	struct kipc_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	int what;

	if (!user)
		return NULL;
	refcount_set(&user->ref, 1);
	user->uid = uid;
	INIT_LIST_HEAD(&user->owns);
	INIT_LIST_HEAD(&user->lends);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		user->charge[what].own = KIPC_NO_LIMIT;
		user->charge[what].lent = KIPC_NO_LIMIT;
	}
	return user;
}

/**
 * kipc_user_find() - the account of a user, opened if there is none
 * @uid:	the user
 *
 * Return: the account with a reference for the caller, or NULL (no memory).
 */
struct kipc_user *kipc_user_find(kuid_t uid)
{
	struct kipc_user *fresh, *user;

	fresh = kipc_user_alloc(uid);
	if (!fresh)
		return NULL;

	spin_lock(&kipc_users_lock);
	user = kipc_user_find_locked(uid);
	if (!user) {
		rb_add(&fresh->node, &kipc_users, kipc_user_less);
		swap(user, fresh);
	}
	spin_unlock(&kipc_users_lock);

	kfree(fresh);
	return user;
}

/* The account of a user, with a reference, or NULL: there is none. */
struct kipc_user *kipc_user_look_up(kuid_t uid)
{
	struct kipc_user *user;

	spin_lock(&kipc_users_lock);
	user = kipc_user_find_locked(uid);
	spin_unlock(&kipc_users_lock);
	return user;
}

/**
 * kipc_user_next() - the account of the user that follows
 * @uid:	this one, in the order of kernel uids; INVALID_UID for the first
 *
 * Return: the account, with a reference, or NULL: that was the last.
 */
struct kipc_user *kipc_user_next(kuid_t uid)
{
	struct kipc_user *next = NULL;
	struct rb_node *node;

	spin_lock(&kipc_users_lock);
	node = kipc_users.rb_node;
	while (node) {
		struct kipc_user *user = rb_entry(node, struct kipc_user, node);

		if (!uid_valid(uid) || uid_gt(user->uid, uid)) {
			next = user;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (next)
		kipc_user_get(next);
	spin_unlock(&kipc_users_lock);
	return next;
}

struct kipc_user *kipc_user_get(struct kipc_user *user)
{
	refcount_inc(&user->ref);
	return user;
}

/**
 * kipc_user_put() - drop a reference to an account
 * @user:	the account; closed with the last one, when nothing is charged to it
 */
void kipc_user_put(struct kipc_user *user)
{
	int what;
	bool last;

	/* Not the last one: the usual case, without the lock. */
	if (refcount_dec_not_one(&user->ref))
		return;

	spin_lock(&kipc_users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		rb_erase(&user->node, &kipc_users);
	spin_unlock(&kipc_users_lock);
	if (!last)
		return;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		WARN_ON_ONCE(atomic64_read(&user->charge[what].taken));
	kfree(user);
}

/* A user wanted more than it may: note that, for the work to tell.  Under any lock. */
static void kipc_user_refuse(struct kipc_user *user, enum kipc_quota what, u64 wanted)
{
	struct kipc_charge *charge = &user->charge[what];

	trace_kipc_limit(__kuid_val(user->uid), what, wanted);
	WRITE_ONCE(charge->wanted, wanted);
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
			kipc_event_limit_hit(user, what, READ_ONCE(charge->wanted),
					     refused - charge->told);
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

/**
 * kipc_user_charge() - take something on a user's account
 * @user:	the account
 * @what:	what is taken
 * @amount:	how much
 *
 * Return: 0 or -EDQUOT, with nothing taken.
 */
int kipc_user_charge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	atomic64_t *counter = &user->charge[what].taken;
	s64 taken = atomic64_read(counter);

	/* Never above the limit for a moment: that would refuse a smaller one beside it. */
	do {
		if (unlikely(taken + amount > kipc_user_limit(user, what, NULL))) {
			kipc_user_refuse(user, what, taken + amount);
			return -EDQUOT;
		}
	} while (!atomic64_try_cmpxchg(counter, &taken, taken + amount));
	return 0;
}

/**
 * kipc_user_overcharge() - take something that takes the place of something else
 * @user:	the account
 * @what:	what is taken
 * @amount:	how much
 *
 * Whatever the limit says: the caller uncharges as much in a moment.
 */
void kipc_user_overcharge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	atomic64_add(amount, &user->charge[what].taken);
}

/**
 * kipc_user_uncharge() - give back what kipc_user_charge() took
 * @user:	the account
 * @what:	what was taken
 * @amount:	how much
 */
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	atomic64_sub(amount, &user->charge[what].taken);
}

/* Has the account limits of this kind, that it must stay for? */
static bool kipc_user_has_own(const struct kipc_user *user)
{
	int what;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		if (user->charge[what].own != KIPC_NO_LIMIT)
			return true;
	return false;
}

static bool kipc_user_has_lent(const struct kipc_user *user)
{
	int what;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		if (user->charge[what].lent != KIPC_NO_LIMIT)
			return true;
	return false;
}

/*
 * An account goes into, or out of, the list of those with limits of a kind.  The caller has
 * a reference, so one that is dropped here is not the last.
 */
static void kipc_user_enlist(struct kipc_user *user, struct list_head *entry,
			     struct list_head *list, bool wanted)
{
	lockdep_assert_held(&kipc_users_lock);
	if (wanted && list_empty(entry)) {
		list_add(entry, list);
		refcount_inc(&user->ref);
	} else if (!wanted && !list_empty(entry)) {
		list_del_init(entry);
		refcount_dec(&user->ref);
	}
}

static void kipc_user_set_own(struct kipc_user *user, unsigned long set, const u64 *limit)
{
	int what;

	for_each_set_bit(what, &set, KIPC_QUOTA_COUNT)
		WRITE_ONCE(user->charge[what].own, limit[what]);
	kipc_user_enlist(user, &user->owns, &kipc_owning, kipc_user_has_own(user));
}

/*
 * What a container has set may be lowered by one inside it, and is still the outer one's to
 * raise.  Between those of one level the last one counts.
 */
static int kipc_user_set_lent(struct kipc_user *user, struct net *net, unsigned long set,
			      const u64 *limit)
{
	bool theirs = !list_empty(&user->lends) &&
		      user->lender->user_ns->level < net->user_ns->level;
	int what;

	for_each_set_bit(what, &set, KIPC_QUOTA_COUNT)
		if (theirs && limit[what] > user->charge[what].lent)
			return -EPERM;
	for_each_set_bit(what, &set, KIPC_QUOTA_COUNT)
		WRITE_ONCE(user->charge[what].lent, limit[what]);
	kipc_user_enlist(user, &user->lends, &kipc_lending, kipc_user_has_lent(user));
	if (!theirs)
		user->lender = net;
	return 0;
}

/**
 * kipc_user_set_limits() - give a user limits
 * @net:	the network namespace of whoever does; that it may has been asked
 * @uid:	the user, who is one in the user namespace that owns @net
 * @set:	which, bits by enum kipc_quota
 * @limit:	how much, by enum kipc_quota; KIPC_NO_LIMIT: none of its own any more
 *
 * Return: 0; or with none of them set, -EPERM, an outer container has set less; -ENOMEM.
 */
int kipc_user_set_limits(struct net *net, kuid_t uid, unsigned long set, const u64 *limit)
{
	struct kipc_user *user = kipc_user_find(uid);
	int err = 0;

	if (!user)
		return -ENOMEM;
	spin_lock(&kipc_users_lock);
	if (net->user_ns == &init_user_ns)
		kipc_user_set_own(user, set, limit);
	else
		err = kipc_user_set_lent(user, net, set, limit);
	WRITE_ONCE(user->bounded, !list_empty(&user->owns) || !list_empty(&user->lends));
	spin_unlock(&kipc_users_lock);
	kipc_user_put(user);
	return err;
}

/* An account that has limits set through @net, pinned, or NULL. */
static struct kipc_user *kipc_user_first_lent(struct net *net)
{
	struct kipc_user *user;

	lockdep_assert_held(&kipc_users_lock);
	list_for_each_entry(user, &kipc_lending, lends)
		if (user->lender == net)
			return kipc_user_get(user);
	return NULL;
}

/**
 * kipc_quota_forget_net() - a network namespace goes, and the limits set through it
 * @net:	the namespace
 */
void kipc_quota_forget_net(struct net *net)
{
	struct kipc_user *user;
	int what;

	do {
		spin_lock(&kipc_users_lock);
		user = kipc_user_first_lent(net);
		for (what = 0; user && what < KIPC_QUOTA_COUNT; what++)
			WRITE_ONCE(user->charge[what].lent, KIPC_NO_LIMIT);
		if (user) {
			kipc_user_enlist(user, &user->lends, &kipc_lending, false);
			WRITE_ONCE(user->bounded, !list_empty(&user->owns));
		}
		spin_unlock(&kipc_users_lock);
		if (user)
			kipc_user_put(user);
	} while (user);
}

/* Nobody uses the module any more: what is left are accounts that only have limits. */
void kipc_quota_exit(void)
{
	struct kipc_user *user, *next;

	flush_delayed_work(&kipc_refused_work);
	list_for_each_entry_safe(user, next, &kipc_owning, owns) {
		list_del_init(&user->owns);
		kipc_user_put(user);
	}
}
