// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Links: a socket with one peer, to which frames are sent and from which they come,
 * whatever its type; see socket.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"

/* Frames in a row that are not for our owner, before it has its turn. */
#define KIPC_LINK_SKIP	16

/* The bound that an address demands; a wish does not keep anything out. */
static size_t kipc_link_limit(const struct kipc_socket_kind *kind,
			      const struct kipc_address *address)
{
	uint64_t size = kind->max_size;

	if (kind->type == SOCK_STREAM && kipc_address_demands(address, KIPC_PARAM_SIZE))
		size = address->value[KIPC_PARAM_SIZE];
	return size < kind->max_size ? (size_t)size : kind->max_size;
}

/**
 * kipc_link_init() - make a link of a connected socket
 * @link:	zeroed
 * @handle:	whose it is
 * @kind:	of the socket
 * @fd:		it; after an error still the caller's
 * @address:	with the options
 *
 * Return: 0, or -EMSGSIZE where it cannot carry what the address demands.
 */
int kipc_link_init(struct kipc_link *link, struct kipc *handle,
		   const struct kipc_socket_kind *kind, int fd, const struct kipc_address *address)
{
	const int on = 1;

	if (kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	    address->value[KIPC_PARAM_SIZE] > kind->max_size)
		return -EMSGSIZE;
	link->handle = handle;
	link->kind = kind;
	link->fd = fd;
	link->fds = kind->domain == AF_UNIX;
	link->limit = kipc_link_limit(kind, address);
	link->max_size = link->limit;
	if (kind->type != SOCK_STREAM) {
		int err = kipc_socket_set_size(fd, address, kind->max_size);

		if (err)
			return err;
		link->max_size = kipc_socket_max_size(fd, kind->max_size);
	}
	if (kind->type == SOCK_SEQPACKET)
		link->small = link->max_size < KIPC_FRAME_SMALL ? link->max_size :
								  KIPC_FRAME_SMALL;
	/* Datagrams tell who sent them one by one, and bring descriptors unannounced. */
	if (link->fds && kind->type == SOCK_DGRAM) {
		if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
			return -errno;
		link->expecting = true;
		link->announced = true;
	}
	pthread_mutex_init(&link->lock, NULL);
	return 0;
}

void kipc_link_deinit(struct kipc_link *link)
{
	if (link->buffer)
		kipc_buffer_put(link->handle, link->buffer);
	kipc_fds_drop(&link->set, &link->set_count);
	free(link->ahead);
	close(link->fd);
	pthread_mutex_destroy(&link->lock);
}

static int kipc_link_put(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
			 const struct kipc_outgoing *out, kipc_deadline deadline, bool patient)
{
	if (kipc_link_is_stream(link))
		return kipc_stream_send(link, kind, call, out, deadline, patient);
	return kipc_packet_send(link->fd, kind, call, out, NULL, deadline);
}

/* Tell the peer that descriptors are to come. */
static int kipc_link_announce(struct kipc_link *link, kipc_deadline deadline, bool patient)
{
	static const struct kipc_outgoing none;
	int err = kipc_link_put(link, KIPC_FRAME_ANNOUNCE, 0, &none, deadline, patient);

	if (!err)
		atomic_store(&link->announced, true);
	return err;
}

static int kipc_link_send_by(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
			     const struct kipc_outgoing *out, kipc_deadline deadline,
			     bool patient)
{
	int err = 0;

	if (out->len > link->max_size)
		return -EMSGSIZE;
	if (out->fd_count && !atomic_load(&link->announced))
		err = kipc_link_announce(link, deadline, patient);
	return err ? err : kipc_link_put(link, kind, call, out, deadline, patient);
}

/*
 * TCP takes what is sent to a peer that has closed, and nobody hears of its end.  A
 * peer of ours closes both ways or none.
 */
static bool kipc_link_has_hung_up(const struct kipc_link *link)
{
	struct pollfd pollfd = { .fd = link->fd, .events = POLLRDHUP };

	return kipc_link_is_stream(link) && link->kind->domain != AF_UNIX &&
	       poll(&pollfd, 1, 0) == 1;
}

/* Send a frame; see kipc_packet_send() and kipc_stream_send(). */
int kipc_link_send(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
		   const struct kipc_outgoing *out, kipc_deadline deadline)
{
	if (out->len <= link->small && !out->fd_count && link->small &&
	    kipc_packet_try(link->fd, kind, call, out))
		return 0;
	/* Whoever calls hears of it in time. */
	if (kind == KIPC_FRAME_SEND && kipc_link_has_hung_up(link))
		return -EPIPE;
	return kipc_link_send_by(link, kind, call, out, deadline, false);
}

