/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring_core: a ring of messages in memory that several processes share.
 *
 * A pure room: it knows shared memory and nothing else, never waits, allocates
 * nothing and makes no system call.  Who sleeps, who is told and who is alive are
 * ring_wait.c's and ring_party.c's business.
 *
 * What is in the memory
 *	The payload lies in an array of *granules* of 64 bytes, a cache line each.  A
 *	message is a *record*: as many neighbouring granules as it needs, at least one,
 *	never across the end of the array, so that it can be written and read in place.
 *	Beside it is an array with one *word* for each granule; only the word of a
 *	record's first granule counts.  It says all there is to know of the record: which
 *	lap of the ring it belongs to, its state, its kind, who has it in hands, and its
 *	length.  The words have an array of their own so that no payload is ever where a
 *	word is looked for.
 *
 *	Positions count granules from the beginning of the world and never wrap; the
 *	granule is the position modulo their number, the lap is the quotient.  There are
 *	three: @tail, where the next record begins, @head, where the next to receive
 *	does, and @freed, up to which all is over.  freed <= head <= tail <= freed + all.
 *	Memory that is all zero is a ring with nothing in it, so that no two can disagree
 *	about who prepares it, and nobody can die of it half-way.
 *
 * The life of a word, each step one atomic operation on it:
 *
 *	(another lap)	nobody has this place in this lap
 *	RESERVED	its owner writes the message.  Those behind it wait for it.
 *	READY		it is sent: the step to here is the moment of sending
 *	TAKEN		its owner reads the message: the step to here is the moment of
 *			delivery, and nobody else will ever have it
 *	DONE		it is over; also what fills the end of the array where the next
 *			message would not fit, and a reservation given up
 *
 * Killed at any instruction
 *	The three positions are only hints of where to look: each follows from the
 *	words, and whoever finds one behind moves it on, so it does not matter who was
 *	killed before moving it.  What a dead owner had RESERVED or TAKEN is found by its
 *	number in the word and becomes DONE (kipc_ring_abandon()).  A place is taken
 *	only by the change of its word from a former lap to this one, which can happen
 *	once; a compare-and-exchange that comes late finds another word and fails.  (A
 *	lap has 23 bits: to be fooled it must come late by a multiple of 8,388,608 laps.)
 *
 * Hostile or broken peers
 *	Nothing here is trusted.  A word is read once and judged by its value; a record
 *	that would leave the array is -EPROTO; positions are taken modulo the size, which
 *	is private; loops end after as many rounds as there are granules and then some.
 *	A peer that can write can spoil messages and stop the ring.  It cannot make us
 *	read or write outside it, nor keep us busy for ever.
 *
 * Memory order
 *	A payload is handed over with its word: stored with release order and loaded with
 *	acquire order, on the way there (READY) and on the way back (DONE).  @freed is
 *	stored with release and loaded with acquire order too, since who finds room in it
 *	has not seen the words that made it.  READY and DONE are made by sequentially
 *	consistent operations, for the sake of those who sleep: see ring_wait.c.
 */
#ifndef KIPC_RING_CORE_H
#define KIPC_RING_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIPC_RING_GRANULE	64U
#define KIPC_RING_LINE		128	/* CPUs fetch lines in pairs */

/* Granules, as a power of two: 4 KiB to 256 MiB of payload. */
#define KIPC_RING_ORDER_MIN	6U
#define KIPC_RING_ORDER_MAX	22U

/* Whose a record is: an index into the parties. */
#define KIPC_RING_PARTIES	256U
#define KIPC_RING_NOBODY	KIPC_RING_PARTIES

enum kipc_ring_state {
	KIPC_RING_NONE,		/* a word that was never written */
	KIPC_RING_RESERVED,
	KIPC_RING_READY,
	KIPC_RING_TAKEN,
	KIPC_RING_DONE,
};

enum kipc_ring_kind {
	KIPC_RING_SEND,
	KIPC_RING_CALL,
	KIPC_RING_REPLY,
	KIPC_RING_REFUSAL,
};

