// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Streams: frames on sockets that keep no bounds.
 *
 * A frame is its head, the payload and a tail of four bytes that says whether it is
 * whole.
 *
 * Out.  A frame that a deadline or a signal cuts short is *void*: the link remembers
 * what it owes, pays it before its next frame (what is missing of the head, then
 * zeros), and the tail of zeros makes the receiver drop the whole.  So a send that
 * fails delivers nothing and the stream stays in step.
 *
 * In.  One recv() asks for more than the head, so a small frame comes by one system
 * call; what it brings of the frames behind is kept (@ahead) and taken first the next
 * time.  An owner whose descriptor is polled forbids that (@exact), because the poll
 * would not see it.  A frame outlives a receive that ran out of time.  Its buffer
 * grows as it fills, whatever length the head promises.
 *
 * Descriptors.  recv() drops any that it passes.  As long as none are announced it
 * never asks for more than %KIPC_STREAM_CHUNK bytes from the beginning of a frame, nor
 * beyond the end of a longer one; and an announcement is that long.  So whatever was
 * read before it, recv() cannot pass its end, and what follows is read by recvmsg().
 * That one stops behind the bytes that had descriptors with them; until the frame is
 * here that they belong to nothing is read beyond it, so there is one set at most.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "socket.h"

#define KIPC_STREAM_CHUNK	(68UL << 10)
#define KIPC_STREAM_HEAD	sizeof(struct kipc_frame)
#define KIPC_STREAM_TAIL	sizeof(uint32_t)

#define KIPC_TAIL_WHOLE		0x656e6f64U	/* "done" */
#define KIPC_TAIL_VOID		0U		/* what the zeros end in */

/* Without waiting, longer ones are only begun where they fit. */
#define KIPC_STREAM_TRY		16384UL

/* A reply that was begun waits so long for its caller to read, and for each MiB. */
#define KIPC_PATIENCE		KIPC_S(2)
#define KIPC_PATIENCE_MIB	KIPC_MS(125)

static const unsigned char kipc_zeros[KIPC_STREAM_CHUNK];

/* ---- out ---- */

/* Step over the first @n bytes of a vector. */
static void kipc_vector_advance(struct iovec **iov, int *count, size_t n)
{
	while (*count && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

/* @out: descriptors that go along, or NULL */
static ssize_t kipc_stream_put(int fd, struct iovec *iov, int count,
			       const struct kipc_outgoing *out, int flags)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };
	union kipc_control control;

	if (count == 1 && !out)
		return send(fd, iov->iov_base, iov->iov_len, flags);
	if (out)
		kipc_control_set_fds(&control, &msg, out);
	return sendmsg(fd, &msg, flags);
}

/*
 * Write all, or say in *@done how much was.  @patience: how long to wait, once
 * something is out, if @deadline is now; or 0.
 */
static int kipc_stream_write(int fd, struct iovec *iov, int count,
			     const struct kipc_outgoing *out, size_t *done,
			     kipc_deadline deadline, int64_t patience)
{
	int flags = MSG_NOSIGNAL | (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT);
	ssize_t n;
	int err;

	while (count) {
		n = kipc_stream_put(fd, iov, count, *done ? NULL : out, flags);
		if (n >= 0) {
			*done += (size_t)n;
			kipc_vector_advance(&iov, &count, (size_t)n);
			continue;
		}
		/* What the kernel will not pass on could come to hold itself. */
		if (errno == EINVAL && out && !*done)
			return -ELOOP;
		if (errno != EAGAIN)
			return kipc_socket_error(errno);
		if (*done && patience && deadline == KIPC_AT_ONCE)
			deadline = kipc_deadline_after(patience);
		err = kipc_wait_fd(fd, POLLOUT, deadline);
		/* A signal is no reason to give a caller up. */
		if (err && !(err == -EINTR && *done && patience))
			return err;
	}
	return 0;
}

