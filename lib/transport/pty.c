// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pty: a pseudo-terminal: messages, calls and replies between its master and its slave.
 *
 * Raw, which is the default, it carries frames both ways (see duplex.c): the terminal passes every
 * byte on and changes none.  A terminal may take part of any write, so every frame has a
 * trailer.  Cooked it is a line discipline's: pty_cooked.c.
 *
 * A terminal has one line.  kipc_listen() opens the master, and makes a symbolic link to
 * the slave; one client connects, and when it closes, the listener is told (-EPIPE): what
 * is half sent by one must not be continued by another.  For the next client it closes and
 * listens again.
 *
 *	A link that is left by a listener that was killed may lead to somebody else's
 *	terminal by now.  So a listener sets the sticky bit of its slave, which means
 *	nothing there, and goes away with the slave: a link to a terminal without it is
 *	stale.  Whoever connects by the path of the slave itself asks for no such mark.
 *
 *	A client locks the slave (flock), and marks the terminal as used in a control
 *	character that Linux does nothing with (VDISCARD): the mark stays when the client
 *	has gone and the listener has not seen it yet.
 *
 * Hang-up: when the master closes, the slave is told (-EPIPE), and what it has not read
 * by then is lost, as a terminal does it.  When the slave closes, the master gets what is
 * there, and then -EPIPE.  The library never makes a terminal the controlling one.
 *
 * Descriptors never block; waiting is polling.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "kipc_pty.h"
#include "pty.h"

#define KIPC_PTY_FLAGS	(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)

/* Majors of the slaves of UNIX 98 pseudo-terminals, see devices.txt. */
#define KIPC_PTY_MAJOR		136
#define KIPC_PTY_MAJORS		8

/* What a client leaves in VDISCARD. */
#define KIPC_PTY_USED		0xa5

static const struct kipc_transport kipc_pty_cooked;

static bool kipc_pty_is_cooked(const struct kipc_address *address)
{
	return kipc_address_demands(address, KIPC_PARAM_COOKED);
}

static bool kipc_pty_is_slave(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) >= KIPC_PTY_MAJOR &&
	       major(st->st_rdev) < KIPC_PTY_MAJOR + KIPC_PTY_MAJORS;
}

/* ---- the terminal's settings ---- */

/* From either end, they are the slave's. */
static int kipc_pty_set_up(int fd, const struct kipc_address *address)
{
	struct termios tio;

	if (tcgetattr(fd, &tio))
		return -errno;
	cfmakeraw(&tio);
	tio.c_cc[VMIN] = 1;
	tio.c_cc[VTIME] = 0;
	if (kipc_pty_is_cooked(address)) {
		/* Lines are edited; no character is a signal, or the end of something. */
		tio.c_lflag |= ICANON | IEXTEN;
		tio.c_cc[VEOF] = _POSIX_VDISABLE;
		tio.c_cc[VEOL] = _POSIX_VDISABLE;
		tio.c_cc[VEOL2] = _POSIX_VDISABLE;
	}
	if (kipc_address_demands(address, KIPC_PARAM_ECHO))
		tio.c_lflag |= ECHO | ECHOE | ECHOK;
	return tcsetattr(fd, TCSANOW, &tio) ? -errno : 0;
}

/* Take the line, which has one client ever. */
static int kipc_pty_occupy(int fd)
{
	struct termios tio;

	if (flock(fd, LOCK_EX | LOCK_NB))
		return -ECONNREFUSED;
	if (tcgetattr(fd, &tio))
		return -ECONNREFUSED;
	if (tio.c_cc[VDISCARD] == KIPC_PTY_USED)
		return -ECONNREFUSED;
	tio.c_cc[VDISCARD] = KIPC_PTY_USED;
	return tcsetattr(fd, TCSANOW, &tio) ? -errno : 0;
}

/* ---- handles ---- */

