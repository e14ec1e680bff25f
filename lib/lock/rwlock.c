// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rwlock: many readers or one writer, and any of them may die.
 *
 * The C library's read-write lock counts its readers, and a reader that is killed stays
 * counted for ever.  This one is made of robust mutexes instead: a gate and a number of
 * slots.  A reader goes through the gate, takes a free slot and leaves the gate; a writer
 * keeps the gate and takes all the slots.  Whoever dies, the kernel hands on what he held.
 *
 * Writers come before readers: who waits at the slots keeps the gate.  More readers than
 * there are slots wait in the gate.
 *
 * @writing is set for as long as a writer is inside.  Who gets in and finds it set knows
 * that a writer has died there; a dead reader has broken nothing.
 *
 * A thread's second share is counted in its handle, as it could not pass the gate if a
 * writer waited there for its first.  A reader who wants to write is refused: two such
 * would wait for each other.  That, and who holds what, is in a page of the handle that
 * fork() clears.  Of mutexes that are held mutex.c says more.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>

#include "lock.h"

/*
 * A writer holds them all.  ThreadSanitizer follows 64 mutexes of a thread, and takes a
 * child for the owner of its parent's.
 */
#define KIPC_RW_READERS		24
#define KIPC_RW_READERS_MAX	240

struct kipc_rw_object {
	struct kipc_object head;
	pthread_mutex_t gate;
	atomic_uint writing;
	pthread_mutex_t slots[];
};

/* Of this process, through this handle: a thread's shares, all in one slot. */
struct kipc_rw_share {
	atomic_uint_fast64_t owner;
	atomic_uint depth;		/* 0: the slot is none of ours */
};

struct kipc_rw_held {
	atomic_uint_fast64_t writer;
	atomic_bool writing;
	struct kipc_rw_share shares[];
};

struct kipc_rw {
	struct kipc_lock base;
	struct kipc_forkmark page;
	struct kipc_rw_held *held;	/* in that page */
};

static_assert(sizeof(struct kipc_rw_held) +
	      KIPC_RW_READERS_MAX * sizeof(struct kipc_rw_share) <= 4096, "one page");

static struct kipc_rw *to_rw(struct kipc_lock *lock)
{
	return container_of(lock, struct kipc_rw, base);
}

static struct kipc_rw_object *kipc_rw_object(struct kipc_lock *lock)
{
	return container_of(lock->object, struct kipc_rw_object, head);
}

/* Take the gate or a slot; whoever died with it, only @writing counts. */
static int kipc_rw_take(pthread_mutex_t *mutex, kipc_deadline deadline)
{
	int err = kipc_wait_robust(mutex, deadline);

	if (err != -EOWNERDEAD)
		return err;
	pthread_mutex_consistent(mutex);
	return 0;
}

static bool kipc_rw_is_writer(struct kipc_lock *lock)
{
	struct kipc_rw_held *held = to_rw(lock)->held;

	return atomic_load_explicit(&held->writing, memory_order_relaxed) &&
	       atomic_load_explicit(&held->writer, memory_order_relaxed) == kipc_thread_self();
}

/* This thread's shares, or NULL. */
static struct kipc_rw_share *kipc_rw_my_share(struct kipc_lock *lock)
{
	struct kipc_rw_share *share = to_rw(lock)->held->shares;
	struct kipc_rw_share *end = share + lock->shape;

	for (; share < end; share++)
		if (atomic_load_explicit(&share->depth, memory_order_relaxed) &&
		    atomic_load_explicit(&share->owner, memory_order_relaxed) ==
		    kipc_thread_self())
			return share;
	return NULL;
}

/* In, with nobody writing: has a writer died here? */
static int kipc_rw_judge(struct kipc_rw_object *object)
{
	if (atomic_load(&object->writing)) {
		kipc_state_break(&object->head.state);
		atomic_store(&object->writing, 0);
	}
	return kipc_state_judge(&object->head.state);
}

/* ---- reading ---- */

