// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: what the verbs share that move messages: connecting, files, numbers, signals.
 *
 * The library has no timeout for connecting, and a mechanism may wait there: of a socket
 * for room in its server's backlog, or for another machine.  Here a timer bounds that.
 *
 * A verb that catches signals ends by its own way out.  It looks for one before each wait,
 * writes included: what follows in a pipeline may never read again.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "kipcctl.h"
#include "talk.h"

static void on_alarm(int number)
{
	(void)number;
}

/* From @after on let SIGALRM interrupt again and again: the first may come before the wait. */
static void alarm_after(int64_t after)
{
	int64_t us = after < KIPC_MS(1) ? 1000 : after / 1000;
	struct itimerval timer = {
		.it_value = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 },
		.it_interval = { .tv_usec = 10000 },
	};
	struct sigaction action = { .sa_handler = on_alarm };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Connect, in the time of @timeout at most, which is what is left of it then. */
static int connect_in_time(struct kipc **handle, const char *address, int64_t *timeout)
{
	const struct itimerval off = { .it_value = { .tv_sec = 0 } };
	int64_t begun = now();
	int err;

	if (*timeout < 0)
		return kipc_connect(handle, address, NULL);
	alarm_after(*timeout);
	err = kipc_connect(handle, address, NULL);
	setitimer(ITIMER_REAL, &off, NULL);
	*timeout -= now() - begun;
	if (*timeout > 0)
		return err;
	*timeout = 0;
	return err == -EINTR ? -ETIMEDOUT : err;
}

/*
 * Connect, and try again for as long as @wait where nobody is there yet.
 * @timeout:	how long one that is there may take; written: what is left of that
 */
int connect_patiently(struct kipc **handle, const char *address, int64_t wait, int64_t *timeout)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	int64_t until = now() + wait, whole = *timeout;
	int err;

	for (;;) {
		*timeout = whole;
		err = connect_in_time(handle, address, timeout);
		if ((err != -ENOENT && err != -ECONNREFUSED) || now() >= until)
			return err;
		nanosleep(&nap, NULL);
	}
}

/* What a failure to send says about the message: an exit status, after a sentence. */
int failed_to_send(const char *address, int err)
{
	failed_at(address, err);
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
	case -EPIPE:
		return EXIT_UNSEEN;
	case -ETIMEDOUT:
	case -EAGAIN:
		return EXIT_TIMEOUT;
	default:
		return EXIT_FAILED;
	}
}

/* The same of connecting: there is no message yet that somebody could have. */
int failed_to_connect(const char *address, int err)
{
	int status = failed_to_send(address, err);

	return status == EXIT_TIMEOUT ? EXIT_UNSEEN : status;
}

/* Fill a buffer from a file that may come in pieces. */
ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, buf + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* All of a file, in memory that is the caller's to free; its length or -errno. */
ssize_t read_all(int fd, char **data)
{
	size_t size = 65536, len = 0;
	char *buf = malloc(size), *more;
	ssize_t n;

	while (buf) {
		n = read_full(fd, buf + len, size - len);
		if (n < 0) {
			free(buf);
			return n;
		}
		len += (size_t)n;
		if (len < size) {
			*data = buf;
			return (ssize_t)len;
		}
		size *= 2;
		more = realloc(buf, size);
		if (!more)
			free(buf);
		buf = more;
	}
	return -ENOMEM;
}

/*
 * Write all of it, in one piece where that is possible; the parts are changed.
 *
 * Returns 0; -errno; -EINTR, a signal was caught before the end.
 */
int write_parts(int fd, struct iovec *parts, int count)
{
	while (count) {
		ssize_t n;

		if (signal_caught())
			return -EINTR;
		n = writev(fd, parts, count);
		if (n < 0 && errno != EINTR)
			return -errno;
		while (count && n >= (ssize_t)parts->iov_len) {
			n -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count && n > 0) {
			parts->iov_base = (char *)parts->iov_base + n;
			parts->iov_len -= (size_t)n;
		}
	}
	return 0;
}

int write_full(int fd, const void *data, size_t len)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = len };

	return write_parts(fd, &part, 1);
}

/* A whole number of at most @max; 0 or -1. */
int number_of(const char *word, uint64_t max, uint64_t *number)
{
	char *end;

	if (*word < '0' || *word > '9')
		return -1;
	errno = 0;
	*number = strtoull(word, &end, 0);
	return *end || errno || *number > max ? -1 : 0;
}

/* Those that end a verb; not those that are to be ignored, as nohup(1) and `cmd &` have it. */
void ending_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	unsigned int i;

	sigemptyset(set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

/*
 * A name that we make must not stay behind when the user gives up: let signals
 * interrupt the waiting, and the ordinary way out close the handle.
 */
static atomic_int caught;

static void on_signal(int number)
{
	caught = number;
}

void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;
	int number;

	ending_signals(&set);
	for (number = 1; number < NSIG; number++)
		if (sigismember(&set, number) == 1)
			sigaction(number, &action, NULL);
}

/* One that came between two waits interrupts neither. */
bool signal_caught(void)
{
	return caught;
}
