/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quota: what each user has taken, and how much it may take.
 *
 * Everything that a user can make the module keep is charged to that user before
 * it is allocated, and uncharged after it is freed.  Users are told apart by their
 * kernel uid, so a container's users are users of their own.  Counters are atomic
 * and need no lock; the lock of this room guards the tree of users, which is asked at
 * open(), and who has limits of its own.
 *
 * A limit is the lower one of two.  What the machine's administrator says: for that user
 * or, where nothing is said, for everybody (the defaults, which are the module's
 * parameters: /sys/module/kipc/parameters/).  And what the administrator of a container
 * says, who can so only share out what there is: that is *lent*, and goes with the network
 * namespace through which it was set.  All may change while the module is in use: a lower
 * limit lets be what has been taken and refuses more.
 *
 * An account is there as long as something is charged to it, or a limit of its own is set.
 *
 * Whoever is refused something is told of in a moment, by a work (event.h): at most once
 * in a tenth of a second for all that it wanted of one kind meanwhile.
 */
#ifndef KIPC_QUOTA_H
#define KIPC_QUOTA_H

#include <linux/atomic.h>
#include <linux/kipc_netlink.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

struct net;

/* In place of a limit: there is none. */
#define KIPC_NO_LIMIT	U64_MAX

/**
 * struct kipc_charge - one thing that a user is charged for
 * @taken:	what it has
 * @refused:	how often it wanted more than it may
 * @wanted:	what it would have had, the last time
 * @told:	what @refused was when that was last told of; by the work only
 * @own:	the limit that the administrator has set for it, or KIPC_NO_LIMIT: the default
 * @lent:	the limit that a container's has set, or KIPC_NO_LIMIT
 */
struct kipc_charge {
	atomic64_t	taken;
	atomic64_t	refused;
	u64		wanted;
	u64		told;
	u64		own;
	u64		lent;
};

/**
 * struct kipc_user - a user's account
 * @ref:	by endpoints, by queues, by messages in queues; one while it is in a list of
 *		those that have limits, and one while it is in that of those refused
 * @node:	in the tree of users
 * @uid:	who
 * @bounded:	it may have limits that are not the default: look
 * @owns:	in the list of those with limits of their own, or empty
 * @lends:	in the list of those with limits in a container, or empty
 * @lender:	that container's network namespace; valid while in that list
 * @refused:	in the list of those that have been refused something
 * @pending:	it is in that list
 * @charge:	by enum kipc_quota
 */
struct kipc_user {
	refcount_t		ref;
	struct rb_node		node;
	kuid_t			uid;
	bool			bounded;
	struct list_head	owns;
	struct list_head	lends;
	struct net		*lender;
	struct llist_node	refused;
	atomic_t		pending;
	struct kipc_charge	charge[KIPC_QUOTA_COUNT];
};

struct kipc_user *kipc_user_find(kuid_t uid);
struct kipc_user *kipc_user_get(struct kipc_user *user);
void kipc_user_put(struct kipc_user *user);
int kipc_user_charge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_overcharge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount);

u64 kipc_quota_default(enum kipc_quota what);
void kipc_quota_set_default(enum kipc_quota what, u64 limit);
u64 kipc_user_limit(const struct kipc_user *user, enum kipc_quota what, bool *own);
int kipc_user_set_limits(struct net *net, kuid_t uid, unsigned long set, const u64 *limit);
struct kipc_user *kipc_user_look_up(kuid_t uid);
struct kipc_user *kipc_user_next(kuid_t uid);
void kipc_quota_forget_net(struct net *net);
void kipc_quota_exit(void);

#endif /* KIPC_QUOTA_H */
