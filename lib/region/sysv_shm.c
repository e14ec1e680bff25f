// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sysv-shm: System V shared memory segments.
 *
 * The name is a key, as with sysv-msg:.  A segment stays until
 * kipc_region_unlink() removes it (ipcs -m, ipcrm -m), which takes its key at once and its
 * memory with the last process that has it attached.  One without a name is marked for
 * removal as soon as it is attached: children inherit it, and nothing is left of it even
 * when all of them are killed.
 *
 * It has its size from the call that makes it, and never another one, so that there is
 * neither a moment when it is too small nor anybody who could shorten it.  An attacher is
 * not told whether it is in huge pages.
 */
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "region.h"

static int kipc_shm_error(int err)
{
	switch (err) {
	case EINVAL:		/* it was removed meanwhile */
		return -ENOENT;
	case EPERM:		/* not its owner; huge pages are for some only */
		return -EACCES;
	default:
		return kipc_region_error(err);
	}
}

static int kipc_shm_map(struct kipc_region *region)
{
	int flags = region->state & KIPC_REGION_IS_READONLY ? SHM_RDONLY : 0;
	void *data = shmat(region->id, NULL, flags);

	if (data == (void *)-1)
		return kipc_shm_error(errno);
	region->data = data;
	return 0;
}

static void kipc_shm_detach(struct kipc_region *region)
{
	shmdt(region->data);
}

/* An identifier is never used again soon, so this finds no other segment. */
static void kipc_shm_remove(struct kipc_region *region)
{
	if (region->id >= 0)
		shmctl(region->id, IPC_RMID, NULL);
}

static int kipc_shm_get(struct kipc_region *region, key_t key, size_t bytes, int flags)
{
	region->id = shmget(key, bytes, flags | IPC_CREAT | IPC_EXCL);
	if (region->id < 0)
		/* It is new, so it can only be the size: see /proc/sys/kernel/shmmax. */
		return errno == EINVAL ? -EFBIG : kipc_shm_error(errno);
	region->size = bytes;
	return 0;
}

static int kipc_shm_get_huge(struct kipc_region *region, key_t key, size_t bytes, int flags)
{
	size_t small = region->page;
	int err;

	region->page = kipc_region_huge_page();
	err = region->page ? kipc_shm_get(region, key, kipc_region_round(region, bytes),
					  flags | SHM_HUGETLB) : -ENODEV;
	if (err)
		region->page = small;
	else
		region->state |= KIPC_REGION_IS_HUGE;
	return err;
}

static int kipc_shm_make(struct kipc_region *region, const struct kipc_address *address,
			 key_t key, size_t bytes)
{
	int mode = (int)kipc_address_mode(address), err;

	if (kipc_address_get(address, KIPC_PARAM_HUGE, 0)) {
		err = kipc_shm_get_huge(region, key, bytes, mode);
		if (!err || err == -EADDRINUSE ||
		    kipc_address_demands(address, KIPC_PARAM_HUGE))
			return err;
	}
	return kipc_shm_get(region, key, bytes, mode);
}

static int kipc_shm_create(struct kipc_region *region, const struct kipc_address *address,
			   size_t bytes)
{
	key_t key = IPC_PRIVATE;
	int err = address->name[0] ? kipc_sysv_key(address->name, &key) : 0;

	if (!err)
		err = kipc_shm_make(region, address, key, bytes);
	if (!err)
		err = kipc_shm_map(region);
	if (!err && key == IPC_PRIVATE)
		kipc_shm_remove(region);
	return err;
}

static int kipc_shm_attach(struct kipc_region *region, const struct kipc_address *address)
{
	struct shmid_ds ds;
	key_t key;
	int err = kipc_sysv_key(address->name, &key);

	if (err)
		return err;
	region->id = shmget(key, 0, 0);
	if (region->id < 0 || shmctl(region->id, IPC_STAT, &ds))
		return kipc_shm_error(errno);
	region->size = ds.shm_segsz;
	return kipc_shm_map(region);
}

static int kipc_shm_unlink(const struct kipc_address *address)
{
	key_t key;
	int err = kipc_sysv_key(address->name, &key);
	int id;

	if (err)
		return err;
	id = shmget(key, 0, 0);
	return id < 0 || shmctl(id, IPC_RMID, NULL) ? kipc_shm_error(errno) : 0;
}

static void kipc_shm_info(const struct kipc_region *region, struct kipc_region_info *info)
{
	struct shmid_ds ds;

	info->shmid = region->id;
	if (shmctl(region->id, IPC_STAT, &ds))
		return;
	info->mode = ds.shm_perm.mode & 0777;
	info->uid = ds.shm_perm.uid;
	info->gid = ds.shm_perm.gid;
	info->creator = ds.shm_cpid;
	info->attached = ds.shm_nattch;
	if (ds.shm_perm.mode & SHM_DEST)
		info->state |= KIPC_REGION_IS_REMOVED;
}

const struct kipc_region_mechanism kipc_sysv_shm_region = {
	.mechanism.scheme = "sysv-shm",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
			    KIPC_PARAM_BIT(KIPC_PARAM_HUGE),
	.mechanism.name_rule = KIPC_SYSV_NAME_RULE,
	.mechanism.name_ok = kipc_sysv_name_ok,
	.can = KIPC_REGION_CAN_NAME | KIPC_REGION_CAN_HUGE | KIPC_REGION_CAN_SURVIVE |
	       KIPC_REGION_CAN_COUNT,
	.create = kipc_shm_create,
	.attach = kipc_shm_attach,
	.unlink = kipc_shm_unlink,
	.detach = kipc_shm_detach,
	.remove = kipc_shm_remove,
	.info = kipc_shm_info,
};
