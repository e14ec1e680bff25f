// SPDX-License-Identifier: GPL-2.0
/*
 * targets: see targets.h
 *
 * A target is judged only where it was meant: both processes on one CPU, or on two.
 *
 * Round trips are judged on equal footing, both through the library or both by
 * hand, where both exist.  The small call is judged the hard way as well,
 * through the library against a floor and a Binder by hand, so that the library
 * cannot make its module look better by being slow; and so are streams of
 * one-way messages, which have no channel by hand.  Against AF_UNIX the round
 * trips up to 64 KiB have seqpacket on the other side, which keeps messages
 * apart as a channel does, and larger ones the stream, which by default carries
 * any size.
 */
#include "targets.h"

#include <stdio.h>
#include <string.h>

#include "driver.h"

#define KIB	1024
#define MIB	1048576

#define CALL(size, mechanism, against, at_most)			\
	{ mechanism, against, size, MEASURE_LATENCY, TARGET_AT_MOST, at_most, PLACE_SAME }

#define STREAM(size, mechanism, against, at_least)		\
	{ mechanism, against, size, MEASURE_THROUGHPUT, TARGET_AT_LEAST, at_least,	\
	  PLACE_SAME }

/* With a CPU for each of the two, who may look instead of sleeping. */
#define STREAM_TWO(size, mechanism, against, at_least)		\
	{ mechanism, against, size, MEASURE_THROUGHPUT, TARGET_AT_LEAST, at_least,	\
	  PLACE_TWO }

const struct target targets[] = {
	CALL(1, "channel", "raw-futex", 1.10),
	CALL(1, "raw-channel", "raw-futex", 1.10),
	CALL(1, "channel", "unix-seqpacket", 0.68),
	CALL(1, "raw-channel", "raw-unix-seqpacket", 0.68),
	CALL(1, "channel", "raw-binder", 0.60),

	CALL(4 * KIB, "raw-channel", "raw-unix-seqpacket", 0.65),
	CALL(4 * KIB, "raw-channel", "raw-pipe", 0.85),
	CALL(4 * KIB, "raw-channel", "raw-binder", 0.60),

	CALL(64 * KIB, "raw-channel", "raw-unix-seqpacket", 0.45),
	CALL(64 * KIB, "raw-channel", "raw-pipe", 0.50),
	CALL(64 * KIB, "raw-channel", "raw-process-vm", 0.85),
	CALL(64 * KIB, "raw-channel", "raw-binder", 0.65),

	CALL(1 * MIB, "raw-channel", "raw-unix-stream", 0.32),
	CALL(1 * MIB, "raw-channel", "raw-pipe", 0.40),
	CALL(1 * MIB, "raw-channel", "raw-process-vm", 0.93),
	CALL(1 * MIB, "raw-channel", "raw-binder", 0.65),

	CALL(4 * MIB, "raw-channel", "raw-unix-stream", 0.32),
	CALL(4 * MIB, "raw-channel", "raw-pipe", 0.40),
	CALL(4 * MIB, "raw-channel", "raw-process-vm", 0.93),
	CALL(4 * MIB, "raw-channel", "raw-binder", 0.65),

	CALL(1, "unix-seqpacket-pair", "raw-unix-seqpacket", 1.03),
	CALL(1, "unix-pair", "raw-unix-stream", 1.03),

	/* Against the better of two is against both. */
	CALL(1, "raw-queue", "raw-posix-mq", 0.90),
	CALL(1, "raw-queue", "raw-sysv-msg", 0.90),
	CALL(64, "raw-queue", "raw-posix-mq", 0.90),
	CALL(64, "raw-queue", "raw-sysv-msg", 0.90),
	CALL(1 * KIB, "raw-queue", "raw-posix-mq", 0.90),
	CALL(1 * KIB, "raw-queue", "raw-sysv-msg", 0.90),
	CALL(4 * KIB, "raw-queue", "raw-posix-mq", 0.90),
	CALL(4 * KIB, "raw-queue", "raw-sysv-msg", 0.90),
	CALL(8 * KIB, "raw-queue", "raw-posix-mq", 0.90),
	CALL(8 * KIB, "raw-queue", "raw-sysv-msg", 0.90),

	CALL(1 * MIB, "raw-queue", "raw-unix-stream", 0.80),
	CALL(1 * MIB, "raw-queue", "raw-unix-seqpacket", 0.80),

	CALL(64, "mq-dropin", "raw-posix-mq", 1.00),
	CALL(64, "sysvmsg-dropin", "raw-sysv-msg", 1.00),
	CALL(8 * KIB, "mq-dropin", "raw-posix-mq", 1.00),
	CALL(8 * KIB, "sysvmsg-dropin", "raw-sysv-msg", 1.00),

	STREAM(64, "raw-channel-ring", "raw-unix-seqpacket", 2.0),
	STREAM(64, "raw-channel-ring", "posix-mq", 2.0),
	STREAM(64, "raw-channel-ring", "raw-binder", 3.0),

	STREAM(64, "raw-queue", "raw-posix-mq", 1.3),
	STREAM(64, "raw-queue", "raw-sysv-msg", 1.3),
	STREAM(64, "raw-queue-batch", "raw-posix-mq", 3.0),
	STREAM(64, "raw-queue-batch", "raw-sysv-msg", 3.0),
	STREAM(8 * KIB, "raw-queue", "raw-posix-mq", 1.3),
	STREAM(8 * KIB, "raw-queue", "raw-sysv-msg", 1.3),
	STREAM(8 * KIB, "raw-queue-batch", "raw-posix-mq", 3.0),
	STREAM(8 * KIB, "raw-queue-batch", "raw-sysv-msg", 3.0),
	STREAM(1, "raw-queue-typed", "raw-sysv-typed", 50.0),

	STREAM(64, "mq-dropin", "raw-posix-mq", 1.0),
	STREAM(64, "sysvmsg-dropin", "raw-sysv-msg", 1.0),
	STREAM(8 * KIB, "mq-dropin", "raw-posix-mq", 1.0),
	STREAM(8 * KIB, "sysvmsg-dropin", "raw-sysv-msg", 1.0),

	/* Shared memory through the library against system calls by hand. */
	STREAM_TWO(64, "ring-busy", "raw-unix-seqpacket", 5.0),
	STREAM_TWO(64, "ring-busy", "raw-unix-stream", 5.0),
};

