// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fifo: whole messages through a named pipe, one way, between programs that share a path.
 *
 * Frames are packets (see frame.h): each message of up to 4072 bytes is one, so that any
 * number of processes may send, and receive.
 *
 * Listeners: one, whose messages may be large; or with ?shared any number, who share the
 * messages, of up to 4072 bytes.  A listener locks the FIFO, with a lock of its open file
 * description that forked copies keep: exclusively, or shared with others.  Nobody else
 * listens while it lives, and senders see by the kind of lock how large messages may be.
 * Being open for writing as well, it is never told of the end of the last sender.
 *
 * Senders: a large message goes in pieces.  Its sender locks a second byte meanwhile, so
 * that the pieces of two messages do not mix; small messages go between them.  The lock
 * is of a description that is opened for this one message: fork() has no copy of it, and
 * a sender that is killed lets go of it.  What it left is dropped by the receiver.
 *
 * The path: a listener makes it, and the last process with a copy of the handle removes
 * it.  A FIFO that is there already is used as it is and stays, if it belongs to the user
 * or to root; in a directory where others may write, theirs could be a trap.  A path that
 * is not a FIFO, a symbolic link among them, is refused.  Making, locking and removing
 * take turns by a lock on the directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipe.h"

/* The bytes that are locked; a FIFO has none, which does not matter. */
#define KIPC_FIFO_LISTENER	0
#define KIPC_FIFO_SENDER	1

/* @path: ours to remove, or NULL. */
struct kipc_fifo {
	struct kipc_pipe pipe;
	char *path;
	dev_t dev;
	ino_t ino;
	struct kipc_lifetime life;
};

static struct kipc_fifo *to_fifo(struct kipc *handle)
{
	return container_of(handle, struct kipc_fifo, pipe.base);
}

/* ---- locks ---- */

static struct flock kipc_fifo_flock(short type, off_t byte)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = byte,
			       .l_len = 1 };
}

/* Become a listener, or -EADDRINUSE. */
static int kipc_fifo_lock_listener(int fd, bool shared)
{
	struct flock lock = kipc_fifo_flock(shared ? F_RDLCK : F_WRLCK, KIPC_FIFO_LISTENER);

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EADDRINUSE : -errno;
}

/* Is there one listener, who puts pieces together? */
static bool kipc_fifo_takes_large(int fd)
{
	struct flock lock = kipc_fifo_flock(F_RDLCK, KIPC_FIFO_LISTENER);

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type == F_WRLCK;
}

static int kipc_fifo_lock_sender(int fd, kipc_deadline deadline)
{
	struct flock lock = kipc_fifo_flock(F_WRLCK, KIPC_FIFO_SENDER);
	int64_t nap = KIPC_NAP_MIN;
	int err = 0;

	if (deadline == KIPC_NEVER)
		return fcntl(fd, F_OFD_SETLKW, &lock) ? -errno : 0;
	while (!err && fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		err = kipc_wait_nap(&nap, deadline);
	}
	return err;
}

/*
 * The turn of a sender of pieces: a description of its own, which has the lock.  That the
 * listener has gone meanwhile is what a write would say.
 */
