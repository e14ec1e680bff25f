/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc: locks, every way in which programs on one Linux machine wait for one another.
 *
 * A lock is named by an address, as everything is in libkipc, and changing the address
 * changes the mechanism:
 *
 *	mutex:/jobs			a mutex that survives its owner's death
 *	rwlock:/table			readers or one writer; survives deaths as well
 *	sysv-sem:0x1234?count=3		a System V semaphore set
 *	posix-sem:/slots?value=8	a POSIX semaphore
 *	flock:/run/x.lock		a file lock
 *	fcntl:/var/db?start=0&len=512	a record lock of the process
 *	ofd:/var/db			a record lock of the handle
 *	event:/ready?manual		an event
 *	cond:/changed			a condition variable
 *	barrier:/start?parties=4	a barrier
 *	critical:			a critical section, for the threads of one process
 *
 * Without a name mutex:, rwlock:, posix-sem:, event:, cond: and barrier: make a lock for
 * threads and for children to come; kipc_lock_create_at() makes one in memory of the
 * caller's.  A name stays until kipc_lock_unlink(); closing never removes it.
 *
 * What each does when its owner dies, forks or executes another program is the table of
 * kipc_lock(7).  In short: mutex:, rwlock: and (after fork()) critical: hand on what a
 * dead owner left and say so (KIPC_LOCK_RECOVERED); sysv-sem:, flock:, fcntl: and ofd:
 * are released by the kernel, silently; a posix-sem: stays taken.
 *
 * Memory that holds a lock must be shared with friends only: who may write a mutex:
 * can harm whoever locks it.  sysv-sem: and the file locks are safe among strangers.
 *
 * Errors, threads and times are those of kipc.h, and
 *
 *	-EDEADLK	it would wait for itself
 *	-EPERM		not held by this thread, through this handle
 *	-ENOTRECOVERABLE somebody has condemned it: kipc_lock_condemn()
 *	-EOVERFLOW	the semaphore can count no further
 *	-EBUSY		it cannot be closed: another thread holds it
 *	-EADDRINUSE	it exists already, or is of another kind or shape
 *
 * No function is async-signal-safe.
 */
#ifndef KIPC_LOCK_H
#define KIPC_LOCK_H

#include <kipc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A handle on a lock.  Opaque. */
struct kipc_lock;

/** kipc_lock_acquire(): it is yours, but whoever had it before died inside. */
#define KIPC_LOCK_RECOVERED	1

/** struct kipc_lock_options, flags. */
#define KIPC_LOCK_EXCL		(1U << 0)	/**< make it; -EADDRINUSE if it is there */
#define KIPC_LOCK_EXISTING	(1U << 1)	/**< do not make it; -ENOENT if it is not there */
#define KIPC_LOCK_RECURSIVE	(1U << 2)	/**< mutex: its owner may take it again */
#define KIPC_LOCK_INHERIT	(1U << 3)	/**< mutex: its owner inherits priority */
#define KIPC_LOCK_MANUAL	(1U << 4)	/**< event: stays set until it is reset */
#define KIPC_LOCK_NOUNDO	(1U << 5)	/**< sysv-sem: what is taken outlives the taker */

/**
 * Options for opening a lock.  Zero everywhere is the default; start with
 * KIPC_LOCK_OPTIONS_INIT.  As with struct kipc_options these are wishes, for who makes
 * the lock, and an address's ?options are demands; but EXCL and EXISTING always count.
 */
struct kipc_lock_options {
	size_t size;		/**< sizeof(struct kipc_lock_options) */
	mode_t mode;		/**< who may use it (less the umask), 0: 0600 */
	uint32_t flags;		/**< KIPC_LOCK_* */
	uint32_t value;		/**< semaphores, 0: 1; ?value=0 for none.  event: 1 is set */
	uint32_t count;		/**< sysv-sem: how many semaphores, 0: 1 */
	uint32_t parties;	/**< barrier: how many meet; needed to make one */
	uint32_t readers;	/**< rwlock: how many at once, at most 240; 0: 24 */
};

#define KIPC_LOCK_OPTIONS_INIT { sizeof(struct kipc_lock_options), 0, 0, 0, 0, 0, 0 }