const unsigned int targets_count = ARRAY_SIZE(targets);

const char * const verdict_names[] = {
	[VERDICT_HOLDS] = "holds",
	[VERDICT_MISSED] = "missed",
	[VERDICT_UNJUDGED] = "not judged",
};

static const struct cell *target_cell(const struct results *results,
				      const struct target *target,
				      const char *mechanism,
				      struct judgement *judgement)
{
	const struct settings *settings = results->settings;
	const struct cell *cell;
	unsigned int d, s;

	for (d = 0; d < settings->n_drivers; d++)
		if (!strcmp(settings->drivers[d]->name, mechanism))
			break;
	for (s = 0; s < settings->n_sizes; s++)
		if (settings->sizes[s] == target->size)
			break;
	if (d == settings->n_drivers || s == settings->n_sizes ||
	    !settings->measures[target->measure]) {
		snprintf(judgement->reason, sizeof(judgement->reason),
			 "%s was not measured at this size", mechanism);
		return NULL;
	}
	cell = results_cell(results, d, s, target->measure);
	if (cell->status == CELL_OK)
		return cell;
	snprintf(judgement->reason, sizeof(judgement->reason), "%s: %.160s",
		 mechanism,
		 cell->reason[0] ? cell->reason : "was not measured");
	return NULL;
}

static bool target_holds(const struct target *target, double ratio)
{
	return target->bound == TARGET_AT_MOST ? ratio <= target->ratio :
						 ratio >= target->ratio;
}

void target_judge(const struct target *target, const struct results *results,
		  struct judgement *judgement)
{
	const struct cell *cell, *against;

	memset(judgement, 0, sizeof(*judgement));
	judgement->verdict = VERDICT_UNJUDGED;
	if (results->settings->placement != target->placement) {
		snprintf(judgement->reason, sizeof(judgement->reason),
			 "the target is for --cpus %s",
			 target->placement == PLACE_SAME ? "same" : "two");
		return;
	}
	cell = target_cell(results, target, target->mechanism, judgement);
	if (!cell)
		return;
	against = target_cell(results, target, target->against, judgement);
	if (!against ||
	    !stats_ratio(cell, against, target->measure, &judgement->ratio))
		return;
	judgement->verdict = target_holds(target, judgement->ratio.median) ?
				     VERDICT_HOLDS :
				     VERDICT_MISSED;
}
