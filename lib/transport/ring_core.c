// SPDX-License-Identifier: LGPL-2.1-or-later
/* A ring of messages in shared memory: see ring_core.h. */
#include <errno.h>
#include <string.h>

#include "ring_core.h"

/* The shortest loop's patience; see kipc_ring_patience(). */
#define KIPC_RING_PATIENCE 1000

static uint64_t kipc_ring_lap(const struct kipc_ring *ring, uint64_t pos)
{
	return (pos >> ring->order) << KIPC_RING_LAP_SHIFT;
}

static uint64_t kipc_ring_word(const struct kipc_ring *ring, uint64_t pos,
			       enum kipc_ring_state state, unsigned int owner, uint64_t len)
{
	return kipc_ring_lap(ring, pos) | len << KIPC_RING_LEN_SHIFT |
	       (uint64_t)owner << KIPC_RING_OWNER_SHIFT | state;
}

static atomic_uint_least64_t *kipc_ring_at(const struct kipc_ring *ring, uint64_t pos)
{
	return &ring->words[pos & (ring->granules - 1)];
}

static void *kipc_ring_data(const struct kipc_ring *ring, uint64_t pos)
{
	return ring->data + (pos & (ring->granules - 1)) * KIPC_RING_GRANULE;
}

/* Is there, at this position and in its lap, a record? */
static bool kipc_ring_claimed(const struct kipc_ring *ring, uint64_t pos, uint64_t word)
{
	return (word >> KIPC_RING_LAP_SHIFT) ==
	       (kipc_ring_lap(ring, pos) >> KIPC_RING_LAP_SHIFT) &&
	       kipc_ring_word_state(word) != KIPC_RING_NONE;
}

static uint64_t kipc_ring_granules(uint64_t len)
{
	return len ? (len + KIPC_RING_GRANULE - 1) / KIPC_RING_GRANULE : 1;
}

static uint64_t kipc_ring_to_end(const struct kipc_ring *ring, uint64_t pos)
{
	return ring->granules - (pos & (ring->granules - 1));
}

/* How many granules a record has; 0 for one that would leave the array. */
static uint64_t kipc_ring_extent(const struct kipc_ring *ring, uint64_t pos, uint64_t word)
{
	uint64_t n = kipc_ring_granules(kipc_ring_word_len(word));

	return n <= kipc_ring_to_end(ring, pos) ? n : 0;
}

/*
 * Every round in vain means that somebody else got on, or makes fools of us.  So many
 * of them are more than an honest ring needs; then it is as if there were nothing.
 */
static uint64_t kipc_ring_patience(const struct kipc_ring *ring)
{
	return 4 * ring->granules + KIPC_RING_PATIENCE;
}

/* Move a position on; if it was moved already, all the better. */
static void kipc_ring_advance(atomic_uint_least64_t *position, uint64_t from, uint64_t to)
{
	atomic_compare_exchange_strong_explicit(position, &from, to, memory_order_acq_rel,
						memory_order_relaxed);
}

/* ---- making one ---- */

/* Bytes of memory for a ring of 1 << @order granules. */
size_t kipc_ring_footprint(unsigned int order)
{
	size_t granules = (size_t)1 << order;

	return sizeof(struct kipc_ring_shared) + granules * sizeof(uint64_t) +
	       granules * KIPC_RING_GRANULE;
}

/* @memory begins at a multiple of KIPC_RING_LINE; all zero it is an empty ring. */
void kipc_ring_attach(struct kipc_ring *ring, void *memory, unsigned int order,
		      atomic_uint_least64_t *parties)
{
	ring->shared = memory;
	ring->order = order;
	ring->granules = 1ULL << order;
	ring->words = (atomic_uint_least64_t *)(ring->shared + 1);
	ring->data = (unsigned char *)(ring->words + ring->granules);
	ring->parties = parties;
	atomic_store_explicit(&ring->room, 0, memory_order_relaxed);
}

/* ---- sending ---- */

/*
 * Count what is over as free, as far as it goes without a gap.  Returns the new @freed.
 *
 * A record is over when it is DONE, and @freed never overtakes @head: a receiver that
 * looks there must find the lap it expects.
 */
static uint64_t kipc_ring_reclaim(struct kipc_ring *ring)
{
	struct kipc_ring_shared *shared = ring->shared;
	uint64_t from = atomic_load_explicit(&shared->freed.at, memory_order_acquire);
	uint64_t pos = from, most = from + ring->granules / 2;

	while (pos < most) {
		/* Sequentially consistent for those who go to sleep next. */
		uint64_t word = atomic_load(kipc_ring_at(ring, pos));
		uint64_t n = kipc_ring_extent(ring, pos, word);

		if (!n || !kipc_ring_claimed(ring, pos, word) ||
		    kipc_ring_word_state(word) != KIPC_RING_DONE)
			break;
		if (pos == atomic_load_explicit(&shared->head.at, memory_order_acquire))
			kipc_ring_advance(&shared->head.at, pos, pos + n);
		pos += n;
	}
	/* If somebody else was at it, what it found is as good. */
	if (pos == from ||
	    !atomic_compare_exchange_strong_explicit(&shared->freed.at, &from, pos,
						     memory_order_acq_rel,
						     memory_order_acquire))
		return from;
	return pos;
}

