/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc, regions: memory that several processes have in common.
 *
 * A region is named by an address, as everything in kipc.h is; changing the address
 * changes the mechanism and nothing else, as far as both can do what the program
 * needs (kipc_region_scheme_info()):
 *
 *	sysv-shm:/path			a System V segment by ftok, or
 *	sysv-shm:0x1234			by its key, or with neither, for children
 *	posix-shm:/camera		POSIX shared memory
 *	mmap-file:/var/lib/camera	a file: stays when the machine is switched off
 *	mmap-anon:			memory for this process and its children
 *	memfd:camera			a file without a name, to be passed as a descriptor;
 *					can be sealed
 *	dmabuf:system			a dma-buf of a heap (/dev/dma_heap), which devices
 *					can use too; to be passed as a descriptor
 *
 * Conventions are kipc.h's: 0 or -errno, kipc_explain(), and one meaning of an error:
 *
 *	-ENOENT		there is no region of that name
 *	-EADDRINUSE	there is one already, or it is smaller than is asked for
 *	-EPERM		its seals do not allow that, or it lacks the one that is asked for
 *	-ENODATA	it is there and has no bytes (its maker is not done)
 *	-EACCES		its owner and mode do not let the caller in
 *	-ENODEV		the kernel has no such mechanism
 *	-EOPNOTSUPP	this mechanism cannot do that
 *	-ENOMEM, -ENOSPC, -EFBIG	no memory, no room in its file system, larger than
 *			a file may be (RLIMIT_FSIZE)
 *	-EMFILE		too many descriptors
 *
 * A region that kipc_region_create() makes has its whole size, all zero, before
 * anybody can find it.
 *
 * Who removes what: a named region (sysv-shm:, posix-shm:, mmap-file:) stays, with what
 * is in it, when its maker and all others have closed it or are dead, until
 * kipc_region_unlink(), as is usual with shared memory; who wants its name to go with
 * its maker says so (KIPC_REGION_TEMPORARY).  Removing takes the name: whoever has the
 * region keeps it, and the memory is given back with the last of them.  A region without
 * a name goes with the last process that has it, however that ends.
 *
 * What the others can do to you: everybody who may write sees and changes your bytes at
 * any moment, so read each byte that matters once, into memory of your own, and check it
 * there.  And who may shorten a file that you have mapped (posix-shm:, mmap-file: and a
 * memfd: without KIPC_SEAL_SHRINK) lets you die of SIGBUS at the next access beyond its
 * end.  KIPC_REGION_STABLE refuses such a region.  SIGBUS is also what a page is that finds
 * no memory when it is first touched; KIPC_REGION_POPULATE has that as an error, before.
 *
 * Threads: kipc_region_data(), size, fd, info and sync may be called by any thread at
 * any time, and the first three from signal handlers.  What changes the handle (resize,
 * refresh, seal, close) is for one thread, when the others use neither the handle nor
 * its memory.  Different handles are independent.  Fork: the memory stays common to
 * parent and child, at the same address; each closes its own handle.  exec() drops the
 * mapping and the descriptor.
 */
#ifndef KIPC_REGION_H
#define KIPC_REGION_H

#include "kipc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A region that this process has mapped.  Opaque. */
struct kipc_region;

/** struct kipc_region_options, flags. */
#define KIPC_REGION_READONLY	(1U << 0)	/**< attach: writing to it is SIGSEGV */
#define KIPC_REGION_STABLE	(1U << 1)	/**< refuse what may shrink (-EPERM) */
#define KIPC_REGION_JOIN	(1U << 2)	/**< create: attach to what is there already */
#define KIPC_REGION_TEMPORARY	(1U << 3)	/**< create: the name goes with its last closer */
#define KIPC_REGION_POPULATE	(1U << 4)	/**< take all its memory now, not at first use */
#define KIPC_REGION_HUGE	(1U << 5)	/**< create: in huge pages, if there are any */

