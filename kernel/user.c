// SPDX-License-Identifier: GPL-2.0
/* User: see user.h for what it is. */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>

#include "user.h"

static DEFINE_SPINLOCK(kipc_users_lock);
static struct rb_root kipc_users = RB_ROOT;
static LIST_HEAD(kipc_users_bounded);

/* The order of accounts: of one namespace side by side, then by user. */
static int kipc_user_cmp(const struct user_namespace *ns, kuid_t uid,
			 const struct kipc_user *user)
{
	if (ns != user->ns)
		return (uintptr_t)ns < (uintptr_t)user->ns ? -1 : 1;
	if (uid_eq(uid, user->uid))
		return 0;
	return uid_lt(uid, user->uid) ? -1 : 1;
}

/* A user whose last reference is going cannot be found any more: both under the lock. */
static struct kipc_user *kipc_user_find_locked(struct user_namespace *ns, kuid_t uid)
{
	struct rb_node *node = kipc_users.rb_node;

	lockdep_assert_held(&kipc_users_lock);
	while (node) {
		struct kipc_user *user = rb_entry(node, struct kipc_user, node);
		int cmp = kipc_user_cmp(ns, uid, user);

		if (!cmp)
			return kipc_user_get(user);
		node = cmp < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static bool kipc_user_less(struct rb_node *a, const struct rb_node *b)
{
	const struct kipc_user *user = rb_entry(a, struct kipc_user, node);

	return kipc_user_cmp(user->ns, user->uid, rb_entry(b, struct kipc_user, node)) < 0;
}

static struct kipc_user *kipc_user_alloc(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	int what;

	if (!user)
		return NULL;
	refcount_set(&user->ref, 1);
	user->ns = get_user_ns(ns);
	user->uid = uid;
	INIT_LIST_HEAD(&user->bounded);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		user->charge[what].limit = KIPC_NO_LIMIT;
	return user;
}

static void kipc_user_free(struct kipc_user *user)
{
	put_user_ns(user->ns);
	kfree(user);
}

/* Accounts that were made for nothing, from an inner one outwards. */
static void kipc_users_free(struct kipc_user *user)
{
	while (user) {
		struct kipc_user *parent = user->parent;

		kipc_user_free(user);
		user = parent;
	}
}

/* Accounts of a user in a namespace and all around it, that nobody knows of yet. */
static struct kipc_user *kipc_users_alloc(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *inner = NULL, **link = &inner;

	for (; ns; ns = ns->parent) {
		*link = kipc_user_alloc(ns, uid);
		if (!*link) {
			kipc_users_free(inner);
			return NULL;
		}
		link = &(*link)->parent;
	}
	return inner;
}

/*
 * Make accounts known, from the inner one (*@link) outwards, up to one that there is: that
 * takes the place of ours.
 *
 * Return: those of ours that are not needed.
 */
static struct kipc_user *kipc_users_publish(struct kipc_user **link)
{
	struct kipc_user *user, *there;

	while ((user = *link)) {
		there = kipc_user_find_locked(user->ns, user->uid);
		if (there) {
			*link = there;
			return user;
		}
		rb_add(&user->node, &kipc_users, kipc_user_less);
		link = &user->parent;
	}
	return NULL;
}

/**
 * kipc_user_open() - the account of a user, opened if there is none
 * @ns:		in which user namespace
 * @uid:	the user
 *
 * Return: the account with a reference for the caller, or NULL (no memory).
 */
struct kipc_user *kipc_user_open(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *user = kipc_users_alloc(ns, uid), *surplus;

	if (!user)
		return NULL;
	spin_lock(&kipc_users_lock);
	surplus = kipc_users_publish(&user);
	spin_unlock(&kipc_users_lock);
	kipc_users_free(surplus);
	return user;
}

/* The account of a user, with a reference, or NULL: there is none. */
struct kipc_user *kipc_user_find(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *user;

	spin_lock(&kipc_users_lock);
	user = kipc_user_find_locked(ns, uid);
	spin_unlock(&kipc_users_lock);
	return user;
}

/**
 * kipc_user_next() - the account of the user that follows
 * @ns:		in which user namespace
 * @uid:	this one, in the order of kernel uids; INVALID_UID for the first
 *
 * Return: the account, with a reference, or NULL: that was the last.
 */
struct kipc_user *kipc_user_next(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *next = NULL;
	struct rb_node *node;

	spin_lock(&kipc_users_lock);
	node = kipc_users.rb_node;
	while (node) {
		struct kipc_user *user = rb_entry(node, struct kipc_user, node);
		int cmp = kipc_user_cmp(ns, uid_valid(uid) ? uid : GLOBAL_ROOT_UID, user);

		/* Before the first there is none, and the first may be root. */
		if (cmp < 0 || (!cmp && !uid_valid(uid))) {
			next = user;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (next && next->ns != ns)
		next = NULL;
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

/* Drop a reference.  Return: whether it was the last, and nobody finds the account now. */
static bool kipc_user_drop(struct kipc_user *user)
{
	bool last;

	/* Not the last one: the usual case, without the lock. */
	if (refcount_dec_not_one(&user->ref))
		return false;

	spin_lock(&kipc_users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		rb_erase(&user->node, &kipc_users);
	spin_unlock(&kipc_users_lock);
	return last;
}

/**
 * kipc_user_put() - drop a reference to an account
 * @user:	the account; closed with the last one, when nothing is charged to it
 */
void kipc_user_put(struct kipc_user *user)
{
	while (user && kipc_user_drop(user)) {
		struct kipc_user *parent = user->parent;
		int what;

		for (what = 0; what < KIPC_QUOTA_COUNT; what++)
			WARN_ON_ONCE(atomic64_read(&user->charge[what].taken));
		kipc_user_free(user);
		user = parent;
	}
}

static bool kipc_user_has_limits(const struct kipc_user *user)
{
	int what;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		if (user->charge[what].limit != KIPC_NO_LIMIT)
			return true;
	return false;
}

/* The account has limits now, set through @net, or none.  The caller has a reference. */
static void kipc_user_enlist(struct kipc_user *user, struct net *net)
{
	bool limits = kipc_user_has_limits(user), listed = !list_empty(&user->bounded);

	lockdep_assert_held(&kipc_users_lock);
	user->bounder = net;
	if (limits && !listed) {
		list_add(&user->bounded, &kipc_users_bounded);
		refcount_inc(&user->ref);
	} else if (!limits && listed) {
		list_del_init(&user->bounded);
		refcount_dec(&user->ref);
	}
}

/**
 * kipc_user_bound() - give a user limits, in the user namespace that owns a network namespace
 * @net:	the network namespace of whoever does; that it may has been asked
 * @uid:	the user
 * @set:	which, bits by enum kipc_quota
 * @limit:	how much, by enum kipc_quota; KIPC_NO_LIMIT: nothing is said any more
 *
 * Return: 0 or -ENOMEM.
 */
int kipc_user_bound(struct net *net, kuid_t uid, unsigned long set, const u64 *limit)
{
	struct kipc_user *user = kipc_user_open(net->user_ns, uid);
	int what;

	if (!user)
		return -ENOMEM;
	spin_lock(&kipc_users_lock);
	for_each_set_bit(what, &set, KIPC_QUOTA_COUNT)
		WRITE_ONCE(user->charge[what].limit, limit[what]);
	kipc_user_enlist(user, net);
	spin_unlock(&kipc_users_lock);
	kipc_user_put(user);
	return 0;
}

/* An account that has limits set through a network namespace, with a reference, or NULL. */
static struct kipc_user *kipc_user_bounded_by(struct net *net)
{
	struct kipc_user *user;

	lockdep_assert_held(&kipc_users_lock);
	list_for_each_entry(user, &kipc_users_bounded, bounded)
		if (user->bounder == net)
			return kipc_user_get(user);
	return NULL;
}

/**
 * kipc_users_unbound() - a network namespace goes, and the limits set through it
 * @net:	the namespace
 */
void kipc_users_unbound(struct net *net)
{
	struct kipc_user *user;
	int what;

	do {
		spin_lock(&kipc_users_lock);
		user = kipc_user_bounded_by(net);
		for (what = 0; user && what < KIPC_QUOTA_COUNT; what++)
			WRITE_ONCE(user->charge[what].limit, KIPC_NO_LIMIT);
		if (user)
			kipc_user_enlist(user, NULL);
		spin_unlock(&kipc_users_lock);
		kipc_user_put(user);
	} while (user);
}
