/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines: AF_UNIX connections whose messages are not of the socket's own making, which is
 * what cma: and sunrpc: have in common.
 *
 *	line_end.c	a handle with one line: a client, an end of a pair
 *	line_listener.c	a listener with the lines of all its clients
 *
 * A kind of line knows how one thing is put on it and taken off it; ends and listeners
 * know who waits for what.  What comes off a line is a *parcel*: a message for whoever
 * receives, or the answer to a call (which may be that there is none).
 */
#ifndef KIPC_LINE_H
#define KIPC_LINE_H

#include <sys/socket.h>
#include <sys/un.h>

#include "internal.h"
#include "reader.h"
#include "unix.h"

/* Ends of a line: one opens it and one is there. */
enum kipc_line_role {
	KIPC_LINE_CLIENT,
	KIPC_LINE_SERVER,
};

/* What a parcel is.  The first three are kinds of messages. */
enum kipc_parcel_kind {
	KIPC_PARCEL_SEND	= KIPC_MSG_SEND,
	KIPC_PARCEL_CALL	= KIPC_MSG_CALL,
	KIPC_PARCEL_REPLY	= KIPC_MSG_REPLY,
	KIPC_PARCEL_END		= 4,	/* of a call, as @err says; there is no @buffer */
};

struct kipc_parcel {
	struct kipc_letter letter;	/* with the call */
	enum kipc_parcel_kind kind;
	int err;
	uint64_t type;
	bool known;			/* who sent it: @cred */
	struct ucred cred;
	struct kipc_buffer *buffer;	/* the handle's; the payload begins at @offset */
	size_t offset;
	size_t len;
};

struct kipc_line_kind;

/* One connection; a kind's own state follows. */
struct kipc_line {
	const struct kipc_line_kind *kind;
	struct kipc *handle;		/* whose buffers it takes */
	enum kipc_line_role role;
	int fd;
	bool known;			/* the peer: @cred */
	struct ucred cred;
};

/**
 * struct kipc_line_kind - how messages travel on a line
 * @end:	the transport's table
 * @listener:	the table of its listeners
 * @type:	of the socket
 * @size:	of the structure that begins with struct kipc_line
 * @setup:	what a socket wants before it is bound or connected; or NULL
 * @init:	make the line ready; its socket is there
 * @deinit:	the reverse; the socket is closed after it
 * @read:	take one thing off: 1 and a parcel, 0 (nothing for anybody), or -errno:
 *		-EAGAIN, -ETIMEDOUT, -EINTR, -ENOMEM; anything else ends the line.  By one
 *		thread at a time
 * @write:	put a message on, or with %KIPC_PARCEL_END refuse a call (@out is NULL); what
 *		fails was not sent.  By any thread
 */
struct kipc_line_kind {
	const struct kipc_transport *end;
	const struct kipc_transport *listener;
	int type;
	size_t size;
	int (*setup)(int fd, const struct kipc_address *address);
	int (*init)(struct kipc_line *line, const struct kipc_address *address);
	void (*deinit)(struct kipc_line *line);
	int (*read)(struct kipc_line *line, struct kipc_parcel *parcel, kipc_deadline deadline);
	int (*write)(struct kipc_line *line, enum kipc_parcel_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, kipc_deadline deadline);
};

/* ---- line_end.c ---- */

struct kipc_line *kipc_line_new(struct kipc *handle, const struct kipc_line_kind *kind, int fd,
				enum kipc_line_role role, const struct kipc_address *address,
				int *err);
void kipc_line_free(struct kipc_line *line);
int kipc_line_socket(const struct kipc_line_kind *kind, const struct kipc_address *address,
		     int flags);
void kipc_line_lend(struct kipc *handle, struct kipc_msg *msg, const struct kipc_parcel *parcel);

/* A thread that waits for the end of a call, on its stack. */
struct kipc_line_caller {
	struct kipc_caller_slot slot;
	struct kipc_parcel parcel;
};

/* A handle with one line; who takes parcels off it: reader.h. */
struct kipc_line_end {
	struct kipc base;
	struct kipc_line *line;
	struct kipc_reader reader;
};

static inline struct kipc_line_end *kipc_to_line_end(struct kipc *handle)
{
	return container_of(handle, struct kipc_line_end, base);
}

int kipc_line_connect(struct kipc **handle, const struct kipc_address *address,
		      const struct kipc_line_kind *kind);
int kipc_line_pair(struct kipc *ends[2], const struct kipc_address *address,
		   const struct kipc_line_kind *kind);
int kipc_line_answer(struct kipc_line_end *end, struct kipc_line_caller *caller,
		     struct kipc_msg *reply);

void kipc_line_close(struct kipc *handle);
int kipc_line_send(struct kipc *handle, const struct kipc_outgoing *out, kipc_deadline deadline);
int kipc_line_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_line_call(struct kipc *handle, const struct kipc_outgoing *out, struct kipc_msg *reply,
		   kipc_deadline deadline);
int kipc_line_reply(struct kipc *handle, struct kipc_msg *call, const struct kipc_outgoing *out);
void kipc_line_release(struct kipc_msg *msg);
int kipc_line_fd(struct kipc *handle);
int kipc_line_events(struct kipc *handle, uint32_t want, struct kipc_events *events);

#define KIPC_LINE_END_OPERATIONS		\
	.close = kipc_line_close,		\
	.recv = kipc_line_recv,			\
	.reply = kipc_line_reply,		\
	.release = kipc_line_release,		\
	.fd = kipc_line_fd,			\
	.events = kipc_line_events

/* ---- line_listener.c ---- */

int kipc_line_listen(struct kipc **handle, const struct kipc_address *address,
		     const struct kipc_line_kind *kind);
void kipc_line_listener_close(struct kipc *handle);
int kipc_line_listener_send(struct kipc *handle, const struct kipc_outgoing *out,
			    kipc_deadline deadline);
int kipc_line_listener_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_line_listener_reply(struct kipc *handle, struct kipc_msg *call,
			     const struct kipc_outgoing *out);
void kipc_line_listener_release(struct kipc_msg *msg);
int kipc_line_listener_fd(struct kipc *handle);
int kipc_line_listener_events(struct kipc *handle, uint32_t want, struct kipc_events *events);
const struct kipc_address *kipc_line_listener_address(const struct kipc *handle);

#define KIPC_LINE_LISTENER_OPERATIONS		\
	.close = kipc_line_listener_close,	\
	.send = kipc_line_listener_send,	\
	.recv = kipc_line_listener_recv,	\
	.reply = kipc_line_listener_reply,	\
	.release = kipc_line_listener_release,	\
	.fd = kipc_line_listener_fd,		\
	.events = kipc_line_listener_events

#endif /* KIPC_LINE_H */
