// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring: sleeping, being woken, and noticing that the other side is gone.
 *
 * A *bell* is a word of the shared memory, one for receivers and one for senders.  Who
 * is about to sleep sets its SLEEP bit, looks once more, and sleeps on the word (a
 * futex).  Who has changed something looks at the bell, and only if it is set clears it
 * and wakes all who sleep: without sleepers there is no system call.
 *
 * No wake-up is lost: setting the bell and looking at the ring afterwards are
 * sequentially consistent, and so are changing the ring and looking at the bell
 * afterwards.  So one of the two sees what the other did.  A bell that was set between
 * the look and the sleep makes futex(2) return at once.  A sleeper that is killed leaves
 * the bell set, which costs one needless wake-up, and a waker that is killed before it
 * wakes costs the sleepers no more than a nap:
 *
 * Nobody sleeps longer than a *nap* without looking after the others' lives: nothing
 * rings when a process dies.  Naps grow from 10 ms to 160 ms.
 *
 * Senders that wait for room are told when half of the ring is free, not at each
 * message: otherwise two processes on one CPU would change places for each.  Waking all
 * makes a herd of many sleepers; waking one would lose the wake-up with the one who is
 * killed on its way.
 */
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

#define KIPC_BELL_SLEEP	(1U << 0)	/* somebody may sleep on it */
#define KIPC_BELL_ARMED	(1U << 1)	/* the eventfd is to be written to */

/* How long not to look when there is no hurry, ns: a few dozen messages' time. */
#define KIPC_SPIN_GAP	2000

