// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines: a listener, with the lines of all its clients in one handle.
 *
 * An epoll set holds the listening socket and every client; kipc_fd() is its descriptor.
 * A receive takes one event: a new client is accepted and the receive goes on, a message
 * is the result, a client that closed or that sent what it should not have is dropped.
 * Whatever a client does costs that client only.
 *
 * Clients are struct kipc_line_client, by number in @clients; the number is what programs
 * see (msg->peer), and it is never used twice.  A client is referenced by the table, by
 * who reads from it or writes to it, and by each of its calls that has not been answered;
 * so a reply goes to the one who called and to no descriptor that was reused since.  The
 * epoll set knows numbers, not pointers: an event for a client that another thread has
 * just dropped finds nothing.
 *
 * @base.lock guards the table and the references; a client's @lock is held by who reads
 * from it, which never waits.  The two are never held together.
 *
 * Fork: an epoll set is shared with the child, and would tell each of the two about the
 * other's clients.  The child finds its forkmark cleared and makes a set of its own under
 * the same descriptor; both may then accept and serve.  A line is only ever read by one of
 * them, as each needs all that comes: clients from before fork() stay the parent's.
 *
 * An abstract name has no permission bits, so the mode is looked at here: who may not
 * connect is closed upon.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "line.h"

/* The listening socket's number in the epoll set. */
#define KIPC_LINE_LISTENER 0

struct kipc_line_client {
	uint64_t number;
	unsigned int refs;
	struct kipc_line_client *next, **prev;	/* all there are, in the table or not */
	pthread_mutex_t lock;
	struct kipc_line *line;
};

struct kipc_line_listener {
	struct kipc base;
	const struct kipc_line_kind *kind;
	int fd;
	int epoll;
	struct kipc_forkmark mark;
	struct kipc_unix_bound bound;
	struct kipc_address address;	/* the options of lines to come */
	uint64_t last;			/* the number given last */
	struct kipc_line_client **clients;
	size_t count, room;
	struct kipc_line_client *all;
};

static struct kipc_line_listener *to_listener(const struct kipc *handle)
{
	return container_of(handle, struct kipc_line_listener, base);
}

const struct kipc_address *kipc_line_listener_address(const struct kipc *handle)
{
	return &to_listener(handle)->address;
}

/* ---- clients ---- */

static void kipc_line_client_free(struct kipc_line_client *client)
{
	kipc_line_free(client->line);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

static void kipc_line_client_link_locked(struct kipc_line_listener *listener,
					 struct kipc_line_client *client)
{
	client->next = listener->all;
	client->prev = &listener->all;
	if (client->next)
		client->next->prev = &client->next;
	listener->all = client;
}

static void kipc_line_client_unlink_locked(struct kipc_line_client *client)
{
	*client->prev = client->next;
	if (client->next)
		client->next->prev = client->prev;
}

static void kipc_line_client_put(struct kipc_line_listener *listener,
				 struct kipc_line_client *client)
{
	bool last;

	pthread_mutex_lock(&listener->base.lock);
	last = !--client->refs;
	if (last)
		kipc_line_client_unlink_locked(client);
	pthread_mutex_unlock(&listener->base.lock);
	if (last)
		kipc_line_client_free(client);
}

/* Where a number is in the table, or would be: numbers only ever grow. */
static size_t kipc_line_client_index(const struct kipc_line_listener *listener, uint64_t number)
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
static struct kipc_line_client *kipc_line_client_get(struct kipc_line_listener *listener,
						     uint64_t number)
{
	struct kipc_line_client *client = NULL;
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_line_client_index(listener, number);
	if (i < listener->count && listener->clients[i]->number == number) {
		client = listener->clients[i];
		client->refs++;
	}
	pthread_mutex_unlock(&listener->base.lock);
	return client;
}

static int kipc_line_client_add_locked(struct kipc_line_listener *listener,
				       struct kipc_line_client *client)
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
	if (epoll_ctl(listener->epoll, EPOLL_CTL_ADD, client->line->fd, &event))
		return -errno;
	listener->last++;
	listener->clients[listener->count++] = client;
	kipc_line_client_link_locked(listener, client);
	return 0;
}

/* Take a client out of the table, unless another thread was faster. */
static void kipc_line_client_drop(struct kipc_line_listener *listener,
				  struct kipc_line_client *client)
{
	bool found;
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_line_client_index(listener, client->number);
	found = i < listener->count && listener->clients[i] == client;
	if (found) {
		/* A forked copy may hold the socket open: take it out by hand. */
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, client->line->fd, NULL);
		listener->count--;
		memmove(&listener->clients[i], &listener->clients[i + 1],
			(listener->count - i) * sizeof(*listener->clients));
	}
	pthread_mutex_unlock(&listener->base.lock);
	/* Calls of its that are held keep the line, and who waits for them must not. */
	shutdown(client->line->fd, SHUT_RDWR);
	if (found)
		kipc_line_client_put(listener, client);
}

