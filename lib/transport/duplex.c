// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * duplex: calls and replies between two ends that send and receive, one process each.
 *
 * Who reads is settled in reader.h.
 *
 * Replies: a caller reads, or has given up; so a reply waits for room, but not for long,
 * or a caller that has given up would hold its server up.
 */
#include <errno.h>

#include "duplex.h"

/* How long a reply waits for room: so long, and so much longer for each 16 MiB. */
#define KIPC_DUPLEX_REPLY_TIME	KIPC_S(1)
#define KIPC_DUPLEX_REPLY_SHIFT	24

/* A frame that was read, for whomever. */
struct kipc_duplex_letter {
	struct kipc_letter letter;
	struct kipc_frame_got got;
};

static int kipc_duplex_read(struct kipc_reader *reader, struct kipc_letter *letter,
			    kipc_deadline deadline)
{
	struct kipc_duplex *end = container_of(reader, struct kipc_duplex, reader);
	struct kipc_frame_got *got = &container_of(letter, struct kipc_duplex_letter, letter)->got;
	int err = kipc_frame_recv(&end->pipe.in, &end->pipe.base, got, deadline);

	if (err)
		return err;
	letter->call = got->call;
	letter->answer = got->kind == KIPC_FRAME_REPLY || got->kind == KIPC_FRAME_REFUSAL;
	return 1;
}

static bool kipc_duplex_ends(int err)
{
	return err == -EPIPE || err == -EPROTO;
}

static void kipc_duplex_drop(struct kipc_reader *reader, const struct kipc_letter *letter)
{
	struct kipc_duplex *end = container_of(reader, struct kipc_duplex, reader);

	kipc_buffer_put(&end->pipe.base,
			container_of(letter, struct kipc_duplex_letter, letter)->got.buffer);
}

static const struct kipc_reader_kind kipc_duplex_reader = {
	.size = sizeof(struct kipc_duplex_letter),
	.read = kipc_duplex_read,
	.ends = kipc_duplex_ends,
	.drop = kipc_duplex_drop,
};

void kipc_duplex_init(struct kipc_duplex *end)
{
	kipc_reader_init(&end->reader, &kipc_duplex_reader);
}

void kipc_duplex_deinit(struct kipc_duplex *end)
{
	kipc_reader_deinit(&end->reader);
	kipc_pipe_deinit(&end->pipe);
}

/* ---- receiving ---- */

static void kipc_duplex_lend(struct kipc_duplex *end, struct kipc_msg *msg,
			     const struct kipc_frame_got *got)
{
	kipc_buffer_lend(&end->pipe.base, msg, got->buffer, got->offset, got->len);
	msg->kind = got->kind;
	msg->id = got->kind == KIPC_FRAME_SEND ? 0 : got->call;
	msg->type = got->type;
	msg->known = KIPC_KNOWN_TYPE;
}

int kipc_duplex_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_duplex *end = kipc_to_duplex(handle);
	struct kipc_duplex_letter mail;
	int err = kipc_reader_recv(&end->reader, &mail.letter, deadline);

	if (!err)
		kipc_duplex_lend(end, msg, &mail.got);
	return err;
}

/* ---- calling ---- */

/* What came for a caller: a reply, or a refusal. */
static int kipc_duplex_answer(struct kipc_duplex *end, const struct kipc_frame_got *got,
			      struct kipc_msg *reply)
{
	if (got->kind == KIPC_FRAME_REFUSAL) {
		kipc_buffer_put(&end->pipe.base, got->buffer);
		return -ECONNRESET;
	}
	kipc_duplex_lend(end, reply, got);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

int kipc_duplex_call(struct kipc *handle, const struct kipc_outgoing *out,
		     struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_duplex *end = kipc_to_duplex(handle);
	struct kipc_duplex_letter answer;
	struct kipc_caller_slot caller;
	int err;

	if (out->to)
		return -EINVAL;
	kipc_reader_begin(&end->reader, &caller, &answer.letter);
	err = kipc_frame_send(&end->pipe.out, KIPC_FRAME_CALL, caller.call, out, deadline);
	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_reader_await(&end->reader, &caller, deadline);
		/* It was on its way: nobody can say whether it was read. */
		if (err == -EPIPE)
			err = -ECONNRESET;
	}
	kipc_reader_finish(&end->reader, &caller);
	return err ? err : kipc_duplex_answer(end, &answer.got, reply);
}

/* ---- replying ---- */

int kipc_duplex_reply(struct kipc *handle, struct kipc_msg *call,
		      const struct kipc_outgoing *out)
{
	int64_t time = KIPC_DUPLEX_REPLY_TIME *
		       (int64_t)(1 + (out->len >> KIPC_DUPLEX_REPLY_SHIFT));
	int err = kipc_frame_send(&kipc_to_duplex(handle)->pipe.out, KIPC_FRAME_REPLY, call->id,
				  out, kipc_deadline_after(time));

	if (err == -ETIMEDOUT || err == -EINTR)
		err = -ENOBUFS;
	if (!kipc_reply_is_open(err))
		kipc_buffer_return(call);
	return err;
}

void kipc_duplex_release(struct kipc_msg *msg)
{
	struct kipc_outgoing none = { 0 };

	if (msg->kind == KIPC_MSG_CALL)
		kipc_frame_send(&kipc_to_duplex(msg->handle)->pipe.out, KIPC_FRAME_REFUSAL,
				msg->id, &none, KIPC_AT_ONCE);
	kipc_buffer_return(msg);
}

/* What a caller has found shows in no descriptor. */
int kipc_duplex_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	if (want & KIPC_WANT_RECV && kipc_reader_has(&kipc_to_duplex(handle)->reader))
		events->timeout = 0;
	return kipc_pipe_events(handle, want, events);
}
