// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unix-seqpacket: the listening end, with all its clients in one handle.
 *
 * An epoll set holds the listening socket and every client; kipc_fd() is its
 * descriptor.  A receive takes one event: a new client is accepted and the
 * receive goes on, a packet is the result, a client that closed or that sent
 * something else than a packet is dropped.
 *
 * Clients are struct kipc_unix_client, by number in @clients; the number is what
 * programs see (msg->peer), and it is never used twice.  A client is referenced by
 * the table and by each of its calls that has not been answered, so a reply goes
 * to the one who called and to no descriptor that was reused since.  The epoll set
 * knows numbers, not pointers: an event for a client that another thread has just
 * dropped finds nothing.  @base.lock guards the table and the references.
 *
 * Fork: an epoll set is shared with the child, and would tell each of the two
 * about the other's clients.  The child finds its forkmark cleared and makes a set
 * of its own under the same descriptor; both may then accept and serve.
 *
 * An abstract name has no permission bits, so the mode is looked at here: who may
 * not connect is closed upon.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "unix.h"

/* The listening socket's number in the epoll set. */
#define KIPC_UNIX_LISTENER 0

struct kipc_unix_client {
	uint64_t number;
	int fd;
	unsigned int refs;
	size_t max_size;
	bool known;
	struct ucred cred;
};

struct kipc_unix_listener {
	struct kipc base;
	int fd;
	int epoll;
	struct kipc_forkmark mark;
	struct kipc_unix_bound bound;
	struct kipc_address address;	/* the options of sockets to come */
	uint64_t last;			/* the number given last */
	struct kipc_unix_client **clients;
	size_t count, room;
};

static struct kipc_unix_listener *to_listener(struct kipc *handle)
{
	return container_of(handle, struct kipc_unix_listener, base);
}

/* ---- clients ---- */

static void kipc_unix_client_free(struct kipc_unix_client *client)
{
	close(client->fd);
	free(client);
}

static void kipc_unix_client_put_locked(struct kipc_unix_client *client)
{
	if (!--client->refs)
		kipc_unix_client_free(client);
}

static void kipc_unix_client_put(struct kipc_unix_listener *listener,
				 struct kipc_unix_client *client)
{
	pthread_mutex_lock(&listener->base.lock);
	kipc_unix_client_put_locked(client);
	pthread_mutex_unlock(&listener->base.lock);
}

