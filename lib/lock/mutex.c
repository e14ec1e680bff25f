// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mutex: a robust mutex of the C library in shared memory.
 *
 * When a thread ends, is killed or executes another program while it holds one, the kernel
 * marks the mutex and wakes one who waits.  Whoever gets it then is told so, and so are
 * all after him until one says that the data is whole again: the object's state keeps it.
 * (The C library's own rule, that a release without that word makes a mutex unusable for
 * ever, would punish who does not ask.)
 *
 * The kernel finds a dead thread's mutexes by a list that runs through them, in the memory
 * of that thread's process.  So one that is held must stay mapped: detaching refuses.  Who
 * holds it, the handle knows in a page of its own that fork() clears, because what the
 * parent holds is not the child's.
 *
 * Owners are known by their thread number: all users must be in one PID namespace.
 */
#include <errno.h>
#include <pthread.h>

#include "lock.h"

/* The shape: bits. */
#define KIPC_MUTEX_RECURSIVE	(1U << 0)
#define KIPC_MUTEX_INHERIT	(1U << 1)

struct kipc_mutex_object {
	struct kipc_object head;
	pthread_mutex_t mutex;
};

/* Who holds it, of this process, through this handle. */
struct kipc_mutex_held {
	atomic_uint depth;
	atomic_uint_fast64_t owner;
};

struct kipc_mutex {
	struct kipc_lock base;
	struct kipc_forkmark page;
	struct kipc_mutex_held *held;	/* in that page */
};

static struct kipc_mutex *to_mutex(struct kipc_lock *lock)
{
	return container_of(lock, struct kipc_mutex, base);
}

static struct kipc_mutex_object *kipc_mutex_object(struct kipc_lock *lock)
{
	return container_of(lock->object, struct kipc_mutex_object, head);
}

static bool kipc_mutex_is_mine(struct kipc_lock *lock)
{
	struct kipc_mutex_held *held = to_mutex(lock)->held;

	return atomic_load_explicit(&held->depth, memory_order_relaxed) &&
	       atomic_load_explicit(&held->owner, memory_order_relaxed) == kipc_thread_self();
}

static int kipc_mutex_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	struct kipc_mutex_object *object = kipc_mutex_object(lock);
	struct kipc_mutex_held *held = to_mutex(lock)->held;
	int err = kipc_wait_robust(&object->mutex, deadline);

	(void)shared;
	if (err == -EOWNERDEAD) {
		/* In this order: if we are killed in between, the next one does it again. */
		kipc_state_break(&object->head.state);
		pthread_mutex_consistent(&object->mutex);
		atomic_store_explicit(&held->depth, 0, memory_order_relaxed);
	} else if (err) {
		/* The C library's word for a recursive one's last level. */
		return err == -EAGAIN && kipc_mutex_is_mine(lock) &&
		       lock->shape & KIPC_MUTEX_RECURSIVE ? -EOVERFLOW : err;
	}
	err = kipc_state_judge(&object->head.state);
	if (err < 0) {
		pthread_mutex_unlock(&object->mutex);
		return err;
	}
	atomic_fetch_add_explicit(&held->depth, 1, memory_order_relaxed);
	atomic_store_explicit(&held->owner, kipc_thread_self(), memory_order_relaxed);
	return err;
}

static int kipc_mutex_release(struct kipc_lock *lock)
{
	if (!kipc_mutex_is_mine(lock))
		return -EPERM;
	atomic_fetch_sub_explicit(&to_mutex(lock)->held->depth, 1, memory_order_relaxed);
	return -pthread_mutex_unlock(&kipc_mutex_object(lock)->mutex);
}

static int kipc_mutex_mend(struct kipc_lock *lock, enum kipc_object_state state)
{
	if (!kipc_mutex_is_mine(lock))
		return -EPERM;
	kipc_state_set(&lock->object->state, state);
	return 0;
}

/* ---- opening ---- */

static uint32_t kipc_mutex_shape(const struct kipc_address *address)
{
	return (kipc_address_get(address, KIPC_PARAM_RECURSIVE, 0) ? KIPC_MUTEX_RECURSIVE : 0) |
	       (kipc_address_get(address, KIPC_PARAM_INHERIT, 0) ? KIPC_MUTEX_INHERIT : 0);
}

static size_t kipc_mutex_size(uint32_t shape)
{
	return shape & ~(KIPC_MUTEX_RECURSIVE | KIPC_MUTEX_INHERIT) ? 0 :
	       sizeof(struct kipc_mutex_object);
}

static int kipc_mutex_init(struct kipc_object *object, const struct kipc_address *address)
{
	uint32_t shape = kipc_mutex_shape(address);
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&attr, shape & KIPC_MUTEX_RECURSIVE ?
				  PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK);
	if (shape & KIPC_MUTEX_INHERIT)
		pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	err = pthread_mutex_init(&container_of(object, struct kipc_mutex_object, head)->mutex,
				 &attr);
	pthread_mutexattr_destroy(&attr);
	return err == ENOTSUP ? -ENODEV : -err;
}

static int kipc_mutex_attach(struct kipc_lock *lock)
{
	struct kipc_mutex *mutex = to_mutex(lock);
	int err = kipc_forkmark_init(&mutex->page);

	if (err)
		return err;
	/* The whole page is ours; the mark itself is of no use here. */
	mutex->held = (struct kipc_mutex_held *)mutex->page.word;
	atomic_store(&mutex->held->depth, 0);
	return 0;
}

static int kipc_mutex_detach(struct kipc_lock *lock)
{
	struct kipc_mutex *mutex = to_mutex(lock);

	while (kipc_mutex_is_mine(lock))
		kipc_mutex_release(lock);
	if (atomic_load(&mutex->held->depth))
		return -EBUSY;
	kipc_forkmark_deinit(&mutex->page);
	return 0;
}

static void kipc_mutex_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	if (lock->shape & KIPC_MUTEX_RECURSIVE)
		info->flags |= KIPC_LOCK_RECURSIVE;
	if (lock->shape & KIPC_MUTEX_INHERIT)
		info->flags |= KIPC_LOCK_INHERIT;
}

const struct kipc_locking kipc_mutex_locking = {
	.mechanism.scheme = "mutex",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_RECURSIVE) | KIPC_PARAM_BIT(KIPC_PARAM_INHERIT),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_NAME | KIPC_LOCK_CAN_NONAME |
	       KIPC_LOCK_CAN_MEMORY | KIPC_LOCK_CAN_FREE | KIPC_LOCK_CAN_RECOVER |
	       KIPC_LOCK_CAN_REFUSE | KIPC_LOCK_CAN_TIME | KIPC_LOCK_CAN_EXCLUDE,
	.handle = sizeof(struct kipc_mutex),
	.kind = 1,
	.shaping = KIPC_PARAM_BIT(KIPC_PARAM_RECURSIVE) | KIPC_PARAM_BIT(KIPC_PARAM_INHERIT),
	.shape = kipc_mutex_shape,
	.size = kipc_mutex_size,
	.init = kipc_mutex_init,
	.attach = kipc_mutex_attach,
	.open = kipc_object_open,
	.unlink = kipc_object_unlink,
	.detach = kipc_mutex_detach,
	.acquire = kipc_mutex_acquire,
	.release = kipc_mutex_release,
	.mend = kipc_mutex_mend,
	.describe = kipc_mutex_describe,
};
