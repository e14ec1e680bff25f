// SPDX-License-Identifier: GPL-2.0
/*
 * The record: what the cells are, as probes found them on Debian's 6.1 and 6.12 with
 * their default settings.  selftests/mechanisms.sh tries all of them on each kernel and
 * fails for any that differs.
 */
#include <string.h>

#include "table.h"

/* The columns, as `kipcctl mechanisms` prints them. */
static const struct record {
	const char *scheme;
	const char *cells[CELL_COUNT];
} records[] = {
	{ "channel", {
		"no", "yes", "yes", "yes", "prio", "full", "yes", "n:n", "yes",
		"yes", "yes", "yes", "no", "no", "1", "8M", "yes", "yes",
	} },
	{ "queue", {
		"yes", "yes", "yes", "yes", "both", "half", "yes", "n:n", "yes",
		"yes", "yes", "yes", "yes", "no", "2", "16M", "yes", "no",
	} },
	{ "pipe", {
		"no", "yes", "yes", "no", "no", "1-way", "no", "n:n", "no",
		"no", "yes", "poll", "no", "no", "2", "none", "yes", "yes",
	} },
	{ "fifo", {
		"no", "yes", "yes", "no", "no", "1-way", "yes", "n:n", "no",
		"no", "yes", "poll", "name", "no", "2", "none", "yes", "yes",
	} },
	{ "sysv-msg", {
		"yes", "yes", "yes", "yes", "type", "half", "yes", "n:n", "no",
		"no", "no", "no", "yes", "no", "2", "8K", "yes", "no",
	} },
	{ "posix-mq", {
		"no", "yes", "yes", "yes", "prio", "half", "yes", "n:n", "no",
		"no", "yes", "yes", "yes", "no", "2", "8K", "yes", "no",
	} },
	{ "unix", {
		"no", "yes", "yes", "no", "no", "full", "yes", "n:n", "yes",
		"yes", "yes", "yes", "no", "no", "2", "none", "yes", "yes",
	} },
	{ "unix-seqpacket", {
		"no", "yes", "yes", "yes", "no", "full", "yes", "n:n", "yes",
		"yes", "yes", "yes", "no", "no", "2", "212960", "yes", "yes",
	} },
	{ "unix-dgram", {
		"yes", "yes", "yes", "yes", "no", "full", "yes", "n:n", "yes",
		"yes", "yes", "yes", "no", "no", "2", "212960", "yes", "send",
	} },
	{ "tcp", {
		"no", "yes", "yes", "no", "no", "full", "yes", "n:n", "no",
		"no", "yes", "yes", "no", "yes", "2", "none", "yes", "yes",
	} },
	{ "udp", {
		"yes", "no", "no", "yes", "no", "full", "yes", "n:n", "no",
		"no", "yes", "yes", "no", "yes", "2", "65507", "yes", "send",
	} },
	{ "pty", {
		"no", "yes", "yes", "no", "no", "full", "yes", "n:n", "no",
		"no", "yes", "poll", "no", "no", "2", "none", "yes", "yes",
	} },
	{ "cma", {
		"yes", "yes", "user", "no", "-", "-", "yes", "-", "no",
		"-", "no", "-", "no", "no", "1", "none", "yes", "recv",
	} },
	{ "binder", {
		"yes", "yes", "no", "yes", "no", "full", "yes", "n:1", "yes",
		"yes", "yes", "poll", "no", "no", "1", "4M", "no", "send",
	} },
	{ "ring", {
		"no", "yes", "yes", "yes", "no", "1-way", "yes", "n:n", "no",
		"no", "no", "yes", "yes", "no", "2", "131056", "yes", "no",
	} },
	{ "sunrpc", {
		"no", "yes", "yes", "yes", "no", "full", "yes", "n:1", "no",
		"yes", "yes", "yes", "no", "no", "2", "191K", "yes", "send",
	} },
	{ "sysv-shm", {
		"no", "yes", "user", "no", "user", "full", "yes", "n:n", "no",
		"-", "no", "-", "yes", "no", "0", "none", "yes", "no",
	} },
	{ "posix-shm", {
		"no", "yes", "user", "no", "user", "full", "yes", "n:n", "no",
		"-", "no", "-", "yes", "no", "0", "none", "yes", "no",
	} },
	{ "mmap-file", {
		"no", "yes", "user", "no", "user", "full", "yes", "n:n", "no",
		"-", "no", "-", "yes", "no", "0", "none", "yes", "no",
	} },
	{ "mmap-anon", {
		"no", "yes", "user", "no", "user", "full", "no", "n:n", "no",
		"-", "no", "-", "no", "no", "0", "none", "yes", "no",
	} },
	{ "memfd", {
		"no", "yes", "user", "no", "user", "full", "no", "n:n", "no",
		"-", "no", "-", "no", "no", "0", "none", "yes", "no",
	} },
	{ "dmabuf", {
		"no", "yes", "user", "no", "user", "full", "no", "n:n", "no",
		"-", "no", "-", "no", "no", "0", "memory", "no", "no",
	} },
	{ "sysv-sem", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"yes", "no", "yes", "yes", "no", "-", "-", "yes", "freed",
	} },
	{ "posix-sem", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "yes", "yes", "no", "-", "-", "yes", "no",
	} },
	{ "mutex", {
		"-", "-", "-", "-", "-", "-", "yes", "1", "-",
		"no", "no", "yes", "yes", "no", "-", "-", "yes", "told",
	} },
	{ "rwlock", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "yes", "yes", "no", "-", "-", "yes", "no",
	} },
	{ "cond", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "yes", "yes", "no", "-", "-", "yes", "-",
	} },
	{ "barrier", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "no", "yes", "no", "-", "-", "yes", "-",
	} },
	{ "critical", {
		"-", "-", "-", "-", "-", "-", "no", "1", "-",
		"no", "no", "yes", "-", "-", "-", "-", "-", "-",
	} },
	{ "event", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "yes", "yes", "no", "-", "-", "yes", "-",
	} },
	{ "flock", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "no", "-", "no", "-", "-", "yes", "freed",
	} },
	{ "fcntl", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"yes", "no", "no", "-", "no", "-", "-", "yes", "freed",
	} },
	{ "ofd", {
		"-", "-", "-", "-", "-", "-", "yes", "n", "-",
		"no", "no", "no", "-", "no", "-", "-", "yes", "freed",
	} },
	{ "signal", {
		"yes", "rt", "no", "yes", "both", "full", "yes", "n:1", "no",
		"yes", "yes", "yes", "yes", "no", "-", "8", "yes", "send",
	} },
	{ "eventfd", {
		"no", "yes", "yes", "no", "no", "half", "no", "n:n", "-",
		"-", "yes", "poll", "no", "no", "-", "8", "yes", "no",
	} },
	{ "ptrace", {
		"-", "-", "-", "-", "-", "full", "yes", "1", "-",
		"-", "no", "-", "-", "no", "-", "-", "yes", "yes",
	} },
};

const char *recorded(const struct mechanism *mechanism, enum cell cell)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(records); i++)
		if (!strcmp(records[i].scheme, mechanism->scheme) && records[i].cells[cell])
			return records[i].cells[cell];
	return "";
}
