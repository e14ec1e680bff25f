// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reader: see reader.h for what it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

void kipc_reader_init(struct kipc_reader *reader, const struct kipc_reader_kind *kind)
{
	pthread_condattr_t monotonic;

	reader->kind = kind;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->turn, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/* What the letters in the inbox hold goes with the handle. */
void kipc_reader_deinit(struct kipc_reader *reader)
{
	while (reader->inbox) {
		struct kipc_letter *next = reader->inbox->next;

		free(reader->inbox);
		reader->inbox = next;
	}
	pthread_cond_destroy(&reader->turn);
	pthread_mutex_destroy(&reader->lock);
}

/* ---- under the lock ---- */

/* Wait until somebody else has read something, or has stopped. */
static int kipc_reader_follow(struct kipc_reader *reader, kipc_deadline deadline)
{
	struct timespec ts;
	int err;

	if (deadline == KIPC_AT_ONCE)
		return -EAGAIN;
	reader->waiting++;
	if (deadline == KIPC_NEVER)
		err = pthread_cond_wait(&reader->turn, &reader->lock);
	else
		err = pthread_cond_timedwait(&reader->turn, &reader->lock,
					     kipc_deadline_timespec(deadline, &ts));
	reader->waiting--;
	return err ? -ETIMEDOUT : 0;
}

/* Hand an answer to its caller, or drop it. */
static void kipc_reader_deliver(struct kipc_reader *reader, const struct kipc_letter *letter)
{
	struct kipc_caller_slot *caller;

	for (caller = reader->callers; caller; caller = caller->next) {
		if (caller->call != letter->call || caller->done)
			continue;
		/* Who reads as a caller reads to where its own answer goes. */
		if (caller->answer != letter)
			memcpy(caller->answer, letter, reader->kind->size);
		caller->done = true;
		return;
	}
	reader->kind->drop(reader, letter);
}

/*
 * Put a message into the inbox.  This is the one place that allocates: a caller found a
 * message for a receiver.  Without memory the message is lost, and the end says so by
 * being gone.
 */
static void kipc_reader_store(struct kipc_reader *reader, const struct kipc_letter *letter)
{
	struct kipc_letter **tail = &reader->inbox;
	struct kipc_letter *copy = malloc(reader->kind->size);

	if (!copy) {
		reader->kind->drop(reader, letter);
		reader->gone = -ENOMEM;
		return;
	}
	memcpy(copy, letter, reader->kind->size);
	copy->next = NULL;
	while (*tail)
		tail = &(*tail)->next;
	*tail = copy;
}

static bool kipc_reader_take(struct kipc_reader *reader, struct kipc_letter *letter)
{
	struct kipc_letter *first = reader->inbox;

	if (!first)
		return false;
	reader->inbox = first->next;
	memcpy(letter, first, reader->kind->size);
	free(first);
	return true;
}

/*
 * Be the reader for one letter: 1 with a message for a receiver, 0 when it was an answer
 * and has been handed over, or nothing, or -errno.
 */
static int kipc_reader_read(struct kipc_reader *reader, struct kipc_letter *letter,
			    kipc_deadline deadline)
{
	int got;

	reader->reading = true;
	pthread_mutex_unlock(&reader->lock);
	memset(letter, 0, reader->kind->size);
	got = reader->kind->read(reader, letter, deadline);
	pthread_mutex_lock(&reader->lock);
	reader->reading = false;

	if (got < 0 && reader->kind->ends(got))
		reader->gone = got;
	if (got == 1 && letter->answer) {
		kipc_reader_deliver(reader, letter);
		got = 0;
	}
	if (reader->waiting)
		pthread_cond_broadcast(&reader->turn);
	return got;
}

/* What there is to do for whoever waits: read, or wait for the one who does. */
static int kipc_reader_step(struct kipc_reader *reader, struct kipc_letter *letter,
			    kipc_deadline deadline)
{
	if (reader->gone)
		return reader->gone;
	if (reader->reading)
		return kipc_reader_follow(reader, deadline);
	return kipc_reader_read(reader, letter, deadline);
}

/* ---- receiving ---- */

/* Wait for a message: 0, or -errno without one. */
int kipc_reader_recv(struct kipc_reader *reader, struct kipc_letter *letter,
		     kipc_deadline deadline)
{
	int got = 0;

	pthread_mutex_lock(&reader->lock);
	while (!got)
		got = kipc_reader_take(reader, letter) ? 1 :
		      kipc_reader_step(reader, letter, deadline);
	pthread_mutex_unlock(&reader->lock);
	return got < 0 ? got : 0;
}

/* ---- calling ---- */

/* Make a caller known, before its call can be answered: into @answer. */
void kipc_reader_begin(struct kipc_reader *reader, struct kipc_caller_slot *caller,
		       struct kipc_letter *answer)
{
	caller->done = false;
	caller->answer = answer;
	/* 0 is no call. */
	do
		caller->call = atomic_fetch_add(&reader->calls, 1) + 1U;
	while (!caller->call);
	pthread_mutex_lock(&reader->lock);
	caller->next = reader->callers;
	reader->callers = caller;
	pthread_mutex_unlock(&reader->lock);
}

/* No answer reaches a caller after this. */
void kipc_reader_finish(struct kipc_reader *reader, struct kipc_caller_slot *caller)
{
	struct kipc_caller_slot **at = &reader->callers;

	pthread_mutex_lock(&reader->lock);
	while (*at != caller)
		at = &(*at)->next;
	*at = caller->next;
	pthread_mutex_unlock(&reader->lock);
}

/* As a caller: read one letter, for whomever it is. */
static int kipc_reader_help(struct kipc_reader *reader, struct kipc_letter *letter,
			    kipc_deadline deadline)
{
	int got = kipc_reader_step(reader, letter, deadline);

	if (got != 1)
		return got;
	kipc_reader_store(reader, letter);
	return 0;
}

/* Wait until a caller's answer is there: 0, or -errno without it. */
int kipc_reader_await(struct kipc_reader *reader, struct kipc_caller_slot *caller,
		      kipc_deadline deadline)
{
	int err = 0;

	pthread_mutex_lock(&reader->lock);
	while (!caller->done && !err)
		err = kipc_reader_help(reader, caller->answer, deadline);
	/* It may have come with the last moment. */
	if (caller->done)
		err = 0;
	pthread_mutex_unlock(&reader->lock);
	return err;
}

/* Is there something for receivers that shows in no descriptor? */
bool kipc_reader_has(struct kipc_reader *reader)
{
	bool has;

	pthread_mutex_lock(&reader->lock);
	has = reader->inbox || reader->gone;
	pthread_mutex_unlock(&reader->lock);
	return has;
}
