// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * flock:, fcntl:, ofd: locks on files, and on ranges of their bytes.
 *
 *		whose it is			a range	deadlock refused
 *	flock	the handle's, and its copies'	no	no
 *	fcntl	the process's			yes	yes, if waiting for ever
 *	ofd	the handle's, and its copies'	yes	no
 *
 * fork() copies a handle, and both processes hold its lock until one releases it or both
 * have closed.  Of fcntl: a child holds nothing, but a process loses all its locks on a
 * file when it closes any descriptor of that file.  Threads that share a handle do not
 * exclude each other.
 *
 * A file that is not there is made; one that may only be read is opened for reading, which
 * is enough to share (and for flock: to exclude).  kipc_lock_unlink() removes the file.
 *
 * The kernel has no timed call for any of them.  To interrupt one that waits, a library
 * would need a signal, a thread or a process of its own, all of which the program can
 * notice.  So for ever is the waiting call, at once is the one that does not wait, and
 * between them the library tries, and naps a little longer each time.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lock.h"

struct kipc_file {
	struct kipc_lock base;
	int fd;
	struct kipc_lock_range range;	/* what kipc_lock_acquire() is about */
};

static struct kipc_file *to_file(const struct kipc_lock *lock)
{
	return container_of((struct kipc_lock *)lock, struct kipc_file, base);
}

/* One meaning of an error everywhere. */
static int kipc_file_error(int err)
{
	switch (err) {
	case EWOULDBLOCK:
	case EACCES:		/* the other word for it */
		return -EAGAIN;
	case EBADF:		/* opened for reading */
		return -EACCES;
	case ENOLCK:
		return -EDQUOT;
	default:
		return -err;
	}
}

/* ---- waiting ---- */

/* What the mechanism does, waiting for ever or not at all: 0 or -errno. */
typedef int (*kipc_file_call)(struct kipc_file *file, const struct kipc_lock_range *range,
			      enum kipc_range_act act, bool wait);

static int kipc_file_until(kipc_file_call call, struct kipc_file *file,
			   const struct kipc_lock_range *range, enum kipc_range_act act,
			   kipc_deadline deadline)
{
	int64_t nap = KIPC_NAP_MIN;
	int err;

	for (;;) {
		err = call(file, range, act, deadline == KIPC_NEVER);
		if (err != -EAGAIN || deadline == KIPC_AT_ONCE)
			return err;
		err = kipc_wait_nap(&nap, deadline);
		if (err)
			return err;
	}
}

/* ---- flock ---- */

static int kipc_flock_call(struct kipc_file *file, const struct kipc_lock_range *range,
			   enum kipc_range_act act, bool wait)
{
	static const int words[] = {
		[KIPC_RANGE_RELEASE]	= LOCK_UN,
		[KIPC_RANGE_SHARED]	= LOCK_SH,
		[KIPC_RANGE_EXCLUSIVE]	= LOCK_EX,
	};

	(void)range;
	return flock(file->fd, words[act] | (wait ? 0 : LOCK_NB)) ? kipc_file_error(errno) : 0;
}

static int kipc_flock_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	return kipc_file_until(kipc_flock_call, to_file(lock), NULL,
			       shared ? KIPC_RANGE_SHARED : KIPC_RANGE_EXCLUSIVE, deadline);
}

static int kipc_flock_release(struct kipc_lock *lock)
{
	return kipc_flock_call(to_file(lock), NULL, KIPC_RANGE_RELEASE, false);
}

/* ---- fcntl and ofd ---- */

static bool kipc_file_is_ofd(const struct kipc_file *file)
{
	return file->base.locking == &kipc_ofd_locking;
}

static struct flock kipc_file_flock(const struct kipc_lock_range *range, enum kipc_range_act act)
{
	static const short words[] = {
		[KIPC_RANGE_RELEASE]	= F_UNLCK,
		[KIPC_RANGE_SHARED]	= F_RDLCK,
		[KIPC_RANGE_EXCLUSIVE]	= F_WRLCK,
	};

	return (struct flock){
		.l_type = words[act],
		.l_whence = SEEK_SET,
		.l_start = (off_t)range->start,
		.l_len = (off_t)range->len,
	};
}

static int kipc_file_call_range(struct kipc_file *file, const struct kipc_lock_range *range,
				enum kipc_range_act act, bool wait)
{
	struct flock arg = kipc_file_flock(range, act);
	int command;

	if (kipc_file_is_ofd(file))
		command = wait ? F_OFD_SETLKW : F_OFD_SETLK;
	else
		command = wait ? F_SETLKW : F_SETLK;
	return fcntl(file->fd, command, &arg) ? kipc_file_error(errno) : 0;
}

static int kipc_file_range(struct kipc_lock *lock, const struct kipc_lock_range *range,
			   enum kipc_range_act act, kipc_deadline deadline)
{
	return kipc_file_until(kipc_file_call_range, to_file(lock), range, act, deadline);
}

static int kipc_file_acquire(struct kipc_lock *lock, bool shared, kipc_deadline deadline)
{
	return kipc_file_range(lock, &to_file(lock)->range,
			       shared ? KIPC_RANGE_SHARED : KIPC_RANGE_EXCLUSIVE, deadline);
}

static int kipc_file_release(struct kipc_lock *lock)
{
	return kipc_file_range(lock, &to_file(lock)->range, KIPC_RANGE_RELEASE, KIPC_AT_ONCE);
}