static int kipc_fifo_turn(struct kipc_frame_out *out, kipc_deadline deadline)
{
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", out->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENXIO ? -EPIPE : -errno;
	err = kipc_fifo_takes_large(fd) ? kipc_fifo_lock_sender(fd, deadline) : -EMSGSIZE;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* ---- the path ---- */

/*
 * Open a FIFO and nothing else: looked at first, as opening other things may do
 * something, and again, as it may have been replaced.  -EINVAL: it is no FIFO.
 */
static int kipc_fifo_open(const char *path, int flags, struct stat *st)
{
	int fd;

	if (lstat(path, st))
		return -errno;
	if (!S_ISFIFO(st->st_mode))
		return -EINVAL;
	fd = open(path, flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (!fstat(fd, st) && S_ISFIFO(st->st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

/* Does the path lead to this FIFO? */
static bool kipc_fifo_is(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	return !lstat(path, &st) && st.st_dev == dev && st.st_ino == ino;
}

static void kipc_fifo_remove(const struct kipc_fifo *fifo)
{
	int dir = kipc_system_lock_dir(fifo->path);

	if (kipc_fifo_is(fifo->path, fifo->dev, fifo->ino))
		unlink(fifo->path);
	kipc_system_unlock_dir(dir);
}

/* Remove a path that nobody has open to receive. */
static int kipc_fifo_unlink(const struct kipc_address *address)
{
	int dir = kipc_system_lock_dir(address->name);
	struct stat st;
	int fd, err = 0;

	fd = kipc_fifo_open(address->name, O_WRONLY | O_NONBLOCK, &st);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EINVAL)
		err = -EADDRINUSE;
	else if (fd != -ENXIO)
		err = fd;
	else if (unlink(address->name))
		err = -errno;
	kipc_system_unlock_dir(dir);
	return err;
}

/* ---- opening ---- */

static void kipc_fifo_close(struct kipc *handle)
{
	struct kipc_fifo *fifo = to_fifo(handle);

	if (kipc_lifetime_close(&fifo->life))
		kipc_fifo_remove(fifo);
	free(fifo->path);
	kipc_pipe_deinit(&fifo->pipe);
	kipc_handle_free(handle);
}

static struct kipc_fifo *kipc_fifo_new(uint32_t side)
{
	struct kipc_fifo *fifo = kipc_handle_new(sizeof(*fifo), &kipc_fifo_transport, side);

	if (!fifo)
		return NULL;
	kipc_pipe_init(&fifo->pipe, -1, -1, true);
	fifo->life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	return fifo;
}

/* The handle has made the path. */
static int kipc_fifo_claim(struct kipc_fifo *fifo, const char *path)
{
	fifo->path = strdup(path);
	return fifo->path ? kipc_lifetime_open(&fifo->life) : -ENOMEM;
}

/*
 * Open the FIFO twice: to be polled, with which no read blocks, and which has the lock;
 * and to wait in.
 */
static int kipc_fifo_open_listener(struct kipc_fifo *fifo, const struct kipc_address *address,
				   bool made)
{
	struct kipc_frame_in *in = &fifo->pipe.in;
	struct stat st;
	int err;

	in->now = kipc_fifo_open(address->name, O_RDWR | O_NONBLOCK, &st);
	if (in->now < 0)
		return in->now == -EINVAL ? -EADDRINUSE : in->now;
	if (!made && st.st_uid != geteuid() && st.st_uid != 0)
		return -EACCES;
	err = kipc_fifo_lock_listener(in->now,
				      kipc_address_demands(address, KIPC_PARAM_SHARED));
	if (err)
		return err;
	fifo->dev = st.st_dev;
	fifo->ino = st.st_ino;
	in->fd = kipc_fifo_open(address->name, O_RDONLY, &st);
	if (in->fd < 0)
		return in->fd;
	/* Removed and made again by somebody who does not ask whose turn it is. */
	return st.st_dev == fifo->dev && st.st_ino == fifo->ino ? 0 : -EADDRINUSE;
}

static int kipc_fifo_make_or_join(struct kipc_fifo *fifo, const struct kipc_address *address)
{
	bool made = !mkfifo(address->name, kipc_address_mode(address));
	uint64_t capacity;
	int err;

	if (!made && errno != EEXIST)
		return -errno;
	err = kipc_fifo_open_listener(fifo, address, made);
	capacity = kipc_address_get(address, KIPC_PARAM_CAPACITY, 0);
	if (!err && capacity && fcntl(fifo->pipe.in.now, F_SETPIPE_SZ, (int)capacity) < 0)
		err = -errno;
	if (!err && made)
		err = kipc_fifo_claim(fifo, address->name);
	if (err && made)
		unlink(address->name);
	return err;
}

/* How large may messages be; -EMSGSIZE where that is less than the address demands. */
static int kipc_fifo_set_max(struct kipc_fifo *fifo, const struct kipc_address *address,
			     bool large)
{
	uint64_t max = large ? KIPC_FRAME_SIZE_MAX : KIPC_FRAME_PACKET_MAX;

	kipc_pipe_set_max(&fifo->pipe, address, max);
	return kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	       address->value[KIPC_PARAM_SIZE] > max ? -EMSGSIZE : 0;
}

static int kipc_fifo_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_fifo *fifo = kipc_fifo_new(KIPC_SIDE_RECV);
	int dir, err;

	if (!fifo)
		return -ENOMEM;
	err = kipc_fifo_set_max(fifo, address,
				!kipc_address_demands(address, KIPC_PARAM_SHARED));
	if (!err) {
		dir = kipc_system_lock_dir(address->name);
		err = kipc_fifo_make_or_join(fifo, address);
		kipc_system_unlock_dir(dir);
	}
	if (err) {
		kipc_fifo_close(&fifo->pipe.base);
		return err;
	}
	*handle = &fifo->pipe.base;
	return 0;
}

static int kipc_fifo_open_sender(struct kipc_fifo *fifo, const struct kipc_address *address)
{
	struct kipc_frame_out *out = &fifo->pipe.out;
	struct stat st;

	out->fd = kipc_fifo_open(address->name, O_WRONLY | O_NONBLOCK, &st);
	if (out->fd == -ENXIO || out->fd == -EINVAL)
		return -ECONNREFUSED;
	if (out->fd < 0)
		return out->fd;
	if (fcntl(out->fd, F_SETFL, O_NONBLOCK | O_DIRECT))
		return -errno;
	out->nonblock = true;
	out->turn = kipc_fifo_turn;
	kipc_frame_out_expect_signal(out);
	return kipc_fifo_set_max(fifo, address, kipc_fifo_takes_large(out->fd));
}

static int kipc_fifo_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_fifo *fifo = kipc_fifo_new(KIPC_SIDE_SEND);
	int err;

	if (!fifo)
		return -ENOMEM;
	err = kipc_fifo_open_sender(fifo, address);
	if (err) {
		kipc_fifo_close(&fifo->pipe.base);
		return err;
	}
	*handle = &fifo->pipe.base;
	return 0;
}

static bool kipc_fifo_name_ok(const char *name)
{
	return name[0];
}

const struct kipc_transport kipc_fifo_transport = {
	.mechanism.scheme = "fifo",
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_CAPACITY) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_SHARED),
	.mechanism.name_rule = "a name is a path",
	.mechanism.name_ok = kipc_fifo_name_ok,
	.can = KIPC_CAN_LISTEN | KIPC_CAN_TYPE | KIPC_CAN_POLL,
	.listen = kipc_fifo_listen,
	.connect = kipc_fifo_connect,
	.unlink = kipc_fifo_unlink,
	.close = kipc_fifo_close,
	.send = kipc_pipe_send,
	.recv = kipc_pipe_recv,
	.recv_into = kipc_pipe_recv_into,
	.fd = kipc_pipe_fd,
	.events = kipc_pipe_events,
	.limits = kipc_pipe_limits,
};
