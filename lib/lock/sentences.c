// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is said of the errors of locks, before error.c says what is said of any. */
#include <errno.h>
#include <stddef.h>

#include "internal.h"

const struct kipc_sentence kipc_lock_sentences[] = {
	{ ENOENT, "sysv-sem", "no such set, or the path of its key does not exist" },
	{ ENOENT, NULL, "no such lock, or no such directory" },
	{ EADDRINUSE, "sysv-sem",
	  "it exists, with another count or as another program's: see ?foreign, or unlink it" },
	{ EADDRINUSE, NULL,
	  "it exists, or is of another kind or shape than the address demands: unlink it" },
	{ EPIPE, NULL, "the semaphore set has been removed" },
	{ EDEADLK, NULL,
	  "it would wait for itself: this thread has it, or what its holder waits for" },
	{ EPERM, NULL, "this thread does not hold it through this handle" },
	{ ENOTRECOVERABLE, NULL, "what it protects is beyond repair: unlink it and begin anew" },
	{ EOVERFLOW, NULL, "it can count no further" },
	{ EBUSY, NULL, "another thread holds it: release it before closing" },
	{ EMSGSIZE, "sysv-sem", "more operations than fit in one call (/proc/sys/kernel/sem)" },
	{ EMSGSIZE, NULL, "the memory is too small for it" },
	{ ENOSPC, "sysv-sem", "too many sets, semaphores or undos (/proc/sys/kernel/sem)" },
	{ ENOSPC, NULL, "no room for it in /dev/shm" },
	{ EDQUOT, NULL, "too many file locks" },
	{ EACCES, "flock", "permission denied by the file or its directory" },
	{ EACCES, "fcntl", "permission denied, or a file for reading only, which can be shared" },
	{ EACCES, "ofd", "permission denied, or a file for reading only, which can be shared" },
	{ EINVAL, "barrier", "how many parties are to meet?  ?parties=N" },
	{ EOPNOTSUPP, NULL, "this lock cannot do that (see kipc_lock(7))" },
	{ 0, NULL, NULL },
};