static void kipc_pty_remove(const struct kipc_pty *pty)
{
	int dir = kipc_system_lock_dir(pty->path);
	char target[sizeof(pty->slave)];
	ssize_t n = readlink(pty->path, target, sizeof(target));

	if (n == (ssize_t)strlen(pty->slave) && !memcmp(target, pty->slave, (size_t)n))
		unlink(pty->path);
	kipc_system_unlock_dir(dir);
}

static void kipc_pty_close(struct kipc *handle)
{
	struct kipc_pty *pty = kipc_to_pty(handle);

	if (kipc_lifetime_close(&pty->life))
		kipc_pty_remove(pty);
	free(pty->path);
	kipc_duplex_deinit(&pty->duplex);
	kipc_handle_free(handle);
}

/* Make a handle of an end, whose descriptor is the handle's from here on. */
static int kipc_pty_new(struct kipc_pty **made, int fd, bool master,
			const struct kipc_address *address)
{
	bool cooked = kipc_pty_is_cooked(address);
	int out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct kipc_pty *pty = NULL;

	if (out >= 0)
		pty = kipc_handle_new(sizeof(*pty), cooked ? &kipc_pty_cooked :
				      &kipc_pty_transport, KIPC_SIDE_BOTH);
	if (!pty) {
		int err = out < 0 ? -errno : -ENOMEM;

		close(fd);
		close(out);
		return err;
	}
	pty->master = master;
	pty->life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	kipc_pipe_init(&pty->duplex.pipe, fd, out, false);
	kipc_duplex_init(&pty->duplex);
	kipc_pipe_set_max(&pty->duplex.pipe, address,
			  cooked ? KIPC_PTY_LINE_MAX : KIPC_FRAME_SIZE_MAX);
	pty->duplex.pipe.in.trailers = true;
	pty->duplex.pipe.out.trailers = true;
	pty->duplex.pipe.out.nonblock = true;
	pty->duplex.pipe.out.silent = master;
	if (!cooked)
		kipc_frame_in_read_ahead(&pty->duplex.pipe.in);
	*made = pty;
	return 0;
}

/* What the address wants that cannot be. */
static int kipc_pty_check(const struct kipc_address *address)
{
	uint64_t max = kipc_pty_is_cooked(address) ? KIPC_PTY_LINE_MAX : KIPC_FRAME_SIZE_MAX;

	if (kipc_address_demands(address, KIPC_PARAM_ECHO) && !kipc_pty_is_cooked(address))
		return -EINVAL;
	return kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	       address->value[KIPC_PARAM_SIZE] > max ? -EMSGSIZE : 0;
}

/* ---- opening ---- */

static int kipc_pty_open_master(struct kipc_pty **made, const struct kipc_address *address)
{
	unsigned int number;
	struct kipc_pty *pty;
	int fd, err;

	fd = open("/dev/ptmx", KIPC_PTY_FLAGS);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	err = unlockpt(fd) || ioctl(fd, TIOCGPTN, &number) ? -errno : 0;
	if (!err)
		err = kipc_pty_set_up(fd, address);
	if (err) {
		close(fd);
		return err;
	}
	err = kipc_pty_new(&pty, fd, true, address);
	if (err)
		return err;
	snprintf(pty->slave, sizeof(pty->slave), "/dev/pts/%u", number);
	*made = pty;
	return 0;
}

static int kipc_pty_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_pty *master, *slave;
	int fd, err = kipc_pty_check(address);

	if (kipc_address_demands(address, KIPC_PARAM_MODE))
		return -EINVAL;
	if (!err)
		err = kipc_pty_open_master(&master, address);
	if (err)
		return err;
	/* Not by its path, which may lead elsewhere in another mount namespace. */
	fd = ioctl(master->duplex.pipe.in.fd, TIOCGPTPEER, KIPC_PTY_FLAGS);
	err = fd < 0 ? -errno : kipc_pty_occupy(fd);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		err = kipc_pty_new(&slave, fd, false, address);
	if (err) {
		kipc_pty_close(&master->duplex.pipe.base);
		return err;
	}
	ends[0] = &master->duplex.pipe.base;
	ends[1] = &slave->duplex.pipe.base;
	return 0;
}

