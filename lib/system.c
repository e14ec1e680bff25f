// SPDX-License-Identifier: LGPL-2.1-or-later
/* The system: its limits, names that nobody else has, and turns with names. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* The number in a file of /proc, or @otherwise where it cannot be read. */
uint64_t kipc_system_number(const char *path, uint64_t otherwise)
{
	unsigned long long value;
	FILE *file = fopen(path, "re");

	if (!file)
		return otherwise;
	if (fscanf(file, "%llu", &value) != 1)
		value = otherwise;
	fclose(file);
	return value;
}

/* A name for the moment that a pair needs one. */
void kipc_system_fresh_name(char *name, size_t size)
{
	uint64_t random[2] = { 0 };

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		random[0] = (uint64_t)getpid();
	snprintf(name, size, "kipc-pair-%016llx%016llx",
		 (unsigned long long)random[0], (unsigned long long)random[1]);
}

/* umask(2) can only be asked by setting it, for all threads. */
mode_t kipc_system_umask(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned int mask = 022;
	char line[128];

	if (!file)
		return mask;
	while (fgets(line, sizeof(line), file) && sscanf(line, "Umask: %o", &mask) != 1)
		;
	fclose(file);
	return mask;
}

/* Somebody who can read a directory can lock it for ever: do not wait that long. */
#define KIPC_DIR_TRIES	100
#define KIPC_DIR_NAP	1000000

/*
 * Lock the directory of a path, so that programs take turns with making and removing names
 * in it; for as long as the descriptor lives.  -1 where that is not possible.
 */
int kipc_system_lock_dir(const char *path)
{
	const struct timespec nap = { .tv_nsec = KIPC_DIR_NAP };
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX + 2];
	int fd, tries;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (tries = 0; fd >= 0 && tries < KIPC_DIR_TRIES; tries++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			break;
		nanosleep(&nap, NULL);
	}
	return fd;
}

void kipc_system_unlock_dir(int fd)
{
	if (fd >= 0)
		close(fd);
}