/* Is everything before @end free to write to? */
static bool kipc_ring_has_room(struct kipc_ring *ring, uint64_t end)
{
	uint64_t room = atomic_load_explicit(&ring->room, memory_order_acquire);
	uint64_t before = ~room;
	int tries;

	/* What is known may be wrong by a whole world where a peer plays tricks. */
	if (end <= room && room - end <= ring->granules)
		return true;
	/* A reclaim goes half round at most. */
	for (tries = 0; tries < 8 && room != before; tries++) {
		before = room;
		room = kipc_ring_reclaim(ring) + ring->granules;
		atomic_store_explicit(&ring->room, room, memory_order_release);
		if (end <= room)
			return room - end <= ring->granules;
	}
	return false;
}

/*
 * Get a place for a message of up to @len bytes, to write to in place.
 *
 * Returns 0, -EAGAIN (no room), -EMSGSIZE or -EPROTO.
 */
int kipc_ring_reserve(struct kipc_ring *ring, unsigned int owner, size_t len,
		      struct kipc_ring_record *record)
{
	uint64_t tries = kipc_ring_patience(ring), need = kipc_ring_granules(len);
	atomic_uint_least64_t *tail = &ring->shared->tail.at;

	if (len > kipc_ring_max_len(ring) || len > KIPC_RING_LEN_MAX)
		return -EMSGSIZE;
	while (tries--) {
		uint64_t pos = atomic_load_explicit(tail, memory_order_acquire);
		uint64_t old = atomic_load_explicit(kipc_ring_at(ring, pos),
						    memory_order_acquire);
		uint64_t n = kipc_ring_to_end(ring, pos), word;

		if (kipc_ring_claimed(ring, pos, old)) {
			n = kipc_ring_extent(ring, pos, old);
			if (!n)
				return -EPROTO;
			kipc_ring_advance(tail, pos, pos + n);
			continue;
		}
		if (need <= n)
			word = kipc_ring_word(ring, pos, KIPC_RING_RESERVED, owner, len);
		else
			word = kipc_ring_word(ring, pos, KIPC_RING_DONE, 0,
					      n * KIPC_RING_GRANULE);
		n = need <= n ? need : n;
		if (!kipc_ring_has_room(ring, pos + n)) {
			if (atomic_load_explicit(tail, memory_order_acquire) != pos)
				continue;
			return -EAGAIN;
		}
		/* The place is ours with this, if @pos is still the tail. */
		if (!atomic_compare_exchange_strong_explicit(kipc_ring_at(ring, pos), &old, word,
							     memory_order_acq_rel,
							     memory_order_relaxed))
			continue;
		kipc_ring_advance(tail, pos, pos + n);
		if (kipc_ring_word_state(word) == KIPC_RING_RESERVED) {
			record->pos = pos;
			record->word = word;
			record->data = kipc_ring_data(ring, pos);
			return 0;
		}
	}
	return -EAGAIN;
}

/*
 * What a shorter message leaves of its place becomes a record of its own, which is over.
 * It is there before the one in front is shortened: @tail has passed both, so nobody
 * looks here earlier.
 */
static void kipc_ring_trim(struct kipc_ring *ring, const struct kipc_ring_record *record,
			   uint64_t len)
{
	uint64_t had = kipc_ring_granules(kipc_ring_word_len(record->word));
	uint64_t needs = kipc_ring_granules(len), rest = record->pos + needs;

	if (needs < had)
		atomic_store_explicit(kipc_ring_at(ring, rest),
				      kipc_ring_word(ring, rest, KIPC_RING_DONE, 0,
						     (had - needs) * KIPC_RING_GRANULE),
				      memory_order_release);
}

/*
 * The one step from a state to another.  Sequentially consistent, as who makes it looks
 * for sleepers next.
 */
static int kipc_ring_step(struct kipc_ring *ring, const struct kipc_ring_record *record,
			  uint64_t word)
{
	uint64_t old = record->word;

	return atomic_compare_exchange_strong(kipc_ring_at(ring, record->pos), &old, word) ?
		0 : -EPROTO;
}

