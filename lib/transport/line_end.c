// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines: an end that has one peer.  See line.h for who reads, and for the lock.
 *
 * An answer that nobody waits for any more (its caller's time was up) is dropped.
 *
 * Processes that share an end by fork() share its socket but not what is here: two that
 * receive, or call, at the same time take each other's parcels.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "line.h"

/* ---- a line ---- */

/* Make a line of a connected socket, which is the line's from here on, also on errors. */
struct kipc_line *kipc_line_new(struct kipc *handle, const struct kipc_line_kind *kind, int fd,
				enum kipc_line_role role, const struct kipc_address *address,
				int *err)
{
	struct kipc_line *line = calloc(1, kind->size);

	if (!line) {
		close(fd);
		*err = -ENOMEM;
		return NULL;
	}
	line->kind = kind;
	line->handle = handle;
	line->role = role;
	line->fd = fd;
	*err = kind->init(line, address);
	if (!*err)
		return line;
	kipc_line_free(line);
	return NULL;
}

void kipc_line_free(struct kipc_line *line)
{
	line->kind->deinit(line);
	close(line->fd);
	free(line);
}

/* A socket that is to be bound or connected, or -errno. */
int kipc_line_socket(const struct kipc_line_kind *kind, const struct kipc_address *address,
		     int flags)
{
	int fd = socket(AF_UNIX, kind->type | SOCK_CLOEXEC | flags, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = kind->setup ? kind->setup(fd, address) : 0;
	if (!err)
		return fd;
	close(fd);
	return err;
}

void kipc_line_lend(struct kipc *handle, struct kipc_msg *msg, const struct kipc_parcel *parcel)
{
	kipc_buffer_lend(handle, msg, parcel->buffer, parcel->offset, parcel->len);
	msg->kind = parcel->kind;
	msg->id = parcel->call;
	msg->type = parcel->type;
	msg->known = KIPC_KNOWN_TYPE;
	if (!parcel->known)
		return;
	msg->pid = parcel->cred.pid;
	msg->uid = parcel->cred.uid;
	msg->gid = parcel->cred.gid;
	msg->known |= KIPC_KNOWN_PEER;
}

/* ---- the reader ---- */

/* Wait until somebody else has read something, or has stopped. */
static int kipc_line_follow(struct kipc_line_end *end, kipc_deadline deadline)
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

static void kipc_line_drop(struct kipc_line_end *end, const struct kipc_parcel *parcel)
{
	if (parcel->buffer)
		kipc_buffer_put(&end->base, parcel->buffer);
}

/* Hand an answer to its caller, or drop it. */
static void kipc_line_deliver(struct kipc_line_end *end, const struct kipc_parcel *parcel)
{
	struct kipc_line_caller *caller;

	for (caller = end->callers; caller; caller = caller->next) {
		if (caller->call != parcel->call || caller->done)
			continue;
		caller->parcel = *parcel;
		caller->done = true;
		return;
	}
	kipc_line_drop(end, parcel);
}

/*
 * Put a message into the inbox.  This is the one place that allocates: a caller found a
 * message for a receiver.  Without memory the message is lost, and the end says so by
 * being gone.
 */
static void kipc_line_store(struct kipc_line_end *end, const struct kipc_parcel *parcel)
{
	struct kipc_parcel **tail = &end->inbox;
	struct kipc_parcel *copy = malloc(sizeof(*copy));

	if (!copy) {
		kipc_line_drop(end, parcel);
		end->gone = -ENOMEM;
		return;
	}
	*copy = *parcel;
	copy->next = NULL;
	while (*tail)
		tail = &(*tail)->next;
	*tail = copy;
}

static bool kipc_line_goes_on(int err)
{
	return err >= 0 || err == -EAGAIN || err == -ETIMEDOUT || err == -EINTR || err == -ENOMEM;
}

/*
 * Be the reader for one parcel: 1 with a message for a receiver in @parcel, 0 when
 * it was an answer and has been handed over, or -errno.
 */
static int kipc_line_read_one(struct kipc_line_end *end, struct kipc_parcel *parcel,
			      kipc_deadline deadline)
{
	int got;

	end->reading = true;
	pthread_mutex_unlock(&end->lock);
	memset(parcel, 0, sizeof(*parcel));
	got = end->line->kind->read(end->line, parcel, deadline);
	pthread_mutex_lock(&end->lock);
	end->reading = false;

	if (!kipc_line_goes_on(got))
		end->gone = got;
	if (got == 1 && (parcel->kind == KIPC_PARCEL_REPLY || parcel->kind == KIPC_PARCEL_END)) {
		kipc_line_deliver(end, parcel);
		got = 0;
	}
	if (end->waiting)
		pthread_cond_broadcast(&end->turn);
	return got;
}

/* ---- receiving ---- */

static bool kipc_line_take_inbox(struct kipc_line_end *end, struct kipc_parcel *parcel)
{
	struct kipc_parcel *first = end->inbox;

	if (!first)
		return false;
	end->inbox = first->next;
	*parcel = *first;
	free(first);
	return true;
}

int kipc_line_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);
	struct kipc_parcel parcel;
	int got = 0;

	pthread_mutex_lock(&end->lock);
	while (!got) {
		if (kipc_line_take_inbox(end, &parcel))
			got = 1;
		else if (end->gone)
			got = end->gone;
		else if (end->reading)
			got = kipc_line_follow(end, deadline);
		else
			got = kipc_line_read_one(end, &parcel, deadline);
	}
	pthread_mutex_unlock(&end->lock);
	if (got < 0)
		return got;
	kipc_line_lend(handle, msg, &parcel);
	return 0;
}

