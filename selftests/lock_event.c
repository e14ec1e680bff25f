// SPDX-License-Identifier: GPL-2.0
/*
 * Events, condition variables and barriers: who is let go, who is not, and what those who
 * are killed in the wait leave.
 */
#include "lock_test.h"

FIXTURE(event)
{
	struct kipc_lock *lock;
	struct kipc_lock_info info;
	char address[128];
	int descriptors;
};

FIXTURE_VARIANT(event)
{
	const char *address;	/* NULL: one with a name */
	const char *options;
	bool manual;
	bool pulses;
};

FIXTURE_VARIANT_ADD(event, manual) { .options = "?manual", .manual = true, .pulses = true };
FIXTURE_VARIANT_ADD(event, automatic) { .options = "", .pulses = true };
FIXTURE_VARIANT_ADD(event, unnamed) { .address = "event:", .pulses = true };
FIXTURE_VARIANT_ADD(event, manual_eventfd) { .address = "event:?poll&manual", .manual = true };
FIXTURE_VARIANT_ADD(event, automatic_eventfd) { .address = "event:?poll" };

FIXTURE_SETUP(event)
{
	self->descriptors = open_descriptors();
	self->info = (struct kipc_lock_info)KIPC_LOCK_INFO_INIT;
	if (variant->address)
		snprintf(self->address, sizeof(self->address), "%s", variant->address);
	else
		lock_address("event", variant->options, self->address);
	ASSERT_EQ(0, kipc_lock_open(&self->lock, self->address, NULL));
	ASSERT_EQ(0, kipc_lock_info(self->lock, &self->info));
}

FIXTURE_TEARDOWN(event)
{
	EXPECT_EQ(0, kipc_lock_close(self->lock));
	EXPECT_EQ(variant->address ? -EINVAL : 0, kipc_lock_unlink(self->address));
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(event, begins_unset_and_times_out)
{
	int64_t start = now_ns();

	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_lock_acquire(self->lock, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	EXPECT_EQ(variant->manual ? KIPC_LOCK_MANUAL : 0, self->info.flags);
}

TEST_F(event, set_lets_go_one_or_all_and_reset_none)
{
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(variant->manual ? 0 : -EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(0, kipc_event_reset(self->lock));
	EXPECT_EQ(0, kipc_event_reset(self->lock));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
}

/* Two others wait; what they are told comes by one pipe, whose end this returns. */
static int two_wait(struct kipc_lock *lock, pid_t pids[2], int64_t timeout)
{
	int ends[2], i;
	char result;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		result = kipc_lock_acquire(lock, timeout);
		_exit(write(ends[1], &result, 1) != 1);
	}
	close(ends[1]);
	for (i = 0; i < 2; i++)
		sleeps(pids[i]);
	return ends[0];
}

/* How many of them were let go before the time was up, or so long after the last one. */
static int let_go(int fd, int64_t wait)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int n = 0;
	char result;

	while (poll(&pollfd, 1, (int)(wait / 1000000)) == 1 && read(fd, &result, 1) == 1)
		n += !result;
	return n;
}

TEST_F(event, waiters_are_let_go_by_set)
{
	pid_t pids[2];
	int fd = two_wait(self->lock, pids, KIPC_FOREVER);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kipc_event_set(self->lock));
	if (!variant->manual) {
		EXPECT_EQ(1, let_go(fd, 2 * SOON));
		EXPECT_EQ(0, kipc_event_set(self->lock));
	}
	EXPECT_EQ(variant->manual ? 2 : 1, let_go(fd, LONG));
	EXPECT_EQ(0, exit_status(pids[0]));
	EXPECT_EQ(0, exit_status(pids[1]));
	close(fd);
}

TEST_F(event, pulse_lets_go_who_waits_and_nobody_later)
{
	pid_t pids[2];
	int fd;

	if (!variant->pulses) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_event_pulse(self->lock));
		return;
	}
	EXPECT_EQ(0, kipc_event_pulse(self->lock));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	fd = two_wait(self->lock, pids, KIPC_FOREVER);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kipc_event_pulse(self->lock));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	if (!variant->manual) {
		EXPECT_EQ(1, let_go(fd, 2 * SOON));
		EXPECT_EQ(0, kipc_event_pulse(self->lock));
	}
	EXPECT_EQ(variant->manual ? 2 : 1, let_go(fd, LONG));
	EXPECT_EQ(0, exit_status(pids[0]));
	EXPECT_EQ(0, exit_status(pids[1]));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	close(fd);
}

/* Stopped, they cannot run before the reset. */
TEST_F(event, waiters_of_a_manual_one_are_let_go_though_it_is_reset_at_once)
{
	pid_t pids[2];
	int fd, i;

	if (!variant->manual || !variant->pulses)
		SKIP(return, "not this kind");
	fd = two_wait(self->lock, pids, KIPC_FOREVER);
	ASSERT_LE(0, fd);
	for (i = 0; i < 2; i++)
		kill(pids[i], SIGSTOP);
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(0, kipc_event_reset(self->lock));
	for (i = 0; i < 2; i++)
		kill(pids[i], SIGCONT);
	EXPECT_EQ(2, let_go(fd, LONG));
	EXPECT_EQ(0, exit_status(pids[0]));
	EXPECT_EQ(0, exit_status(pids[1]));
	close(fd);
}

