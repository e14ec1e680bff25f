// SPDX-License-Identifier: GPL-2.0
/* Regions that are found by a name: who finds them, when, and how long. */
#include "region_test.h"

FIXTURE(named)
{
	char address[128];
	struct kipc_region *region;
	struct kipc_region *other;
};

FIXTURE_VARIANT(named)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(named, sysv_shm) { .scheme = "sysv-shm" };
FIXTURE_VARIANT_ADD(named, posix_shm) { .scheme = "posix-shm" };
FIXTURE_VARIANT_ADD(named, mmap_file) { .scheme = "mmap-file" };

FIXTURE_SETUP(named)
{
	umask(0);
	fresh_region(variant->scheme, self->address);
}

FIXTURE_TEARDOWN(named)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
	kipc_region_unlink(self->address);
}

static bool is_new(const struct kipc_region *region)
{
	return info_of(region).state & KIPC_REGION_IS_NEW;
}

TEST_F(named, unrelated_process_finds_it_and_writes_back)
{
	struct peer peer;
	char text[128];
	int fd;

	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid) {
		if (peer_hear(&peer, text, sizeof(text), &fd) ||
		    kipc_region_attach(&self->region, text, NULL))
			_exit(1);
		if (kipc_region_size(self->region) != SOME || is_new(self->region) ||
		    !filled(kipc_region_data(self->region), SOME, 1))
			_exit(2);
		fill(kipc_region_data(self->region), SOME, 2);
		_exit(0);
	}
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	ASSERT_EQ(0, peer_tell(&peer, self->address, -1));
	EXPECT_EQ(0, peer_end(&peer));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 2));
}

TEST_F(named, absent_name_enoent)
{
	EXPECT_EQ(-ENOENT, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_EQ(NULL, self->region);
	EXPECT_EQ(-ENOENT, kipc_region_unlink(self->address));
}

TEST_F(named, second_maker_eaddrinuse_and_the_first_untouched)
{
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	EXPECT_EQ(-EADDRINUSE, kipc_region_create(&self->other, self->address, SOME, NULL));
	EXPECT_EQ(NULL, self->other);
	ASSERT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
}

TEST_F(named, join_makes_it_or_attaches_to_it)
{
	ASSERT_EQ(0, create(&self->region, self->address, SOME, KIPC_REGION_JOIN));
	EXPECT_TRUE(is_new(self->region));
	fill(kipc_region_data(self->region), SOME, 1);
	ASSERT_EQ(0, create(&self->other, self->address, 4096, KIPC_REGION_JOIN));
	EXPECT_FALSE(is_new(self->other));
	EXPECT_EQ(SOME, kipc_region_size(self->other));
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
}

TEST_F(named, one_that_is_smaller_than_wanted_eaddrinuse)
{
	char address[160];

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	EXPECT_EQ(-EADDRINUSE, create(&self->other, self->address, SOME + 1, KIPC_REGION_JOIN));
	snprintf(address, sizeof(address), "%s?size=%d", self->address, SOME + 1);
	EXPECT_EQ(-EADDRINUSE, kipc_region_attach(&self->other, address, NULL));
	EXPECT_EQ(NULL, self->other);
	snprintf(address, sizeof(address), "%s?size=%d", self->address, SOME);
	EXPECT_EQ(0, kipc_region_attach(&self->other, address, NULL));
}

TEST_F(named, of_many_who_join_at_once_one_makes_it)
{
	struct peer peers[4];
	char text[8];
	int i, fd, made = 0;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, peer_start(&peers[i]));
		if (peers[i].pid)
			continue;
		if (peer_hear(&peers[i], text, sizeof(text), &fd) ||
		    create(&self->region, self->address, SOME, KIPC_REGION_JOIN))
			_exit(100);
		__atomic_add_fetch((int *)kipc_region_data(self->region), 1, __ATOMIC_SEQ_CST);
		_exit(is_new(self->region));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, peer_tell(&peers[i], "go", -1));
	for (i = 0; i < 4; i++)
		made += peer_end(&peers[i]);
	EXPECT_EQ(1, made);
	ASSERT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_EQ(4, *(int *)kipc_region_data(self->region));
}

/* Attach to what comes and goes, until the word in common says stop: 0, or what was wrong. */
static int watch(const char *address, const int *stop)
{
	struct kipc_region *region;
	int err, found = 0;

	while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE)) {
		err = kipc_region_attach(&region, address, NULL);
		if (err == -ENOENT)
			continue;
		if (err)
			return 1;
		if (kipc_region_size(region) != SOME)
			return 2;
		if (!is_zero(kipc_region_data(region), SOME))
			return 3;
		kipc_region_close(region);
		found++;
	}
	return found ? 0 : 4;
}

