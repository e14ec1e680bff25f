// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring: calls and replies, on a pair.
 *
 * A call and its reply are messages of a kind of their own that begin with a number.
 * Answers and messages come by one ring, and any number of threads may wait for either.
 * Each takes what is next; what is not for it, it hands over: a reply to the thread
 * that waits for that number, a message to the handle, which keeps it for the next
 * receiver (kipc_msg_keep()).  A reply that nobody waits for any more is dropped.
 * base.lock guards the list of callers and is never held while a thread waits.
 *
 * How far a call came can be told exactly, as its word is in the ring: as long as that
 * is READY nobody has seen the call, and a caller that gives up takes it back.
 *
 * Processes that share an end by fork() share the ring but not this list: calls are for
 * one of them.  (Its numbers are no other's.)
 */
#include <string.h>

#include "ring.h"

/* How long a refusal may wait for room: a caller takes all that comes, at once. */
#define KIPC_RING_REFUSAL_TIME	KIPC_S(1)

/* A thread in kipc_call(), on its stack. */
struct kipc_ring_caller {
	struct kipc_ring_caller *next;
	uint64_t call;
	atomic_bool done;
	struct kipc_ring_record answer;
};

static uint64_t kipc_ring_call_of(const struct kipc_ring_record *record)
{
	struct kipc_ring_call_head head;

	memcpy(&head, record->data, sizeof(head));
	return head.call;
}

/*
 * Hand an answer to its caller, or drop it; drop a call that is none.
 *
 * Returns whether that was to be done: otherwise @record is a message.
 */
bool kipc_ring_deliver(struct kipc_ring_end *end, const struct kipc_ring_record *record)
{
	enum kipc_ring_kind kind = kipc_ring_word_kind(record->word);
	struct kipc_ring_caller *caller;
	bool whole = kipc_ring_word_len(record->word) >= KIPC_RING_HEAD;

	if (kind == KIPC_RING_SEND || (kind == KIPC_RING_CALL && whole))
		return false;
	pthread_mutex_lock(&end->base.lock);
	for (caller = whole && kind != KIPC_RING_CALL ? end->callers : NULL; caller;
	     caller = caller->next)
		if (caller->call == kipc_ring_call_of(record) && !atomic_load(&caller->done))
			break;
	if (caller) {
		caller->answer = *record;
		atomic_store(&caller->done, true);
		/* It may end the moment that the lock is free. */
		kipc_ring_tell_own(end);
	}
	pthread_mutex_unlock(&end->base.lock);
	if (!caller)
		kipc_ring_give_back(end, record);
	return true;
}

/* A message in a caller's hands is for a receiver. */
static int kipc_ring_keep(struct kipc_ring_end *end, const struct kipc_ring_record *record)
{
	struct kipc_msg msg;
	int err;

	kipc_msg_init(&msg, &end->base);
	kipc_ring_lend(end, record, &msg);
	err = kipc_msg_keep(&end->base, &msg);
	if (err)
		kipc_release(&msg);
	else
		kipc_ring_tell_own(end);
	return err;
}

static void kipc_ring_enlist(struct kipc_ring_end *end, struct kipc_ring_caller *caller)
{
	pthread_mutex_lock(&end->base.lock);
	caller->next = end->callers;
	end->callers = caller;
	pthread_mutex_unlock(&end->base.lock);
}

static void kipc_ring_dismiss(struct kipc_ring_end *end, struct kipc_ring_caller *caller)
{
	struct kipc_ring_caller **at = &end->callers;

	pthread_mutex_lock(&end->base.lock);
	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
	pthread_mutex_unlock(&end->base.lock);
}

/* Has the one who took the call died with it? */
static bool kipc_ring_call_is_lost(struct kipc_ring_end *end,
				   const struct kipc_ring_record *sent)
{
	unsigned int taker = kipc_ring_taker(&end->out, sent);

	return taker != KIPC_RING_NOBODY && kipc_ring_bury(end, taker);
}

/*
 * Wait until the answer is in @caller.
 *
 * Time and again see whether there is still somebody to come up with one: the other side
 * may have several processes, of which one has the call.
 */
static int kipc_ring_await_answer(struct kipc_ring_end *end, struct kipc_ring_caller *caller,
				  const struct kipc_ring_record *sent, kipc_deadline deadline)
{
	struct kipc_ring_record record;
	kipc_deadline nap;
	int err = 0;

	while (!atomic_load(&caller->done) && !err) {
		nap = kipc_deadline_after(KIPC_RING_NAP_MAX);
		if (deadline > 0 && deadline < nap)
			nap = deadline;
		err = kipc_ring_take_wait(end, &record, &caller->done, nap);
		if (!err && !kipc_ring_deliver(end, &record))
			err = kipc_ring_keep(end, &record);
		else if (err == 1)
			err = 0;
		else if (err == -ETIMEDOUT && kipc_ring_call_is_lost(end, sent))
			err = -ECONNRESET;
		else if (err == -ETIMEDOUT && kipc_deadline_left(deadline))
			err = 0;
	}
	return err;
}

/* The answer came: a reply, or a refusal. */
static int kipc_ring_answer(struct kipc_ring_end *end, const struct kipc_ring_record *record,
			    struct kipc_msg *reply)
{
	reply->outcome = KIPC_CALL_SEEN;
	if (kipc_ring_word_kind(record->word) == KIPC_RING_REFUSAL) {
		kipc_ring_give_back(end, record);
		return -ECONNRESET;
	}
	kipc_ring_lend(end, record, reply);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

/* No answer came: take the call back, if nobody has seen it. */
static int kipc_ring_give_up(struct kipc_ring_end *end, const struct kipc_ring_record *sent,
			     struct kipc_msg *reply, int err)
{
	if (kipc_ring_withdraw(&end->out, sent)) {
		reply->outcome = KIPC_CALL_UNSEEN;
		return err;
	}
	reply->outcome = KIPC_CALL_SEEN;
	return err == -EPIPE ? -ECONNRESET : err;
}

int kipc_ring_call(struct kipc *handle, const struct kipc_outgoing *out,
		   struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_ring_end *end = to_ring(handle);
	struct kipc_ring_caller caller = { .done = false };
	struct kipc_ring_record sent;
	int err = kipc_ring_enter(end);

	if (end->hangup < 0)
		return -EOPNOTSUPP;
	if (err)
		return err;
	if (out->to)
		return -EINVAL;
	caller.call = (uint64_t)end->me << 48 | atomic_fetch_add(&end->calls, 1);
	kipc_ring_enlist(end, &caller);
	err = kipc_ring_put(end, KIPC_RING_CALL, caller.call, out, &sent, deadline);
	if (err) {
		kipc_ring_dismiss(end, &caller);
		return err;
	}
	err = kipc_ring_await_answer(end, &caller, &sent, deadline);
	kipc_ring_dismiss(end, &caller);
	/* It may have come with the last moment. */
	if (atomic_load(&caller.done))
		return kipc_ring_answer(end, &caller.answer, reply);
	return kipc_ring_give_up(end, &sent, reply, err);
}

/* Replies never wait: a caller without room would hold its server up. */
int kipc_ring_reply(struct kipc *handle, struct kipc_msg *call,
		    const struct kipc_outgoing *out)
{
	struct kipc_ring_end *end = to_ring(handle);
	int err = kipc_ring_put(end, KIPC_RING_REPLY, call->id, out, NULL, KIPC_AT_ONCE);

	if (err == -EAGAIN)
		return -ENOBUFS;
	if (kipc_reply_is_open(err))
		return err;
	call->kind = KIPC_MSG_SEND;	/* it is answered, or nobody is there to be refused */
	kipc_release(call);
	return err;
}

/* A call is given back without an answer. */
void kipc_ring_refuse(struct kipc_ring_end *end, const struct kipc_msg *call)
{
	const struct kipc_outgoing nothing = { .len = 0 };

	kipc_ring_put(end, KIPC_RING_REFUSAL, call->id, &nothing, NULL,
		      kipc_deadline_after(KIPC_RING_REFUSAL_TIME));
}