TEST_F(event, waiters_that_were_killed_take_no_set_along)
{
	pid_t pids[2];
	int fd = two_wait(self->lock, pids, KIPC_FOREVER);

	ASSERT_LE(0, fd);
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pids[0]));
	EXPECT_EQ(128 + SIGKILL, exit_status(pids[1]));
	close(fd);
	if (variant->pulses)
		EXPECT_EQ(0, kipc_event_pulse(self->lock));
	EXPECT_EQ(-EAGAIN, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_lock_acquire(self->lock, SOON));
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
}

/* Each set of an auto-reset event, answered by another, lets exactly one go. */
TEST_F(event, ping_pong_loses_nothing)
{
	struct kipc_lock *back;
	pid_t child;
	int i;

	if (variant->manual)
		SKIP(return, "it stays set");
	ASSERT_EQ(0, kipc_lock_open(&back, "event:", NULL));
	child = fork();
	for (i = 0; i < 100; i++) {
		int err = child ? kipc_event_set(self->lock) :
				  kipc_lock_acquire(self->lock, LONG);

		err = err ?: child ? kipc_lock_acquire(back, KIPC_FOREVER) :
				     kipc_event_set(back);
		if (!child && err)
			_exit(1);
		ASSERT_EQ(0, err);
	}
	if (!child)
		_exit(0);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(0, kipc_lock_close(back));
}

TEST_F(event, descriptor_is_readable_while_it_is_set)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct kipc_lock *taken;
	char address[64];

	if (variant->pulses) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_lock_fd(self->lock));
		return;
	}
	pollfd.fd = kipc_lock_fd(self->lock);
	ASSERT_LE(0, pollfd.fd);
	EXPECT_NE(0, fcntl(pollfd.fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, kipc_event_set(self->lock));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));

	snprintf(address, sizeof(address), "event:?fd=%d", dup(pollfd.fd));
	ASSERT_EQ(0, kipc_lock_open(&taken, address, NULL));
	EXPECT_EQ(0, kipc_lock_acquire(taken, KIPC_NOW));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, kipc_lock_close(taken));
	EXPECT_EQ(-EBADF, kipc_lock_open(&taken, "event:?fd=999", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&taken, "event:?fd=1", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&taken, "event:/name?poll", NULL));
}

/* ---- condition variables ---- */

struct shared {
	int ready;
	int woken;
};

/* Others wait with that lock until shared->ready. */
static void wait_until_ready(struct kipc_lock *cond, struct kipc_lock *lock,
			     struct shared *shared)
{
	int err = kipc_lock_acquire(lock, LONG);

	while (!err && !shared->ready)
		err = kipc_cond_wait(cond, lock, LONG);
	shared->woken++;
	_exit(err || kipc_lock_release(lock));
}

static void broadcast_with(struct __test_metadata *_metadata, const char *scheme)
{
	struct shared *shared = shared_memory(4096);
	char address[128], with[128];
	struct kipc_lock *cond, *lock;
	pid_t pids[4];
	int i;

	ASSERT_NE(NULL, shared);
	lock_address("cond", "", address);
	lock_address(scheme, "", with);
	ASSERT_EQ(0, kipc_lock_open(&cond, address, NULL));
	ASSERT_EQ(0, kipc_lock_open(&lock, with, NULL));
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		if (!pids[i])
			wait_until_ready(lock_open(address), lock_open(with), shared);
	}
	sleeps(pids[3]);
	/* One that is killed in the wait harms nobody. */
	kill(pids[0], SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(pids[0]));
	EXPECT_LE(0, kipc_lock_acquire(lock, LONG));
	shared->ready = 1;
	EXPECT_EQ(0, kipc_cond_broadcast(cond));
	EXPECT_EQ(0, kipc_lock_release(lock));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(0, exit_status(pids[i]));
	EXPECT_EQ(3, shared->woken);
	EXPECT_EQ(0, kipc_lock_close(cond));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
	EXPECT_EQ(0, kipc_lock_unlink(with));
	munmap(shared, 4096);
}

TEST(broadcast_wakes_all_with_a_mutex)
{
	broadcast_with(_metadata, "mutex");
}

TEST(broadcast_wakes_all_with_a_semaphore_set)
{
	broadcast_with(_metadata, "sysv-sem");
}

TEST(broadcast_wakes_all_with_a_file_lock)
{
	broadcast_with(_metadata, "flock");
}