static int64_t kipc_ring_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline void kipc_ring_relax(void)
{
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* ---- telling ---- */

/* @event: the eventfd of who hears this bell, or -1: wake those who sleep, no more. */
void kipc_ring_tell(atomic_uint_least32_t *bell, int event)
{
	static const uint64_t one = 1;
	uint32_t was = atomic_fetch_and(bell, event < 0 ? ~KIPC_BELL_SLEEP : 0);

	if (was & KIPC_BELL_SLEEP)
		syscall(SYS_futex, bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	/* It cannot fail but for being full, which is as good. */
	if (was & KIPC_BELL_ARMED && event >= 0 && write(event, &one, sizeof(one)) < 0)
		return;
}

/* The record at @pos is over: is that enough to wake senders? */
void kipc_ring_tell_room(struct kipc_ring_end *end, uint64_t pos)
{
	atomic_uint_least32_t *bell = &end->in.shared->send_bell;

	if (atomic_load(bell) && kipc_ring_behind(&end->in, pos) <= end->in.granules / 2)
		kipc_ring_tell(bell, -1);
}

/* Other threads at this end: one of you has been given something. */
void kipc_ring_tell_own(struct kipc_ring_end *end)
{
	kipc_ring_tell(&end->in.shared->recv_bell, -1);
}

/* ---- the other side ---- */

static bool kipc_ring_look_gone(struct kipc_ring_end *end)
{
	struct pollfd hangup = { .fd = end->hangup };

	if (end->hangup >= 0 && poll(&hangup, 1, 0) == 1)
		atomic_store(&end->gone, true);
	return atomic_load(&end->gone);
}

/*
 * Does nobody have the other end any more?  A look costs a system call, and is only made
 * when some handle has been closed since the last one; who was killed is found out by
 * those who wait.
 */
bool kipc_ring_is_gone(struct kipc_ring_end *end)
{
	uint64_t closes;

	if (end->hangup < 0)
		return false;
	if (atomic_load_explicit(&end->gone, memory_order_relaxed))
		return true;
	closes = atomic_load(&end->header->closes.at);
	if (closes == atomic_load_explicit(&end->closes, memory_order_relaxed))
		return false;
	atomic_store_explicit(&end->closes, closes, memory_order_relaxed);
	return kipc_ring_look_gone(end);
}

/*
 * The other side is gone: whatever it had begun to send is over.  Returns whether there
 * was something of that kind before the next message.
 */
bool kipc_ring_inherit(struct kipc_ring_end *end)
{
	struct kipc_ring_record record;

	return kipc_ring_recv_blocker(&end->in, &record) != KIPC_RING_NOBODY &&
	       !kipc_ring_cancel(&end->in, &record);
}

/* Look after the others' lives: whoever is waited for may be dead. */
static void kipc_ring_look(struct kipc_ring_end *end, bool receiving)
{
	struct kipc_ring_record record;
	unsigned int party = receiving ? kipc_ring_recv_blocker(&end->in, &record) :
					 kipc_ring_send_blocker(&end->out, &record);

	kipc_ring_look_gone(end);
	if (party != KIPC_RING_NOBODY)
		kipc_ring_bury(end, party);
}

/*
 * Who does not wait at all looks after them as often as others do after a nap.
 *
 * Returns 0, to try again, or -EAGAIN.
 */
static int kipc_ring_hurry(struct kipc_ring_end *end, bool receiving)
{
	int64_t now = kipc_ring_clock();

	if (now - atomic_load_explicit(&end->looked, memory_order_relaxed) < KIPC_RING_NAP_MIN)
		return -EAGAIN;
	atomic_store_explicit(&end->looked, now, memory_order_relaxed);
	kipc_ring_look(end, receiving);
	return 0;
}

/* ---- waiting ---- */

static bool kipc_ring_stirs(struct kipc_ring_end *end, const atomic_bool *done, bool receiving)
{
	if (!receiving)
		return kipc_ring_is_freed(&end->out);
	return kipc_ring_is_ready(&end->in) ||
	       (done ? atomic_load(done) : kipc_msg_any_kept(&end->base));
}

/*
 * Look for a while before sleeping.  Returns whether something has come.
 *
 * Two CPUs that work on neighbouring messages take the same cache lines from each other
 * all the time, and looking is enough for that.  So who only receives looks away for a
 * moment and finds several messages at once then, and who waits for room does likewise.
 * Who has sent something since it last received waits for the answer, and hurries.
 */
static bool kipc_ring_spin(struct kipc_ring_end *end, const atomic_bool *done, bool receiving,
			   kipc_deadline deadline)
{
	bool hurry = done || (receiving && atomic_load_explicit(&end->sent, memory_order_relaxed));
	int64_t now, until, next;

	if (!end->busy)
		return false;
	now = kipc_ring_clock();
	until = now + (int64_t)end->busy;
	if (deadline > 0 && deadline < until)
		until = deadline;
	while (now < until && !kipc_ring_is_gone(end)) {
		if (kipc_ring_stirs(end, done, receiving))
			return true;
		next = now + (hurry ? 0 : KIPC_SPIN_GAP);
		do {
			kipc_ring_relax();
			now = kipc_ring_clock();
		} while (now < next);
	}
	return false;
}

static int kipc_ring_nap(struct kipc_ring_end *end, atomic_uint_least32_t *bell,
			 struct kipc_ring_wait *wait, bool receiving, kipc_deadline deadline)
{
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts;

	if (!left)
		return -ETIMEDOUT;
	if (left < 0 || left > wait->nap)
		left = wait->nap;
	ts.tv_sec = left / 1000000000;
	ts.tv_nsec = left % 1000000000;
	if (!syscall(SYS_futex, bell, FUTEX_WAIT, wait->bell, &ts, NULL, 0) || errno == EAGAIN)
		return 0;
	if (errno != ETIMEDOUT)
		return -errno;
	kipc_ring_look(end, receiving);
	if (wait->nap < KIPC_RING_NAP_MAX)
		wait->nap *= 2;
	return 0;
}

/*
 * Wait a while.  First the bell is set, and the caller tries again; then it sleeps.
 *
 * Returns 0, to try again, or -EAGAIN, -ETIMEDOUT, -EINTR.
 */
static int kipc_ring_await(struct kipc_ring_end *end, atomic_uint_least32_t *bell,
			   struct kipc_ring_wait *wait, const atomic_bool *done,
			   bool receiving, kipc_deadline deadline)
{
	if (deadline == KIPC_AT_ONCE)
		return kipc_ring_hurry(end, receiving);
	if (!wait->set) {
		if (kipc_ring_spin(end, done, receiving, deadline))
			return kipc_deadline_left(deadline) ? 0 : -ETIMEDOUT;
		wait->bell = atomic_fetch_or(bell, KIPC_BELL_SLEEP) | KIPC_BELL_SLEEP;
		wait->set = true;
		return 0;
	}
	wait->set = false;
	return kipc_ring_nap(end, bell, wait, receiving, deadline);
}

/* @done: of a caller, whether somebody else has its reply; NULL: of a receiver. */
int kipc_ring_await_message(struct kipc_ring_end *end, struct kipc_ring_wait *wait,
			    const atomic_bool *done, kipc_deadline deadline)
{
	return kipc_ring_await(end, &end->in.shared->recv_bell, wait, done, true, deadline);
}

int kipc_ring_await_room(struct kipc_ring_end *end, struct kipc_ring_wait *wait,
			 kipc_deadline deadline)
{
	return kipc_ring_await(end, &end->out.shared->send_bell, wait, NULL, false, deadline);
}

/* ---- polling ---- */

/*
 * The eventfd is readable while there is a message.  It is emptied when there is none;
 * what comes from then on finds the bell armed, but for what came in between, which is
 * seen here.
 */
void kipc_ring_rearm(struct kipc_ring_end *end)
{
	static const uint64_t one = 1;
	uint64_t count;

	if (atomic_load_explicit(&end->poll, memory_order_relaxed) < 0 ||
	    kipc_ring_is_ready(&end->in))
		return;
	if (read(end->event, &count, sizeof(count)) < 0)
		count = 0;
	atomic_fetch_or(&end->in.shared->recv_bell, KIPC_BELL_ARMED);
	if (kipc_ring_is_ready(&end->in) && write(end->event, &one, sizeof(one)) < 0)
		return;
}

/* One descriptor for both: a message is there, or the other side is gone. */
static int kipc_ring_poll_open(struct kipc_ring_end *end)
{
	struct epoll_event message = { .events = EPOLLIN };
	struct epoll_event hangup = { .events = 0 };	/* EPOLLHUP always comes */
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, end->event, &message) ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, end->hangup, &hangup)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int kipc_ring_fd(struct kipc *handle)
{
	struct kipc_ring_end *end = to_ring(handle);
	static const uint64_t one = 1;
	int fd;

	if (end->event < 0)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&handle->lock);
	fd = atomic_load(&end->poll);
	if (fd < 0) {
		fd = kipc_ring_poll_open(end);
		/* Messages may wait already, and nobody has written of them. */
		if (fd >= 0 && write(end->event, &one, sizeof(one)) == sizeof(one)) {
			atomic_store(&end->poll, fd);
			kipc_ring_rearm(end);
		}
	}
	pthread_mutex_unlock(&handle->lock);
	return fd;
}

/* The descriptor tells of messages only, and a ring with a name has none. */
int kipc_ring_events(struct kipc *handle, uint32_t want, struct kipc_events *events)
{
	(void)handle;
	if (events->fd < 0) {
		events->fd = -1;
	} else if (want & KIPC_WANT_SEND) {
		events->events &= (short)~POLLOUT;
		if (events->timeout < 0)
			events->timeout = KIPC_LOOK_EVERY;
	}
	return 0;
}
