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

enum target_bound {
	TARGET_AT_MOST,
	TARGET_AT_LEAST,
};

/*
 * The ratio of two round trips' times, or of two numbers of one-way messages a
 * second: the median of the rounds' ratios.
 */
struct target {
	const char *mechanism;
	const char *against;
	uint64_t size;
	enum measure measure;
	enum target_bound bound;
	double ratio;
	enum placement placement;
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