/**
 * How to make or attach a region; start with KIPC_REGION_OPTIONS_INIT.
 *
 * KIPC_REGION_HUGE and @mode are wishes, granted as far as the mechanism can; an
 * address's ?huge and ?mode= are demands.  The umask takes bits of a mode of posix-shm:
 * and mmap-file:, and not of the others'.
 */
struct kipc_region_options {
	size_t size;		/**< sizeof(struct kipc_region_options) */
	mode_t mode;		/**< create: who may attach, 0: 0600 */
	uint32_t flags;		/**< KIPC_REGION_* */
	uint64_t reserved[2];	/**< 0 */
};

#define KIPC_REGION_OPTIONS_INIT { sizeof(struct kipc_region_options), 0, 0, { 0, 0 } }

/** What a mechanism can do: struct kipc_region_info, can. */
#define KIPC_REGION_CAN_NAME	(1U << 0)	/**< others find it by its name */
#define KIPC_REGION_CAN_FD	(1U << 1)	/**< it is a descriptor that can be passed */
#define KIPC_REGION_CAN_RESIZE	(1U << 2)	/**< kipc_region_resize() */
#define KIPC_REGION_CAN_SEAL	(1U << 3)	/**< kipc_region_seal() */
#define KIPC_REGION_CAN_HUGE	(1U << 4)	/**< KIPC_REGION_HUGE */
#define KIPC_REGION_CAN_SURVIVE	(1U << 5)	/**< it outlives all who have it */
#define KIPC_REGION_CAN_PERSIST	(1U << 6)	/**< and the machine being switched off */
#define KIPC_REGION_CAN_SYNC	(1U << 7)	/**< devices: access wants kipc_region_sync() */
#define KIPC_REGION_CAN_COUNT	(1U << 8)	/**< tells who made it and how many have it */

/** struct kipc_region_info, state: what this region is. */
#define KIPC_REGION_IS_NEW	(1U << 0)	/**< this handle made it */
#define KIPC_REGION_IS_READONLY	(1U << 1)	/**< it is mapped for reading only */
#define KIPC_REGION_IS_STABLE	(1U << 2)	/**< it cannot shrink any more */
#define KIPC_REGION_IS_HUGE	(1U << 3)	/**< it is in huge pages */
#define KIPC_REGION_IS_REMOVED	(1U << 4)	/**< it has no name, or none any more */

/** struct kipc_region_info, shmid: there is none. */
#define KIPC_REGION_NO_SHMID	(-1)

/** What a region is: kipc_region_info(). */
struct kipc_region_info {
	size_t size;		/**< in: sizeof(struct kipc_region_info) */
	const char *scheme;	/**< e.g. "memfd"; static storage */
	uint32_t can;		/**< KIPC_REGION_CAN_* */
	uint32_t state;		/**< KIPC_REGION_IS_* */
	uint32_t seals;		/**< KIPC_SEAL_* that are set */
	mode_t mode;		/**< who may attach */
	uid_t uid;		/**< its owner */
	gid_t gid;		/**< its group */
	pid_t creator;		/**< sysv-shm: who made it; else 0 */
	int shmid;		/**< sysv-shm: what the kernel knows it by */
	uint64_t bytes;		/**< its size now, whatever is mapped; 0: of the scheme */
	uint64_t page_size;	/**< of its pages, in bytes */
	uint64_t attached;	/**< sysv-shm: mappings of it; else KIPC_UNKNOWN */
};

#define KIPC_REGION_INFO_INIT { sizeof(struct kipc_region_info), NULL, 0, 0, 0, 0, 0, 0, 0, 0, \
				0, 0, 0 }

/** kipc_region_seal(): what nobody may do any more, ever. */
#define KIPC_SEAL_SEAL		(1U << 0)	/**< add seals */
#define KIPC_SEAL_SHRINK	(1U << 1)	/**< make it smaller */
#define KIPC_SEAL_GROW		(1U << 2)	/**< make it larger */
#define KIPC_SEAL_WRITE		(1U << 3)	/**< write */
#define KIPC_SEAL_FUTURE_WRITE	(1U << 4)	/**< write, but for who has it mapped by now */