TEST_F(named, nobody_ever_finds_one_that_is_half_made)
{
	struct kipc_region *common;
	int i, *stop;
	pid_t child;

	ASSERT_EQ(0, kipc_region_create(&common, "mmap-anon:", sizeof(int), NULL));
	stop = kipc_region_data(common);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(watch(self->address, stop));
	for (i = 0; i < 80; i++) {
		ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
		if (i % 10 == 0)
			nap(KIPC_MS(1));
		kipc_region_close(self->region);
		self->region = NULL;
		EXPECT_EQ(0, kipc_region_unlink(self->address));
	}
	/* One at least is there to be found. */
	EXPECT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	nap(KIPC_MS(50));
	__atomic_store_n(stop, 1, __ATOMIC_RELEASE);
	EXPECT_EQ(0, exit_status(child));
	kipc_region_close(common);
}

TEST_F(named, maker_killed_at_any_moment_leaves_a_whole_one_or_none)
{
	pid_t child;
	int i, err;

	for (i = 0; i < 8; i++) {
		child = fork();
		ASSERT_LE(0, child);
		while (!child) {
			if (!kipc_region_create(&self->region, self->address, SOME, NULL))
				kipc_region_close(self->region);
			kipc_region_unlink(self->address);
		}
		nap(KIPC_US(700) + i * KIPC_US(370));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		err = kipc_region_attach(&self->region, self->address, NULL);
		if (err == -ENOENT)
			continue;
		ASSERT_EQ(0, err);
		EXPECT_EQ(SOME, kipc_region_size(self->region));
		kipc_region_close(self->region);
		self->region = NULL;
		EXPECT_EQ(0, kipc_region_unlink(self->address));
	}
}

/* ---- how long ---- */

TEST_F(named, stays_when_its_maker_has_closed_it)
{
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	kipc_region_close(self->region);
	ASSERT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
}

TEST_F(named, stays_when_its_maker_is_killed)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (!kipc_region_create(&self->region, self->address, SOME, NULL))
			fill(kipc_region_data(self->region), SOME, 1);
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	ASSERT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
}

TEST_F(named, unlink_takes_the_name_and_not_the_memory)
{
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	EXPECT_EQ(0, kipc_region_unlink(self->address));
	EXPECT_EQ(-ENOENT, kipc_region_attach(&self->other, self->address, NULL));
	ASSERT_EQ(0, kipc_region_create(&self->other, self->address, SOME, NULL));
	EXPECT_TRUE(is_zero(kipc_region_data(self->other), SOME));
	fill(kipc_region_data(self->other), SOME, 2);
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
}

TEST_F(named, temporary_name_goes_with_its_last_closer)
{
	pid_t child;

	ASSERT_EQ(0, create(&self->region, self->address, SOME, KIPC_REGION_TEMPORARY));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_region_close(self->region) ? 1 : 0);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
	kipc_region_close(self->region);
	self->region = NULL;
	kipc_region_close(self->other);
	EXPECT_EQ(-ENOENT, kipc_region_attach(&self->other, self->address, NULL));
}

TEST_F(named, temporary_name_is_found_after_chdir)
{
	char here[256];

	if (!scheme_is(variant->scheme, "mmap-file"))
		SKIP(return, "it is no path");
	ASSERT_NE(NULL, getcwd(here, sizeof(here)));
	ASSERT_EQ(0, create(&self->region, "mmap-file:./temporary", SOME,
			    KIPC_REGION_TEMPORARY));
	EXPECT_EQ(0, access("temporary", F_OK));
	ASSERT_EQ(0, chdir("/"));
	kipc_region_close(self->region);
	self->region = NULL;
	ASSERT_EQ(0, chdir(here));
	EXPECT_EQ(-1, access("temporary", F_OK));
}

TEST_F(named, joiner_of_a_temporary_one_does_not_remove_it)
{
	uint32_t flags = KIPC_REGION_JOIN | KIPC_REGION_TEMPORARY;

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	ASSERT_EQ(0, create(&self->other, self->address, SOME, flags));
	kipc_region_close(self->other);
	EXPECT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
}

