// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listeners on sockets with connections (unix:, unix-seqpacket:, tcp:): all clients in
 * one handle; see socket_listener.h.
 *
 * An epoll set holds the listening socket and every client; kipc_fd() is its
 * descriptor.  A receive takes one event: a new client is accepted and the receive goes
 * on, a frame is the result, a client that closed or that sent something else than a
 * frame is dropped, and no other client hears of it.
 *
 * Two things make a system call less of some receives.  A client that has just sent is
 * *hot*: it is asked first, without waiting, but no more than %KIPC_HOT_TURNS times
 * before the set is asked, so that it starves nobody; and where asking is in vain it is
 * not done for a while, longer each time.  And what one recv() brought of the frames
 * behind the first is taken without any (@ahead).  The set does not know of those, so a
 * thread that waits for it is woken by @kick, and kipc_fd() polls readable by the same.
 *
 * Fork: an epoll set is shared with the child, and would tell each of the two about the
 * other's clients.  The child finds its forkmark cleared and makes a set of its own
 * under the same descriptor; both may then accept and serve.  Packets of a client that
 * was there before go to either of the two; a stream can have one reader only, and
 * stays the parent's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "socket_listener.h"

#define KIPC_HOT_TURNS	16
#define KIPC_HOT_PAUSE	256

/* ---- what was read ahead ---- */

/* Let the set be readable while there is something ahead that nobody would look for. */
static void kipc_listener_kick_locked(struct kipc_listener *listener)
{
	if (!listener->ahead || listener->kicked ||
	    (!atomic_load(&listener->polled) && !atomic_load(&listener->waiting)))
		return;
	listener->kicked = !eventfd_write(listener->kick, 1);
}

/* A client's next message is here: it has its turn behind the others of that kind. */
static void kipc_listener_put_ahead(struct kipc_listener *listener, struct kipc_client *client)
{
	struct kipc_client **last = &listener->ahead;

	pthread_mutex_lock(&listener->base.lock);
	if (!client->listed) {
		atomic_fetch_add(&client->refs, 1);
		client->listed = true;
		client->ahead = NULL;
		while (*last)
			last = &(*last)->ahead;
		/* Before @waiting is looked at: see kipc_listener_wait(). */
		__atomic_store_n(last, client, __ATOMIC_SEQ_CST);
	}
	kipc_listener_kick_locked(listener);
	pthread_mutex_unlock(&listener->base.lock);
}

/* The first of them, with the list's reference; NULL: none. */
static struct kipc_client *kipc_listener_take_ahead(struct kipc_listener *listener)
{
	struct kipc_client *client;
	eventfd_t kicks;

	if (!__atomic_load_n(&listener->ahead, __ATOMIC_RELAXED))
		return NULL;
	pthread_mutex_lock(&listener->base.lock);
	client = listener->ahead;
	if (client) {
		__atomic_store_n(&listener->ahead, client->ahead, __ATOMIC_RELAXED);
		client->listed = false;
	}
	if (!listener->ahead && listener->kicked) {
		eventfd_read(listener->kick, &kicks);
		listener->kicked = false;
	}
	pthread_mutex_unlock(&listener->base.lock);
	return client;
}

/* ---- the set ---- */

static int kipc_listener_watch(struct kipc_listener *listener, int epoll)
{
	int err = kipc_client_watch(epoll, listener->fd, KIPC_LISTENER_SOCKET);
	size_t i;

	if (!err)
		err = kipc_client_watch(epoll, listener->kick, KIPC_LISTENER_KICK);
	for (i = 0; i < listener->count && !err; i++)
		err = kipc_client_watch(epoll, listener->clients[i]->link.fd,
					listener->clients[i]->number);
	return err;
}

/* A descriptor of our own under the number of one that we share with the parent. */
static int kipc_listener_replace(int fd, int own)
{
	int err = own < 0 || dup3(own, fd, O_CLOEXEC) < 0 ? -errno : 0;

	if (own >= 0)
		close(own);
	return err;
}

