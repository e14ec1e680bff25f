// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ends: opening, receiving, sending and replying; see socket_end.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "socket_end.h"

/* ---- receiving ---- */

void kipc_end_lend(struct kipc_end *end, struct kipc_msg *msg, struct kipc_mail *mail)
{
	if (end->known) {
		mail->cred = end->peer;
		mail->known = true;
	}
	kipc_mail_lend(&end->base, msg, mail);
}

static bool kipc_end_take_mail(struct kipc_end *end, struct kipc_mail *mail)
{
	struct kipc_mail *first;

	if (!__atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST))
		return false;
	pthread_mutex_lock(&end->lock);
	first = __atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST);
	if (first)
		__atomic_store_n(&end->inbox, first->next, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&end->lock);
	if (!first)
		return false;
	*mail = *first;
	free(first);
	return true;
}

/* As the reader, take one message: 1, 0 where it was something else, or -errno. */
static int kipc_end_recv_one(struct kipc_end *end, struct kipc_mail *mail,
			     kipc_deadline deadline)
{
	int got = 0;

	/* The last reader may have put it there. */
	if (!__atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST) && !atomic_load(&end->gone))
		got = kipc_end_read(end, mail, deadline);
	if (got == 1 && kipc_end_is_answer(mail)) {
		kipc_end_hand_over(end, mail);
		got = 0;
	}
	kipc_end_yield(end);
	return got;
}

/* Wait for the reader: 0, or 1 where this thread is it now. */
static int kipc_end_follow(struct kipc_end *end, kipc_deadline deadline)
{
	int err = 0;

	pthread_mutex_lock(&end->lock);
	if (!__atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST) && !atomic_load(&end->gone))
		err = kipc_end_follow_locked(end, deadline);
	pthread_mutex_unlock(&end->lock);
	return err;
}

int kipc_end_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_end *end = kipc_to_end(handle);
	struct kipc_mail mail;
	int got = 0, turn;

	while (!got) {
		if (kipc_end_take_mail(end, &mail))
			break;
		got = atomic_load(&end->gone);
		if (got)
			return got;
		turn = kipc_end_claim(end) ? 1 : kipc_end_follow(end, deadline);
		got = turn > 0 ? kipc_end_recv_one(end, &mail, deadline) : turn;
	}
	if (got < 0)
		return got;
	kipc_end_lend(end, msg, &mail);
	return 0;
}

/* ---- sending and replying ---- */

int kipc_end_send(struct kipc *handle, const struct kipc_outgoing *out, kipc_deadline deadline)
{
	struct kipc_end *end = kipc_to_end(handle);
	int err;

	if (out->to)
		return -EINVAL;
	err = kipc_link_send(&end->link, KIPC_FRAME_SEND, 0, out, deadline);
	if (err == -EPIPE)
		kipc_end_refused(end);
	return err;
}

int kipc_end_reply(struct kipc *handle, struct kipc_msg *call, const struct kipc_outgoing *out)
{
	int err = kipc_link_reply(&kipc_to_end(handle)->link, call->id, out);

	if (!kipc_reply_is_open(err))
		kipc_socket_release(call);
	return err;
}

void kipc_end_release(struct kipc_msg *msg)
{
	if (msg->kind == KIPC_MSG_CALL)
		kipc_link_refuse(&kipc_to_end(msg->handle)->link, msg->id);
	kipc_socket_release(msg);
}

/* ---- opening ---- */

void kipc_end_close(struct kipc *handle)
{
	struct kipc_end *end = kipc_to_end(handle);
	struct kipc_mail *mail = __atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST);

	while (mail) {
		struct kipc_mail *next = mail->next;

		free(mail);
		mail = next;
	}
	kipc_link_deinit(&end->link);
	kipc_socket_drop_all_fds(handle);
	pthread_cond_destroy(&end->turn);
	pthread_mutex_destroy(&end->lock);
	kipc_handle_free(handle);
}

/*
 * Calls are numbered from 1, but for datagrams: those of a client that had our
 * address before us may still be answered.
 */
static unsigned long long kipc_end_first_call(const struct kipc_socket_kind *kind)
{
	uint64_t random = 0;

	if (kind->type == SOCK_DGRAM && getrandom(&random, sizeof(random), 0) < 0)
		random = (uint64_t)getpid() << 32;
	return random + 1;
}

/* Make a handle of a connected socket, which is the handle's from here on. */
static int kipc_end_new(struct kipc **handle, int fd, const struct kipc_address *address,
			const struct kipc_socket_kind *kind)
{
	struct kipc_end *end = kipc_handle_new(sizeof(*end), kind->end, KIPC_SIDE_BOTH);
	pthread_condattr_t monotonic;
	int err = end ? kipc_link_init(&end->link, &end->base, kind, fd, address) : -ENOMEM;

	if (err) {
		close(fd);
		if (end)
			kipc_handle_free(&end->base);
		return err;
	}
	atomic_init(&end->calls, kipc_end_first_call(kind));
	pthread_mutex_init(&end->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&end->turn, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*handle = &end->base;
	return 0;
}

int kipc_end_connect(struct kipc **handle, const struct kipc_address *address,
		     const struct kipc_socket_kind *kind)
{
	int fd = kind->connect(kind, address);
	socklen_t len = sizeof(struct ucred);
	struct kipc_end *end;
	int err;

	if (fd < 0)
		return fd;
	err = kipc_end_new(handle, fd, address, kind);
	if (err)
		return err;
	/* Who called listen(); of a pair only the one who made it would be known. */
	end = kipc_to_end(*handle);
	if (kind->domain == AF_UNIX && kind->type != SOCK_DGRAM)
		end->known = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &end->peer, &len);
	return 0;
}

int kipc_end_pair(struct kipc *ends[2], const struct kipc_address *address,
		  const struct kipc_socket_kind *kind)
{
	int fds[2];
	int err = kind->pair(kind, address, fds);

	if (err)
		return err;
	err = kipc_end_new(&ends[0], fds[0], address, kind);
	if (err) {
		close(fds[1]);
		return err;
	}
	err = kipc_end_new(&ends[1], fds[1], address, kind);
	if (err) {
		kipc_end_close(ends[0]);
		ends[0] = NULL;
	}
	return err;
}

int kipc_end_fd(struct kipc *handle)
{
	struct kipc_link *link = &kipc_to_end(handle)->link;

	atomic_store(&link->exact, true);
	return link->fd;
}

size_t kipc_end_max_size(const struct kipc *handle)
{
	return kipc_to_end(handle)->link.max_size;
}

int kipc_end_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf, size_t size)
{
	if (peer)
		return -EINVAL;
	return kipc_socket_text(handle->transport->mechanism.scheme, kipc_to_end(handle)->link.fd,
				of_peer, buf, size);
}

/* What came while a caller waited has left the socket, and so has what was read ahead. */
int kipc_end_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	struct kipc_end *end = kipc_to_end(handle);
	bool here = __atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST) || atomic_load(&end->gone);

	if (!(want & KIPC_WANT_RECV))
		return 0;
	/* Whoever is the reader just now takes what is ahead. */
	if (!here && end->link.kind->type == SOCK_STREAM && kipc_end_claim(end)) {
		here = end->link.ahead_len && kipc_stream_has_ahead(&end->link);
		kipc_end_yield(end);
	}
	if (here)
		events->timeout = 0;
	return 0;
}
