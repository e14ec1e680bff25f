// SPDX-License-Identifier: GPL-2.0
/*
 * histogram: see histogram.h for what it promises
 *
 * Layout: index 0 … 2^B - 1 are the exact values (B is HISTOGRAM_BITS); then
 * for every exponent e from B on come 2^(B-1) buckets of width 2^(e-B+1).  Both
 * directions of that mapping are here and nowhere else.
 */
#include "bench.h"

#include <string.h>

enum {
	EXACT = 1 << HISTOGRAM_BITS,
	HALF = EXACT / 2,
};

static unsigned int histogram_index(uint64_t value)
{
	unsigned int exponent, shift;

	if (value < EXACT)
		return (unsigned int)value;
	exponent = 63 - (unsigned int)__builtin_clzll(value);
	if (exponent >= HISTOGRAM_TOP)
		return HISTOGRAM_BUCKETS - 1;
	shift = exponent - HISTOGRAM_BITS + 1;
	return EXACT + (exponent - HISTOGRAM_BITS) * HALF +
	       (unsigned int)(value >> shift) - HALF;
}

/* The middle of a bucket. */
static uint64_t histogram_value(unsigned int index)
{
	unsigned int exponent, shift;
	uint64_t lowest;

	if (index < EXACT)
		return index;
	exponent = HISTOGRAM_BITS + (index - EXACT) / HALF;
	shift = exponent - HISTOGRAM_BITS + 1;
	lowest = (uint64_t)(HALF + (index - EXACT) % HALF) << shift;
	return lowest + ((uint64_t)1 << shift) / 2;
}

void histogram_reset(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
	histogram->min = UINT64_MAX;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->sum += value;
	histogram->min = min_u64(histogram->min, value);
	histogram->max = max_u64(histogram->max, value);
	histogram->buckets[histogram_index(value)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	unsigned int i;

	into->count += from->count;
	into->sum += from->sum;
	into->min = min_u64(into->min, from->min);
	into->max = max_u64(into->max, from->max);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_quantile(const struct histogram *histogram, uint64_t num,
			    uint64_t den)
{
	uint64_t rank = (histogram->count * num + den - 1) / den;
	uint64_t seen = 0;
	unsigned int i;

	if (!histogram->count)
		return 0;
	if (!rank)
		rank = 1;
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank)
			break;
	}
	if (i == HISTOGRAM_BUCKETS - 1)
		return histogram->max;
	return max_u64(histogram->min,
		       min_u64(histogram->max, histogram_value(i)));
}
