// SPDX-License-Identifier: GPL-2.0
/*
 * What every lock does alike, between two processes that know an address: exclude, wait,
 * give up in time; and what each does when its owner dies, forks or executes another
 * program, as the table of kipc_lock(7) has it.
 */
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
	self->descriptors = open_descriptors();
	lock_address(variant->scheme, variant->options, self->address);
	ASSERT_EQ(0, lock_open_flags(&self->lock, self->address, KIPC_LOCK_EXCL));
}

FIXTURE_TEARDOWN(lock)
{
	EXPECT_EQ(0, kipc_lock_close(self->lock));
	EXPECT_EQ(0, kipc_lock_unlink(self->address));
	EXPECT_EQ(self->descriptors, open_descriptors());
}

/* Another process opens the address and tries, as it is told by times. */
static void try_as_told(struct other *other, const char *address)
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
	_exit(0);
}

static int ask(struct other *other, int what)
{
	other_tell(other, what);
	return other_hear(other);
}

TEST_F(lock, excludes_another_process_until_released)
{
	struct other other;
	int64_t start;

	if (!other_start(&other))
		try_as_told(&other, self->address);
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	EXPECT_EQ(-EAGAIN, ask(&other, 0));
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, ask(&other, 1));
	EXPECT_LE(SOON, now_ns() - start);
	ASSERT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, ask(&other, 2));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(0, ask(&other, 9));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(0, other_end(&other));
}

TEST_F(lock, waiters_get_it_when_it_is_released)
{
	struct other other;

	if (!other_start(&other)) {
		struct kipc_lock *lock = lock_open(self->address);

		other_hear(&other);
		other_tell(&other, kipc_lock_acquire(lock, KIPC_FOREVER));
		kipc_lock_release(lock);
		other_hear(&other);
		other_tell(&other, kipc_lock_acquire(lock, LONG));
		kipc_lock_release(lock);
		_exit(0);
	}
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	other_tell(&other, 0);
	EXPECT_TRUE(sleeps(other.pid));
	ASSERT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, other_hear(&other));
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	other_tell(&other, 0);
	nap(SOON);
	ASSERT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
}

/* An owner in another process. */
static void own(struct other *other, const char *address)
{
	struct kipc_lock *lock = lock_open(address);

	other_tell(other, kipc_lock_acquire(lock, LONG));
	other_hear(other);
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
	if (!variant->patient)
		EXPECT_EQ(-EINTR, kipc_lock_acquire(self->lock, KIPC_FOREVER));
	alarm_stop();
	other_kill(&other);
}

/*
 * Several processes open a new name at once and add to a number, not atomically: they all
 * found the same lock, it was ready, and it excluded.
 */
TEST_F(lock, made_by_several_at_once_excludes_all)
{
	enum { PROCESSES = 4, ROUNDS = 40 };
	int *number = shared_memory(4096);
	pid_t children[PROCESSES];
	int start[2], i, k, err;
	char address[128], c;

	ASSERT_NE(NULL, number);
	ASSERT_EQ(0, pipe(start));
	lock_address(variant->scheme, variant->options, address);
	for (i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i])
			continue;
		close(start[1]);
		if (read(start[0], &c, 1))
			_exit(1);
		struct kipc_lock *lock = lock_open(address);

		for (k = 0; lock && k < ROUNDS; k++) {
			err = kipc_lock_acquire(lock, KIPC_FOREVER);
			if (err)
				_exit(2);
			*number = *number + 1;
			if (kipc_lock_release(lock))
				_exit(3);
		}
		_exit(lock ? 0 : 4);
	}
	close(start[0]);
	close(start[1]);
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(0, exit_status(children[i]));
	EXPECT_EQ(PROCESSES * ROUNDS, *number);
	EXPECT_EQ(0, kipc_lock_unlink(address));
	munmap(number, 4096);
}

TEST_F(lock, excl_and_existing)
{
	struct kipc_lock *lock;
	char address[128];

	EXPECT_EQ(-EADDRINUSE, lock_open_flags(&lock, self->address, KIPC_LOCK_EXCL));
	EXPECT_EQ(NULL, lock);
	ASSERT_EQ(0, lock_open_flags(&lock, self->address, KIPC_LOCK_EXISTING));
	EXPECT_EQ(0, kipc_lock_close(lock));
	lock_address(variant->scheme, "", address);
	EXPECT_EQ(-ENOENT, lock_open_flags(&lock, address, KIPC_LOCK_EXISTING));
	EXPECT_EQ(-ENOENT, kipc_lock_unlink(address));
	EXPECT_EQ(-EINVAL, lock_open_flags(&lock, self->address,
					   KIPC_LOCK_EXISTING | KIPC_LOCK_EXCL));
}

TEST_F(lock, name_and_state_outlive_the_last_handle)
{
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;

	ASSERT_EQ(0, kipc_lock_info(self->lock, &info));
	EXPECT_STREQ(variant->scheme, info.scheme);
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	ASSERT_EQ(0, kipc_lock_close(self->lock));
	ASSERT_EQ(0, lock_open_flags(&self->lock, self->address, KIPC_LOCK_EXISTING));
	/* Who had it has closed it: semaphores and events do not care. */
	EXPECT_EQ(info.can & (KIPC_LOCK_CAN_POST | KIPC_LOCK_CAN_EVENT) ? -EAGAIN : 0,
		  kipc_lock_acquire(self->lock, KIPC_NOW));
}

TEST_F(lock, what_it_can_is_what_it_does)
{
	struct kipc_lock_range range = KIPC_LOCK_RANGE_INIT;
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT, scheme = KIPC_LOCK_INFO_INIT;
	struct kipc_sem_op op = { 0, 1, 0 };
	pid_t holder;

	ASSERT_EQ(0, kipc_lock_info(self->lock, &info));
	ASSERT_EQ(0, kipc_lock_scheme_info(self->address, &scheme));
	EXPECT_EQ(0, info.can & ~scheme.can);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_SHARED),
		  kipc_lock_acquire_shared(self->lock, KIPC_NOW) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_RANGE),
		  kipc_lock_acquire_range(self->lock, &range, KIPC_NOW) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_RANGE),
		  kipc_lock_range_holder(self->lock, &range, &holder) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_POST),
		  kipc_sem_post(self->lock, 1) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_OPS),
		  kipc_sem_ops(self->lock, &op, 1, KIPC_NOW) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_EVENT),
		  kipc_event_set(self->lock) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_PULSE),
		  kipc_event_pulse(self->lock) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_RECOVER),
		  kipc_lock_consistent(self->lock) == -EOPNOTSUPP);
	EXPECT_EQ(!(info.can & KIPC_LOCK_CAN_FD), kipc_lock_fd(self->lock) == -EOPNOTSUPP);
	EXPECT_EQ(-EOPNOTSUPP, kipc_barrier_wait(self->lock, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_cond_signal(self->lock));
	EXPECT_EQ(-EOPNOTSUPP, kipc_cond_wait(self->lock, self->lock, KIPC_NOW));
	EXPECT_EQ(variant->killed >= 0, !!(info.can & KIPC_LOCK_CAN_FREE));
}

TEST_HARNESS_MAIN
