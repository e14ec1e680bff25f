// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sysv-sem: a System V semaphore set: several operations at once, undone on exit, waits
 * for zero.
 *
 * The kernel makes a set first and gives it values later, in another call.  A maker that
 * is killed in between, or two makers at once, are the classic traps.  So a set of ours has
 * one semaphore more, the last, which says that the values are there; and the values are
 * given by one call that waits for that one to be zero, raises it and raises the others.
 * The kernel does all of that at once or nothing, so whoever finds a set without values
 * may give it some: the first one does, and no set stays without.
 *
 * A set that another program has made has no such semaphore: ?foreign takes it as it is.
 *
 * Taking and releasing as a lock is undone when the process ends, unless with ?noundo.
 * The adjustment is the process's: all its threads share it, fork() does not pass it on,
 * another program executed by the process keeps it.  What one process takes and another
 * releases is undone in both: such use needs ?noundo.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>

#include "lock.h"

/* The value of the last semaphore of a set of ours. */
#define KIPC_SEM_READY	19273

/* Operations that need no memory; the kernel's own bound is 500, by default. */
#define KIPC_SEM_OPS	16

#define KIPC_SEM_VALUE_MAX	32767

struct kipc_sysv_sem {
	struct kipc_lock base;
	int id;
	uint32_t count;			/* without the last */
	bool noundo;
};

/* What this C library leaves to its user to define. */
union kipc_semun {
	struct semid_ds *buf;
	unsigned short *array;
};

static struct kipc_sysv_sem *to_sysv_sem(struct kipc_lock *lock)
{
	return container_of(lock, struct kipc_sysv_sem, base);
}

/* One meaning of an error everywhere. */
static int kipc_sysv_sem_error(int err)
{
	switch (err) {
	case EIDRM:
	case EINVAL:		/* removed before the call began */
		return -EPIPE;
	case E2BIG:
		return -EMSGSIZE;
	case ERANGE:
		return -EOVERFLOW;
	default:
		return -err;
	}
}

/* ---- operations ---- */

static int kipc_sysv_sem_op(struct kipc_sysv_sem *sem, struct sembuf *ops, size_t count,
			    kipc_deadline deadline)
{
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts = {
		.tv_sec = left / 1000000000,
		.tv_nsec = left % 1000000000,
	};
	size_t i;

	for (i = 0; i < count && deadline == KIPC_AT_ONCE; i++)
		ops[i].sem_flg |= IPC_NOWAIT;
	if (!semtimedop(sem->id, ops, count, deadline > 0 ? &ts : NULL))
		return 0;
	/* One of those that do not wait, or the time. */
	if (errno == EAGAIN && deadline > 0 && !kipc_deadline_left(deadline))
		return -ETIMEDOUT;
	return kipc_sysv_sem_error(errno);
}

static int kipc_sysv_sem_one(struct kipc_lock *lock, int delta, bool undo,
			     kipc_deadline deadline)
{
	struct sembuf op = { .sem_op = (short)delta, .sem_flg = undo ? SEM_UNDO : 0 };

	return kipc_sysv_sem_op(to_sysv_sem(lock), &op, 1, deadline);
}

static int kipc_sysv_sem_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	(void)shared;
	return kipc_sysv_sem_one(lock, -1, !to_sysv_sem(lock)->noundo, deadline);
}

static int kipc_sysv_sem_release(struct kipc_lock *lock)
{
	return kipc_sysv_sem_one(lock, 1, !to_sysv_sem(lock)->noundo, KIPC_NEVER);
}

static int kipc_sysv_sem_post(struct kipc_lock *lock, unsigned int n)
{
	return kipc_sysv_sem_one(lock, (int)n, false, KIPC_NEVER);
}

static int kipc_sysv_sem_ops(struct kipc_lock *lock, const struct kipc_sem_op *ops,
			     size_t count, kipc_deadline deadline)
{
	struct kipc_sysv_sem *sem = to_sysv_sem(lock);
	struct sembuf few[KIPC_SEM_OPS], *bufs = few;
	size_t i;
	int err;

	/* The last semaphore of the set is not the caller's. */
	for (i = 0; i < count; i++)
		if (ops[i].index >= sem->count)
			return -EINVAL;
	if (count > KIPC_SEM_OPS)
		bufs = calloc(count, sizeof(*bufs));
	if (!bufs)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		bufs[i] = (struct sembuf){
			.sem_num = ops[i].index,
			.sem_op = ops[i].delta,
			.sem_flg = (short)((ops[i].flags & KIPC_SEM_UNDO ? SEM_UNDO : 0) |
				   (ops[i].flags & KIPC_SEM_NOWAIT ? IPC_NOWAIT : 0)),
		};
	err = kipc_sysv_sem_op(sem, bufs, count, deadline);
	if (bufs != few)
		free(bufs);
	return err;
}