/* Where a number is in the table, or would be: numbers only ever grow. */
static size_t kipc_unix_client_index(const struct kipc_unix_listener *listener,
				     uint64_t number)
{
	size_t low = 0, high = listener->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listener->clients[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A client and a reference to it, or NULL. */
static struct kipc_unix_client *kipc_unix_client_get(struct kipc_unix_listener *listener,
						     uint64_t number)
{
	struct kipc_unix_client *client = NULL;
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_unix_client_index(listener, number);
	if (i < listener->count && listener->clients[i]->number == number) {
		client = listener->clients[i];
		client->refs++;
	}
	pthread_mutex_unlock(&listener->base.lock);
	return client;
}

static int kipc_unix_client_add_locked(struct kipc_unix_listener *listener,
				       struct kipc_unix_client *client)
{
	struct epoll_event event = { .events = EPOLLIN };
	size_t room = listener->room ? 2 * listener->room : 16;

	if (listener->count == listener->room) {
		void *grown = reallocarray(listener->clients, room, sizeof(*listener->clients));

		if (!grown)
			return -ENOMEM;
		listener->clients = grown;
		listener->room = room;
	}
	client->number = listener->last + 1;
	event.data.u64 = client->number;
	if (epoll_ctl(listener->epoll, EPOLL_CTL_ADD, client->fd, &event))
		return -errno;
	listener->last++;
	listener->clients[listener->count++] = client;
	return 0;
}

/* Take a client out of the table, unless another thread was faster. */
static void kipc_unix_client_drop(struct kipc_unix_listener *listener,
				  struct kipc_unix_client *client)
{
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_unix_client_index(listener, client->number);
	if (i < listener->count && listener->clients[i] == client) {
		/* A forked copy may hold the socket open: take it out by hand. */
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, client->fd, NULL);
		listener->count--;
		memmove(&listener->clients[i], &listener->clients[i + 1],
			(listener->count - i) * sizeof(*listener->clients));
		kipc_unix_client_put_locked(client);
	}
	pthread_mutex_unlock(&listener->base.lock);
}

/* Do the permission bits let this one in?  Only asked for abstract names. */
static bool kipc_unix_client_allowed(const struct kipc_unix_listener *listener,
				     const struct ucred *cred)
{
	mode_t mode = kipc_address_mode(&listener->address);

	if (listener->address.name[0] != '@' || cred->uid == 0)
		return true;
	if (cred->uid == geteuid())
		return mode & 0200;
	if (cred->gid == getegid())
		return mode & 0020;
	return mode & 0002;
}

/* Take the socket of a new client; it is the client's, or closed. */
static int kipc_unix_client_new(struct kipc_unix_listener *listener, int fd)
{
	struct kipc_unix_client *client = calloc(1, sizeof(*client));
	socklen_t len = sizeof(client->cred);
	int err;

	if (!client) {
		close(fd);
		return -ENOMEM;
	}
	client->fd = fd;
	client->refs = 1;
	client->known = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->cred, &len);
	kipc_unix_set_size(fd, &listener->address);
	client->max_size = kipc_unix_max_size(fd);
	if (!client->known || !kipc_unix_client_allowed(listener, &client->cred)) {
		kipc_unix_client_free(client);
		return 0;
	}
	pthread_mutex_lock(&listener->base.lock);
	err = kipc_unix_client_add_locked(listener, client);
	pthread_mutex_unlock(&listener->base.lock);
	if (err)
		kipc_unix_client_free(client);
	return err;
}

static int kipc_unix_accept(struct kipc_unix_listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return kipc_unix_client_new(listener, fd);
	switch (errno) {
	case EAGAIN:		/* another thread took it */
	case ECONNABORTED:
	case EINTR:
		return 0;
	default:
		return -errno;
	}
}

/* ---- receiving ---- */

static int kipc_unix_listener_watch(struct kipc_unix_listener *listener, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	size_t i;

	event.data.u64 = KIPC_UNIX_LISTENER;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener->fd, &event))
		return -errno;
	for (i = 0; i < listener->count; i++) {
		event.data.u64 = listener->clients[i]->number;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener->clients[i]->fd, &event))
			return -errno;
	}
	return 0;
}

/* In a forked child: an epoll set of our own, under the number of the old one. */
static int kipc_unix_listener_settle(struct kipc_unix_listener *listener)
{
	int epoll, err = 0;

	pthread_mutex_lock(&listener->base.lock);
	if (kipc_forkmark_forked(&listener->mark)) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		err = epoll < 0 ? -errno : kipc_unix_listener_watch(listener, epoll);
		if (!err && dup3(epoll, listener->epoll, O_CLOEXEC) < 0)
			err = -errno;
		if (epoll >= 0)
			close(epoll);
		if (!err)
			kipc_forkmark_settle(&listener->mark);
	}
	pthread_mutex_unlock(&listener->base.lock);
	return err;
}

/*
 * The number of somebody who has something for us.  epoll_wait() counts in
 * milliseconds, so a wait with a deadline polls the set itself.
 */
static int kipc_unix_listener_wait(struct kipc_unix_listener *listener, uint64_t *number,
				   kipc_deadline deadline)
{
	int timeout = deadline == KIPC_NEVER ? -1 : 0;
	struct epoll_event event;
	int n, err = 0;

	if (kipc_forkmark_forked(&listener->mark))
		err = kipc_unix_listener_settle(listener);
	while (!err) {
		n = epoll_wait(listener->epoll, &event, 1, timeout);
		if (n < 0)
			return -errno;
		if (n) {
			*number = event.data.u64;
			return 0;
		}
		err = kipc_wait_fd(listener->epoll, POLLIN, deadline);
	}
	return err;
}