/* Stopped between releasing the lock and sleeping it would miss what does not count. */
TEST(signals_are_not_lost)
{
	struct kipc_lock *cond, *lock;
	int *turn = shared_memory(4096);
	int i, me, err;
	pid_t child;

	ASSERT_NE(NULL, turn);
	ASSERT_EQ(0, kipc_lock_open(&cond, "cond:", NULL));
	ASSERT_EQ(0, kipc_lock_open(&lock, "mutex:", NULL));
	child = fork();
	me = !child;
	err = kipc_lock_acquire(lock, LONG);
	for (i = 0; i < 100 && !err; i++) {
		while (!err && *turn != me)
			err = kipc_cond_wait(cond, lock, LONG);
		*turn = !me;
		kipc_cond_signal(cond);
	}
	err = err ?: kipc_lock_release(lock);
	if (!child)
		_exit(err != 0);
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(0, kipc_lock_close(cond));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(cond_wait_gives_up_holding_the_lock)
{
	struct kipc_lock *cond, *lock, *event;

	ASSERT_EQ(0, kipc_lock_open(&cond, "cond:", NULL));
	ASSERT_EQ(0, kipc_lock_open(&lock, "mutex:", NULL));
	ASSERT_EQ(0, kipc_lock_open(&event, "event:", NULL));
	EXPECT_EQ(-EPERM, kipc_cond_wait(cond, lock, LONG));
	EXPECT_EQ(-EINVAL, kipc_cond_wait(cond, event, LONG));
	EXPECT_EQ(-EINVAL, kipc_cond_wait(cond, NULL, LONG));
	ASSERT_EQ(0, kipc_lock_acquire(lock, LONG));
	EXPECT_EQ(-ETIMEDOUT, kipc_cond_wait(cond, lock, SOON));
	EXPECT_EQ(-EAGAIN, kipc_cond_wait(cond, lock, KIPC_NOW));
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_cond_wait(cond, lock, LONG));
	alarm_stop();
	EXPECT_EQ(0, kipc_lock_release(lock));
	EXPECT_EQ(0, kipc_lock_close(cond));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_close(event));
}

/* ---- barriers ---- */

TEST(barrier_holds_back_until_all_are_there)
{
	enum { PARTIES = 4, ROUNDS = 20 };
	int *came = shared_memory(4096);
	int *lasts = came + ROUNDS;
	pid_t pids[PARTIES];
	char address[128];
	int i, k, err;

	ASSERT_NE(NULL, came);
	lock_address("barrier", "?parties=4", address);
	for (i = 0; i < PARTIES; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		struct kipc_lock *barrier = lock_open(address);

		for (k = 0; k < ROUNDS; k++) {
			__atomic_add_fetch(&came[k], 1, __ATOMIC_SEQ_CST);
			err = kipc_barrier_wait(barrier, LONG);
			if (err < 0 || came[k] != PARTIES)
				_exit(1);
			__atomic_add_fetch(&lasts[k], err, __ATOMIC_SEQ_CST);
		}
		_exit(kipc_lock_close(barrier) ? 2 : 0);
	}
	for (i = 0; i < PARTIES; i++)
		EXPECT_EQ(0, exit_status(pids[i]));
	for (k = 0; k < ROUNDS; k++)
		EXPECT_EQ(1, lasts[k]);
	EXPECT_EQ(0, kipc_lock_unlink(address));
	munmap(came, 4096);
}

TEST(barrier_does_not_count_who_gave_up)
{
	struct kipc_lock *barrier;
	struct other other;

	ASSERT_EQ(0, kipc_lock_open(&barrier, "barrier:?parties=2", NULL));
	EXPECT_EQ(-EAGAIN, kipc_barrier_wait(barrier, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_barrier_wait(barrier, SOON));
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_barrier_wait(barrier, KIPC_FOREVER));
	alarm_stop();
	EXPECT_EQ(-EAGAIN, kipc_barrier_wait(barrier, KIPC_NOW));
	if (!other_start(&other)) {
		other_tell(&other, 0);
		other_tell(&other, kipc_barrier_wait(barrier, LONG));
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	EXPECT_EQ(1, kipc_barrier_wait(barrier, KIPC_NOW));
	EXPECT_EQ(0, other_hear(&other));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(0, kipc_lock_close(barrier));
}

TEST(barrier_counts_who_was_killed_in_the_wait)
{
	struct kipc_lock *barrier;
	struct other other;

	ASSERT_EQ(0, kipc_lock_open(&barrier, "barrier:?parties=2", NULL));
	if (!other_start(&other)) {
		other_tell(&other, 0);
		kipc_barrier_wait(barrier, LONG);
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	other_kill(&other);
	EXPECT_EQ(1, kipc_barrier_wait(barrier, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(barrier));
}

TEST(barrier_needs_its_parties_to_be_made_and_not_to_be_joined)
{
	struct kipc_lock *barrier, *again;
	char address[128], text[160];

	lock_address("barrier", "", address);
	EXPECT_EQ(-EINVAL, kipc_lock_open(&barrier, address, NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&barrier, "barrier:", NULL));
	snprintf(text, sizeof(text), "%s?parties=3", address);
	ASSERT_EQ(0, kipc_lock_open(&barrier, text, NULL));
	EXPECT_EQ(0, kipc_lock_open(&again, address, NULL));
	EXPECT_EQ(0, kipc_lock_close(again));
	snprintf(text, sizeof(text), "%s?parties=4", address);
	EXPECT_EQ(-EADDRINUSE, kipc_lock_open(&again, text, NULL));
	EXPECT_EQ(0, kipc_lock_close(barrier));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST_HARNESS_MAIN