/**
 * Open a lock; make it, if it is not there.
 *
 * @lock:	where the new handle goes; the caller owns it: kipc_lock_close()
 * @address:	scheme:name?options
 * @options:	or NULL
 *
 * It is made as a whole or not at all: whenever a maker is killed, the next one can use
 * the name, and of several at once one makes it and the others join.
 *
 * Returns 0 or: -EINVAL, -EADDRINUSE (there already; or not such a lock, or one of
 * another shape than the address demands), -ENOENT (not there; or no such directory),
 * -EACCES, -EOPNOTSUPP (not a lock), -ENOSPC, -ENOMEM, -EMFILE.
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_open(struct kipc_lock **lock, const char *address,
		   const struct kipc_lock_options *options);

/** What memory for a lock must be aligned to. */
#define KIPC_LOCK_ALIGN 64

/**
 * How many bytes the lock of an address takes: kipc_lock_create_at().
 *
 * Returns it or: -EINVAL, -EOPNOTSUPP (KIPC_LOCK_CAN_MEMORY).  Thread-safe.  Since 0.1.
 */
ssize_t kipc_lock_size(const char *address, const struct kipc_lock_options *options);

/**
 * Make a lock in memory of the caller's, shared with whoever is to use it.
 *
 * @memory:	aligned to KIPC_LOCK_ALIGN; what is in it is overwritten.  It must stay
 *		mapped until the handle is closed, and nobody may use it before this returns.
 * @size:	bytes there, at least kipc_lock_size()
 * @address:	without a name, e.g. "mutex:"
 *
 * The lock needs no destroying: when its last handle is closed the memory is free.
 *
 * Returns 0 or: -EINVAL (also: not aligned), -EMSGSIZE (too small), -EOPNOTSUPP, -ENOMEM.
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_create_at(struct kipc_lock **lock, void *memory, size_t size,
			const char *address, const struct kipc_lock_options *options);

/**
 * Open a lock that somebody made by kipc_lock_create_at(), perhaps at another address.
 *
 * Returns 0 or: -EINVAL, -ENOENT (there is none, or not yet), -EADDRINUSE (one of another
 * kind or shape, or larger than @size), -EOPNOTSUPP, -ENOMEM.  Thread-safe.  Since 0.1.
 */
int kipc_lock_attach_at(struct kipc_lock **lock, void *memory, size_t size,
			const char *address);

/**
 * Close a handle; NULL is ignored.
 *
 * A mutex:, rwlock: or critical: that this thread holds through it is released first, and
 * one that another thread holds cannot be closed.  flock: and ofd: are released unless a
 * child has the handle as well; fcntl: releases everything that the process has locked in
 * that file, through any handle or descriptor.  Semaphores stay as they are.
 *
 * Returns 0 or -EBUSY (another thread of this process holds it: the handle stays open).
 * Since 0.1.
 */
int kipc_lock_close(struct kipc_lock *lock);

