// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The clients of a listener: accepting them, finding them, dropping them; see
 * socket_listener.h.
 *
 * An abstract name has no permission bits, so the mode is looked at here: who may not
 * connect is closed upon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "inet.h"
#include "socket_listener.h"

static void kipc_client_free(struct kipc_client *client)
{
	kipc_link_deinit(&client->link);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

static void kipc_client_unlist_locked(struct kipc_client *client)
{
	if (client->next)
		client->next->prev = client->prev;
	*client->prev = client->next;
}

/* Whoever puts last is alone with it. */
void kipc_client_put(struct kipc_listener *listener, struct kipc_client *client)
{
	if (atomic_fetch_sub(&client->refs, 1) != 1)
		return;
	pthread_mutex_lock(&listener->base.lock);
	kipc_client_unlist_locked(client);
	pthread_mutex_unlock(&listener->base.lock);
	kipc_client_free(client);
}

/* Where a number is in the table, or would be: numbers only ever grow. */
static size_t kipc_client_index(const struct kipc_listener *listener, uint64_t number)
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
struct kipc_client *kipc_client_get(struct kipc_listener *listener, uint64_t number)
{
	struct kipc_client *client = NULL;
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_client_index(listener, number);
	if (i < listener->count && listener->clients[i]->number == number) {
		client = listener->clients[i];
		atomic_fetch_add_explicit(&client->refs, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&listener->base.lock);
	return client;
}

int kipc_client_watch(int epoll, int fd, uint64_t number)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.u64 = number;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int kipc_client_add_locked(struct kipc_listener *listener, struct kipc_client *client)
{
	size_t room = listener->room ? 2 * listener->room : 16;
	int err;

	if (listener->count == listener->room) {
		void *grown = reallocarray(listener->clients, room, sizeof(*listener->clients));

		if (!grown)
			return -ENOMEM;
		listener->clients = grown;
		listener->room = room;
	}
	client->number = listener->last + 1;
	err = kipc_client_watch(listener->epoll, client->link.fd, client->number);
	if (err)
		return err;
	listener->last++;
	listener->clients[listener->count++] = client;
	client->next = listener->all;
	client->prev = &listener->all;
	if (client->next)
		client->next->prev = &client->next;
	listener->all = client;
	return 0;
}

/* Take a client out of the table, unless another thread was faster. */
void kipc_client_drop(struct kipc_listener *listener, struct kipc_client *client)
{
	bool found;
	size_t i;

	pthread_mutex_lock(&listener->base.lock);
	i = kipc_client_index(listener, client->number);
	found = i < listener->count && listener->clients[i] == client;
	if (found) {
		/* A forked copy may hold the socket open: take it out by hand. */
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, client->link.fd, NULL);
		listener->count--;
		memmove(&listener->clients[i], &listener->clients[i + 1],
			(listener->count - i) * sizeof(*listener->clients));
	}
	pthread_mutex_unlock(&listener->base.lock);
	if (found)
		kipc_client_put(listener, client);
}

/* In a forked child: leave them to the parent, but for those whose calls we hold. */
void kipc_client_leave_locked(struct kipc_listener *listener)
{
	struct kipc_client *client;

	while (listener->count) {
		client = listener->clients[--listener->count];
		if (client->listed)
			atomic_fetch_sub(&client->refs, 1);
		client->listed = false;
		if (atomic_fetch_sub(&client->refs, 1) != 1)
			continue;
		kipc_client_unlist_locked(client);
		kipc_client_free(client);
	}
	listener->ahead = NULL;
}

/* All of them, when the listener goes, and with them whatever calls still hold. */
void kipc_client_free_all(struct kipc_listener *listener, bool watched)
{
	struct kipc_client *client;
	size_t i;

	/* In a child that never used it, the set is still the parent's. */
	for (i = 0; i < listener->count && watched; i++)
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, listener->clients[i]->link.fd, NULL);
	while (listener->all) {
		client = listener->all;
		listener->all = client->next;
		kipc_client_free(client);
	}
	listener->count = 0;
	listener->ahead = NULL;
}

/* May this one in?  A client without an identity has come over a network. */
static bool kipc_client_allowed(struct kipc_listener *listener, struct kipc_client *client)
{
	socklen_t len = sizeof(client->cred);

	if (listener->kind->domain != AF_UNIX) {
		kipc_inet_tune(client->link.fd, &listener->address);
		return true;
	}
	client->known = !getsockopt(client->link.fd, SOL_SOCKET, SO_PEERCRED, &client->cred,
				    &len);
	return client->known && kipc_unix_allowed(&listener->address, &client->cred);
}

/* Take the socket of a new client; it is the client's, or closed. */
static int kipc_client_new(struct kipc_listener *listener, int fd)
{
	struct kipc_client *client = calloc(1, sizeof(*client));
	int err = 0;

	/* One that cannot be as large as is demanded would not have been listened on. */
	if (!client || kipc_link_init(&client->link, &listener->base, listener->kind, fd,
				      &listener->address)) {
		err = client ? 0 : -ENOMEM;
		free(client);
		close(fd);
		return err;
	}
	pthread_mutex_init(&client->lock, NULL);
	if (!kipc_client_allowed(listener, client)) {
		kipc_client_free(client);
		return 0;
	}
	atomic_init(&client->refs, 1);
	pthread_mutex_lock(&listener->base.lock);
	err = kipc_client_add_locked(listener, client);
	pthread_mutex_unlock(&listener->base.lock);
	if (err)
		kipc_client_free(client);
	return err;
}

/* Accept one connection, if one waits. */
int kipc_client_accept(struct kipc_listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		return kipc_client_new(listener, fd);
	switch (errno) {
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOTSOCK:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return -errno;
	default:	/* another thread took it, or whoever it was has gone */
		return 0;
	}
}
