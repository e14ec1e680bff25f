// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Packets: what the library's messages look like on a SOCK_SEQPACKET socket.
 *
 * Each message is one packet: struct kipc_packet and the payload.  The kernel
 * keeps packets whole and in order, so there is nothing to put together.  A packet
 * of no bytes is the end: the peer has closed.
 */
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>

#include "unix.h"

#define KIPC_PACKET_MAGIC 0x316b7071U	/* "qpk1" */

/*
 * Send a packet.  Without a deadline the kernel waits; with one, the usual case is
 * tried first and waited for after.
 *
 * Returns 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -EMSGSIZE or -ENOBUFS (no
 * contiguous memory for a large packet).
 */
int kipc_packet_send(int fd, enum kipc_packet_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, kipc_deadline deadline)
{
	struct kipc_packet packet = {
		.magic = KIPC_PACKET_MAGIC,
		.kind = kind,
		.call = call,
		.type = out->type,
	};
	struct iovec iov[2] = {
		{ &packet, sizeof(packet) },
		{ (void *)out->data, out->len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	int flags = MSG_NOSIGNAL | (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT);

	for (;;) {
		int err;

		if (sendmsg(fd, &msg, flags) >= 0)
			return 0;
		if (errno == ECONNRESET || errno == ENOTCONN)
			return -EPIPE;
		if (errno != EAGAIN)
			return -errno;
		err = kipc_wait_fd(fd, POLLOUT, deadline);
		if (err)
			return err;
	}
}

/* What recvmsg() said: a length, or an error of ours. */
static ssize_t kipc_packet_check(const struct kipc_packet *packet, ssize_t n, int flags)
{
	if (n == 0)
		return -EPIPE;
	if (n < (ssize_t)sizeof(*packet) || packet->magic != KIPC_PACKET_MAGIC ||
	    packet->kind < KIPC_PACKET_SEND || packet->kind > KIPC_PACKET_REFUSAL ||
	    flags & MSG_TRUNC)
		return -EPROTO;
	return n - (ssize_t)sizeof(*packet);
}

/*
 * Receive a packet; the length of its payload, or -EPIPE, -EAGAIN, -ETIMEDOUT,
 * -EINTR, -EPROTO (not of ours).
 *
 * ECONNRESET says that the peer closed without having read everything; what it
 * had sent before can still be read, so it is only passed over.
 */
ssize_t kipc_packet_recv(int fd, struct kipc_packet *packet, struct kipc_buffer *buffer,
			 kipc_deadline deadline)
{
	struct iovec iov[2] = {
		{ packet, sizeof(*packet) },
		{ buffer->data, buffer->capacity },
	};
	int flags = MSG_CMSG_CLOEXEC | (deadline == KIPC_NEVER ? 0 : MSG_DONTWAIT);

	for (;;) {
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
		ssize_t n;
		int err;

		if (deadline > 0) {
			err = kipc_wait_fd(fd, POLLIN, deadline);
			if (err)
				return err;
		}
		n = recvmsg(fd, &msg, flags);
		if (n >= 0)
			return kipc_packet_check(packet, n, msg.msg_flags);
		if (errno == EAGAIN && deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		/* A socket that somebody made non-blocking waits here. */
		if (errno == EAGAIN)
			err = kipc_wait_fd(fd, POLLIN, deadline);
		else
			err = errno == ECONNRESET ? 0 : -errno;
		if (err)
			return err;
	}
}