/*
 * Send what is in a place: @len bytes, not more than it was reserved for.
 *
 * Returns 0 or -EPROTO: somebody has written to the word meanwhile, because the owner
 * was taken for dead.  Then nothing was sent.
 */
int kipc_ring_commit(struct kipc_ring *ring, struct kipc_ring_record *record,
		     enum kipc_ring_kind kind, size_t len)
{
	uint64_t word = kipc_ring_word(ring, record->pos, KIPC_RING_READY, 0, len) |
			(uint64_t)kind << KIPC_RING_KIND_SHIFT;
	int err;

	kipc_ring_trim(ring, record, len);
	err = kipc_ring_step(ring, record, word);
	record->word = word;
	return err;
}

/* Over: what was reserved or taken. */
static int kipc_ring_finish(struct kipc_ring *ring, const struct kipc_ring_record *record)
{
	return kipc_ring_step(ring, record,
			      kipc_ring_word(ring, record->pos, KIPC_RING_DONE, 0,
					     kipc_ring_word_len(record->word)));
}

/* Give a place up. */
int kipc_ring_cancel(struct kipc_ring *ring, const struct kipc_ring_record *record)
{
	return kipc_ring_finish(ring, record);
}

/* Take back what was sent and not received yet.  Returns whether that was possible. */
bool kipc_ring_withdraw(struct kipc_ring *ring, const struct kipc_ring_record *record)
{
	return !kipc_ring_finish(ring, record);
}

/* ---- receiving ---- */

/* READY has been seen at @pos: have it, unless somebody else is faster. */
static bool kipc_ring_grab(struct kipc_ring *ring, uint64_t pos, uint64_t old,
			   unsigned int owner, struct kipc_ring_record *record)
{
	uint64_t len = kipc_ring_word_len(old);
	uint64_t word = kipc_ring_word(ring, pos, KIPC_RING_TAKEN, owner, len) |
			(uint64_t)kipc_ring_word_kind(old) << KIPC_RING_KIND_SHIFT;

	if (!atomic_compare_exchange_strong_explicit(kipc_ring_at(ring, pos), &old, word,
						     memory_order_acq_rel,
						     memory_order_relaxed))
		return false;
	kipc_ring_advance(&ring->shared->head.at, pos, pos + kipc_ring_granules(len));
	record->pos = pos;
	record->word = word;
	record->data = kipc_ring_data(ring, pos);
	return true;
}

/*
 * Take the next message; its length and kind are in record->word.
 *
 * Returns 0, -EAGAIN (there is none) or -EPROTO.
 */
int kipc_ring_take(struct kipc_ring *ring, unsigned int owner,
		   struct kipc_ring_record *record)
{
	atomic_uint_least64_t *head = &ring->shared->head.at;
	uint64_t tries = kipc_ring_patience(ring);

	while (tries--) {
		uint64_t pos = atomic_load_explicit(head, memory_order_acquire);
		/* Sequentially consistent for those who go to sleep next. */
		uint64_t word = atomic_load(kipc_ring_at(ring, pos));
		uint64_t n = kipc_ring_extent(ring, pos, word);

		if (!n || !kipc_ring_claimed(ring, pos, word)) {
			/* The ring may have gone round since. */
			if (atomic_load_explicit(head, memory_order_acquire) != pos)
				continue;
			return n || !kipc_ring_claimed(ring, pos, word) ? -EAGAIN : -EPROTO;
		}
		switch (kipc_ring_word_state(word)) {
		case KIPC_RING_READY:
			if (kipc_ring_grab(ring, pos, word, owner, record))
				return 0;
			break;
		case KIPC_RING_TAKEN:
		case KIPC_RING_DONE:
			kipc_ring_advance(head, pos, pos + n);
			break;
		case KIPC_RING_RESERVED:
			return -EAGAIN;
		default:
			return -EPROTO;
		}
	}
	return -EAGAIN;
}

/* Give back what was taken. */
int kipc_ring_release(struct kipc_ring *ring, const struct kipc_ring_record *record)
{
	return kipc_ring_finish(ring, record);
}

/*
 * What @owner has in hands at @pos, RESERVED or TAKEN.  Returns 0 or -EINVAL: nothing.
 */
int kipc_ring_held(const struct kipc_ring *ring, uint64_t pos, unsigned int owner,
		   enum kipc_ring_state state, struct kipc_ring_record *record)
{
	record->pos = pos;
	record->word = atomic_load_explicit(kipc_ring_at(ring, pos), memory_order_relaxed);
	record->data = kipc_ring_data(ring, pos);
	return kipc_ring_claimed(ring, pos, record->word) &&
	       kipc_ring_word_state(record->word) == state &&
	       kipc_ring_word_owner(record->word) == owner &&
	       kipc_ring_extent(ring, pos, record->word) ? 0 : -EINVAL;
}