/* Do the permission bits let this one in?  Only asked for abstract names. */
static bool kipc_line_client_allowed(const struct kipc_line_listener *listener,
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

/* Make a client of an accepted socket, which is the client's from here on. */
static int kipc_line_client_new(struct kipc_line_listener *listener, int fd)
{
	struct kipc_line_client *client = calloc(1, sizeof(*client));
	socklen_t len = sizeof(struct ucred);
	struct kipc_line *line;
	int err;

	if (!client) {
		close(fd);
		return -ENOMEM;
	}
	line = kipc_line_new(&listener->base, listener->kind, fd, KIPC_LINE_SERVER,
			     &listener->address, &err);
	if (!line) {
		free(client);
		return err;
	}
	client->line = line;
	client->refs = 1;
	pthread_mutex_init(&client->lock, NULL);
	line->known = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &line->cred, &len);
	if (!line->known || !kipc_line_client_allowed(listener, &line->cred)) {
		kipc_line_client_free(client);
		return 0;
	}
	pthread_mutex_lock(&listener->base.lock);
	err = kipc_line_client_add_locked(listener, client);
	pthread_mutex_unlock(&listener->base.lock);
	if (err)
		kipc_line_client_free(client);
	return err;
}

static int kipc_line_accept(struct kipc_line_listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return kipc_line_client_new(listener, fd);
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

static int kipc_line_listener_watch(struct kipc_line_listener *listener, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.u64 = KIPC_LINE_LISTENER;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, listener->fd, &event) ? -errno : 0;
}

/* An epoll set of our own, under the number of the old one. */
static int kipc_line_listener_own_set(struct kipc_line_listener *listener)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int err = epoll < 0 ? -errno : kipc_line_listener_watch(listener, epoll);

	if (!err && dup3(epoll, listener->epoll, O_CLOEXEC) < 0)
		err = -errno;
	if (epoll >= 0)
		close(epoll);
	return err;
}

/* In a forked child, the first time that it uses the listener. */
static int kipc_line_listener_settle(struct kipc_line_listener *listener)
{
	struct kipc_line_client **left = NULL;
	size_t count = 0, i;
	int err = 0;

	pthread_mutex_lock(&listener->base.lock);
	if (kipc_forkmark_forked(&listener->mark)) {
		left = listener->clients;
		count = listener->count;
		listener->clients = NULL;
		listener->count = 0;
		listener->room = 0;
		err = kipc_line_listener_own_set(listener);
		if (!err)
			kipc_forkmark_settle(&listener->mark);
	}
	pthread_mutex_unlock(&listener->base.lock);
	for (i = 0; i < count; i++)
		kipc_line_client_put(listener, left[i]);
	free(left);
	return err;
}

/*
 * The number of somebody who has something for us.  epoll_wait() counts in
 * milliseconds, so a wait with a deadline polls the set itself.
 */
static int kipc_line_listener_wait(struct kipc_line_listener *listener, uint64_t *number,
				   kipc_deadline deadline)
{
	int timeout = deadline == KIPC_NEVER ? -1 : 0;
	struct epoll_event event;
	int n, err = 0;

	if (kipc_forkmark_forked(&listener->mark))
		err = kipc_line_listener_settle(listener);
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

/*
 * Take a client's next message: 1 with one, 0 when there is none (another thread has it,
 * it is not all there yet, or the client is gone), or -ENOMEM.
 */
static int kipc_line_listener_take(struct kipc_line_listener *listener,
				   struct kipc_line_client *client, struct kipc_msg *msg)
{
	struct kipc_parcel parcel = { 0 };
	int got;

	pthread_mutex_lock(&client->lock);
	got = client->line->kind->read(client->line, &parcel, KIPC_AT_ONCE);
	pthread_mutex_unlock(&client->lock);
	/* A client is not called, so it has nothing to answer. */
	if (got == 1 && parcel.kind != KIPC_PARCEL_SEND && parcel.kind != KIPC_PARCEL_CALL) {
		if (parcel.buffer)
			kipc_buffer_put(&listener->base, parcel.buffer);
		got = parcel.kind == KIPC_PARCEL_END ? 0 : -EPROTO;
	}
	if (got == 1) {
		kipc_line_lend(&listener->base, msg, &parcel);
		msg->peer = client->number;
		return 1;
	}
	if (got == -ENOMEM)
		return got;
	if (got && got != -EAGAIN && got != -EINTR)
		kipc_line_client_drop(listener, client);
	return 0;
}

int kipc_line_listener_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_line_listener *listener = to_listener(handle);
	struct kipc_line_client *client;
	uint64_t number = KIPC_LINE_LISTENER;
	int got = 0;

	while (!got) {
		got = kipc_line_listener_wait(listener, &number, deadline);
		if (got)
			break;
		if (number == KIPC_LINE_LISTENER) {
			got = kipc_line_accept(listener);
			continue;
		}
		client = kipc_line_client_get(listener, number);
		if (!client)
			continue;
		got = kipc_line_listener_take(listener, client, msg);
		if (got == 1 && msg->kind == KIPC_MSG_CALL)
			msg->priv[1] = client;	/* its reference goes with the call */
		else
			kipc_line_client_put(listener, client);
	}
	return got < 0 ? got : 0;
}

