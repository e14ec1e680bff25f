// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * duplex: calls and replies between two ends that send and receive, one process each.
 *
 * One stream brings replies for callers and messages for receivers, and any number of
 * threads may wait for either.  One of the waiting threads is the *reader*: it takes
 * frames off the stream for all.  What it finds that is not its own it hands over: an
 * answer to the caller that waits for that number, a message to the inbox.  When it has
 * its own, or runs out of time, it stops reading and wakes the others, and one of them
 * becomes the reader.  An answer that nobody waits for any more is dropped.
 *
 * Replies: a caller reads, or has given up; so a reply waits for room, but not for long,
 * or a caller that has given up would hold its server up.
 *
 * Processes that share an end by fork() share its descriptors but not this: two that
 * receive, or call, at the same time take each other's frames.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duplex.h"

/* How long a reply waits for room: so long, and so much longer for each 16 MiB. */
#define KIPC_DUPLEX_REPLY_TIME	KIPC_S(1)
#define KIPC_DUPLEX_REPLY_SHIFT	24

/* A message that somebody else read. */
struct kipc_duplex_mail {
	struct kipc_duplex_mail *next;
	struct kipc_frame_got got;
};

/* A thread in kipc_call(), on its stack. */
struct kipc_duplex_caller {
	struct kipc_duplex_caller *next;
	uint64_t call;
	bool done;
	struct kipc_frame_got answer;
};

void kipc_duplex_init(struct kipc_duplex *end)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&end->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&end->turn, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void kipc_duplex_deinit(struct kipc_duplex *end)
{
	while (end->inbox) {
		struct kipc_duplex_mail *next = end->inbox->next;

		free(end->inbox);
		end->inbox = next;
	}
	pthread_cond_destroy(&end->turn);
	pthread_mutex_destroy(&end->lock);
	kipc_pipe_deinit(&end->pipe);
}

/* ---- the reader ---- */

/* Wait until somebody else has read something, or has stopped. */
static int kipc_duplex_follow(struct kipc_duplex *end, kipc_deadline deadline)
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

/* Hand an answer to its caller, or drop it. */
static void kipc_duplex_deliver(struct kipc_duplex *end, const struct kipc_frame_got *got)
{
	struct kipc_duplex_caller *caller;

	for (caller = end->callers; caller; caller = caller->next) {
		if (caller->call != got->call || caller->done)
			continue;
		caller->answer = *got;
		caller->done = true;
		return;
	}
	kipc_buffer_put(&end->pipe.base, got->buffer);
}

/*
 * A caller found a message for a receiver.  Without memory to keep it, it is lost, and
 * the end says so by being gone.
 */
static void kipc_duplex_store(struct kipc_duplex *end, const struct kipc_frame_got *got)
{
	struct kipc_duplex_mail **tail = &end->inbox;
	struct kipc_duplex_mail *mail = malloc(sizeof(*mail));

	if (!mail) {
		kipc_buffer_put(&end->pipe.base, got->buffer);
		end->gone = -ENOMEM;
		return;
	}
	mail->next = NULL;
	mail->got = *got;
	while (*tail)
		tail = &(*tail)->next;
	*tail = mail;
}

static bool kipc_duplex_take(struct kipc_duplex *end, struct kipc_frame_got *got)
{
	struct kipc_duplex_mail *first = end->inbox;

	if (!first)
		return false;
	end->inbox = first->next;
	*got = first->got;
	free(first);
	return true;
}

/*
 * Be the reader for one frame: 1 with a message for a receiver in @got, 0 when it was an
 * answer and has been handed over, or -errno.
 */
static int kipc_duplex_read(struct kipc_duplex *end, struct kipc_frame_got *got,
			    kipc_deadline deadline)
{
	int err;

	end->reading = true;
	pthread_mutex_unlock(&end->lock);
	err = kipc_frame_recv(&end->pipe.in, &end->pipe.base, got, deadline);
	pthread_mutex_lock(&end->lock);
	end->reading = false;

	if (err == -EPIPE || err == -EPROTO)
		end->gone = err;
	if (!err && (got->kind == KIPC_FRAME_REPLY || got->kind == KIPC_FRAME_REFUSAL))
		kipc_duplex_deliver(end, got);
	else if (!err)
		err = 1;
	if (end->waiting)
		pthread_cond_broadcast(&end->turn);
	return err;
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
	struct kipc_frame_got got;
	int err = 0;

	pthread_mutex_lock(&end->lock);
	while (!err) {
		if (kipc_duplex_take(end, &got))
			err = 1;
		else if (end->gone)
			err = end->gone;
		else if (end->reading)
			err = kipc_duplex_follow(end, deadline);
		else
			err = kipc_duplex_read(end, &got, deadline);
	}
	pthread_mutex_unlock(&end->lock);
	if (err < 0)
		return err;
	kipc_duplex_lend(end, msg, &got);
	return 0;
}

/* ---- calling ---- */

static void kipc_duplex_forget(struct kipc_duplex *end, struct kipc_duplex_caller *caller)
{
	struct kipc_duplex_caller **at = &end->callers;

	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
}

/* Wait until the answer is in @caller. */
static int kipc_duplex_await(struct kipc_duplex *end, struct kipc_duplex_caller *caller,
			     kipc_deadline deadline)
{
	struct kipc_frame_got got;
	int err = 0;

	while (!caller->done && !err) {
		if (end->gone)
			err = end->gone;
		else if (end->reading)
			err = kipc_duplex_follow(end, deadline);
		else
			err = kipc_duplex_read(end, &got, deadline);
		if (err == 1) {
			kipc_duplex_store(end, &got);
			err = 0;
		}
	}
	/* It may have come with the last moment. */
	return caller->done ? 0 : err;
}

/* What came for a caller: a reply, or a refusal. */
static int kipc_duplex_answer(struct kipc_duplex *end, const struct kipc_duplex_caller *caller,
			      struct kipc_msg *reply)
{
	if (caller->answer.kind == KIPC_FRAME_REFUSAL) {
		kipc_buffer_put(&end->pipe.base, caller->answer.buffer);
		return -ECONNRESET;
	}
	kipc_duplex_lend(end, reply, &caller->answer);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

int kipc_duplex_call(struct kipc *handle, const struct kipc_outgoing *out,
		     struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_duplex *end = kipc_to_duplex(handle);
	struct kipc_duplex_caller caller = { .call = atomic_fetch_add(&end->calls, 1) + 1 };
	int err;

	if (out->to)
		return -EINVAL;
	pthread_mutex_lock(&end->lock);
	caller.next = end->callers;
	end->callers = &caller;
	pthread_mutex_unlock(&end->lock);

	err = kipc_frame_send(&end->pipe.out, KIPC_FRAME_CALL, caller.call, out, deadline);
	pthread_mutex_lock(&end->lock);
	if (!err) {
		reply->outcome = KIPC_CALL_SEEN;
		err = kipc_duplex_await(end, &caller, deadline);
		/* It was on its way: nobody can say whether it was read. */
		if (err == -EPIPE)
			err = -ECONNRESET;
	}
	kipc_duplex_forget(end, &caller);
	pthread_mutex_unlock(&end->lock);
	return err ? err : kipc_duplex_answer(end, &caller, reply);
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
	struct kipc_duplex *end = kipc_to_duplex(handle);

	pthread_mutex_lock(&end->lock);
	if (want & KIPC_WANT_RECV && (end->inbox || end->gone))
		events->timeout = 0;
	pthread_mutex_unlock(&end->lock);
	return kipc_pipe_events(handle, want, events);
}