static int kipc_sysv_sem_stat(struct kipc_lock *lock, unsigned int index,
			      struct kipc_sem_stat *stat)
{
	static const int asks[] = { GETVAL, GETNCNT, GETZCNT, GETPID };
	struct kipc_sysv_sem *sem = to_sysv_sem(lock);
	int told[ARRAY_SIZE(asks)];
	size_t i;

	if (index >= sem->count)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		told[i] = semctl(sem->id, (int)index, asks[i]);
		if (told[i] < 0)
			return kipc_sysv_sem_error(errno);
	}
	stat->count = sem->count;
	stat->value = (uint32_t)told[0];
	stat->waiters = (uint32_t)told[1];
	stat->zero_waiters = (uint32_t)told[2];
	stat->pid = told[3];
	return 0;
}

/* ---- opening ---- */

/*
 * Give the set its values, if nobody has: the last one waits for zero, so this is done once.
 *
 * Returns 0 also where somebody was faster.
 */
static int kipc_sysv_sem_fill(int id, uint32_t count, unsigned int value)
{
	struct sembuf *ops = calloc(count + 2, sizeof(*ops));
	uint32_t i;
	int err = 0;

	if (!ops)
		return -ENOMEM;
	ops[0].sem_num = (unsigned short)count;
	ops[1].sem_num = (unsigned short)count;
	ops[0].sem_flg = IPC_NOWAIT;
	ops[1].sem_op = KIPC_SEM_READY;
	for (i = 0; i < count; i++) {
		ops[i + 2].sem_num = (unsigned short)i;
		ops[i + 2].sem_op = (short)value;
		ops[i + 2].sem_flg = IPC_NOWAIT;
	}
	/* Of a value of 0 only the first two: to add nothing is to wait for zero. */
	if (semop(id, ops, value ? count + 2 : 2) && errno != EAGAIN)
		err = kipc_sysv_sem_error(errno);
	free(ops);
	return err;
}

/* What a set is: how many semaphores, and whether nobody has ever changed one. */
static int kipc_sysv_sem_measure(int id, uint32_t *count, bool *blank)
{
	struct semid_ds ds;
	union kipc_semun arg = { .buf = &ds };
	unsigned short *values;
	uint32_t i;
	int err = 0;

	if (semctl(id, 0, IPC_STAT, arg))
		return kipc_sysv_sem_error(errno);
	*count = (uint32_t)ds.sem_nsems;
	*blank = !ds.sem_otime;
	values = calloc(*count, sizeof(*values));
	if (!values)
		return -ENOMEM;
	arg.array = values;
	if (semctl(id, 0, GETALL, arg))
		err = kipc_sysv_sem_error(errno);
	for (i = 0; i < *count && *blank; i++)
		*blank = !values[i];
	free(values);
	return err;
}

/*
 * A set of ours that has no values yet gets some; another program's is left alone, unless
 * it is as blank as ours is between being made and being given values.
 */
static int kipc_sysv_sem_ready(struct kipc_sysv_sem *sem, const struct kipc_address *address,
			       bool blank)
{
	int ready, err = 0;

	if (blank)
		err = kipc_sysv_sem_fill(sem->id, sem->count, (unsigned int)
					 kipc_address_get(address, KIPC_PARAM_VALUE, 1));
	if (err)
		return err;
	ready = semctl(sem->id, (int)sem->count, GETVAL);
	if (ready < 0)
		return kipc_sysv_sem_error(errno);
	return ready == KIPC_SEM_READY ? 0 : -EADDRINUSE;
}

/* Is this set what the address names? */
static int kipc_sysv_sem_check(struct kipc_sysv_sem *sem, const struct kipc_address *address)
{
	bool blank = false;
	uint32_t count = 0;
	int err = kipc_sysv_sem_measure(sem->id, &count, &blank);

	if (err)
		return err;
	sem->count = count;
	if (!kipc_address_demands(address, KIPC_PARAM_FOREIGN)) {
		if (count < 2)
			return -EADDRINUSE;
		sem->count = count - 1;
		err = kipc_sysv_sem_ready(sem, address, blank);
		if (err)
			return err;
	}
	if (kipc_address_demands(address, KIPC_PARAM_SEMS) &&
	    address->value[KIPC_PARAM_SEMS] != sem->count)
		return -EADDRINUSE;
	return 0;
}

static int kipc_sysv_sem_find(struct kipc_sysv_sem *sem, key_t key,
			      const struct kipc_address *address)
{
	int err;

	/* To look and to change are both needed. */
	sem->id = semget(key, 0, 0600);
	if (sem->id < 0)
		return -errno;
	err = kipc_sysv_sem_check(sem, address);
	/* Removed since. */
	return err == -EPIPE ? -ENOENT : err;
}

