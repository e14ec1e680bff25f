/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the library share: names that no other test has, payloads that
 * can be checked, and times.
 *
 * A test that needs /dev/kipc is skipped where there is none, so that the rest of
 * these programs runs on any Linux machine.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kipc.h>
#include "harness.h"

/* A time that is long for a computer and short for a test. */
#define SOON	KIPC_MS(50)
/* A time that passes only when something is broken. */
#define LONG	KIPC_S(20)

static inline bool scheme_is(const char *scheme, const char *other)
{
	return !strcmp(scheme, other);
}

/* Does this scheme need /dev/kipc where there is none? */
static inline bool device_missing(const char *scheme)
{
	return (scheme_is(scheme, "channel") || scheme_is(scheme, "queue")) &&
	       access("/dev/kipc", F_OK);
}

/* Is a name of this scheme a socket's path? */
static inline bool scheme_is_socket(const char *scheme)
{
	return !strncmp(scheme, "unix", 4) || scheme_is(scheme, "cma") ||
	       scheme_is(scheme, "sunrpc");
}

static inline uint32_t scheme_can(const char *scheme)
{
	struct kipc_info info = KIPC_INFO_INIT;

	return kipc_scheme_info(scheme, &info) ? 0 : info.can;
}

static inline bool is_network(const char *scheme)
{
	return scheme_is(scheme, "tcp") || scheme_is(scheme, "udp");
}

/* Messages on their own, with no connection that could be seen to end. */
static inline bool is_connectionless(const char *scheme)
{
	return scheme_is(scheme, "unix-dgram") || scheme_is(scheme, "udp");
}

/* An address for this process's test, in a buffer of 128 bytes. */
static inline char *fresh_address(const char *scheme, char *buf)
{
	static int count;
	int pid = getpid(), n = ++count;

	if (scheme_is_socket(scheme) || scheme_is(scheme, "fifo") || scheme_is(scheme, "pty"))
		snprintf(buf, 128, "%s:/tmp/kipc-test-%d-%d", scheme, pid, n);
	else if (is_network(scheme))
		snprintf(buf, 128, "%s:127.%d.%d.%d:%d", scheme, 1 + (pid >> 12 & 127),
			 pid >> 6 & 63, 1 + (pid & 63), 20000 + n % 10000);
	else if (scheme_is(scheme, "posix-mq"))
		snprintf(buf, 128, "%s:/kipc-test-%d-%d", scheme, pid, n);
	else if (scheme_is(scheme, "sysv-msg"))
		snprintf(buf, 128, "%s:%u", scheme, 0x60000000U + pid * 64U + n);
	else if (scheme_is(scheme, "ring"))
		snprintf(buf, 128, "%s:posix-shm:/kipc-test-%d-%d", scheme, pid, n);
	else
		snprintf(buf, 128, "%s:kipc-test-%d-%d", scheme, pid, n);
	return buf;
}

/* Two ends: a pair where there are pairs, else a listener and its client. */
static inline int open_ends(const char *scheme, struct kipc *ends[2])
{
	char address[128];
	int err;

	if (scheme_can(scheme) & KIPC_CAN_PAIR) {
		snprintf(address, sizeof(address), "%s:", scheme);
		return kipc_pair(ends, address, NULL);
	}
	fresh_address(scheme, address);
	err = kipc_listen(&ends[0], address, NULL);
	return err ? err : kipc_connect(&ends[1], address, NULL);
}

/*
 * Bytes that are different everywhere and for every seed, made eight at a time: an
 * emulated machine takes its time over each.
 */
static inline uint64_t fill_next(uint64_t *x)
{
	*x = *x * 6364136223846793005ULL + 1442695040888963407ULL;
	return *x ^ *x >> 29;
}

static inline void fill(void *buf, size_t len, unsigned int seed)
{
	unsigned char *bytes = buf;
	uint64_t word, x = seed * 2654435761ULL + 1;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = fill_next(&x);
		memcpy(bytes + i, &word, len - i < sizeof(word) ? len - i : sizeof(word));
	}
}

static inline bool filled(const void *buf, size_t len, unsigned int seed)
{
	const unsigned char *bytes = buf;
	uint64_t word, x = seed * 2654435761ULL + 1;
	size_t i;

	for (i = 0; i < len; i += sizeof(word)) {
		word = fill_next(&x);
		if (memcmp(bytes + i, &word, len - i < sizeof(word) ? len - i : sizeof(word)))
			return false;
	}
	return true;
}

static inline int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static inline void nap(int64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	nanosleep(&ts, NULL);
}

static inline int exit_status(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int open_descriptors(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Under valgrind, which has its own idea of signals, stacks and other processes? */
static inline bool on_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* Let SIGALRM come in a moment, and again and again until it is stopped. */
static inline void on_alarm(int number)
{
	(void)number;
}

static inline void alarm_start(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { { 0, 50000 }, { 0, 50000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static inline void alarm_stop(void)
{
	struct itimerval none = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &none, NULL);
}

#endif /* LIB_TEST_H */
