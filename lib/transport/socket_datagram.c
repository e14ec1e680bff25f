// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listeners on sockets without connections (unix-dgram:, udp:): one socket, on which
 * each datagram says where it came from.
 *
 * A client is an address, and numbered when it is first heard (socket_peers.c).  A call
 * keeps its address, behind the payload in its buffer, so it can be answered when the
 * number has been forgotten.  Nothing is ever heard of a client that goes.
 *
 * AF_UNIX tells with each datagram who sent it (SO_PASSCRED).  An abstract name has no
 * permission bits, so the mode is looked at here, message by message: what may not be
 * sent is dropped, and a call refused.
 *
 * @base.lock guards @peers.  Any number of threads, and of processes after a fork(),
 * may receive: each datagram goes to one of them, whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket_peers.h"

/* Datagrams in a row that are no messages, before a receive that does not wait ends. */
#define KIPC_DATAGRAM_SKIP 64

struct kipc_datagram {
	struct kipc base;
	const struct kipc_socket_kind *kind;
	int fd;
	size_t max_size;
	struct kipc_unix_bound bound;
	struct kipc_address address;
	struct kipc_peers peers;
};

static struct kipc_datagram *to_datagram(const struct kipc *handle)
{
	return container_of(handle, struct kipc_datagram, base);
}

/* ---- receiving ---- */

/* Behind the payload, where it is aligned. */
static struct kipc_sockaddr *kipc_datagram_from(const struct kipc_mail *mail)
{
	size_t at = sizeof(struct kipc_frame) + mail->len;

	return (struct kipc_sockaddr *)(mail->buffer->data + ((at + 15) & ~(size_t)15));
}

/* Room for that. */
#define KIPC_DATAGRAM_FROM (sizeof(struct kipc_sockaddr) + 16)

static bool kipc_datagram_allowed(const struct kipc_datagram *listener,
				  const struct kipc_mail *mail)
{
	return listener->kind->domain != AF_UNIX ||
	       (mail->known && kipc_unix_allowed(&listener->address, &mail->cred));
}

static void kipc_datagram_refuse(const struct kipc_datagram *listener, uint64_t call,
				 const struct kipc_sockaddr *to)
{
	static const struct kipc_outgoing none;

	kipc_packet_send(listener->fd, KIPC_FRAME_REFUSAL, call, &none, to, KIPC_AT_ONCE);
}

/* Is it a message for this listener? */
static bool kipc_datagram_accept(const struct kipc_datagram *listener,
				 const struct kipc_mail *mail, const struct kipc_sockaddr *from)
{
	enum kipc_frame_kind kind = kipc_mail_kind(mail);

	if ((kind != KIPC_FRAME_SEND && kind != KIPC_FRAME_CALL) ||
	    mail->len > listener->kind->max_size)
		return false;
	if (kipc_datagram_allowed(listener, mail))
		return true;
	if (kind == KIPC_FRAME_CALL)
		kipc_datagram_refuse(listener, kipc_mail_call(mail), from);
	return false;
}

/* Take one datagram: 1 a message, 0 something else, or -errno. */
static int kipc_datagram_take(struct kipc_datagram *listener, struct kipc_mail *mail,
			      kipc_deadline deadline)
{
	struct kipc_sockaddr from;
	int err;

	err = kipc_packet_recv_all(listener->fd, &listener->base, mail,
				   listener->kind->max_size + KIPC_DATAGRAM_FROM, &from,
				   deadline);
	switch (err) {
	case 0:
		break;
	case -EAGAIN:
	case -ETIMEDOUT:
	case -EINTR:
	case -ENOMEM:
		return err;
	default:	/* not of ours, or news of what was sent to somebody who has gone */
		return 0;
	}
	if (!kipc_datagram_accept(listener, mail, &from)) {
		kipc_mail_put(&listener->base, mail);
		return 0;
	}
	*kipc_datagram_from(mail) = from;
	return 1;
}

int kipc_datagram_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_datagram *listener = to_datagram(handle);
	struct kipc_mail mail;
	unsigned int n = 0;
	int got;

	do {
		got = kipc_datagram_take(listener, &mail, deadline);
		if (!got && deadline == KIPC_AT_ONCE && ++n == KIPC_DATAGRAM_SKIP)
			got = -EAGAIN;
	} while (!got);
	if (got < 0)
		return got;
	kipc_mail_lend(handle, msg, &mail);
	msg->priv[1] = kipc_datagram_from(&mail);
	pthread_mutex_lock(&handle->lock);
	msg->peer = kipc_peers_number(&listener->peers, msg->priv[1], mail.known ? msg->pid : 0);
	pthread_mutex_unlock(&handle->lock);
	return 0;
}

