// SPDX-License-Identifier: GPL-2.0
/*
 * Semaphores: values, several operations at once or none, waiting for zero, undo, sets that
 * a killed maker left without values, sets of other programs.
 */
#include <sys/ipc.h>
#include <sys/sem.h>

#include "lock_test.h"

FIXTURE(set)
{
	struct kipc_lock *lock;
	char address[128];
	key_t key;
};

FIXTURE_SETUP(set)
{
	lock_address("sysv-sem", "?count=3&value=2", self->address);
	self->key = (key_t)strtoul(self->address + strlen("sysv-sem:"), NULL, 10);
	ASSERT_EQ(0, kipc_lock_open(&self->lock, self->address, NULL));
}

FIXTURE_TEARDOWN(set)
{
	kipc_lock_close(self->lock);
	kipc_lock_unlink(self->address);
	EXPECT_GT(0, semget(self->key, 0, 0));
}

static int value_of(struct kipc_lock *lock, unsigned int index)
{
	struct kipc_sem_stat stat = KIPC_SEM_STAT_INIT;
	int err = kipc_sem_stat(lock, index, &stat);

	return err ? err : (int)stat.value;
}

TEST_F(set, has_so_many_semaphores_of_that_value)
{
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;
	int i;

	ASSERT_EQ(0, kipc_lock_info(self->lock, &info));
	EXPECT_EQ(3, info.count);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(2, value_of(self->lock, i));
	EXPECT_EQ(-EINVAL, value_of(self->lock, 3));
}

TEST_F(set, several_at_once_or_none)
{
	struct kipc_sem_op both[] = { { 0, -2, 0 }, { 1, -3, 0 } };

	EXPECT_EQ(-EAGAIN, kipc_sem_ops(self->lock, both, 2, KIPC_NOW));
	EXPECT_EQ(2, value_of(self->lock, 0));
	EXPECT_EQ(-ETIMEDOUT, kipc_sem_ops(self->lock, both, 2, SOON));
	EXPECT_EQ(2, value_of(self->lock, 0));
	both[1].delta = -2;
	EXPECT_EQ(0, kipc_sem_ops(self->lock, both, 2, LONG));
	EXPECT_EQ(0, value_of(self->lock, 0));
	EXPECT_EQ(0, value_of(self->lock, 1));
	EXPECT_EQ(2, value_of(self->lock, 2));
}

