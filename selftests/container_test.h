/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of control in containers share: a process that enters a user namespace and
 * a network namespace of its own, as root of both.
 */
#ifndef CONTAINER_TEST_H
#define CONTAINER_TEST_H

#include <sched.h>

#include "kipc_test.h"

static inline int write_map(pid_t pid, const char *file, unsigned int first, unsigned int count)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(text, sizeof(text), "0 %u %u\n", first, count);
	return write_text(path, text);
}

/*
 * Be root of a user namespace, and a network namespace, of one's own, in which so many users
 * and groups are known.  Return: 0 or -errno.
 */
static inline int enter_container(unsigned int first, unsigned int count)
{
	pid_t here = getpid(), mapper;
	int go[2];
	char c;

	if (pipe(go))
		return -errno;
	/* Who stays outside has the right to say who is known inside. */
	mapper = fork();
	if (!mapper) {
		close(go[1]);
		_exit(read(go[0], &c, 1) != 1 || write_map(here, "uid_map", first, count) ||
		      write_map(here, "gid_map", first, count));
	}
	/* Who has changed its rights is not its former equals' to look into, unless it says so */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || prctl(PR_SET_DUMPABLE, 1) ||
	    write(go[1], "x", 1) != 1)
		return -errno;
	close(go[0]);
	close(go[1]);
	if (reap(mapper))
		return -EPERM;
	return become(0);
}

/* Run in a child of its own.  Return: what the function does, from 0 to 254. */
static inline int in_child(int (*run)(void *arg), void *arg)
{
	pid_t child = spawn();

	if (!child)
		_exit(run(arg));
	return reap(child);
}

#endif /* CONTAINER_TEST_H */
