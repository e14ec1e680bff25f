// SPDX-License-Identifier: GPL-2.0
/* Regions that are passed as a descriptor, and what seals promise to who receives one. */
#include "region_test.h"

FIXTURE(passed)
{
	char address[128];
	struct kipc_region *region;
	struct kipc_region *other;
	char *data;
	int fd;
};

FIXTURE_VARIANT(passed)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(passed, posix_shm) { .scheme = "posix-shm" };
FIXTURE_VARIANT_ADD(passed, mmap_file) { .scheme = "mmap-file" };
FIXTURE_VARIANT_ADD(passed, memfd) { .scheme = "memfd" };
FIXTURE_VARIANT_ADD(passed, dmabuf) { .scheme = "dmabuf" };

FIXTURE_SETUP(passed)
{
	int err;

	fresh_region(variant->scheme, self->address);
	err = kipc_region_create(&self->region, self->address, SOME, NULL);
	if (err == -ENODEV)
		SKIP(return, "this kernel has no dma-buf heaps");
	ASSERT_EQ(0, err);
	self->data = kipc_region_data(self->region);
	self->fd = kipc_region_fd(self->region);
}

FIXTURE_TEARDOWN(passed)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
	kipc_region_unlink(self->address);
}

/* The part of the other process: take what comes, look at it, and write back. */
static int look_at_what_comes(const struct peer *peer, const char *scheme, size_t size)
{
	struct kipc_region *region;
	char text[16];
	int fd;

	if (peer_hear(peer, text, sizeof(text), &fd) || fd < 0)
		return 1;
	if (become(NOBODY) || kipc_region_attach_fd(&region, fd, NULL))
		return 2;
	close(fd);
	if (kipc_region_size(region) != size || strcmp(info_of(region).scheme, scheme) ||
	    info_of(region).state & KIPC_REGION_IS_NEW)
		return 3;
	if (!filled(kipc_region_data(region), SOME, 1))
		return 4;
	fill(kipc_region_data(region), SOME, 2);
	kipc_region_close(region);
	return 0;
}

TEST_F(passed, unrelated_process_of_another_user_has_it_by_its_descriptor)
{
	size_t size = kipc_region_size(self->region);
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid) {
		/* What it was born with it does not use. */
		kipc_region_close(self->region);
		_exit(look_at_what_comes(&peer, variant->scheme, size));
	}
	fill(self->data, SOME, 1);
	ASSERT_EQ(0, peer_tell(&peer, "here", self->fd));
	EXPECT_EQ(0, peer_end(&peer));
	EXPECT_TRUE(filled(self->data, SOME, 2));
}

TEST_F(passed, descriptor_stays_the_callers)
{
	int fd = dup(self->fd);

	fill(self->data, SOME, 1);
	ASSERT_EQ(0, kipc_region_attach_fd(&self->other, fd, NULL));
	EXPECT_NE(fd, kipc_region_fd(self->other));
	EXPECT_EQ(FD_CLOEXEC, fcntl(kipc_region_fd(self->other), F_GETFD));
	EXPECT_EQ(0, close(fd));
	kipc_region_close(self->region);
	self->region = NULL;
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
}

TEST_F(passed, attached_for_reading_faults_when_written)
{
	char *data;

	ASSERT_EQ(0, attach_fd(&self->other, self->fd, KIPC_REGION_READONLY));
	data = kipc_region_data(self->other);
	self->data[0] = 'x';
	EXPECT_EQ('x', data[0]);
	EXPECT_EQ(SEGV, access_of(data, true));
}

TEST_F(passed, descriptor_for_reading_eacces_unless_for_reading)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "it cannot be opened again");
	EXPECT_EQ(-EACCES, kipc_region_attach_fd(&self->other, fd, NULL));
	ASSERT_EQ(0, attach_fd(&self->other, fd, KIPC_REGION_READONLY));
	EXPECT_EQ(SEGV, access_of(kipc_region_data(self->other), true));
	if (region_can(self->address) & KIPC_REGION_CAN_RESIZE)
		EXPECT_EQ(-EACCES, kipc_region_resize(self->other, 1));
	close(fd);
}

TEST_F(passed, one_that_may_shrink_is_not_stable)
{
	bool stable = !(region_can(self->address) & KIPC_REGION_CAN_RESIZE);

	EXPECT_EQ(stable ? 0 : -EPERM, attach_fd(&self->other, self->fd, KIPC_REGION_STABLE));
}

TEST_F(passed, only_a_memfd_can_be_sealed)
{
	int expected = scheme_is(variant->scheme, "memfd") ? 0 : -EOPNOTSUPP;

	EXPECT_EQ(expected, kipc_region_seal(self->region, KIPC_SEAL_SHRINK));
}