/* A word: state 0-2, kind 3-4, owner 5-12, length 13-40, lap 41-63. */
#define KIPC_RING_KIND_SHIFT	3
#define KIPC_RING_OWNER_SHIFT	5
#define KIPC_RING_LEN_SHIFT	13
#define KIPC_RING_LEN_MAX	((1ULL << 28) - 1)
#define KIPC_RING_LAP_SHIFT	41

static inline enum kipc_ring_state kipc_ring_word_state(uint64_t word)
{
	return (enum kipc_ring_state)(word & 7);
}

static inline enum kipc_ring_kind kipc_ring_word_kind(uint64_t word)
{
	return (enum kipc_ring_kind)(word >> KIPC_RING_KIND_SHIFT & 3);
}

static inline unsigned int kipc_ring_word_owner(uint64_t word)
{
	return word >> KIPC_RING_OWNER_SHIFT & (KIPC_RING_PARTIES - 1);
}

static inline uint64_t kipc_ring_word_len(uint64_t word)
{
	return word >> KIPC_RING_LEN_SHIFT & KIPC_RING_LEN_MAX;
}

/* A number with a cache line of its own. */
struct kipc_ring_number {
	atomic_uint_least64_t at;
} __attribute__((aligned(KIPC_RING_LINE)));

/*
 * The positions and bells of one ring, in the shared memory: @tail is the senders', @head
 * the receivers', @freed the senders' now and then.  The bells are written only by who
 * goes to sleep or wakes somebody, and read after each message.
 */
struct kipc_ring_shared {
	struct kipc_ring_number tail;
	struct kipc_ring_number head;
	struct kipc_ring_number freed;
	atomic_uint_least32_t recv_bell;
	atomic_uint_least32_t send_bell;
};

/*
 * One ring as one handle sees it: private, so what is in it can be trusted.
 * @room is how far @freed is known to have come, plus all granules: a place that ends
 * there is free without a look at @freed.
 */
struct kipc_ring {
	struct kipc_ring_shared *shared;
	atomic_uint_least64_t *words;
	unsigned char *data;
	atomic_uint_least64_t *parties;
	unsigned int order;
	uint64_t granules;
	atomic_uint_least64_t room;
};

/* A record in somebody's hands. */
struct kipc_ring_record {
	uint64_t pos;
	uint64_t word;
	void *data;
};

size_t kipc_ring_footprint(unsigned int order);
void kipc_ring_attach(struct kipc_ring *ring, void *memory, unsigned int order,
		      atomic_uint_least64_t *parties);

int kipc_ring_reserve(struct kipc_ring *ring, unsigned int owner, size_t len,
		      struct kipc_ring_record *record);
int kipc_ring_commit(struct kipc_ring *ring, struct kipc_ring_record *record,
		     enum kipc_ring_kind kind, size_t len);
int kipc_ring_cancel(struct kipc_ring *ring, const struct kipc_ring_record *record);

int kipc_ring_take(struct kipc_ring *ring, unsigned int owner,
		   struct kipc_ring_record *record);
int kipc_ring_release(struct kipc_ring *ring, const struct kipc_ring_record *record);
int kipc_ring_held(const struct kipc_ring *ring, uint64_t pos, unsigned int owner,
		   enum kipc_ring_state state, struct kipc_ring_record *record);
bool kipc_ring_withdraw(struct kipc_ring *ring, const struct kipc_ring_record *record);

bool kipc_ring_is_ready(const struct kipc_ring *ring);
bool kipc_ring_is_freed(const struct kipc_ring *ring);
uint64_t kipc_ring_behind(const struct kipc_ring *ring, uint64_t pos);
unsigned int kipc_ring_recv_blocker(const struct kipc_ring *ring,
				    struct kipc_ring_record *record);
unsigned int kipc_ring_send_blocker(const struct kipc_ring *ring,
				    struct kipc_ring_record *record);
unsigned int kipc_ring_taker(const struct kipc_ring *ring,
			     const struct kipc_ring_record *record);
void kipc_ring_abandon(struct kipc_ring *ring, unsigned int owner, uint64_t identity);

/* The largest message: with it in hand the end of the array can always be skipped. */
static inline size_t kipc_ring_max_len(const struct kipc_ring *ring)
{
	return (size_t)(ring->granules / 2) * KIPC_RING_GRANULE;
}

#endif /* KIPC_RING_CORE_H */
