/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stats: what the rounds of a cell say
 *
 * Rounds are few (five by default) and independent of each other, so the tool
 * shows their median and how far they lie apart, and never a mean or a standard
 * deviation: one disturbed round must not move the result.
 */
#ifndef STATS_H
#define STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench.h"

struct spread {
	double median;
	double min;
	double max;
	double mad;	/* median distance from the median */
};

/* The median of @n values, which are put into order; 0 of none. */
double stats_median(double *values, unsigned int n);

/* Latency: the rounds' medians, nanoseconds.  False: there is no round. */
bool stats_latency(const struct cell *cell, struct spread *spread);

/* Throughput: the rounds' messages a second. */
bool stats_rate(const struct cell *cell, struct spread *spread);

/* Ratios of two cells' latencies or rates within each round that both have. */
bool stats_ratio(const struct cell *a, const struct cell *b,
		 enum measure measure, struct spread *spread);

#endif /* STATS_H */
