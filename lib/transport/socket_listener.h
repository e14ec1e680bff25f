/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listeners with connections: what socket_listener.c and socket_client.c share.
 *
 * Clients are struct kipc_client, by number in @clients; the number is what programs
 * see (msg->peer), and it is never used twice.  A client is referenced by the table, by
 * whoever is receiving from it or sending to it, and by each of its calls that has not
 * been answered, so a reply goes to the one who called and to no descriptor that was
 * reused since.  The epoll set knows numbers, not pointers: an event for a client that
 * another thread has just dropped finds nothing.
 *
 * @base.lock guards the table, the lists and @kicked; @lock of a client who receives from
 * it.  The second may be held while the first is taken, not the other way round.
 */
#ifndef KIPC_SOCKET_LISTENER_H
#define KIPC_SOCKET_LISTENER_H

#include "socket.h"

/* Numbers in the epoll set that are no clients'. */
#define KIPC_LISTENER_SOCKET	0ULL
#define KIPC_LISTENER_KICK	UINT64_MAX

/**
 * struct kipc_client - a connection that was accepted
 * @number:	see above
 * @refs:	to it
 * @next, @prev: in the list of all that are left, in the table or not
 * @ahead:	the next of those from which something was read ahead
 * @listed:	it is in that list
 * @lock:	receiving from @link
 */
struct kipc_client {
	uint64_t number;
	atomic_uint refs;
	struct kipc_client *next, **prev;
	struct kipc_client *ahead;
	bool listed;
	bool known;
	struct ucred cred;
	pthread_mutex_t lock;
	struct kipc_link link;
};

/**
 * struct kipc_listener - a listener and its clients
 * @fd:		the listening socket
 * @epoll:	the set; kipc_fd() is this
 * @kick:	an eventfd in it, readable when @ahead is not empty and it matters
 * @max_size:	of what connections carry
 * @ahead:	clients whose next message is here already, in the order of their turns
 * @waiting:	threads that wait for the set
 * @polled:	kipc_fd() has given it away
 * @hot:	the client that the last message came from, or 0
 * @hot_left:	how often it may be asked first, before the others have their turn
 * @hot_rest:	how many receives to go by before it is asked first again
 * @hot_pause:	what @hot_rest was last, more each time that asking was in vain
 */
struct kipc_listener {
	struct kipc base;
	const struct kipc_socket_kind *kind;
	int fd;
	int epoll;
	int kick;
	size_t max_size;
	struct kipc_forkmark mark;
	struct kipc_unix_bound bound;
	struct kipc_address address;	/* the options of sockets to come */

	uint64_t last;			/* the number given last */
	struct kipc_client **clients;
	size_t count, room;
	struct kipc_client *all;

	struct kipc_client *ahead;
	bool kicked;
	atomic_uint waiting;
	atomic_bool polled;

	atomic_ullong hot;
	atomic_uint hot_left, hot_rest, hot_pause;
};

static inline struct kipc_listener *kipc_to_listener(const struct kipc *handle)
{
	return container_of(handle, struct kipc_listener, base);
}

/* socket_client.c */
void kipc_client_put(struct kipc_listener *listener, struct kipc_client *client);
struct kipc_client *kipc_client_get(struct kipc_listener *listener, uint64_t number);
void kipc_client_drop(struct kipc_listener *listener, struct kipc_client *client);
void kipc_client_leave_locked(struct kipc_listener *listener);
void kipc_client_free_all(struct kipc_listener *listener, bool watched);
int kipc_client_accept(struct kipc_listener *listener);
int kipc_client_watch(int epoll, int fd, uint64_t number);

#endif /* KIPC_SOCKET_LISTENER_H */