TEST_F(set, two_processes_take_pairs_without_deadlock)
{
	struct kipc_sem_op forth[] = { { 0, -2, KIPC_SEM_UNDO }, { 1, -2, KIPC_SEM_UNDO } };
	struct kipc_sem_op back[] = { { 1, -2, KIPC_SEM_UNDO }, { 0, -2, KIPC_SEM_UNDO } };
	struct kipc_sem_op give[] = { { 0, 2, KIPC_SEM_UNDO }, { 1, 2, KIPC_SEM_UNDO } };
	pid_t child = fork();
	int i;

	for (i = 0; i < 60; i++) {
		int err = kipc_sem_ops(self->lock, child ? forth : back, 2, LONG);

		err = err ?: kipc_sem_ops(self->lock, give, 2, LONG);
		if (!child && err)
			_exit(1);
		ASSERT_EQ(0, err);
	}
	if (!child)
		_exit(0);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(set, wait_for_zero)
{
	struct kipc_sem_op zero = { 2, 0, 0 }, take = { 2, -1, 0 };
	struct kipc_sem_stat stat = KIPC_SEM_STAT_INIT;
	struct other other;
	int i;

	EXPECT_EQ(-EAGAIN, kipc_sem_ops(self->lock, &zero, 1, KIPC_NOW));
	if (!other_start(&other)) {
		other_tell(&other, kipc_sem_ops(self->lock, &zero, 1, KIPC_FOREVER));
		_exit(0);
	}
	for (i = 0; i < 20000 && !stat.zero_waiters; i++) {
		ASSERT_EQ(0, kipc_sem_stat(self->lock, 2, &stat));
		nap(1000000);
	}
	EXPECT_EQ(1, stat.zero_waiters);
	EXPECT_EQ(0, stat.waiters);
	EXPECT_EQ(0, kipc_sem_ops(self->lock, &take, 1, LONG));
	EXPECT_EQ(0, kipc_sem_ops(self->lock, &take, 1, LONG));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(0, kipc_sem_ops(self->lock, &zero, 1, KIPC_NOW));
}

TEST_F(set, undone_when_killed_is_what_was_asked_to_be)
{
	struct kipc_sem_op ops[] = { { 0, -1, KIPC_SEM_UNDO }, { 1, -1, 0 },
				     { 2, 1, KIPC_SEM_UNDO } };
	struct kipc_sem_stat stat = KIPC_SEM_STAT_INIT;
	struct other other;

	if (!other_start(&other)) {
		other_tell(&other, kipc_sem_ops(self->lock, ops, 3, LONG));
		other_hear(&other);
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_EQ(1, value_of(self->lock, 0));
	EXPECT_EQ(3, value_of(self->lock, 2));
	other_kill(&other);
	EXPECT_EQ(2, value_of(self->lock, 0));
	EXPECT_EQ(1, value_of(self->lock, 1));
	EXPECT_EQ(2, value_of(self->lock, 2));
	EXPECT_EQ(0, kipc_sem_stat(self->lock, 1, &stat));
	EXPECT_EQ(3, stat.count);
	EXPECT_NE(0, stat.pid);
}

TEST_F(set, one_that_must_not_wait_eagain)
{
	struct kipc_sem_op ops[] = { { 0, -3, KIPC_SEM_NOWAIT } };

	EXPECT_EQ(-EAGAIN, kipc_sem_ops(self->lock, ops, 1, KIPC_FOREVER));
	EXPECT_EQ(-EAGAIN, kipc_sem_ops(self->lock, ops, 1, LONG));
}

TEST_F(set, bad_operations)
{
	struct kipc_sem_op op = { 3, -1, 0 };
	static struct kipc_sem_op many[2000];

	/* The set's own last semaphore is out of reach. */
	EXPECT_EQ(-EINVAL, kipc_sem_ops(self->lock, &op, 1, KIPC_NOW));
	op.index = 0;
	op.flags = 4;
	EXPECT_EQ(-EINVAL, kipc_sem_ops(self->lock, &op, 1, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_sem_ops(self->lock, &op, 0, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_sem_ops(self->lock, NULL, 1, KIPC_NOW));
	EXPECT_EQ(-EMSGSIZE, kipc_sem_ops(self->lock, many, 2000, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_sem_post(self->lock, 0));
	EXPECT_EQ(-EINVAL, kipc_sem_post(self->lock, 32768));
	EXPECT_EQ(-EOVERFLOW, kipc_sem_post(self->lock, 32767));
	EXPECT_EQ(2, value_of(self->lock, 0));
}

TEST_F(set, removed_epipe_also_to_waiters)
{
	struct kipc_sem_op op = { 0, -3, 0 };
	struct other other;

	if (!other_start(&other)) {
		other_tell(&other, 0);
		other_tell(&other, kipc_sem_ops(self->lock, &op, 1, KIPC_FOREVER));
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	EXPECT_EQ(0, kipc_lock_unlink(self->address));
	EXPECT_EQ(-EPIPE, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(-EPIPE, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-EPIPE, value_of(self->lock, 0));
	EXPECT_EQ(-ENOENT, kipc_lock_unlink(self->address));
}

TEST_F(set, count_that_differs_eaddrinuse)
{
	struct kipc_lock *lock;
	char address[128];

	snprintf(address, sizeof(address), "sysv-sem:%u?count=4", (unsigned int)self->key);
	EXPECT_EQ(-EADDRINUSE, kipc_lock_open(&lock, address, NULL));
	snprintf(address, sizeof(address), "sysv-sem:%u", (unsigned int)self->key);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	EXPECT_EQ(2, value_of(lock, 2));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

/* What is left of a maker that was killed between making and giving values. */
TEST(set_without_values_gets_them_from_the_next_one)
{
	struct kipc_lock *lock;
	char address[128];
	key_t key;

	lock_address("sysv-sem", "?count=2&value=5", address);
	key = (key_t)strtoul(address + strlen("sysv-sem:"), NULL, 10);
	ASSERT_LE(0, semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	EXPECT_EQ(5, value_of(lock, 0));
	EXPECT_EQ(5, value_of(lock, 1));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(set_whose_values_are_used_up_does_not_get_them_again)
{
	struct kipc_lock *lock;
	char address[128];

	lock_address("sysv-sem", "?noundo", address);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(lock));
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(set_of_another_program)
{
	struct kipc_lock *lock;
	char address[128], foreign[160];
	key_t key;
	int id;

	lock_address("sysv-sem", "", address);
	snprintf(foreign, sizeof(foreign), "%s?foreign", address);
	key = (key_t)strtoul(address + strlen("sysv-sem:"), NULL, 10);
	EXPECT_EQ(-ENOENT, kipc_lock_open(&lock, foreign, NULL));
	id = semget(key, 2, IPC_CREAT | IPC_EXCL | 0600);
	ASSERT_LE(0, id);
	ASSERT_EQ(0, semctl(id, 0, SETVAL, 1));
	EXPECT_EQ(-EADDRINUSE, kipc_lock_open(&lock, address, NULL));
	ASSERT_EQ(0, kipc_lock_open(&lock, foreign, NULL));
	EXPECT_EQ(1, value_of(lock, 0));
	EXPECT_EQ(0, value_of(lock, 1));
	EXPECT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, semctl(id, 0, GETVAL));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(set_by_path)
{
	struct kipc_lock *lock;

	EXPECT_EQ(-ENOENT, kipc_lock_open(&lock, "sysv-sem:./kipc-test-none", NULL));
	ASSERT_EQ(0, kipc_lock_open(&lock, "sysv-sem:.?value=0", NULL));
	EXPECT_EQ(0, value_of(lock, 0));
	EXPECT_EQ(0, kipc_sem_post(lock, 7));
	EXPECT_EQ(7, value_of(lock, 0));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink("sysv-sem:."));
}

TEST(set_too_large_for_one_call_leaves_nothing)
{
	struct kipc_lock *lock;
	char address[128];

	lock_address("sysv-sem", "?count=5000", address);
	EXPECT_EQ(-EMSGSIZE, kipc_lock_open(&lock, address, NULL));
	EXPECT_EQ(-ENOENT, kipc_lock_unlink(address));
}

/* ---- POSIX semaphores ---- */

TEST(posix_semaphore_counts)
{
	struct kipc_sem_stat stat = KIPC_SEM_STAT_INIT;
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "posix-sem:?value=0", NULL));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_lock_acquire(lock, SOON));
	EXPECT_EQ(0, kipc_sem_post(lock, 3));
	EXPECT_EQ(3, value_of(lock, 0));
	EXPECT_EQ(0, kipc_lock_acquire(lock, KIPC_FOREVER));
	EXPECT_EQ(0, kipc_lock_acquire(lock, LONG));
	EXPECT_EQ(0, kipc_sem_stat(lock, 0, &stat));
	EXPECT_EQ(1, stat.value);
	EXPECT_EQ(1, stat.count);
	EXPECT_EQ(-EINVAL, value_of(lock, 1));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(posix_semaphore_overflow)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "posix-sem:?value=2147483647", NULL));
	EXPECT_EQ(-EOVERFLOW, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(unnamed_posix_semaphore_is_shared_with_a_child)
{
	struct kipc_lock *lock;
	struct other other;

	ASSERT_EQ(0, kipc_lock_open(&lock, "posix-sem:?value=0", NULL));
	if (!other_start(&other)) {
		other_tell(&other, 0);
		other_tell(&other, kipc_lock_acquire(lock, KIPC_FOREVER));
		_exit(kipc_lock_close(lock) ? 1 : 0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	EXPECT_EQ(0, kipc_sem_post(lock, 1));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST_HARNESS_MAIN
