// SPDX-License-Identifier: GPL-2.0
/* Regions of every kind: what is the same whatever the address. */
#include "region_test.h"

FIXTURE(region)
{
	char address[128];
	struct kipc_region *region;
	char *data;
};

FIXTURE_VARIANT(region)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(region, sysv_shm) { .scheme = "sysv-shm" };
FIXTURE_VARIANT_ADD(region, posix_shm) { .scheme = "posix-shm" };
FIXTURE_VARIANT_ADD(region, mmap_file) { .scheme = "mmap-file" };
FIXTURE_VARIANT_ADD(region, mmap_anon) { .scheme = "mmap-anon" };
FIXTURE_VARIANT_ADD(region, memfd) { .scheme = "memfd" };
FIXTURE_VARIANT_ADD(region, dmabuf) { .scheme = "dmabuf" };

FIXTURE_SETUP(region)
{
	int err;

	fresh_region(variant->scheme, self->address);
	err = kipc_region_create(&self->region, self->address, SOME, NULL);
	if (err == -ENODEV)
		SKIP(return, "this kernel has no dma-buf heaps");
	ASSERT_EQ(0, err);
	self->data = kipc_region_data(self->region);
}

FIXTURE_TEARDOWN(region)
{
	kipc_region_close(self->region);
	kipc_region_unlink(self->address);
}

TEST_F(region, new_one_is_zero_and_as_large_as_asked_for)
{
	size_t size = kipc_region_size(self->region);

	ASSERT_NE(NULL, self->data);
	EXPECT_EQ(0, (uintptr_t)self->data % 4096);
	EXPECT_EQ(scheme_is(variant->scheme, "dmabuf") ? 4 * 4096 : SOME, size);
	EXPECT_TRUE(is_zero(self->data, size));
	fill(self->data, size, 1);
	EXPECT_TRUE(filled(self->data, size, 1));
}

TEST_F(region, parent_and_child_see_what_the_other_writes)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		fill(self->data, SOME / 2, 1);
		_exit(0);
	}
	ASSERT_EQ(0, exit_status(child));
	EXPECT_TRUE(filled(self->data, SOME / 2, 1));
	fill(self->data, SOME, 2);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(filled(kipc_region_data(self->region), SOME, 2) ? 0 : 1);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(region, child_that_closes_leaves_the_parents)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_region_close(self->region) ? 1 : 0);
	ASSERT_EQ(0, exit_status(child));
	fill(self->data, SOME, 3);
	EXPECT_TRUE(filled(self->data, SOME, 3));
}

TEST_F(region, parent_that_closes_leaves_the_childs)
{
	struct peer peer;
	char text[8];
	int fd;

	fill(self->data, SOME, 4);
	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid) {
		if (peer_hear(&peer, text, sizeof(text), &fd))
			_exit(1);
		_exit(filled(self->data, SOME, 4) && !kipc_region_close(self->region) ? 0 : 2);
	}
	kipc_region_close(self->region);
	self->region = NULL;
	kipc_region_unlink(self->address);
	EXPECT_EQ(0, peer_tell(&peer, "go", -1));
	EXPECT_EQ(0, peer_end(&peer));
}

TEST_F(region, closing_gives_back_memory_and_descriptors)
{
	int fds = open_descriptors(), i;
	struct kipc_region *other;
	char address[128];
	void *data;

	for (i = 0; i < 5; i++) {
		fresh_region(variant->scheme, address);
		ASSERT_EQ(0, create(&other, address, SOME, KIPC_REGION_TEMPORARY));
		data = kipc_region_data(other);
		EXPECT_EQ(0, kipc_region_close(other));
		EXPECT_EQ(-ENOMEM, present(data, 1));
		EXPECT_EQ(-ENOMEM, present((char *)data + 3 * 4096, 1));
	}
	EXPECT_EQ(fds, open_descriptors());
	EXPECT_EQ(0, kipc_region_close(NULL));
}

TEST_F(region, descriptor_is_closed_on_exec_and_there_where_it_can_be)
{
	int fd = kipc_region_fd(self->region);

	if (!(region_can(self->address) & KIPC_REGION_CAN_FD)) {
		EXPECT_EQ(-EOPNOTSUPP, fd);
		return;
	}
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
}

TEST_F(region, info_says_what_it_is)
{
	struct kipc_region_info info = info_of(self->region);
	bool named = info.can & KIPC_REGION_CAN_NAME;

	EXPECT_STREQ(variant->scheme, info.scheme);
	EXPECT_EQ(kipc_region_size(self->region), info.bytes);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info.page_size);
	EXPECT_TRUE(info.state & KIPC_REGION_IS_NEW);
	EXPECT_FALSE(info.state & (KIPC_REGION_IS_READONLY | KIPC_REGION_IS_HUGE));
	EXPECT_EQ(!named, !!(info.state & KIPC_REGION_IS_REMOVED));
	EXPECT_EQ(!(info.can & KIPC_REGION_CAN_RESIZE), !!(info.state & KIPC_REGION_IS_STABLE));
	EXPECT_EQ(0, info.seals);
	EXPECT_EQ(region_can(self->address), info.can);
	EXPECT_EQ(!(info.can & KIPC_REGION_CAN_COUNT), info.attached == KIPC_UNKNOWN);
	if (named) {
		EXPECT_EQ(0600, info.mode);
		EXPECT_EQ(geteuid(), info.uid);
		EXPECT_EQ(getegid(), info.gid);
	}
}

