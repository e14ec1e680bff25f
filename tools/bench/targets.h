/* SPDX-License-Identifier: GPL-2.0 */
/*
 * targets: what the project has promised, and whether this run bears it out
 *
 * Documentation/benchmarking.rst lists the same targets; the table in targets.c
 * is where they are kept.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include "bench.h"
#include "stats.h"

enum verdict {
	VERDICT_HOLDS,
	VERDICT_MISSED,
	VERDICT_UNJUDGED,	/* something was not measured: see @reason */
};

struct target {
	const char *mechanism;	/* its round trip … */
	const char *against;	/* … against this baseline's */
	uint64_t size;
	double at_most;		/* ratio of the medians */
};

struct judgement {
	enum verdict verdict;
	struct spread ratio;
	char reason[BENCH_REASON];
};

extern const struct target targets[];
extern const unsigned int targets_count;
extern const char * const verdict_names[];

void target_judge(const struct target *target, const struct results *results,
		  struct judgement *judgement);

#endif /* TARGETS_H */
