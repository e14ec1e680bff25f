// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Packets: frames on sockets that keep the bounds of messages.
 *
 * Each frame is one packet: its head and the payload.  The kernel keeps packets whole
 * and, but for UDP, in order, so there is nothing to put together.
 *
 * A small frame is put together here and sent as one piece, which costs less than
 * having the kernel collect two.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>

#include "socket.h"

/*
 * One meaning of an error everywhere.  What a network says when it gives a connection
 * up (ETIMEDOUT, EHOSTUNREACH, …) is that the peer is gone.
 */
int kipc_socket_error(int err)
{
	switch (err) {
	case ECONNRESET:
	case ECONNREFUSED:
	case ECONNABORTED:
	case ENOTCONN:
	case ENOENT:
	case ESHUTDOWN:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
		return -EPIPE;
	case ETOOMANYREFS:
		return -EDQUOT;
	default:
		return -err;
	}
}

/* ---- sending ---- */

static ssize_t kipc_packet_put_small(int fd, const struct kipc_frame *frame,
				     const struct kipc_outgoing *out,
				     const struct kipc_sockaddr *to, int flags)
{
	unsigned char packet[sizeof(*frame) + KIPC_FRAME_SMALL];

	memcpy(packet, frame, sizeof(*frame));
	if (out->len)
		memcpy(packet + sizeof(*frame), out->data, out->len);
	return sendto(fd, packet, sizeof(*frame) + out->len, flags, to ? &to->any : NULL,
		      to ? to->len : 0);
}

