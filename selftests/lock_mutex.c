// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes, read-write locks and critical sections: what a dead owner leaves and how it is
 * mended, deadlocks refused, recursion, priority inheritance, threads and children.
 */
#include <sched.h>

#include "lock_test.h"

FIXTURE(mutex)
{
	struct kipc_lock *lock;
	char address[128];
};

FIXTURE_VARIANT(mutex)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(mutex, mutex) { .scheme = "mutex" };
FIXTURE_VARIANT_ADD(mutex, rwlock) { .scheme = "rwlock" };

FIXTURE_SETUP(mutex)
{
	lock_address(variant->scheme, "", self->address);
	ASSERT_EQ(0, kipc_lock_open(&self->lock, self->address, NULL));
}

FIXTURE_TEARDOWN(mutex)
{
	EXPECT_EQ(0, kipc_lock_close(self->lock));
	EXPECT_EQ(0, kipc_lock_unlink(self->address));
}

/* Somebody takes it and is killed. */
static void die_holding(const char *address, bool shared)
{
	struct other other;

	if (!other_start(&other)) {
		struct kipc_lock *lock = lock_open(address);

		other_tell(&other, shared ? kipc_lock_acquire_shared(lock, LONG) :
			   kipc_lock_acquire(lock, LONG));
		other_hear(&other);
		_exit(0);
	}
	other_hear(&other);
	other_kill(&other);
}

TEST_F(mutex, everybody_is_told_until_one_says_it_is_consistent)
{
	die_holding(self->address, false);
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire(self->lock, LONG));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire(self->lock, LONG));
	EXPECT_EQ(0, kipc_lock_consistent(self->lock));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, LONG));
}

TEST_F(mutex, owners_die_one_after_another)
{
	int i;

	for (i = 0; i < 5; i++)
		die_holding(self->address, false);
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire(self->lock, LONG));
}

TEST_F(mutex, condemned_is_enotrecoverable_also_to_waiters)
{
	struct other other;

	ASSERT_EQ(0, kipc_lock_acquire(self->lock, LONG));
	if (!other_start(&other)) {
		struct kipc_lock *lock = lock_open(self->address);

		other_tell(&other, 0);
		other_tell(&other, kipc_lock_acquire(lock, KIPC_FOREVER));
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	EXPECT_EQ(0, kipc_lock_condemn(self->lock));
	EXPECT_EQ(0, kipc_lock_consistent(self->lock));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(-ENOTRECOVERABLE, other_hear(&other));
	EXPECT_EQ(-ENOTRECOVERABLE, kipc_lock_acquire(self->lock, LONG));
	EXPECT_EQ(0, other_end(&other));
}

TEST_F(mutex, what_is_not_held_eperm)
{
	EXPECT_EQ(-EPERM, kipc_lock_release(self->lock));
	EXPECT_EQ(-EPERM, kipc_lock_consistent(self->lock));
	EXPECT_EQ(-EPERM, kipc_lock_condemn(self->lock));
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(-EPERM, kipc_lock_release(self->lock));
}

TEST_F(mutex, twice_edeadlk)
{
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-EDEADLK, kipc_lock_acquire(self->lock, KIPC_FOREVER));
	EXPECT_EQ(-EDEADLK, kipc_lock_acquire(self->lock, SOON));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
}

struct helper {
	struct kipc_lock *lock;
	int (*act)(struct kipc_lock *lock);
	int result;
};

static void *help(void *arg)
{
	struct helper *helper = arg;

	helper->result = helper->act(helper->lock);
	return NULL;
}

/* Do it in another thread, which ends. */
static int in_thread(struct kipc_lock *lock, int (*act)(struct kipc_lock *lock))
{
	struct helper helper = { lock, act, 0 };
	pthread_t thread;

	pthread_create(&thread, NULL, help, &helper);
	pthread_join(thread, NULL);
	return helper.result;
}

static int acquire_now(struct kipc_lock *lock)
{
	return kipc_lock_acquire(lock, KIPC_NOW);
}

static int share_now(struct kipc_lock *lock)
{
	return kipc_lock_acquire_shared(lock, KIPC_NOW);
}

