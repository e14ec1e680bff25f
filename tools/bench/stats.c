// SPDX-License-Identifier: GPL-2.0
/*
 * stats: see stats.h
 *
 * A ratio is the median, and has the bounds, of the ratios within each round:
 * the two ran within seconds of each other there, so what disturbed one is
 * likely to have disturbed both.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(double *values, unsigned int n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), compare_double);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void stats_spread(double *values, unsigned int n, struct spread *spread)
{
	unsigned int i;

	spread->median = stats_median(values, n);
	spread->min = values[0];
	spread->max = values[n - 1];
	for (i = 0; i < n; i++)
		values[i] = fabs(values[i] - spread->median);
	spread->mad = stats_median(values, n);
}

/* One round: nanoseconds of a round trip, or messages a second. */
static double stats_value(const struct round *round, enum measure measure)
{
	if (measure == MEASURE_LATENCY)
		return (double)round->median_ns;
	return (double)round->count * NSEC_PER_SEC /
	       (double)max_u64(round->elapsed_ns, 1);
}

static bool stats_of(const struct cell *cell, enum measure measure,
		     struct spread *spread)
{
	double values[BENCH_ROUNDS_MAX];
	unsigned int i;

	if (!cell->n_rounds)
		return false;
	for (i = 0; i < cell->n_rounds; i++)
		values[i] = stats_value(&cell->rounds[i], measure);
	stats_spread(values, cell->n_rounds, spread);
	return true;
}

bool stats_latency(const struct cell *cell, struct spread *spread)
{
	return stats_of(cell, MEASURE_LATENCY, spread);
}

bool stats_rate(const struct cell *cell, struct spread *spread)
{
	return stats_of(cell, MEASURE_THROUGHPUT, spread);
}

bool stats_ratio(const struct cell *a, const struct cell *b,
		 enum measure measure, struct spread *spread)
{
	unsigned int n = (unsigned int)min_u64(a->n_rounds, b->n_rounds), i;
	double values[BENCH_ROUNDS_MAX], of_b;

	if (!n)
		return false;
	for (i = 0; i < n; i++) {
		of_b = stats_value(&b->rounds[i], measure);
		values[i] = stats_value(&a->rounds[i], measure) /
			    (of_b > 0 ? of_b : 1);
	}
	stats_spread(values, n, spread);
	return true;
}
