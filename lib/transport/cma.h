/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cma: cross-memory attach.  What is large is copied once, straight out of the sender's
 * memory by process_vm_readv(2); what is small goes through a socket, as does the word
 * that there is something.
 *
 *	cma.c		packets on the socket, opening, the tables, sending and calling
 *	cma_offer.c	offers: memory that is there for the taking
 *
 * An *offer* is a packet that says where a payload lies.  The two sides share a page, the
 * *board*; each offer has a word on it, and whoever changes the word first decides:
 *
 *	receiver	looks that the offer stands, copies, and takes it (OFFERED to TAKEN,
 *			by compare-and-swap); if that fails, it throws the copy away
 *	sender		waits; out of time, it withdraws (OFFERED to 0, likewise); if that
 *			fails, the message has been taken after all
 *
 * So a sender who has returned is never read from for a message that counts, nobody waits
 * for a peer that is stopped, and both agree on what became of it, whoever dies where.  The
 * word holds the offer's number also, and numbers are not used twice, so an old packet can
 * do nothing to a new offer in the same place.
 *
 * Who is read from: the process that the kernel says sent the packet (SCM_CREDENTIALS; it
 * may be a child of the one that connected), and only when it is of our own effective
 * user, whatever privileges we have: else a client could offer memory of a privileged
 * program that it then becomes by execve(2).  A process that died, and whose number another
 * one has by now, is found out by the *stamp*: a random number that the offer names, and
 * that must lie in the memory that is copied from.
 *
 * A sender of our own user can make us wait for it, by memory whose pages it provides
 * itself (userfaultfd); nobody else can.
 *
 * What is trusted: a peer that may be attached to (ptrace(2)) is of our own user and could
 * do anything to us; but a peer that may not still shares the board, so nothing about our
 * own memory is ever decided by what is on it.  Only our own buffers are written to.
 */
#ifndef KIPC_CMA_H
#define KIPC_CMA_H

#include "line.h"

/*
 * Up to this a message goes through the socket.  On one machine, medians of a round trip
 * with the message offered and in the packet: of 1 KiB 5.5 and 4.4 us, of 32 KiB 8.2 and
 * 7.5, of 64 KiB 10.2 both, of 128 KiB 14.4 and 15.0.
 */
#define KIPC_CMA_SMALL		65536UL

/* What the socket can carry: messages that may not wait, and answers. */
#define KIPC_CMA_INLINE		131072UL

/* The largest message, unless ?size= says otherwise. */
#define KIPC_CMA_SIZE		(16UL << 20)

/* Answers that wait to be fetched, by one client. */
#define KIPC_CMA_KEPT		8

/* The board: a counter, and words for the offers of each side. */
#define KIPC_CMA_WORDS		512

struct kipc_cma_board {
	atomic_uint_least64_t words[KIPC_CMA_WORDS];
};

/* What a word says: the offer's number, an error and a state. */
enum kipc_cma_state {
	KIPC_CMA_OFFERED = 1,
	KIPC_CMA_TAKEN = 2,
	KIPC_CMA_REFUSED = 3,	/* for the error */
};

static inline uint64_t kipc_cma_word(uint64_t number, enum kipc_cma_state state, int err)
{
	return number << 16 | (uint64_t)(err & 0xfff) << 4 | state;
}

enum kipc_cma_kind {
	KIPC_CMA_SEND	= KIPC_PARCEL_SEND,
	KIPC_CMA_CALL	= KIPC_PARCEL_CALL,
	KIPC_CMA_REPLY	= KIPC_PARCEL_REPLY,
	KIPC_CMA_END	= KIPC_PARCEL_END,
	KIPC_CMA_HELLO	= 5,	/* brings the board */
	KIPC_CMA_DONE	= 6,	/* look at the word of your offer @call */
};

/* A packet: this, and unless it is an offer the payload. */
struct kipc_cma_packet {
	uint32_t magic;
	uint16_t kind;
	uint16_t word;		/* of an offer; 0: it is none */
	uint64_t call;
	uint64_t type;
	uint64_t number;
	uint64_t at;
	uint64_t len;
	uint64_t stamp_at;
	uint64_t stamp;
};

/* An offer that we have made, where the stamp is as good as the payload. */
struct kipc_cma_offer {
	uint64_t stamp;
	uint64_t number;
	unsigned int word;
};

/* A copy of an answer, until it has been fetched. */
struct kipc_cma_kept {
	struct kipc_cma_kept *next;
	pid_t pid;		/* whose it is: fork() copies it, but not its place */
	struct kipc_cma_offer offer;
	unsigned char data[];
};

struct kipc_cma {
	struct kipc_line line;
	size_t max_size;
	size_t inline_size;
	uint64_t secret;
	struct kipc_cma_board *board;

	pthread_mutex_t lock;	/* the rest */
	struct kipc_cma_kept *kept;
	unsigned int kept_count;
};

static inline struct kipc_cma *kipc_to_cma(struct kipc_line *line)
{
	return container_of(line, struct kipc_cma, line);
}

/* ---- cma_offer.c ---- */

int kipc_cma_board_new(struct kipc_cma *cma, int *fd);
int kipc_cma_board_take(struct kipc_cma *cma, int fd);
void kipc_cma_board_drop(struct kipc_cma *cma);
int kipc_cma_offer_make(struct kipc_cma *cma, struct kipc_cma_offer *offer,
			struct kipc_cma_packet *packet, const void *data, size_t len);
uint64_t kipc_cma_offer_state(const struct kipc_cma *cma, const struct kipc_cma_offer *offer);
bool kipc_cma_offer_end(struct kipc_cma *cma, const struct kipc_cma_offer *offer, int *err);
int kipc_cma_offer_fetch(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			 const struct ucred *from, struct kipc_buffer **buffer, int *why);
int kipc_cma_keep(struct kipc_cma *cma, struct kipc_cma_packet *packet, const void *data,
		  size_t len, struct kipc_cma_kept **made);
void kipc_cma_unkeep(struct kipc_cma *cma, struct kipc_cma_kept *kept);
void kipc_cma_unkeep_all(struct kipc_cma *cma);

#endif /* KIPC_CMA_H */