static void kipc_unix_listener_lend(struct kipc_unix_listener *listener, struct kipc_msg *msg,
				    struct kipc_unix_client *client,
				    const struct kipc_packet *packet,
				    struct kipc_buffer *buffer, size_t len)
{
	kipc_buffer_lend(&listener->base, msg, buffer, 0, len);
	msg->kind = packet->kind;
	msg->id = packet->call;
	msg->type = packet->type;
	msg->peer = client->number;
	msg->pid = client->cred.pid;
	msg->uid = client->cred.uid;
	msg->gid = client->cred.gid;
	msg->known = KIPC_KNOWN_TYPE | KIPC_KNOWN_PEER;
}

/*
 * Take a client's next packet: 1 with a message, 0 when there is none (another
 * thread has it, or the client is gone), or -errno.
 */
static int kipc_unix_listener_take(struct kipc_unix_listener *listener,
				   struct kipc_unix_client *client, struct kipc_msg *msg)
{
	struct kipc_buffer *buffer = kipc_packet_buffer(&listener->base);
	struct kipc_packet packet;
	ssize_t len;

	if (!buffer)
		return -ENOMEM;
	len = kipc_packet_recv(client->fd, &packet, buffer, KIPC_AT_ONCE);
	/* A client is not called, so it has nothing to answer. */
	if (len >= 0 && packet.kind != KIPC_PACKET_SEND && packet.kind != KIPC_PACKET_CALL)
		len = -EPROTO;
	if (len >= 0) {
		kipc_unix_listener_lend(listener, msg, client, &packet, buffer, (size_t)len);
		return 1;
	}
	kipc_buffer_put(&listener->base, buffer);
	if (len != -EAGAIN && len != -EINTR)
		kipc_unix_client_drop(listener, client);
	return 0;
}

static int kipc_unix_listener_recv(struct kipc *handle, struct kipc_msg *msg,
				   kipc_deadline deadline)
{
	struct kipc_unix_listener *listener = to_listener(handle);
	struct kipc_unix_client *client;
	uint64_t number = KIPC_UNIX_LISTENER;
	int got = 0;

	while (!got) {
		got = kipc_unix_listener_wait(listener, &number, deadline);
		if (got)
			break;
		if (number == KIPC_UNIX_LISTENER) {
			got = kipc_unix_accept(listener);
			continue;
		}
		client = kipc_unix_client_get(listener, number);
		if (!client)
			continue;
		got = kipc_unix_listener_take(listener, client, msg);
		if (got == 1 && msg->kind == KIPC_MSG_CALL)
			msg->priv[1] = client;	/* its reference goes with the call */
		else
			kipc_unix_client_put(listener, client);
	}
	return got < 0 ? got : 0;
}

/* ---- sending and replying ---- */

static int kipc_unix_listener_send(struct kipc *handle, const struct kipc_outgoing *out,
				   kipc_deadline deadline)
{
	struct kipc_unix_listener *listener = to_listener(handle);
	struct kipc_unix_client *client;
	int err;

	if (!out->to)
		return -EDESTADDRREQ;
	client = kipc_unix_client_get(listener, out->to);
	if (!client)
		return -EPIPE;
	err = out->len > client->max_size ? -EMSGSIZE :
	      kipc_packet_send(client->fd, KIPC_PACKET_SEND, 0, out, deadline);
	kipc_unix_client_put(listener, client);
	return err;
}

static void kipc_unix_listener_end_call(struct kipc_msg *call)
{
	if (call->priv[1])
		kipc_unix_client_put(to_listener(call->handle), call->priv[1]);
	call->priv[1] = NULL;
	kipc_buffer_return(call);
}