/* ---- calling ---- */

/* Make a caller known, before its call can be answered. */
void kipc_line_begin(struct kipc_line_end *end, struct kipc_line_caller *caller)
{
	memset(caller, 0, sizeof(*caller));
	/* 0 is no call. */
	do
		caller->call = atomic_fetch_add(&end->calls, 1);
	while (!caller->call);
	pthread_mutex_lock(&end->lock);
	caller->next = end->callers;
	end->callers = caller;
	pthread_mutex_unlock(&end->lock);
}

/* No answer reaches a caller after this. */
void kipc_line_finish(struct kipc_line_end *end, struct kipc_line_caller *caller)
{
	struct kipc_line_caller **at = &end->callers;

	pthread_mutex_lock(&end->lock);
	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
	pthread_mutex_unlock(&end->lock);
}

/* Wait until the answer is in @caller: 0, or -errno without one. */
int kipc_line_await(struct kipc_line_end *end, struct kipc_line_caller *caller,
		    kipc_deadline deadline)
{
	struct kipc_parcel parcel;
	int err = 0;

	pthread_mutex_lock(&end->lock);
	while (!caller->done && !err) {
		if (end->gone)
			err = end->gone;
		else if (end->reading)
			err = kipc_line_follow(end, deadline);
		else
			err = kipc_line_read_one(end, &parcel, deadline);
		if (err == 1) {
			kipc_line_store(end, &parcel);
			err = 0;
		}
	}
	/* It may have come with the last moment. */
	if (caller->done)
		err = 0;
	pthread_mutex_unlock(&end->lock);
	return err;
}

/* What came for a caller: a reply, or the end without one. */
int kipc_line_answer(struct kipc_line_end *end, struct kipc_line_caller *caller,
		     struct kipc_msg *reply)
{
	if (caller->parcel.kind == KIPC_PARCEL_END) {
		kipc_line_drop(end, &caller->parcel);
		return caller->parcel.err ? caller->parcel.err : -EPROTO;
	}
	kipc_line_lend(&end->base, reply, &caller->parcel);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

int kipc_line_call(struct kipc *handle, const struct kipc_outgoing *out, struct kipc_msg *reply,
		   kipc_deadline deadline)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);
	struct kipc_line_caller caller;
	int err;

	if (out->to)
		return -EINVAL;
	kipc_line_begin(end, &caller);
	err = end->line->kind->write(end->line, KIPC_PARCEL_CALL, caller.call, out, deadline);
	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_line_await(end, &caller, deadline);
		/* It was on its way: nobody can say whether it was read. */
		if (err == -EPIPE)
			err = -ECONNRESET;
	}
	kipc_line_finish(end, &caller);
	return err ? err : kipc_line_answer(end, &caller, reply);
}

/* ---- sending and replying ---- */