/* ---- sending and replying ---- */

static int kipc_datagram_find(struct kipc_datagram *listener, uint64_t number,
			      struct kipc_sockaddr *address)
{
	bool found;

	pthread_mutex_lock(&listener->base.lock);
	found = kipc_peers_find(&listener->peers, number, address);
	pthread_mutex_unlock(&listener->base.lock);
	return found ? 0 : -EPIPE;
}

int kipc_datagram_send(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline)
{
	struct kipc_datagram *listener = to_datagram(handle);
	struct kipc_sockaddr to;
	int err;

	if (!out->to)
		return -EDESTADDRREQ;
	err = kipc_datagram_find(listener, out->to, &to);
	if (err)
		return err;
	if (out->len > listener->max_size)
		return -EMSGSIZE;
	return kipc_packet_send(listener->fd, KIPC_FRAME_SEND, 0, out, &to, deadline);
}

/* Replies never wait: a client without room would hold the server up. */
int kipc_datagram_reply(struct kipc *handle, struct kipc_msg *call,
			const struct kipc_outgoing *out)
{
	struct kipc_datagram *listener = to_datagram(handle);
	int err;

	if (out->len > listener->max_size)
		return -EMSGSIZE;
	err = kipc_packet_send(listener->fd, KIPC_FRAME_REPLY, call->id, out, call->priv[1],
			       KIPC_AT_ONCE);
	if (err == -EAGAIN)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_socket_release(call);
	return err;
}

void kipc_datagram_release(struct kipc_msg *msg)
{
	if (msg->kind == KIPC_MSG_CALL)
		kipc_datagram_refuse(to_datagram(msg->handle), msg->id, msg->priv[1]);
	kipc_socket_release(msg);
}

/* ---- opening ---- */

void kipc_datagram_close(struct kipc *handle)
{
	struct kipc_datagram *listener = to_datagram(handle);

	kipc_socket_drop_all_fds(handle);
	kipc_peers_deinit(&listener->peers);
	kipc_unix_unbind(&listener->bound);
	if (listener->fd >= 0)
		close(listener->fd);
	kipc_handle_free(handle);
}

int kipc_datagram_fd(struct kipc *handle)
{
	return to_datagram(handle)->fd;
}

void kipc_datagram_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = to_datagram(handle)->max_size;
}

int kipc_datagram_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf,
			  size_t size)
{
	struct kipc_datagram *listener = to_datagram(handle);
	const char *scheme = handle->transport->mechanism.scheme;
	struct kipc_sockaddr address;
	int err;

	if (!of_peer)
		return kipc_socket_text(scheme, listener->fd, false, buf, size);
	err = kipc_datagram_find(listener, peer, &address);
	return err ? err : kipc_sockaddr_text(scheme, &address, buf, size);
}

static int kipc_datagram_start(struct kipc_datagram *listener)
{
	const struct kipc_socket_kind *kind = listener->kind;
	const int on = 1;
	int err;

	if (kipc_address_demands(&listener->address, KIPC_PARAM_SIZE) &&
	    listener->address.value[KIPC_PARAM_SIZE] > kind->max_size)
		return -EMSGSIZE;
	listener->fd = kind->listen(kind, &listener->address, &listener->bound);
	if (listener->fd < 0)
		return listener->fd;
	err = kipc_socket_set_size(listener->fd, &listener->address, kind->max_size);
	listener->max_size = kipc_socket_max_size(listener->fd, kind->max_size);
	if (!err && kind->domain == AF_UNIX &&
	    setsockopt(listener->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		err = -errno;
	return err;
}

int kipc_datagram_open(struct kipc **handle, const struct kipc_address *address,
		       const struct kipc_socket_kind *kind)
{
	struct kipc_datagram *listener = kipc_handle_new(sizeof(*listener), kind->listener,
							 KIPC_SIDE_BOTH);
	int err;

	if (!listener)
		return -ENOMEM;
	listener->kind = kind;
	listener->fd = -1;
	listener->address = *address;
	listener->bound.life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	kipc_peers_init(&listener->peers);
	err = kipc_datagram_start(listener);
	if (err)
		kipc_datagram_close(&listener->base);
	else
		*handle = &listener->base;
	return err;
}