static int kipc_file_holder(struct kipc_lock *lock, const struct kipc_lock_range *range,
			    pid_t *holder)
{
	struct kipc_file *file = to_file(lock);
	struct flock arg = kipc_file_flock(range, range->shared ? KIPC_RANGE_SHARED :
					   KIPC_RANGE_EXCLUSIVE);

	if (fcntl(file->fd, kipc_file_is_ofd(file) ? F_OFD_GETLK : F_GETLK, &arg))
		return kipc_file_error(errno);
	*holder = arg.l_type == F_UNLCK ? 0 : arg.l_pid;
	return 0;
}

/* ---- opening ---- */

static bool kipc_file_name_ok(const char *name)
{
	return name[0] == '/' || name[0] == '.';
}

/*
 * O_CREAT comes with O_EXCL only: in a sticky directory the kernel refuses it for a file of
 * another user's that is there.  O_NONBLOCK is for what opens slowly, a FIFO or a terminal.
 */
static int kipc_file_open_or_make(const struct kipc_address *address, uint32_t flags)
{
	const int how = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	/* It may come and go between the two: then begin again. */
	do {
		fd = -1;
		errno = ENOENT;
		if (!(flags & KIPC_LOCK_EXCL))
			fd = open(address->name, how);
		if (fd < 0 && errno != ENOENT)
			fd = open(address->name, (how & ~O_RDWR) | O_RDONLY);
		if (fd >= 0 || errno != ENOENT || flags & KIPC_LOCK_EXISTING)
			break;
		fd = open(address->name, how | O_CREAT | O_EXCL, kipc_address_mode(address));
	} while (fd < 0 && errno == EEXIST && !(flags & KIPC_LOCK_EXCL));
	if (fd >= 0)
		return fd;
	return errno == EEXIST ? -EADDRINUSE : -errno;
}

static int kipc_file_open_as(struct kipc_lock **lock, const struct kipc_address *address,
			     uint32_t flags)
{
	struct kipc_lock_range range = KIPC_LOCK_RANGE_INIT;
	struct kipc_file *file;
	int fd;

	range.start = kipc_address_get(address, KIPC_PARAM_START, 0);
	range.len = kipc_address_get(address, KIPC_PARAM_LEN, 0);
	if (range.len > INT64_MAX - range.start)
		return -EINVAL;
	file = kipc_lock_new(kipc_address_locking(address));
	if (!file)
		return -ENOMEM;
	fd = kipc_file_open_or_make(address, flags);
	file->fd = fd;
	file->range = range;
	if (fd < 0) {
		kipc_lock_close(&file->base);
		return fd;
	}
	*lock = &file->base;
	return 0;
}

static int kipc_file_detach(struct kipc_lock *lock)
{
	if (to_file(lock)->fd >= 0)
		close(to_file(lock)->fd);
	return 0;
}

static int kipc_file_unlink(const struct kipc_address *address)
{
	if (!unlink(address->name))
		return 0;
	return errno == EPERM || errno == EISDIR ? -EACCES : -errno;
}

static int kipc_file_fd(const struct kipc_lock *lock)
{
	return to_file(lock)->fd;
}

#define KIPC_FILE_NAME_RULE "a name is the path of a file, from '/' or '.'"

#define KIPC_FILE_CAN (KIPC_LOCK_CAN_ACQUIRE | KIPC_LOCK_CAN_SHARED | KIPC_LOCK_CAN_NAME | \
		       KIPC_LOCK_CAN_FREE | KIPC_LOCK_CAN_FD)

#define KIPC_FILE_RANGE_PARAMS (KIPC_PARAM_BIT(KIPC_PARAM_MODE) | \
				KIPC_PARAM_BIT(KIPC_PARAM_START) | \
				KIPC_PARAM_BIT(KIPC_PARAM_LEN))

const struct kipc_locking kipc_flock_locking = {
	.mechanism.scheme = "flock",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE),
	.mechanism.name_rule = KIPC_FILE_NAME_RULE,
	.mechanism.name_ok = kipc_file_name_ok,
	.can = KIPC_FILE_CAN,
	.handle = sizeof(struct kipc_file),
	.open = kipc_file_open_as,
	.unlink = kipc_file_unlink,
	.detach = kipc_file_detach,
	.acquire = kipc_flock_acquire,
	.release = kipc_flock_release,
	.fd = kipc_file_fd,
};

const struct kipc_locking kipc_fcntl_locking = {
	.mechanism.scheme = "fcntl",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_FILE_RANGE_PARAMS,
	.mechanism.name_rule = KIPC_FILE_NAME_RULE,
	.mechanism.name_ok = kipc_file_name_ok,
	.can = KIPC_FILE_CAN | KIPC_LOCK_CAN_RANGE | KIPC_LOCK_CAN_REFUSE,
	.handle = sizeof(struct kipc_file),
	.open = kipc_file_open_as,
	.unlink = kipc_file_unlink,
	.detach = kipc_file_detach,
	.acquire = kipc_file_acquire,
	.release = kipc_file_release,
	.range = kipc_file_range,
	.holder = kipc_file_holder,
	.fd = kipc_file_fd,
};

const struct kipc_locking kipc_ofd_locking = {
	.mechanism.scheme = "ofd",
	.mechanism.family = KIPC_FAMILY_LOCK,
	.mechanism.params = KIPC_FILE_RANGE_PARAMS,
	.mechanism.name_rule = KIPC_FILE_NAME_RULE,
	.mechanism.name_ok = kipc_file_name_ok,
	.can = KIPC_FILE_CAN | KIPC_LOCK_CAN_RANGE,
	.handle = sizeof(struct kipc_file),
	.open = kipc_file_open_as,
	.unlink = kipc_file_unlink,
	.detach = kipc_file_detach,
	.acquire = kipc_file_acquire,
	.release = kipc_file_release,
	.range = kipc_file_range,
	.holder = kipc_file_holder,
	.fd = kipc_file_fd,
};