/**
 * Remove a name.  Who has the lock open goes on with it (on sysv-sem: sees -EPIPE); who
 * opens the name next makes another.
 *
 * Returns 0 or: -EINVAL, -ENOENT, -EACCES, -EOPNOTSUPP (it has no names).
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_unlink(const char *address);

/**
 * Acquire: lock a mutex, be the one writer, take 1 from a semaphore, wait for an event.
 *
 * @timeout:	relative, ns; KIPC_FOREVER, KIPC_NOW
 *
 * flock:, fcntl: and ofd: have no timed call in the kernel: with a time other than
 * KIPC_FOREVER and KIPC_NOW the library tries again after naps of 20 us to 2 ms, out of
 * turn, and the kernel finds no deadlock.  Waits for mutex:, rwlock: and critical: go on
 * after a signal.
 *
 * Returns 0 or KIPC_LOCK_RECOVERED, holding it; or: -EAGAIN, -ETIMEDOUT, -EINTR, -EDEADLK,
 * -ENOTRECOVERABLE, -EPIPE (sysv-sem: removed), -EACCES (the file is read-only),
 * -EOVERFLOW (recursive, too often), -EOPNOTSUPP (cond:, barrier:).
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_acquire(struct kipc_lock *lock, int64_t timeout);

/**
 * Acquire together with others who do so: read-write locks and file locks.
 *
 * On the file locks this, and kipc_lock_acquire(), of what is held already changes it into
 * the other kind (flock: releases it first).  On rwlock: one thread's second share is a
 * share more, and a writer's share or a reader's write lock is -EDEADLK.
 *
 * As kipc_lock_acquire(), and -EOPNOTSUPP without KIPC_LOCK_CAN_SHARED.
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_acquire_shared(struct kipc_lock *lock, int64_t timeout);

/**
 * Release what kipc_lock_acquire() or kipc_lock_acquire_shared() got.
 *
 * mutex:, rwlock: and critical: by the thread that acquired them, through the same handle.
 * A semaphore gains 1, an event is set.
 *
 * Returns 0 or: -EPERM, -EOVERFLOW, -EPIPE, -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_lock_release(struct kipc_lock *lock);

/**
 * Say that what the lock protects is whole again, after KIPC_LOCK_RECOVERED.
 *
 * Until somebody does, holding the lock alone, everyone who acquires it is told
 * KIPC_LOCK_RECOVERED.
 *
 * Returns 0 or: -EPERM (not held exclusively), -EOPNOTSUPP (KIPC_LOCK_CAN_RECOVER).
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_consistent(struct kipc_lock *lock);

/**
 * Say that what the lock protects is beyond repair.
 *
 * From then on acquiring it, also by those who wait now, is -ENOTRECOVERABLE, for good.
 * The caller still has to release it.  Errors as kipc_lock_consistent().  Since 0.1.
 */
int kipc_lock_condemn(struct kipc_lock *lock);

/* ---- ranges of bytes: fcntl:, ofd: ---- */

/** A part of a file: kipc_lock_acquire_range(). */
struct kipc_lock_range {
	size_t size;		/**< sizeof(struct kipc_lock_range) */
	uint64_t start;		/**< the first byte, of the file */
	uint64_t len;		/**< how many; 0: to the end, however far that moves */
	uint32_t shared;	/**< 0: exclusively; 1: together with others */
	uint32_t reserved;	/**< 0 */
};

#define KIPC_LOCK_RANGE_INIT { sizeof(struct kipc_lock_range), 0, 0, 0, 0 }

/**
 * Lock a range of bytes.
 *
 * Ranges that are held already are changed, split and joined as fcntl(2) does.  A file
 * need not be so long.  As kipc_lock_acquire(); fcntl: with KIPC_FOREVER refuses with
 * -EDEADLK what would end in a circle of processes.  -EOPNOTSUPP without
 * KIPC_LOCK_CAN_RANGE; -EDQUOT (too many locks).  Thread-safe.  Since 0.1.
 */
int kipc_lock_acquire_range(struct kipc_lock *lock, const struct kipc_lock_range *range,
			    int64_t timeout);

/** Release what is held of a range; @shared is ignored.  Returns 0 or an error as above.
 * Thread-safe.  Since 0.1.
 */
int kipc_lock_release_range(struct kipc_lock *lock, const struct kipc_lock_range *range);

/**
 * Who is in the way of a range?
 *
 * @range:	as to be acquired
 * @holder:	0: nobody; -1: somebody with an ofd: lock; else one process
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_lock_range_holder(struct kipc_lock *lock, const struct kipc_lock_range *range,
			   pid_t *holder);

/* ---- semaphores: sysv-sem:, posix-sem: ---- */

/** struct kipc_sem_op, flags. */
#define KIPC_SEM_UNDO	(1U << 0)	/**< when the process ends, take it back */
#define KIPC_SEM_NOWAIT	(1U << 1)	/**< if this one has to wait: -EAGAIN */

/** One of several operations on a set: kipc_sem_ops(). */
struct kipc_sem_op {
	uint16_t index;		/**< which semaphore, from 0 */
	int16_t delta;		/**< add; take (negative); 0: wait until it is 0 */
	uint32_t flags;		/**< KIPC_SEM_* */
};

