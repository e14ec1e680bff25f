// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dmabuf: memory that devices can use as well, from one of the heaps of /dev/dma_heap.
 * The heap is the name in the address; every kernel with heaps can have "system".
 *
 * This is what took the place of Android's ION, which left Linux in 5.11.  As with a
 * memfd whoever has the descriptor has the region, but it never changes its size, it
 * cannot be sealed, and its memory is all there from the beginning.  A heap belongs to
 * the administrator (mode 600, until udev is told otherwise); to use a descriptor that
 * came from somebody takes no privilege.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "region.h"

#define KIPC_HEAP_DIR "/dev/dma_heap"

static int kipc_dmabuf_open_heap(const struct kipc_address *address)
{
	char path[sizeof(KIPC_HEAP_DIR) + PATH_MAX + 1];
	int heap;

	snprintf(path, sizeof(path), KIPC_HEAP_DIR "/%s",
		 address->name[0] ? address->name : "system");
	heap = open(path, O_RDONLY | O_CLOEXEC);
	if (heap >= 0)
		return heap;
	if (errno == ENOENT && access(KIPC_HEAP_DIR, F_OK))
		return -ENODEV;
	return kipc_region_error(errno);
}

/*
 * A heap goes on taking pages until there are none, and the kernel kills processes on the
 * way there.  What can never be is refused before.
 */
static bool kipc_dmabuf_too_large(size_t bytes)
{
	long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES);

	return pages > 0 && bytes / (size_t)page >= (size_t)pages;
}

static int kipc_dmabuf_create(struct kipc_region *region, const struct kipc_address *address,
			      size_t bytes)
{
	struct dma_heap_allocation_data data = {
		.len = bytes,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap, err = 0;

	if (kipc_dmabuf_too_large(bytes))
		return -ENOMEM;
	heap = kipc_dmabuf_open_heap(address);
	if (heap < 0)
		return heap;
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		err = errno == ENOTTY ? -EINVAL : kipc_region_error(errno);
	close(heap);
	if (err)
		return err;
	region->fd = (int)data.fd;
	return kipc_region_measure(region);
}

static int kipc_dmabuf_sync(struct kipc_region *region, uint32_t how)
{
	struct dma_buf_sync sync = { 0 };
	int err;

	if (how & KIPC_SYNC_DISK)
		return -EOPNOTSUPP;
	sync.flags = how & KIPC_SYNC_END ? DMA_BUF_SYNC_END : DMA_BUF_SYNC_START;
	if (how & KIPC_SYNC_READ)
		sync.flags |= DMA_BUF_SYNC_READ;
	if (how & KIPC_SYNC_WRITE)
		sync.flags |= DMA_BUF_SYNC_WRITE;
	/* It may wait for a device, and says so in these two ways when it is disturbed. */
	do {
		err = ioctl(region->fd, DMA_BUF_IOCTL_SYNC, &sync) ? errno : 0;
	} while (err == EINTR || err == EAGAIN);
	return -err;
}

static bool kipc_dmabuf_name_ok(const char *name)
{
	return strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..");
}

const struct kipc_region_mechanism kipc_dmabuf_region = {
	.mechanism.scheme = "dmabuf",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.mechanism.name_rule = "a name is that of a heap in " KIPC_HEAP_DIR,
	.mechanism.name_ok = kipc_dmabuf_name_ok,
	.can = KIPC_REGION_CAN_FD | KIPC_REGION_CAN_SYNC,
	.create = kipc_dmabuf_create,
	.sync = kipc_dmabuf_sync,
};
