/* SPDX-License-Identifier: GPL-2.0 */
/*
 * raw_store: two message queues between a pair of processes, without the library
 *
 * What the rows of stores have in common: kipc's queues, POSIX's and System V's by
 * hand, and the drop-in libraries.  Each way has a queue of its own, which its
 * receiver makes and its sender opens.  All are given the same room, so that a
 * sender may run ahead equally far whatever it sends through.
 */
#ifndef RAW_STORE_H
#define RAW_STORE_H

#include <errno.h>
#include <semaphore.h>

#include "driver.h"
#include "payload.h"

/* The messages that may wait: what POSIX gives a queue by default. */
#define STORE_DEPTH	10

/*
 * Rows of typed receiving: other messages that lie in the way, and as many behind them
 * as may be sent before the first is received; all fit into what a System V queue has
 * without privileges.
 */
#define STORE_OTHERS	10000
#define STORE_BACKLOG	6000
/* They look at finding a message, not at copying it. */
#define STORE_TYPED_MAX	1

enum { STORE_FORWARD, STORE_BACK, STORE_WAYS };

/* Types of messages; System V's begin at 1. */
enum { STORE_OTHER = 1, STORE_MEANT = 2 };

struct raw_store;

/*
 * One kind of queue.  All return 0 or a length, or -errno.
 *
 * @make:	make the queue of a way and receive from it
 * @join:	open it and send to it
 * @put:	wait for room and send a message of a type
 * @take:	wait for a message and receive it; of STORE_MEANT, where others wait
 * @leave:	what open() did, undone
 * @unlink:	remove the queue of a way; nothing else of the lane is there any more
 */
struct raw_store_kind {
	int (*make)(struct lane *lane, int way);
	int (*join)(struct lane *lane, int way);
	int (*put)(struct raw_store *store, int way, long type, const void *data,
		   size_t len);
	ssize_t (*take)(struct raw_store *store, int way, void *data, size_t size);
	void (*leave)(struct raw_store *store, int way);
	void (*unlink)(const struct raw_store_kind *kind, const struct lane *lane, int way);
	const void *calls;	/* whose functions it calls, where there are several */
	bool typed;		/* others wait all the time */
	size_t head;		/* bytes that a payload needs room for before it */
};

struct raw_store {
	const struct raw_store_kind *kind;
	int id[STORE_WAYS];	/* a descriptor or an identifier, or -1 */
	void *buffer;		/* @kind->head bytes and a payload */
	void *more;		/* malloc()ed, of one kind only */
	sem_t *sent;		/* of a typed kind: shared, a run has been sent */
};

int raw_store_prepare(struct lane *lane, const struct raw_store_kind *kind);
int raw_store_open(struct lane *lane, int step);
void raw_store_close(struct lane *lane);
void raw_store_clean(const struct lane *lane, const struct raw_store_kind *kind);
int raw_store_library(struct lane *lane, const char *name, const char *const *names,
		      void **calls, unsigned int count);
ssize_t raw_store_call(struct lane *lane, const void *data, size_t len, void *reply);
ssize_t raw_store_recv(struct lane *lane, size_t expect, const void **data);
int raw_store_reply(struct lane *lane, const void *data, size_t len);
int raw_store_send(struct lane *lane, const void *data, size_t len);
void *raw_store_place(struct lane *lane);
int raw_store_flush(struct lane *lane);
int raw_store_settle(struct lane *lane);

/* Room for the largest message of a way. */
static inline size_t raw_store_size(const struct lane *lane, int way)
{
	return way == STORE_FORWARD ? lane->size : PAYLOAD_REPLY;
}

/* Messages that are sent and may wait. */
static inline unsigned int raw_store_room(const struct raw_store_kind *kind, int way)
{
	return kind->typed && way == STORE_FORWARD ? STORE_BACKLOG : STORE_DEPTH;
}

static inline unsigned int raw_store_others(const struct raw_store_kind *kind, int way)
{
	return kind->typed && way == STORE_FORWARD ? STORE_OTHERS : 0;
}

static inline unsigned int raw_store_depth(const struct raw_store_kind *kind, int way)
{
	return raw_store_room(kind, way) + raw_store_others(kind, way);
}

/* Bytes that may wait: the others have one each. */
static inline size_t raw_store_bytes(const struct lane *lane,
				     const struct raw_store_kind *kind, int way)
{
	return raw_store_room(kind, way) * raw_store_size(lane, way) +
	       raw_store_others(kind, way);
}

/* A number that no other queue of this machine has, most likely. */
static inline unsigned int raw_store_number(const struct lane *lane, int way)
{
	return lane->serial * STORE_WAYS + (unsigned int)way;
}

/* Was a call interrupted for nothing? */
static inline bool raw_store_again(void)
{
	return errno == EINTR && !worker_stop;
}

#endif /* RAW_STORE_H */
