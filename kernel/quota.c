// SPDX-License-Identifier: GPL-2.0
/* Quota: see quota.h for what it is. */
#include <linux/moduleparam.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "quota.h"
#include "trace.h"

static unsigned long max_endpoints = 65536;
module_param(max_endpoints, ulong, 0644);
MODULE_PARM_DESC(max_endpoints, "open endpoints a user may have");

static unsigned long max_names = 65536;
module_param(max_names, ulong, 0644);
MODULE_PARM_DESC(max_names, "channels and queues a user may have");

static unsigned long max_pool_bytes;
module_param(max_pool_bytes, ulong, 0644);
MODULE_PARM_DESC(max_pool_bytes, "memory behind a user's pools (0: a quarter of RAM)");

static unsigned long max_pool_msgs = BIT(20);
module_param(max_pool_msgs, ulong, 0644);
MODULE_PARM_DESC(max_pool_msgs, "messages that a user's pools may hold");

static unsigned long max_queue_bytes = 256UL << 20;
module_param(max_queue_bytes, ulong, 0644);
MODULE_PARM_DESC(max_queue_bytes, "payload a user may have waiting in queues");

static unsigned long max_queue_msgs = 1UL << 20;
module_param(max_queue_msgs, ulong, 0644);
MODULE_PARM_DESC(max_queue_msgs, "messages a user may have waiting in queues");

static unsigned long max_fds = 16384;
module_param(max_fds, ulong, 0644);
MODULE_PARM_DESC(max_fds, "descriptors a user may have on their way in messages");

static DEFINE_SPINLOCK(kipc_users_lock);
static struct rb_root kipc_users = RB_ROOT;

static u64 kipc_quota_limit(enum kipc_quota what)
{
	switch (what) {
	case KIPC_QUOTA_ENDPOINTS:
		return READ_ONCE(max_endpoints);
	case KIPC_QUOTA_NAMES:
		return READ_ONCE(max_names);
	case KIPC_QUOTA_POOL_BYTES:
		return READ_ONCE(max_pool_bytes) ?: totalram_pages() * PAGE_SIZE / 4;
	case KIPC_QUOTA_POOL_MSGS:
		return READ_ONCE(max_pool_msgs);
	case KIPC_QUOTA_QUEUE_BYTES:
		return READ_ONCE(max_queue_bytes);
	case KIPC_QUOTA_QUEUE_MSGS:
		return READ_ONCE(max_queue_msgs);
	case KIPC_QUOTA_FDS:
		return READ_ONCE(max_fds);
	default:
		return 0;
	}
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

/**
 * kipc_user_find() - the account of a user, opened if there is none
 * @uid:	the user
 *
 * Return: the account with a reference for the caller, or NULL (no memory).
 */
struct kipc_user *kipc_user_find(kuid_t uid)
{
	struct kipc_user *fresh, *user;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	refcount_set(&fresh->ref, 1);
	fresh->uid = uid;

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
		WARN_ON_ONCE(atomic64_read(&user->taken[what]));
	kfree(user);
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
	s64 taken = atomic64_read(&user->taken[what]);

	/* Never above the limit for a moment: that would refuse a smaller one beside it. */
	do {
		if (unlikely(taken + amount > kipc_quota_limit(what))) {
			trace_kipc_limit(__kuid_val(user->uid), what, taken + amount);
			return -EDQUOT;
		}
	} while (!atomic64_try_cmpxchg(&user->taken[what], &taken, taken + amount));
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
	atomic64_add(amount, &user->taken[what]);
}

/**
 * kipc_user_uncharge() - give back what kipc_user_charge() took
 * @user:	the account
 * @what:	what was taken
 * @amount:	how much
 */
void kipc_user_uncharge(struct kipc_user *user, enum kipc_quota what, u64 amount)
{
	atomic64_sub(amount, &user->taken[what]);
}
