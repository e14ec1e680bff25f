// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions of kipc_lock.h: they check what the caller passed, so that a
 * mechanism never sees nonsense, and pass it on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lock.h"

#define KIPC_LOCK_FLAGS (KIPC_LOCK_EXCL | KIPC_LOCK_EXISTING | KIPC_LOCK_RECURSIVE | \
			 KIPC_LOCK_INHERIT | KIPC_LOCK_MANUAL | KIPC_LOCK_NOUNDO)

/* Threads counted so far. */
static atomic_uint_fast64_t kipc_thread_count;

kipc_thread kipc_thread_self(void)
{
	static __thread kipc_thread self;

	if (!self)
		self = atomic_fetch_add(&kipc_thread_count, 1) + 1;
	return self;
}

/* ---- opening and closing ---- */

/* A zeroed handle, or NULL. */
void *kipc_lock_new(const struct kipc_locking *locking)
{
	struct kipc_lock *lock = calloc(1, locking->handle);

	if (lock)
		lock->locking = locking;
	return lock;
}

static bool kipc_lock_options_ok(const struct kipc_lock_options *options)
{
	const uint32_t how = KIPC_LOCK_EXCL | KIPC_LOCK_EXISTING;

	return options->size == sizeof(*options) && !(options->flags & ~KIPC_LOCK_FLAGS) &&
	       (options->flags & how) != how && !(options->mode & ~0777U) &&
	       options->value <= INT32_MAX && options->count <= 32000 &&
	       options->parties <= 65535 && options->readers <= 240;
}

/* Take the address apart and let the options fill what it does not demand. */
static int kipc_lock_address(struct kipc_address *address, const char *text,
			     const struct kipc_lock_options *options)
{
	int err = kipc_address_parse_as(address, text, KIPC_FAMILY_LOCK);

	if (err || !options)
		return err;
	if (!kipc_lock_options_ok(options))
		return -EINVAL;
	kipc_address_wish(address, KIPC_PARAM_MODE, options->mode);
	kipc_address_wish(address, KIPC_PARAM_VALUE, options->value);
	kipc_address_wish(address, KIPC_PARAM_SEMS, options->count);
	kipc_address_wish(address, KIPC_PARAM_PARTIES, options->parties);
	kipc_address_wish(address, KIPC_PARAM_READERS, options->readers);
	kipc_address_wish(address, KIPC_PARAM_RECURSIVE, options->flags & KIPC_LOCK_RECURSIVE);
	kipc_address_wish(address, KIPC_PARAM_INHERIT, options->flags & KIPC_LOCK_INHERIT);
	kipc_address_wish(address, KIPC_PARAM_MANUAL, options->flags & KIPC_LOCK_MANUAL);
	kipc_address_wish(address, KIPC_PARAM_NOUNDO, options->flags & KIPC_LOCK_NOUNDO);
	return 0;
}

KIPC_EXPORT int kipc_lock_open(struct kipc_lock **lock, const char *address,
			       const struct kipc_lock_options *options)
{
	struct kipc_address parsed;
	uint32_t flags;
	int err;

	if (!lock)
		return -EINVAL;
	*lock = NULL;
	err = kipc_lock_address(&parsed, address, options);
	if (err)
		return err;
	flags = options ? options->flags & (KIPC_LOCK_EXCL | KIPC_LOCK_EXISTING) : 0;
	if (!parsed.name[0] && !(kipc_address_locking(&parsed)->can & KIPC_LOCK_CAN_NONAME))
		return -EINVAL;
	return kipc_address_locking(&parsed)->open(lock, &parsed, flags);
}

/* An address for memory of the caller's. */
static int kipc_lock_address_at(struct kipc_address *address, const char *text,
				const struct kipc_lock_options *options)
{
	int err = kipc_lock_address(address, text, options);

	if (err)
		return err;
	if (!kipc_address_locking(address)->kind)
		return -EOPNOTSUPP;
	/* Neither a name nor a descriptor goes with it. */
	if (address->name[0] || address->demanded & KIPC_PARAM_BIT(KIPC_PARAM_FD) ||
	    address->demanded & KIPC_PARAM_BIT(KIPC_PARAM_POLLABLE))
		return -EINVAL;
	return 0;
}

KIPC_EXPORT ssize_t kipc_lock_size(const char *address, const struct kipc_lock_options *options)
{
	struct kipc_address parsed;
	int err = kipc_lock_address_at(&parsed, address, options);

	if (err)
		return err;
	return (ssize_t)kipc_object_size(&parsed) ?: -EINVAL;
}

static bool kipc_lock_memory_ok(const void *memory)
{
	return memory && !((uintptr_t)memory % KIPC_LOCK_ALIGN);
}

