// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a region is and can do, and which mechanisms there are.  Nothing here changes
 * anything: any thread may ask at any time.
 */
#include <unistd.h>

#include "region.h"

/* KIPC_SEAL_* that are set. */
static uint32_t kipc_region_seals(const struct kipc_region *region)
{
	return region->mechanism->seals ? region->mechanism->seals(region) : 0;
}

/* Can it not shrink any more? */
bool kipc_region_is_stable(const struct kipc_region *region)
{
	return !(region->mechanism->can & KIPC_REGION_CAN_RESIZE) ||
	       kipc_region_seals(region) & KIPC_SEAL_SHRINK;
}

static void kipc_region_info_init(struct kipc_region_info *info,
				  const struct kipc_region_mechanism *mechanism)
{
	*info = (struct kipc_region_info){
		.size = sizeof(*info),
		.scheme = mechanism->mechanism.scheme,
		.can = mechanism->can,
		.shmid = KIPC_REGION_NO_SHMID,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.attached = KIPC_UNKNOWN,
	};
}

KIPC_EXPORT int kipc_region_info(const struct kipc_region *region,
				 struct kipc_region_info *info)
{
	if (!region || !info || info->size != sizeof(*info))
		return -EINVAL;
	kipc_region_info_init(info, region->mechanism);
	info->state = region->state;
	info->seals = kipc_region_seals(region);
	info->bytes = region->size;
	info->page_size = region->page;
	if (kipc_region_is_stable(region))
		info->state |= KIPC_REGION_IS_STABLE;
	if (!(region->mechanism->can & KIPC_REGION_CAN_NAME))
		info->state |= KIPC_REGION_IS_REMOVED;
	if (region->mechanism->info)
		region->mechanism->info(region, info);
	return 0;
}

KIPC_EXPORT int kipc_region_scheme_info(const char *address, struct kipc_region_info *info)
{
	const struct kipc_mechanism *mechanism;

	if (!address || !info || info->size != sizeof(*info))
		return -EINVAL;
	mechanism = kipc_mechanism_find(address);
	if (!mechanism)
		return -EINVAL;
	if (mechanism->family != KIPC_FAMILY_REGION)
		return -EOPNOTSUPP;
	kipc_region_info_init(info, container_of(mechanism, struct kipc_region_mechanism,
						 mechanism));
	return 0;
}

KIPC_EXPORT const char *kipc_region_scheme(unsigned int n)
{
	const struct kipc_mechanism *const *m;

	for (m = kipc_mechanisms; *m; m++)
		if ((*m)->family == KIPC_FAMILY_REGION && !n--)
			return (*m)->scheme;
	return NULL;
}