/* In the gate: a slot that is free, or else the first to become so; its index or -errno. */
static int kipc_rw_take_slot(struct kipc_lock *lock, kipc_deadline deadline)
{
	struct kipc_rw_object *object = kipc_rw_object(lock);
	uint32_t i, busy = 0;
	int err;

	for (i = 0; i < lock->shape; i++) {
		err = kipc_rw_take(&object->slots[i], KIPC_AT_ONCE);
		if (!err)
			return (int)i;
		/* -EDEADLK: this thread's, through another handle. */
		if (err == -EAGAIN)
			busy = i;
		else if (err != -EDEADLK)
			return err;
	}
	err = kipc_rw_take(&object->slots[busy], deadline);
	return err ? err : (int)busy;
}

static int kipc_rw_read(struct kipc_lock *lock, kipc_deadline deadline)
{
	struct kipc_rw_object *object = kipc_rw_object(lock);
	struct kipc_rw_share *share = kipc_rw_my_share(lock);
	int slot, err;

	if (share) {
		atomic_fetch_add_explicit(&share->depth, 1, memory_order_relaxed);
		return kipc_state_judge(&object->head.state);
	}
	err = kipc_rw_take(&object->gate, deadline);
	if (err)
		return err;
	slot = kipc_rw_take_slot(lock, deadline);
	pthread_mutex_unlock(&object->gate);
	if (slot < 0)
		return slot;
	err = kipc_rw_judge(object);
	if (err < 0) {
		pthread_mutex_unlock(&object->slots[slot]);
		return err;
	}
	share = &to_rw(lock)->held->shares[slot];
	atomic_store_explicit(&share->owner, kipc_thread_self(), memory_order_relaxed);
	atomic_store_explicit(&share->depth, 1, memory_order_relaxed);
	return err;
}

static int kipc_rw_release_share(struct kipc_lock *lock)
{
	struct kipc_rw_share *share = kipc_rw_my_share(lock);
	ptrdiff_t slot;

	if (!share)
		return -EPERM;
	if (atomic_fetch_sub_explicit(&share->depth, 1, memory_order_relaxed) > 1)
		return 0;
	slot = share - to_rw(lock)->held->shares;
	return -pthread_mutex_unlock(&kipc_rw_object(lock)->slots[slot]);
}

/* ---- writing ---- */

static void kipc_rw_untake_slots(struct kipc_rw_object *object, const bool *taken,
				 uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (taken[i])
			pthread_mutex_unlock(&object->slots[i]);
}

/*
 * In the gate: take all slots.  Those that are free first: so a share of this thread's,
 * through another handle, is found before anything is waited for.
 */
static int kipc_rw_take_slots(struct kipc_lock *lock, kipc_deadline deadline)
{
	struct kipc_rw_object *object = kipc_rw_object(lock);
	bool taken[KIPC_RW_READERS_MAX] = { false };
	uint32_t i, count = lock->shape;
	int err = 0;

	for (i = 0; i < count && (!err || err == -EAGAIN); i++) {
		err = kipc_rw_take(&object->slots[i], KIPC_AT_ONCE);
		taken[i] = !err;
	}
	if (err == -EAGAIN)
		err = 0;
	for (i = 0; i < count && !err; i++) {
		if (!taken[i])
			err = kipc_rw_take(&object->slots[i], deadline);
		taken[i] = taken[i] || !err;
	}
	if (err)
		kipc_rw_untake_slots(object, taken, count);
	return err;
}

/* Everything in reverse; @writing is unset while nobody can come in. */
static void kipc_rw_leave(struct kipc_lock *lock)
{
	struct kipc_rw_object *object = kipc_rw_object(lock);
	uint32_t i;

	for (i = 0; i < lock->shape; i++)
		pthread_mutex_unlock(&object->slots[i]);
	atomic_store(&object->writing, 0);
	pthread_mutex_unlock(&object->gate);
}

static int kipc_rw_write(struct kipc_lock *lock, kipc_deadline deadline)
{
	struct kipc_rw_object *object = kipc_rw_object(lock);
	struct kipc_rw_held *held = to_rw(lock)->held;
	int err;

	if (kipc_rw_my_share(lock))
		return -EDEADLK;
	err = kipc_rw_take(&object->gate, deadline);
	if (err)
		return err;
	err = kipc_rw_take_slots(lock, deadline);
	if (err) {
		pthread_mutex_unlock(&object->gate);
		return err;
	}
	err = kipc_rw_judge(object);
	if (err < 0) {
		kipc_rw_leave(lock);
		return err;
	}
	atomic_store(&object->writing, 1);
	atomic_store_explicit(&held->writer, kipc_thread_self(), memory_order_relaxed);
	atomic_store_explicit(&held->writing, true, memory_order_relaxed);
	return err;
}

