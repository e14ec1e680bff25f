// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl doctor: what has a path, as sockets and FIFOs, and what has a host and a port.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "doctor.h"
#include "human.h"
#include "kipcctl.h"

static bool own_name(const struct report *report, char *name, size_t size)
{
	return decode_name(strchr(report->address, ':') + 1, name, size);
}

/* ---- paths ---- */

/* The directories on the way, one after the other: is each there, and may we pass it? */
static bool check_way(struct report *report, const char *path)
{
	char part[PATH_MAX];
	const char *slash = path;
	struct stat st;

	while ((slash = strchr(slash + 1, '/'))) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (stat(part, &st)) {
			int err = errno;

			find(report, "path", VERDICT_WRONG, "%s: %s", part, strerror(err));
			if (err == ENOENT)
				advise(report, "make the directory, and start the server");
			return false;
		}
		if (!S_ISDIR(st.st_mode)) {
			find(report, "path", VERDICT_WRONG, "%s is no directory", part);
			return false;
		}
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS)) {
			find(report, "path", VERDICT_WRONG,
			     "user %s may not enter %s (mode %04o, owner %s)",
			     human_user(geteuid()).s, part, st.st_mode & 07777,
			     human_user(st.st_uid).s);
			advise(report, "let it: chmod +x %s, as its owner", part);
			return false;
		}
	}
	return true;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK:
		return "a socket";
	case S_IFIFO:
		return "a FIFO";
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a directory";
	case S_IFCHR:
		return "a device";
	default:
		return "something else";
	}
}

/* What is at the end of the way: there, of the kind @format, and ours to use? */
static bool check_end(struct report *report, const char *path, mode_t format, int access)
{
	struct stat st;

	if (stat(path, &st)) {
		int err = errno;

		find(report, "path", VERDICT_WRONG, "%s: %s", path, strerror(err));
		if (err == ENOENT)
			advise(report, "nobody has made it: start the server first");
		return false;
	}
	if (format && (st.st_mode & S_IFMT) != format) {
		find(report, "path", VERDICT_WRONG, "%s is %s, and not %s", path,
		     kind_of(st.st_mode), kind_of(format));
		advise(report, "take another path");
		return false;
	}
	if (faccessat(AT_FDCWD, path, access, AT_EACCESS)) {
		find(report, "mode", VERDICT_WRONG,
		     "mode %04o of owner %s and group %s does not let user %s %s",
		     st.st_mode & 07777, human_user(st.st_uid).s, human_group(st.st_gid).s,
		     human_user(geteuid()).s, access == W_OK ? "write" : "read and write");
		advise(report, "let its server say ?mode=666, or chmod it as its owner");
		return false;
	}
	find(report, "path", VERDICT_WELL, "%s is %s, mode %04o, owner %s", path,
	     kind_of(st.st_mode), st.st_mode & 07777, human_user(st.st_uid).s);
	return true;
}

void check_file(struct report *report, const char *scheme)
{
	char name[PATH_MAX - 16], path[PATH_MAX];
	bool mq = !strcmp(scheme, "posix-mq");

	if (!own_name(report, name, sizeof(name)))
		return;
	snprintf(path, sizeof(path), "%s%s", mq ? "/dev/mqueue" : "", name);
	/* The file system of the queues need not be mounted, and they are there */
	if (mq && access("/dev/mqueue", F_OK))
		return;
	if (check_way(report, path))
		check_end(report, path, strcmp(scheme, "fifo") ? 0 : S_IFIFO, W_OK);
}

/* ---- sockets ---- */

/* The types of <linux/net.h>, and what the library calls a socket of each. */
static const char *type_scheme(unsigned int type)
{
	return type == SOCK_STREAM ? "unix" : type == SOCK_DGRAM ? "unix-dgram" :
	       type == SOCK_SEQPACKET ? "unix-seqpacket" : "?";
}

