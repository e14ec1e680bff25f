// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sleeping on a word, and waking those who do.
 *
 * Whoever changes the word and is killed before waking the sleepers leaves them asleep;
 * and whoever was chosen to be woken may be killed instead of passing the wake-up on.
 * So nobody who shares memory with other processes sleeps longer than a heartbeat without
 * looking again: the cure of what is very rare costs a look a second.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

#define KIPC_HEARTBEAT 1000000000LL

static int kipc_futex_flags(enum kipc_futex_scope scope)
{
	return scope == KIPC_FUTEX_PRIVATE ? FUTEX_PRIVATE_FLAG : 0;
}

/*
 * Sleep while the word has this value, until woken, until the deadline, for a heartbeat.
 *
 * Returns 0 (look again), -EAGAIN, -ETIMEDOUT or -EINTR.
 */
int kipc_futex_wait(atomic_uint *word, unsigned int value, kipc_deadline deadline,
		    enum kipc_futex_scope scope)
{
	kipc_deadline until = deadline;
	struct timespec ts;

	if (deadline == KIPC_AT_ONCE)
		return -EAGAIN;
	if (scope == KIPC_FUTEX_SHARED) {
		until = kipc_deadline_after(KIPC_HEARTBEAT);
		if (deadline != KIPC_NEVER && deadline < until)
			until = deadline;
	}
	if (!syscall(SYS_futex, word, FUTEX_WAIT_BITSET | kipc_futex_flags(scope), value,
		     kipc_deadline_timespec(until, &ts), NULL, FUTEX_BITSET_MATCH_ANY) ||
	    errno == EAGAIN)
		return 0;
	if (errno == ETIMEDOUT)
		return until == deadline ? -ETIMEDOUT : 0;
	return -errno;
}

void kipc_futex_wake(atomic_uint *word, int count, enum kipc_futex_scope scope)
{
	syscall(SYS_futex, word, FUTEX_WAKE | kipc_futex_flags(scope), count, NULL, NULL, 0);
}
