// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Putting a message together of its pieces; see frame.h.  Whoever receives frames has the
 * receiving end's lock.
 *
 * Senders take turns, so at most one message is under way.  What does not belong to it is
 * the rest of one whose beginning another receiver took, or this one could not.
 */
#include <errno.h>
#include <string.h>

#include "frame.h"

/*
 * The first piece: what was being put together before will never be whole, as senders
 * take turns with messages.
 */
static int kipc_frame_begin(struct kipc_frame_in *in, struct kipc *handle,
			    const struct kipc_frame *frame)
{
	kipc_buffer_put(handle, in->pieces);
	in->pieces = NULL;
	if (frame->len > in->max_size)
		return -EMSGSIZE;
	in->pieces = kipc_buffer_get(handle, frame->len);
	if (!in->pieces)
		return -ENOMEM;
	in->pieces_of = frame->len;
	in->pieces_len = 0;
	in->pieces_type = frame->type;
	return 0;
}

/* A message that was put together. */
static void kipc_frame_take_pieces(struct kipc_frame_in *in, struct kipc_frame_got *got)
{
	*got = (struct kipc_frame_got){
		.buffer = in->pieces,
		.len = in->pieces_of,
		.kind = KIPC_FRAME_SEND,
		.type = in->pieces_type,
	};
	in->pieces = NULL;
}

/*
 * Add the piece in @buffer.  Returns 1 when the message is whole, and in @got; 0, or
 * -errno.
 */
int kipc_frame_add_piece(struct kipc_frame_in *in, struct kipc *handle,
			 struct kipc_frame_got *got)
{
	const struct kipc_frame *frame = (const void *)in->buffer->data;
	bool first = frame->magic == (KIPC_FRAME_MAGIC | KIPC_FRAME_FIRST);
	size_t len = in->size - sizeof(*frame);
	int err;

	if (first) {
		err = kipc_frame_begin(in, handle, frame);
		if (err)
			return err;
	}
	/* The rest of what another receiver began, or of what we could not take. */
	if (!in->pieces || frame->len != in->pieces_of ||
	    (!first && frame->type != in->pieces_len))
		return 0;
	if (len > in->pieces_of - in->pieces_len)
		return -EPROTO;
	memcpy(in->pieces->data + in->pieces_len, in->buffer->data + sizeof(*frame), len);
	in->pieces_len += len;
	if (in->pieces_len < in->pieces_of)
		return 0;
	kipc_frame_take_pieces(in, got);
	return 1;
}
