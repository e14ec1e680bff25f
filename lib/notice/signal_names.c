// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Signals by name and number, and what becomes of them in a thread: the sets that the
 * kernel shows in /proc, of other processes too, where sigpending() and its kin know the
 * caller's own only.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "notice/notice.h"

/* One or two digits and no more; -1 otherwise. */
static int kipc_signal_digits(const char *text)
{
	int n = 0, len;

	for (len = 0; text[len]; len++) {
		if (!isdigit((unsigned char)text[len]) || len == 2)
			return -1;
		n = 10 * n + text[len] - '0';
	}
	return len ? n : -1;
}

/* Standard, or real-time and not the C library's own (32 and 33). */
static bool kipc_signal_is_one(int signo)
{
	return (signo >= 1 && signo < 32) || (signo >= SIGRTMIN && signo <= SIGRTMAX);
}

/* What comes behind RTMIN or RTMAX: nothing, or a distance in that direction. */
static int kipc_signal_relative(const char *text, char sign, int base)
{
	int n = *text == sign ? kipc_signal_digits(text + 1) : -1;
	int signo = sign == '+' ? base + n : base - n;

	if (!*text)
		return base;
	return n >= 0 && signo >= SIGRTMIN && signo <= SIGRTMAX ? signo : -EINVAL;
}

KIPC_EXPORT int kipc_signal_number(const char *name)
{
	int signo;

	if (!name)
		return -EINVAL;
	if (isdigit((unsigned char)*name)) {
		signo = kipc_signal_digits(name);
		return kipc_signal_is_one(signo) ? signo : -EINVAL;
	}
	if (!strncmp(name, "SIG", 3))
		name += 3;
	if (!strncmp(name, "RTMIN", 5))
		return kipc_signal_relative(name + 5, '+', SIGRTMIN);
	if (!strncmp(name, "RTMAX", 5))
		return kipc_signal_relative(name + 5, '-', SIGRTMAX);
	for (signo = 1; signo < 32; signo++) {
		const char *abbrev = sigabbrev_np(signo);

		if (abbrev && !strcmp(name, abbrev))
			return signo;
	}
	/* Other names of the same. */
	return !strcmp(name, "IO") ? SIGIO : !strcmp(name, "CLD") ? SIGCHLD :
	       !strcmp(name, "IOT") ? SIGABRT : -EINVAL;
}

KIPC_EXPORT char *kipc_signal_name(int signo, char *buf, size_t size)
{
	const char *abbrev = sigabbrev_np(signo);

	if (!buf || !size)
		return buf;
	if (abbrev)
		snprintf(buf, size, "%s", abbrev);
	else if (signo == SIGRTMIN)
		snprintf(buf, size, "RTMIN");
	else if (signo > SIGRTMIN && signo <= SIGRTMAX)
		snprintf(buf, size, "RTMIN+%d", signo - SIGRTMIN);
	else
		snprintf(buf, size, "%d", signo);
	return buf;
}

/* One line of status. */
static void kipc_signal_state_line(struct kipc_signal_state *state, const char *line)
{
	static const struct {
		const char *key;
		size_t field;
	} sets[] = {
		{ "SigPnd:", offsetof(struct kipc_signal_state, pending) },
		{ "ShdPnd:", offsetof(struct kipc_signal_state, shared) },
		{ "SigBlk:", offsetof(struct kipc_signal_state, blocked) },
		{ "SigIgn:", offsetof(struct kipc_signal_state, ignored) },
		{ "SigCgt:", offsetof(struct kipc_signal_state, caught) },
	};
	unsigned long long a, b;
	size_t i;

	if (sscanf(line, "SigQ: %llu/%llu", &a, &b) == 2) {
		state->queued = a;
		state->queued_max = b;
	}
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		size_t len = strlen(sets[i].key);

		if (!strncmp(line, sets[i].key, len) && sscanf(line + len, "%llx", &a) == 1)
			*(uint64_t *)((char *)state + sets[i].field) = a;
	}
}

KIPC_EXPORT int kipc_signal_state(pid_t tid, struct kipc_signal_state *state)
{
	char path[40], line[256];
	bool all;
	FILE *file;

	if (!state || state->size != sizeof(*state) || tid < 0)
		return -EINVAL;
	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/status", tid);
	else
		snprintf(path, sizeof(path), "/proc/thread-self/status");
	file = fopen(path, "re");
	if (!file && errno == ENOENT && access("/proc/self", F_OK))
		return -ENODEV;
	if (!file)
		return errno == ESRCH ? -ENOENT : -errno;
	*state = (struct kipc_signal_state){ .size = sizeof(*state) };
	while (fgets(line, sizeof(line), file))
		kipc_signal_state_line(state, line);
	/* One that ends just now reads as nothing (ESRCH). */
	all = !ferror(file);
	fclose(file);
	return all ? 0 : -ENOENT;
}