KIPC_EXPORT int kipc_lock_create_at(struct kipc_lock **lock, void *memory, size_t size,
				    const char *address,
				    const struct kipc_lock_options *options)
{
	struct kipc_address parsed;
	int err;

	if (!lock)
		return -EINVAL;
	*lock = NULL;
	err = kipc_lock_address_at(&parsed, address, options);
	if (!err && !kipc_lock_memory_ok(memory))
		err = -EINVAL;
	return err ? err : kipc_object_create_at(lock, memory, size, &parsed);
}

KIPC_EXPORT int kipc_lock_attach_at(struct kipc_lock **lock, void *memory, size_t size,
				    const char *address)
{
	struct kipc_address parsed;
	int err;

	if (!lock)
		return -EINVAL;
	*lock = NULL;
	err = kipc_lock_address_at(&parsed, address, NULL);
	if (!err && !kipc_lock_memory_ok(memory))
		err = -EINVAL;
	return err ? err : kipc_object_attach_at(lock, memory, size, &parsed);
}

KIPC_EXPORT int kipc_lock_close(struct kipc_lock *lock)
{
	int err = 0;

	if (!lock)
		return 0;
	if (lock->locking->detach)
		err = lock->locking->detach(lock);
	if (err)
		return err;
	if (lock->mapped)
		munmap(lock->object, lock->mapped);
	free(lock);
	return 0;
}

KIPC_EXPORT int kipc_lock_unlink(const char *address)
{
	struct kipc_address parsed;
	int err = kipc_lock_address(&parsed, address, NULL);

	if (err)
		return err;
	if (!kipc_address_locking(&parsed)->unlink)
		return -EOPNOTSUPP;
	return parsed.name[0] ? kipc_address_locking(&parsed)->unlink(&parsed) : -EINVAL;
}

/* ---- acquiring and releasing ---- */

