// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors of memory, wherever they come from: which mechanism made it, how large it
 * is, and how it becomes larger.
 *
 * A descriptor that somebody passed over says what it is as far as the kernel tells, not
 * as its sender does.  What can be wrong with it is found out before it is mapped; what
 * its sender may do to it later only seals can forbid.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "region.h"

static bool kipc_fd_begins(const char *link, const char *with)
{
	return !strncmp(link, with, strlen(with));
}

/*
 * A regular file: of which kind?  The kernel's name for it tells, and without /proc the
 * seals do: only a memfd can lack the seal against sealing.
 */
static const struct kipc_region_mechanism *kipc_fd_file_kind(int fd)
{
	char path[32], link[64] = "";
	ssize_t n;
	int seals;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		n = 0;
	link[n] = '\0';
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (kipc_fd_begins(link, "/memfd:") || !(seals & F_SEAL_SEAL)))
		return &kipc_memfd_region;
	if (kipc_fd_begins(link, "/dev/shm/"))
		return &kipc_posix_shm_region;
	return &kipc_mmap_file_region;
}

/* Duplicate a descriptor of the caller's, and see what it is: 0, -EBADF, -EINVAL... */
int kipc_region_adopt(struct kipc_region *region, int fd)
{
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return -EBADF;
	region->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (region->fd < 0)
		return -errno;
	if (fstat(region->fd, &st) || fstatfs(region->fd, &fs))
		return kipc_region_error(errno);
	if ((uint32_t)fs.f_type == DMA_BUF_MAGIC)
		region->mechanism = &kipc_dmabuf_region;
	else if (S_ISREG(st.st_mode))
		region->mechanism = kipc_fd_file_kind(region->fd);
	else
		return -EINVAL;
	return 0;
}

/* A dma-buf tells its size to who seeks its end; that moves nothing. */
static int kipc_region_measure_dmabuf(struct kipc_region *region)
{
	off_t end = lseek(region->fd, 0, SEEK_END);

	if (end < 0)
		return -errno;
	region->size = (size_t)end;
	return end ? 0 : -ENODATA;
}

/* How large is what we have a descriptor of, and how large are its pages? */
int kipc_region_measure(struct kipc_region *region)
{
	struct statfs fs;
	struct stat st;

	if (region->mechanism == &kipc_dmabuf_region)
		return kipc_region_measure_dmabuf(region);
	if (fstat(region->fd, &st) || fstatfs(region->fd, &fs))
		return kipc_region_error(errno);
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint32_t)fs.f_type == HUGETLBFS_MAGIC) {
		region->page = (size_t)fs.f_bsize;
		region->state |= KIPC_REGION_IS_HUGE;
	}
	if (!st.st_size)
		return -ENODATA;
	if ((uint64_t)st.st_size > PTRDIFF_MAX / 2)
		return -ENOMEM;
	region->size = (size_t)st.st_size;
	return 0;
}

/* Beyond its limit the kernel would send SIGXFSZ, which kills who does not expect it. */
static bool kipc_fd_beyond_limit(int fd, size_t bytes)
{
	struct rlimit limit;
	struct stat st;

	return !getrlimit(RLIMIT_FSIZE, &limit) && bytes > limit.rlim_cur &&
	       !fstat(fd, &st) && bytes > (uint64_t)st.st_size;
}

/* ftruncate(): 0 or -errno. */
int kipc_region_set_size(int fd, size_t bytes)
{
	int err;

	if (kipc_fd_beyond_limit(fd, bytes))
		return -EFBIG;
	do {
		err = ftruncate(fd, (off_t)bytes) ? errno : 0;
	} while (err == EINTR);
	/* The descriptor is good and writable, or so it was opened: it is the size. */
	return err == EINVAL ? -EFBIG : -err;
}

/* What fstat() tells. */
void kipc_region_fd_info(const struct kipc_region *region, struct kipc_region_info *info)
{
	struct stat st;

	if (fstat(region->fd, &st))
		return;
	info->bytes = (uint64_t)st.st_size;
	info->mode = st.st_mode & 0777;
	info->uid = st.st_uid;
	info->gid = st.st_gid;
	if (!st.st_nlink)
		info->state |= KIPC_REGION_IS_REMOVED;
}
