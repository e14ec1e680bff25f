// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions: the public functions.  They check what the caller passed, build the handle
 * and map its descriptor; a mechanism does what is its own.
 *
 * A region is built in private and gets its name last: by then it has its size, its
 * mapping and, where that was asked for, all its memory.  So nobody ever attaches to one
 * that is half made, and a maker that fails or is killed leaves no name (with System V,
 * where the name comes first, the size comes with it).
 *
 * A handle has no lock: what changes it is for one thread (kipc_region.h).  After fork()
 * parent and child have a copy each of the handle and of the descriptor, and the mapping
 * is shared; the only thing that both must agree about is who removes the name of a
 * temporary one, and that is what its lifetime is for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "region.h"

/* How often a name may come and go while we try to have it, until we give up. */
#define KIPC_REGION_TRIES 64

#define KIPC_REGION_FLAGS (KIPC_REGION_READONLY | KIPC_REGION_STABLE | KIPC_REGION_JOIN | \
			   KIPC_REGION_TEMPORARY | KIPC_REGION_POPULATE | KIPC_REGION_HUGE)
#define KIPC_REGION_ATTACH_FLAGS (KIPC_REGION_READONLY | KIPC_REGION_STABLE | \
				  KIPC_REGION_POPULATE)

#define KIPC_SEALS (KIPC_SEAL_SEAL | KIPC_SEAL_SHRINK | KIPC_SEAL_GROW | KIPC_SEAL_WRITE | \
		    KIPC_SEAL_FUTURE_WRITE)

/* One meaning of an error everywhere. */
int kipc_region_error(int err)
{
	switch (err) {
	case EEXIST:
		return -EADDRINUSE;
	case EIDRM:
		return -ENOENT;
	case ELOOP:
	case EISDIR:
	case ENXIO:
	case ENOTDIR:
	case ENAMETOOLONG:
		return -EINVAL;
	case EROFS:
		return -EACCES;
	case EOVERFLOW:
		return -EFBIG;
	case ENFILE:
		return -EMFILE;
	default:
		return -err;
	}
}

/* ---- memory ---- */

/* What is mapped for so many bytes: whole pages. */
size_t kipc_region_round(const struct kipc_region *region, size_t bytes)
{
	return (bytes + region->page - 1) & ~(region->page - 1);
}

/*
 * Map @bytes of the descriptor somewhere.
 *
 * What is sealed against writing cannot be mapped shared before Linux 6.7, as such a
 * mapping might be made writable later.  Nobody changes it any more, so that a private
 * mapping of it is the same.
 *
 * Returns NULL and errno.
 */
static void *kipc_region_map_new(const struct kipc_region *region, size_t bytes)
{
	size_t len = kipc_region_round(region, bytes);
	int prot = PROT_READ;
	void *data;

	if (!(region->state & KIPC_REGION_IS_READONLY))
		prot |= PROT_WRITE;
	data = mmap(NULL, len, prot, MAP_SHARED, region->fd, 0);
	if (data == MAP_FAILED && errno == EPERM && !(prot & PROT_WRITE))
		data = mmap(NULL, len, prot, MAP_PRIVATE | MAP_NORESERVE, region->fd, 0);
	return data == MAP_FAILED ? NULL : data;
}

static int kipc_region_map_error(int err)
{
	switch (err) {
	case EAGAIN:		/* more than the process may lock (mlockall()) */
	case EINVAL:		/* more than any address space has */
	case EOVERFLOW:
		return -ENOMEM;
	default:
		return kipc_region_error(err);
	}
}

int kipc_region_map(struct kipc_region *region)
{
	region->data = kipc_region_map_new(region, region->size);
	return region->data ? 0 : kipc_region_map_error(errno);
}

static void kipc_region_unmap(struct kipc_region *region)
{
	if (!region->data)
		return;
	if (region->mechanism->detach)
		region->mechanism->detach(region);
	else
		munmap(region->data, kipc_region_round(region, region->size));
	region->data = NULL;
}

/*
 * Have all pages there.  What would be SIGBUS later is an error now.  The memory of a
 * dma-buf is there from the beginning.
 */
static int kipc_region_populate(const struct kipc_region *region, void *data, size_t bytes)
{
	int advice = region->state & KIPC_REGION_IS_READONLY ? MADV_POPULATE_READ :
							       MADV_POPULATE_WRITE;
	int err;

	if (!(region->flags & KIPC_REGION_POPULATE) ||
	    region->mechanism == &kipc_dmabuf_region)
		return 0;
	do {
		err = madvise(data, kipc_region_round(region, bytes), advice) ? errno : 0;
	} while (err == EINTR);
	switch (err) {
	case EFAULT:
		return -ENOSPC;
	case EINVAL:
		return -EOPNOTSUPP;	/* a kernel before 5.14 */
	case EHWPOISON:
		return -EIO;
	case EAGAIN:
		return -ENOMEM;
	default:
		return -err;
	}
}

