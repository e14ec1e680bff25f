// SPDX-License-Identifier: GPL-2.0
/*
 * pthreads(7) objects shared between processes, a semaphore of sem_overview(7), and an
 * event on futex(2): all of them but the semaphore are a few words in shared memory,
 * here of a POSIX shared memory object, and are found by finding that.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "table.h"

struct objects {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	uint32_t set;		/* of the event, and what the condition is about */
};

static struct objects *objects_of(const struct end *end)
{
	return end->map;
}

static int map_objects(struct trial *trial, struct end *end, int flags)
{
	end->map_size = sizeof(struct objects);
	end->fd = shm_open(trial->name, O_RDWR | O_CLOEXEC | flags, 0600);
	if (end->fd < 0 || (flags && ftruncate(end->fd, (off_t)end->map_size)))
		return -errno;
	end->map = mmap(NULL, end->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, end->fd, 0);
	close(end->fd);
	end->fd = -1;
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

static int find_objects(struct trial *trial, struct end *end)
{
	return map_objects(trial, end, 0);
}

static void clean_objects(const struct trial *trial)
{
	shm_unlink(trial->name);
}

/* Until when: all of these take a clock. */
static struct timespec until(int ms)
{
	const int64_t ns = now_ns() + ms * 1000000LL;

	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static int init_mutex(struct objects *objects, int shared, int robust)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (!err)
		err = pthread_mutexattr_setpshared(&attr, shared);
	if (!err)
		err = pthread_mutexattr_setrobust(&attr, robust);
	if (!err)
		err = pthread_mutex_init(&objects->mutex, &attr);
	return -err;
}

/* ---- mutex, critical section ---- */

static int mutex_make(struct trial *trial, struct end *end)
{
	int err = map_objects(trial, end, O_CREAT | O_EXCL);

	return err ? err : init_mutex(objects_of(end), PTHREAD_PROCESS_SHARED,
				      PTHREAD_MUTEX_ROBUST);
}

static int critical_make(struct trial *trial, struct end *end)
{
	int err = map_objects(trial, end, O_CREAT | O_EXCL);

	return err ? err : init_mutex(objects_of(end), PTHREAD_PROCESS_PRIVATE,
				      PTHREAD_MUTEX_STALLED);
}

static int mutex_take(struct end *end, int ms)
{
	struct timespec time;

	if (ms < 0)
		return -pthread_mutex_lock(&objects_of(end)->mutex);
	if (!ms)
		return -pthread_mutex_trylock(&objects_of(end)->mutex);
	time = until(ms);
	return -pthread_mutex_clocklock(&objects_of(end)->mutex, CLOCK_MONOTONIC, &time);
}

static int mutex_drop(struct end *end)
{
	return -pthread_mutex_unlock(&objects_of(end)->mutex);
}

static const struct lock mutex_lock = {
	.make = mutex_make,
	.find = find_objects,
	.take = mutex_take,
	.drop = mutex_drop,
};

const struct mechanism mechanism_mutex = {
	.scheme = "mutex",
	.about = "process-shared robust mutex: pthreads(7)",
	.family = FAMILY_LOCK,
	.lock = &mutex_lock,
	.clean = clean_objects,
};

static const struct lock critical_lock = {
	.make = critical_make,
	.find = find_objects,
	.take = mutex_take,
	.drop = mutex_drop,
};

/* Within a process, so most of the rest is not asked. */
const struct mechanism mechanism_critical = {
	.scheme = "critical",
	.about = "critical section: a mutex of one process",
	.family = FAMILY_LOCK,
	.lock = &critical_lock,
	.own = {
		[CELL_SURVIVES] = probe_none,
		[CELL_MACHINES] = probe_none,
		[CELL_UNPRIVILEGED] = probe_none,
		[CELL_DEATH] = probe_none,
	},
	.clean = clean_objects,
};

/* ---- condition variable, with what it is about ---- */

static int cond_make(struct trial *trial, struct end *end)
{
	pthread_condattr_t attr;
	int err = mutex_make(trial, end);

	if (err)
		return err;
	err = pthread_condattr_init(&attr);
	if (!err)
		err = pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_cond_init(&objects_of(end)->cond, &attr);
	return -err;
}

static int cond_take(struct end *end, int ms)
{
	struct objects *objects = objects_of(end);
	struct timespec time = until(ms < 0 ? 60000 : ms);
	int err = pthread_mutex_lock(&objects->mutex);

	if (err)
		return -err;
	while (!objects->set && !err)
		err = pthread_cond_clockwait(&objects->cond, &objects->mutex, CLOCK_MONOTONIC,
					     &time);
	pthread_mutex_unlock(&objects->mutex);
	return -err;
}

static int cond_drop(struct end *end)
{
	struct objects *objects = objects_of(end);

	pthread_mutex_lock(&objects->mutex);
	objects->set = 1;
	pthread_cond_broadcast(&objects->cond);
	return -pthread_mutex_unlock(&objects->mutex);
}

static const struct lock cond_lock = {
	.born_taken = true,
	.make = cond_make,
	.find = find_objects,
	.take = cond_take,
	.drop = cond_drop,
};

const struct mechanism mechanism_cond = {
	.scheme = "cond",
	.about = "condition variable: pthreads(7)",
	.family = FAMILY_LOCK,
	.lock = &cond_lock,
	.own[CELL_DEATH] = probe_none,
	.clean = clean_objects,
};

/* ---- read-write lock ---- */

static int rwlock_make(struct trial *trial, struct end *end)
{
	pthread_rwlockattr_t attr;
	int err = map_objects(trial, end, O_CREAT | O_EXCL);

	if (err)
		return err;
	err = pthread_rwlockattr_init(&attr);
	if (!err)
		err = pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_rwlock_init(&objects_of(end)->rwlock, &attr);
	return -err;
}

static int rwlock_take(struct end *end, int ms)
{
	struct timespec time;

	if (ms < 0)
		return -pthread_rwlock_wrlock(&objects_of(end)->rwlock);
	if (!ms)
		return -pthread_rwlock_trywrlock(&objects_of(end)->rwlock);
	time = until(ms);
	return -pthread_rwlock_clockwrlock(&objects_of(end)->rwlock, CLOCK_MONOTONIC, &time);
}

static int rwlock_share(struct end *end, int ms)
{
	(void)ms;
	return -pthread_rwlock_tryrdlock(&objects_of(end)->rwlock);
}

static int rwlock_drop(struct end *end)
{
	return -pthread_rwlock_unlock(&objects_of(end)->rwlock);
}

static const struct lock rwlock_lock = {
	.make = rwlock_make,
	.find = find_objects,
	.take = rwlock_take,
	.share = rwlock_share,
	.drop = rwlock_drop,
};

const struct mechanism mechanism_rwlock = {
	.scheme = "rwlock",
	.about = "process-shared read-write lock: pthreads(7)",
	.family = FAMILY_LOCK,
	.lock = &rwlock_lock,
	.clean = clean_objects,
};

/* ---- barrier, of two ---- */

static int barrier_make(struct trial *trial, struct end *end)
{
	pthread_barrierattr_t attr;
	int err = map_objects(trial, end, O_CREAT | O_EXCL);

	if (err)
		return err;
	err = pthread_barrierattr_init(&attr);
	if (!err)
		err = pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!err)
		err = pthread_barrier_init(&objects_of(end)->barrier, &attr, 2);
	return -err;
}