/* ---- looking ---- */

/* Would a take find something?  A guess: somebody else may take it first. */
bool kipc_ring_is_ready(const struct kipc_ring *ring)
{
	uint64_t pos = atomic_load_explicit(&ring->shared->head.at, memory_order_acquire);
	uint64_t word = atomic_load(kipc_ring_at(ring, pos));

	return kipc_ring_claimed(ring, pos, word) &&
	       kipc_ring_word_state(word) != KIPC_RING_RESERVED;
}

/* Could a place be found that was not there a moment ago? */
bool kipc_ring_is_freed(const struct kipc_ring *ring)
{
	uint64_t pos = atomic_load_explicit(&ring->shared->freed.at, memory_order_acquire);
	uint64_t word = atomic_load(kipc_ring_at(ring, pos));

	return kipc_ring_word_state(word) == KIPC_RING_DONE;
}

/* Granules in use from @pos on. */
uint64_t kipc_ring_behind(const struct kipc_ring *ring, uint64_t pos)
{
	return atomic_load_explicit(&ring->shared->tail.at, memory_order_relaxed) - pos;
}

static unsigned int kipc_ring_blocker(const struct kipc_ring *ring, uint64_t pos,
				      enum kipc_ring_state state, uint64_t *word)
{
	*word = atomic_load_explicit(kipc_ring_at(ring, pos), memory_order_acquire);
	if (!kipc_ring_claimed(ring, pos, *word) || kipc_ring_word_state(*word) != state)
		return KIPC_RING_NOBODY;
	return kipc_ring_word_owner(*word);
}

/* Whose unfinished message do the receivers wait for? */
unsigned int kipc_ring_recv_blocker(const struct kipc_ring *ring,
				    struct kipc_ring_record *record)
{
	record->pos = atomic_load_explicit(&ring->shared->head.at, memory_order_acquire);
	return kipc_ring_blocker(ring, record->pos, KIPC_RING_RESERVED, &record->word);
}

/*
 * Whose message, taken and not released, do the senders wait for?  Where it is one that
 * is reserved, the receivers wait for it as well.
 */
unsigned int kipc_ring_send_blocker(const struct kipc_ring *ring,
				    struct kipc_ring_record *record)
{
	unsigned int owner;

	record->pos = atomic_load_explicit(&ring->shared->freed.at, memory_order_acquire);
	owner = kipc_ring_blocker(ring, record->pos, KIPC_RING_TAKEN, &record->word);
	return owner == KIPC_RING_NOBODY ?
		kipc_ring_blocker(ring, record->pos, KIPC_RING_RESERVED, &record->word) :
		owner;
}

/* Who has the message that was sent as @record?  Nobody: it waits, or is over. */
unsigned int kipc_ring_taker(const struct kipc_ring *ring,
			     const struct kipc_ring_record *record)
{
	uint64_t word;

	return kipc_ring_blocker(ring, record->pos, KIPC_RING_TAKEN, &word);
}

/* ---- the dead ---- */

/* Is this word in the hands of @owner? */
static bool kipc_ring_held_by(uint64_t word, unsigned int owner)
{
	enum kipc_ring_state state = kipc_ring_word_state(word);

	return (state == KIPC_RING_RESERVED || state == KIPC_RING_TAKEN) &&
	       kipc_ring_word_owner(word) == owner;
}

/*
 * All that @owner has in hands is over; @identity is what the parties say of it.
 *
 * Several may do this at once for a dead owner, and one of them may be so slow that the
 * number has a new owner by then.  So each looks at the word first and at the party
 * then: if that is still the same, the word was the dead one's, and a word that is
 * replaced in the meantime makes the exchange fail.
 */
void kipc_ring_abandon(struct kipc_ring *ring, unsigned int owner, uint64_t identity)
{
	uint64_t tries = kipc_ring_patience(ring);
	uint64_t pos = atomic_load_explicit(&ring->shared->freed.at, memory_order_acquire);

	while (tries--) {
		uint64_t word = atomic_load_explicit(kipc_ring_at(ring, pos),
						     memory_order_acquire);
		uint64_t n = kipc_ring_extent(ring, pos, word), freed;

		if (!n || !kipc_ring_claimed(ring, pos, word)) {
			/* The end, or have others gone on? */
			freed = atomic_load_explicit(&ring->shared->freed.at,
						     memory_order_acquire);
			if (freed <= pos)
				return;
			pos = freed;
			continue;
		}
		if (atomic_load(&ring->parties[owner]) != identity)
			return;
		if (kipc_ring_held_by(word, owner)) {
			struct kipc_ring_record record = { .pos = pos, .word = word };

			kipc_ring_finish(ring, &record);
		}
		pos += n;
	}
}
