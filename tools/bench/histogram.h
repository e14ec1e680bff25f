/* SPDX-License-Identifier: GPL-2.0 */
/*
 * histogram: times counted in log-linear buckets
 *
 * Times below 2^HISTOGRAM_BITS nanoseconds have a bucket each.  Above that,
 * every power of two is cut into 2^(HISTOGRAM_BITS - 1) buckets of equal width,
 * so a bucket is never wider than 1/256 of what it holds.  A quantile is the
 * middle of its bucket, and therefore wrong by 1/512 (0.2 %) at the most; the
 * count, the smallest and the largest value and the sum are exact.  Values from
 * 2^HISTOGRAM_TOP (18 minutes) on share the last bucket.
 *
 * The structure holds no pointer: it may lie in memory that two processes
 * share. Adding to it takes no lock and no allocation; one thread adds at a
 * time.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS	9
#define HISTOGRAM_TOP	40
#define HISTOGRAM_BUCKETS		\
	((1U << HISTOGRAM_BITS) +	\
	 ((HISTOGRAM_TOP - HISTOGRAM_BITS) << (HISTOGRAM_BITS - 1)))

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_reset(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The value that @num of @den values do not exceed; 0 when there is none. */
uint64_t histogram_quantile(const struct histogram *histogram, uint64_t num,
			    uint64_t den);

#endif /* HISTOGRAM_H */