/* ---- handles ---- */

static struct kipc_region *kipc_region_new(const struct kipc_region_mechanism *mechanism,
					   uint32_t flags)
{
	struct kipc_region *region = calloc(1, sizeof(*region));

	if (!region)
		return NULL;
	region->mechanism = mechanism;
	region->flags = flags;
	if (flags & KIPC_REGION_READONLY)
		region->state = KIPC_REGION_IS_READONLY;
	region->page = (size_t)sysconf(_SC_PAGESIZE);
	region->fd = -1;
	region->id = KIPC_REGION_NO_SHMID;
	region->life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	return region;
}

/* Give all back that a region has, so that it can be made anew; its name stays. */
static void kipc_region_drop(struct kipc_region *region)
{
	kipc_region_unmap(region);
	if (region->fd >= 0)
		close(region->fd);
	free(region->path);
	region->fd = -1;
	region->id = KIPC_REGION_NO_SHMID;
	region->path = NULL;
	region->state &= KIPC_REGION_IS_READONLY;
	region->page = (size_t)sysconf(_SC_PAGESIZE);
}

/* An end that was not good: nothing is left, and *@region is NULL. */
static int kipc_region_give_up(struct kipc_region *region, int err)
{
	kipc_lifetime_close(&region->life);
	kipc_region_drop(region);
	free(region);
	return err;
}

/* ---- opening ---- */

static int kipc_region_options_read(struct kipc_region_options *options,
				    const struct kipc_region_options *given, uint32_t known)
{
	memset(options, 0, sizeof(*options));
	if (!given)
		return 0;
	if (given->size != sizeof(*options))
		return -EINVAL;
	*options = *given;
	if (options->flags & ~known || options->mode & ~0777U || options->reserved[0] ||
	    options->reserved[1])
		return -EINVAL;
	return 0;
}

static const struct kipc_region_mechanism *
kipc_address_region(const struct kipc_address *address)
{
	return container_of(address->mechanism, struct kipc_region_mechanism, mechanism);
}

/* Address and options of a region that is to be made or found. */
static int kipc_region_open(struct kipc_region **region, struct kipc_address *address,
			    const char *text, const struct kipc_region_options *given,
			    uint32_t known)
{
	const struct kipc_region_mechanism *mechanism;
	struct kipc_region_options options;
	int err = kipc_address_parse_as(address, text, KIPC_FAMILY_REGION);

	if (!err)
		err = kipc_region_options_read(&options, given, known);
	if (err)
		return err;
	mechanism = kipc_address_region(address);
	/* A name that anybody may open is one that anybody may shrink. */
	if (options.flags & KIPC_REGION_STABLE && mechanism->can & KIPC_REGION_CAN_RESIZE &&
	    !(mechanism->can & KIPC_REGION_CAN_SEAL))
		return -EPERM;
	kipc_address_wish(address, KIPC_PARAM_MODE, options.mode);
	kipc_address_wish(address, KIPC_PARAM_HUGE, options.flags & KIPC_REGION_HUGE);
	*region = kipc_region_new(mechanism, options.flags);
	return *region ? 0 : -ENOMEM;
}

/* How large: at least as the caller says, and as the address does, if it does. */
static int kipc_region_bytes(const struct kipc_address *address, size_t *bytes)
{
	uint64_t demanded = kipc_address_get(address, KIPC_PARAM_SIZE, *bytes);

	if (!demanded || demanded < *bytes)
		return -EINVAL;
	/* With room for rounding it up to pages of any size. */
	if (demanded > PTRDIFF_MAX / 2)
		return -ENOMEM;
	*bytes = (size_t)demanded;
	return 0;
}

static int kipc_region_make(struct kipc_region *region, const struct kipc_address *address,
			    size_t bytes)
{
	const struct kipc_region_mechanism *mechanism = region->mechanism;
	int err = mechanism->create(region, address, bytes);

	if (!err && !region->data)
		err = kipc_region_map(region);
	if (!err)
		err = kipc_region_populate(region, region->data, region->size);
	if (!err && mechanism->publish)
		err = mechanism->publish(region, address);
	if (!err) {
		region->state |= KIPC_REGION_IS_NEW;
		return 0;
	}
	if (mechanism->remove)
		mechanism->remove(region);
	kipc_region_drop(region);
	return err;
}

