// SPDX-License-Identifier: GPL-2.0
/* Regions that become larger and smaller, and what their other users see of it. */
#include "region_test.h"

FIXTURE(resized)
{
	char address[128];
	struct kipc_region *region;
	struct kipc_region *other;
	char *data;
};

FIXTURE_VARIANT(resized)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(resized, posix_shm) { .scheme = "posix-shm" };
FIXTURE_VARIANT_ADD(resized, mmap_file) { .scheme = "mmap-file" };
FIXTURE_VARIANT_ADD(resized, memfd) { .scheme = "memfd" };

FIXTURE_SETUP(resized)
{
	fresh_region(variant->scheme, self->address);
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	self->data = kipc_region_data(self->region);
	fill(self->data, SOME, 1);
	ASSERT_EQ(0, kipc_region_attach_fd(&self->other, kipc_region_fd(self->region), NULL));
}

FIXTURE_TEARDOWN(resized)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
	kipc_region_unlink(self->address);
}

#define MORE	(64 * 4096 + 7)

TEST_F(resized, larger_it_keeps_what_it_had_and_the_rest_is_zero)
{
	ASSERT_EQ(0, kipc_region_resize(self->region, MORE));
	EXPECT_EQ(MORE, kipc_region_size(self->region));
	EXPECT_EQ(MORE, info_of(self->region).bytes);
	self->data = kipc_region_data(self->region);
	EXPECT_TRUE(filled(self->data, SOME, 1));
	EXPECT_TRUE(is_zero(self->data + SOME, MORE - SOME));
	fill(self->data, MORE, 2);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 2));
}

TEST_F(resized, smaller_it_loses_its_end)
{
	ASSERT_EQ(0, kipc_region_resize(self->region, 100));
	EXPECT_EQ(100, kipc_region_size(self->region));
	EXPECT_TRUE(filled(kipc_region_data(self->region), 100, 1));
	ASSERT_EQ(0, kipc_region_resize(self->region, SOME));
	EXPECT_TRUE(is_zero((char *)kipc_region_data(self->region) + 100, SOME - 100));
}

TEST_F(resized, others_have_its_beginning_until_they_refresh)
{
	char *data;

	ASSERT_EQ(0, kipc_region_resize(self->region, MORE));
	fill(kipc_region_data(self->region), MORE, 2);
	EXPECT_EQ(SOME, kipc_region_size(self->other));
	EXPECT_EQ(MORE, info_of(self->other).bytes);
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 2));
	EXPECT_EQ(1, kipc_region_refresh(self->other));
	EXPECT_EQ(MORE, kipc_region_size(self->other));
	data = kipc_region_data(self->other);
	EXPECT_TRUE(filled(data, MORE, 2));
	EXPECT_EQ(0, kipc_region_refresh(self->other));
	EXPECT_EQ(data, kipc_region_data(self->other));
}

TEST_F(resized, another_process_refreshes_what_it_inherited)
{
	struct peer peer;
	char text[8];
	int fd;

	ASSERT_EQ(0, peer_start(&peer));
	if (!peer.pid) {
		if (peer_hear(&peer, text, sizeof(text), &fd))
			_exit(1);
		if (kipc_region_refresh(self->region) != 1)
			_exit(2);
		_exit(kipc_region_size(self->region) == MORE &&
		      filled(kipc_region_data(self->region), MORE, 3) ? 0 : 3);
	}
	ASSERT_EQ(0, kipc_region_resize(self->region, MORE));
	fill(kipc_region_data(self->region), MORE, 3);
	ASSERT_EQ(0, peer_tell(&peer, "go", -1));
	EXPECT_EQ(0, peer_end(&peer));
}

TEST_F(resized, lost_end_is_sigbus_to_who_did_not_refresh)
{
	char *end = (char *)kipc_region_data(self->other) + SOME - 1;

	EXPECT_EQ(0, access_of(end, true));
	ASSERT_EQ(0, kipc_region_resize(self->region, 4096));
	EXPECT_EQ(BUS, access_of(end, false));
	EXPECT_EQ(1, kipc_region_refresh(self->other));
	EXPECT_EQ(4096, kipc_region_size(self->other));
	EXPECT_TRUE(filled(kipc_region_data(self->other), 4096, 1));
}