static int kipc_listener_settle_locked(struct kipc_listener *listener)
{
	int epoll, err;

	if (listener->kind->type == SOCK_STREAM)
		kipc_client_leave_locked(listener);
	err = kipc_listener_replace(listener->kick, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (err)
		return err;
	listener->kicked = false;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	err = epoll < 0 ? -errno : kipc_listener_watch(listener, epoll);
	if (err) {
		if (epoll >= 0)
			close(epoll);
		return err;
	}
	return kipc_listener_replace(listener->epoll, epoll);
}

/* In a forked child: a set of our own. */
static int kipc_listener_settle(struct kipc_listener *listener)
{
	int err = 0;

	pthread_mutex_lock(&listener->base.lock);
	if (kipc_forkmark_forked(&listener->mark))
		err = kipc_listener_settle_locked(listener);
	if (!err)
		kipc_forkmark_settle(&listener->mark);
	pthread_mutex_unlock(&listener->base.lock);
	return err;
}

/* The milliseconds that epoll_wait() counts in, not too few of them. */
static int kipc_listener_ms(int64_t left)
{
	return left > INT_MAX * 1000000LL ? INT_MAX : (int)((left + 999999) / 1000000);
}

/*
 * epoll_wait() is only good for no time or for ever; and where its successor (Linux 5.11) is
 * kept from a program by a filter of system calls, or unknown to what runs it.
 */
static int kipc_listener_poll(struct kipc_listener *listener, struct epoll_event *event,
			      kipc_deadline deadline)
{
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts = {
		.tv_sec = left / 1000000000,
		.tv_nsec = left % 1000000000,
	};
	int n;

	if (left <= 0)
		return epoll_wait(listener->epoll, event, 1, left < 0 ? -1 : 0);
	n = epoll_pwait2(listener->epoll, event, 1, &ts, NULL);
	if (n < 0 && errno == ENOSYS)
		n = epoll_wait(listener->epoll, event, 1, kipc_listener_ms(left));
	return n;
}

/* Wait for the set: 0 with an event, 1 where there is something ahead, or -errno. */
static int kipc_listener_wait(struct kipc_listener *listener, struct epoll_event *event,
			      kipc_deadline deadline)
{
	bool ahead = false;
	int n = 0;

	if (listener->kind->type != SOCK_STREAM) {
		n = kipc_listener_poll(listener, event, deadline);
	} else {
		/* Who puts something there after this sees us, and kicks. */
		atomic_fetch_add(&listener->waiting, 1);
		ahead = __atomic_load_n(&listener->ahead, __ATOMIC_SEQ_CST);
		if (!ahead)
			n = kipc_listener_poll(listener, event, deadline);
		atomic_fetch_sub(&listener->waiting, 1);
	}
	if (n < 0)
		return -errno;
	return ahead ? 1 : n ? 0 : kipc_deadline_missed(deadline);
}

/* ---- whose turn it is ---- */

/* The client that sent last, if it may be asked first. */
static struct kipc_client *kipc_listener_hot(struct kipc_listener *listener)
{
	unsigned int rest = atomic_load_explicit(&listener->hot_rest, memory_order_relaxed);
	unsigned int left = atomic_load_explicit(&listener->hot_left, memory_order_relaxed);

	if (!left)
		return NULL;
	if (rest) {
		atomic_store_explicit(&listener->hot_rest, rest - 1, memory_order_relaxed);
		return NULL;
	}
	atomic_store_explicit(&listener->hot_left, left - 1, memory_order_relaxed);
	return kipc_client_get(listener, atomic_load(&listener->hot));
}

/* It was asked: was it worth it? */
static void kipc_listener_asked(struct kipc_listener *listener, bool worth)
{
	unsigned int pause = atomic_load_explicit(&listener->hot_pause, memory_order_relaxed);

	pause = worth ? 0 : pause < KIPC_HOT_PAUSE ? 2 * pause + 1 : pause;
	atomic_store_explicit(&listener->hot_pause, pause, memory_order_relaxed);
	atomic_store_explicit(&listener->hot_rest, pause, memory_order_relaxed);
}

static void kipc_listener_heat(struct kipc_listener *listener, uint64_t number)
{
	atomic_store_explicit(&listener->hot, number, memory_order_relaxed);
	atomic_store_explicit(&listener->hot_left, KIPC_HOT_TURNS, memory_order_relaxed);
}

/* Whoever the set names, with a reference; or *@client is NULL, and all is as before. */
static int kipc_listener_next(struct kipc_listener *listener, struct kipc_client **client,
			      kipc_deadline deadline)
{
	struct epoll_event event;
	int err = kipc_listener_wait(listener, &event, deadline);

	*client = NULL;
	if (err)
		return err < 0 ? err : 0;
	if (event.data.u64 == KIPC_LISTENER_SOCKET)
		return kipc_client_accept(listener);
	if (event.data.u64 == KIPC_LISTENER_KICK)
		return 0;
	*client = kipc_client_get(listener, event.data.u64);
	if (*client)
		kipc_listener_heat(listener, event.data.u64);
	return 0;
}

/* ---- receiving ---- */

/* Take a client's next frame off its link, without waiting. */
static int kipc_listener_take_mail(struct kipc_listener *listener, struct kipc_client *client,
				   struct kipc_mail *mail)
{
	bool ahead;
	int err;

	pthread_mutex_lock(&client->lock);
	err = kipc_link_recv(&client->link, mail, KIPC_AT_ONCE);
	ahead = !err && client->link.ahead_len && kipc_stream_has_ahead(&client->link);
	pthread_mutex_unlock(&client->lock);
	if (ahead) {
		kipc_listener_put_ahead(listener, client);
		/* It has had more than a turn. */
		atomic_store_explicit(&listener->hot_left, 0, memory_order_relaxed);
	}
	if (err)
		return err;
	/* A client is not called, so it has nothing to answer. */
	if (kipc_mail_kind(mail) == KIPC_FRAME_SEND || kipc_mail_kind(mail) == KIPC_FRAME_CALL)
		return 0;
	kipc_mail_put(&listener->base, mail);
	return -EPROTO;
}

/* Take a client's next message: 1, 0 when there is none (by now), or -ENOMEM. */
static int kipc_listener_take(struct kipc_listener *listener, struct kipc_client *client,
			      struct kipc_msg *msg)
{
	struct kipc_mail mail;
	int err = kipc_listener_take_mail(listener, client, &mail);

	switch (err) {
	case 0:
		mail.known = client->known;
		mail.cred = client->cred;
		kipc_mail_lend(&listener->base, msg, &mail);
		msg->peer = client->number;
		return 1;
	case -EAGAIN:
	case -EINTR:
		return 0;
	case -ENOMEM:
		return err;
	default:
		kipc_client_drop(listener, client);
		return 0;
	}
}

int kipc_listener_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_listener *listener = kipc_to_listener(handle);
	struct kipc_client *client;
	bool hot = false;
	int got = 0;

	if (kipc_forkmark_forked(&listener->mark))
		got = kipc_listener_settle(listener);
	while (!got) {
		client = kipc_listener_take_ahead(listener);
		if (!client) {
			client = kipc_listener_hot(listener);
			hot = client;
		}
		if (!client)
			got = kipc_listener_next(listener, &client, deadline);
		if (!client)
			continue;
		got = kipc_listener_take(listener, client, msg);
		if (hot)
			kipc_listener_asked(listener, got == 1);
		hot = false;
		if (got == 1 && msg->kind == KIPC_MSG_CALL)
			msg->priv[1] = client;	/* its reference goes with the call */
		else
			kipc_client_put(listener, client);
	}
	return got < 0 ? got : 0;
}

