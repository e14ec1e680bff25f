// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What limits are called.  The module's parameter is the same with "max_" before it.
 */
#include <assert.h>

#include "admin.h"

static const char *const kipc_quota_names[] = {
	[KIPC_ADMIN_ENDPOINTS] = "endpoints",
	[KIPC_ADMIN_NAMES] = "names",
	[KIPC_ADMIN_POOL_BYTES] = "pool_bytes",
	[KIPC_ADMIN_POOL_MSGS] = "pool_msgs",
	[KIPC_ADMIN_QUEUE_BYTES] = "queue_bytes",
	[KIPC_ADMIN_QUEUE_MSGS] = "queue_msgs",
	[KIPC_ADMIN_FDS] = "fds",
};

static_assert(ARRAY_SIZE(kipc_quota_names) == KIPC_ADMIN_QUOTAS, "each has a name");
static_assert(ARRAY_SIZE(kipc_quota_names) == KIPC_QUOTA_COUNT, "and the kernel has each");
static_assert((int)KIPC_ADMIN_FDS == (int)KIPC_QUOTA_FDS, "in the same order");

KIPC_EXPORT const char *kipc_admin_quota_name(enum kipc_admin_quota what)
{
	return (unsigned int)what < ARRAY_SIZE(kipc_quota_names) ? kipc_quota_names[what] : NULL;
}

KIPC_EXPORT int kipc_admin_quota_number(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(kipc_quota_names); i++)
		if (!strcmp(name, kipc_quota_names[i]))
			return i;
	return -EINVAL;
}
