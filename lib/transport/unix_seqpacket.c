// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unix-seqpacket: messages, calls and replies over an AF_UNIX socket; here, an
 * end that has one peer: a client, and both ends of a pair.  (Listeners are in
 * unix_listener.c.)
 *
 * One stream of packets brings replies for callers and messages for receivers,
 * and any number of threads may wait for either.  One of the waiting threads is
 * the *reader*: it takes packets from the socket for all.  What it finds that is
 * not its own it hands over: a reply to the caller that waits for that number, a
 * message to the inbox.  When it has its own, or runs out of time, it stops
 * reading and wakes the others, and one of them becomes the reader.
 *
 * @lock guards @reading, @gone, @callers and the inbox.  It is never held while a
 * thread waits for the socket.
 *
 * A reply that nobody waits for any more (its caller timed out) is dropped.
 *
 * Processes that share an end by fork() share its socket but not this: two that
 * receive, or call, at the same time take each other's packets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix.h"

/* A message that somebody else read. */
struct kipc_unix_mail {
	struct kipc_unix_mail *next;
	struct kipc_packet packet;
	struct kipc_buffer *buffer;
	size_t len;
};

/* A thread in kipc_call(), on its stack. */
struct kipc_unix_caller {
	struct kipc_unix_caller *next;
	uint64_t call;
	bool done;
	struct kipc_unix_mail mail;
};

struct kipc_unix {
	struct kipc base;
	int fd;
	size_t max_size;
	bool known;			/* the peer's identity */
	struct ucred peer;
	atomic_ullong calls;

	pthread_mutex_t lock;
	pthread_cond_t turn;
	unsigned int waiting;
	bool reading;
	int gone;			/* why no more will come: -EPIPE, -EPROTO */
	struct kipc_unix_caller *callers;
	struct kipc_unix_mail *inbox;
};

static struct kipc_unix *to_unix(struct kipc *handle)
{
	return container_of(handle, struct kipc_unix, base);
}

/* ---- the reader ---- */

/* Wait until somebody else has read something, or has stopped. */
static int kipc_unix_follow(struct kipc_unix *end, kipc_deadline deadline)
{
	struct timespec ts;
	int err;

	if (deadline == KIPC_AT_ONCE)
		return -EAGAIN;
	end->waiting++;
	if (deadline == KIPC_NEVER)
		err = pthread_cond_wait(&end->turn, &end->lock);
	else
		err = pthread_cond_timedwait(&end->turn, &end->lock,
					     kipc_deadline_timespec(deadline, &ts));
	end->waiting--;
	return err ? -ETIMEDOUT : 0;
}

static void kipc_unix_wake(struct kipc_unix *end)
{
	if (end->waiting)
		pthread_cond_broadcast(&end->turn);
}

/* Take one packet off the socket, without the lock. */
static int kipc_unix_read(struct kipc_unix *end, struct kipc_unix_mail *mail,
			  kipc_deadline deadline)
{
	ssize_t len;

	mail->buffer = kipc_packet_buffer(&end->base);
	if (!mail->buffer)
		return -ENOMEM;
	len = kipc_packet_recv(end->fd, &mail->packet, mail->buffer, deadline);
	if (len >= 0) {
		mail->len = (size_t)len;
		return 0;
	}
	kipc_buffer_put(&end->base, mail->buffer);
	mail->buffer = NULL;
	return (int)len;
}

static bool kipc_unix_is_answer(const struct kipc_unix_mail *mail)
{
	return mail->packet.kind == KIPC_PACKET_REPLY ||
	       mail->packet.kind == KIPC_PACKET_REFUSAL;
}

/* Hand an answer to its caller, or drop it. */
static void kipc_unix_deliver(struct kipc_unix *end, const struct kipc_unix_mail *mail)
{
	struct kipc_unix_caller *caller;

	for (caller = end->callers; caller; caller = caller->next) {
		if (caller->call != mail->packet.call || caller->done)
			continue;
		caller->mail = *mail;
		caller->done = true;
		return;
	}
	kipc_buffer_put(&end->base, mail->buffer);
}

/*
 * Put a message into the inbox.  This is the one place that allocates: a caller
 * found a message for a receiver.  Without memory the message waits in the hands
 * of nobody, so it is lost, and the end says so by being gone.
 */
static void kipc_unix_store(struct kipc_unix *end, const struct kipc_unix_mail *mail)
{
	struct kipc_unix_mail **tail = &end->inbox;
	struct kipc_unix_mail *copy = malloc(sizeof(*copy));

	if (!copy) {
		kipc_buffer_put(&end->base, mail->buffer);
		end->gone = -ENOMEM;
		return;
	}
	*copy = *mail;
	copy->next = NULL;
	while (*tail)
		tail = &(*tail)->next;
	*tail = copy;
}