static int kipc_sysv_sem_make(struct kipc_sysv_sem *sem, key_t key,
			      const struct kipc_address *address)
{
	int count = (int)kipc_address_get(address, KIPC_PARAM_SEMS, 1);
	int err;

	sem->id = semget(key, count + 1, IPC_CREAT | IPC_EXCL | (int)kipc_address_mode(address));
	if (sem->id < 0)
		return -errno;
	err = kipc_sysv_sem_check(sem, address);
	/* Too many for one call: nobody can ever give it values. */
	if (err == -EMSGSIZE)
		semctl(sem->id, 0, IPC_RMID);
	/* Removed before we got so far: as if never made. */
	return err == -EPIPE ? -EEXIST : err;
}

static int kipc_sysv_sem_find_or_make(struct kipc_sysv_sem *sem,
				      const struct kipc_address *address, uint32_t flags)
{
	bool make = !(flags & KIPC_LOCK_EXISTING) &&
		    !kipc_address_demands(address, KIPC_PARAM_FOREIGN);
	key_t key;
	int err = kipc_sysv_key(address->name, &key);

	if (err)
		return err;
	/* It may come and go between the two: then begin again. */
	do {
		err = flags & KIPC_LOCK_EXCL ? -ENOENT : kipc_sysv_sem_find(sem, key, address);
		if (err != -ENOENT || !make)
			return err;
		err = kipc_sysv_sem_make(sem, key, address);
		if (err != -EEXIST)
			return err;
	} while (!(flags & KIPC_LOCK_EXCL));
	return -EADDRINUSE;
}

static int kipc_sysv_sem_open(struct kipc_lock **lock, const struct kipc_address *address,
			      uint32_t flags)
{
	struct kipc_sysv_sem *sem;
	int err;

	if (kipc_address_get(address, KIPC_PARAM_VALUE, 0) > KIPC_SEM_VALUE_MAX ||
	    (flags & KIPC_LOCK_EXCL && kipc_address_demands(address, KIPC_PARAM_FOREIGN)))
		return -EINVAL;
	sem = kipc_lock_new(&kipc_sysv_sem_locking);
	if (!sem)
		return -ENOMEM;
	sem->noundo = kipc_address_get(address, KIPC_PARAM_NOUNDO, 0);
	err = kipc_sysv_sem_find_or_make(sem, address, flags);
	if (err) {
		kipc_lock_close(&sem->base);
		return err;
	}
	*lock = &sem->base;
	return 0;
}

static int kipc_sysv_sem_unlink(const struct kipc_address *address)
{
	key_t key;
	int err = kipc_sysv_key(address->name, &key);
	int id;

	if (err)
		return err;
	id = semget(key, 0, 0);
	if (id < 0 || semctl(id, 0, IPC_RMID))
		return errno == EPERM ? -EACCES : errno == EINVAL || errno == EIDRM ?
		       -ENOENT : -errno;
	return 0;
}

static void kipc_sysv_sem_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	const struct kipc_sysv_sem *sem = to_sysv_sem((struct kipc_lock *)lock);

	info->count = sem->count;
	if (sem->noundo) {
		info->flags = KIPC_LOCK_NOUNDO;
		info->can &= ~KIPC_LOCK_CAN_FREE;
	}
}

const struct kipc_locking kipc_sysv_sem_locking = {
	.mechanism.scheme = "sysv-sem",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_VALUE) | KIPC_PARAM_BIT(KIPC_PARAM_SEMS) |
		  KIPC_PARAM_BIT(KIPC_PARAM_NOUNDO) | KIPC_PARAM_BIT(KIPC_PARAM_FOREIGN),
	.mechanism.name_rule = KIPC_SYSV_NAME_RULE,
	.mechanism.name_ok = kipc_sysv_name_ok,
	.can = KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_POST | KIPC_LOCK_CAN_OPS |
	       KIPC_LOCK_CAN_NAME | KIPC_LOCK_CAN_FREE | KIPC_LOCK_CAN_TIME |
	       KIPC_LOCK_CAN_EXCLUDE,
	.handle = sizeof(struct kipc_sysv_sem),
	.open = kipc_sysv_sem_open,
	.unlink = kipc_sysv_sem_unlink,
	.acquire = kipc_sysv_sem_acquire,
	.release = kipc_sysv_sem_release,
	.ops = kipc_sysv_sem_ops,
	.post = kipc_sysv_sem_post,
	.stat = kipc_sysv_sem_stat,
	.describe = kipc_sysv_sem_describe,
};