int kipc_line_send(struct kipc *handle, const struct kipc_outgoing *out, kipc_deadline deadline)
{
	struct kipc_line *line = kipc_to_line_end(handle)->line;

	if (out->to)
		return -EINVAL;
	return line->kind->write(line, KIPC_PARCEL_SEND, 0, out, deadline);
}

/* Replies never wait: a caller without room would hold its server up. */
int kipc_line_reply(struct kipc *handle, struct kipc_msg *call, const struct kipc_outgoing *out)
{
	struct kipc_line *line = kipc_to_line_end(handle)->line;
	int err = line->kind->write(line, KIPC_PARCEL_REPLY, call->id, out, KIPC_AT_ONCE);

	if (err == -EAGAIN)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_buffer_return(call);
	return err;
}

void kipc_line_release(struct kipc_msg *msg)
{
	struct kipc_line *line = kipc_to_line_end(msg->handle)->line;

	if (msg->kind == KIPC_MSG_CALL)
		line->kind->write(line, KIPC_PARCEL_END, msg->id, NULL, KIPC_AT_ONCE);
	kipc_buffer_return(msg);
}

int kipc_line_fd(struct kipc *handle)
{
	return kipc_to_line_end(handle)->line->fd;
}

/* What came while a caller waited has left the socket. */
int kipc_line_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);

	pthread_mutex_lock(&end->lock);
	if (want & KIPC_WANT_RECV && (end->inbox || end->gone))
		events->timeout = 0;
	pthread_mutex_unlock(&end->lock);
	return 0;
}

/* ---- opening ---- */

void kipc_line_close(struct kipc *handle)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);

	while (end->inbox) {
		struct kipc_parcel *next = end->inbox->next;

		free(end->inbox);
		end->inbox = next;
	}
	kipc_line_free(end->line);
	pthread_cond_destroy(&end->turn);
	pthread_mutex_destroy(&end->lock);
	kipc_handle_free(handle);
}

/* Make a handle of a connected socket, which is the handle's from here on. */
static int kipc_line_end_new(struct kipc **handle, int fd, enum kipc_line_role role,
			     const struct kipc_address *address,
			     const struct kipc_line_kind *kind)
{
	struct kipc_line_end *end = kipc_handle_new(sizeof(*end), kind->end, KIPC_SIDE_BOTH);
	pthread_condattr_t monotonic;
	int err;

	if (!end) {
		close(fd);
		return -ENOMEM;
	}
	end->line = kipc_line_new(&end->base, kind, fd, role, address, &err);
	if (!end->line) {
		kipc_handle_free(&end->base);
		return err;
	}
	pthread_mutex_init(&end->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&end->turn, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*handle = &end->base;
	return 0;
}

int kipc_line_connect(struct kipc **handle, const struct kipc_address *address,
		      const struct kipc_line_kind *kind)
{
	int fd = kipc_line_socket(kind, address, 0);
	socklen_t len = sizeof(struct ucred);
	struct kipc_line *line;
	int err;

	if (fd < 0)
		return fd;
	err = kipc_unix_connect(fd, address->name);
	if (err) {
		close(fd);
		return err;
	}
	err = kipc_line_end_new(handle, fd, KIPC_LINE_CLIENT, address, kind);
	if (err)
		return err;
	/* Who called listen(); of a pair only the one who made it would be known. */
	line = kipc_to_line_end(*handle)->line;
	line->known = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &line->cred, &len);
	return 0;
}

int kipc_line_pair(struct kipc *ends[2], const struct kipc_address *address,
		   const struct kipc_line_kind *kind)
{
	int fds[2], i, err = 0;

	if (socketpair(AF_UNIX, kind->type | SOCK_CLOEXEC, 0, fds))
		return -errno;
	for (i = 0; i < 2 && !err; i++)
		err = kind->setup ? kind->setup(fds[i], address) : 0;
	if (err) {
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	err = kipc_line_end_new(&ends[0], fds[0], KIPC_LINE_SERVER, address, kind);
	if (err) {
		close(fds[1]);
		return err;
	}
	err = kipc_line_end_new(&ends[1], fds[1], KIPC_LINE_CLIENT, address, kind);
	if (err) {
		kipc_line_close(ends[0]);
		ends[0] = NULL;
	}
	return err;
}
