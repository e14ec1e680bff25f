/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every kind of lock that can be acquired, and what becomes of it, as the table of
 * kipc_lock(7) has it: for the programs that try them all.
 */
#ifndef LOCK_VARIANTS_H
#define LOCK_VARIANTS_H

#include "lock_test.h"

FIXTURE(lock)
{
	struct kipc_lock *lock;
	char address[128];
	int descriptors;
};

/*
 * @killed:	what an acquirer is told after the owner was killed
 * @executed:	and after it executed another program, and lives
 * @child:	and in a child of the owner's, through its copy of the handle
 * @child_release: what releasing it there returns
 * @stays:	is it still held then?
 * @patient:	does a wait go on after a signal?
 */
FIXTURE_VARIANT(lock)
{
	const char *scheme;
	const char *options;
	int killed;
	int executed;
	int child;
	int child_release;
	bool stays;
	bool patient;
};

FIXTURE_VARIANT_ADD(lock, mutex) {
	.scheme = "mutex", .options = "",
	.killed = KIPC_LOCK_RECOVERED, .executed = KIPC_LOCK_RECOVERED,
	.child = -EAGAIN, .child_release = -EPERM, .stays = true, .patient = true,
};

FIXTURE_VARIANT_ADD(lock, mutex_inherit) {
	.scheme = "mutex", .options = "?inherit",
	.killed = KIPC_LOCK_RECOVERED, .executed = KIPC_LOCK_RECOVERED,
	.child = -EAGAIN, .child_release = -EPERM, .stays = true, .patient = true,
};

FIXTURE_VARIANT_ADD(lock, rwlock) {
	.scheme = "rwlock", .options = "?readers=8",
	.killed = KIPC_LOCK_RECOVERED, .executed = KIPC_LOCK_RECOVERED,
	.child = -EAGAIN, .child_release = -EPERM, .stays = true, .patient = true,
};

/* What the child has released is undone when it ends. */
FIXTURE_VARIANT_ADD(lock, sysv_sem) {
	.scheme = "sysv-sem", .options = "",
	.killed = 0, .executed = -EAGAIN, .child = -EAGAIN, .child_release = 0, .stays = true,
};

FIXTURE_VARIANT_ADD(lock, sysv_sem_noundo) {
	.scheme = "sysv-sem", .options = "?noundo",
	.killed = -EAGAIN, .executed = -EAGAIN, .child = -EAGAIN, .child_release = 0,
};

FIXTURE_VARIANT_ADD(lock, posix_sem) {
	.scheme = "posix-sem", .options = "",
	.killed = -EAGAIN, .executed = -EAGAIN, .child = -EAGAIN, .child_release = 0,
};

FIXTURE_VARIANT_ADD(lock, flock) {
	.scheme = "flock", .options = "",
	.killed = 0, .executed = 0, .child = 0, .child_release = 0,
};

FIXTURE_VARIANT_ADD(lock, fcntl) {
	.scheme = "fcntl", .options = "",
	.killed = 0, .executed = 0, .child = -EAGAIN, .child_release = 0, .stays = true,
};

FIXTURE_VARIANT_ADD(lock, ofd) {
	.scheme = "ofd", .options = "?start=10&len=5",
	.killed = 0, .executed = 0, .child = 0, .child_release = 0,
};

FIXTURE_VARIANT_ADD(lock, event) {
	.scheme = "event", .options = "?value=1",
	.killed = -EAGAIN, .executed = -EAGAIN, .child = -EAGAIN, .child_release = 0,
};

FIXTURE_SETUP(lock)
{
	/* FUTEX_LOCK_PI2 is -EINVAL to valgrind. */
	if (watched() && strstr(variant->options, "inherit"))
		SKIP(return, "valgrind has no priority inheritance");
	self->descriptors = open_descriptors();
	lock_address(variant->scheme, variant->options, self->address);
	ASSERT_EQ(0, lock_open_flags(&self->lock, self->address, KIPC_LOCK_EXCL));
}

FIXTURE_TEARDOWN(lock)
{
	if (!self->lock)
		return;
	EXPECT_EQ(0, kipc_lock_close(self->lock));
	EXPECT_EQ(0, kipc_lock_unlink(self->address));
	EXPECT_EQ(self->descriptors, open_descriptors());
}

/* Another process opens the address and tries, as it is told by times. */
static inline void try_as_told(struct other *other, const char *address)
{
	struct kipc_lock *lock = lock_open(address);
	int what;

	while ((what = other_hear(other)) >= 0) {
		if (what == 9)
			other_tell(other, kipc_lock_release(lock));
		else
			other_tell(other, kipc_lock_acquire(lock, what == 2 ? LONG :
					  what == 1 ? SOON : KIPC_NOW));
	}
	kipc_lock_close(lock);
	_exit(0);
}

static inline int ask(struct other *other, int what)
{
	other_tell(other, what);
	return other_hear(other);
}

#endif /* LOCK_VARIANTS_H */