/**
 * Do several operations on a System V semaphore set, all at once or none.
 *
 * Returns 0 or: -EINVAL, -EAGAIN, -ETIMEDOUT, -EINTR, -EOVERFLOW (a value above 32767),
 * -EMSGSIZE (more than /proc/sys/kernel/sem allows in one call), -EPIPE (removed),
 * -EACCES, -ENOSPC (too many to undo), -EOPNOTSUPP (KIPC_LOCK_CAN_OPS).
 * Thread-safe.  Since 0.1.
 */
int kipc_sem_ops(struct kipc_lock *lock, const struct kipc_sem_op *ops, size_t count,
		 int64_t timeout);

/**
 * Add @n (1 to 32767) to a semaphore, the first of a set; it is not undone.
 *
 * On posix-sem: one at a time: of -EOVERFLOW some may have been added.
 * Returns 0 or: -EINVAL, -EOVERFLOW, -EPIPE, -EACCES, -EOPNOTSUPP.
 * Thread-safe.  Since 0.1.
 */
int kipc_sem_post(struct kipc_lock *lock, unsigned int n);

/** What there is to know of a semaphore: kipc_sem_stat(). */
struct kipc_sem_stat {
	size_t size;		/**< in: sizeof(struct kipc_sem_stat) */
	uint32_t value;		/**< its value */
	uint32_t count;		/**< how many the set has; posix-sem: 1 */
	uint32_t waiters;	/**< sysv-sem: who wait for more (GETNCNT); else 0 */
	uint32_t zero_waiters;	/**< sysv-sem: who wait for zero (GETZCNT); else 0 */
	pid_t pid;		/**< sysv-sem: who changed it last, 0: nobody; else 0 */
	uint32_t reserved;	/**< 0 */
};

#define KIPC_SEM_STAT_INIT { sizeof(struct kipc_sem_stat), 0, 0, 0, 0, 0, 0 }

/**
 * Look at the semaphore @index of a set (posix-sem: 0).
 *
 * Returns 0 or: -EINVAL, -EPIPE, -EACCES, -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_sem_stat(struct kipc_lock *lock, unsigned int index, struct kipc_sem_stat *stat);

/* ---- condition variables: cond: ---- */

/**
 * Release a lock, wait to be woken, acquire it again.
 *
 * @cond:	a cond:
 * @lock:	held exclusively, once; any that kipc_lock_acquire() takes, but an event
 *
 * A return of 0 may come without a reason: test the condition again.  Who is killed in the
 * wait harms nobody, but may take a signal along; a broadcast is never lost.
 *
 * Returns 0 or KIPC_LOCK_RECOVERED (@lock's owner died meanwhile), -ETIMEDOUT, -EAGAIN or
 * -EINTR, holding @lock; or, not holding it, -EINVAL, -EPERM, -EOPNOTSUPP,
 * -ENOTRECOVERABLE, -EPIPE.  Thread-safe.  Since 0.1.
 */
int kipc_cond_wait(struct kipc_lock *cond, struct kipc_lock *lock, int64_t timeout);

/** Wake one that waits, if any does; best while holding the lock.  Returns 0, -EINVAL or
 * -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_cond_signal(struct kipc_lock *cond);

/** Wake all that wait.  As kipc_cond_signal().  Since 0.1. */
int kipc_cond_broadcast(struct kipc_lock *cond);

/* ---- barriers: barrier: ---- */

/**
 * Wait until as many as the barrier has parties do so.
 *
 * After -ETIMEDOUT, -EAGAIN and -EINTR this one has not been counted.  One that is killed
 * in the wait stays counted.
 *
 * Returns 1 to one of them, 0 to the others; or: -ETIMEDOUT, -EAGAIN, -EINTR, -EINVAL,
 * -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_barrier_wait(struct kipc_lock *barrier, int64_t timeout);

/* ---- events: event: ---- */

/**
 * Set an event: all who wait for a manual-reset one go on, and all who come; of an
 * auto-reset one the next, who resets it.
 *
 * Waiting is kipc_lock_acquire().
 * Returns 0, -EINVAL or -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_event_set(struct kipc_lock *event);

/** Reset an event; of an auto-reset one, take back a set that nobody has taken yet.  As
 * kipc_event_set().  Since 0.1.
 */
int kipc_event_reset(struct kipc_lock *event);

