// SPDX-License-Identifier: GPL-2.0
/* pipe(2) and fifo(7) */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

#define CHUNK 1024

static int pipe_pair(struct trial *trial, struct end *rx, struct end *tx)
{
	int fds[2];

	(void)trial;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	rx->fd = fds[0];
	tx->fd = fds[1];
	return 0;
}

static const struct transport pipe_transport = {
	.chunk = CHUNK,
	.pair = pipe_pair,
	.send = fd_send,
	.recv = fd_recv,
};

const struct mechanism mechanism_pipe = {
	.scheme = "pipe",
	.about = "anonymous pipe: pipe2(2)",
	.transport = &pipe_transport,
};

static int fifo_open(struct end *end, const char *path, int flags)
{
	end->fd = open(path, flags | O_CLOEXEC);
	return end->fd < 0 ? -errno : 0;
}

/* Opening waits for the other side, unless it must not; then the sender has to come. */
static int fifo_serve(struct trial *trial, struct end *rx)
{
	rx->server = true;
	if (mkfifo(trial->path, 0600))
		return -errno;
	return fifo_open(rx, trial->path, O_RDONLY | O_NONBLOCK);
}

static int fifo_join(struct trial *trial, struct end *tx)
{
	return fifo_open(tx, trial->path, O_WRONLY | O_NONBLOCK);
}

static int fifo_attach(struct trial *trial, struct end *rx)
{
	return fifo_open(rx, trial->path, O_RDWR | O_NONBLOCK);
}

static const struct transport fifo_transport = {
	.chunk = CHUNK,
	.serve = fifo_serve,
	.join = fifo_join,
	.attach = fifo_attach,
	.send = fd_send,
	.recv = fd_recv,
};

const struct mechanism mechanism_fifo = {
	.scheme = "fifo",
	.about = "named pipe: mkfifo(3)",
	.transport = &fifo_transport,
	.clean = unlink_path,
};
