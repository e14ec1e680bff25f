/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring: messages through memory that sender and receiver share.
 *
 *	ring_core.c	the ring itself: words, places, states
 *	ring_party.c	who takes part, who of them is dead
 *	ring_wait.c	sleeping, being woken, the other side being gone
 *	ring.c		sending and receiving, copied and in place
 *	ring_call.c	calls and replies, on a pair
 *	ring_open.c	addresses, regions, opening and closing
 *
 * The region begins with a struct kipc_ring_header; a ring (ring_core.h) follows, of a
 * pair two: the first brings messages to ends[0], the second to ends[1].  Whose memory
 * it is does not matter; nothing in it is an address.
 *
 * A pair also has a socket and an eventfd an end.  Nothing is ever sent through the
 * socket: it tells, by being hung up, that no process has the other end any more, however
 * that came.  The eventfd is written to by who sends while nobody has seen its being
 * readable, and only once kipc_fd() has been called.
 */
#ifndef KIPC_RING_H
#define KIPC_RING_H

#include "internal.h"
#include "kipc_region.h"
#include "ring_core.h"

#define KIPC_RING_MAGIC		0x6b6970634d52ULL	/* "kipcMR" */

/* What a call and its reply begin with. */
struct kipc_ring_call_head {
	uint64_t call;
	uint64_t reserved;
};

#define KIPC_RING_HEAD sizeof(struct kipc_ring_call_head)

/*
 * @config: what kind of ring this is (kipc_ring_config()); 0 until the first has come,
 * whose decision it is.  @closes: counts handles closed, so that others have a look.
 * @parties: who takes part (ring_party.c), 0 is nobody.
 */
struct kipc_ring_header {
	atomic_uint_least64_t config;
	atomic_uint_least32_t pid_ns;
	struct kipc_ring_number closes;
	atomic_uint_least64_t parties[KIPC_RING_PARTIES];
};

/* The memory, as one process has it: both ends of a pair hold it. */
struct kipc_ring_memory {
	atomic_uint users;
	struct kipc_region *region;
};

struct kipc_ring_caller;

/*
 * @me, @identity: this process among the parties; the forkmark tells a child that they
 * are its parent's.  @looked: when liveness was last looked after by a caller in a
 * hurry.  @sent: something, since it last received.  @hangup, @event, @others_event,
 * @poll: a pair's, else -1; @poll is made when kipc_fd() asks for it.
 */
struct kipc_ring_end {
	struct kipc base;
	struct kipc_ring_memory *memory;
	struct kipc_ring_header *header;
	struct kipc_ring in;		/* of a receiving side */
	struct kipc_ring out;		/* of a sending side */
	uint64_t busy;
	size_t max_size;

	struct kipc_forkmark mark;
	unsigned int me;
	uint64_t identity;

	int hangup;
	int event;
	int others_event;
	atomic_int poll;
	atomic_bool gone;
	atomic_uint_least64_t closes;
	atomic_int_least64_t looked;
	atomic_bool sent;

	atomic_uint_least64_t calls;
	struct kipc_ring_caller *callers;	/* under base.lock */
};

static inline struct kipc_ring_end *to_ring(struct kipc *handle)
{
	return container_of(handle, struct kipc_ring_end, base);
}

/* ---- ring_party.c ---- */

uint32_t kipc_ring_pid_ns(void);
int kipc_ring_join(struct kipc_ring_end *end);
void kipc_ring_leave(struct kipc_ring_end *end);
bool kipc_ring_bury(struct kipc_ring_end *end, unsigned int party);

/* Is this process a party?  A child is not, until it first uses its copy. */
static inline int kipc_ring_enter(struct kipc_ring_end *end)
{
	return kipc_forkmark_forked(&end->mark) ? kipc_ring_join(end) : 0;
}

/* ---- ring_wait.c ---- */

/* A wait under way: how long to sleep at most, and what the bell was when it was set. */
struct kipc_ring_wait {
	int64_t nap;
	uint32_t bell;
	bool set;
};

#define KIPC_RING_WAIT_INIT { KIPC_RING_NAP_MIN, 0, false }

/* How long to sleep before looking after the others' lives, ns: more each time. */
#define KIPC_RING_NAP_MIN	10000000
#define KIPC_RING_NAP_MAX	160000000

bool kipc_ring_is_gone(struct kipc_ring_end *end);
bool kipc_ring_inherit(struct kipc_ring_end *end);
void kipc_ring_tell(atomic_uint_least32_t *bell, int event);
void kipc_ring_tell_room(struct kipc_ring_end *end, uint64_t pos);
void kipc_ring_tell_own(struct kipc_ring_end *end);
int kipc_ring_await_message(struct kipc_ring_end *end, struct kipc_ring_wait *wait,
			    const atomic_bool *done, kipc_deadline deadline);
int kipc_ring_await_room(struct kipc_ring_end *end, struct kipc_ring_wait *wait,
			 kipc_deadline deadline);
int kipc_ring_fd(struct kipc *handle);
int kipc_ring_events(struct kipc *handle, uint32_t want, struct kipc_events *events);
void kipc_ring_rearm(struct kipc_ring_end *end);

/* Somebody who receives may sleep: tell, if so. */
static inline void kipc_ring_tell_message(struct kipc_ring_end *end)
{
	if (atomic_load(&end->out.shared->recv_bell))
		kipc_ring_tell(&end->out.shared->recv_bell, end->others_event);
}

/* ---- ring.c ---- */

int kipc_ring_take_wait(struct kipc_ring_end *end, struct kipc_ring_record *record,
			const atomic_bool *done, kipc_deadline deadline);
void kipc_ring_give_back(struct kipc_ring_end *end, const struct kipc_ring_record *record);
void kipc_ring_lend(struct kipc_ring_end *end, const struct kipc_ring_record *record,
		    struct kipc_msg *msg);
int kipc_ring_put(struct kipc_ring_end *end, enum kipc_ring_kind kind, uint64_t call,
		  const struct kipc_outgoing *out, struct kipc_ring_record *record,
		  kipc_deadline deadline);

/* ---- ring_call.c ---- */

int kipc_ring_call(struct kipc *handle, const struct kipc_outgoing *out,
		   struct kipc_msg *reply, kipc_deadline deadline);
int kipc_ring_reply(struct kipc *handle, struct kipc_msg *call,
		    const struct kipc_outgoing *out);
void kipc_ring_refuse(struct kipc_ring_end *end, const struct kipc_msg *call);
bool kipc_ring_deliver(struct kipc_ring_end *end, const struct kipc_ring_record *record);

/* ---- ring_open.c ---- */

int kipc_ring_listen(struct kipc **handle, const struct kipc_address *address);
int kipc_ring_connect(struct kipc **handle, const struct kipc_address *address);
int kipc_ring_pair(struct kipc *ends[2], const struct kipc_address *address);
int kipc_ring_unlink(const struct kipc_address *address);
void kipc_ring_close(struct kipc *handle);
bool kipc_ring_name_ok(const char *name);
void kipc_ring_limits(const struct kipc *handle, struct kipc_info *info);

#endif /* KIPC_RING_H */
