// SPDX-License-Identifier: GPL-2.0
/* Regions in huge pages, where the administrator has put some aside. */
#include "region_test.h"

#define POOL	"/proc/sys/vm/nr_hugepages"

/* Have so many huge pages: how many there are then, or -1. */
static int pool_set(int pages)
{
	FILE *file = fopen(POOL, "r+");
	int have = -1;

	if (!file)
		return -1;
	fprintf(file, "%d\n", pages);
	fflush(file);
	rewind(file);
	if (fscanf(file, "%d", &have) != 1)
		have = -1;
	fclose(file);
	return have;
}

/* It takes SHM_HUGETLB away, and warns of it. */
static bool is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

FIXTURE(huge)
{
	char address[160];
	struct kipc_region *region;
	struct kipc_region *other;
	int before;
};

FIXTURE_VARIANT(huge)
{
	const char *address;
};

FIXTURE_VARIANT_ADD(huge, sysv_shm) { .address = "sysv-shm:0x61999999" };
FIXTURE_VARIANT_ADD(huge, mmap_anon) { .address = "mmap-anon:" };
FIXTURE_VARIANT_ADD(huge, memfd) { .address = "memfd:huge" };

FIXTURE_SETUP(huge)
{
	FILE *file;

	self->before = -1;
	if (is_valgrind())
		SKIP(return, "valgrind has no huge segments");
	file = fopen(POOL, "r");
	if (!file || fscanf(file, "%d", &self->before) != 1)
		self->before = -1;
	if (file)
		fclose(file);
	if (self->before < 0 || pool_set(4) < 4) {
		if (self->before >= 0)
			pool_set(self->before);
		SKIP(return, "there is no memory for huge pages");
	}
	snprintf(self->address, sizeof(self->address), "%s?huge", variant->address);
}

FIXTURE_TEARDOWN(huge)
{
	kipc_region_close(self->other);
	kipc_region_close(self->region);
	kipc_region_unlink(variant->address);
	if (self->before >= 0)
		pool_set(self->before);
}

TEST_F(huge, one_has_whole_huge_pages_and_works)
{
	struct kipc_region_info info;
	size_t size;
	pid_t child;

	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	info = info_of(self->region);
	size = kipc_region_size(self->region);
	EXPECT_TRUE(info.state & KIPC_REGION_IS_HUGE);
	EXPECT_LT(4096, info.page_size);
	EXPECT_EQ(info.page_size, size);
	EXPECT_EQ(0, (uintptr_t)kipc_region_data(self->region) % info.page_size);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		fill(kipc_region_data(self->region), size, 1);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	EXPECT_TRUE(filled(kipc_region_data(self->region), size, 1));
}

TEST_F(huge, wish_is_granted_where_there_are_some)
{
	ASSERT_EQ(0, create(&self->region, variant->address, SOME, KIPC_REGION_HUGE));
	EXPECT_TRUE(info_of(self->region).state & KIPC_REGION_IS_HUGE);
}

TEST_F(huge, more_than_there_are_enomem_and_nothing_is_left)
{
	int fds = open_descriptors();

	EXPECT_EQ(-ENOMEM, kipc_region_create(&self->region, self->address, 1 << 30, NULL));
	EXPECT_EQ(fds, open_descriptors());
	/* None of them is still taken. */
	EXPECT_EQ(0, kipc_region_create(&self->region, self->address, 4 << 20, NULL));
}

TEST_F(huge, wish_gives_way_where_there_are_not_enough)
{
	int fds = open_descriptors();

	ASSERT_EQ(0, create(&self->region, variant->address, 1 << 26, KIPC_REGION_HUGE));
	EXPECT_FALSE(info_of(self->region).state & KIPC_REGION_IS_HUGE);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info_of(self->region).page_size);
	EXPECT_EQ(1 << 26, kipc_region_size(self->region));
	*(char *)kipc_region_data(self->region) = 1;
	EXPECT_GE(fds + 1, open_descriptors());
}

TEST_F(huge, populated_one_works)
{
	ASSERT_EQ(0, create(&self->region, self->address, SOME, KIPC_REGION_POPULATE));
	fill(kipc_region_data(self->region), SOME, 1);
}

TEST_F(huge, others_attach_to_it)
{
	uint32_t can = region_can(variant->address);
	int fd, err;

	if (!(can & (KIPC_REGION_CAN_FD | KIPC_REGION_CAN_NAME)))
		SKIP(return, "it is for children only");
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	fd = kipc_region_fd(self->region);
	err = fd < 0 ? kipc_region_attach(&self->other, variant->address, NULL) :
		       kipc_region_attach_fd(&self->other, fd, NULL);
	ASSERT_EQ(0, err);
	EXPECT_EQ(kipc_region_size(self->region), kipc_region_size(self->other));
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
	if (fd >= 0)
		EXPECT_TRUE(info_of(self->other).state & KIPC_REGION_IS_HUGE);
}

TEST_F(huge, memfd_is_resized_and_sealed_in_whole_pages)
{
	size_t page;

	if (!(region_can(variant->address) & KIPC_REGION_CAN_RESIZE))
		SKIP(return, "it cannot be resized");
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, NULL));
	fill(kipc_region_data(self->region), SOME, 1);
	page = kipc_region_size(self->region);
	ASSERT_EQ(0, kipc_region_resize(self->region, page + 1));
	EXPECT_EQ(2 * page, kipc_region_size(self->region));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
	EXPECT_EQ(-ENOMEM, kipc_region_resize(self->region, 64 * page));
	EXPECT_EQ(2 * page, info_of(self->region).bytes);
	ASSERT_EQ(0, kipc_region_resize(self->region, 1));
	EXPECT_EQ(page, kipc_region_size(self->region));
	ASSERT_EQ(0, kipc_region_seal(self->region, KIPC_SEAL_WRITE | KIPC_SEAL_SHRINK));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
	ASSERT_EQ(0, attach_fd(&self->other, kipc_region_fd(self->region),
			       KIPC_REGION_READONLY | KIPC_REGION_STABLE));
	EXPECT_TRUE(filled(kipc_region_data(self->other), SOME, 1));
}

TEST_HARNESS_MAIN
