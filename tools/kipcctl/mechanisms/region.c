// SPDX-License-Identifier: GPL-2.0
/* Shared memory: how each kind is made, and found by somebody else */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "table.h"

#define HEAP "/dev/dma_heap/system"

/* Map what @fd is, having given it its size where @size is to be set. */
static int map_fd(struct end *end, size_t size, bool set)
{
	if (end->fd < 0 || (set && ftruncate(end->fd, (off_t)size)))
		return -errno;
	end->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, end->fd,
			0);
	end->map_size = size;
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

/* ---- System V ---- */

static int sysv_attach(struct end *end, size_t size)
{
	void *map;

	if (end->id < 0)
		return -errno;
	map = shmat(end->id, NULL, 0);
	if (map == (void *)-1)
		return -errno;
	end->map = map;
	end->map_size = size;
	return 0;
}

static int sysv_make(struct trial *trial, struct end *end, size_t size)
{
	end->id = shmget(trial->key, size, IPC_CREAT | IPC_EXCL | SHM_NORESERVE | 0600);
	return sysv_attach(end, size);
}

static int sysv_find(struct trial *trial, struct end *end, size_t size)
{
	end->id = shmget(trial->key, 0, 0600);
	return sysv_attach(end, size);
}

static void sysv_clean(const struct trial *trial)
{
	int id = shmget(trial->key, 0, 0);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
}

static const struct region sysv_region = { .make = sysv_make, .find = sysv_find };

const struct mechanism mechanism_sysv_shm = {
	.scheme = "sysv-shm",
	.about = "System V shared memory: shmget(2)",
	.family = FAMILY_REGION,
	.region = &sysv_region,
	.clean = sysv_clean,
};

/* ---- POSIX ---- */

static int shm_make(struct trial *trial, struct end *end, size_t size)
{
	end->fd = shm_open(trial->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return map_fd(end, size, true);
}

static int shm_find(struct trial *trial, struct end *end, size_t size)
{
	end->fd = shm_open(trial->name, O_RDWR | O_CLOEXEC, 0);
	return map_fd(end, size, false);
}

static void shm_clean(const struct trial *trial)
{
	shm_unlink(trial->name);
}

static const struct region shm_region = { .make = shm_make, .find = shm_find };

const struct mechanism mechanism_posix_shm = {
	.scheme = "posix-shm",
	.about = "POSIX shared memory: shm_open(3)",
	.family = FAMILY_REGION,
	.region = &shm_region,
	.clean = shm_clean,
};

/* ---- mappings of files and of nothing ---- */

static int file_make(struct trial *trial, struct end *end, size_t size)
{
	end->fd = open(trial->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return map_fd(end, size, true);
}

static int file_find(struct trial *trial, struct end *end, size_t size)
{
	end->fd = open(trial->path, O_RDWR | O_CLOEXEC);
	return map_fd(end, size, false);
}

static const struct region file_region = { .make = file_make, .find = file_find };

const struct mechanism mechanism_mmap_file = {
	.scheme = "mmap-file",
	.about = "shared mapping of a file: mmap(2)",
	.family = FAMILY_REGION,
	.region = &file_region,
	.clean = unlink_path,
};

static int anonymous_make(struct trial *trial, struct end *end, size_t size)
{
	(void)trial;
	end->map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	end->map_size = size;
	if (end->map != MAP_FAILED)
		return 0;
	end->map = NULL;
	return -errno;
}

static const struct region anonymous_region = { .make = anonymous_make };

const struct mechanism mechanism_mmap_anon = {
	.scheme = "mmap-anon",
	.about = "shared anonymous mapping: mmap(2)",
	.family = FAMILY_REGION,
	.region = &anonymous_region,
};

/* ---- memory that is a descriptor ---- */

static int memfd_make(struct trial *trial, struct end *end, size_t size)
{
	end->fd = memfd_create(trial->name + 1, MFD_CLOEXEC);
	return map_fd(end, size, true);
}

static const struct region memfd_region = { .make = memfd_make };

const struct mechanism mechanism_memfd = {
	.scheme = "memfd",
	.about = "memfd_create(2)",
	.family = FAMILY_REGION,
	.region = &memfd_region,
};

static int heap_absent(struct trial *trial, char *why, size_t size)
{
	int fd = open(HEAP, O_RDWR | O_CLOEXEC);

	(void)trial;
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno == ENOENT)
		snprintf(why, size, "no " HEAP ": this kernel has no dma-buf heaps");
	else
		snprintf(why, size, HEAP ": %s", strerror(errno));
	return -ENODEV;
}

static int heap_make(struct trial *trial, struct end *end, size_t size)
{
	struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };
	int heap = open(HEAP, O_RDWR | O_CLOEXEC), err = 0;

	(void)trial;
	if (heap < 0)
		return -errno;
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		err = -errno;
	close(heap);
	if (err)
		return err;
	end->fd = (int)data.fd;
	return map_fd(end, size, false);
}

static const struct region heap_region = { .make = heap_make, .eager = true };

const struct mechanism mechanism_dmabuf = {
	.scheme = "dmabuf",
	.about = "dma-buf heap: " HEAP,
	.family = FAMILY_REGION,
	.absent = heap_absent,
	.region = &heap_region,
};
