// SPDX-License-Identifier: LGPL-2.1-or-later
/* The system: its limits, and names that nobody else has. */
#include <stdio.h>
#include <sys/random.h>
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