/** kipc_region_sync(): BEGIN or END with READ or WRITE or both, or DISK. */
#define KIPC_SYNC_BEGIN		(1U << 0)	/**< this process is about to use the memory */
#define KIPC_SYNC_END		(1U << 1)	/**< it has done so */
#define KIPC_SYNC_READ		(1U << 2)	/**< to read */
#define KIPC_SYNC_WRITE		(1U << 3)	/**< to write */
#define KIPC_SYNC_DISK		(1U << 4)	/**< what was written is to be on the disk */

/**
 * Make a region, all zero, and map it.
 *
 * @region:	where the new handle goes; the caller owns it: kipc_region_close()
 * @address:	scheme:name?options
 * @bytes:	how large, at least; 0: what ?size= of the address says.  Regions of
 *		dmabuf: and in huge pages are made of whole pages: see kipc_region_size()
 * @options:	or NULL
 *
 * Nobody can find it before it has its size.  With KIPC_REGION_JOIN a region of that
 * name that is there already is attached, if it is large enough, and keeps its size,
 * mode and contents; the state of kipc_region_info() tells which it was.
 *
 * Returns 0 or: -EINVAL (also: @bytes and ?size= are both 0, or @bytes is more), -EADDRINUSE,
 * -ENOENT (its directory, or the path of its key, does not exist), -EACCES, -ENODEV,
 * -ENODATA (KIPC_REGION_JOIN), -EPERM (KIPC_REGION_STABLE, where there are no seals),
 * -EOPNOTSUPP (not a region), -ENOMEM, -ENOSPC, -EFBIG, -EMFILE.
 * Thread-safe.  Since 0.1.
 */
int kipc_region_create(struct kipc_region **region, const char *address, size_t bytes,
		       const struct kipc_region_options *options);

/**
 * Attach to a region that somebody made, by its name.
 *
 * The whole of it is mapped, as large as it is now.  ?size= of the address is the least
 * that is good enough.
 *
 * Returns 0 or as kipc_region_create(), and: -ENOENT, -ENODATA, -EADDRINUSE (smaller than
 * ?size=), -EPERM (KIPC_REGION_STABLE), -EOPNOTSUPP (there are no names to attach to:
 * mmap-anon:, memfd:, dmabuf:).  Thread-safe.  Since 0.1.
 */
int kipc_region_attach(struct kipc_region **region, const char *address,
		       const struct kipc_region_options *options);

/**
 * Attach to a region by a descriptor that came from somebody: of a memfd, a dma-buf,
 * POSIX shared memory, a file.
 *
 * @fd:		stays the caller's, who may close it: the region has a duplicate
 *
 * Returns 0 or as kipc_region_attach(), and: -EBADF (not open), -EINVAL (not memory),
 * -EACCES (opened for reading, and KIPC_REGION_READONLY is not given), -EPERM (sealed
 * against writing likewise, or KIPC_REGION_STABLE and it may shrink).
 * Thread-safe.  Since 0.1.
 */
int kipc_region_attach_fd(struct kipc_region **region, int fd,
			  const struct kipc_region_options *options);

/** The memory: page-aligned, kipc_region_size() bytes, good until the region is resized,
 * refreshed to another size or closed.  NULL of NULL.  Async-signal-safe.  Since 0.1.
 */
void *kipc_region_data(const struct kipc_region *region);

/** How many bytes are mapped.  0 of NULL.  Async-signal-safe.  Since 0.1. */
size_t kipc_region_size(const struct kipc_region *region);

/** Its descriptor, to be passed to others; it belongs to the region and lets who has it
 * write, unless the region was attached from one that does not.
 *
 * Returns it, or -EINVAL, or -EOPNOTSUPP where there is none (sysv-shm:, mmap-anon:).
 * Async-signal-safe.  Since 0.1.
 */
int kipc_region_fd(const struct kipc_region *region);

