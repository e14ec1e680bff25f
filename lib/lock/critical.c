// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * critical: a critical section, for the threads of one process.
 *
 * Its owner may enter again.  It is a word: 0 free, 1 taken, 2 taken and somebody may be
 * asleep.  Who finds it taken looks @spin times more before sleeping.
 *
 * fork(): each process has a section of its own from then on.  The thread that forked
 * holds in the child what it held.  What another thread held, nobody there will ever
 * release; the first to use the section in the child frees it, and whoever enters is
 * told KIPC_LOCK_RECOVERED until the data is said to be whole.  Only the thread that forked
 * can tell the two cases apart, so it should be the first.
 *
 * Nobody is told of a thread that ends inside.
 */
#include <errno.h>
#include <sched.h>

#include "lock.h"

struct kipc_critical {
	struct kipc_lock base;
	struct kipc_forkmark mark;
	uint32_t spin;
	atomic_uint word;
	atomic_uint state;		/* enum kipc_object_state */
	atomic_uint_fast64_t owner;
	uint32_t depth;			/* its owner's */
};

static struct kipc_critical *to_critical(struct kipc_lock *lock)
{
	return container_of(lock, struct kipc_critical, base);
}

static bool kipc_critical_is_mine(struct kipc_critical *c)
{
	return atomic_load_explicit(&c->owner, memory_order_relaxed) == kipc_thread_self();
}

/* The first use in a child: 0 becomes 2 while one thread looks, then 1. */
static void kipc_critical_settle(struct kipc_critical *c)
{
	unsigned int forked = 0;

	if (atomic_compare_exchange_strong(c->mark.word, &forked, 2)) {
		if (atomic_load(&c->word) && !kipc_critical_is_mine(c)) {
			kipc_state_break(&c->state);
			c->depth = 0;
			atomic_store(&c->owner, 0);
			atomic_store(&c->word, 0);
		}
		kipc_forkmark_settle(&c->mark);
	}
	while (atomic_load_explicit(c->mark.word, memory_order_acquire) != 1)
		sched_yield();
}

/* Between two looks. */
static void kipc_critical_pause(void)
{
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

static bool kipc_critical_try(struct kipc_critical *c)
{
	unsigned int free = 0;

	return atomic_compare_exchange_strong_explicit(&c->word, &free, 1,
						       memory_order_acquire,
						       memory_order_relaxed);
}

static int kipc_critical_enter(struct kipc_critical *c, kipc_deadline deadline)
{
	uint32_t i;
	int err;

	for (i = 0; i <= c->spin; i++) {
		if (!atomic_load_explicit(&c->word, memory_order_relaxed) &&
		    kipc_critical_try(c))
			return 0;
		if (i < c->spin)
			kipc_critical_pause();
	}
	while (atomic_exchange_explicit(&c->word, 2, memory_order_acquire)) {
		err = kipc_futex_wait(&c->word, 2, deadline, KIPC_FUTEX_PRIVATE);
		if (err && err != -EINTR)
			return err;
	}
	return 0;
}

static void kipc_critical_leave(struct kipc_critical *c)
{
	atomic_store_explicit(&c->owner, 0, memory_order_relaxed);
	if (atomic_exchange_explicit(&c->word, 0, memory_order_release) == 2)
		kipc_futex_wake(&c->word, 1, KIPC_FUTEX_PRIVATE);
}

static int kipc_critical_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	struct kipc_critical *c = to_critical(lock);
	int err = 0;

	(void)shared;
	if (atomic_load_explicit(c->mark.word, memory_order_acquire) != 1)
		kipc_critical_settle(c);
	if (!kipc_critical_is_mine(c))
		err = kipc_critical_enter(c, deadline);
	else if (c->depth == UINT32_MAX)
		err = -EOVERFLOW;
	if (err)
		return err;
	atomic_store_explicit(&c->owner, kipc_thread_self(), memory_order_relaxed);
	c->depth++;
	err = kipc_state_judge(&c->state);
	if (err < 0 && !--c->depth)
		kipc_critical_leave(c);
	return err;
}

static int kipc_critical_release(struct kipc_lock *lock)
{
	struct kipc_critical *c = to_critical(lock);

	if (!kipc_critical_is_mine(c))
		return -EPERM;
	if (!--c->depth)
		kipc_critical_leave(c);
	return 0;
}

static int kipc_critical_mend(struct kipc_lock *lock, enum kipc_object_state state)
{
	struct kipc_critical *c = to_critical(lock);

	if (!kipc_critical_is_mine(c))
		return -EPERM;
	kipc_state_set(&c->state, state);
	return 0;
}

static int kipc_critical_open(struct kipc_lock **lock, const struct kipc_address *address,
			      uint32_t flags)
{
	struct kipc_critical *c;
	int err;

	/* There is never one that exists. */
	if (flags & KIPC_LOCK_EXISTING)
		return -EINVAL;
	c = kipc_lock_new(&kipc_critical_locking);
	if (!c)
		return -ENOMEM;
	err = kipc_forkmark_init(&c->mark);
	if (err) {
		kipc_lock_close(&c->base);
		return err;
	}
	c->spin = (uint32_t)kipc_address_get(address, KIPC_PARAM_SPIN, 0);
	*lock = &c->base;
	return 0;
}

static int kipc_critical_detach(struct kipc_lock *lock)
{
	struct kipc_critical *c = to_critical(lock);

	if (c->mark.word && atomic_load(c->mark.word) != 1)
		kipc_critical_settle(c);
	if (atomic_load(&c->word) && !kipc_critical_is_mine(c))
		return -EBUSY;
	kipc_forkmark_deinit(&c->mark);
	return 0;
}

static void kipc_critical_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	(void)lock;
	info->flags = KIPC_LOCK_RECURSIVE;
}

const struct kipc_locking kipc_critical_locking = {
	.mechanism.scheme = "critical",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_SPIN),
	.can = KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_NONAME | KIPC_LOCK_CAN_RECOVER |
	       KIPC_LOCK_CAN_TIME | KIPC_LOCK_CAN_EXCLUDE,
	.handle = sizeof(struct kipc_critical),
	.open = kipc_critical_open,
	.detach = kipc_critical_detach,
	.acquire = kipc_critical_acquire,
	.release = kipc_critical_release,
	.mend = kipc_critical_mend,
	.describe = kipc_critical_describe,
};