/* ---- sending and replying ---- */

int kipc_line_listener_send(struct kipc *handle, const struct kipc_outgoing *out,
			    kipc_deadline deadline)
{
	struct kipc_line_listener *listener = to_listener(handle);
	struct kipc_line_client *client;
	int err;

	if (!out->to)
		return -EDESTADDRREQ;
	client = kipc_line_client_get(listener, out->to);
	if (!client)
		return -EPIPE;
	err = listener->kind->write(client->line, KIPC_PARCEL_SEND, 0, out, deadline);
	kipc_line_client_put(listener, client);
	return err;
}

static void kipc_line_listener_end_call(struct kipc_msg *call)
{
	if (call->priv[1])
		kipc_line_client_put(to_listener(call->handle), call->priv[1]);
	call->priv[1] = NULL;
	kipc_buffer_return(call);
}

/* Replies never wait: a client without room would hold the server up. */
int kipc_line_listener_reply(struct kipc *handle, struct kipc_msg *call,
			     const struct kipc_outgoing *out)
{
	struct kipc_line_client *client = call->priv[1];
	int err = to_listener(handle)->kind->write(client->line, KIPC_PARCEL_REPLY, call->id,
						   out, KIPC_AT_ONCE);

	if (err == -EAGAIN)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_line_listener_end_call(call);
	return err;
}

void kipc_line_listener_release(struct kipc_msg *msg)
{
	struct kipc_line_client *client = msg->priv[1];

	if (client)
		to_listener(msg->handle)->kind->write(client->line, KIPC_PARCEL_END, msg->id,
						      NULL, KIPC_AT_ONCE);
	kipc_line_listener_end_call(msg);
}

int kipc_line_listener_fd(struct kipc *handle)
{
	struct kipc_line_listener *listener = to_listener(handle);

	if (kipc_forkmark_forked(&listener->mark))
		kipc_line_listener_settle(listener);
	return listener->epoll;
}

/* There are as many rooms to send into as clients. */
int kipc_line_listener_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	(void)handle;
	(void)events;
	return want & KIPC_WANT_SEND ? -EOPNOTSUPP : 0;
}

/* ---- opening ---- */

void kipc_line_listener_close(struct kipc *handle)
{
	struct kipc_line_listener *listener = to_listener(handle);
	struct kipc_line_client *client, *next;
	size_t i;

	/* In a child that never used it, the set is still the parent's. */
	for (i = 0; i < listener->count && !kipc_forkmark_forked(&listener->mark); i++)
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, listener->clients[i]->line->fd, NULL);
	for (client = listener->all; client; client = next) {
		next = client->next;
		kipc_line_client_free(client);
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

static int kipc_line_listener_open(struct kipc_line_listener *listener)
{
	int err;

	listener->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listener->epoll < 0)
		return -errno;
	listener->fd = kipc_line_socket(listener->kind, &listener->address, SOCK_NONBLOCK);
	if (listener->fd < 0)
		return listener->fd;
	err = kipc_unix_bind(listener->fd, listener->kind->type, &listener->address,
			     &listener->bound);
	return err ? err : kipc_line_listener_watch(listener, listener->epoll);
}

int kipc_line_listen(struct kipc **handle, const struct kipc_address *address,
		     const struct kipc_line_kind *kind)
{
	struct kipc_line_listener *listener;
	int err;

	listener = kipc_handle_new(sizeof(*listener), kind->listener, KIPC_SIDE_BOTH);
	if (!listener)
		return -ENOMEM;
	listener->kind = kind;
	listener->epoll = -1;
	listener->fd = -1;
	listener->address = *address;
	listener->bound.life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	err = kipc_forkmark_init(&listener->mark);
	if (err) {
		kipc_handle_free(&listener->base);
		return err;
	}
	err = kipc_line_listener_open(listener);
	if (err)
		kipc_line_listener_close(&listener->base);
	else
		*handle = &listener->base;
	return err;
}