static int kipc_rw_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	if (kipc_rw_is_writer(lock))
		return -EDEADLK;
	return shared ? kipc_rw_read(lock, deadline) : kipc_rw_write(lock, deadline);
}

static int kipc_rw_release(struct kipc_lock *lock)
{
	if (!kipc_rw_is_writer(lock))
		return kipc_rw_release_share(lock);
	atomic_store_explicit(&to_rw(lock)->held->writing, false, memory_order_relaxed);
	kipc_rw_leave(lock);
	return 0;
}

static int kipc_rw_mend(struct kipc_lock *lock, enum kipc_object_state state)
{
	if (!kipc_rw_is_writer(lock))
		return -EPERM;
	kipc_state_set(&lock->object->state, state);
	return 0;
}

/* ---- opening ---- */

static uint32_t kipc_rw_shape(const struct kipc_address *address)
{
	return (uint32_t)kipc_address_get(address, KIPC_PARAM_READERS, KIPC_RW_READERS);
}

static size_t kipc_rw_size(uint32_t shape)
{
	return !shape || shape > KIPC_RW_READERS_MAX ? 0 :
	       sizeof(struct kipc_rw_object) + shape * sizeof(pthread_mutex_t);
}

static int kipc_rw_init(struct kipc_object *head, const struct kipc_address *address)
{
	struct kipc_rw_object *object = container_of(head, struct kipc_rw_object, head);
	uint32_t i, count = kipc_rw_shape(address);
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	err = -pthread_mutex_init(&object->gate, &attr);
	for (i = 0; i < count && !err; i++)
		err = -pthread_mutex_init(&object->slots[i], &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

static int kipc_rw_attach(struct kipc_lock *lock)
{
	struct kipc_rw *rw = to_rw(lock);
	int err = kipc_forkmark_init(&rw->page);

	if (err)
		return err;
	/* The whole page is ours; the mark itself is of no use here. */
	atomic_store(rw->page.word, 0);
	rw->held = (struct kipc_rw_held *)rw->page.word;
	return 0;
}

static int kipc_rw_detach(struct kipc_lock *lock)
{
	struct kipc_rw *rw = to_rw(lock);
	uint32_t i;

	while (!kipc_rw_release(lock))
		;
	if (atomic_load(&rw->held->writing))
		return -EBUSY;
	for (i = 0; i < lock->shape; i++)
		if (atomic_load(&rw->held->shares[i].depth))
			return -EBUSY;
	kipc_forkmark_deinit(&rw->page);
	return 0;
}

static void kipc_rw_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	info->count = lock->shape;
}

const struct kipc_locking kipc_rwlock_locking = {
	.mechanism.scheme = "rwlock",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_READERS),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_SHARED | KIPC_LOCK_CAN_NAME |
	       KIPC_LOCK_CAN_NONAME | KIPC_LOCK_CAN_MEMORY | KIPC_LOCK_CAN_FREE |
	       KIPC_LOCK_CAN_RECOVER | KIPC_LOCK_CAN_REFUSE | KIPC_LOCK_CAN_TIME |
	       KIPC_LOCK_CAN_EXCLUDE,
	.handle = sizeof(struct kipc_rw),
	.kind = 2,
	.shaping = KIPC_PARAM_BIT(KIPC_PARAM_READERS),
	.shape = kipc_rw_shape,
	.size = kipc_rw_size,
	.init = kipc_rw_init,
	.attach = kipc_rw_attach,
	.open = kipc_object_open,
	.unlink = kipc_object_unlink,
	.detach = kipc_rw_detach,
	.acquire = kipc_rw_acquire,
	.release = kipc_rw_release,
	.mend = kipc_rw_mend,
	.describe = kipc_rw_describe,
};