/*
 * Be the reader for one packet: 1 with a message for a receiver in @mail, 0 when
 * it was an answer and has been handed over, or -errno.
 */
static int kipc_unix_read_one(struct kipc_unix *end, struct kipc_unix_mail *mail,
			      kipc_deadline deadline)
{
	int err;

	end->reading = true;
	pthread_mutex_unlock(&end->lock);
	err = kipc_unix_read(end, mail, deadline);
	pthread_mutex_lock(&end->lock);
	end->reading = false;

	if (err == -EPIPE || err == -EPROTO)
		end->gone = err;
	if (!err && kipc_unix_is_answer(mail))
		kipc_unix_deliver(end, mail);
	else if (!err)
		err = 1;
	kipc_unix_wake(end);
	return err;
}

/* ---- receiving ---- */

static void kipc_unix_lend(struct kipc_unix *end, struct kipc_msg *msg,
			   const struct kipc_unix_mail *mail)
{
	kipc_buffer_lend(&end->base, msg, mail->buffer, 0, mail->len);
	msg->kind = mail->packet.kind;
	msg->id = mail->packet.call;
	msg->type = mail->packet.type;
	msg->known = KIPC_KNOWN_TYPE;
	if (end->known) {
		msg->pid = end->peer.pid;
		msg->uid = end->peer.uid;
		msg->gid = end->peer.gid;
		msg->known |= KIPC_KNOWN_PEER;
	}
}

static bool kipc_unix_take_mail(struct kipc_unix *end, struct kipc_unix_mail *mail)
{
	struct kipc_unix_mail *first = end->inbox;

	if (!first)
		return false;
	end->inbox = first->next;
	*mail = *first;
	free(first);
	return true;
}

static int kipc_unix_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_unix *end = to_unix(handle);
	struct kipc_unix_mail mail;
	int got = 0;

	pthread_mutex_lock(&end->lock);
	while (!got) {
		if (kipc_unix_take_mail(end, &mail))
			got = 1;
		else if (end->gone)
			got = end->gone;
		else if (end->reading)
			got = kipc_unix_follow(end, deadline);
		else
			got = kipc_unix_read_one(end, &mail, deadline);
	}
	pthread_mutex_unlock(&end->lock);
	if (got < 0)
		return got;
	kipc_unix_lend(end, msg, &mail);
	return 0;
}

/* ---- calling ---- */

static void kipc_unix_forget(struct kipc_unix *end, struct kipc_unix_caller *caller)
{
	struct kipc_unix_caller **at = &end->callers;

	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
}

/* Wait until the reply is in @caller. */
static int kipc_unix_await(struct kipc_unix *end, struct kipc_unix_caller *caller,
			   kipc_deadline deadline)
{
	struct kipc_unix_mail mail;
	int err = 0;

	while (!caller->done && !err) {
		if (end->gone)
			err = end->gone;
		else if (end->reading)
			err = kipc_unix_follow(end, deadline);
		else
			err = kipc_unix_read_one(end, &mail, deadline);
		if (err == 1) {
			kipc_unix_store(end, &mail);
			err = 0;
		}
	}
	/* It may have come with the last moment. */
	return caller->done ? 0 : err;
}

