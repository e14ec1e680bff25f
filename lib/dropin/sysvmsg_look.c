// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Looking at queues: those of System V among all of kipc's, by number and by name, and
 * who may do what with one.
 */
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sysvmsg.h"

static bool ours(const struct kipc_queue_stat *stat)
{
	return !strncmp(stat->name, SYSVMSG_PREFIX, strlen(SYSVMSG_PREFIX));
}

static int stat_any(uint32_t number, uint32_t flags, struct kipc_queue_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->size = sizeof(*stat);
	stat->flags = flags;
	stat->number = number;
	return sysvmsg_request(KIPC_IOC_QUEUE_STAT, stat);
}

/* The queue of this number.  One that is not System V's has no System V id. */
int sysvmsg_stat(uint32_t number, uint32_t flags, struct kipc_queue_stat *stat)
{
	int err = stat_any(number, flags, stat);

	if (err == -ENOENT || (!err && !ours(stat)))
		return -EINVAL;
	return err;
}

/* The one with the next higher number.  -ENOENT: there is none. */
int sysvmsg_next(uint32_t number, struct kipc_queue_stat *stat)
{
	int err;

	do {
		err = stat_any(number, KIPC_STAT_NEXT, stat);
		number = stat->number;
		/* It went while the kernel looked at it, and the next is behind it */
	} while (err == -EIDRM || (!err && !ours(stat)));
	return err;
}

/* The one of this name, or -ENOENT.  Looks at all of them. */
int sysvmsg_find(const char *name, struct kipc_queue_stat *stat)
{
	uint32_t number = 0;
	int err;

	for (;;) {
		err = sysvmsg_next(number, stat);
		if (err || !strcmp(stat->name, name))
			return err;
		number = stat->number;
	}
}

unsigned long sysvmsg_count(void)
{
	struct kipc_queue_stat stat;
	unsigned long count = 0;
	uint32_t number = 0;

	while (!sysvmsg_next(number, &stat)) {
		number = stat.number;
		count++;
	}
	return count;
}

/* ---- permissions ---- */

bool sysvmsg_capable(unsigned int capability)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return !syscall(SYS_capget, &head, sets) &&
	       sets[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool in_group(gid_t gid)
{
	return gid == getegid() || group_member(gid);
}

/* Does the queue's mode give the caller these of the bits 4, 2 and 1? */
bool sysvmsg_permits(const struct kipc_queue_stat *stat, unsigned int wanted)
{
	unsigned int granted = stat->mode;
	uid_t uid = geteuid();

	if (uid == stat->creator_uid || uid == stat->uid)
		granted >>= 6;
	else if (in_group(stat->creator_gid) || in_group(stat->gid))
		granted >>= 3;
	return !(wanted & ~granted & 7) || sysvmsg_capable(CAP_IPC_OWNER);
}
