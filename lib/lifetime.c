// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lifetimes: what fork() does to a handle.
 *
 * A name in the file system or a System V queue is removed by the last process
 * that closes the handle which made it.  Nothing in POSIX tells who is the last,
 * so such a handle carries both ends of a pipe: fork() copies the writing end as
 * it copies the handle, and once a closer finds the pipe hung up, it was the
 * last.  Two that close at the same moment may both find so, and removing twice
 * is harmless.  A process that ends without closing is not counted any more
 * either, but removes nothing.
 *
 * A forkmark is a word in a page that the kernel clears in a child
 * (MADV_WIPEONFORK).  It costs a load to look at, where getpid() would cost a
 * system call, and needs no pthread_atfork() handler and no global list.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int kipc_lifetime_open(struct kipc_lifetime *life)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	life->watch = fds[0];
	life->hold = fds[1];
	return 0;
}

/* Let a second handle count for the same lifetime. */
int kipc_lifetime_share(struct kipc_lifetime *to, const struct kipc_lifetime *from)
{
	to->watch = fcntl(from->watch, F_DUPFD_CLOEXEC, 0);
	if (to->watch < 0)
		return -errno;
	to->hold = fcntl(from->hold, F_DUPFD_CLOEXEC, 0);
	if (to->hold < 0) {
		int err = -errno;

		close(to->watch);
		to->watch = -1;
		return err;
	}
	return 0;
}

/* Returns whether no copy is left.  A lifetime that was never opened has none. */
bool kipc_lifetime_close(struct kipc_lifetime *life)
{
	struct pollfd watch = { .fd = life->watch };
	bool last;

	if (life->watch < 0)
		return false;
	close(life->hold);
	last = poll(&watch, 1, 0) == 1 && (watch.revents & POLLHUP);
	close(life->watch);
	life->hold = -1;
	life->watch = -1;
	return last;
}

int kipc_forkmark_init(struct kipc_forkmark *mark)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -ENOMEM;
	if (madvise(page, size, MADV_WIPEONFORK)) {
		int err = -errno;

		munmap(page, size);
		return err;
	}
	mark->word = page;
	kipc_forkmark_settle(mark);
	return 0;
}

void kipc_forkmark_deinit(struct kipc_forkmark *mark)
{
	if (mark->word)
		munmap((void *)mark->word, sysconf(_SC_PAGESIZE));
	mark->word = NULL;
}
