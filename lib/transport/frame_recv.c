// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Receiving frames: judging what frame_in.c has taken off the descriptor, and handing it
 * over.  While the process has one thread no lock is taken, and a small frame that comes
 * alone goes the shortest way.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

/*
 * A frame that was cut within its trailer: so many bytes of that, and zeros.  The last
 * byte of a whole one is never zero.
 */
static bool kipc_frame_is_void(uint64_t trailer, uint64_t whole)
{
	const unsigned char *is = (const void *)&trailer, *was = (const void *)&whole;
	size_t i = 0;

	while (i < sizeof(trailer) && is[i] == was[i])
		i++;
	while (i < sizeof(trailer) && !is[i])
		i++;
	return i == sizeof(trailer);
}

/* Is the frame whole?  1 yes, 0 no (void), or -EPROTO. */
KIPC_HOT
static int kipc_frame_judge(struct kipc_frame_in *in)
{
	const struct kipc_frame *frame = (const void *)in->buffer->data;
	uint64_t trailer;

	if (frame->magic >= (KIPC_FRAME_MAGIC | KIPC_FRAME_FIRST) ||
	    !kipc_frame_trailer(frame->len, in->trailers))
		return 1;
	memcpy(&trailer, in->buffer->data + in->size - sizeof(trailer), sizeof(trailer));
	if (trailer == (KIPC_FRAME_WHOLE ^ frame->len))
		return 1;
	return kipc_frame_is_void(trailer, KIPC_FRAME_WHOLE ^ frame->len) ?
		0 : kipc_frame_refuse(in);
}

/*
 * What is the frame in @buffer?  1, it is in @got, which may point to @buffer; 0 when it
 * was void or one piece of many; or -EPROTO and others.
 */
KIPC_HOT
static int kipc_frame_look(struct kipc_frame_in *in, struct kipc *handle,
			   struct kipc_frame_got *got)
{
	const struct kipc_frame *frame = (const void *)in->buffer->data;
	uint32_t kind = frame->magic ^ KIPC_FRAME_MAGIC;
	int err = kipc_frame_judge(in);

	if (err > 0 && kind >= KIPC_FRAME_FIRST) {
		err = kipc_frame_add_piece(in, handle, got);
		kipc_frame_reset(in);
		return err;
	}
	if (err <= 0) {
		kipc_frame_reset(in);
		return err;
	}
	got->buffer = in->buffer;
	got->offset = sizeof(*frame);
	got->len = frame->len;
	got->kind = kind;
	got->type = frame->type;
	if (kind != KIPC_FRAME_SEND) {
		memcpy(&got->call, in->buffer->data + got->offset, sizeof(got->call));
		got->offset += sizeof(got->call);
		got->len -= sizeof(got->call);
	}
	in->last = in->size;
	return 1;
}

KIPC_HOT
static int kipc_frame_next(struct kipc_frame_in *in, struct kipc *handle,
			   struct kipc_frame_got *got, kipc_deadline deadline)
{
	int err;

	do {
		err = kipc_frame_fill(in, handle, deadline);
		if (!err)
			err = kipc_frame_look(in, handle, got);
	} while (!err);
	return err < 0 ? err : 0;
}

/* Is nothing there, so that a small frame may come alone and whole? */
static inline bool kipc_frame_is_idle(const struct kipc_frame_in *in)
{
	return in->ahead && !in->ahead->end && !kipc_frame_ahead_is_off(in->ahead) &&
	       !in->size && !in->broken && in->buffer && in->last <= PIPE_BUF;
}

/*
 * The usual case: the frame comes alone, with one read.  0, it is in @got; -EINTR; or
 * -EAGAIN: what has come, if anything did, is where the long way finds it.
 */
KIPC_HOT
static int kipc_frame_recv_alone(struct kipc_frame_in *in, struct kipc *handle,
				 struct kipc_frame_got *got)
{
	struct kipc_buffer *buffer = in->buffer;
	const struct kipc_frame *frame = (const void *)buffer->data;
	ssize_t n = read(in->fd, buffer->data, PIPE_BUF);
	int err;