/**
 * Let those go on who wait now (auto-reset: one of them), and nobody later; afterwards it
 * is reset.
 *
 * As kipc_event_set(), but -EOPNOTSUPP with ?poll: an eventfd cannot.  Since 0.1.
 */
int kipc_event_pulse(struct kipc_lock *event);

/* ---- what there is ---- */

/** What a lock can do: struct kipc_lock_info, can. */
#define KIPC_LOCK_CAN_ACQUIRE	(1U << 0)	/**< kipc_lock_acquire(), _release() */
#define KIPC_LOCK_CAN_SHARED	(1U << 1)	/**< kipc_lock_acquire_shared() */
#define KIPC_LOCK_CAN_RANGE	(1U << 2)	/**< kipc_lock_acquire_range() */
#define KIPC_LOCK_CAN_POST	(1U << 3)	/**< kipc_sem_post(), kipc_sem_stat() */
#define KIPC_LOCK_CAN_OPS	(1U << 4)	/**< kipc_sem_ops() */
#define KIPC_LOCK_CAN_COND	(1U << 5)	/**< kipc_cond_wait() and its kin */
#define KIPC_LOCK_CAN_BARRIER	(1U << 6)	/**< kipc_barrier_wait() */
#define KIPC_LOCK_CAN_EVENT	(1U << 7)	/**< kipc_event_set() and _reset() */
#define KIPC_LOCK_CAN_PULSE	(1U << 8)	/**< kipc_event_pulse() */
#define KIPC_LOCK_CAN_NAME	(1U << 9)	/**< unrelated processes find it by its name */
#define KIPC_LOCK_CAN_NONAME	(1U << 10)	/**< kipc_lock_open() without a name */
#define KIPC_LOCK_CAN_MEMORY	(1U << 11)	/**< kipc_lock_create_at() */
#define KIPC_LOCK_CAN_FD	(1U << 12)	/**< kipc_lock_fd() */
#define KIPC_LOCK_CAN_FREE	(1U << 13)	/**< free again when its owner has died */
#define KIPC_LOCK_CAN_RECOVER	(1U << 14)	/**< and the next one is told */
#define KIPC_LOCK_CAN_REFUSE	(1U << 15)	/**< refuses a deadlock */
#define KIPC_LOCK_CAN_TIME	(1U << 16)	/**< deadlines by the kernel, not by trying */
#define KIPC_LOCK_CAN_EXCLUDE	(1U << 17)	/**< excludes threads that share the handle */

/** What a lock is: kipc_lock_info(). */
struct kipc_lock_info {
	size_t size;		/**< in: sizeof(struct kipc_lock_info) */
	const char *scheme;	/**< e.g. "mutex"; static storage */
	uint32_t can;		/**< KIPC_LOCK_CAN_* */
	uint32_t flags;		/**< RECURSIVE, INHERIT, MANUAL, NOUNDO, as it is */
	uint32_t count;		/**< semaphores, parties, readers at once; else 0 */
	uint32_t reserved;	/**< 0 */
};

#define KIPC_LOCK_INFO_INIT { sizeof(struct kipc_lock_info), NULL, 0, 0, 0, 0 }

/** What this lock is.  Returns 0 or -EINVAL.  Thread-safe.  Since 0.1. */
int kipc_lock_info(const struct kipc_lock *lock, struct kipc_lock_info *info);

/** What a scheme's locks can do, before opening one: scheme or address.  Returns 0 or
 * -EINVAL.  Thread-safe.  Since 0.1.
 */
int kipc_lock_scheme_info(const char *address, struct kipc_lock_info *info);

/** The n-th scheme of locks, or NULL: for (i = 0; (s = kipc_lock_scheme(i)); i++).
 * Since 0.1.
 */
const char *kipc_lock_scheme(unsigned int n);

/**
 * The descriptor of event:?poll, readable while it is set, or of a file lock's file.
 *
 * It stays the handle's.  Of an event it may be sent to another process, which opens it by
 * "event:?fd=N".  One of a file must not be closed nor locked.
 *
 * Returns it or: -EINVAL, -EOPNOTSUPP (KIPC_LOCK_CAN_FD).  Thread-safe.  Since 0.1.
 */
int kipc_lock_fd(const struct kipc_lock *lock);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_LOCK_H */
