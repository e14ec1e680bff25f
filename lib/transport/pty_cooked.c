// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pty, cooked: a message is a line.
 *
 * What goes to the slave passes the line discipline: it edits the line (erase, kill, word
 * erase, literal next), and read(2) there returns one line.  What goes to the master is a
 * stream, of which the library takes a byte at a time until the newline: it must not have
 * read what comes after, which a poll would not show.
 *
 * A line that a deadline or a signal cuts short is ended with a cancel character before
 * the next one; the receiver drops a line that ends in that.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pty.h"

#define KIPC_PTY_CANCEL	0x18

/* Write all; *@done says how much was. */
static int kipc_pty_write(int fd, const char *data, size_t len, size_t *done,
			  kipc_deadline deadline)
{
	while (*done < len) {
		ssize_t n = write(fd, data + *done, len - *done);
		int err;

		if (n > 0) {
			*done += (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN)
			return errno == EIO ? -EPIPE : -errno;
		err = kipc_wait_fd(fd, POLLOUT, deadline);
		if (err)
			return err;
	}
	return 0;
}

static int kipc_pty_send_locked(struct kipc_pty *pty, const struct kipc_outgoing *out,
				kipc_deadline deadline)
{
	static const char cancel[] = { KIPC_PTY_CANCEL, '\n' };
	const int fd = pty->duplex.pipe.out.fd;
	char line[KIPC_PTY_LINE_MAX + 1];
	size_t done = 0;
	int err;

	if (kipc_frame_out_is_gone(&pty->duplex.pipe.out))
		return -EPIPE;
	if (pty->cut) {
		err = kipc_pty_write(fd, cancel, sizeof(cancel), &done, deadline);
		/* Half of it is a character of a line that is cancelled all the same. */
		if (err)
			return err;
		pty->cut = false;
		done = 0;
	}
	if (out->len)
		memcpy(line, out->data, out->len);
	line[out->len] = '\n';
	err = kipc_pty_write(fd, line, out->len + 1, &done, deadline);
	pty->cut = err && done;
	return err;
}

int kipc_pty_send_line(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline)
{
	struct kipc_pty *pty = kipc_to_pty(handle);
	struct kipc_frame_out *end = &pty->duplex.pipe.out;
	int err;

	if (out->len > end->max_size)
		return -EMSGSIZE;
	if (out->to || (out->len && memchr(out->data, '\n', out->len)))
		return -EINVAL;
	err = kipc_wait_lock(&end->lock, deadline);
	if (err)
		return err;
	err = kipc_pty_send_locked(pty, out, deadline);
	pthread_mutex_unlock(&end->lock);
	return err;
}

/* Read at most @most bytes; how many, or -errno. */
static ssize_t kipc_pty_read(int fd, char *buf, size_t most, kipc_deadline deadline)
{
	for (;;) {
		ssize_t n = read(fd, buf, most);
		int err;

		if (n > 0)
			return n;
		if (!n || errno == EIO)
			return -EPIPE;
		if (errno != EAGAIN)
			return -errno;
		err = kipc_wait_fd(fd, POLLIN, deadline);
		if (err)
			return err;
	}
}

/* Read until @part has a line: its newline, or all that there is room for. */
static int kipc_pty_fill(struct kipc_pty *pty, kipc_deadline deadline)
{
	size_t room;
	ssize_t n;

	while (!pty->part_len || pty->part[pty->part_len - 1] != '\n') {
		room = sizeof(pty->part) - pty->part_len;
		if (!room)
			return 0;
		n = kipc_pty_read(pty->duplex.pipe.in.fd, pty->part + pty->part_len,
				  pty->master ? 1 : room, deadline);
		if (n < 0)
			return (int)n;
		pty->part_len += (size_t)n;
	}
	return 0;
}

/* The line without what ends it; false where it was cancelled. */
static bool kipc_pty_chop(struct kipc_pty *pty)
{
	if (pty->part[pty->part_len - 1] == '\n')
		pty->part_len--;
	return !pty->part_len || pty->part[pty->part_len - 1] != KIPC_PTY_CANCEL;
}

int kipc_pty_recv_line(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_pty *pty = kipc_to_pty(handle);
	struct kipc_buffer *buffer = kipc_buffer_get(handle, sizeof(pty->part));
	struct kipc_frame_in *in = &pty->duplex.pipe.in;
	bool whole = false;
	int err;

	if (!buffer)
		return -ENOMEM;
	err = kipc_wait_lock(&in->lock, deadline);
	if (err) {
		kipc_buffer_put(handle, buffer);
		return err;
	}
	while (!err && !whole) {
		err = kipc_pty_fill(pty, deadline);
		if (err)
			break;
		whole = kipc_pty_chop(pty);
		if (whole) {
			memcpy(buffer->data, pty->part, pty->part_len);
			kipc_buffer_lend(handle, msg, buffer, 0, pty->part_len);
		}
		pty->part_len = 0;
	}
	pthread_mutex_unlock(&in->lock);
	if (err)
		kipc_buffer_put(handle, buffer);
	return err;
}