/* ---- sending and replying ---- */

int kipc_listener_send(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline)
{
	struct kipc_listener *listener = kipc_to_listener(handle);
	struct kipc_client *client;
	int err;

	if (!out->to)
		return -EDESTADDRREQ;
	client = kipc_client_get(listener, out->to);
	if (!client)
		return -EPIPE;
	err = kipc_link_send(&client->link, KIPC_FRAME_SEND, 0, out, deadline);
	kipc_client_put(listener, client);
	return err;
}

static void kipc_listener_end_call(struct kipc_msg *call)
{
	if (call->priv[1])
		kipc_client_put(kipc_to_listener(call->handle), call->priv[1]);
	call->priv[1] = NULL;
	kipc_socket_release(call);
}

int kipc_listener_reply(struct kipc *handle, struct kipc_msg *call,
			const struct kipc_outgoing *out)
{
	struct kipc_client *client = call->priv[1];
	int err = kipc_link_reply(&client->link, call->id, out);

	(void)handle;
	if (!kipc_reply_is_open(err))
		kipc_listener_end_call(call);
	return err;
}

void kipc_listener_release(struct kipc_msg *msg)
{
	struct kipc_client *client = msg->priv[1];

	if (client)
		kipc_link_refuse(&client->link, msg->id);
	kipc_listener_end_call(msg);
}

