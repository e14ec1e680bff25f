// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ends: calling, and waiting for the reply; see socket_end.h. */
#include <errno.h>

#include "socket_end.h"

/* How often a caller asks whether there still is a server. */
#define KIPC_PROBE_EVERY KIPC_MS(250)

static void kipc_end_enlist(struct kipc_end *end, struct kipc_caller *caller)
{
	pthread_mutex_lock(&end->lock);
	caller->next = end->callers;
	end->callers = caller;
	pthread_mutex_unlock(&end->lock);
}

static void kipc_end_forget_locked(struct kipc_end *end, struct kipc_caller *caller)
{
	struct kipc_caller **at = &end->callers;

	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
}

static int kipc_end_send_call(struct kipc_end *end, uint64_t call,
			      const struct kipc_outgoing *out, kipc_deadline deadline)
{
	int err = kipc_link_send(&end->link, KIPC_FRAME_CALL, call, out, deadline);

	/* What UDP reports is the refusal of something sent before. */
	if (err == -EPIPE && kipc_link_is_datagram(&end->link)) {
		kipc_end_refused(end);
		err = kipc_link_send(&end->link, KIPC_FRAME_CALL, call, out, deadline);
	}
	return err;
}

/* As the reader from before the call was sent until its answer is here. */
static int kipc_end_await_alone(struct kipc_end *end, struct kipc_caller *caller,
				kipc_deadline deadline)
{
	int got = atomic_load(&end->gone);

	while (!got) {
		got = kipc_end_read(end, &caller->mail, deadline);
		if (got != 1 || (kipc_end_is_answer(&caller->mail) &&
				 kipc_mail_call(&caller->mail) == caller->call))
			continue;
		kipc_end_hand_over(end, &caller->mail);
		got = atomic_load(&end->gone);
	}
	return got < 0 ? got : 0;
}

/* As one of @callers: read one frame, if nobody else does. */
static int kipc_end_await_turn(struct kipc_end *end, kipc_deadline deadline)
{
	struct kipc_mail mail;
	int got;

	pthread_mutex_unlock(&end->lock);
	got = kipc_end_read(end, &mail, deadline);
	if (got == 1) {
		kipc_end_hand_over(end, &mail);
		got = 0;
	}
	kipc_end_yield(end);
	pthread_mutex_lock(&end->lock);
	return got;
}

/* Until when to wait before asking whether there still is a server. */
static kipc_deadline kipc_end_ask_at(const struct kipc_end *end, kipc_deadline deadline)
{
	kipc_deadline soon;

	if (!kipc_link_is_datagram(&end->link))
		return deadline;
	soon = kipc_deadline_after(KIPC_PROBE_EVERY);
	return deadline > 0 && deadline < soon ? deadline : soon;
}

/* Ask.  No room for it says that there is one. */
static int kipc_end_probe(struct kipc_end *end)
{
	static const struct kipc_outgoing none;
	int err = kipc_link_send(&end->link, KIPC_FRAME_PROBE, 0, &none, KIPC_AT_ONCE);

	if (err != -EPIPE)
		return 0;
	kipc_end_refused(end);
	return end->link.fds ? -EPIPE : 0;
}

static int kipc_end_await_locked(struct kipc_end *end, struct kipc_caller *caller,
				 kipc_deadline deadline)
{
	int err = 0;

	while (!caller->done && !err) {
		kipc_deadline until = kipc_end_ask_at(end, deadline);

		err = atomic_load(&end->gone);
		if (!err)
			err = kipc_end_follow_locked(end, until);
		if (err == 1)
			err = kipc_end_await_turn(end, until);
		if (err == -ETIMEDOUT && until != deadline) {
			pthread_mutex_unlock(&end->lock);
			err = kipc_end_probe(end);
			pthread_mutex_lock(&end->lock);
		}
	}
	/* It may have come with the last moment. */
	return caller->done ? caller->err : err;
}

/* Call as the reader, where nobody is it and nothing has to be waited for. */
static int kipc_end_call_alone(struct kipc_end *end, const struct kipc_outgoing *out,
			       struct kipc_caller *caller, struct kipc_msg *reply,
			       kipc_deadline deadline)
{
	int err = kipc_end_send_call(end, caller->call, out, KIPC_AT_ONCE);

	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_end_await_alone(end, caller, deadline);
	}
	kipc_end_yield(end);
	return err;
}

static int kipc_end_call_among(struct kipc_end *end, const struct kipc_outgoing *out,
			       struct kipc_caller *caller, struct kipc_msg *reply,
			       kipc_deadline deadline)
{
	int err;

	kipc_end_enlist(end, caller);
	err = kipc_end_send_call(end, caller->call, out, deadline);
	pthread_mutex_lock(&end->lock);
	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_end_await_locked(end, caller, deadline);
	}
	kipc_end_forget_locked(end, caller);
	pthread_mutex_unlock(&end->lock);
	if (caller->err == -EPIPE)
		reply->outcome = KIPC_CALL_UNSEEN;
	return err;
}

/* What came for a caller: a reply, or a refusal. */
static int kipc_end_answer(struct kipc_end *end, struct kipc_caller *caller,
			   struct kipc_msg *reply)
{
	if (kipc_mail_kind(&caller->mail) == KIPC_FRAME_REFUSAL) {
		kipc_mail_put(&end->base, &caller->mail);
		return -ECONNRESET;
	}
	kipc_end_lend(end, reply, &caller->mail);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

int kipc_end_call(struct kipc *handle, const struct kipc_outgoing *out,
		  struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_end *end = kipc_to_end(handle);
	struct kipc_caller caller;
	int err = -EAGAIN;

	if (out->to)
		return -EINVAL;
	caller.call = atomic_fetch_add_explicit(&end->calls, 1, memory_order_relaxed);
	caller.done = false;
	caller.err = 0;
	if (out->len <= KIPC_FRAME_SMALL && end->link.kind->type != SOCK_DGRAM &&
	    kipc_end_claim(end))
		err = kipc_end_call_alone(end, out, &caller, reply, deadline);
	/* No room: wait for it as one of many, or the server might wait for us to read. */
	if (err == -EAGAIN)
		err = kipc_end_call_among(end, out, &caller, reply, deadline);
	if (!err)
		return kipc_end_answer(end, &caller, reply);
	/* It was on its way: nobody can say whether it was read. */
	return err == -EPIPE && reply->outcome == KIPC_CALL_SEEN ? -ECONNRESET : err;
}
