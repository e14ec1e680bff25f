// SPDX-License-Identifier: GPL-2.0
/* User: see user.h for what it is. */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "user.h"

static DEFINE_SPINLOCK(kipc_users_lock);
static struct rb_root kipc_users = RB_ROOT;

/* Limits that one network namespace may set: as many as there are users in a usual container. */
#define KIPC_BOUNDS_MAX		65536U

/**
 * struct kipc_bounds_set - the limits that a network namespace has set
 * @list:	of struct kipc_charge
 * @count:	how many
 */
struct kipc_bounds_set {
	struct list_head	list;
	u32			count;
};

static unsigned int kipc_users_id __read_mostly;

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
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		user->charge[what].limit = KIPC_NO_LIMIT;
		user->charge[what].user = user;
		INIT_LIST_HEAD(&user->charge[what].bound);
	}
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
 * kipc_user_open() - the account of a user, opened if there is none
 * @ns:		in which user namespace
 * @uid:	the user
 *
 * Return: the account with a reference for the caller, or NULL (no memory).
 */
struct kipc_user *kipc_user_open(struct user_namespace *ns, kuid_t uid)
{
	struct kipc_user *user = kipc_user_find(ns, uid), *surplus;

	if (user)
		return user;
	user = kipc_users_alloc(ns, uid);
	if (!user)
		return NULL;
	spin_lock(&kipc_users_lock);
	surplus = kipc_users_publish(&user);
	spin_unlock(&kipc_users_lock);
	kipc_users_free(surplus);
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

static struct kipc_bounds_set *kipc_bounds_set(struct net *net)
{
	return net_generic(net, kipc_users_id);
}

/* Nothing is said of this any more.  Return: whether there was, and a reference to drop. */
static bool kipc_charge_unbound(struct kipc_charge *charge, struct kipc_bounds_set *set)
{
	lockdep_assert_held(&kipc_users_lock);
	if (list_empty(&charge->bound))
		return false;
	WRITE_ONCE(charge->limit, KIPC_NO_LIMIT);
	list_del_init(&charge->bound);
	set->count--;
	return true;
}

/*
 * Set a limit, or take it away.  It is this namespace's from then on, whichever had set it.
 * The caller has a reference to the account.
 */
static void kipc_charge_bound(struct kipc_charge *charge, struct net *net, u64 limit)
{
	struct kipc_bounds_set *set = kipc_bounds_set(net);

	if (!list_empty(&charge->bound))
		kipc_bounds_set(charge->bounder)->count--;
	else
		refcount_inc(&charge->user->ref);
	list_move(&charge->bound, &set->list);
	set->count++;
	charge->bounder = net;
	WRITE_ONCE(charge->limit, limit);
	if (limit == KIPC_NO_LIMIT && kipc_charge_unbound(charge, set))
		refcount_dec(&charge->user->ref);
}

/* Does a change set a limit, and not only take some away? */
static bool kipc_bounds_add(unsigned long which, const u64 *limit)
{
	int what;

	for_each_set_bit(what, &which, KIPC_QUOTA_COUNT)
		if (limit[what] != KIPC_NO_LIMIT)
			return true;
	return false;
}

/**
 * kipc_user_bound() - give a user limits, in the user namespace that owns a network namespace
 * @net:	the network namespace of whoever does; that it may has been asked
 * @uid:	the user
 * @which:	bits by enum kipc_quota
 * @limit:	how much, by enum kipc_quota; KIPC_NO_LIMIT: nothing is said any more
 *
 * Return: 0; -ENOMEM; -ENOSPC, this namespace has set too many.
 */
int kipc_user_bound(struct net *net, kuid_t uid, unsigned long which, const u64 *limit)
{
	struct kipc_user *user = kipc_user_open(net->user_ns, uid);
	int what, err = 0;

	if (!user)
		return -ENOMEM;
	spin_lock(&kipc_users_lock);
	if (kipc_bounds_set(net)->count + KIPC_QUOTA_COUNT > KIPC_BOUNDS_MAX &&
	    kipc_bounds_add(which, limit))
		err = -ENOSPC;
	for_each_set_bit(what, &which, KIPC_QUOTA_COUNT)
		if (!err)
			kipc_charge_bound(&user->charge[what], net, limit[what]);
	spin_unlock(&kipc_users_lock);
	kipc_user_put(user);
	return err;
}

/* Take one of the limits away that a network namespace has set.  Return: whether it had one. */
static bool kipc_users_unbound_one(struct kipc_bounds_set *set)
{
	struct kipc_user *user = NULL;
	struct kipc_charge *charge;

	spin_lock(&kipc_users_lock);
	charge = list_first_entry_or_null(&set->list, struct kipc_charge, bound);
	if (charge && kipc_charge_unbound(charge, set))
		user = charge->user;
	spin_unlock(&kipc_users_lock);
	kipc_user_put(user);
	return user;
}

static int __net_init kipc_users_net_init(struct net *net)
{
	INIT_LIST_HEAD(&kipc_bounds_set(net)->list);
	return 0;
}

/* A network namespace goes, and the limits that it has set. */
static void __net_exit kipc_users_net_exit(struct net *net)
{
	while (kipc_users_unbound_one(kipc_bounds_set(net)))
		cond_resched();
}

static struct pernet_operations kipc_users_net_ops = {
	.init = kipc_users_net_init,
	.exit = kipc_users_net_exit,
	.id = &kipc_users_id,
	.size = sizeof(struct kipc_bounds_set),
};

int __init kipc_users_init(void)
{
	return register_pernet_subsys(&kipc_users_net_ops);
}

void kipc_users_exit(void)
{
	unregister_pernet_subsys(&kipc_users_net_ops);
}
