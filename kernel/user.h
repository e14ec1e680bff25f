/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User: the account of a user, on which everything is taken that it makes the module keep.
 *
 * A user has an account in every user namespace that it has come through: that which owns
 * the network namespace of the endpoint.  The account of an inner namespace has that of the
 * namespace around it as its @parent, up to the first one, which is the machine's; what is
 * charged is charged to all of them (quota.h), and each may have limits.  So the
 * administrator of a container bounds what is used through it, which nobody in it escapes
 * and nobody outside of it feels, and the machine's bounds the user, wherever it is.
 *
 * An account is there as long as something is charged to it (everything that is holds a
 * reference), it has an inner one, or limits of its own.  Each of those limits goes with the
 * network namespace through which it was set, which may set so many and no more.
 *
 * The lock of this room guards the tree of accounts and who has limits.  It is taken to open
 * an endpoint, to look at accounts and bound them, and where the last reference may be going;
 * never to charge.
 */
#ifndef KIPC_USER_H
#define KIPC_USER_H

#include <linux/atomic.h>
#include <linux/kipc_netlink.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

struct net;
struct user_namespace;

/* In place of a limit: there is none. */
#define KIPC_NO_LIMIT	U64_MAX

/**
 * struct kipc_charge - one thing that is charged
 * @taken:	what the user has
 * @limit:	what it may have, or KIPC_NO_LIMIT: nothing is said
 * @bound:	in the list of the limits that @bounder has set, or empty
 * @refused:	how often it wanted more
 * @wanted:	what it would have had, the last time
 * @told:	what @refused was when that was last told of; by that work only
 * @bounder:	a network namespace; valid while @bound is in its list
 * @user:	whose it is: its account, which has a reference while @bound is in a list
 */
struct kipc_charge {
	atomic64_t	taken;
	u64		limit;
	atomic64_t	refused;
	u64		wanted;
	u64		told;
	struct list_head bound;
	struct net	*bounder;
	struct kipc_user *user;
};

/**
 * struct kipc_user - an account
 * @ref:	by what is charged, inner accounts, each limit of its own, and @refused
 * @node:	in the tree of accounts, by @ns and @uid
 * @ns:		the user namespace that it is an account in, pinned
 * @uid:	the user
 * @parent:	its account in the namespace around @ns, pinned; NULL for the machine's
 * @refused:	in the list of those that have been refused something
 * @pending:	it is in that list
 * @charge:	by enum kipc_quota
 */
struct kipc_user {
	refcount_t		ref;
	struct rb_node		node;
	struct user_namespace	*ns;
	kuid_t			uid;
	struct kipc_user	*parent;
	struct llist_node	refused;
	atomic_t		pending;
	struct kipc_charge	charge[KIPC_QUOTA_COUNT];
};

struct kipc_user *kipc_user_open(struct user_namespace *ns, kuid_t uid);
struct kipc_user *kipc_user_find(struct user_namespace *ns, kuid_t uid);
struct kipc_user *kipc_user_next(struct user_namespace *ns, kuid_t uid);
struct kipc_user *kipc_user_get(struct kipc_user *user);
void kipc_user_put(struct kipc_user *user);

int kipc_user_bound(struct net *net, kuid_t uid, unsigned long which, const u64 *limit);

int kipc_users_init(void);
void kipc_users_exit(void);

#endif /* KIPC_USER_H */
