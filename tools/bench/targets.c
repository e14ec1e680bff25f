// SPDX-License-Identifier: GPL-2.0
/*
 * targets: see targets.h
 *
 * A target is judged only where it was meant: both processes on one CPU.  The
 * small call is judged on equal footing, both through the library and both by
 * hand, and also the hard way: through the library against sockets by hand, so
 * that the library cannot make its module look better by being slow.
 */
#include "targets.h"

#include <stdio.h>
#include <string.h>

#include "driver.h"

const struct target targets[] = {
	{ "channel", "unix-seqpacket", 1, 0.75 },
	{ "raw-channel", "raw-unix-seqpacket", 1, 0.75 },
	{ "channel", "raw-unix-seqpacket", 1, 0.75 },
	{ "channel", "raw-unix-stream", 1 << 20, 0.45 },
	{ "channel", "raw-pipe", 1 << 20, 0.45 },
};

const unsigned int targets_count = ARRAY_SIZE(targets);

const char * const verdict_names[] = {
	[VERDICT_HOLDS] = "holds",
	[VERDICT_MISSED] = "missed",
	[VERDICT_UNJUDGED] = "not judged",
};

static const struct cell *target_cell(const struct results *results,
				      const char *mechanism, uint64_t size,
				      struct judgement *judgement)
{
	const struct settings *settings = results->settings;
	const struct cell *cell;
	unsigned int d, s;

	for (d = 0; d < settings->n_drivers; d++)
		if (!strcmp(settings->drivers[d]->name, mechanism))
			break;
	for (s = 0; s < settings->n_sizes; s++)
		if (settings->sizes[s] == size)
			break;
	if (d == settings->n_drivers || s == settings->n_sizes ||
	    !settings->measures[MEASURE_LATENCY]) {
		snprintf(judgement->reason, sizeof(judgement->reason),
			 "%s was not measured at this size", mechanism);
		return NULL;
	}
	cell = results_cell(results, d, s, MEASURE_LATENCY);
	if (cell->status == CELL_OK)
		return cell;
	snprintf(judgement->reason, sizeof(judgement->reason), "%s: %.160s",
		 mechanism,
		 cell->reason[0] ? cell->reason : "was not measured");
	return NULL;
}

void target_judge(const struct target *target, const struct results *results,
		  struct judgement *judgement)
{
	const struct cell *cell, *against;

	memset(judgement, 0, sizeof(*judgement));
	judgement->verdict = VERDICT_UNJUDGED;
	if (results->settings->placement != PLACE_SAME) {
		snprintf(judgement->reason, sizeof(judgement->reason),
			 "the target is for --cpus same");
		return;
	}
	cell = target_cell(results, target->mechanism, target->size, judgement);
	if (!cell)
		return;
	against =
		target_cell(results, target->against, target->size, judgement);
	if (!against || !stats_ratio(cell, against, &judgement->ratio))
		return;
	judgement->verdict = judgement->ratio.median <= target->at_most ?
				     VERDICT_HOLDS :
				     VERDICT_MISSED;
}
