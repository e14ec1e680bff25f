// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * memfd: a file in memory without a name.
 *
 * Whoever has its descriptor has the region: it is inherited, or passed over a transport
 * that carries descriptors.  It goes with the last descriptor and mapping, however the
 * processes end.  The name in the address is a label for people (/proc/PID/maps).
 *
 * What makes it the right one between processes that do not trust each other are its
 * seals, which forbid something to everybody for good: a receiver that sees
 * KIPC_SEAL_SHRINK need not fear SIGBUS, one that sees KIPC_SEAL_WRITE need not copy.
 */
#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "region.h"

/* Since Linux 6.3; no program is to be run from a region. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static_assert(KIPC_SEAL_SEAL == F_SEAL_SEAL && KIPC_SEAL_SHRINK == F_SEAL_SHRINK &&
	      KIPC_SEAL_GROW == F_SEAL_GROW && KIPC_SEAL_WRITE == F_SEAL_WRITE &&
	      KIPC_SEAL_FUTURE_WRITE == F_SEAL_FUTURE_WRITE, "the kernel's seals are ours");

#define KIPC_MEMFD_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | \
			  F_SEAL_FUTURE_WRITE)

static int kipc_memfd_open(const char *label, unsigned int flags)
{
	int fd;

	flags |= MFD_CLOEXEC | MFD_ALLOW_SEALING;
	fd = memfd_create(label, flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(label, flags);
	if (fd >= 0)
		return fd;
	return errno == ENOSYS ? -ENODEV : kipc_region_error(errno);
}

/* How large are this system's huge pages?  0: it has none. */
size_t kipc_region_huge_page(void)
{
	int fd = kipc_memfd_open("kipc", MFD_HUGETLB);
	struct statfs fs;
	size_t page;

	if (fd < 0)
		return 0;
	page = fstatfs(fd, &fs) ? 0 : (size_t)fs.f_bsize;
	close(fd);
	return page;
}

/* One of that size, not mapped; in huge pages those must be there for it. */
static int kipc_memfd_make(struct kipc_region *region, const struct kipc_address *address,
			   size_t bytes, unsigned int flags)
{
	const char *label = address->name[0] ? address->name : "kipc";
	int err;

	region->fd = kipc_memfd_open(label, flags);
	if (region->fd < 0)
		return region->fd;
	if (flags & MFD_HUGETLB) {
		region->page = kipc_region_huge_page();
		if (!region->page)
			return -ENODEV;
		bytes = kipc_region_round(region, bytes);
	}
	/* Through /proc/PID/fd others may open what its mode lets them. */
	if (fchmod(region->fd, kipc_address_mode(address)))
		return -errno;
	err = kipc_region_set_size(region->fd, bytes);
	if (!err && region->flags & KIPC_REGION_STABLE &&
	    fcntl(region->fd, F_ADD_SEALS, F_SEAL_SHRINK))
		err = -errno;
	return err ? err : kipc_region_measure(region);
}

/* Mapping reserves the huge pages: only then is it known whether there are enough. */
static int kipc_memfd_make_huge(struct kipc_region *region,
				const struct kipc_address *address, size_t bytes)
{
	int err = kipc_memfd_make(region, address, bytes, MFD_HUGETLB);

	return err ? err : kipc_region_map(region);
}

static int kipc_memfd_create(struct kipc_region *region, const struct kipc_address *address,
			     size_t bytes)
{
	size_t page = region->page;
	int err;

	if (!kipc_address_get(address, KIPC_PARAM_HUGE, 0))
		return kipc_memfd_make(region, address, bytes, 0);
	err = kipc_memfd_make_huge(region, address, bytes);
	if (!err || kipc_address_demands(address, KIPC_PARAM_HUGE))
		return err;
	if (region->fd >= 0)
		close(region->fd);
	region->fd = -1;
	region->page = page;
	region->state &= ~KIPC_REGION_IS_HUGE;
	return kipc_memfd_make(region, address, bytes, 0);
}

static uint32_t kipc_memfd_seals(const struct kipc_region *region)
{
	int seals = fcntl(region->fd, F_GET_SEALS);

	return seals < 0 ? 0 : (uint32_t)seals & KIPC_MEMFD_SEALS;
}

/* Map it anew where it is mapped, so that pointers stay good. */
static int kipc_memfd_remap(const struct kipc_region *region, int prot, int how)
{
	void *data = mmap(region->data, kipc_region_round(region, region->size), prot,
			  how | MAP_FIXED, region->fd, 0);

	return data == MAP_FAILED ? -errno : 0;
}

/*
 * Our own mapping is in the way of the seal against writing, also one for reading, as it
 * might be made writable.  A private one is not, and as nobody writes any more, it shows
 * the same for good.  If somebody else is in the way, ours becomes what it was.
 */
static int kipc_memfd_seal_write(struct kipc_region *region, uint32_t seals)
{
	int prot = PROT_READ, err;

	if (!(region->state & KIPC_REGION_IS_READONLY))
		prot |= PROT_WRITE;
	err = kipc_memfd_remap(region, PROT_READ, MAP_PRIVATE | MAP_NORESERVE);
	if (err)
		return err;
	if (!fcntl(region->fd, F_ADD_SEALS, seals)) {
		region->state |= KIPC_REGION_IS_READONLY;
		return 0;
	}
	err = -errno;
	if (kipc_memfd_remap(region, prot, MAP_SHARED))
		region->state |= KIPC_REGION_IS_READONLY;
	return err;
}

static int kipc_memfd_seal(struct kipc_region *region, uint32_t seals)
{
	uint32_t set = kipc_memfd_seals(region);

	/* What is set is set, even where no more may be. */
	if (!(seals & ~set))
		return 0;
	if (seals & ~set & KIPC_SEAL_WRITE)
		return kipc_memfd_seal_write(region, seals);
	return fcntl(region->fd, F_ADD_SEALS, seals) ? -errno : 0;
}

static bool kipc_memfd_name_ok(const char *name)
{
	return strlen(name) < NAME_MAX - strlen("memfd:");
}

const struct kipc_region_mechanism kipc_memfd_region = {
	.mechanism.scheme = "memfd",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
			    KIPC_PARAM_BIT(KIPC_PARAM_HUGE),
	.mechanism.name_rule = "a label is at most 248 bytes",
	.mechanism.name_ok = kipc_memfd_name_ok,
	.can = KIPC_REGION_CAN_FD | KIPC_REGION_CAN_RESIZE | KIPC_REGION_CAN_SEAL |
	       KIPC_REGION_CAN_HUGE,
	.create = kipc_memfd_create,
	.seals = kipc_memfd_seals,
	.seal = kipc_memfd_seal,
	.info = kipc_region_fd_info,
};