TEST_F(named, maker_of_a_temporary_one_leaves_its_successor_alone)
{
	ASSERT_EQ(0, create(&self->region, self->address, SOME, KIPC_REGION_TEMPORARY));
	ASSERT_EQ(0, kipc_region_unlink(self->address));
	ASSERT_EQ(0, kipc_region_create(&self->other, self->address, SOME, NULL));
	kipc_region_close(self->region);
	self->region = NULL;
	EXPECT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
}

/* ---- who ---- */

/* What an ordinary user gets from attaching, for reading or also for writing. */
static int attach_as_nobody(const char *address, uint32_t flags)
{
	struct kipc_region *region;
	pid_t child = fork();

	if (!child)
		_exit(become(NOBODY) ? 200 : -attach(&region, address, flags));
	return -exit_status(child);
}

TEST_F(named, mode_600_keeps_other_users_out)
{
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	EXPECT_EQ(-EACCES, attach_as_nobody(self->address, 0));
	EXPECT_EQ(-EACCES, attach_as_nobody(self->address, KIPC_REGION_READONLY));
}

TEST_F(named, mode_644_lets_others_read)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;

	options.mode = 0644;
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, &options));
	EXPECT_EQ(0644, info_of(self->region).mode);
	EXPECT_EQ(-EACCES, attach_as_nobody(self->address, 0));
	EXPECT_EQ(0, attach_as_nobody(self->address, KIPC_REGION_READONLY));
}

TEST_F(named, mode_of_the_address_lets_others_write)
{
	char address[160];

	snprintf(address, sizeof(address), "%s?mode=666", self->address);
	ASSERT_EQ(0, kipc_region_create(&self->region, address, SOME, NULL));
	EXPECT_EQ(0, attach_as_nobody(self->address, 0));
}

TEST_F(named, only_its_owner_removes_it)
{
	char address[160];
	pid_t child;

	snprintf(address, sizeof(address), "%s?mode=666", self->address);
	ASSERT_EQ(0, kipc_region_create(&self->region, address, SOME, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(become(NOBODY) ? 200 : -kipc_region_unlink(self->address));
	EXPECT_EQ(EACCES, exit_status(child));
	EXPECT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
}

TEST_F(named, ordinary_user_makes_and_removes_one)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (become(NOBODY) ||
		    kipc_region_create(&self->region, self->address, SOME, NULL))
			_exit(1);
		if (info_of(self->region).uid != NOBODY)
			_exit(2);
		_exit(kipc_region_unlink(self->address) ? 3 : 0);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(named, attached_for_reading_faults_when_written)
{
	char *data;

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	ASSERT_EQ(0, attach(&self->other, self->address, KIPC_REGION_READONLY));
	data = kipc_region_data(self->other);
	EXPECT_TRUE(info_of(self->other).state & KIPC_REGION_IS_READONLY);
	EXPECT_TRUE(filled(data, SOME, 1));
	EXPECT_EQ(0, access_of(data, false));
	EXPECT_EQ(SEGV, access_of(data, true));
	fill(kipc_region_data(self->region), SOME, 2);
	EXPECT_TRUE(filled(data, SOME, 2));
}

TEST_F(named, what_cannot_shrink_is_stable)
{
	int expected = scheme_is(variant->scheme, "sysv-shm") ? 0 : -EPERM;

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	EXPECT_EQ(expected, attach(&self->other, self->address, KIPC_REGION_STABLE));
	kipc_region_close(self->region);
	self->region = NULL;
	kipc_region_close(self->other);
	kipc_region_unlink(self->address);
	EXPECT_EQ(expected, create(&self->other, self->address, SOME, KIPC_REGION_STABLE));
}

/* ---- what else may lie at a name ---- */

TEST_F(named, other_programs_find_it_by_the_mechanisms_own_calls)
{
	char path[160];
	void *data;
	int id;

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	if (scheme_is(variant->scheme, "sysv-shm")) {
		id = shmget(atoi(strchr(self->address, ':') + 1), 0, 0);
		ASSERT_LE(0, id);
		data = shmat(id, NULL, SHM_RDONLY);
	} else {
		if (scheme_is(variant->scheme, "posix-shm"))
			id = shm_open(strchr(self->address, ':') + 1, O_RDONLY, 0);
		else
			id = open(path_of(self->address, path), O_RDONLY);
		ASSERT_LE(0, id);
		data = mmap(NULL, SOME, PROT_READ, MAP_SHARED, id, 0);
		close(id);
	}
	ASSERT_NE(MAP_FAILED, data);
	EXPECT_TRUE(filled(data, SOME, 1));
}

TEST_HARNESS_MAIN
