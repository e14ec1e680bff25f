// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * channel: receiving without a system call.
 *
 * The kernel writes one-way messages that nobody waits for into a ring that we map
 * read-only (struct kipc_ring).  They are numbered from 0; number n is in slot
 * n % entries, and stays there until it has been released.
 *
 * Taking
 *	@taken is the next number to take.  A thread that raises it by one owns that
 *	message; only then does it read the slot, which cannot change before the
 *	message is released, and only its owner does that.  @taken lies in memory that
 *	fork() shares, because parent and child share the ring.
 *
 * Releasing
 *	In the order of their numbers messages cost nothing to release: @done is the
 *	first number that is not released, and goes along with the next request
 *	(@ring_done).  Whoever releases a number first notes it in @released and then
 *	moves @done over all that are noted.  One that is released before its
 *	predecessors would be held back by them, so it goes by its id as well
 *	(channel_release.c); when @done comes to it, it is merely passed over, and the
 *	kernel does not know the id any more, or passes over the number.
 *
 *	A slot of @released is n + 1 for the number n that was released last.  It may
 *	be that of a later round, n + entries + 1, before @done has come to n: the
 *	kernel then has used the slot again, so n is released too.
 *
 *	@done is of this process only.  After fork() each process finds holes, the
 *	numbers that the other one has taken, goes by ids from there on, and is right
 *	nevertheless.
 *
 * Telling
 *	The kernel learns with each KIPC_IOC_CHANNEL_RECV what was taken and released.
 *	Between those a release waits, but not
 *
 *	- while a thread sleeps in the kernel, and not if it is large: as without a
 *	  ring (channel_release.c),
 *	- when the owner polls and might find nothing there to receive.  As long as the
 *	  kernel has not been told that a number was taken, the descriptor polls
 *	  readable for it, the owner comes back and the release goes along: so it is
 *	  numbers below @told_seen that do not wait,
 *	- when half of the entries, or an eighth of the pool, would wait.
 *
 *	Releaser and teller first put down and then look (@released, @told_seen;
 *	@told_seen, @done), so one of them sees the other.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"

/**
 * struct kipc_intake - see above
 * @ring:	as it is mapped
 * @bytes:	how much of it is
 * @entries:	how many it has, a power of two
 * @taken:	the next number to take; in a page of its own, which fork() shares
 * @done:	numbers before this one have been released here
 * @told_seen:	the kernel has been told that numbers before this one are taken
 * @told_done:	the kernel has been told that numbers before this one are released
 * @waiting:	bytes whose release waits, about
 * @released:	see above
 */
struct kipc_intake {
	const struct kipc_ring *ring;
	size_t bytes;
	uint64_t entries;
	atomic_ullong *taken;
	atomic_ullong done;
	atomic_ullong told_seen;
	atomic_ullong told_done;
	atomic_ullong waiting;
	atomic_ullong released[];
};

static size_t kipc_intake_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static atomic_ullong *kipc_intake_slot(struct kipc_intake *intake, uint64_t number)
{
	return &intake->released[number & (intake->entries - 1)];
}

static uint64_t kipc_intake_tail(const struct kipc_intake *intake)
{
	return __atomic_load_n(&intake->ring->tail, __ATOMIC_ACQUIRE);
}

/* ---- opening ---- */

/* At the start, and in a forked child again. */
int kipc_intake_map(struct kipc_channel *channel)
{
	struct kipc_intake *intake = channel->intake;
	void *ring = mmap(NULL, intake->bytes, PROT_READ, MAP_SHARED, channel->fd,
			  KIPC_RING_OFFSET);

	if (ring == MAP_FAILED)
		return -errno;
	intake->ring = ring;
	return 0;
}

void kipc_intake_close(struct kipc_channel *channel, bool mapped)
{
	struct kipc_intake *intake = channel->intake;

	if (mapped && intake->ring)
		munmap((void *)intake->ring, intake->bytes);
	munmap(intake->taken, kipc_intake_page());
	free(intake);
	channel->intake = NULL;
}

/* Give a channel a ring; closing the channel closes what there is of it. */
int kipc_intake_open(struct kipc_channel *channel, uint64_t entries)
{
	struct kipc_channel_ring ring = { .size = sizeof(ring), .entries = (__u32)entries };
	struct kipc_intake *intake;
	void *taken;
	int err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_RING, &ring);

	if (err)
		return err;
	intake = calloc(1, sizeof(*intake) + ring.entries * sizeof(intake->released[0]));
	if (!intake)
		return -ENOMEM;
	taken = mmap(NULL, kipc_intake_page(), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (taken == MAP_FAILED) {
		free(intake);
		return -ENOMEM;
	}
	intake->taken = taken;
	intake->bytes = ring.bytes;
	intake->entries = ring.entries;
	channel->intake = intake;
	return kipc_intake_map(channel);
}

