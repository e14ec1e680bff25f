// SPDX-License-Identifier: GPL-2.0
/*
 * File locks: sharing, ranges of bytes, deadlocks refused, whose they are, and what
 * happens to the file.
 */
#include <grp.h>

#include "lock_test.h"

FIXTURE(file)
{
	struct kipc_lock *lock;
	char address[128];
};

FIXTURE_VARIANT(file)
{
	const char *scheme;
	bool ranges;
};

FIXTURE_VARIANT_ADD(file, flock) { .scheme = "flock" };
FIXTURE_VARIANT_ADD(file, fcntl) { .scheme = "fcntl", .ranges = true };
FIXTURE_VARIANT_ADD(file, ofd) { .scheme = "ofd", .ranges = true };

FIXTURE_SETUP(file)
{
	lock_address(variant->scheme, "", self->address);
	ASSERT_EQ(0, kipc_lock_open(&self->lock, self->address, NULL));
}

FIXTURE_TEARDOWN(file)
{
	EXPECT_EQ(0, kipc_lock_close(self->lock));
	EXPECT_EQ(0, kipc_lock_unlink(self->address));
}

/* What another process is told at once; 'x', 's', or a range. */
static int elsewhere(const char *address, bool shared, const struct kipc_lock_range *range)
{
	int result;
	pid_t child = fork();

	if (!child) {
		struct kipc_lock *lock = lock_open(address);

		if (range)
			result = kipc_lock_acquire_range(lock, range, KIPC_NOW);
		else
			result = shared ? kipc_lock_acquire_shared(lock, KIPC_NOW) :
					  kipc_lock_acquire(lock, KIPC_NOW);
		_exit(-result);
	}
	return -exit_status(child);
}

static struct kipc_lock_range range_of(uint64_t start, uint64_t len, bool shared)
{
	struct kipc_lock_range range = KIPC_LOCK_RANGE_INIT;

	range.start = start;
	range.len = len;
	range.shared = shared;
	return range;
}

TEST_F(file, shared_with_those_who_share)
{
	ASSERT_EQ(0, kipc_lock_acquire_shared(self->lock, KIPC_NOW));
	EXPECT_EQ(0, elsewhere(self->address, true, NULL));
	EXPECT_EQ(-EAGAIN, elsewhere(self->address, false, NULL));
	ASSERT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, elsewhere(self->address, true, NULL));
	ASSERT_EQ(0, kipc_lock_acquire_shared(self->lock, KIPC_NOW));
	EXPECT_EQ(0, elsewhere(self->address, true, NULL));
	EXPECT_EQ(0, kipc_lock_release(self->lock));
	EXPECT_EQ(0, elsewhere(self->address, false, NULL));
}

TEST_F(file, two_handles_of_one_process)
{
	struct kipc_lock *again = lock_open(self->address);
	bool process = scheme_is(variant->scheme, "fcntl");

	ASSERT_EQ(0, kipc_lock_acquire(self->lock, KIPC_NOW));
	/* fcntl: they are one owner, and closing either one releases everything. */
	EXPECT_EQ(process ? 0 : -EAGAIN, kipc_lock_acquire(again, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(again));
	EXPECT_EQ(process ? 0 : -EAGAIN, elsewhere(self->address, false, NULL));
}

TEST_F(file, ranges_exclude_where_they_meet)
{
	struct kipc_lock_range here = range_of(100, 10, false), there;

	if (!variant->ranges) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_lock_acquire_range(self->lock, &here, KIPC_NOW));
		EXPECT_EQ(-EOPNOTSUPP, kipc_lock_release_range(self->lock, &here));
		return;
	}
	ASSERT_EQ(0, kipc_lock_acquire_range(self->lock, &here, KIPC_NOW));
	there = range_of(90, 10, false);
	EXPECT_EQ(0, elsewhere(self->address, false, &there));
	there = range_of(110, 0, false);
	EXPECT_EQ(0, elsewhere(self->address, false, &there));
	there = range_of(109, 1, true);
	EXPECT_EQ(-EAGAIN, elsewhere(self->address, false, &there));
	EXPECT_EQ(-EAGAIN, elsewhere(self->address, false, NULL));
	/* The middle of it released, the rest is still held. */
	here = range_of(104, 2, false);
	EXPECT_EQ(0, kipc_lock_release_range(self->lock, &here));
	EXPECT_EQ(0, elsewhere(self->address, false, &here));
	there = range_of(103, 2, false);
	EXPECT_EQ(-EAGAIN, elsewhere(self->address, false, &there));
}

