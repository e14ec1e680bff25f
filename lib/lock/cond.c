// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cond: a condition variable over any lock.
 *
 * It is a number that every signal raises.  A waiter reads it while it still has the lock,
 * releases the lock and sleeps while the number is the same: so a signal that comes in
 * between is not lost.  (The C library's counts its waiters exactly, and a signaller waits
 * for ever for one that was killed.)
 *
 * A signal that is given without the lock may wake one that came after it, which sees its
 * number unchanged and sleeps on; the one that was meant looks again after a heartbeat.
 * With the lock nobody can come in between.
 *
 * @waiters only saves a system call where nobody waits.  It is raised after the number was
 * read: a signaller that does not see the waiter has raised the number, or will be seen.
 * Who was killed stays counted, which costs no more than that call.
 */
#include <errno.h>

#include "lock.h"

struct kipc_cond_object {
	struct kipc_object head;
	atomic_uint number;
	atomic_uint waiters;
};

static struct kipc_cond_object *kipc_cond_object(struct kipc_lock *lock)
{
	return container_of(lock->object, struct kipc_cond_object, head);
}

/* Sleep until the number is another; or -EAGAIN, -ETIMEDOUT, -EINTR. */
static int kipc_cond_sleep(struct kipc_cond_object *cond, unsigned int number,
			   kipc_deadline deadline)
{
	int err = 0;

	while (!err && atomic_load(&cond->number) == number)
		err = kipc_futex_wait(&cond->number, number, deadline, KIPC_FUTEX_SHARED);
	/* A signal that came last of all is not to be lost. */
	return atomic_load(&cond->number) == number ? err : 0;
}

static int kipc_cond_wait_on(struct kipc_lock *lock, struct kipc_lock *other,
			     kipc_deadline deadline)
{
	struct kipc_cond_object *cond = kipc_cond_object(lock);
	unsigned int number = atomic_load(&cond->number);
	int err, err2;

	atomic_fetch_add(&cond->waiters, 1);
	err = other->locking->release(other);
	if (err) {
		atomic_fetch_sub(&cond->waiters, 1);
		return err;
	}
	err = kipc_cond_sleep(cond, number, deadline);
	atomic_fetch_sub(&cond->waiters, 1);

	/* Semaphores and files see a signal here, but we have promised the lock. */
	do
		err2 = other->locking->acquire(other, false, KIPC_NEVER);
	while (err2 == -EINTR);
	return err2 ? err2 : err;
}

static int kipc_cond_wake_some(struct kipc_lock *lock, int count)
{
	struct kipc_cond_object *cond = kipc_cond_object(lock);

	atomic_fetch_add(&cond->number, 1);
	if (atomic_load(&cond->waiters))
		kipc_futex_wake(&cond->number, count, KIPC_FUTEX_SHARED);
	return 0;
}

static uint32_t kipc_cond_shape(const struct kipc_address *address)
{
	(void)address;
	return 0;
}

static size_t kipc_cond_size(uint32_t shape)
{
	return shape ? 0 : sizeof(struct kipc_cond_object);
}

static int kipc_cond_init(struct kipc_object *object, const struct kipc_address *address)
{
	(void)object;
	(void)address;
	return 0;
}

const struct kipc_locking kipc_cond_locking = {
	.mechanism.scheme = "cond",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_LOCK_CAN_COND | KIPC_LOCK_CAN_NAME | KIPC_LOCK_CAN_NONAME |
	       KIPC_LOCK_CAN_MEMORY | KIPC_LOCK_CAN_TIME,
	.handle = sizeof(struct kipc_lock),
	.kind = 3,
	.shape = kipc_cond_shape,
	.size = kipc_cond_size,
	.init = kipc_cond_init,
	.open = kipc_object_open,
	.unlink = kipc_object_unlink,
	.wait = kipc_cond_wait_on,
	.wake = kipc_cond_wake_some,
};
