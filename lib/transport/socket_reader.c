// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ends: the one thread that reads for all; see socket_end.h. */
#include <errno.h>
#include <stdlib.h>

#include "socket_end.h"

/* Stop being it, and let one of the others. */
void kipc_end_yield(struct kipc_end *end)
{
	atomic_store(&end->reading, false);
	if (!atomic_load(&end->waiting))
		return;
	pthread_mutex_lock(&end->lock);
	pthread_cond_broadcast(&end->turn);
	pthread_mutex_unlock(&end->lock);
}

/*
 * Wait until somebody else has read something, or has stopped: 0, or 1 where this
 * thread is the reader now.  The lock is held.
 */
int kipc_end_follow_locked(struct kipc_end *end, kipc_deadline deadline)
{
	struct timespec ts;
	int err = 0;

	atomic_fetch_add(&end->waiting, 1);
	if (kipc_end_claim(end))
		err = 1;
	else if (deadline == KIPC_AT_ONCE)
		err = -EAGAIN;
	else if (deadline == KIPC_NEVER)
		pthread_cond_wait(&end->turn, &end->lock);
	else if (pthread_cond_timedwait(&end->turn, &end->lock,
					kipc_deadline_timespec(deadline, &ts)))
		err = -ETIMEDOUT;
	atomic_fetch_sub(&end->waiting, 1);
	return err;
}

static struct kipc_caller *kipc_end_find_locked(struct kipc_end *end, uint64_t call)
{
	struct kipc_caller *caller;

	for (caller = end->callers; caller; caller = caller->next)
		if (caller->call == call && !caller->done)
			return caller;
	return NULL;
}

/* Hand an answer to its caller, or drop it. */
static void kipc_end_deliver_locked(struct kipc_end *end, const struct kipc_mail *mail)
{
	struct kipc_caller *caller = kipc_end_find_locked(end, kipc_mail_call(mail));

	if (caller) {
		caller->mail = *mail;
		caller->done = true;
	} else {
		kipc_mail_put(&end->base, mail);
	}
}

/*
 * Put a message into the inbox.  This is the one place that allocates: a caller
 * found a message for a receiver.  Without memory the message waits in the hands
 * of nobody, so it is lost, and the end says so by being gone.
 */
static void kipc_end_store_locked(struct kipc_end *end, const struct kipc_mail *mail)
{
	struct kipc_mail *copy = malloc(sizeof(*copy));
	struct kipc_mail *last;

	if (!copy) {
		kipc_mail_put(&end->base, mail);
		atomic_store(&end->gone, -ENOMEM);
		return;
	}
	*copy = *mail;
	copy->next = NULL;
	last = __atomic_load_n(&end->inbox, __ATOMIC_SEQ_CST);
	if (!last) {
		__atomic_store_n(&end->inbox, copy, __ATOMIC_SEQ_CST);
		return;
	}
	while (last->next)
		last = last->next;
	last->next = copy;
}

/* What the reader found is not its own. */
void kipc_end_hand_over(struct kipc_end *end, const struct kipc_mail *mail)
{
	pthread_mutex_lock(&end->lock);
	if (kipc_end_is_answer(mail))
		kipc_end_deliver_locked(end, mail);
	else
		kipc_end_store_locked(end, mail);
	pthread_cond_broadcast(&end->turn);
	pthread_mutex_unlock(&end->lock);
}

static void kipc_end_fail_locked(struct kipc_caller *caller, int err)
{
	caller->err = err;
	caller->done = true;
}

/*
 * Which datagrams were refused?  To be asked after every error that UDP reports: as long
 * as the answer waits, the socket polls as if something could be received.
 */
void kipc_end_refused(struct kipc_end *end)
{
	struct kipc_caller *caller;
	struct kipc_frame frame;
	ssize_t n;

	if (end->link.kind->type != SOCK_DGRAM || end->link.kind->domain == AF_UNIX)
		return;
	pthread_mutex_lock(&end->lock);
	while ((n = recv(end->link.fd, &frame, sizeof(frame), MSG_ERRQUEUE | MSG_DONTWAIT)) >= 0) {
		if (n < (ssize_t)sizeof(frame) || !kipc_frame_ok(&frame))
			continue;
		caller = le16toh(frame.kind) == KIPC_FRAME_CALL ?
			 kipc_end_find_locked(end, le64toh(frame.call)) : NULL;
		if (caller)
			kipc_end_fail_locked(caller, -EPIPE);
		if (le16toh(frame.kind) != KIPC_FRAME_PROBE)
			continue;
		for (caller = end->callers; caller; caller = caller->next)
			if (!caller->done)
				kipc_end_fail_locked(caller, -ECONNRESET);
	}
	pthread_cond_broadcast(&end->turn);
	pthread_mutex_unlock(&end->lock);
}

/* As the reader, take one frame: 1 with it in @mail, 0 without, or -errno. */
int kipc_end_read(struct kipc_end *end, struct kipc_mail *mail, kipc_deadline deadline)
{
	int err = kipc_link_recv(&end->link, mail, deadline);

	switch (err) {
	case 0:
		return 1;
	case -EAGAIN:
	case -ETIMEDOUT:
	case -EINTR:
	case -ENOMEM:
		return err;
	}
	if (kipc_link_is_datagram(&end->link)) {
		kipc_end_refused(end);
		return 0;
	}
	atomic_store(&end->gone, err);
	return err;
}