/* Pay for a void frame. */
static int kipc_stream_pay(struct kipc_link *link, kipc_deadline deadline)
{
	int err = 0;

	while (link->owed && !err) {
		size_t head = link->owed_at < KIPC_STREAM_HEAD ?
			      KIPC_STREAM_HEAD - link->owed_at : 0;
		struct iovec iov = {
			.iov_base = (char *)&link->owed_frame + link->owed_at,
			.iov_len = head,
		};
		size_t done = 0;

		if (!head) {
			iov.iov_base = (void *)kipc_zeros;
			iov.iov_len = link->owed < sizeof(kipc_zeros) ? link->owed :
									 sizeof(kipc_zeros);
		}
		err = kipc_stream_write(link->fd, &iov, 1, NULL, &done, deadline, 0);
		link->owed_at += done;
		link->owed -= done;
	}
	return err;
}

/* Without waiting a long frame is only begun when it will fit, or it would be void. */
static int kipc_stream_fits_now(const struct kipc_link *link, size_t total)
{
	socklen_t len = sizeof(int);
	int room = 0, unsent = 0;

	if (total <= KIPC_STREAM_TRY)
		return 0;
	if (getsockopt(link->fd, SOL_SOCKET, SO_SNDBUF, &room, &len) || room < 0 ||
	    total > (size_t)room)
		return -EMSGSIZE;
	if (ioctl(link->fd, SIOCOUTQ, &unsent) || unsent < 0 || unsent > room ||
	    total > (size_t)(room - unsent))
		return -EAGAIN;
	return 0;
}

/* A small frame in one piece, a large one in three. */
static int kipc_stream_write_frame(struct kipc_link *link, const struct kipc_frame *frame,
				   const struct kipc_outgoing *out, size_t *done,
				   kipc_deadline deadline, int64_t patience)
{
	const struct kipc_outgoing *fds = out->fd_count ? out : NULL;
	uint32_t tail = htole32(KIPC_TAIL_WHOLE);
	unsigned char small[KIPC_STREAM_HEAD + KIPC_FRAME_SMALL + KIPC_STREAM_TAIL];
	struct iovec iov[3] = {
		{ (void *)frame, sizeof(*frame) },
		{ (void *)out->data, out->len },
		{ &tail, sizeof(tail) },
	};

	if (out->len > KIPC_FRAME_SMALL)
		return kipc_stream_write(link->fd, iov, 3, fds, done, deadline, patience);
	memcpy(small, frame, sizeof(*frame));
	if (out->len)
		memcpy(small + sizeof(*frame), out->data, out->len);
	memcpy(small + sizeof(*frame) + out->len, &tail, sizeof(tail));
	iov[0].iov_base = small;
	iov[0].iov_len = sizeof(*frame) + out->len + sizeof(tail);
	return kipc_stream_write(link->fd, iov, 1, fds, done, deadline, patience);
}

static int kipc_stream_send_locked(struct kipc_link *link, const struct kipc_frame *frame,
				   const struct kipc_outgoing *out, kipc_deadline deadline,
				   int64_t patience)
{
	size_t total = KIPC_STREAM_HEAD + out->len + KIPC_STREAM_TAIL;
	size_t done = 0;
	int err = 0;

	if (link->owed)
		err = kipc_stream_pay(link, deadline);
	if (!err && deadline == KIPC_AT_ONCE && !patience)
		err = kipc_stream_fits_now(link, total);
	if (!err)
		err = kipc_stream_write_frame(link, frame, out, &done, deadline, patience);
	if (err && done) {
		link->owed = total - done;
		link->owed_at = done;
		link->owed_frame = *frame;
	}
	/* Whoever does not read a reply to its end is given up. */
	if (err && done && patience) {
		shutdown(link->fd, SHUT_RDWR);
		err = -EPIPE;
	}
	return err;
}

/**
 * kipc_stream_send() - send a frame
 * @link:	the socket
 * @kind:	what it is for
 * @call:	which call, or 0
 * @out:	what it carries
 * @deadline:	when to stop waiting for room
 * @patient:	wait for the rest, once it is begun; if that is in vain, hang up
 *
 * Return: 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -EMSGSIZE (it would have to wait for
 * room); of descriptors -EBADF, -ELOOP, -EDQUOT.
 */