static int share_and_release(struct kipc_lock *lock)
{
	int err = share_now(lock);

	return err ?: kipc_lock_release(lock);
}

TEST_F(mutex, threads_exclude_each_other_through_one_handle)
{
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, in_thread(self->lock, acquire_now));
	EXPECT_EQ(-EPERM, in_thread(self->lock, kipc_lock_release));
	EXPECT_EQ(-EBUSY, in_thread(self->lock, kipc_lock_close));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
}

TEST_F(mutex, thread_that_ends_holding_it_is_a_dead_owner)
{
	EXPECT_EQ(0, in_thread(self->lock, acquire_now));
	EXPECT_EQ(KIPC_LOCK_RECOVERED, in_thread(self->lock, acquire_now));
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire(self->lock, LONG));
	EXPECT_EQ(0, kipc_lock_consistent(self->lock));
}

TEST_F(mutex, closing_releases)
{
	struct kipc_lock *lock = lock_open(self->address);

	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
}

TEST(recursive_mutex_is_released_as_often_as_acquired)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "mutex:?recursive", NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, LONG));
	ASSERT_EQ(0, kipc_lock_acquire(lock, LONG));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(-EPERM, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

static int priority_of(pid_t pid)
{
	char path[64], line[512], *at;
	int fd, i, prio = 1000;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n < 0 ? 0 : n] = '\0';
	at = strrchr(line, ')');
	/* The 18th field; the state is the third. */
	for (i = 2; at && i < 18; i++)
		at = strchr(at + 1, ' ');
	if (at)
		prio = atoi(at);
	return prio;
}

/* Field 18 is the priority as boosted: -1 - rt_priority. */
TEST(owner_inherits_the_priority_of_who_waits)
{
	struct sched_param high = { .sched_priority = 20 };
	char address[128];
	struct kipc_lock *lock;
	struct other other;
	int i;

	if (watched())
		SKIP(return, "valgrind has no priority inheritance");
	lock_address("mutex", "?inherit", address);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, LONG));
	if (!other_start(&other)) {
		struct kipc_lock *mine = lock_open(address);

		other_tell(&other, sched_setscheduler(0, SCHED_FIFO, &high) ? -errno : 0);
		other_tell(&other, kipc_lock_acquire(mine, LONG));
		_exit(0);
	}
	if (other_hear(&other) < 0) {
		other_kill(&other);
		kipc_lock_close(lock);
		kipc_lock_unlink(address);
		SKIP(return, "no real-time priorities here");
	}
	for (i = 0; i < 10000 && priority_of(getpid()) >= 0; i++)
		nap(1000000);
	EXPECT_EQ(-21, priority_of(getpid()));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_LE(0, priority_of(getpid()));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

/* ---- read-write locks ---- */

