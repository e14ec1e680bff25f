// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is said of the errors of regions, before error.c says what is said of any. */
#include <errno.h>
#include <stddef.h>

#include "internal.h"

const struct kipc_sentence kipc_region_sentences[] = {
	{ ENODEV, "dmabuf", "this kernel has no dma-buf heaps (CONFIG_DMABUF_HEAPS)" },
	{ ENODEV, "posix-shm", "/dev/shm is not there: mount a tmpfs on it" },
	{ ENODEV, "mmap-file", "files of that file system cannot be mapped" },
	{ ENODEV, NULL, "this kernel has no such memory, or no huge pages" },
	{ EACCES, "dmabuf", "permission denied: heaps in /dev/dma_heap are root's (a udev rule)" },
	{ ENOENT, "dmabuf", "there is no such heap in /dev/dma_heap" },
	{ ENOENT, NULL, "there is no such region, or no such directory: its maker comes first" },
	{ EADDRINUSE, NULL, "there is one already, or it is smaller than is asked for" },
	{ ENODATA, NULL, "it is there and empty: its maker is not done" },
	{ EPERM, NULL, "its seals do not allow that, or it lacks the one that is asked for" },
	{ EBUSY, NULL, "somebody else has it mapped" },
	{ ENOSPC, "sysv-shm", "too many segments, or too large (/proc/sys/kernel/shmmni, shmall)" },
	{ ENOSPC, NULL, "its file system is full" },
	{ EFBIG, "sysv-shm", "larger than a segment may be (/proc/sys/kernel/shmmax)" },
	{ EFBIG, NULL, "larger than a file may be (ulimit -f)" },
	{ ENOMEM, NULL, "out of memory, or of huge pages (/proc/sys/vm/nr_hugepages)" },
	{ EOPNOTSUPP, NULL, "this mechanism cannot do that (see kipc_region(7))" },
	{ EINVAL, NULL, "an argument makes no sense, or what is there is not memory" },
	{ 0, NULL, NULL },
};