int kipc_stream_send(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, kipc_deadline deadline, bool patient)
{
	int64_t patience = patient ? KIPC_PATIENCE + (int64_t)(out->len >> 20) * KIPC_PATIENCE_MIB :
				     0;
	struct kipc_outgoing padded = *out;
	struct kipc_frame frame;
	int err;

	if (kind == KIPC_FRAME_ANNOUNCE) {
		padded.data = kipc_zeros;
		padded.len = KIPC_STREAM_CHUNK - KIPC_STREAM_HEAD - KIPC_STREAM_TAIL;
	}
	kipc_frame_set(&frame, kind, call, &padded);
	err = kipc_wait_lock(&link->lock, patient ? kipc_deadline_after(patience) : deadline);
	if (err)
		return patient ? -EAGAIN : err;
	err = kipc_stream_send_locked(link, &frame, &padded, deadline, patience);
	pthread_mutex_unlock(&link->lock);
	return err;
}

/* ---- in ---- */

/* The length of the frame that begins at @data: 0 not known yet, or -EPROTO. */
static ssize_t kipc_stream_total(const struct kipc_link *link, const unsigned char *data,
				 size_t got)
{
	struct kipc_frame frame;

	if (got < sizeof(frame))
		return 0;
	memcpy(&frame, data, sizeof(frame));
	if (!kipc_frame_ok(&frame) || le64toh(frame.len) > link->limit)
		return -EPROTO;
	return (ssize_t)(sizeof(frame) + le64toh(frame.len) + KIPC_STREAM_TAIL);
}

/* Is there something to receive that the socket does not know of? */
bool kipc_stream_has_ahead(const struct kipc_link *link)
{
	ssize_t total = kipc_stream_total(link, link->ahead + link->ahead_at, link->ahead_len);

	return total < 0 || (total && link->ahead_len >= (size_t)total);
}

