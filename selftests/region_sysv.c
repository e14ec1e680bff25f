// SPDX-License-Identifier: GPL-2.0
/* System V segments: what only they have. */
#include <sched.h>

#include "region_test.h"

FIXTURE(segment)
{
	char address[128];
	struct kipc_region *region;
	struct kipc_region *other;
};

FIXTURE_SETUP(segment)
{
	fresh_region("sysv-shm", self->address);
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
}

FIXTURE_TEARDOWN(segment)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
	kipc_region_unlink(self->address);
}

TEST_F(segment, tells_who_made_it_and_how_many_have_it)
{
	struct kipc_region_info info = info_of(self->region);
	struct peer peer;
	char text[8];
	int fd;

	EXPECT_EQ(getpid(), info.creator);
	EXPECT_EQ(1, info.attached);
	EXPECT_LE(0, info.shmid);
	ASSERT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
	EXPECT_EQ(2, info_of(self->region).attached);
	EXPECT_EQ(info.shmid, info_of(self->other).shmid);
	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid)
		_exit(peer_hear(&peer, text, sizeof(text), &fd) ? 1 : 0);
	EXPECT_EQ(4, info_of(self->region).attached);
	ASSERT_EQ(0, peer_tell(&peer, "go", -1));
	EXPECT_EQ(0, peer_end(&peer));
	EXPECT_EQ(2, info_of(self->region).attached);
	kipc_region_close(self->other);
	self->other = NULL;
	EXPECT_EQ(1, info_of(self->region).attached);
}

TEST_F(segment, removed_while_attached_it_works_on_until_the_last_is_gone)
{
	struct shmid_ds ds;
	int id = info_of(self->region).shmid;

	ASSERT_EQ(0, kipc_region_attach(&self->other, self->address, NULL));
	ASSERT_EQ(0, kipc_region_unlink(self->address));
	EXPECT_TRUE(info_of(self->region).state & KIPC_REGION_IS_REMOVED);
	EXPECT_EQ(-ENOENT, kipc_region_unlink(self->address));
	fill(kipc_region_data(self->region), SOME, 1);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
	kipc_region_close(self->region);
	self->region = NULL;
	EXPECT_EQ(1, info_of(self->other).attached);
	kipc_region_close(self->other);
	self->other = NULL;
	EXPECT_EQ(-1, shmctl(id, IPC_STAT, &ds));
}

TEST_F(segment, name_of_a_path_is_its_key)
{
	struct kipc_region *region;
	char address[128], path[64];
	int fd, id;

	snprintf(path, sizeof(path), "/tmp/kipc-region-key-%d", getpid());
	snprintf(address, sizeof(address), "sysv-shm:%s", path);
	EXPECT_EQ(-ENOENT, kipc_region_create(&region, address, SOME, NULL));
	EXPECT_EQ(-ENOENT, kipc_region_attach(&region, address, NULL));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, kipc_region_create(&region, address, SOME, NULL));
	id = shmget(ftok(path, 'k'), 0, 0);
	EXPECT_EQ(info_of(region).shmid, id);
	kipc_region_close(region);
	EXPECT_EQ(0, kipc_region_unlink(address));
	unlink(path);
}

/* Does a segment exist at all? */
static bool exists(int id)
{
	struct shmid_ds ds;

	return !shmctl(id, IPC_STAT, &ds);
}

TEST(one_without_a_name_goes_with_its_last_process_even_when_killed)
{
	struct kipc_region *region;
	struct peer peer;
	char text[16];
	int fd;

	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid) {
		if (kipc_region_create(&region, "sysv-shm:", SOME, NULL))
			_exit(1);
		snprintf(text, sizeof(text), "%d", info_of(region).shmid);
		fill(kipc_region_data(region), SOME, 1);
		/* A grandchild has it as well. */
		if (!fork())
			_exit(filled(kipc_region_data(region), SOME, 1) ? 0 : 2);
		peer_tell(&peer, text, -1);
		pause();
	}
	ASSERT_EQ(0, peer_hear(&peer, text, sizeof(text), &fd));
	EXPECT_TRUE(exists(atoi(text)));
	kill(peer.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, peer_end(&peer));
	/* The grandchild may need a moment. */
	for (fd = 0; fd < 2000 && exists(atoi(text)); fd++)
		nap(KIPC_MS(10));
	EXPECT_FALSE(exists(atoi(text)));
}

static int write_number(const char *path, const char *number)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, number, strlen(number)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

TEST(limits_of_the_system_are_errors_of_their_own)
{
	struct kipc_region *region;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (unshare(CLONE_NEWIPC) || write_number("/proc/sys/kernel/shmmax", "65536"))
			_exit(1);
		if (kipc_region_create(&region, "sysv-shm:1", 65537, NULL) != -EFBIG)
			_exit(2);
		if (write_number("/proc/sys/kernel/shmmni", "0"))
			_exit(3);
		_exit(kipc_region_create(&region, "sysv-shm:1", SOME, NULL) == -ENOSPC ? 0 : 4);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST_HARNESS_MAIN