static int kipc_region_find(struct kipc_region *region, const struct kipc_address *address,
			    uint64_t bytes)
{
	int err = region->mechanism->attach(region, address);

	if (!err && region->size < bytes)
		err = -EADDRINUSE;
	if (!err && !region->data)
		err = kipc_region_map(region);
	if (!err)
		err = kipc_region_populate(region, region->data, region->size);
	if (err)
		kipc_region_drop(region);
	return err;
}

/* It may come and go between the two: then begin again. */
static int kipc_region_find_or_make(struct kipc_region *region,
				    const struct kipc_address *address, size_t bytes)
{
	int err, tries;

	for (tries = 0; tries < KIPC_REGION_TRIES; tries++) {
		err = kipc_region_find(region, address, bytes);
		if (err != -ENOENT)
			return err;
		err = kipc_region_make(region, address, bytes);
		if (err != -EADDRINUSE)
			return err;
	}
	return err;
}

static int kipc_region_create_as(struct kipc_region *region,
				 const struct kipc_address *address, size_t bytes)
{
	bool named = region->mechanism->attach && address->name[0];
	int err = kipc_region_bytes(address, &bytes);

	if (!err && named && region->flags & KIPC_REGION_TEMPORARY)
		err = kipc_lifetime_open(&region->life);
	if (err)
		return err;
	if (named && region->flags & KIPC_REGION_JOIN)
		err = kipc_region_find_or_make(region, address, bytes);
	else
		err = kipc_region_make(region, address, bytes);
	/* What was there before is not ours to remove. */
	if (!err && !(region->state & KIPC_REGION_IS_NEW))
		kipc_lifetime_close(&region->life);
	return err;
}

KIPC_EXPORT int kipc_region_create(struct kipc_region **region, const char *address,
				   size_t bytes, const struct kipc_region_options *options)
{
	const uint32_t known = KIPC_REGION_FLAGS & ~KIPC_REGION_READONLY;
	struct kipc_address parsed;
	struct kipc_region *made;
	int err;

	if (!region)
		return -EINVAL;
	*region = NULL;
	err = kipc_region_open(&made, &parsed, address, options, known);
	if (err)
		return err;
	err = kipc_region_create_as(made, &parsed, bytes);
	if (err)
		return kipc_region_give_up(made, err);
	*region = made;
	return 0;
}

KIPC_EXPORT int kipc_region_attach(struct kipc_region **region, const char *address,
				   const struct kipc_region_options *options)
{
	struct kipc_address parsed;
	struct kipc_region *found;
	int err;

	if (!region)
		return -EINVAL;
	*region = NULL;
	err = kipc_region_open(&found, &parsed, address, options, KIPC_REGION_ATTACH_FLAGS);
	if (err)
		return err;
	if (!found->mechanism->attach)
		err = -EOPNOTSUPP;
	else if (!parsed.name[0])
		err = -EINVAL;
	else
		err = kipc_region_find(found, &parsed,
				       kipc_address_get(&parsed, KIPC_PARAM_SIZE, 0));
	if (err)
		return kipc_region_give_up(found, err);
	*region = found;
	return 0;
}

KIPC_EXPORT int kipc_region_attach_fd(struct kipc_region **region, int fd,
				      const struct kipc_region_options *given)
{
	struct kipc_region_options options;
	struct kipc_region *found;
	int err;

	if (!region)
		return -EINVAL;
	*region = NULL;
	err = kipc_region_options_read(&options, given, KIPC_REGION_ATTACH_FLAGS);
	if (err)
		return err;
	found = kipc_region_new(NULL, options.flags);
	if (!found)
		return -ENOMEM;
	err = kipc_region_adopt(found, fd);
	/* The seal first: what is measured before it is set may have shrunk since. */
	if (!err && options.flags & KIPC_REGION_STABLE && !kipc_region_is_stable(found))
		err = -EPERM;
	if (!err)
		err = kipc_region_measure(found);
	if (!err)
		err = kipc_region_map(found);
	if (!err)
		err = kipc_region_populate(found, found->data, found->size);
	if (err)
		return kipc_region_give_up(found, err);
	*region = found;
	return 0;
}

KIPC_EXPORT int kipc_region_close(struct kipc_region *region)
{
	if (!region)
		return 0;
	if (kipc_lifetime_close(&region->life))
		region->mechanism->remove(region);
	kipc_region_drop(region);
	free(region);
	return 0;
}

KIPC_EXPORT int kipc_region_unlink(const char *address)
{
	const struct kipc_region_mechanism *mechanism;
	struct kipc_address parsed;
	int err = kipc_address_parse_as(&parsed, address, KIPC_FAMILY_REGION);

	if (err)
		return err;
	mechanism = kipc_address_region(&parsed);
	if (!mechanism->unlink)
		return -EOPNOTSUPP;
	return parsed.name[0] ? mechanism->unlink(&parsed) : -EINVAL;
}