/* One recv(), or where descriptors may come recvmsg(). */
static ssize_t kipc_stream_take(struct kipc_link *link, void *data, size_t size, int flags)
{
	struct iovec iov = { data, size };
	union kipc_control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ucred cred;
	bool known;
	ssize_t n;

	if (!link->expecting)
		return recv(link->fd, data, size, flags);
	n = recvmsg(link->fd, &msg, flags | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		kipc_control_read(&msg, &link->set, &link->set_count, &cred, &known);
	return n;
}

/* Read some of the frame: @total bytes long, or 0. */
static int kipc_stream_read(struct kipc_link *link, size_t total, kipc_deadline deadline)
{
	int flags = deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT;
	size_t end = total ? total : KIPC_STREAM_HEAD;
	ssize_t n;
	int err;

	if (end < KIPC_STREAM_CHUNK && !link->set_count &&
	    !atomic_load_explicit(&link->exact, memory_order_relaxed))
		end = KIPC_STREAM_CHUNK;
	if (end > link->buffer->capacity)
		end = link->buffer->capacity;
	for (;;) {
		err = deadline > 0 ? kipc_wait_fd(link->fd, POLLIN, deadline) : 0;
		if (err)
			return err;
		n = kipc_stream_take(link, link->buffer->data + link->got, end - link->got,
				     flags);
		if (n > 0) {
			link->got += (size_t)n;
			return 0;
		}
		if (!n)
			return -EPIPE;
		/* Closed with something unread; what it had sent can still be read. */
		if (errno == ECONNRESET)
			continue;
		if (errno != EAGAIN)
			return kipc_socket_error(errno);
		/* A socket that somebody made non-blocking waits here. */
		err = kipc_wait_fd(link->fd, POLLIN, deadline);
		if (err)
			return err;
	}
}

/* Room for more of a frame, a little ahead of what has come of it. */
static int kipc_stream_grow(struct kipc_buffer *buffer, size_t total)
{
	size_t more = 2 * buffer->capacity;

	return kipc_buffer_grow(buffer, more < total ? more : total);
}

/* Take some from what was read ahead, @total bytes at most. */
static void kipc_stream_take_ahead(struct kipc_link *link, size_t total)
{
	size_t n = total - link->got;

	if (n > link->ahead_len)
		n = link->ahead_len;
	memcpy(link->buffer->data + link->got, link->ahead + link->ahead_at, n);
	link->got += n;
	link->ahead_at += n;
	link->ahead_len -= n;
}

/* Put what follows a frame aside. */
static int kipc_stream_put_ahead(struct kipc_link *link, size_t total)
{
	if (!link->ahead) {
		link->ahead = malloc(KIPC_STREAM_CHUNK);
		if (!link->ahead)
			return -ENOMEM;
	}
	link->ahead_at = 0;
	link->ahead_len = link->got - total;
	memcpy(link->ahead, link->buffer->data + total, link->ahead_len);
	link->got = total;
	return 0;
}

/* Let link->buffer hold one frame; its length, or -errno. */
static ssize_t kipc_stream_fill(struct kipc_link *link, kipc_deadline deadline)
{
	struct kipc_buffer *buffer = link->buffer;
	ssize_t total;
	int err = 0;

	for (;;) {
		total = kipc_stream_total(link, buffer->data, link->got);
		if (total < 0)
			return total;
		if (total && link->got >= (size_t)total)
			break;
		if (link->ahead_len)
			kipc_stream_take_ahead(link, total ? (size_t)total : KIPC_STREAM_HEAD);
		else if (link->got == buffer->capacity)
			err = kipc_stream_grow(buffer, (size_t)total);
		else
			err = kipc_stream_read(link, (size_t)total, deadline);
		if (err)
			return err;
	}
	if (link->got > (size_t)total)
		err = kipc_stream_put_ahead(link, (size_t)total);
	return err ? err : total;
}

/* The descriptors that came belong to the first frame that says it has some. */
static int kipc_stream_claim(struct kipc_link *link, struct kipc_buffer *buffer,
			     unsigned int count)
{
	if (link->set_count > (count ? count : KIPC_MSG_FDS_MAX))
		return -EPROTO;
	if (count) {
		buffer->fds = link->set;
		buffer->fd_count = link->set_count;
		link->set = NULL;
		link->set_count = 0;
	}
	return 0;
}

/* What is in link->buffer: 1 a whole frame, 0 a void one, or -EPROTO. */
static int kipc_stream_judge(struct kipc_link *link, struct kipc_mail *mail)
{
	uint32_t tail;

	memcpy(&tail, link->buffer->data + KIPC_STREAM_HEAD + mail->len, sizeof(tail));
	if (tail != htole32(KIPC_TAIL_WHOLE) && tail != KIPC_TAIL_VOID)
		return -EPROTO;
	if (link->expecting && kipc_stream_claim(link, link->buffer,
						 le16toh(kipc_mail_frame(mail)->fd_count)))
		return -EPROTO;
	return tail != KIPC_TAIL_VOID;
}

/**
 * kipc_stream_recv() - receive a frame
 * @link:	the socket; one thread at a time
 * @mail:	filled in
 * @deadline:	when to stop waiting; what has come by then is kept
 *
 * Return: 0, -EPIPE (the stream has ended), -EAGAIN, -ETIMEDOUT, -EINTR, -ENOMEM,
 * -EPROTO (not of ours: there is no telling where the next one begins).
 */
int kipc_stream_recv(struct kipc_link *link, struct kipc_mail *mail, kipc_deadline deadline)
{
	ssize_t total;
	int whole;

	mail->known = false;
	do {
		if (!link->buffer)
			link->buffer = kipc_buffer_get(link->handle, KIPC_STREAM_CHUNK);
		if (!link->buffer)
			return -ENOMEM;
		total = kipc_stream_fill(link, deadline);
		if (total < 0)
			return (int)total;
		mail->buffer = link->buffer;
		mail->len = (size_t)total - KIPC_STREAM_HEAD - KIPC_STREAM_TAIL;
		whole = kipc_stream_judge(link, mail);
		link->buffer = NULL;
		link->got = 0;
		if (whole <= 0)
			kipc_mail_put(link->handle, mail);
	} while (!whole);
	return whole < 0 ? whole : 0;
}