TEST_F(region, info_of_its_name_is_gone_says_so)
{
	struct kipc_region_info info;

	if (kipc_region_unlink(self->address) == -EOPNOTSUPP)
		SKIP(return, "it has no name");
	info = info_of(self->region);
	EXPECT_TRUE(info.state & KIPC_REGION_IS_REMOVED);
	EXPECT_EQ(SOME, info.bytes);
}

TEST_F(region, brackets_around_use_are_accepted_everywhere)
{
	uint32_t both = KIPC_SYNC_READ | KIPC_SYNC_WRITE;

	EXPECT_EQ(0, kipc_region_sync(self->region, KIPC_SYNC_BEGIN | both));
	fill(self->data, SOME, 5);
	EXPECT_EQ(0, kipc_region_sync(self->region, KIPC_SYNC_END | both));
	EXPECT_EQ(0, kipc_region_sync(self->region, KIPC_SYNC_BEGIN | KIPC_SYNC_READ));
	EXPECT_TRUE(filled(self->data, SOME, 5));
	EXPECT_EQ(0, kipc_region_sync(self->region, KIPC_SYNC_END | KIPC_SYNC_READ));
}

TEST_F(region, disk_is_where_files_are_and_nonsense_einval)
{
	const uint32_t nonsense[] = {
		0, KIPC_SYNC_BEGIN, KIPC_SYNC_END, KIPC_SYNC_READ,
		KIPC_SYNC_BEGIN | KIPC_SYNC_END | KIPC_SYNC_READ,
		KIPC_SYNC_DISK | KIPC_SYNC_WRITE, KIPC_SYNC_DISK | KIPC_SYNC_BEGIN,
		KIPC_SYNC_BEGIN | KIPC_SYNC_READ | 1U << 5,
	};
	bool disk = region_can(self->address) & KIPC_REGION_CAN_PERSIST;
	unsigned int i;

	EXPECT_EQ(disk ? 0 : -EOPNOTSUPP, kipc_region_sync(self->region, KIPC_SYNC_DISK));
	for (i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		EXPECT_EQ(-EINVAL, kipc_region_sync(self->region, nonsense[i]));
	EXPECT_EQ(-EINVAL, kipc_region_sync(NULL, KIPC_SYNC_DISK));
}

TEST_F(region, populated_one_has_its_memory_from_the_beginning)
{
	struct kipc_region *other;
	char address[128];

	fresh_region(variant->scheme, address);
	ASSERT_EQ(0, create(&other, address, 256 * 4096, KIPC_REGION_POPULATE));
	kipc_region_unlink(address);
	/* What a dma-buf has the kernel does not tell. */
	if (!scheme_is(variant->scheme, "dmabuf"))
		EXPECT_EQ(256, present(kipc_region_data(other), 256));
	kipc_region_close(other);
	fresh_region(variant->scheme, address);
	ASSERT_EQ(0, create(&other, address, 256 * 4096, 0));
	kipc_region_unlink(address);
	if (!scheme_is(variant->scheme, "dmabuf"))
		EXPECT_GT(256, present(kipc_region_data(other), 256));
	kipc_region_close(other);
}

TEST_F(region, size_of_the_address_is_a_demand)
{
	struct kipc_region *other;
	char address[160];

	kipc_region_unlink(self->address);
	snprintf(address, sizeof(address), "%s?size=8K", self->address);
	ASSERT_EQ(0, kipc_region_create(&other, address, 0, NULL));
	EXPECT_EQ(8192, kipc_region_size(other));
	kipc_region_close(other);
	kipc_region_unlink(self->address);
	ASSERT_EQ(0, kipc_region_create(&other, address, 4096, NULL));
	EXPECT_EQ(8192, kipc_region_size(other));
	kipc_region_close(other);
	kipc_region_unlink(self->address);
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, 8193, NULL));
	EXPECT_EQ(NULL, other);
}

TEST_F(region, what_is_too_large_is_an_error_and_leaves_nothing)
{
	struct kipc_region *other = self->region;
	int fds = open_descriptors(), err;
	char address[128];

	fresh_region(variant->scheme, address);
	EXPECT_EQ(-ENOMEM, kipc_region_create(&other, address, PTRDIFF_MAX, NULL));
	EXPECT_EQ(NULL, other);
	err = kipc_region_create(&other, address, PTRDIFF_MAX / 2, NULL);
	EXPECT_TRUE(err == -ENOMEM || err == -EFBIG || err == -ENOSPC);
	EXPECT_EQ(fds, open_descriptors());
	if (region_can(address) & KIPC_REGION_CAN_NAME)
		EXPECT_EQ(-ENOENT, kipc_region_unlink(address));
}