/* ---- what it is ---- */

KIPC_EXPORT void *kipc_region_data(const struct kipc_region *region)
{
	return region ? region->data : NULL;
}

KIPC_EXPORT size_t kipc_region_size(const struct kipc_region *region)
{
	return region ? region->size : 0;
}

KIPC_EXPORT int kipc_region_fd(const struct kipc_region *region)
{
	if (!region)
		return -EINVAL;
	return region->fd < 0 ? -EOPNOTSUPP : region->fd;
}

/* ---- changing it ---- */

/* Let the handle have another mapping of another size. */
static void kipc_region_move(struct kipc_region *region, void *data, size_t bytes)
{
	kipc_region_unmap(region);
	region->data = data;
	region->size = bytes;
}

/* The file first, so that there is something to map; it goes back if that fails. */
static int kipc_region_grow(struct kipc_region *region, size_t bytes)
{
	struct kipc_region before = *region;
	int err = kipc_region_measure(&before);
	void *data;

	if (!err || err == -ENODATA)
		err = kipc_region_set_size(region->fd, bytes);
	if (err)
		return err;
	data = kipc_region_map_new(region, bytes);
	err = data ? kipc_region_populate(region, data, bytes) : kipc_region_map_error(errno);
	if (!err) {
		kipc_region_move(region, data, bytes);
		return 0;
	}
	if (data)
		munmap(data, kipc_region_round(region, bytes));
	kipc_region_set_size(region->fd, before.size);
	return err;
}

/* The mapping first: once the file has shrunk there is no way back. */
static int kipc_region_shrink(struct kipc_region *region, size_t bytes)
{
	void *data = kipc_region_map_new(region, bytes);
	int err;

	if (!data)
		return kipc_region_map_error(errno);
	err = kipc_region_set_size(region->fd, bytes);
	if (err)
		munmap(data, kipc_region_round(region, bytes));
	else
		kipc_region_move(region, data, bytes);
	return err;
}

KIPC_EXPORT int kipc_region_resize(struct kipc_region *region, size_t bytes)
{
	if (!region || !bytes)
		return -EINVAL;
	if (!(region->mechanism->can & KIPC_REGION_CAN_RESIZE))
		return -EOPNOTSUPP;
	if (region->flags & KIPC_REGION_READONLY)
		return -EACCES;
	if (bytes > PTRDIFF_MAX / 2)
		return -ENOMEM;
	if (region->state & KIPC_REGION_IS_HUGE)
		bytes = kipc_region_round(region, bytes);
	return bytes < region->size ? kipc_region_shrink(region, bytes) :
				      kipc_region_grow(region, bytes);
}

KIPC_EXPORT int kipc_region_refresh(struct kipc_region *region)
{
	struct kipc_region now;
	int err;

	if (!region)
		return -EINVAL;
	if (!(region->mechanism->can & KIPC_REGION_CAN_RESIZE))
		return 0;
	now = *region;
	err = kipc_region_measure(&now);
	if (err || now.size == region->size)
		return err;
	err = kipc_region_map(&now);
	if (!err)
		err = kipc_region_populate(&now, now.data, now.size);
	if (!err)
		kipc_region_move(region, now.data, now.size);
	else if (now.data != region->data)
		kipc_region_unmap(&now);
	return err ? err : 1;
}

KIPC_EXPORT int kipc_region_seal(struct kipc_region *region, uint32_t seals)
{
	if (!region || !seals || seals & ~KIPC_SEALS)
		return -EINVAL;
	return region->mechanism->seal ? region->mechanism->seal(region, seals) : -EOPNOTSUPP;
}

/* BEGIN or END of some use, or DISK and nothing else. */
static bool kipc_region_sync_ok(uint32_t how)
{
	uint32_t use = how & (KIPC_SYNC_READ | KIPC_SYNC_WRITE);

	switch (how & ~use) {
	case KIPC_SYNC_BEGIN:
	case KIPC_SYNC_END:
		return use;
	case KIPC_SYNC_DISK:
		return !use;
	default:
		return false;
	}
}

KIPC_EXPORT int kipc_region_sync(struct kipc_region *region, uint32_t how)
{
	if (!region || !kipc_region_sync_ok(how))
		return -EINVAL;
	if (region->mechanism->sync)
		return region->mechanism->sync(region, how);
	return how == KIPC_SYNC_DISK ? -EOPNOTSUPP : 0;
}
