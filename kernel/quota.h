/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quota: what each user has taken, and how much it may take.
 *
 * Everything that a user can make the module keep is charged to that user before
 * it is allocated, and uncharged after it is freed.  Users are told apart by their
 * kernel uid, so a container's users are users of their own.  Counters are atomic
 * and need no lock; the lock of this room guards only the list of users, which is
 * asked at open().
 *
 * The limits are module parameters, the same for everybody, and may be changed
 * while the module is in use (/sys/module/kipc/parameters/): a lower one lets be
 * what has been taken and refuses more.
 */
#ifndef KIPC_QUOTA_H
#define KIPC_QUOTA_H

#include <linux/atomic.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

/**
 * enum kipc_quota - what is charged
 * @KIPC_QUOTA_ENDPOINTS:	open endpoints
 * @KIPC_QUOTA_NAMES:		named objects: channels and queues
 * @KIPC_QUOTA_POOL_BYTES:	memory behind pools
 * @KIPC_QUOTA_POOL_MSGS:	messages in pools, paid by the pool's owner as well
 * @KIPC_QUOTA_QUEUE_BYTES:	payload in queues, paid by its sender
 * @KIPC_QUOTA_QUEUE_MSGS:	messages in queues, paid by their sender
 * @KIPC_QUOTA_FDS:		descriptors in messages, paid by their sender
 * @KIPC_QUOTA_COUNT:		how many there are
 */
enum kipc_quota {
	KIPC_QUOTA_ENDPOINTS,
	KIPC_QUOTA_NAMES,
	KIPC_QUOTA_POOL_BYTES,
	KIPC_QUOTA_POOL_MSGS,
	KIPC_QUOTA_QUEUE_BYTES,
	KIPC_QUOTA_QUEUE_MSGS,
	KIPC_QUOTA_FDS,
	KIPC_QUOTA_COUNT,
};

/**
 * struct kipc_user - a user's account
 * @ref:	by endpoints, by queues, and by messages in queues
 * @node:	in the tree of users
 * @uid:	who
 * @taken:	by enum kipc_quota
 */
struct kipc_user {
	refcount_t	ref;
	struct rb_node	node;
	kuid_t		uid;
	atomic64_t	taken[KIPC_QUOTA_COUNT];
};

struct kipc_user *kipc_user_find(kuid_t uid);
struct kipc_user *kipc_user_get(struct kipc_user *user);
void kipc_user_put(struct kipc_user *user);
int kipc_user_charge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_overcharge(struct kipc_user *user, enum kipc_quota what, u64 amount);
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount);

#endif /* KIPC_QUOTA_H */
