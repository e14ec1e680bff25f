// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring: sending and receiving through shared memory, copied or in place.
 *
 * Sending is: reserve a place, write the message there, commit it; receiving is: take a
 * record, read it where it is, release it.  kipc_loan() and kipc_recv() stop in the
 * middle and let the caller write and read; kipc_send() and kipc_recv_into() copy.
 *
 * What is lent to the caller is known again by its position in the ring; the word there
 * says whose it is.  So a copy of it that fork() made, or one released already, is not
 * taken for a live one.
 *
 * Any number of threads and processes may use an end at once: see ring_core.h.
 */
#include <assert.h>
#include <string.h>

#include "ring.h"

/* ---- places and records ---- */

static int kipc_ring_reserve_wait(struct kipc_ring_end *end, size_t len,
				  struct kipc_ring_record *record, kipc_deadline deadline)
{
	struct kipc_ring_wait wait = KIPC_RING_WAIT_INIT;
	int err = kipc_ring_enter(end);

	while (!err) {
		if (kipc_ring_is_gone(end))
			return -EPIPE;
		err = kipc_ring_reserve(&end->out, end->me, len, record);
		if (err != -EAGAIN)
			break;
		err = kipc_ring_await_room(end, &wait, deadline);
	}
	return err;
}

/*
 * Take a record.  @done: of a caller, see kipc_ring_await_message().
 *
 * Returns 0, -EPIPE, -EPROTO, an error of waiting, or 1: there is a message of
 * somebody else's keeping, or the reply has come.
 */
int kipc_ring_take_wait(struct kipc_ring_end *end, struct kipc_ring_record *record,
			const atomic_bool *done, kipc_deadline deadline)
{
	struct kipc_ring_wait wait = KIPC_RING_WAIT_INIT;
	int err = kipc_ring_enter(end);
	bool gone;

	while (!err) {
		if (done ? atomic_load(done) : kipc_msg_any_kept(&end->base))
			return 1;
		/* What was sent before the other side went is there by now. */
		gone = kipc_ring_is_gone(end);
		err = kipc_ring_take(&end->in, end->me, record);
		if (err != -EAGAIN)
			break;
		if (!gone)
			err = kipc_ring_await_message(end, &wait, done, deadline);
		else
			err = kipc_ring_inherit(end) ? 0 : -EPIPE;
	}
	atomic_store_explicit(&end->sent, false, memory_order_relaxed);
	kipc_ring_rearm(end);
	return err;
}

void kipc_ring_give_back(struct kipc_ring_end *end, const struct kipc_ring_record *record)
{
	if (!kipc_ring_release(&end->in, record))
		kipc_ring_tell_room(end, record->pos);
}

/* A position in the priv of a message or a loan, which are pointers. */
static void kipc_ring_note(void *priv[3], uint64_t pos)
{
	static_assert(sizeof(pos) <= 3 * sizeof(void *), "a position fits");
	memcpy(priv, &pos, sizeof(pos));
}

static uint64_t kipc_ring_noted(void *const priv[3])
{
	uint64_t pos;

	memcpy(&pos, priv, sizeof(pos));
	return pos;
}

/* What of this process's the memory says is there. */
static int kipc_ring_recall(struct kipc_ring_end *end, const struct kipc_ring *ring,
			    void *const priv[3], enum kipc_ring_state state,
			    struct kipc_ring_record *record)
{
	if (kipc_forkmark_forked(&end->mark))
		return -EINVAL;
	return kipc_ring_held(ring, kipc_ring_noted(priv), end->me, state, record);
}

/* ---- sending ---- */

/* It is written: let it be received. */
static int kipc_ring_go(struct kipc_ring_end *end, struct kipc_ring_record *record,
			enum kipc_ring_kind kind, size_t len)
{
	int err = kipc_ring_commit(&end->out, record, kind, len);

	if (err)
		return err;
	atomic_store_explicit(&end->sent, true, memory_order_relaxed);
	kipc_ring_tell_message(end);
	return 0;
}

/*
 * Send a message of any kind; @record, or NULL, tells where it went.
 */
int kipc_ring_put(struct kipc_ring_end *end, enum kipc_ring_kind kind, uint64_t call,
		  const struct kipc_outgoing *out, struct kipc_ring_record *record,
		  kipc_deadline deadline)
{
	size_t head = kind == KIPC_RING_SEND ? 0 : KIPC_RING_HEAD;
	const struct kipc_ring_call_head call_head = { .call = call };
	struct kipc_ring_record own;
	int err;

	record = record ? record : &own;
	if (out->len > end->max_size)
		return -EMSGSIZE;
	err = kipc_ring_reserve_wait(end, head + out->len, record, deadline);
	if (err)
		return err;
	if (head)
		memcpy(record->data, &call_head, head);
	if (out->len)
		memcpy((char *)record->data + head, out->data, out->len);
	return kipc_ring_go(end, record, kind, head + out->len);
}

static int kipc_ring_send(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline)
{
	if (out->to)
		return -EINVAL;
	return kipc_ring_put(to_ring(handle), KIPC_RING_SEND, 0, out, NULL, deadline);
}