TEST_F(file, holder_of_a_range_is_told)
{
	struct kipc_lock_range range = range_of(5, 5, false);
	struct other other;
	pid_t holder = 77;

	if (!variant->ranges)
		SKIP(return, "no ranges");
	ASSERT_EQ(0, kipc_lock_range_holder(self->lock, &range, &holder));
	EXPECT_EQ(0, holder);
	if (!other_start(&other)) {
		struct kipc_lock *lock = lock_open(self->address);

		other_tell(&other, kipc_lock_acquire_range(lock, &range, KIPC_NOW));
		other_hear(&other);
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	ASSERT_EQ(0, kipc_lock_range_holder(self->lock, &range, &holder));
	EXPECT_EQ(scheme_is(variant->scheme, "ofd") ? -1 : other.pid, holder);
	EXPECT_EQ(0, other_end(&other));
}

TEST_F(file, range_that_makes_no_sense_einval)
{
	struct kipc_lock_range range = range_of(0, 1, false);
	pid_t holder;

	range.size--;
	EXPECT_EQ(-EINVAL, kipc_lock_acquire_range(self->lock, &range, KIPC_NOW));
	range = range_of(1ULL << 63, 1, false);
	EXPECT_EQ(-EINVAL, kipc_lock_acquire_range(self->lock, &range, KIPC_NOW));
	range = range_of(INT64_MAX, 1, false);
	EXPECT_EQ(-EINVAL, kipc_lock_release_range(self->lock, &range));
	range = range_of(0, 1, false);
	range.shared = 2;
	EXPECT_EQ(-EINVAL, kipc_lock_range_holder(self->lock, &range, &holder));
	EXPECT_EQ(-EINVAL, kipc_lock_acquire_range(self->lock, NULL, KIPC_NOW));
}

TEST(circle_of_two_processes_edeadlk)
{
	struct kipc_lock_range first = range_of(0, 1, false), second = range_of(1, 1, false);
	struct kipc_lock *lock;
	char address[128];
	struct other other;
	int mine, theirs;

	lock_address("fcntl", "", address);
	ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
	ASSERT_EQ(0, kipc_lock_acquire_range(lock, &first, KIPC_NOW));
	if (!other_start(&other)) {
		struct kipc_lock *theirs = lock_open(address);

		other_tell(&other, kipc_lock_acquire_range(theirs, &second, KIPC_NOW));
		other_tell(&other, kipc_lock_acquire_range(theirs, &first, KIPC_FOREVER));
		_exit(0);
	}
	ASSERT_EQ(0, other_hear(&other));
	EXPECT_TRUE(sleeps(other.pid));
	mine = kipc_lock_acquire_range(lock, &second, KIPC_FOREVER);
	EXPECT_EQ(0, kipc_lock_release_range(lock, &first));
	theirs = other_hear(&other);
	/* One of the two is refused, and then the other gets it. */
	EXPECT_TRUE((mine == -EDEADLK && !theirs) || (!mine && theirs == -EDEADLK));
	EXPECT_EQ(0, other_end(&other));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(range_in_the_address)
{
	struct kipc_lock *low, *high;
	char path[128], text[160];

	lock_address("ofd", "", path);
	snprintf(text, sizeof(text), "%s?len=10", path);
	ASSERT_EQ(0, kipc_lock_open(&low, text, NULL));
	snprintf(text, sizeof(text), "%s?start=10", path);
	ASSERT_EQ(0, kipc_lock_open(&high, text, NULL));
	EXPECT_EQ(0, kipc_lock_acquire(low, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_acquire(high, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, elsewhere(text, false, NULL));
	EXPECT_EQ(0, kipc_lock_close(low));
	EXPECT_EQ(0, kipc_lock_close(high));
	snprintf(text, sizeof(text), "%s?start=2&len=0x7fffffffffffffff", path);
	EXPECT_EQ(-EINVAL, kipc_lock_open(&low, text, NULL));
	EXPECT_EQ(0, kipc_lock_unlink(path));
}

/* An ordinary user, and a file that only root may write. */
TEST(file_for_reading_only_can_be_shared)
{
	struct kipc_lock *lock;
	pid_t child;
	int fd;

	if (getuid())
		SKIP(return, "not root");
	fd = open("/tmp/kipc-test-readonly", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fchmod(fd, 0644));
	child = fork();
	if (!child) {
		if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
			_exit(1);
		if (kipc_lock_open(&lock, "ofd:/tmp/kipc-test-readonly", NULL))
			_exit(2);
		if (kipc_lock_acquire(lock, KIPC_NOW) != -EACCES)
			_exit(3);
		if (kipc_lock_acquire_shared(lock, KIPC_NOW) || kipc_lock_close(lock))
			_exit(4);
		if (kipc_lock_open(&lock, "flock:/tmp/kipc-test-readonly", NULL) ||
		    kipc_lock_acquire(lock, KIPC_NOW) || kipc_lock_close(lock))
			_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	close(fd);
	EXPECT_EQ(0, unlink("/tmp/kipc-test-readonly"));
}

TEST(directory_and_missing_directory)
{
	struct kipc_lock *lock;

	ASSERT_EQ(0, kipc_lock_open(&lock, "flock:.", NULL));
	EXPECT_EQ(0, kipc_lock_acquire(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(-ENOENT, kipc_lock_open(&lock, "flock:./none/x", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "flock:name", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "flock:", NULL));
}

TEST_HARNESS_MAIN