/* ---- taking ---- */

/* Take the next message: its number from 1, or 0, there is none. */
uint64_t kipc_intake_take(struct kipc_channel *channel, struct kipc_header *header)
{
	const struct kipc_intake *intake = channel->intake;
	unsigned long long number = atomic_load(intake->taken);

	do {
		if (number == kipc_intake_tail(intake))
			return 0;
	} while (!atomic_compare_exchange_weak(intake->taken, &number, number + 1));
	*header = intake->ring->slots[number & (intake->entries - 1)];
	return number + 1;
}

/* ---- releasing ---- */

/* Move @done over all that are released; where it is then. */
static uint64_t kipc_intake_advance(struct kipc_intake *intake)
{
	unsigned long long done = atomic_load(&intake->done);

	while (atomic_load(kipc_intake_slot(intake, done)) > done)
		if (atomic_compare_exchange_weak(&intake->done, &done, done + 1))
			done++;
	return done;
}

static void kipc_intake_raise(atomic_ullong *what, uint64_t to)
{
	unsigned long long now = atomic_load(what);

	while (now < to && !atomic_compare_exchange_weak(what, &now, to))
		;
}

static void kipc_intake_told(struct kipc_intake *intake, uint64_t done)
{
	atomic_store(&intake->waiting, 0);
	kipc_intake_raise(&intake->told_done, done);
}

/* Let a request that may sleep tell the kernel what was taken and released. */
void kipc_intake_tell(struct kipc_channel *channel, struct kipc_channel_recv *recv)
{
	struct kipc_intake *intake = channel->intake;
	uint64_t seen = atomic_load(intake->taken);
	uint64_t done;

	kipc_intake_raise(&intake->told_seen, seen);
	done = kipc_intake_advance(intake);
	/* Others may have taken and released more meanwhile. */
	if (done > seen)
		done = seen;
	recv->flags |= KIPC_RECV_RING;
	recv->ring_seen = seen;
	recv->ring_done = done;
	kipc_intake_told(intake, done);
}

/*
 * Tell the kernel what was released, and receive nothing: it does not look further when
 * the ring has more than what we say we have seen, so we leave the last one out.
 */
static void kipc_intake_tell_done(struct kipc_channel *channel)
{
	struct kipc_intake *intake = channel->intake;
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_RECV_RING | KIPC_F_NONBLOCK,
	};
	uint64_t done = kipc_intake_advance(intake);
	uint64_t tail = kipc_intake_tail(intake);

	if (done == tail)
		done--;
	recv.ring_seen = done;
	recv.ring_done = done;
	kipc_intake_told(intake, done);
	kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_RECV, &recv);
}

static bool kipc_intake_too_much(struct kipc_channel *channel, size_t len)
{
	struct kipc_intake *intake = channel->intake;
	uint64_t bytes = atomic_fetch_add(&intake->waiting, len) + len;

	return bytes > channel->pool_size / 8 ||
	       atomic_load(&intake->done) - atomic_load(&intake->told_done) >=
			intake->entries / 2;
}

/* Must a release not wait, because nobody would come by to take it along? */
static bool kipc_intake_urgent(struct kipc_channel *channel, uint64_t number)
{
	return atomic_load(&channel->sleepers) ||
	       (atomic_load(&channel->polled) &&
		number < atomic_load(&channel->intake->told_seen));
}

void kipc_intake_release(struct kipc_channel *channel, const struct kipc_msg *msg)
{
	uint64_t number = kipc_intake_number(msg) - 1;
	uint64_t id = msg->id;
	bool ordered;

	atomic_store(kipc_intake_slot(channel->intake, number), number + 1);
	ordered = kipc_intake_advance(channel->intake) > number;
	if (msg->len > channel->lazy_max || msg->fd_count) {
		kipc_channel_flush(channel, &id, 1);
		return;
	}
	if (!ordered)
		kipc_channel_defer(channel, id);
	if (kipc_intake_urgent(channel, number)) {
		kipc_channel_flush_all(channel);
		if (ordered)
			kipc_channel_flush(channel, &id, 1);
	} else if (kipc_intake_too_much(channel, msg->len)) {
		kipc_intake_tell_done(channel);
	}
}