/* ---- opening ---- */

void kipc_listener_close(struct kipc *handle)
{
	struct kipc_listener *listener = kipc_to_listener(handle);
	const bool ours = listener->mark.word && !kipc_forkmark_forked(&listener->mark);

	kipc_client_free_all(listener, ours);
	free(listener->clients);
	kipc_socket_drop_all_fds(handle);
	kipc_unix_unbind(&listener->bound);
	if (listener->epoll >= 0)
		close(listener->epoll);
	if (listener->kick >= 0)
		close(listener->kick);
	if (listener->fd >= 0)
		close(listener->fd);
	kipc_forkmark_deinit(&listener->mark);
	kipc_handle_free(handle);
}

int kipc_listener_fd(struct kipc *handle)
{
	struct kipc_listener *listener = kipc_to_listener(handle);

	if (kipc_forkmark_forked(&listener->mark))
		kipc_listener_settle(listener);
	if (!atomic_exchange(&listener->polled, true)) {
		pthread_mutex_lock(&listener->base.lock);
		kipc_listener_kick_locked(listener);
		pthread_mutex_unlock(&listener->base.lock);
	}
	return listener->epoll;
}

void kipc_listener_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_listener *listener = kipc_to_listener(handle);

	info->max_size = listener->max_size;
}

/* Of a client, as long as it is here. */
int kipc_listener_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf,
			  size_t size)
{
	struct kipc_listener *listener = kipc_to_listener(handle);
	const char *scheme = handle->transport->mechanism.scheme;
	struct kipc_client *client;
	int err;

	if (!of_peer)
		return kipc_socket_text(scheme, listener->fd, false, buf, size);
	client = kipc_client_get(listener, peer);
	if (!client)
		return -EPIPE;
	err = kipc_socket_text(scheme, client->link.fd, true, buf, size);
	kipc_client_put(listener, client);
	return err;
}

/* What a connection of this listener's will be able to carry. */
static int kipc_listener_measure(struct kipc_listener *listener)
{
	const struct kipc_socket_kind *kind = listener->kind;
	struct kipc_link link = { 0 };
	int err = kipc_link_init(&link, &listener->base, kind, listener->fd, &listener->address);

	if (!err)
		pthread_mutex_destroy(&link.lock);
	listener->max_size = link.max_size;
	return err;
}

static int kipc_listener_start(struct kipc_listener *listener)
{
	int err = kipc_forkmark_init(&listener->mark);

	if (err)
		return err;
	listener->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (listener->epoll < 0)
		return -errno;
	listener->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (listener->kick < 0)
		return -errno;
	listener->fd = listener->kind->listen(listener->kind, &listener->address, &listener->bound);
	if (listener->fd < 0)
		return listener->fd;
	err = kipc_listener_measure(listener);
	return err ? err : kipc_listener_watch(listener, listener->epoll);
}

int kipc_listener_open(struct kipc **handle, const struct kipc_address *address,
		       const struct kipc_socket_kind *kind)
{
	struct kipc_listener *listener = kipc_handle_new(sizeof(*listener), kind->listener,
							 KIPC_SIDE_BOTH);
	int err;

	if (!listener)
		return -ENOMEM;
	listener->kind = kind;
	listener->epoll = -1;
	listener->kick = -1;
	listener->fd = -1;
	listener->address = *address;
	listener->bound.life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	err = kipc_listener_start(listener);
	if (err)
		kipc_listener_close(&listener->base);
	else
		*handle = &listener->base;
	return err;
}