TEST_F(resized, to_nothing_by_somebody_enodata_and_the_mapping_stays)
{
	ASSERT_EQ(0, ftruncate(kipc_region_fd(self->region), 0));
	EXPECT_EQ(-ENODATA, kipc_region_refresh(self->other));
	EXPECT_EQ(SOME, kipc_region_size(self->other));
	ASSERT_EQ(0, kipc_region_resize(self->region, SOME));
	EXPECT_TRUE(is_zero(kipc_region_data(self->other), SOME));
}

TEST_F(resized, to_the_same_size_it_is_the_same)
{
	ASSERT_EQ(0, kipc_region_resize(self->region, SOME));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
	EXPECT_EQ(0, kipc_region_refresh(self->other));
}

TEST_F(resized, by_a_reader_eacces)
{
	struct kipc_region *reader;

	ASSERT_EQ(0, attach_fd(&reader, kipc_region_fd(self->region), KIPC_REGION_READONLY));
	EXPECT_EQ(-EACCES, kipc_region_resize(reader, MORE));
	ASSERT_EQ(0, kipc_region_resize(self->region, MORE));
	EXPECT_EQ(1, kipc_region_refresh(reader));
	EXPECT_EQ(MORE, kipc_region_size(reader));
	EXPECT_EQ(SEGV, access_of(kipc_region_data(reader), true));
	kipc_region_close(reader);
}

TEST_F(resized, to_nonsense_is_an_error_and_changes_nothing)
{
	int err;

	EXPECT_EQ(-EINVAL, kipc_region_resize(self->region, 0));
	EXPECT_EQ(-ENOMEM, kipc_region_resize(self->region, SIZE_MAX));
	err = kipc_region_resize(self->region, PTRDIFF_MAX / 2);
	EXPECT_TRUE(err == -ENOMEM || err == -EFBIG || err == -ENOSPC);
	EXPECT_EQ(SOME, kipc_region_size(self->region));
	EXPECT_EQ(SOME, info_of(self->region).bytes);
	EXPECT_EQ(self->data, kipc_region_data(self->region));
	EXPECT_TRUE(filled(self->data, SOME, 1));
}

TEST_F(resized, without_addresses_for_it_goes_back_to_what_it_was)
{
	struct rlimit limit = { 256 << 20, 256 << 20 };
	pid_t child = fork();
	int err;

	ASSERT_LE(0, child);
	if (!child) {
		/* So much is there, and not so much more. */
		setrlimit(RLIMIT_AS, &limit);
		err = kipc_region_resize(self->region, 1 << 30);
		_exit(err == -ENOMEM && filled(self->data, SOME, 1) ? 0 : 1);
	}
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(SOME, info_of(self->region).bytes);
	EXPECT_EQ(0, kipc_region_refresh(self->other));
}

TEST_F(resized, populated_one_stays_populated)
{
	struct kipc_region *full;
	char address[128];

	fresh_region(variant->scheme, address);
	ASSERT_EQ(0, create(&full, address, SOME, KIPC_REGION_POPULATE));
	kipc_region_unlink(address);
	ASSERT_EQ(0, kipc_region_resize(full, 256 * 4096));
	EXPECT_EQ(256, present(kipc_region_data(full), 256));
	kipc_region_close(full);
}

TEST(the_others_cannot_eopnotsupp)
{
	static const char *const addresses[] = { "sysv-shm:", "mmap-anon:", "dmabuf:" };
	struct kipc_region *region;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (kipc_region_create(&region, addresses[i], SOME, NULL))
			continue;
		EXPECT_EQ(-EOPNOTSUPP, kipc_region_resize(region, MORE));
		EXPECT_EQ(0, kipc_region_refresh(region));
		kipc_region_close(region);
	}
}

TEST_HARNESS_MAIN
