/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of regions share: names that no other test has, peers that inherit
 * nothing but a socket, and accesses that may be deadly.
 */
#ifndef REGION_TEST_H
#define REGION_TEST_H

#include <grp.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>

#include <kipc_region.h>
#include "lib_test.h"

/* Some pages, and a piece of one. */
#define SOME	(3 * 4096 + 100)

/* An ordinary user. */
#define NOBODY	65534

/* An address for this process's test, in a buffer of 128 bytes. */
static inline char *fresh_region(const char *scheme, char *buf)
{
	static int count;
	int pid = getpid(), n = ++count;

	if (scheme_is(scheme, "sysv-shm"))
		snprintf(buf, 128, "%s:%u", scheme, 0x61000000U + pid * 64U + n);
	else if (scheme_is(scheme, "posix-shm"))
		snprintf(buf, 128, "%s:/kipc-region-%d-%d", scheme, pid, n);
	else if (scheme_is(scheme, "mmap-file"))
		snprintf(buf, 128, "%s:/tmp/kipc-region-%d-%d", scheme, pid, n);
	else
		snprintf(buf, 128, "%s:", scheme);
	return buf;
}

/* The file of an address of posix-shm: or mmap-file:. */
static inline const char *path_of(const char *address, char *buf)
{
	const char *name = strchr(address, ':') + 1;

	snprintf(buf, 128, "%s%s", strncmp(address, "posix-shm", 9) ? "" : "/dev/shm", name);
	return buf;
}

static inline int create(struct kipc_region **region, const char *address, size_t bytes,
			 uint32_t flags)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;

	options.flags = flags;
	return kipc_region_create(region, address, bytes, &options);
}

static inline int attach(struct kipc_region **region, const char *address, uint32_t flags)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;

	options.flags = flags;
	return kipc_region_attach(region, address, &options);
}

static inline int attach_fd(struct kipc_region **region, int fd, uint32_t flags)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;

	options.flags = flags;
	return kipc_region_attach_fd(region, fd, &options);
}

static inline struct kipc_region_info info_of(const struct kipc_region *region)
{
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;

	if (kipc_region_info(region, &info))
		memset(&info, 0, sizeof(info));
	return info;
}

static inline uint32_t region_can(const char *address)
{
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;

	return kipc_region_scheme_info(address, &info) ? 0 : info.can;
}

static inline bool is_zero(const void *data, size_t len)
{
	const char *bytes = data;

	return !len || (!bytes[0] && !memcmp(bytes, bytes + 1, len - 1));
}

/* How many of these pages are in memory? */
static inline int present(void *data, int pages)
{
	unsigned char there[256];
	int i, n = 0;

	if (mincore(data, pages * 4096UL, there))
		return -errno;
	for (i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}

/* ---- accesses that may be deadly ---- */

static inline void on_death(int number)
{
	_exit(128 + number);
}

/*
 * What becomes of a process that reads a byte, or writes it back: 0, or 128 and the signal
 * that it died of.  It is caught, as the kernel logs those that are not.
 */
static inline int access_of(void *at, bool write)
{
	char *byte = at, was;
	pid_t child = fork();

	if (!child) {
		signal(SIGSEGV, on_death);
		signal(SIGBUS, on_death);
		was = __atomic_load_n(byte, __ATOMIC_RELAXED);
		if (write)
			__atomic_store_n(byte, was, __ATOMIC_RELAXED);
		_exit(0);
	}
	return exit_status(child);
}

#define SEGV	(128 + SIGSEGV)
#define BUS	(128 + SIGBUS)

/* ---- other processes ---- */

/* Be somebody else, for good. */
static inline int become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/**
 * struct peer - a process that was there before the region, and has nothing of it
 * @pid:	the process; 0: this is it
 * @sock:	to the other one
 */
struct peer {
	pid_t pid;
	int sock;
};

static inline int peer_start(struct peer *peer)
{
	int ends[2];

	*peer = (struct peer){ -1, -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	peer->pid = fork();
	peer->sock = ends[!peer->pid];
	close(ends[!!peer->pid]);
	return peer->pid < 0 ? -errno : 0;
}

/* Tell the other one something, with a descriptor or without (-1). */
static inline int peer_tell(const struct peer *peer, const char *text, int fd)
{
	struct iovec iov = { (void *)text, strlen(text) + 1 };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.buf);
	}
	return sendmsg(peer->sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Wait until it tells something: @fd is what came with it, or -1. */
static inline int peer_hear(const struct peer *peer, char *text, size_t size, int *fd)
{
	struct iovec iov = { text, size };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	ssize_t n = recvmsg(peer->sock, &msg, MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (n <= 0)
		return n ? -errno : -EPIPE;
	head = CMSG_FIRSTHDR(&msg);
	if (head)
		memcpy(fd, CMSG_DATA(head), sizeof(int));
	return 0;
}

static inline int peer_end(struct peer *peer)
{
	close(peer->sock);
	return exit_status(peer->pid);
}

#endif /* REGION_TEST_H */
