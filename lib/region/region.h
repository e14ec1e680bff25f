/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the regions share and nobody else sees.
 *
 * A region is memory and, with most mechanisms, the descriptor that it is a mapping of.
 * region.c maps descriptors, checks arguments and keeps the handle (info.c tells of it); a
 * mechanism gets memory or a descriptor, and knows what is its own:
 *
 *	file.c		posix-shm: and mmap-file:, which differ in where the file lies
 *	memfd.c		memfd:, and seals
 *	anon.c		mmap-anon:
 *	sysv_shm.c	sysv-shm:
 *	dmabuf.c	dmabuf:
 *	descriptor.c	descriptors that came from somebody: which mechanism is it?
 */
#ifndef KIPC_REGION_INTERNAL_H
#define KIPC_REGION_INTERNAL_H

#include "internal.h"
#include "kipc_region.h"

struct kipc_region_mechanism;

/**
 * struct kipc_region - a handle
 * @mechanism:	what it is
 * @data:	the memory, or NULL as long as there is none
 * @size:	its bytes, as told to the user
 * @page:	bytes of a page of it: what is mapped is @size rounded up to this
 * @flags:	KIPC_REGION_* that it was asked for
 * @state:	KIPC_REGION_IS_NEW, _READONLY, _HUGE; the rest is looked up when asked
 * @fd:		the descriptor, or -1
 * @id:		sysv-shm: the segment, or -1
 * @path:	the name of a file that is ours to remove, or NULL
 * @life:	open where KIPC_REGION_TEMPORARY made a name
 *
 * No lock: only its owner changes it, see kipc_region.h.
 */
struct kipc_region {
	const struct kipc_region_mechanism *mechanism;
	void *data;
	size_t size;
	size_t page;
	uint32_t flags;
	uint32_t state;
	int fd;
	int id;
	char *path;
	struct kipc_lifetime life;
};

/**
 * struct kipc_region_mechanism - a way to have memory in common
 * @mechanism:	what it has in common with those of other families
 * @can:	KIPC_REGION_CAN_*; the dispatcher refuses what is not in it
 *
 * @create:	make one of @bytes that nobody sees yet, if the mechanism can; sets @fd,
 *		@size and @page, or also @data.  -EADDRINUSE: the name is taken.
 * @publish:	give it its name.  NULL: it has it, or there is none.  -EADDRINUSE likewise.
 * @attach:	as @create, to what is there.  NULL: -EOPNOTSUPP.
 * @unlink:	remove a name.  NULL: -EOPNOTSUPP.
 * @detach:	give @data back.  NULL: munmap().
 * @remove:	remove the name that this handle made, if it did and nobody else has it by
 *		now.  NULL: it makes none.
 * @seals:	KIPC_SEAL_* that are set.  NULL: none can be.
 * @seal:	set more of them, checked
 * @sync:	KIPC_SYNC_*, checked.  NULL: nothing to do, and no disk.
 * @info:	fill in bytes, mode, owner and what else is known
 *
 * They return 0 or -errno.  What is left behind when one fails the dispatcher gives
 * back: memory, the descriptor, and by @remove the name.
 */
struct kipc_region_mechanism {
	struct kipc_mechanism mechanism;
	uint32_t can;

	int (*create)(struct kipc_region *region, const struct kipc_address *address,
		      size_t bytes);
	int (*publish)(struct kipc_region *region, const struct kipc_address *address);
	int (*attach)(struct kipc_region *region, const struct kipc_address *address);
	int (*unlink)(const struct kipc_address *address);
	void (*detach)(struct kipc_region *region);
	void (*remove)(struct kipc_region *region);
	uint32_t (*seals)(const struct kipc_region *region);
	int (*seal)(struct kipc_region *region, uint32_t seals);
	int (*sync)(struct kipc_region *region, uint32_t how);
	void (*info)(const struct kipc_region *region, struct kipc_region_info *info);
};

extern const struct kipc_region_mechanism kipc_sysv_shm_region;
extern const struct kipc_region_mechanism kipc_posix_shm_region;
extern const struct kipc_region_mechanism kipc_mmap_file_region;
extern const struct kipc_region_mechanism kipc_mmap_anon_region;
extern const struct kipc_region_mechanism kipc_memfd_region;
extern const struct kipc_region_mechanism kipc_dmabuf_region;

/* ---- region.c ---- */

int kipc_region_error(int err);
size_t kipc_region_round(const struct kipc_region *region, size_t bytes);
int kipc_region_map(struct kipc_region *region);

/* ---- info.c ---- */

bool kipc_region_is_stable(const struct kipc_region *region);

/* ---- descriptor.c ---- */

int kipc_region_adopt(struct kipc_region *region, int fd);
int kipc_region_measure(struct kipc_region *region);
int kipc_region_set_size(int fd, size_t bytes);
void kipc_region_fd_info(const struct kipc_region *region, struct kipc_region_info *info);

/* ---- memfd.c ---- */

size_t kipc_region_huge_page(void);

#endif /* KIPC_REGION_INTERNAL_H */