/* Is there a link that its listener has left?  One that leads to our @slave, surely. */
static bool kipc_pty_is_stale(const char *path, const char *slave)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	struct stat st;

	if (n < 0)
		return false;
	target[n] = '\0';
	if (slave && !strcmp(target, slave))
		return true;
	if (strncmp(target, "/dev/pts/", strlen("/dev/pts/")))
		return false;
	return stat(target, &st) || !kipc_pty_is_slave(&st) || !(st.st_mode & S_ISVTX);
}

/* Let the path lead to the slave; -EADDRINUSE where it leads elsewhere. */
static int kipc_pty_link(const char *slave, const char *path)
{
	int dir = kipc_system_lock_dir(path);
	int err = symlink(slave, path) ? -errno : 0;

	if (err == -EEXIST && kipc_pty_is_stale(path, slave) && !unlink(path))
		err = symlink(slave, path) ? -errno : 0;
	kipc_system_unlock_dir(dir);
	return err == -EEXIST ? -EADDRINUSE : err;
}

/* The listener's mark, and who may connect: devpts knows no umask. */
static int kipc_pty_permit(const char *slave, const struct kipc_address *address)
{
	mode_t mode = kipc_address_mode(address) & ~kipc_system_umask();

	return chmod(slave, mode | S_ISVTX) ? -errno : 0;
}

static int kipc_pty_publish(struct kipc_pty *pty, const struct kipc_address *address)
{
	int err = kipc_pty_permit(pty->slave, address);

	if (!err)
		err = kipc_pty_link(pty->slave, address->name);
	if (err)
		return err;
	pty->path = strdup(address->name);
	err = pty->path ? kipc_lifetime_open(&pty->life) : -ENOMEM;
	if (err)
		unlink(address->name);
	return err;
}

static int kipc_pty_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_pty *pty;
	int err = kipc_pty_check(address);

	if (!err)
		err = kipc_pty_open_master(&pty, address);
	if (err)
		return err;
	err = kipc_pty_publish(pty, address);
	if (err) {
		kipc_pty_close(&pty->duplex.pipe.base);
		return err;
	}
	*handle = &pty->duplex.pipe.base;
	return 0;
}

/*
 * Open the slave that a path leads to, and nothing else.  A path that is not there is
 * -ENOENT; one that leads to no terminal of a listener's -ECONNREFUSED.
 */
static int kipc_pty_open_slave(const char *path)
{
	struct stat link, st;
	int fd;

	if (lstat(path, &link))
		return -errno;
	if (stat(path, &st) || !kipc_pty_is_slave(&st) ||
	    (S_ISLNK(link.st_mode) && !(st.st_mode & S_ISVTX)))
		return -ECONNREFUSED;
	fd = open(path, KIPC_PTY_FLAGS);
	if (fd < 0)
		return errno == EIO || errno == ENXIO || errno == ENOENT ? -ECONNREFUSED :
									   -errno;
	if (!fstat(fd, &st) && kipc_pty_is_slave(&st) &&
	    (!S_ISLNK(link.st_mode) || st.st_mode & S_ISVTX))
		return fd;
	close(fd);
	return -ECONNREFUSED;
}

static int kipc_pty_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_pty *pty;
	int fd, err = kipc_pty_check(address);

	if (err)
		return err;
	fd = kipc_pty_open_slave(address->name);
	if (fd < 0)
		return fd;
	err = kipc_pty_occupy(fd);
	if (!err)
		err = kipc_pty_set_up(fd, address);
	if (err) {
		close(fd);
		return err;
	}
	err = kipc_pty_new(&pty, fd, false, address);
	if (err)
		return err;
	*handle = &pty->duplex.pipe.base;
	return 0;
}

