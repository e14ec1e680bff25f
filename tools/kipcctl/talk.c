// SPDX-License-Identifier: GPL-2.0
/* What the verbs share that move messages: connecting, files, types and priorities. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kipcctl.h"
#include "talk.h"

/* Connect, and try again for a while where nobody is there yet. */
int connect_patiently(struct kipc **handle, const char *address, int64_t wait)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	int64_t until = now() + wait;
	int err;

	for (;;) {
		err = kipc_connect(handle, address, NULL);
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

int write_full(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
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
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

/* One that came between two waits interrupts neither. */
bool signal_caught(void)
{
	return caught;
}