static ssize_t kipc_packet_put(int fd, struct kipc_frame *frame,
			       const struct kipc_outgoing *out,
			       const struct kipc_sockaddr *to, int flags)
{
	struct iovec iov[2] = {
		{ frame, sizeof(*frame) },
		{ (void *)out->data, out->len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union kipc_control control;

	if (to) {
		msg.msg_name = (void *)&to->any;
		msg.msg_namelen = to->len;
	}
	if (out->fd_count)
		kipc_control_set_fds(&control, &msg, out);
	return sendmsg(fd, &msg, flags);
}

/*
 * The usual case in one piece of code: a small frame without descriptors, to a peer that
 * has room.  False: it did not go, and kipc_packet_send() says why.
 */
bool kipc_packet_try(int fd, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out)
{
	unsigned char packet[sizeof(struct kipc_frame) + KIPC_FRAME_SMALL]
		__attribute__((aligned(8)));

	kipc_frame_set((struct kipc_frame *)packet, kind, call, out);
	if (out->len)
		memcpy(packet + sizeof(struct kipc_frame), out->data, out->len);
	return send(fd, packet, sizeof(struct kipc_frame) + out->len,
		    MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/*
 * Wait for room.  A socket without a peer of its own does not know whether the
 * receiver has room and polls writable all the same; then the wait is a nap.
 */
static int kipc_packet_wait(int fd, bool *polled, kipc_deadline deadline)
{
	static const struct timespec nap = { .tv_nsec = 1000000 };
	int err;

	if (*polled && deadline != KIPC_AT_ONCE && ppoll(NULL, 0, &nap, NULL) < 0)
		return -errno;
	err = kipc_wait_fd(fd, POLLOUT, deadline);
	*polled = true;
	return err;
}

/**
 * kipc_packet_send() - send a frame as a packet
 * @fd:		the socket
 * @kind:	what it is for
 * @call:	which call, or 0
 * @out:	what it carries
 * @to:		to whom, or NULL: to the socket's peer
 * @deadline:	when to stop waiting for room
 *
 * Without a deadline the kernel waits; with one, the usual case is tried first and
 * waited for after.
 *
 * Return: 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -EMSGSIZE, -ENOBUFS (no contiguous
 * memory for a large packet); of descriptors -EBADF, -ELOOP, -EDQUOT.
 */
int kipc_packet_send(int fd, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, const struct kipc_sockaddr *to,
		     kipc_deadline deadline)
{
	int flags = MSG_NOSIGNAL | (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT);
	struct kipc_frame frame;
	bool polled = false;
	ssize_t n;
	int err;

	kipc_frame_set(&frame, kind, call, out);
	for (;;) {
		if (out->len <= KIPC_FRAME_SMALL && !out->fd_count)
			n = kipc_packet_put_small(fd, &frame, out, to, flags);
		else
			n = kipc_packet_put(fd, &frame, out, to, flags);
		if (n >= 0)
			return 0;
		/* What the kernel will not pass on could come to hold itself. */
		if (errno == EINVAL && out->fd_count)
			return -ELOOP;
		if (errno != EAGAIN)
			return kipc_socket_error(errno);
		err = kipc_packet_wait(fd, &polled, deadline);
		if (err)
			return err;
	}
}

/* ---- receiving ---- */

/* Is what came a frame, and whole? */
static int kipc_packet_check(struct kipc_mail *mail, ssize_t n)
{
	struct kipc_buffer *buffer = mail->buffer;
	const struct kipc_frame *frame = kipc_mail_frame(mail);

	if (n < (ssize_t)sizeof(*frame))
		return n ? -EPROTO : -ENODATA;
	mail->len = (size_t)n - sizeof(*frame);
	if ((size_t)n > buffer->capacity || !kipc_frame_ok(frame) ||
	    le64toh(frame->len) != mail->len || buffer->fd_count > le16toh(frame->fd_count))
		return -EPROTO;
	return 0;
}

/* One packet with all that comes with it. */
static ssize_t kipc_packet_take_all(int fd, struct kipc_mail *mail, struct kipc_sockaddr *from,
				    int flags)
{
	struct kipc_buffer *buffer = mail->buffer;
	struct iovec iov = { buffer->data, buffer->capacity };
	union kipc_control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	if (from) {
		/* What the kernel leaves as it is for whoever has no name. */
		from->any.sa_family = AF_UNIX;
		msg.msg_name = &from->any;
		msg.msg_namelen = sizeof(from->storage);
	}
	n = recvmsg(fd, &msg, flags | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	if (from)
		from->len = msg.msg_namelen;
	kipc_control_read(&msg, &buffer->fds, &buffer->fd_count, &mail->cred, &mail->known);
	return n;
}

/*
 * Receive one packet into mail->buffer, by recv() where that is enough.
 *
 * ECONNRESET says that the peer closed without having read everything; what it had
 * sent before can still be read, so it is only passed over.
 */
static inline __attribute__((always_inline))
int kipc_packet_recv_by(int fd, struct kipc_mail *mail, bool all, struct kipc_sockaddr *from,
			kipc_deadline deadline)
{
	int flags = deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT;
	ssize_t n;
	int err;

	for (;;) {
		err = deadline > 0 ? kipc_wait_fd(fd, POLLIN, deadline) : 0;
		if (err)
			return err;
		n = all ? kipc_packet_take_all(fd, mail, from, flags) :
			  recv(fd, mail->buffer->data, mail->buffer->capacity,
			       flags | MSG_TRUNC);
		if (n >= 0)
			return kipc_packet_check(mail, n);
		if (errno == ECONNRESET)
			continue;
		if (errno != EAGAIN || deadline == KIPC_AT_ONCE)
			return -errno;
		/* A socket that somebody made non-blocking waits here. */
		err = kipc_wait_fd(fd, POLLIN, deadline);
		if (err)
			return err;
	}
}

static inline __attribute__((always_inline))
int kipc_packet_recv_mail(int fd, struct kipc *handle, struct kipc_mail *mail, size_t size,
			  bool all, struct kipc_sockaddr *from, kipc_deadline deadline)
{
	int err;

	mail->known = false;
	mail->buffer = kipc_buffer_get(handle, sizeof(struct kipc_frame) + size);
	if (!mail->buffer)
		return -ENOMEM;
	err = kipc_packet_recv_by(fd, mail, all, from, deadline);
	if (err)
		kipc_mail_put(handle, mail);
	return err;
}

/**
 * kipc_packet_recv() - receive a packet, and nothing beside it
 * @fd:		the socket
 * @handle:	whose buffer to take
 * @mail:	filled in
 * @size:	the largest payload that may come
 * @deadline:	when to stop waiting
 *
 * Return: 0, -ENODATA (an empty packet: the peer has closed), -EAGAIN, -ETIMEDOUT,
 * -EINTR, -ENOMEM, -EPROTO (not of ours), or what the socket says.
 */
int kipc_packet_recv(int fd, struct kipc *handle, struct kipc_mail *mail, size_t size,
		     kipc_deadline deadline)
{
	return kipc_packet_recv_mail(fd, handle, mail, size, false, NULL, deadline);
}

/* The same with descriptors, who sent it where that is told, and @from where, or NULL. */
int kipc_packet_recv_all(int fd, struct kipc *handle, struct kipc_mail *mail, size_t size,
			 struct kipc_sockaddr *from, kipc_deadline deadline)
{
	return kipc_packet_recv_mail(fd, handle, mail, size, true, from, deadline);
}