TEST(readers_share_and_exclude_a_writer)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "rwlock:?readers=2", NULL));
	EXPECT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(0, in_thread(lock, share_and_release));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, in_thread(lock, share_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(upgrade_of_a_share_edeadlk)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "rwlock:", NULL));
	ASSERT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(-EDEADLK, kipc_lock_acquire(lock, KIPC_FOREVER));
	EXPECT_EQ(0, kipc_lock_release(lock));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(-EDEADLK, kipc_lock_acquire_shared(lock, KIPC_FOREVER));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(upgrade_through_another_handle_edeadlk)
{
	struct kipc_lock *lock, *again;
	char address[128];

	lock_address("rwlock", "", address);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	ASSERT_EQ(0, kipc_lock_open(&again, address, NULL));
	ASSERT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(-EDEADLK, kipc_lock_acquire(again, KIPC_FOREVER));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_acquire(again, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(again));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(readers_beyond_the_slots_wait)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "rwlock:?readers=1", NULL));
	ASSERT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, in_thread(lock, share_now));
	/* One thread's second share needs no slot. */
	EXPECT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(-EAGAIN, in_thread(lock, share_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, in_thread(lock, share_and_release));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(dead_reader_is_forgotten_and_breaks_nothing)
{
	struct kipc_lock *lock;
	char address[128];
	int i;

	lock_address("rwlock", "?readers=2", address);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	for (i = 0; i < 5; i++)
		die_holding(address, true);
	EXPECT_EQ(0, kipc_lock_acquire(lock, LONG));
	EXPECT_EQ(0, kipc_lock_release(lock));
	die_holding(address, true);
	EXPECT_EQ(0, kipc_lock_acquire_shared(lock, LONG));
	EXPECT_EQ(0, kipc_lock_release(lock));
	/* A writer's death is told to readers too; only a writer may call it mended. */
	die_holding(address, false);
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire_shared(lock, LONG));
	EXPECT_EQ(-EPERM, kipc_lock_consistent(lock));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(KIPC_LOCK_RECOVERED, kipc_lock_acquire(lock, LONG));
	EXPECT_EQ(0, kipc_lock_consistent(lock));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_acquire_shared(lock, LONG));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(writer_comes_before_later_readers_and_gives_up_in_time)
{
	struct kipc_lock *lock;
	struct other other;

	ASSERT_EQ(0, kipc_lock_open(&lock, "rwlock:", NULL));
	ASSERT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	if (!other_start(&other)) {
		other_tell(&other, 0);
		other_tell(&other, kipc_lock_acquire(lock, LONG));
		other_hear(&other);
		kipc_lock_release(lock);
		_exit(kipc_lock_acquire_shared(lock, LONG) ? 1 : 0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	EXPECT_EQ(-EAGAIN, in_thread(lock, share_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(-ETIMEDOUT, kipc_lock_acquire(lock, SOON));
	EXPECT_EQ(-ETIMEDOUT, kipc_lock_acquire_shared(lock, SOON));
	EXPECT_EQ(0, other_end(&other));
	/* A writer whose time is up leaves nothing taken. */
	ASSERT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(0, in_thread(lock, share_and_release));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

/* ---- critical sections ---- */

TEST(critical_section_excludes_threads_and_is_recursive)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "critical:?spin=100", NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_FOREVER));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(-EPERM, in_thread(lock, kipc_lock_release));
	EXPECT_EQ(-EBUSY, in_thread(lock, kipc_lock_close));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(-EPERM, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "critical:name", NULL));
}

static int number;

static int count(struct kipc_lock *lock)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (kipc_lock_acquire(lock, i % 2 ? KIPC_FOREVER : LONG))
			return -1;
		number++;
		if (kipc_lock_release(lock))
			return -1;
	}
	return 0;
}

TEST(critical_section_under_load)
{
	struct helper helpers[4];
	pthread_t threads[4];
	struct kipc_lock *lock;
	int i;

	ASSERT_EQ(0, kipc_lock_open(&lock, "critical:", NULL));
	for (i = 0; i < 4; i++) {
		helpers[i] = (struct helper){ lock, count, -1 };
		pthread_create(&threads[i], NULL, help, &helpers[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, helpers[i].result);
	}
	EXPECT_EQ(4000, number);
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(critical_section_of_the_forking_thread_stays_its_own)
{
	struct kipc_lock *lock;
	pid_t child;

	ASSERT_EQ(0, kipc_lock_open(&lock, "critical:", NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	child = fork();
	if (!child)
		_exit(kipc_lock_acquire(lock, KIPC_NOW) || kipc_lock_release(lock) ||
		      kipc_lock_release(lock) ||
		      kipc_lock_release(lock) != -EPERM || kipc_lock_close(lock));
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(-EAGAIN, in_thread(lock, acquire_now));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

static int child_recovers(struct kipc_lock *lock)
{
	int err = kipc_lock_acquire(lock, LONG);

	if (err != KIPC_LOCK_RECOVERED)
		return 1;
	kipc_lock_release(lock);
	if (kipc_lock_acquire(lock, LONG) != KIPC_LOCK_RECOVERED || kipc_lock_consistent(lock))
		return 2;
	kipc_lock_release(lock);
	return kipc_lock_acquire(lock, LONG) || kipc_lock_close(lock) ? 3 : 0;
}

static int fork_and_recover(struct kipc_lock *lock)
{
	pid_t child = fork();

	if (!child)
		_exit(child_recovers(lock));
	return exit_status(child);
}

TEST(critical_section_of_another_thread_is_recovered_in_the_child)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "critical:", NULL));
	ASSERT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, in_thread(lock, fork_and_recover));
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST_HARNESS_MAIN