/* The type of a socket of this network namespace by its name; 0: there is none. */
static unsigned int type_of(const char *name)
{
	FILE *file = fopen("/proc/net/unix", "re");
	unsigned int type, found = 0;
	char line[512];
	int at;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = 0;
		if (sscanf(line, "%*s %*s %*s %*s %x %*s %*s %n", &type, &at) == 1 && at &&
		    !strcmp(line + at, name))
			found = type;
	}
	if (file)
		fclose(file);
	return found;
}

static unsigned int type_wanted(const char *scheme)
{
	return !strcmp(scheme, "unix") ? SOCK_STREAM : !strcmp(scheme, "unix-dgram") ? SOCK_DGRAM :
	       !strcmp(scheme, "unix-seqpacket") || !strcmp(scheme, "cma") ? SOCK_SEQPACKET : 0;
}

static void check_listener(struct report *report, const char *scheme, const char *name)
{
	unsigned int type = type_of(name), wanted = type_wanted(scheme);

	if (type && wanted && type != wanted) {
		find(report, "type", VERDICT_WRONG, "the socket is of another type: that of %s:",
		     type_scheme(type));
		advise(report, "connect to %s:%s", type_scheme(type), name);
	} else if (type) {
		find(report, "listener", VERDICT_WELL, "somebody has the socket open");
	} else if (report->error == -ECONNREFUSED || *name == '@') {
		find(report, "listener", VERDICT_WRONG, *name == '@' ?
		     "nobody in this network namespace has that abstract name" :
		     "nobody listens: the server that made the socket has ended");
		advise(report, "start the server%s",
		       *name == '@' ? " in this network namespace" : "");
	} else {
		find(report, "listener", VERDICT_NOTE, "not one of this network namespace");
	}
}

void check_socket(struct report *report, const char *scheme)
{
	char name[PATH_MAX];

	if (!own_name(report, name, sizeof(name)))
		return;
	if (*name == '@' || (check_way(report, name) &&
			     check_end(report, name, S_IFSOCK, W_OK)))
		check_listener(report, scheme, name);
}

/* ---- hosts ---- */

/* Is there a socket of this machine at the port?  Listening, of TCP. */
static bool port_taken(const char *scheme, unsigned int port)
{
	bool tcp = !strcmp(scheme, "tcp"), found = false;
	unsigned int number, state, six;
	char path[32], line[512];

	for (six = 0; six < 2 && !found; six++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/net/%s%s", scheme, six ? "6" : "");
		file = fopen(path, "re");
		while (file && !found && fgets(line, sizeof(line), file))
			found = sscanf(line, "%*s %*[^:]:%x %*s %x", &number, &state) == 2 &&
				number == port && (!tcp || state == 0x0a);
		if (file)
			fclose(file);
	}
	return found;
}

void check_host(struct report *report, const char *scheme)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char name[PATH_MAX], *host = name, *port;
	int err;

	if (!own_name(report, name, sizeof(name)))
		return;
	port = strrchr(name, ':');
	if (!port)
		return;
	*port++ = '\0';
	if (*host == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	err = getaddrinfo(host, port, &hints, &found);
	if (err) {
		find(report, "host", VERDICT_WRONG, "%s: %s", host, gai_strerror(err));
		advise(report, "use numbers, or see /etc/hosts and /etc/resolv.conf");
		return;
	}
	freeaddrinfo(found);
	find(report, "host", VERDICT_WELL, "%s is known", host);
	if (report->error != -ENOENT && report->error != -ECONNREFUSED)
		return;
	find(report, "listener", VERDICT_WRONG, "nobody answers at port %s of %s", port, host);
	if (port_taken(scheme, (unsigned int)strtoul(port, NULL, 10)))
		advise(report, "this machine has one at another address: let it listen at %s:*:%s",
		       scheme, port);
	else
		advise(report, "start the server; or is there a firewall, or another namespace?");
}
