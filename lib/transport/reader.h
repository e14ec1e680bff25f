/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reader: one thread that reads for all.
 *
 * One stream brings answers for callers and messages for receivers, and any number of
 * threads may wait for either.  One of the waiting threads is the *reader*: it takes
 * letters off the stream for all.  What it finds that is not its own it hands over: an
 * answer to the caller that waits for that number, a message to the inbox.  When it has
 * its own, or runs out of time, it stops reading and wakes the others, and one of them
 * becomes the reader.  An answer that nobody waits for any more is dropped.
 *
 * A letter is whatever the transport takes off its stream; it begins with struct
 * kipc_letter.  Between threads it is copied.
 *
 * @lock guards all of it but @calls, and is never held while a thread waits for the stream.
 * (The ends of sockets do the same without a lock where a thread is alone: socket_end.h.)
 *
 * Processes that share an end by fork() share its descriptors but not this: two that
 * receive, or call, at the same time take each other's letters.
 */
#ifndef KIPC_READER_H
#define KIPC_READER_H

#include "internal.h"

struct kipc_reader;

/**
 * struct kipc_letter - what a letter begins with
 * @next:	in the inbox
 * @call:	which call, or 0
 * @answer:	it is for the caller of that
 */
struct kipc_letter {
	struct kipc_letter *next;
	uint64_t call;
	bool answer;
};

/**
 * struct kipc_reader_kind - how a transport reads
 * @size:	of a letter
 * @read:	take one thing off: 1 and a letter, 0 (nothing for anybody), or -errno; by
 *		one thread at a time
 * @ends:	does this error end the stream?
 * @drop:	nobody wants a letter: give back what it holds
 */
struct kipc_reader_kind {
	size_t size;
	int (*read)(struct kipc_reader *reader, struct kipc_letter *letter,
		    kipc_deadline deadline);
	bool (*ends)(int err);
	void (*drop)(struct kipc_reader *reader, const struct kipc_letter *letter);
};

/**
 * struct kipc_caller_slot - a thread that waits for the end of a call, on its stack
 * @next:	in the reader's @callers
 * @call:	which call
 * @done:	the answer is there
 * @answer:	room for it, the caller's, and what it reads to while it reads
 */
struct kipc_caller_slot {
	struct kipc_caller_slot *next;
	uint64_t call;
	bool done;
	struct kipc_letter *answer;
};

/**
 * struct kipc_reader - see above
 * @kind:	how it reads
 * @calls:	numbers of calls, the last one given
 * @lock:	guards what follows
 * @turn:	somebody has stopped reading, or has found something
 * @waiting:	threads that wait for @turn
 * @reading:	a thread reads
 * @gone:	why no more will come: -EPIPE, -EPROTO, -ENOMEM
 * @callers:	threads that wait for an answer
 * @inbox:	messages that a caller found
 */
struct kipc_reader {
	const struct kipc_reader_kind *kind;
	atomic_uint calls;
	pthread_mutex_t lock;
	pthread_cond_t turn;
	unsigned int waiting;
	bool reading;
	int gone;
	struct kipc_caller_slot *callers;
	struct kipc_letter *inbox;
};

void kipc_reader_init(struct kipc_reader *reader, const struct kipc_reader_kind *kind);
void kipc_reader_deinit(struct kipc_reader *reader);

int kipc_reader_recv(struct kipc_reader *reader, struct kipc_letter *letter,
		     kipc_deadline deadline);
void kipc_reader_begin(struct kipc_reader *reader, struct kipc_caller_slot *caller,
		       struct kipc_letter *answer);
int kipc_reader_await(struct kipc_reader *reader, struct kipc_caller_slot *caller,
		      kipc_deadline deadline);
void kipc_reader_finish(struct kipc_reader *reader, struct kipc_caller_slot *caller);
bool kipc_reader_has(struct kipc_reader *reader);

#endif /* KIPC_READER_H */
