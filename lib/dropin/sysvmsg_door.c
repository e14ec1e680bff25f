// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The door: the one descriptor of /dev/kipc that a process makes all its requests
 * through, and the limits in /proc/sys/kernel.
 *
 * A program of System V's messages has no descriptor for them and does not expect one.
 * So the door is opened when it is first needed, goes away on exec, and has a high
 * number, where programs that count descriptors, or expect the lowest one free, do not
 * come across it.  It has no role, and each request names its queue by number: the
 * kernel looks at the caller's identity and the queue's mode each time, so it does not
 * matter who opened it, and a child may use its parent's.
 *
 * A program may close it, with all the descriptors it does not know of, as daemons do.
 * Then a request is EBADF, or ENOTTY where something else has got the number since, and
 * the door is opened anew.  The old number is not closed: it is somebody else's.  There
 * is no lock: whoever loses the race to put a new door up closes his own and takes the
 * winner's.  So nothing can be found locked after fork, and a vfork child, which shares
 * the variable but not its parent's descriptors, at worst makes its parent open again.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dropin.h"
#include "sysvmsg.h"

/* How often a request finds the door gone before it gives up. */
#define DOOR_TRIES	8

static atomic_int door = -1;
static atomic_ulong msgmax;	/* as last read; 0: not yet */

/* ---- limits ---- */

static const struct {
	const char *path;
	unsigned long otherwise;
} limits[] = {
	[SYSVMSG_MAX] = { "/proc/sys/kernel/msgmax", 8192 },
	[SYSVMSG_MNB] = { "/proc/sys/kernel/msgmnb", 16384 },
	[SYSVMSG_MNI] = { "/proc/sys/kernel/msgmni", 32000 },
};

/* One limit as it is now. */
unsigned long sysvmsg_limit(enum sysvmsg_limit limit)
{
	int state = kipc_dropin_keep();
	int fd = open(limits[limit].path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	kipc_dropin_unkeep(state);
	if (n <= 0 || text[0] < '0' || text[0] > '9')
		return limits[limit].otherwise;
	text[n] = 0;
	return strtoul(text, NULL, 10);
}

static bool remember_msgmax(size_t len)
{
	unsigned long max = sysvmsg_limit(SYSVMSG_MAX);

	atomic_store_explicit(&msgmax, max, memory_order_relaxed);
	return len > max;
}

/*
 * Is this more than msgmax?  Reading that each time would cost more than the message:
 * it is read once, and again before a message is refused.  So a limit that is raised
 * holds at once, a lowered one not for those who have sent before.
 */
bool sysvmsg_too_long(size_t len)
{
	unsigned long max = atomic_load_explicit(&msgmax, memory_order_relaxed);

	return (len > max || !max) && remember_msgmax(len);
}

/* ---- the door ---- */

/* /dev/kipc, without a role.  No module: as if the kernel had no such calls. */
int sysvmsg_open(void)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return -ENOSYS;
	case EMFILE:
	case ENFILE:
		return -ENOMEM;
	default:
		return -errno;
	}
}

/* To a number that nobody looks at.  Where there is none it stays where it is. */
static int out_of_the_way(int fd)
{
	struct rlimit files = { .rlim_cur = 1024 };
	int high;

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur > 1024)
		files.rlim_cur = 1024;
	high = fcntl(fd, F_DUPFD_CLOEXEC, (int)(files.rlim_cur - files.rlim_cur / 16));
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Put up another door in the place of @lost, unless somebody was quicker. */
static int put_up(int lost)
{
	int fd = sysvmsg_open();

	if (fd < 0)
		return fd;
	fd = out_of_the_way(fd);
	sysvmsg_user_init();
	if (atomic_compare_exchange_strong(&door, &lost, fd))
		return fd;
	close(fd);
	return lost;
}

static int renew(int lost)
{
	int state = kipc_dropin_keep();
	int fd = put_up(lost);

	kipc_dropin_unkeep(state);
	return fd;
}

static int ask(int fd, unsigned long request, void *arg, bool cancelable)
{
	if (cancelable)
		return kipc_dropin_wait(fd, request, arg);
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static inline bool lost(int err)
{
	return err == -EBADF || err == -ENOTTY;
}

static __attribute__((noinline)) int ask_again(int fd, unsigned long request, void *arg,
					       bool cancelable)
{
	int tries, err = -ENOSYS;

	for (tries = 0; tries < DOOR_TRIES; tries++) {
		fd = renew(fd);
		if (fd < 0)
			return fd;
		err = ask(fd, request, arg, cancelable);
		if (!lost(err))
			return err;
	}
	/* A new descriptor does not know the request either: an older module. */
	return -ENOSYS;
}

static inline int ask_at_door(unsigned long request, void *arg, bool cancelable)
{
	int fd = atomic_load_explicit(&door, memory_order_relaxed);
	int err = ask(fd, request, arg, cancelable);

	return lost(err) ? ask_again(fd, request, arg, cancelable) : err;
}

int sysvmsg_request(unsigned long request, void *arg)
{
	return ask_at_door(request, arg, false);
}

int sysvmsg_request_cancelable(unsigned long request, void *arg)
{
	return ask_at_door(request, arg, true);
}
