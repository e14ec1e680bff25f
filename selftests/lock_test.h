/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of locks share: names that no other test has, and another process that
 * is told what to do, step by step, and may be killed in between.
 */
#ifndef LOCK_TEST_H
#define LOCK_TEST_H

#include <kipc_lock.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "lib_test.h"

/* An address for this process's test, in a buffer of 128 bytes. */
static inline char *lock_address(const char *scheme, const char *options, char *buf)
{
	static int count;
	int pid = getpid(), n = ++count;

	if (scheme_is(scheme, "sysv-sem"))
		snprintf(buf, 128, "%s:%u%s", scheme, 0x61000000U + pid * 64U + n, options);
	else if (scheme_is(scheme, "flock") || scheme_is(scheme, "fcntl") ||
		 scheme_is(scheme, "ofd"))
		snprintf(buf, 128, "%s:./kipc-test-%d-%d%s", scheme, pid, n, options);
	else
		snprintf(buf, 128, "%s:/kipc-test-%d-%d%s", scheme, pid, n, options);
	return buf;
}

/* Open, or NULL. */
static inline struct kipc_lock *lock_open(const char *address)
{
	struct kipc_lock *lock = NULL;

	kipc_lock_open(&lock, address, NULL);
	return lock;
}

static inline int lock_open_flags(struct kipc_lock **lock, const char *address, uint32_t flags)
{
	struct kipc_lock_options options = KIPC_LOCK_OPTIONS_INIT;

	options.flags = flags;
	return kipc_lock_open(lock, address, &options);
}

/* Does valgrind watch? */
static inline bool watched(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "vgpreload");
}

/* Memory that children share. */
static inline void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * Another process.  Both sides have this structure: one tells and the other hears.
 */
struct other {
	pid_t pid;
	int tell;
	int hear;
};

/* fork(): 0 in the other process, which ends with this one.  It does not fail. */
static inline pid_t other_start(struct other *other)
{
	int down[2], up[2];

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		_exit(98);
	other->pid = fork();
	if (other->pid < 0)
		_exit(98);
	other->tell = other->pid ? down[1] : up[1];
	other->hear = other->pid ? up[0] : down[0];
	close(other->pid ? down[0] : up[0]);
	close(other->pid ? up[1] : down[1]);
	if (!other->pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return other->pid;
}

static inline void other_tell(struct other *other, int what)
{
	if (write(other->tell, &what, sizeof(what)) != sizeof(what))
		_exit(99);
}

/* What the other side tells; in good time, or -ETIME; -EPIPE when it has ended. */
static inline int other_hear(struct other *other)
{
	struct pollfd pollfd = { .fd = other->hear, .events = POLLIN };
	int what;

	if (poll(&pollfd, 1, 20000) != 1)
		return -ETIME;
	return read(other->hear, &what, sizeof(what)) == sizeof(what) ? what : -EPIPE;
}

static inline int other_end(struct other *other)
{
	int status;

	close(other->tell);
	status = exit_status(other->pid);
	close(other->hear);
	return status;
}

static inline int other_kill(struct other *other)
{
	kill(other->pid, SIGKILL);
	return other_end(other);
}

/* Wait until a process sleeps in the kernel, on whatever; or 20 s. */
static inline bool sleeps(pid_t pid)
{
	char path[64], line[256], *state;
	ssize_t n;
	int i, fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (i = 0; i < 20000; i++) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return false;
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
		line[n < 0 ? 0 : n] = '\0';
		state = strrchr(line, ')');
		if (state && state[2] == 'S')
			return true;
		nap(1000000);
	}
	return false;
}

#endif /* LOCK_TEST_H */
