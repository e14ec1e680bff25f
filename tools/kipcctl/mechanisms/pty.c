// SPDX-License-Identifier: GPL-2.0
/* pty(7): the master is the server, the slave, in raw mode, whoever opens its path */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "table.h"

#define CHUNK 1024

static int pty_serve(struct trial *trial, struct end *rx)
{
	unsigned int number;
	int unlock = 0;

	rx->server = true;
	rx->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (rx->fd < 0 || ioctl(rx->fd, TIOCSPTLCK, &unlock) ||
	    ioctl(rx->fd, TIOCGPTN, &number))
		return -errno;
	trial->stage->address = number;
	return 0;
}

static int pty_join(struct trial *trial, struct end *tx)
{
	struct termios mode;
	char path[32];

	snprintf(path, sizeof(path), "/dev/pts/%u", (unsigned int)trial->stage->address);
	tx->fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tx->fd < 0 || tcgetattr(tx->fd, &mode))
		return -errno;
	cfmakeraw(&mode);
	return tcsetattr(tx->fd, TCSANOW, &mode) ? -errno : 0;
}

static const struct transport pty_transport = {
	.chunk = CHUNK,
	.serve = pty_serve,
	.join = pty_join,
	.send = fd_send,
	.recv = fd_recv,
};

const struct mechanism mechanism_pty = {
	.scheme = "pty",
	.about = "pseudo-terminal, raw: pty(7)",
	.transport = &pty_transport,
};