/*
 * Replies do not wait: a caller without room would hold its server up.  But what a
 * stream has begun to take it must get the rest of.  No room is -ENOBUFS.
 */
int kipc_link_reply(struct kipc_link *link, uint64_t call, const struct kipc_outgoing *out)
{
	int err;

	if (out->len <= link->small && !out->fd_count && link->small &&
	    kipc_packet_try(link->fd, KIPC_FRAME_REPLY, call, out))
		return 0;
	err = kipc_link_send_by(link, KIPC_FRAME_REPLY, call, out, KIPC_AT_ONCE, true);
	return err == -EAGAIN ? -ENOBUFS : err;
}

void kipc_link_refuse(struct kipc_link *link, uint64_t call)
{
	static const struct kipc_outgoing none;

	kipc_link_put(link, KIPC_FRAME_REFUSAL, call, &none, KIPC_AT_ONCE, true);
}

static int kipc_link_take(struct kipc_link *link, struct kipc_mail *mail,
			  kipc_deadline deadline)
{
	int err;

	if (kipc_link_is_stream(link))
		return kipc_stream_recv(link, mail, deadline);
	if (link->expecting)
		err = kipc_packet_recv_all(link->fd, link->handle, mail, link->limit, NULL,
					   deadline);
	else
		err = kipc_packet_recv(link->fd, link->handle, mail, link->limit, deadline);
	return err == -ENODATA && !kipc_link_is_datagram(link) ? -EPIPE : err;
}

/**
 * kipc_link_recv() - receive a frame that is for our owner
 * @link:	one thread at a time
 * @mail:	filled in
 * @deadline:	when to stop waiting
 *
 * A datagram that is not of ours is nobody's fault and passed over.
 *
 * Return: 0, -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -ENOMEM, -EPROTO, or, of UDP,
 * -ECONNREFUSED.
 */
int kipc_link_recv(struct kipc_link *link, struct kipc_mail *mail, kipc_deadline deadline)
{
	unsigned int n;
	int err;

	for (n = 0; n < KIPC_LINK_SKIP || deadline != KIPC_AT_ONCE; n++) {
		err = kipc_link_take(link, mail, deadline);
		if (kipc_link_is_datagram(link) && (err == -EPROTO || err == -ENODATA))
			continue;
		if (err)
			return err;
		if (kipc_mail_kind(mail) < KIPC_FRAME_ANNOUNCE)
			return 0;
		if (kipc_mail_kind(mail) == KIPC_FRAME_ANNOUNCE)
			link->expecting = link->fds;
		kipc_mail_put(link->handle, mail);
	}
	return -EAGAIN;
}

/* ---- what came ---- */

void kipc_mail_put(struct kipc *handle, const struct kipc_mail *mail)
{
	if (mail->buffer->fd_count)
		kipc_fds_drop(&mail->buffer->fds, &mail->buffer->fd_count);
	kipc_buffer_put(handle, mail->buffer);
}

/* Let a message carry a frame's payload, and tell what the frame tells. */
void kipc_mail_lend(struct kipc *handle, struct kipc_msg *msg, const struct kipc_mail *mail)
{
	const struct kipc_frame *frame = kipc_mail_frame(mail);
	struct kipc_buffer *buffer = mail->buffer;

	kipc_buffer_lend(handle, msg, buffer, sizeof(*frame), mail->len);
	msg->kind = le16toh(frame->kind);
	msg->id = le64toh(frame->call);
	msg->type = le64toh(frame->type);
	msg->known = KIPC_KNOWN_TYPE;
	msg->fd_count = le16toh(frame->fd_count);
	/* Some without the others are of no use: kipc_take_fds() says that they are lost. */
	if (buffer->fd_count < msg->fd_count)
		kipc_fds_drop(&buffer->fds, &buffer->fd_count);
	if (mail->known) {
		msg->pid = mail->cred.pid;
		msg->uid = mail->cred.uid;
		msg->gid = mail->cred.gid;
		msg->known |= KIPC_KNOWN_PEER;
	}
}

/* Give a message's memory back, and close the descriptors that came with it. */
void kipc_socket_release(struct kipc_msg *msg)
{
	struct kipc_buffer *buffer = msg->priv[0];

	if (buffer && buffer->fd_count)
		kipc_fds_drop(&buffer->fds, &buffer->fd_count);
	kipc_buffer_return(msg);
}