/**
 * Make a region larger or smaller (posix-shm:, mmap-file:, memfd:).
 *
 * @bytes:	its new size; in huge pages it is rounded up to whole ones
 *
 * This handle maps the new size, mostly at another place: kipc_region_data().  What is
 * new is zero.  The others keep what they have mapped: of a region that grew, its
 * beginning; of one that shrank, pages that are SIGBUS to touch.  They are to be told, by
 * whatever means the program has, and call kipc_region_refresh(); before a region shrinks,
 * they must have stopped to use its end.  Of two who resize at the same time the last one
 * prevails.
 *
 * Returns 0 or, and then nothing has changed: -EINVAL (also 0 bytes), -EOPNOTSUPP,
 * -EPERM (KIPC_SEAL_SHRINK, KIPC_SEAL_GROW), -EACCES (attached for reading), -ENOMEM,
 * -ENOSPC, -EFBIG.  Since 0.1.
 */
int kipc_region_resize(struct kipc_region *region, size_t bytes);

/**
 * Map the size that a region has now, after somebody resized it.
 *
 * Returns 1 (it had changed: the data may lie elsewhere), 0 (it had not, or can not), or,
 * and then the old mapping is still there: -EINVAL, -ENODATA, -ENOMEM.  Since 0.1.
 */
int kipc_region_refresh(struct kipc_region *region);

/**
 * Forbid something for good, to everybody (memfd:).
 *
 * @seals:	KIPC_SEAL_*; those that are set already stay
 *
 * KIPC_SEAL_WRITE turns this handle's own mapping into one for reading, at the same
 * address; as long as anybody else has it mapped for writing it is -EBUSY (and
 * KIPC_SEAL_FUTURE_WRITE is not).
 *
 * Returns 0 or, and then nothing has changed: -EINVAL, -EOPNOTSUPP, -EPERM
 * (KIPC_SEAL_SEAL is set, the memfd was made without sealing, or its descriptor is for
 * reading), -EBUSY.  Since 0.1.
 */
int kipc_region_seal(struct kipc_region *region, uint32_t seals);

/**
 * Say when this process uses the memory, where something else than processes does, or
 * have what was written brought to the disk.
 *
 * @how:	KIPC_SYNC_BEGIN or KIPC_SYNC_END, with KIPC_SYNC_READ, KIPC_SYNC_WRITE or
 *		both; or KIPC_SYNC_DISK
 *
 * Between processes memory is always coherent, and none of this is needed, nor does it
 * order or lock anything.  On dmabuf: bracket each use of the memory with BEGIN and END,
 * so that devices and caches agree; elsewhere both do nothing.  DISK waits until the
 * bytes of mmap-file: are where the file system says they are safe.
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (DISK, where there is no disk), -EIO.
 * Thread-safe.  Since 0.1.
 */
int kipc_region_sync(struct kipc_region *region, uint32_t how);

/**
 * Unmap a region and close its handle; NULL is ignored.
 *
 * Its name stays, but for KIPC_REGION_TEMPORARY: see the head of this file.
 * Returns 0; the handle is gone.  Since 0.1.
 */
int kipc_region_close(struct kipc_region *region);

/**
 * Remove the name of a region (sysv-shm:, posix-shm:, mmap-file:).
 *
 * Who has it keeps it; nobody finds it any more.
 *
 * Returns 0 or: -ENOENT, -EACCES (not its owner, or its directory is not writable),
 * -EOPNOTSUPP (it has no name that could stay), -EINVAL (also: the path is not that of a
 * file).  Thread-safe.  Since 0.1.
 */
int kipc_region_unlink(const char *address);

/** What a region is and can do.  @info: begun with KIPC_REGION_INFO_INIT.
 * Returns 0 or -EINVAL.  Thread-safe.  Since 0.1.
 */
int kipc_region_info(const struct kipc_region *region, struct kipc_region_info *info);

/** What an address's mechanism can do, without making anything: scheme, can, page_size.
 * Returns 0, -EINVAL (no such scheme) or -EOPNOTSUPP (it is not a region's).
 * Thread-safe.  Since 0.1.
 */
int kipc_region_scheme_info(const char *address, struct kipc_region_info *info);

/** The n-th scheme of regions, or NULL.  Thread-safe.  Since 0.1. */
const char *kipc_region_scheme(unsigned int n);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_REGION_H */
