// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * AF_UNIX names: a path in the file system, or @ and an abstract name.
 *
 * A path outlives the socket that was bound to it, for instance when its process
 * was killed.  So a path that is taken is tried: if nobody listens there it is
 * stale and makes room.  Two programs that both find it stale must not remove
 * each other's new socket; they take turns by a lock on the directory, which
 * leaves nothing behind.
 *
 * The permission bits are set on the socket before it is bound: Linux makes the
 * path with the mode of the socket's own inode, less the umask, so there is no
 * moment at which the path exists with other ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socket.h"

static bool kipc_unix_abstract(const char *name)
{
	return name[0] == '@';
}

bool kipc_unix_name_ok(const char *name)
{
	struct sockaddr_un sun;
	size_t len = strlen(name);

	return len >= (kipc_unix_abstract(name) ? 2 : 1) && len < sizeof(sun.sun_path);
}

static socklen_t kipc_unix_sockaddr(struct sockaddr_un *sun, const char *name)
{
	size_t len = strlen(name);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, name, len);
	if (!kipc_unix_abstract(name))
		return sizeof(*sun);
	sun->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + len;
}

int kipc_unix_connect(int fd, const char *name)
{
	struct sockaddr_un sun;
	socklen_t len = kipc_unix_sockaddr(&sun, name);

	if (!connect(fd, (struct sockaddr *)&sun, len))
		return 0;
	/* An abstract name without a socket is refused: nobody has it. */
	if (errno == ECONNREFUSED && kipc_unix_abstract(name))
		return -ENOENT;
	return -errno;
}

/*
 * Is a path stale (0), alive (-EADDRINUSE; also by a wrong type of socket), or not for
 * us to know (-EACCES)?
 */
static int kipc_unix_probe(int type, const char *path)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = kipc_unix_connect(fd, path);
	close(fd);
	if (err == -ECONNREFUSED || err == -ENOENT)
		return 0;
	return err == -EACCES ? err : -EADDRINUSE;
}

/* Lock the directory of a path, for as long as the descriptor lives; or -1. */
static int kipc_unix_lock_dir(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Remove a socket that nobody listens on; 0, or -errno why it stays. */
static int kipc_unix_remove_stale(int type, const char *path)
{
	struct stat st;
	int err;

	if (lstat(path, &st))
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	err = kipc_unix_probe(type, path);
	if (err)
		return err;
	return unlink(path) ? -errno : 0;
}

/* Listen, where there are connections to come. */
static int kipc_unix_listen(int fd, int type)
{
	return type != SOCK_DGRAM && listen(fd, SOMAXCONN) ? -errno : 0;
}

/* Bind and listen in one turn: until it listens, a socket looks stale to others. */
static int kipc_unix_bind_path(int fd, int type, const char *path)
{
	struct sockaddr_un sun;
	socklen_t len = kipc_unix_sockaddr(&sun, path);
	int dir = kipc_unix_lock_dir(path);
	int err = bind(fd, (struct sockaddr *)&sun, len) ? -errno : 0;

	if (err == -EADDRINUSE) {
		err = kipc_unix_remove_stale(type, path);
		if (!err)
			err = bind(fd, (struct sockaddr *)&sun, len) ? -errno : 0;
	}
	if (!err) {
		err = kipc_unix_listen(fd, type);
		if (err)
			unlink(path);
	}
	if (dir >= 0)
		close(dir);
	return err;
}

static int kipc_unix_bind_abstract(int fd, const char *name)
{
	struct sockaddr_un sun;
	socklen_t len = kipc_unix_sockaddr(&sun, name);

	return bind(fd, (struct sockaddr *)&sun, len) ? -errno : 0;
}

/* Give a client's socket a name that nobody has had, to be answered there. */
int kipc_unix_bind_fresh(int fd)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)] = "@";

	kipc_system_fresh_name(name + 1, sizeof(name) - 1);
	return kipc_unix_bind_abstract(fd, name);
}

