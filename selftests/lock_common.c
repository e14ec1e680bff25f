// SPDX-License-Identifier: GPL-2.0
/*
 * What every lock does alike, between two processes that know an address: exclude, wait,
 * give up in time; and its name.
 */
#include "lock_variants.h"

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
		kipc_lock_close(lock);
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
		kipc_lock_close(lock);
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
