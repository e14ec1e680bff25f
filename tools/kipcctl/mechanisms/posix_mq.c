// SPDX-License-Identifier: GPL-2.0
/* POSIX message queues: mq_overview(7) */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <time.h>

#include "table.h"

/* What mq_receive() must be given is the queue's own message size. */
#define CHUNK		1024
#define SIZE_MAX_FILE	"/proc/sys/fs/mqueue/msgsize_max"

static int mq_make(struct trial *trial, struct end *rx, int64_t size)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = size };

	rx->server = true;
	rx->fd = mq_open(trial->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	return rx->fd < 0 ? -errno : 0;
}

static int mq_serve(struct trial *trial, struct end *rx)
{
	return mq_make(trial, rx, CHUNK);
}

static int mq_join(struct trial *trial, struct end *tx)
{
	tx->fd = mq_open(trial->name, O_RDWR | O_CLOEXEC);
	return tx->fd < 0 ? -errno : 0;
}

/* O_NONBLOCK belongs to the description, and a deadline in the past serves as well. */
static const struct timespec *deadline(int flags, int ms, struct timespec *time)
{
	if (!(flags & NOWAIT) && ms < 0)
		return NULL;
	clock_gettime(CLOCK_REALTIME, time);
	time->tv_nsec += ms > 0 ? ms * 1000000L : 0;
	time->tv_sec += time->tv_nsec / 1000000000;
	time->tv_nsec %= 1000000000;
	return time;
}

static ssize_t mq_put(struct end *end, const void *data, size_t len, int flags, int prio)
{
	struct timespec time;
	const struct timespec *until = deadline(flags, -1, &time);
	int n = until ? mq_timedsend(end->fd, data, len, prio, until) :
			mq_send(end->fd, data, len, prio);

	if (n < 0)
		return errno == ETIMEDOUT ? -EAGAIN : -errno;
	return (ssize_t)len;
}

static ssize_t mq_take(struct end *end, void *data, size_t len, int flags, int ms)
{
	struct timespec time;
	const struct timespec *until = deadline(flags, ms, &time);
	ssize_t n = until ? mq_timedreceive(end->fd, data, len, NULL, until) :
			    mq_receive(end->fd, data, len, NULL);

	return n < 0 ? -errno : n;
}

static ssize_t mq_put_plain(struct end *end, const void *data, size_t len, int flags)
{
	return mq_put(end, data, len, flags, 0);
}

static ssize_t mq_put_kind(struct end *end, const void *data, size_t len, int type, int prio)
{
	(void)type;
	return mq_put(end, data, len, 0, prio);
}

static ssize_t mq_take_plain(struct end *end, void *data, size_t len, int flags)
{
	ssize_t n = mq_take(end, data, len, flags, flags & NOWAIT ? 0 : -1);

	return n == -ETIMEDOUT ? -EAGAIN : n;
}

static ssize_t mq_take_timed(struct end *end, void *data, size_t len, int ms)
{
	return mq_take(end, data, len, 0, ms);
}

static int mq_serve_largest(struct trial *trial, struct end *rx)
{
	return mq_make(trial, rx, read_number(SIZE_MAX_FILE));
}

static int64_t mq_largest(struct trial *trial, struct end *end, const char **source)
{
	(void)trial;
	(void)end;
	*source = SIZE_MAX_FILE;
	return read_number(SIZE_MAX_FILE);
}

static void mq_clean(const struct trial *trial)
{
	mq_unlink(trial->name);
}

static const struct transport mq_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = mq_serve,
	.serve_largest = mq_serve_largest,
	.join = mq_join,
	.send = mq_put_plain,
	.recv = mq_take_plain,
	.send_kind = mq_put_kind,
	.recv_timed = mq_take_timed,
	.largest = mq_largest,
};

const struct mechanism mechanism_posix_mq = {
	.scheme = "posix-mq",
	.about = "POSIX message queue: mq_open(3)",
	.transport = &mq_transport,
	.clean = mq_clean,
};
