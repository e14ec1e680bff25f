// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines: an end that has one peer.  See line.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
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
	msg->id = parcel->letter.call;
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

static int kipc_line_read(struct kipc_reader *reader, struct kipc_letter *letter,
			  kipc_deadline deadline)
{
	struct kipc_line *line = container_of(reader, struct kipc_line_end, reader)->line;
	struct kipc_parcel *parcel = container_of(letter, struct kipc_parcel, letter);
	int got = line->kind->read(line, parcel, deadline);

	letter->answer = parcel->kind == KIPC_PARCEL_REPLY || parcel->kind == KIPC_PARCEL_END;
	return got;
}

static bool kipc_line_ends(int err)
{
	return err != -EAGAIN && err != -ETIMEDOUT && err != -EINTR && err != -ENOMEM;
}

static void kipc_line_drop(struct kipc_reader *reader, const struct kipc_letter *letter)
{
	struct kipc_line_end *end = container_of(reader, struct kipc_line_end, reader);
	const struct kipc_parcel *parcel = container_of(letter, struct kipc_parcel, letter);

	if (parcel->buffer)
		kipc_buffer_put(&end->base, parcel->buffer);
}

static const struct kipc_reader_kind kipc_line_reader = {
	.size = sizeof(struct kipc_parcel),
	.read = kipc_line_read,
	.ends = kipc_line_ends,
	.drop = kipc_line_drop,
};

/* ---- receiving ---- */

int kipc_line_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_parcel parcel;
	int err = kipc_reader_recv(&kipc_to_line_end(handle)->reader, &parcel.letter, deadline);

	if (!err)
		kipc_line_lend(handle, msg, &parcel);
	return err;
}

/* ---- calling ---- */

/* What came for a caller: a reply, or the end without one. */
int kipc_line_answer(struct kipc_line_end *end, struct kipc_line_caller *caller,
		     struct kipc_msg *reply)
{
	if (caller->parcel.kind == KIPC_PARCEL_END) {
		kipc_line_drop(&end->reader, &caller->parcel.letter);
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
	kipc_reader_begin(&end->reader, &caller.slot, &caller.parcel.letter);
	err = end->line->kind->write(end->line, KIPC_PARCEL_CALL, caller.slot.call, out, deadline);
	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_reader_await(&end->reader, &caller.slot, deadline);
		/* It was on its way: nobody can say whether it was read. */
		if (err == -EPIPE)
			err = -ECONNRESET;
	}
	kipc_reader_finish(&end->reader, &caller.slot);
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
	if (want & KIPC_WANT_RECV && kipc_reader_has(&kipc_to_line_end(handle)->reader))
		events->timeout = 0;
	return 0;
}

/* ---- opening ---- */

void kipc_line_close(struct kipc *handle)
{
	struct kipc_line_end *end = kipc_to_line_end(handle);

	kipc_reader_deinit(&end->reader);
	kipc_line_free(end->line);
	kipc_handle_free(handle);
}

/* Make a handle of a connected socket, which is the handle's from here on. */
static int kipc_line_end_new(struct kipc **handle, int fd, enum kipc_line_role role,
			     const struct kipc_address *address,
			     const struct kipc_line_kind *kind)
{
	struct kipc_line_end *end = kipc_handle_new(sizeof(*end), kind->end, KIPC_SIDE_BOTH);
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
	kipc_reader_init(&end->reader, &kipc_line_reader);
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