/* Replies never wait: a client without room would hold the server up. */
static int kipc_unix_listener_reply(struct kipc *handle, struct kipc_msg *call,
				    const struct kipc_outgoing *out)
{
	struct kipc_unix_client *client = call->priv[1];
	int err;

	(void)handle;
	if (out->len > client->max_size)
		return -EMSGSIZE;
	err = kipc_packet_send(client->fd, KIPC_PACKET_REPLY, call->id, out, KIPC_AT_ONCE);
	if (err == -EAGAIN)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_unix_listener_end_call(call);
	return err;
}

static void kipc_unix_listener_release(struct kipc_msg *msg)
{
	struct kipc_unix_client *client = msg->priv[1];
	struct kipc_outgoing none = { 0 };

	if (client)
		kipc_packet_send(client->fd, KIPC_PACKET_REFUSAL, msg->id, &none, KIPC_AT_ONCE);
	kipc_unix_listener_end_call(msg);
}

/* ---- opening ---- */

static void kipc_unix_listener_close(struct kipc *handle)
{
	struct kipc_unix_listener *listener = to_listener(handle);
	size_t i;

	for (i = 0; i < listener->count; i++) {
		/* In a child that never used it, the set is still the parent's. */
		if (!kipc_forkmark_forked(&listener->mark))
			epoll_ctl(listener->epoll, EPOLL_CTL_DEL, listener->clients[i]->fd,
				  NULL);
		kipc_unix_client_free(listener->clients[i]);
	}
	free(listener->clients);
	kipc_unix_unbind(&listener->bound);
	if (listener->epoll >= 0)
		close(listener->epoll);
	if (listener->fd >= 0)
		close(listener->fd);
	kipc_forkmark_deinit(&listener->mark);
	kipc_handle_free(handle);
}

/* There are as many rooms to send into as clients. */
static int kipc_unix_listener_events(struct kipc *handle, uint32_t want,
				     struct kipc_events *events)
{
	(void)handle;
	(void)events;
	return want & KIPC_WANT_SEND ? -EOPNOTSUPP : 0;
}

static int kipc_unix_listener_fd(struct kipc *handle)
{
	struct kipc_unix_listener *listener = to_listener(handle);

	if (kipc_forkmark_forked(&listener->mark))
		kipc_unix_listener_settle(listener);
	return listener->epoll;
}

static void kipc_unix_listener_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = kipc_unix_max_size(to_listener((struct kipc *)handle)->fd);
}

static const struct kipc_transport kipc_unix_listener_transport = {
	KIPC_UNIX_SEQPACKET_SCHEME,
	.close = kipc_unix_listener_close,
	.send = kipc_unix_listener_send,
	.recv = kipc_unix_listener_recv,
	.reply = kipc_unix_listener_reply,
	.release = kipc_unix_listener_release,
	.fd = kipc_unix_listener_fd,
	.events = kipc_unix_listener_events,
	.limits = kipc_unix_listener_limits,
};

static int kipc_unix_listener_open(struct kipc_unix_listener *listener)
{
	int err = kipc_forkmark_init(&listener->mark);

	if (err)
		return err;
	listener->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listener->epoll < 0)
		return -errno;
	listener->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	err = kipc_unix_set_size(listener->fd, &listener->address);
	if (!err)
		err = kipc_unix_bind(listener->fd, SOCK_SEQPACKET, &listener->address,
				     &listener->bound);
	return err ? err : kipc_unix_listener_watch(listener, listener->epoll);
}

int kipc_unix_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_unix_listener *listener;
	int err;

	listener = kipc_handle_new(sizeof(*listener), &kipc_unix_listener_transport,
				   KIPC_SIDE_BOTH);
	if (!listener)
		return -ENOMEM;
	listener->epoll = -1;
	listener->fd = -1;
	listener->address = *address;
	listener->bound.life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	err = kipc_unix_listener_open(listener);
	if (err) {
		/* The mark may be missing, and then nothing else is there. */
		if (!listener->mark.word) {
			kipc_handle_free(&listener->base);
			return err;
		}
		kipc_unix_listener_close(&listener->base);
		return err;
	}
	*handle = &listener->base;
	return 0;
}