static int barrier_take(struct end *end, int ms)
{
	int n = pthread_barrier_wait(&objects_of(end)->barrier);

	(void)ms;
	return n == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : -n;
}

static const struct lock barrier_lock = {
	.born_taken = true,
	.no_try = true,
	.no_timed = true,
	.make = barrier_make,
	.find = find_objects,
	.take = barrier_take,
	.drop = NULL,
};

const struct mechanism mechanism_barrier = {
	.scheme = "barrier",
	.about = "process-shared barrier: pthreads(7)",
	.family = FAMILY_LOCK,
	.lock = &barrier_lock,
	.own[CELL_DEATH] = probe_none,
	.clean = clean_objects,
};

/* ---- event: stays set, and lets all go on ---- */

static int event_make(struct trial *trial, struct end *end)
{
	return map_objects(trial, end, O_CREAT | O_EXCL);
}

static int event_take(struct end *end, int ms)
{
	uint32_t *set = &objects_of(end)->set;
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (!__atomic_load_n(set, __ATOMIC_ACQUIRE)) {
		if (!ms)
			return -EAGAIN;
		if (syscall(SYS_futex, set, FUTEX_WAIT, 0, ms < 0 ? NULL : &time, NULL, 0) &&
		    errno != EAGAIN)
			return -errno;
	}
	return 0;
}

static int event_drop(struct end *end)
{
	uint32_t *set = &objects_of(end)->set;

	__atomic_store_n(set, 1, __ATOMIC_RELEASE);
	return syscall(SYS_futex, set, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0) < 0 ? -errno : 0;
}

static const struct lock event_lock = {
	.born_taken = true,
	.make = event_make,
	.find = find_objects,
	.take = event_take,
	.drop = event_drop,
};

const struct mechanism mechanism_event = {
	.scheme = "event",
	.about = "event, manual reset: futex(2)",
	.family = FAMILY_LOCK,
	.lock = &event_lock,
	.own[CELL_DEATH] = probe_none,
	.clean = clean_objects,
};

/* ---- POSIX semaphore ---- */

static int sem_found(struct end *end, sem_t *sem)
{
	end->more = sem;
	return sem == SEM_FAILED ? -errno : 0;
}

static int posix_sem_make(struct trial *trial, struct end *end)
{
	return sem_found(end, sem_open(trial->name, O_CREAT | O_EXCL, 0600, 1));
}

static int posix_sem_find(struct trial *trial, struct end *end)
{
	return sem_found(end, sem_open(trial->name, 0));
}

static int posix_sem_take(struct end *end, int ms)
{
	const struct timespec time = until(ms);

	if (ms < 0)
		return sem_wait(end->more) ? -errno : 0;
	if (!ms)
		return sem_trywait(end->more) ? -errno : 0;
	return sem_clockwait(end->more, CLOCK_MONOTONIC, &time) ? -errno : 0;
}

static int posix_sem_drop(struct end *end)
{
	return sem_post(end->more) ? -errno : 0;
}

/* One more is let in for each that asks. */
static int posix_sem_share(struct end *end, int ms)
{
	int err = posix_sem_drop(end);

	return err ? err : posix_sem_take(end, ms);
}

static void posix_sem_clean(const struct trial *trial)
{
	sem_unlink(trial->name);
}

static const struct lock posix_sem_lock = {
	.make = posix_sem_make,
	.find = posix_sem_find,
	.take = posix_sem_take,
	.share = posix_sem_share,
	.drop = posix_sem_drop,
};

const struct mechanism mechanism_posix_sem = {
	.scheme = "posix-sem",
	.about = "POSIX semaphore, named: sem_open(3)",
	.family = FAMILY_LOCK,
	.lock = &posix_sem_lock,
	.clean = posix_sem_clean,
};