TEST(what_is_no_memory_einval)
{
	struct kipc_region *region = NULL;
	int ends[2], fd;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	EXPECT_EQ(-EINVAL, kipc_region_attach_fd(&region, ends[0], NULL));
	close(ends[1]);
	close(ends[0]);
	EXPECT_EQ(-EBADF, kipc_region_attach_fd(&region, ends[0], NULL));
	EXPECT_EQ(-EBADF, kipc_region_attach_fd(&region, -1, NULL));
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, kipc_region_attach_fd(&region, fd, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_attach_fd(NULL, fd, NULL));
	EXPECT_EQ(-EINVAL, attach_fd(&region, fd, KIPC_REGION_JOIN));
	close(fd);
	fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, kipc_region_attach_fd(&region, fd, NULL));
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT_EQ(-EINVAL, kipc_region_attach_fd(&region, fd, NULL));
	close(fd);
	EXPECT_EQ(NULL, region);
}

TEST(no_descriptor_left_is_an_error)
{
	struct rlimit limit = { 64, 64 };
	struct kipc_region *region;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		setrlimit(RLIMIT_NOFILE, &limit);
		while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
			;
		if (kipc_region_create(&region, "memfd:", SOME, NULL) != -EMFILE)
			_exit(1);
		if (kipc_region_attach_fd(&region, 0, NULL) != -EMFILE)
			_exit(2);
		_exit(kipc_region_create(&region, "posix-shm:/kipc-region-none", SOME, NULL) ==
		      -EMFILE ? 0 : 3);
	}
	EXPECT_EQ(0, exit_status(child));
}

/* ---- seals ---- */

FIXTURE(sealed)
{
	struct kipc_region *region;
	struct kipc_region *other;
	char *data;
	int fd;
};

FIXTURE_SETUP(sealed)
{
	ASSERT_EQ(0, kipc_region_create(&self->region, "memfd:sealed", SOME, NULL));
	self->data = kipc_region_data(self->region);
	self->fd = kipc_region_fd(self->region);
	fill(self->data, SOME, 1);
}

FIXTURE_TEARDOWN(sealed)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
}

TEST_F(sealed, one_that_cannot_shrink_is_stable)
{
	EXPECT_EQ(-EPERM, attach_fd(&self->other, self->fd, KIPC_REGION_STABLE));
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_SHRINK));
	ASSERT_EQ(0, attach_fd(&self->other, self->fd, KIPC_REGION_STABLE));
	EXPECT_TRUE(info_of(self->other).state & KIPC_REGION_IS_STABLE);
	EXPECT_EQ(KIPC_SEAL_SHRINK, info_of(self->other).seals);
	EXPECT_EQ(-EPERM, kipc_region_resize(self->region, SOME - 4096));
	EXPECT_EQ(-1, ftruncate(self->fd, 1));
	EXPECT_EQ(SOME, kipc_region_size(self->region));
	EXPECT_TRUE(filled(self->data, SOME, 1));
	EXPECT_EQ(0, kipc_region_resize(self->region, 2 * SOME));
}

TEST_F(sealed, made_stable_at_once_if_that_is_asked_for)
{
	ASSERT_EQ(0, create(&self->other, "memfd:", SOME, KIPC_REGION_STABLE));
	EXPECT_EQ(KIPC_SEAL_SHRINK, info_of(self->other).seals);
	EXPECT_EQ(-EPERM, kipc_region_resize(self->other, 1));
}

TEST_F(sealed, one_that_cannot_grow_eperm)
{
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_GROW));
	EXPECT_EQ(-EPERM, kipc_region_resize(self->region, 2 * SOME));
	EXPECT_TRUE(filled(self->data, SOME, 1));
	EXPECT_EQ(0, kipc_region_resize(self->region, 4096));
}

TEST_F(sealed, against_writing_it_stays_where_it_is_and_faults)
{
	uint32_t seals = KIPC_SEAL_WRITE | KIPC_SEAL_SHRINK | KIPC_SEAL_GROW;

	ASSERT_EQ(0, kipc_region_seal(self->region, seals));
	EXPECT_EQ(self->data, kipc_region_data(self->region));
	EXPECT_TRUE(filled(self->data, SOME, 1));
	EXPECT_EQ(SEGV, access_of(self->data, true));
	EXPECT_TRUE(info_of(self->region).state & KIPC_REGION_IS_READONLY);
	EXPECT_EQ(seals, info_of(self->region).seals);
	EXPECT_EQ(-1, pwrite(self->fd, "x", 1, 0));
}

TEST_F(sealed, against_writing_it_can_be_attached_for_reading_only)
{
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	EXPECT_EQ(-EPERM, kipc_region_attach_fd(&self->other, self->fd, NULL));
	ASSERT_EQ(0, attach_fd(&self->other, self->fd, KIPC_REGION_READONLY));
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
	EXPECT_EQ(SEGV, access_of(kipc_region_data(self->other), true));
}