/* Remove a link that its listener has left. */
static int kipc_pty_unlink(const struct kipc_address *address)
{
	int dir = kipc_system_lock_dir(address->name);
	struct stat st;
	int err = 0;

	if (lstat(address->name, &st))
		err = -errno;
	else if (!kipc_pty_is_stale(address->name, NULL))
		err = -EADDRINUSE;
	else if (unlink(address->name))
		err = -errno;
	kipc_system_unlock_dir(dir);
	return err;
}

/* ---- what only a terminal has ---- */

static int kipc_pty_fd_of(const struct kipc *handle)
{
	if (!handle)
		return -EINVAL;
	if (handle->transport != &kipc_pty_transport && handle->transport != &kipc_pty_cooked)
		return -EOPNOTSUPP;
	return kipc_to_pty((struct kipc *)handle)->duplex.pipe.in.fd;
}

/* A slave whose master has closed answers nothing any more. */
static int kipc_pty_error(void)
{
	return errno == EIO || errno == ENOTTY ? -EPIPE : -errno;
}

KIPC_EXPORT int kipc_pty_name(const struct kipc *handle, char *buf, size_t size)
{
	int fd = kipc_pty_fd_of(handle);
	const struct kipc_pty *pty;
	int err;

	if (fd < 0)
		return fd;
	if (!buf)
		return -EINVAL;
	pty = kipc_to_pty((struct kipc *)handle);
	if (pty->master)
		return snprintf(buf, size, "%s", pty->slave) >= (int)size ? -EMSGSIZE : 0;
	err = ttyname_r(fd, buf, size);
	if (!err)
		return 0;
	return err == ERANGE ? -EMSGSIZE : err == ENOTTY || err == EIO ? -EPIPE : -err;
}

KIPC_EXPORT int kipc_pty_get_size(const struct kipc *handle, struct kipc_pty_size *window)
{
	int fd = kipc_pty_fd_of(handle);
	struct winsize size;

	if (fd < 0)
		return fd;
	if (!window || window->size != sizeof(*window))
		return -EINVAL;
	if (ioctl(fd, TIOCGWINSZ, &size))
		return kipc_pty_error();
	window->rows = size.ws_row;
	window->columns = size.ws_col;
	window->width = size.ws_xpixel;
	window->height = size.ws_ypixel;
	return 0;
}

KIPC_EXPORT int kipc_pty_set_size(struct kipc *handle, const struct kipc_pty_size *window)
{
	int fd = kipc_pty_fd_of(handle);
	struct winsize size = { 0 };

	if (fd < 0)
		return fd;
	if (!window || window->size != sizeof(*window))
		return -EINVAL;
	size.ws_row = window->rows;
	size.ws_col = window->columns;
	size.ws_xpixel = window->width;
	size.ws_ypixel = window->height;
	return ioctl(fd, TIOCSWINSZ, &size) ? kipc_pty_error() : 0;
}

/* ---- the two of them ---- */

static bool kipc_pty_name_ok(const char *name)
{
	return name[0];
}

static const struct kipc_transport kipc_pty_cooked = {
	.mechanism.scheme = "pty",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_POLL,
	.close = kipc_pty_close,
	.send = kipc_pty_send_line,
	.recv = kipc_pty_recv_line,
	.fd = kipc_pipe_fd,
	.limits = kipc_pipe_limits,
};

const struct kipc_transport kipc_pty_transport = {
	.mechanism.scheme = "pty",
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_COOKED) | KIPC_PARAM_BIT(KIPC_PARAM_ECHO),
	.mechanism.name_rule = "a name is a path",
	.mechanism.name_ok = kipc_pty_name_ok,
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_DUPLEX_CAN,
	.listen = kipc_pty_listen,
	.connect = kipc_pty_connect,
	.pair = kipc_pty_pair,
	.unlink = kipc_pty_unlink,
	.close = kipc_pty_close,
	.limits = kipc_pipe_limits,
	.events = kipc_duplex_events,
	KIPC_DUPLEX_OPS,
};