TEST_F(region, bad_arguments_einval)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;
	struct kipc_region *other = self->region;
	char address[160];

	fresh_region(variant->scheme, address);
	EXPECT_EQ(-EINVAL, kipc_region_create(NULL, address, SOME, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, 0, NULL));
	EXPECT_EQ(NULL, other);
	options.flags = KIPC_REGION_READONLY;
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, &options));
	options.flags = 1U << 6;
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, &options));
	options.flags = 0;
	options.mode = 01000;
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, &options));
	options.mode = 0;
	options.reserved[1] = 1;
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, &options));
	options.reserved[1] = 0;
	options.size--;
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, &options));
	strcat(address, "?capacity=1");
	EXPECT_EQ(-EINVAL, kipc_region_create(&other, address, SOME, NULL));

	info.size--;
	EXPECT_EQ(-EINVAL, kipc_region_info(self->region, &info));
	EXPECT_EQ(-EINVAL, kipc_region_info(self->region, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_scheme_info(self->address, &info));
}

TEST(nothing_of_a_null_handle)
{
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;

	EXPECT_EQ(NULL, kipc_region_data(NULL));
	EXPECT_EQ(0, kipc_region_size(NULL));
	EXPECT_EQ(-EINVAL, kipc_region_fd(NULL));
	EXPECT_EQ(-EINVAL, kipc_region_info(NULL, &info));
	EXPECT_EQ(-EINVAL, kipc_region_resize(NULL, 1));
	EXPECT_EQ(-EINVAL, kipc_region_refresh(NULL));
	EXPECT_EQ(-EINVAL, kipc_region_seal(NULL, KIPC_SEAL_SHRINK));
	EXPECT_EQ(-EINVAL, kipc_region_unlink(NULL));
}

TEST(addresses_of_other_families_eopnotsupp)
{
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;
	struct kipc_region *region;
	struct kipc *ends[2];

	EXPECT_EQ(-EOPNOTSUPP, kipc_region_create(&region, "pipe:", SOME, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_region_attach(&region, "channel:x", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_region_unlink("posix-mq:/x"));
	EXPECT_EQ(-EOPNOTSUPP, kipc_region_scheme_info("pipe:", &info));
	EXPECT_EQ(-EOPNOTSUPP, kipc_pair(ends, "memfd:", NULL));
	EXPECT_EQ(-EINVAL, kipc_region_create(&region, "ion:system", SOME, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_scheme_info("ion:", &info));
}

TEST(nameless_ones_cannot_be_attached_to_or_unlinked)
{
	static const char *const addresses[] = { "mmap-anon:", "memfd:x", "dmabuf:system" };
	struct kipc_region *region;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_region_attach(&region, addresses[i], NULL));
		EXPECT_EQ(NULL, region);
		EXPECT_EQ(-EOPNOTSUPP, kipc_region_unlink(addresses[i]));
	}
}

TEST(names_that_make_no_sense_einval)
{
	static const char *const addresses[] = {
		"sysv-shm:0", "sysv-shm:x", "sysv-shm:0x100000000", "posix-shm:", "posix-shm:/",
		"posix-shm:x", "posix-shm:/a/b", "posix-shm:/..", "mmap-file:", "mmap-file:x",
		"mmap-anon:x", "dmabuf:../null", "dmabuf:..", "posix-shm:/x?huge", "memfd:?huge=1",
	};
	struct kipc_region *region;
	char text[512];
	unsigned int i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		EXPECT_EQ(-EINVAL, kipc_region_create(&region, addresses[i], SOME, NULL)) {
			TH_LOG("%s", addresses[i]);
		}
		EXPECT_EQ(NULL, region);
	}
	snprintf(text, sizeof(text), "posix-shm:/%0255d", 0);
	EXPECT_EQ(-EINVAL, kipc_region_create(&region, text, SOME, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_attach(&region, "sysv-shm:", NULL));
	EXPECT_EQ(-EINVAL, kipc_region_unlink("sysv-shm:"));
}

TEST(schemes_are_listed_and_described)
{
	static const char *const schemes[] = {
		"sysv-shm", "posix-shm", "mmap-file", "mmap-anon", "memfd", "dmabuf",
	};
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ASSERT_NE(NULL, kipc_region_scheme(i));
		EXPECT_STREQ(schemes[i], kipc_region_scheme(i));
		ASSERT_EQ(0, kipc_region_scheme_info(schemes[i], &info));
		EXPECT_STREQ(schemes[i], info.scheme);
		EXPECT_EQ(0, info.bytes);
	}
	EXPECT_EQ(NULL, kipc_region_scheme(6));
}

TEST(explain_speaks_of_regions)
{
	char text[256];

	kipc_explain("posix-shm:/x", -ENOENT, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "region"));
	kipc_explain("dmabuf:", -ENODEV, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "heap"));
	kipc_explain("memfd:", -EPERM, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "seal"));
	kipc_explain("posix-shm:x", -EINVAL, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "'/'"));
}

TEST_HARNESS_MAIN
