/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends: handles on sockets that have one peer, which are clients and both ends of a
 * pair.  (Listeners are in socket_listener.c and socket_datagram.c.)
 *
 *	socket_end.c	opening, receiving, sending, replying
 *	socket_reader.c	reading for all
 *	socket_call.c	calling
 *
 * One stream of frames brings replies for callers and messages for receivers, and any
 * number of threads may wait for either.  One of them is the *reader*: whoever turned
 * @reading on.  It takes frames from the link for all.  What it finds that is not its
 * own it hands over: a reply to the caller that waits for that number, a message to
 * the inbox.  When it has its own, or runs out of time, it turns @reading off and wakes
 * the others, and one of them becomes the reader.
 *
 * @lock guards @callers and the inbox, and is never held while a thread waits for the
 * socket.  Becoming the reader takes no lock, and a caller that is the reader before it
 * sends need not be in @callers: a thread that is alone takes no lock at all.  Nobody
 * misses the end of a reader: it clears @reading and then looks at @waiting; a
 * follower counts itself in @waiting and then tries @reading, both under @lock.  What is
 * handed over is there before @reading is cleared, so a new reader looks again.
 *
 * A reply that nobody waits for any more (its caller timed out) is dropped.
 *
 * Datagrams do not tell when the peer dies, so whoever waits for a reply asks from time
 * to time, by a *probe* that a living receiver ignores.  AF_UNIX refuses it at once.
 * UDP queues a refusal of any datagram, with its beginning (IP_RECVERR): a call that was
 * refused was not seen, and after a probe was, none of our calls will be answered.
 *
 * Processes that share an end by fork() share its socket but not this: two that
 * receive, or call, at the same time take each other's frames, of a stream even parts.
 */
#ifndef KIPC_SOCKET_END_H
#define KIPC_SOCKET_END_H

#include "socket.h"

/* A thread in kipc_call(), on its stack. */
struct kipc_caller {
	struct kipc_caller *next;
	uint64_t call;
	bool done;
	int err;		/* there will be no answer: -EPIPE, -ECONNRESET */
	struct kipc_mail mail;
};

struct kipc_end {
	struct kipc base;
	struct kipc_link link;
	bool known;			/* the peer's identity */
	struct ucred peer;
	atomic_ullong calls;

	atomic_bool reading;
	atomic_uint waiting;
	atomic_int gone;		/* why no more will come: -EPIPE, -EPROTO */
	pthread_mutex_t lock;
	pthread_cond_t turn;
	struct kipc_caller *callers;
	struct kipc_mail *inbox;	/* by __atomic builtins */
};

static inline struct kipc_end *kipc_to_end(const struct kipc *handle)
{
	return container_of(handle, struct kipc_end, base);
}

static inline bool kipc_end_is_answer(const struct kipc_mail *mail)
{
	return kipc_mail_kind(mail) == KIPC_FRAME_REPLY ||
	       kipc_mail_kind(mail) == KIPC_FRAME_REFUSAL;
}

/* Become the reader, if there is none. */
static inline bool kipc_end_claim(struct kipc_end *end)
{
	return !atomic_exchange(&end->reading, true);
}

/* socket_reader.c */
void kipc_end_yield(struct kipc_end *end);
int kipc_end_follow_locked(struct kipc_end *end, kipc_deadline deadline);
void kipc_end_refused(struct kipc_end *end);
void kipc_end_hand_over(struct kipc_end *end, const struct kipc_mail *mail);
int kipc_end_read(struct kipc_end *end, struct kipc_mail *mail, kipc_deadline deadline);

/* socket_end.c */
void kipc_end_lend(struct kipc_end *end, struct kipc_msg *msg, struct kipc_mail *mail);

#endif /* KIPC_SOCKET_END_H */
