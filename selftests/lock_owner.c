// SPDX-License-Identifier: GPL-2.0
/*
 * What each lock does when its owner is killed, forks or executes another program, and
 * when a signal comes during the wait.
 */
#include "lock_variants.h"

/* An owner in another process. */
static void own(struct other *other, const char *address)
{
	struct kipc_lock *lock = lock_open(address);

	other_tell(other, kipc_lock_acquire(lock, LONG));
	other_hear(other);
	kipc_lock_close(lock);
	_exit(0);
}

TEST_F(lock, killed_owner)
{
	struct other other;

	if (!other_start(&other))
		own(&other, self->address);
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(128 + SIGKILL, other_kill(&other));
	EXPECT_EQ(variant->killed, kipc_lock_acquire(self->lock, KIPC_NOW));
}

TEST_F(lock, killed_owner_frees_who_waits)
{
	struct other owner, waiter;

	if (variant->killed < 0)
		SKIP(return, "it stays taken");
	if (!other_start(&owner))
		own(&owner, self->address);
	ASSERT_EQ(0, other_hear(&owner));
	if (!other_start(&waiter)) {
		struct kipc_lock *lock = lock_open(self->address);

		other_tell(&waiter, 0);
		other_tell(&waiter, kipc_lock_acquire(lock, KIPC_FOREVER));
		kipc_lock_close(lock);
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&waiter));
	EXPECT_TRUE(sleeps(waiter.pid));
	EXPECT_EQ(128 + SIGKILL, other_kill(&owner));
	EXPECT_EQ(variant->killed, other_hear(&waiter));
	EXPECT_EQ(0, other_end(&waiter));
}

TEST_F(lock, owner_that_executes_another_program)
{
	struct other other;
	int gone;

	if (!other_start(&other)) {
		struct kipc_lock *lock = lock_open(self->address);

		other_tell(&other, kipc_lock_acquire(lock, LONG));
		execlp("sleep", "sleep", "30", NULL);
		_exit(1);
	}
	ASSERT_EQ(0, other_hear(&other));
	/* The pipe is close-on-exec. */
	ASSERT_EQ(-EPIPE, other_hear(&other));
	/* It is closed just before other close-on-exec descriptors. */
	gone = kipc_lock_acquire(self->lock, variant->executed < 0 ? KIPC_NOW : LONG);
	EXPECT_EQ(variant->executed, gone);
	EXPECT_EQ(128 + SIGKILL, other_kill(&other));
}

TEST_F(lock, child_of_the_owner)
{
	struct other other;

	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	if (!other_start(&other)) {
		other_tell(&other, kipc_lock_acquire(self->lock, KIPC_NOW));
		other_tell(&other, kipc_lock_release(self->lock));
		other_hear(&other);
		_exit(kipc_lock_close(self->lock) ? 1 : 0);
	}
	EXPECT_EQ(variant->child, other_hear(&other));
	EXPECT_EQ(variant->child_release, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));

	if (!other_start(&other))
		try_as_told(&other, self->address);
	EXPECT_EQ(variant->stays ? -EAGAIN : 0, ask(&other, 0));
	EXPECT_EQ(0, other_end(&other));
}

TEST_F(lock, signal_during_the_wait)
{
	struct other other;
	int err;

	if (!other_start(&other))
		own(&other, self->address);
	ASSERT_EQ(0, other_hear(&other));
	alarm_start();
	err = kipc_lock_acquire(self->lock, variant->patient ? 4 * SOON : LONG);
	EXPECT_EQ(variant->patient ? -ETIMEDOUT : -EINTR, err);
	/* Valgrind does not know that F_OFD_SETLKW waits, and holds signals back. */
	if (!variant->patient && !(watched() && scheme_is(variant->scheme, "ofd")))
		EXPECT_EQ(-EINTR, kipc_lock_acquire(self->lock, KIPC_FOREVER));
	alarm_stop();
	other_kill(&other);
}

TEST_HARNESS_MAIN