TEST_F(sealed, against_writing_ebusy_while_somebody_has_it_and_ours_stays_writable)
{
	ASSERT_EQ(0, kipc_region_attach_fd(&self->other, self->fd, NULL));
	EXPECT_EQ(-EBUSY, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	EXPECT_EQ(0, info_of(self->region).seals);
	fill(self->data, SOME, 2);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 2));
	kipc_region_close(self->other);
	self->other = NULL;
	EXPECT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	EXPECT_TRUE(filled(self->data, SOME, 2));
}

TEST_F(sealed, against_writing_ebusy_while_a_child_has_it)
{
	struct peer peer;
	char text[8];
	int fd;

	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid)
		_exit(peer_hear(&peer, text, sizeof(text), &fd) ? 1 : 0);
	EXPECT_EQ(-EBUSY, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	self->data[0] = 'x';
	ASSERT_EQ(0, peer_tell(&peer, "go", -1));
	EXPECT_EQ(0, peer_end(&peer));
	EXPECT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	EXPECT_EQ('x', self->data[0]);
}

TEST_F(sealed, against_further_writers_the_maker_writes_on)
{
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_FUTURE_WRITE));
	EXPECT_EQ(-EPERM, kipc_region_attach_fd(&self->other, self->fd, NULL));
	ASSERT_EQ(0, attach_fd(&self->other, self->fd, KIPC_REGION_READONLY));
	fill(self->data, SOME, 2);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 2));
	EXPECT_EQ(-1, mprotect(kipc_region_data(self->other), SOME, PROT_READ | PROT_WRITE));
}

TEST_F(sealed, against_seals_eperm_but_for_those_it_has)
{
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_SHRINK | KIPC_SEAL_SEAL));
	EXPECT_EQ(-EPERM, kipc_region_seal(self->region, KIPC_SEAL_GROW));
	EXPECT_EQ(-EPERM, kipc_region_seal(self->region, KIPC_SEAL_WRITE));
	EXPECT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_SHRINK));
	/* And it was not made a readable one on the way. */
	fill(self->data, SOME, 2);
	EXPECT_TRUE(filled(self->data, SOME, 2));
}

TEST_F(sealed, by_who_may_not_write_eperm)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, attach_fd(&self->other, fd, KIPC_REGION_READONLY));
	close(fd);
	EXPECT_EQ(-EPERM, kipc_region_seal(self->other, KIPC_SEAL_SHRINK));
	EXPECT_EQ(-EPERM, kipc_region_seal(self->other, KIPC_SEAL_WRITE));
	EXPECT_EQ(0, info_of(self->region).seals);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
}

TEST_F(sealed, with_nonsense_einval)
{
	EXPECT_EQ(-EINVAL, kipc_region_seal(self->region, 0));
	EXPECT_EQ(-EINVAL, kipc_region_seal(self->region, 1U << 5));
}

TEST_F(sealed, a_foreign_memfd_without_sealing_eperm)
{
	int fd = memfd_create("foreign", MFD_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, SOME));
	ASSERT_EQ(0, kipc_region_attach_fd(&self->other, fd, NULL));
	close(fd);
	EXPECT_STREQ("memfd", info_of(self->other).scheme);
	EXPECT_EQ(-EPERM, kipc_region_seal(self->other, KIPC_SEAL_SHRINK));
	EXPECT_EQ(-EPERM, kipc_region_seal(self->other, KIPC_SEAL_WRITE));
	fill(kipc_region_data(self->other), SOME, 3);
}

TEST_F(sealed, mode_of_a_memfd_is_for_who_opens_it_by_proc)
{
	EXPECT_EQ(0600, info_of(self->region).mode);
	ASSERT_EQ(0, kipc_region_create(&self->other, "memfd:x?mode=440", SOME, NULL));
	EXPECT_EQ(0440, info_of(self->other).mode);
}

/* ---- dma-bufs ---- */

TEST(absent_heap_enoent_or_no_heaps_enodev)
{
	struct kipc_region *region;
	int expected = access("/dev/dma_heap", F_OK) ? -ENODEV : -ENOENT;

	EXPECT_EQ(expected, kipc_region_create(&region, "dmabuf:no-such-heap", SOME, NULL));
}

TEST(heap_is_not_for_everybody)
{
	struct kipc_region *region;
	pid_t child;

	if (access("/dev/dma_heap/system", F_OK))
		SKIP(return, "this kernel has no dma-buf heaps");
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(become(NOBODY) ? 200 :
		      -kipc_region_create(&region, "dmabuf:system", SOME, NULL));
	EXPECT_EQ(EACCES, exit_status(child));
}

TEST_HARNESS_MAIN