/* Do the permission bits let this one in?  Those of a path the kernel looks at. */
bool kipc_unix_allowed(const struct kipc_address *address, const struct ucred *cred)
{
	mode_t mode = kipc_address_mode(address);

	if (!kipc_unix_abstract(address->name) || cred->uid == 0)
		return true;
	if (cred->uid == geteuid())
		return mode & 0200;
	if (cred->gid == getegid())
		return mode & 0020;
	return mode & 0002;
}

/**
 * kipc_unix_bind() - give a socket its name, and let it listen
 * @fd:		the socket
 * @type:	SOCK_SEQPACKET, …
 * @address:	the name and the mode
 * @bound:	for kipc_unix_unbind()
 *
 * Return: 0; -EADDRINUSE, somebody listens there, or it is no socket.
 */
int kipc_unix_bind(int fd, int type, const struct kipc_address *address,
		   struct kipc_unix_bound *bound)
{
	const char *name = address->name;
	struct stat st;
	int err;

	if (kipc_unix_abstract(name)) {
		err = kipc_unix_bind_abstract(fd, name);
		return err ? err : kipc_unix_listen(fd, type);
	}
	if (fchmod(fd, kipc_address_mode(address)))
		return -errno;
	err = kipc_unix_bind_path(fd, type, name);
	if (err)
		return err;
	memcpy(bound->path, name, strlen(name));
	if (!lstat(name, &st)) {
		bound->dev = st.st_dev;
		bound->ino = st.st_ino;
	}
	err = kipc_lifetime_open(&bound->life);
	if (err)
		unlink(name);
	return err;
}

/* Remove a name, by the last one who has it, unless it leads elsewhere by now. */
void kipc_unix_unbind(struct kipc_unix_bound *bound)
{
	struct stat st;

	if (kipc_lifetime_close(&bound->life) && !lstat(bound->path, &st) &&
	    st.st_dev == bound->dev && st.st_ino == bound->ino)
		unlink(bound->path);
}

int kipc_unix_unlink(int type, const char *name)
{
	int dir, err;

	if (kipc_unix_abstract(name))
		return -EOPNOTSUPP;
	dir = kipc_unix_lock_dir(name);
	err = kipc_unix_remove_stale(type, name);
	if (dir >= 0)
		close(dir);
	return err;
}

/* ---- sizes ---- */

/* What a payload shares the buffer with: our head, and the kernel's reserve. */
#define KIPC_SOCKET_RESERVE (sizeof(struct kipc_frame) + 32)

/* The largest payload that a socket takes as it is, up to @most. */
size_t kipc_socket_max_size(int fd, size_t most)
{
	const int reserve = KIPC_SOCKET_RESERVE;
	int sndbuf = 0;
	socklen_t len = sizeof(sndbuf);
	size_t size;

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &len) || sndbuf < reserve)
		return 0;
	size = (size_t)(sndbuf - reserve);
	return size < most ? size : most;
}

/*
 * Make room for large packets, as far as the system lets us: privileged without
 * a bound, otherwise up to net.core.wmem_max.  The kernel doubles what it is
 * given.  -EMSGSIZE where that is less than the address demands.
 */
int kipc_socket_set_size(int fd, const struct kipc_address *address, size_t most)
{
	uint64_t size = kipc_address_get(address, KIPC_PARAM_SIZE, 0);
	int need, now = 0;
	socklen_t len = sizeof(now);

	if (size > most)
		size = most;
	need = (int)(size + KIPC_SOCKET_RESERVE);
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &now, &len);
	/* Doubled, it lets one be on its way while the next is copied in. */
	if (size && now < need &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &need, sizeof(need)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &need, sizeof(need));
	return kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	       kipc_socket_max_size(fd, most) < address->value[KIPC_PARAM_SIZE] ? -EMSGSIZE : 0;
}