	if (n <= 0)
		return n && errno == EINTR ? -EINTR : -EAGAIN;
	if (n < (ssize_t)sizeof(*frame) || in->trailers ||
	    frame->magic != (KIPC_FRAME_MAGIC | KIPC_FRAME_SEND) ||
	    frame->len != (size_t)n - sizeof(*frame) || frame->len > in->max_size ||
	    frame->check != kipc_frame_check(frame)) {
		err = kipc_frame_digest(in, handle, (size_t)n);
		return err < 0 ? err : -EAGAIN;
	}
	got->buffer = buffer;
	got->offset = sizeof(*frame);
	got->len = frame->len;
	got->kind = KIPC_FRAME_SEND;
	got->type = frame->type;
	return 0;
}

/**
 * kipc_frame_recv() - receive the next frame that is whole
 * @in:		where from
 * @handle:	whose buffers to use
 * @got:	filled in; its buffer is the caller's
 * @deadline:	how long to wait
 *
 * Return: 0, -EPIPE (the end of the stream), -EPROTO, -EMSGSIZE (larger than @max_size),
 * -EAGAIN, -ETIMEDOUT, -EINTR, -ENOMEM.  What has come of a frame is kept.
 */
KIPC_HOT
int kipc_frame_recv(struct kipc_frame_in *in, struct kipc *handle, struct kipc_frame_got *got,
		    kipc_deadline deadline)
{
	bool locked;
	int err;

	if (__libc_single_threaded && deadline == KIPC_NEVER) {
		if (!in->buffer && !in->got && in->last <= PIPE_BUF)
			in->buffer = kipc_buffer_get(handle, PIPE_BUF);
		if (kipc_frame_is_idle(in)) {
			err = kipc_frame_recv_alone(in, handle, got);
			if (!err)
				in->buffer = NULL;
			if (err != -EAGAIN)
				return err;
		}
	}
	err = kipc_frame_lock(&in->lock, &locked, deadline);
	if (err)
		return err;
	err = kipc_frame_next(in, handle, got, deadline);
	if (!err && got->buffer == in->buffer) {
		in->buffer = NULL;
		kipc_frame_reset(in);
	}
	kipc_frame_unlock(&in->lock, locked);
	return err;
}

/* A message that is not taken after all stays where it is, and is found again. */
static int kipc_frame_put_back(struct kipc_frame_in *in, struct kipc *handle,
			       const struct kipc_frame_got *got)
{
	struct kipc_msg msg;

	if (got->buffer == in->buffer)
		return -EMSGSIZE;
	kipc_msg_init(&msg, handle);
	kipc_buffer_lend(handle, &msg, got->buffer, got->offset, got->len);
	msg.type = got->type;
	msg.known = KIPC_KNOWN_TYPE;
	if (!kipc_msg_keep(handle, &msg))
		return -EMSGSIZE;
	kipc_buffer_put(handle, got->buffer);
	return -ENOMEM;
}

/**
 * kipc_frame_recv_into() - receive the next message into the caller's memory
 *
 * As kipc_frame_recv(), of one-way messages; everything else is dropped.  -EMSGSIZE: it
 * is larger than @size, and still the next.
 *
 * Return: its length, or -errno.
 */
KIPC_HOT
ssize_t kipc_frame_recv_into(struct kipc_frame_in *in, struct kipc *handle, void *buf,
			     size_t size, kipc_deadline deadline)
{
	struct kipc_frame_got got;
	bool locked;
	ssize_t err;

	if (__libc_single_threaded && deadline == KIPC_NEVER && kipc_frame_is_idle(in)) {
		err = kipc_frame_recv_alone(in, handle, &got);
		if (!err && got.len <= size) {
			memcpy(buf, got.buffer->data + got.offset, got.len);
			return (ssize_t)got.len;
		}
		if (!err) {
			in->size = sizeof(struct kipc_frame) + got.len;
			in->got = in->size;
			return -EMSGSIZE;
		}
		if (err != -EAGAIN)
			return err;
	}
	err = kipc_frame_lock(&in->lock, &locked, deadline);
	if (err)
		return err;
	do {
		err = kipc_frame_next(in, handle, &got, deadline);
		if (!err && got.kind == KIPC_FRAME_SEND && got.len > size) {
			err = kipc_frame_put_back(in, handle, &got);
			break;
		}
		if (!err && got.buffer == in->buffer)
			kipc_frame_reset(in);
	} while (!err && got.kind != KIPC_FRAME_SEND);
	if (!err) {
		memcpy(buf, got.buffer->data + got.offset, got.len);
		err = (ssize_t)got.len;
		if (got.buffer != in->buffer)
			kipc_buffer_put(handle, got.buffer);
	}
	kipc_frame_unlock(&in->lock, locked);
	return err;
}
