// SPDX-License-Identifier: GPL-2.0
/*
 * raw: what the baselines over descriptors have in common
 *
 * Two descriptors a process: one for requests, one for replies (for sockets the
 * two are one).  Whole messages are written and read in loops, because a stream
 * may split them; the server knows each length beforehand, so no header is sent
 * and a baseline costs what the bare mechanism costs.
 */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "payload.h"

int raw_prepare_pipes(struct lane *lane)
{
	struct raw_fds *fds = malloc(sizeof(*fds));
	int err;

	if (!fds)
		return -ENOMEM;
	if (pipe2(fds->request, O_CLOEXEC))
		goto free_fds;
	if (pipe2(fds->reply, O_CLOEXEC))
		goto close_request;
	lane->priv = fds;
	return 0;

close_request:
	err = -errno;
	close(fds->request[0]);
	close(fds->request[1]);
	free(fds);
	return err;
free_fds:
	err = -errno;
	free(fds);
	return err;
}

static void raw_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * Each process drops the other's ends, so that a death is seen as end of file.
 */
int raw_open(struct lane *lane, int step)
{
	struct raw_fds *fds = lane->priv;
	bool server = lane->side == SIDE_SERVER;

	if (step)
		return 0;
	raw_close_fd(&fds->request[server ? 1 : 0]);
	raw_close_fd(&fds->reply[server ? 0 : 1]);
	return 0;
}

void raw_close(struct lane *lane)
{
	struct raw_fds *fds = lane->priv;
	int i;

	if (!fds)
		return;
	for (i = 0; i < 2; i++) {
		raw_close_fd(&fds->request[i]);
		raw_close_fd(&fds->reply[i]);
	}
	free(fds);
	lane->priv = NULL;
}

int raw_write(int fd, const void *data, size_t len)
{
	const char *from = data;
	ssize_t n;

	while (len) {
		n = write(fd, from, len);
		if (n < 0) {
			if (errno == EINTR && !worker_stop)
				continue;
			return -errno;
		}
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t raw_read(int fd, void *data, size_t len)
{
	char *to = data;
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, to + got, len - got);
		if (!n)
			return -EPIPE;
		if (n < 0) {
			if (errno == EINTR && !worker_stop)
				continue;
			return -errno;
		}
		got += (size_t)n;
	}
	return (ssize_t)got;
}

ssize_t raw_stream_call(struct lane *lane, const void *data, size_t len,
			void *reply)
{
	struct raw_fds *fds = lane->priv;
	int err;

	err = raw_write(fds->request[1], data, len);
	if (err)
		return err;
	return raw_read(fds->reply[0], reply, payload_reply_len(len));
}

ssize_t raw_stream_recv(struct lane *lane, size_t expect, const void **data)
{
	struct raw_fds *fds = lane->priv;

	*data = lane->buffer;
	return raw_read(fds->request[0], lane->buffer, expect);
}

int raw_stream_reply(struct lane *lane, const void *data, size_t len)
{
	struct raw_fds *fds = lane->priv;

	return raw_write(fds->reply[1], data, len);
}

int raw_stream_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_fds *fds = lane->priv;

	return raw_write(fds->request[1], data, len);
}