static int kipc_ring_loan(struct kipc *handle, struct kipc_loan *loan, size_t len,
			  kipc_deadline deadline)
{
	struct kipc_ring_end *end = to_ring(handle);
	struct kipc_ring_record record;
	int err;

	if (len > end->max_size)
		return -EMSGSIZE;
	err = kipc_ring_reserve_wait(end, len, &record, deadline);
	if (err)
		return err;
	loan->data = record.data;
	loan->len = len;
	kipc_ring_note(loan->priv, record.pos);
	return 0;
}

static int kipc_ring_commit_loan(struct kipc_loan *loan, const struct kipc_outgoing *out,
				 kipc_deadline deadline)
{
	struct kipc_ring_end *end = to_ring(loan->handle);
	struct kipc_ring_record record;

	(void)deadline;		/* there is room already */
	if (out->to || kipc_ring_recall(end, &end->out, loan->priv, KIPC_RING_RESERVED, &record))
		return -EINVAL;
	if (kipc_ring_is_gone(end))
		return -EPIPE;
	return kipc_ring_go(end, &record, KIPC_RING_SEND, out->len);
}

static void kipc_ring_cancel_loan(struct kipc_loan *loan)
{
	struct kipc_ring_end *end = to_ring(loan->handle);
	struct kipc_ring_record record;

	if (kipc_ring_recall(end, &end->out, loan->priv, KIPC_RING_RESERVED, &record) ||
	    kipc_ring_cancel(&end->out, &record))
		return;
	/* Others' messages may have waited behind it, and senders for its room. */
	kipc_ring_tell_message(end);
	if (atomic_load(&end->out.shared->send_bell))
		kipc_ring_tell(&end->out.shared->send_bell, -1);
}

/* ---- receiving ---- */

/* Let @msg carry what is in the ring. */
void kipc_ring_lend(struct kipc_ring_end *end, const struct kipc_ring_record *record,
		    struct kipc_msg *msg)
{
	enum kipc_ring_kind kind = kipc_ring_word_kind(record->word);
	size_t head = kind == KIPC_RING_SEND ? 0 : KIPC_RING_HEAD;
	struct kipc_ring_call_head call_head;

	msg->handle = &end->base;
	msg->data = (char *)record->data + head;
	msg->len = (size_t)kipc_ring_word_len(record->word) - head;
	kipc_ring_note(msg->priv, record->pos);
	if (!head)
		return;
	memcpy(&call_head, record->data, head);
	msg->id = call_head.call;
	msg->kind = kind == KIPC_RING_CALL ? KIPC_MSG_CALL : KIPC_MSG_REPLY;
}

/*
 * Take the next message that is not an answer to a call, which goes to its caller.
 *
 * Returns 0, 1 (@msg is one that a caller had kept) or an error.
 */
static int kipc_ring_next(struct kipc_ring_end *end, struct kipc_ring_record *record,
			  struct kipc_msg *msg, kipc_deadline deadline)
{
	int err;

	for (;;) {
		err = kipc_ring_take_wait(end, record, NULL, deadline);
		if (err == 1 && kipc_msg_take_kept(&end->base, msg))
			return 1;
		if (err == 1)
			continue;
		if (err || !kipc_ring_deliver(end, record))
			return err;
	}
}

static int kipc_ring_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_ring_end *end = to_ring(handle);
	struct kipc_ring_record record;
	int err = kipc_ring_next(end, &record, msg, deadline);

	if (err)
		return err == 1 ? 0 : err;
	kipc_ring_lend(end, &record, msg);
	return 0;
}

static void kipc_ring_release_msg(struct kipc_msg *msg)
{
	struct kipc_ring_end *end = to_ring(msg->handle);
	struct kipc_ring_record record;

	if (kipc_ring_recall(end, &end->in, msg->priv, KIPC_RING_TAKEN, &record))
		return;
	if (msg->kind == KIPC_MSG_CALL)
		kipc_ring_refuse(end, msg);
	kipc_ring_give_back(end, &record);
}

const struct kipc_transport kipc_ring_transport = {
	.mechanism.scheme = "ring",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |
	       KIPC_CAN_POLL | KIPC_CAN_BORROW | KIPC_CAN_LOAN,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_MSGS) | KIPC_PARAM_BIT(KIPC_PARAM_BYTES) |
		  KIPC_PARAM_BIT(KIPC_PARAM_BUSY),
	.mechanism.name_rule = "a name is a region's address: posix-shm:/NAME, memfd: ...",
	.mechanism.name_ok = kipc_ring_name_ok,
	.pair_named = true,
	.listen = kipc_ring_listen,
	.connect = kipc_ring_connect,
	.pair = kipc_ring_pair,
	.unlink = kipc_ring_unlink,
	.close = kipc_ring_close,
	.send = kipc_ring_send,
	.recv = kipc_ring_recv,
	.loan = kipc_ring_loan,
	.commit = kipc_ring_commit_loan,
	.cancel = kipc_ring_cancel_loan,
	.call = kipc_ring_call,
	.reply = kipc_ring_reply,
	.release = kipc_ring_release_msg,
	.fd = kipc_ring_fd,
	.events = kipc_ring_events,
	.limits = kipc_ring_limits,
};
