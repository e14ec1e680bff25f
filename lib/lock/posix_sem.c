// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix-sem: a POSIX semaphore, with a name or without one.
 *
 * A named one is where the C library has it (/dev/shm/sem.NAME), so that other programs can
 * use it as well; but it is made as an object is, because sem_open() leaves a file behind
 * when it is killed.  One without a name is an object.
 *
 * It has no owner: what a process has taken when it dies stays taken.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

struct kipc_posix_sem_object {
	struct kipc_object head;
	sem_t sem;
};

struct kipc_posix_sem {
	struct kipc_lock base;
	sem_t *sem;
};

static struct kipc_posix_sem *to_posix_sem(struct kipc_lock *lock)
{
	return container_of(lock, struct kipc_posix_sem, base);
}

static int kipc_posix_sem_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	sem_t *sem = to_posix_sem(lock)->sem;
	struct timespec ts;
	int err;

	(void)shared;
	if (deadline == KIPC_AT_ONCE)
		err = sem_trywait(sem);
	else if (deadline == KIPC_NEVER)
		err = sem_wait(sem);
	else
		err = sem_clockwait(sem, CLOCK_MONOTONIC, kipc_deadline_timespec(deadline, &ts));
	return err ? -errno : 0;
}

static int kipc_posix_sem_release(struct kipc_lock *lock)
{
	return sem_post(to_posix_sem(lock)->sem) ? -errno : 0;
}

static int kipc_posix_sem_post(struct kipc_lock *lock, unsigned int n)
{
	int err = 0;

	while (n-- && !err)
		err = kipc_posix_sem_release(lock);
	return err;
}

static int kipc_posix_sem_stat(struct kipc_lock *lock, unsigned int index,
			       struct kipc_sem_stat *stat)
{
	int value;

	if (index)
		return -EINVAL;
	if (sem_getvalue(to_posix_sem(lock)->sem, &value))
		return -errno;
	stat->value = value > 0 ? (uint32_t)value : 0;
	stat->count = 1;
	return 0;
}

/* ---- opening ---- */

static unsigned int kipc_posix_sem_value(const struct kipc_address *address)
{
	return (unsigned int)kipc_address_get(address, KIPC_PARAM_VALUE, 1);
}

static uint32_t kipc_posix_sem_shape(const struct kipc_address *address)
{
	(void)address;
	return 0;
}

static size_t kipc_posix_sem_size(uint32_t shape)
{
	return shape ? 0 : sizeof(struct kipc_posix_sem_object);
}

static int kipc_posix_sem_init(struct kipc_object *object, const struct kipc_address *address)
{
	return sem_init(&container_of(object, struct kipc_posix_sem_object, head)->sem, 1,
			kipc_posix_sem_value(address)) ? -errno : 0;
}

static int kipc_posix_sem_attach(struct kipc_lock *lock)
{
	to_posix_sem(lock)->sem =
		&container_of(lock->object, struct kipc_posix_sem_object, head)->sem;
	return 0;
}

static int kipc_posix_sem_detach(struct kipc_lock *lock)
{
	struct kipc_posix_sem *sem = to_posix_sem(lock);

	if (!lock->object && sem->sem)
		sem_close(sem->sem);
	return 0;
}

/* Take the one that is there, if it is one: what is too short must not be touched. */
static int kipc_posix_sem_find(struct kipc_posix_sem *sem, const char *name, const char *path)
{
	sem_t *found;
	struct stat st;

	if (!lstat(path, &st) && (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(sem_t)))
		return -EADDRINUSE;
	found = sem_open(name, 0);
	if (found == SEM_FAILED)
		return -errno;
	sem->sem = found;
	return 0;
}

static int kipc_posix_sem_make(const char *path, const struct kipc_address *address)
{
	int fd = kipc_object_file(address);
	ssize_t n;
	sem_t sem;
	int err;

	if (fd < 0)
		return fd;
	memset(&sem, 0, sizeof(sem));
	err = sem_init(&sem, 1, kipc_posix_sem_value(address)) ? -errno : 0;
	if (!err) {
		n = write(fd, &sem, sizeof(sem));
		err = n < 0 ? -errno : n < (ssize_t)sizeof(sem) ? -ENOSPC : 0;
	}
	if (!err)
		err = kipc_object_publish(fd, path);
	close(fd);
	return err;
}

static int kipc_posix_sem_find_or_make(struct kipc_posix_sem *sem,
				       const struct kipc_address *address, uint32_t flags)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), KIPC_OBJECT_DIR "/sem.%.201s", address->name + 1);
	if (flags & KIPC_LOCK_EXCL) {
		err = kipc_posix_sem_make(path, address);
		if (err)
			return err == -EEXIST ? -EADDRINUSE : err;
	}
	/* It may come and go between the two: then begin again. */
	for (;;) {
		err = kipc_posix_sem_find(sem, address->name, path);
		if (err != -ENOENT || flags & (KIPC_LOCK_EXISTING | KIPC_LOCK_EXCL))
			return err;
		err = kipc_posix_sem_make(path, address);
		if (err && err != -EEXIST)
			return err;
	}
}

static int kipc_posix_sem_open(struct kipc_lock **lock, const struct kipc_address *address,
			       uint32_t flags)
{
	struct kipc_posix_sem *sem;
	int err;

	if (!address->name[0])
		return kipc_object_open(lock, address, flags);
	sem = kipc_lock_new(&kipc_posix_sem_locking);
	if (!sem)
		return -ENOMEM;
	err = kipc_posix_sem_find_or_make(sem, address, flags);
	if (err) {
		kipc_lock_close(&sem->base);
		return err;
	}
	*lock = &sem->base;
	return 0;
}

static int kipc_posix_sem_unlink(const struct kipc_address *address)
{
	if (!sem_unlink(address->name))
		return 0;
	return errno == EPERM ? -EACCES : -errno;
}

static void kipc_posix_sem_describe(const struct kipc_lock *lock, struct kipc_lock_info *info)
{
	(void)lock;
	info->count = 1;
}

const struct kipc_locking kipc_posix_sem_locking = {
	.mechanism.scheme = "posix-sem",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_VALUE),
	.mechanism.name_rule = KIPC_OBJECT_NAME_RULE,
	.mechanism.name_ok = kipc_object_name_ok,
	.can = KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_POST | KIPC_LOCK_CAN_NAME |
	       KIPC_LOCK_CAN_NONAME | KIPC_LOCK_CAN_MEMORY | KIPC_LOCK_CAN_TIME |
	       KIPC_LOCK_CAN_EXCLUDE,
	.handle = sizeof(struct kipc_posix_sem),
	.kind = 6,
	.shape = kipc_posix_sem_shape,
	.size = kipc_posix_sem_size,
	.init = kipc_posix_sem_init,
	.attach = kipc_posix_sem_attach,
	.open = kipc_posix_sem_open,
	.unlink = kipc_posix_sem_unlink,
	.detach = kipc_posix_sem_detach,
	.acquire = kipc_posix_sem_acquire,
	.release = kipc_posix_sem_release,
	.post = kipc_posix_sem_post,
	.stat = kipc_posix_sem_stat,
	.describe = kipc_posix_sem_describe,
};