KIPC_EXPORT int kipc_lock_acquire(struct kipc_lock *lock, int64_t timeout)
{
	if (!lock)
		return -EINVAL;
	if (!lock->locking->acquire)
		return -EOPNOTSUPP;
	return lock->locking->acquire(lock, false, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_lock_acquire_shared(struct kipc_lock *lock, int64_t timeout)
{
	if (!lock)
		return -EINVAL;
	if (!(lock->locking->can & KIPC_LOCK_CAN_SHARED))
		return -EOPNOTSUPP;
	return lock->locking->acquire(lock, true, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_lock_release(struct kipc_lock *lock)
{
	if (!lock)
		return -EINVAL;
	return lock->locking->release ? lock->locking->release(lock) : -EOPNOTSUPP;
}

static int kipc_lock_mend(struct kipc_lock *lock, enum kipc_object_state state)
{
	if (!lock)
		return -EINVAL;
	return lock->locking->mend ? lock->locking->mend(lock, state) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_lock_consistent(struct kipc_lock *lock)
{
	return kipc_lock_mend(lock, KIPC_OBJECT_WHOLE);
}

KIPC_EXPORT int kipc_lock_condemn(struct kipc_lock *lock)
{
	return kipc_lock_mend(lock, KIPC_OBJECT_CONDEMNED);
}

/* ---- ranges ---- */

static int kipc_lock_range_check(const struct kipc_lock *lock,
				 const struct kipc_lock_range *range)
{
	if (!lock || !range || range->size != sizeof(*range) || range->shared > 1 ||
	    range->reserved || range->start > INT64_MAX ||
	    range->len > INT64_MAX - range->start)
		return -EINVAL;
	return lock->locking->range ? 0 : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_lock_acquire_range(struct kipc_lock *lock,
					const struct kipc_lock_range *range, int64_t timeout)
{
	int err = kipc_lock_range_check(lock, range);

	if (err)
		return err;
	return lock->locking->range(lock, range, range->shared ? KIPC_RANGE_SHARED :
				    KIPC_RANGE_EXCLUSIVE, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_lock_release_range(struct kipc_lock *lock,
					const struct kipc_lock_range *range)
{
	int err = kipc_lock_range_check(lock, range);

	return err ? err : lock->locking->range(lock, range, KIPC_RANGE_RELEASE, KIPC_AT_ONCE);
}

KIPC_EXPORT int kipc_lock_range_holder(struct kipc_lock *lock,
				       const struct kipc_lock_range *range, pid_t *holder)
{
	int err = kipc_lock_range_check(lock, range);

	if (!holder)
		return -EINVAL;
	return err ? err : lock->locking->holder(lock, range, holder);
}

/* ---- semaphores ---- */

static bool kipc_sem_ops_ok(const struct kipc_sem_op *ops, size_t count)
{
	size_t i;

	if (!ops || !count)
		return false;
	for (i = 0; i < count; i++)
		if (ops[i].flags & ~(KIPC_SEM_UNDO | KIPC_SEM_NOWAIT))
			return false;
	return true;
}

KIPC_EXPORT int kipc_sem_ops(struct kipc_lock *lock, const struct kipc_sem_op *ops,
			     size_t count, int64_t timeout)
{
	if (!lock || !kipc_sem_ops_ok(ops, count))
		return -EINVAL;
	if (!lock->locking->ops)
		return -EOPNOTSUPP;
	return lock->locking->ops(lock, ops, count, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_sem_post(struct kipc_lock *lock, unsigned int n)
{
	if (!lock || !n || n > 32767)
		return -EINVAL;
	return lock->locking->post ? lock->locking->post(lock, n) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_sem_stat(struct kipc_lock *lock, unsigned int index,
			      struct kipc_sem_stat *stat)
{
	if (!lock || !stat || stat->size != sizeof(*stat))
		return -EINVAL;
	if (!lock->locking->stat)
		return -EOPNOTSUPP;
	*stat = (struct kipc_sem_stat)KIPC_SEM_STAT_INIT;
	return lock->locking->stat(lock, index, stat);
}

/* ---- condition variables, barriers, events ---- */

KIPC_EXPORT int kipc_cond_wait(struct kipc_lock *cond, struct kipc_lock *lock, int64_t timeout)
{
	if (!cond || !lock)
		return -EINVAL;
	if (!cond->locking->wait)
		return -EOPNOTSUPP;
	if (!lock->locking->acquire || lock->locking->event)
		return -EINVAL;
	return cond->locking->wait(cond, lock, kipc_deadline_after(timeout));
}

static int kipc_cond_wake(struct kipc_lock *cond, int count)
{
	if (!cond)
		return -EINVAL;
	return cond->locking->wake ? cond->locking->wake(cond, count) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_cond_signal(struct kipc_lock *cond)
{
	return kipc_cond_wake(cond, 1);
}

KIPC_EXPORT int kipc_cond_broadcast(struct kipc_lock *cond)
{
	return kipc_cond_wake(cond, INT_MAX);
}

KIPC_EXPORT int kipc_barrier_wait(struct kipc_lock *barrier, int64_t timeout)
{
	if (!barrier)
		return -EINVAL;
	if (!barrier->locking->meet)
		return -EOPNOTSUPP;
	return barrier->locking->meet(barrier, kipc_deadline_after(timeout));
}

static int kipc_event_do(struct kipc_lock *event, enum kipc_event_act act)
{
	if (!event)
		return -EINVAL;
	return event->locking->event ? event->locking->event(event, act) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_event_set(struct kipc_lock *event)
{
	return kipc_event_do(event, KIPC_EVENT_SET);
}

KIPC_EXPORT int kipc_event_reset(struct kipc_lock *event)
{
	return kipc_event_do(event, KIPC_EVENT_RESET);
}

KIPC_EXPORT int kipc_event_pulse(struct kipc_lock *event)
{
	return kipc_event_do(event, KIPC_EVENT_PULSE);
}

/* ---- what there is ---- */

static void kipc_lock_info_fill(const struct kipc_locking *locking,
				struct kipc_lock_info *info)
{
	*info = (struct kipc_lock_info)KIPC_LOCK_INFO_INIT;
	info->scheme = locking->mechanism.scheme;
	info->can = locking->can;
}

KIPC_EXPORT int kipc_lock_info(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	if (!lock || !info || info->size != sizeof(*info))
		return -EINVAL;
	kipc_lock_info_fill(lock->locking, info);
	if (lock->locking->describe)
		lock->locking->describe(lock, info);
	return 0;
}

KIPC_EXPORT int kipc_lock_scheme_info(const char *address, struct kipc_lock_info *info)
{
	const struct kipc_mechanism *mechanism;

	if (!address || !info || info->size != sizeof(*info))
		return -EINVAL;
	mechanism = kipc_mechanism_find(address);
	if (!mechanism || mechanism->family != KIPC_FAMILY_LOCK)
		return -EINVAL;
	kipc_lock_info_fill(container_of(mechanism, struct kipc_locking, mechanism), info);
	return 0;
}

KIPC_EXPORT const char *kipc_lock_scheme(unsigned int n)
{
	const struct kipc_mechanism *const *m;

	for (m = kipc_mechanisms; *m; m++)
		if ((*m)->family == KIPC_FAMILY_LOCK && !n--)
			return (*m)->scheme;
	return NULL;
}

KIPC_EXPORT int kipc_lock_fd(const struct kipc_lock *lock)
{
	if (!lock)
		return -EINVAL;
	return lock->locking->fd ? lock->locking->fd(lock) : -EOPNOTSUPP;
}