/* What came for a caller: a reply, or a refusal. */
static int kipc_unix_answer(struct kipc_unix *end, struct kipc_unix_caller *caller,
			    struct kipc_msg *reply)
{
	if (caller->mail.packet.kind == KIPC_PACKET_REFUSAL) {
		kipc_buffer_put(&end->base, caller->mail.buffer);
		return -ECONNRESET;
	}
	kipc_unix_lend(end, reply, &caller->mail);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

static int kipc_unix_call(struct kipc *handle, const struct kipc_outgoing *out,
			  struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_unix *end = to_unix(handle);
	struct kipc_unix_caller caller = {
		.call = atomic_fetch_add(&end->calls, 1) + 1,
	};
	int err;

	if (out->to)
		return -EINVAL;
	if (out->len > end->max_size)
		return -EMSGSIZE;
	pthread_mutex_lock(&end->lock);
	caller.next = end->callers;
	end->callers = &caller;
	pthread_mutex_unlock(&end->lock);

	err = kipc_packet_send(end->fd, KIPC_PACKET_CALL, caller.call, out, deadline);
	if (!err)
		reply->outcome = KIPC_CALL_SEEN;

	pthread_mutex_lock(&end->lock);
	if (!err) {
		err = kipc_unix_await(end, &caller, deadline);
		/* It was on its way: nobody can say whether it was read. */
		if (err == -EPIPE)
			err = -ECONNRESET;
	}
	kipc_unix_forget(end, &caller);
	pthread_mutex_unlock(&end->lock);
	return err ? err : kipc_unix_answer(end, &caller, reply);
}

/* ---- sending and replying ---- */

static int kipc_unix_send(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline)
{
	struct kipc_unix *end = to_unix(handle);

	if (out->to)
		return -EINVAL;
	if (out->len > end->max_size)
		return -EMSGSIZE;
	return kipc_packet_send(end->fd, KIPC_PACKET_SEND, 0, out, deadline);
}

/* Replies never wait: a caller without room would hold its server up. */
static int kipc_unix_reply(struct kipc *handle, struct kipc_msg *call,
			   const struct kipc_outgoing *out)
{
	struct kipc_unix *end = to_unix(handle);
	int err;

	if (out->len > end->max_size)
		return -EMSGSIZE;
	err = kipc_packet_send(end->fd, KIPC_PACKET_REPLY, call->id, out, KIPC_AT_ONCE);
	if (err == -EAGAIN)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_buffer_return(call);
	return err;
}

static void kipc_unix_release(struct kipc_msg *msg)
{
	struct kipc_outgoing none = { 0 };

	if (msg->kind == KIPC_MSG_CALL)
		kipc_packet_send(to_unix(msg->handle)->fd, KIPC_PACKET_REFUSAL, msg->id,
				 &none, KIPC_AT_ONCE);
	kipc_buffer_return(msg);
}

/* ---- opening ---- */

static void kipc_unix_close(struct kipc *handle)
{
	struct kipc_unix *end = to_unix(handle);

	while (end->inbox) {
		struct kipc_unix_mail *next = end->inbox->next;

		free(end->inbox);
		end->inbox = next;
	}
	close(end->fd);
	pthread_cond_destroy(&end->turn);
	pthread_mutex_destroy(&end->lock);
	kipc_handle_free(handle);
}

/* Make a handle of a connected socket, which is the handle's from here on. */
static int kipc_unix_new(struct kipc **handle, int fd, const struct kipc_address *address)
{
	struct kipc_unix *end = NULL;
	pthread_condattr_t monotonic;
	int err = kipc_unix_set_size(fd, address);

	if (!err) {
		end = kipc_handle_new(sizeof(*end), &kipc_unix_seqpacket_transport,
				      KIPC_SIDE_BOTH);
		err = end ? 0 : -ENOMEM;
	}
	if (err) {
		close(fd);
		return err;
	}
	end->fd = fd;
	end->max_size = kipc_unix_max_size(fd);
	pthread_mutex_init(&end->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&end->turn, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*handle = &end->base;
	return 0;
}

static int kipc_unix_connect_to(struct kipc **handle, const struct kipc_address *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(struct ucred);
	struct kipc_unix *end;
	int err;

	if (fd < 0)
		return -errno;
	err = kipc_unix_connect(fd, address->name);
	if (err) {
		close(fd);
		return err;
	}
	err = kipc_unix_new(handle, fd, address);
	if (err)
		return err;
	/* Who called listen(); of a pair only the one who made it would be known. */
	end = to_unix(*handle);
	end->known = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &end->peer, &len);
	return 0;
}

static int kipc_unix_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	int fds[2];
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	err = kipc_unix_new(&ends[0], fds[0], address);
	if (err) {
		close(fds[1]);
		return err;
	}
	err = kipc_unix_new(&ends[1], fds[1], address);
	if (err) {
		kipc_unix_close(ends[0]);
		ends[0] = NULL;
	}
	return err;
}

static int kipc_unix_unlink_name(const struct kipc_address *address)
{
	return kipc_unix_unlink(SOCK_SEQPACKET, address->name);
}

/* What came while a caller waited has left the socket. */
static int kipc_unix_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	struct kipc_unix *end = to_unix(handle);

	pthread_mutex_lock(&end->lock);
	if (want & KIPC_WANT_RECV && (end->inbox || end->gone))
		events->timeout = 0;
	pthread_mutex_unlock(&end->lock);
	return 0;
}

static int kipc_unix_fd(struct kipc *handle)
{
	return to_unix(handle)->fd;
}

static void kipc_unix_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = handle ? to_unix((struct kipc *)handle)->max_size :
				  KIPC_UNIX_SIZE_MAX;
}

const struct kipc_transport kipc_unix_seqpacket_transport = {
	KIPC_UNIX_SEQPACKET_SCHEME,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.mechanism.name_rule = "a name is a path of at most 107 bytes, or '@' and an abstract name",
	.mechanism.name_ok = kipc_unix_name_ok,
	.listen = kipc_unix_listen,
	.connect = kipc_unix_connect_to,
	.pair = kipc_unix_pair,
	.unlink = kipc_unix_unlink_name,
	.close = kipc_unix_close,
	.send = kipc_unix_send,
	.recv = kipc_unix_recv,
	.call = kipc_unix_call,
	.reply = kipc_unix_reply,
	.release = kipc_unix_release,
	.fd = kipc_unix_fd,
	.events = kipc_unix_events,
	.limits = kipc_unix_limits,
};
