// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Deadlines: points on CLOCK_MONOTONIC, and waiting until one of them.
 *
 * A public function turns its relative timeout into a deadline once, at its
 * start; whatever it does then, in however many steps, ends by that deadline.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "internal.h"

#define NSEC_PER_SEC 1000000000LL

static int64_t kipc_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* A timeout that begins now.  What overflows is as good as never. */
kipc_deadline kipc_deadline_later(int64_t timeout)
{
	int64_t now = kipc_clock();

	return timeout > INT64_MAX - now ? KIPC_NEVER : now + timeout;
}

/* Nanoseconds until a real deadline, 0 when it is past; -1 for KIPC_NEVER. */
int64_t kipc_deadline_left(kipc_deadline deadline)
{
	int64_t now;

	if (deadline <= 0)
		return deadline;
	now = kipc_clock();
	return deadline > now ? deadline - now : 0;
}

/* The error of a wait that was not for ever and is over. */
int kipc_deadline_missed(kipc_deadline deadline)
{
	return deadline == KIPC_AT_ONCE ? -EAGAIN : -ETIMEDOUT;
}

/* A real deadline as an absolute struct timespec; NULL for KIPC_NEVER. */
struct timespec *kipc_deadline_timespec(kipc_deadline deadline, struct timespec *ts)
{
	if (deadline < 0)
		return NULL;
	ts->tv_sec = deadline / NSEC_PER_SEC;
	ts->tv_nsec = deadline % NSEC_PER_SEC;
	return ts;
}

/*
 * Wait until a descriptor has one of @events, or an error or hang-up, which the
 * read or write that follows will report.
 *
 * Returns 0, -EAGAIN, -ETIMEDOUT or -EINTR.
 */
int kipc_wait_fd(int fd, short events, kipc_deadline deadline)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts = {
		.tv_sec = left / NSEC_PER_SEC,
		.tv_nsec = left % NSEC_PER_SEC,
	};
	int n = ppoll(&pollfd, 1, left < 0 ? NULL : &ts, NULL);

	if (n < 0)
		return -errno;
	return n ? 0 : kipc_deadline_missed(deadline);
}

/*
 * Sleep *@nap, or until the deadline, and make the next nap longer: for what the kernel
 * has no timed call for.
 *
 * Returns 0 (try again), -EAGAIN, -ETIMEDOUT or -EINTR.
 */
int kipc_wait_nap(int64_t *nap, kipc_deadline deadline)
{
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts = { 0 };

	if (!left)
		return kipc_deadline_missed(deadline);
	ts.tv_nsec = left < 0 || *nap < left ? *nap : left;
	if (*nap < KIPC_NAP_MAX)
		*nap += *nap / 2;
	return -clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* ThreadSanitizer of GCC 12 does not know pthread_mutex_clocklock(). */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
static void kipc_tsan_locked(pthread_mutex_t *lock)
{
	__tsan_mutex_pre_lock(lock, 0);
	__tsan_mutex_post_lock(lock, 0, 0);
}
#else
static void kipc_tsan_locked(pthread_mutex_t *lock)
{
	(void)lock;
}
#endif

/*
 * Take a lock that is held by others while they wait.
 *
 * Returns 0, -EAGAIN or -ETIMEDOUT.
 */
int kipc_wait_lock(pthread_mutex_t *lock, kipc_deadline deadline)
{
	struct timespec ts;

	if (deadline == KIPC_NEVER) {
		pthread_mutex_lock(lock);
		return 0;
	}
	if (!pthread_mutex_trylock(lock))
		return 0;
	kipc_deadline_timespec(deadline, &ts);
	if (deadline == KIPC_AT_ONCE || pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &ts))
		return kipc_deadline_missed(deadline);
	kipc_tsan_locked(lock);
	return 0;
}

/*
 * Take a lock whose owner may die.
 *
 * Returns 0, -EAGAIN, -ETIMEDOUT, -EDEADLK, -ENOTRECOVERABLE, or -EOWNERDEAD, having it.
 */
int kipc_wait_robust(pthread_mutex_t *lock, kipc_deadline deadline)
{
	int err = pthread_mutex_trylock(lock);
	struct timespec ts;

	if (err != EBUSY || deadline == KIPC_AT_ONCE)
		return err == EBUSY ? -EAGAIN : -err;
	if (deadline == KIPC_NEVER)
		return -pthread_mutex_lock(lock);
	kipc_deadline_timespec(deadline, &ts);
	err = pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &ts);
	if (!err || err == EOWNERDEAD)
		kipc_tsan_locked(lock);
	return -err;
}
