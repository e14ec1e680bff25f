// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mmap-anon: memory for a process and the children it makes afterwards.
 *
 * There is no name and no descriptor: fork() alone hands it on, and it goes with the last
 * process that has it mapped.
 */
#include <sys/mman.h>

#include "region.h"

static int kipc_anon_map(struct kipc_region *region, size_t bytes, int flags)
{
	void *data = mmap(NULL, kipc_region_round(region, bytes), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);

	if (data == MAP_FAILED)
		return -ENOMEM;
	region->data = data;
	region->size = bytes;
	return 0;
}

static int kipc_anon_map_huge(struct kipc_region *region, size_t bytes)
{
	size_t page = region->page;
	int err;

	region->page = kipc_region_huge_page();
	err = region->page ? kipc_anon_map(region, kipc_region_round(region, bytes),
					   MAP_HUGETLB) : -ENODEV;
	if (err)
		region->page = page;
	else
		region->state |= KIPC_REGION_IS_HUGE;
	return err;
}

static int kipc_anon_create(struct kipc_region *region, const struct kipc_address *address,
			    size_t bytes)
{
	int err;

	if (kipc_address_get(address, KIPC_PARAM_HUGE, 0)) {
		err = kipc_anon_map_huge(region, bytes);
		if (!err || kipc_address_demands(address, KIPC_PARAM_HUGE))
			return err;
	}
	return kipc_anon_map(region, bytes, 0);
}

const struct kipc_region_mechanism kipc_mmap_anon_region = {
	.mechanism.scheme = "mmap-anon",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_SIZE) | KIPC_PARAM_BIT(KIPC_PARAM_HUGE),
	.can = KIPC_REGION_CAN_HUGE,
	.create = kipc_anon_create,
};
