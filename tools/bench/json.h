/* SPDX-License-Identifier: GPL-2.0 */
/*
 * json: the results for programs
 *
 * The schema, kipc-bench/1, is described in Documentation/benchmarking.rst and
 * only ever grows: readers skip members that they do not know.
 */
#ifndef JSON_H
#define JSON_H

#include "bench.h"
#include "facts.h"

/* Could @path be written?  Returns 0, or -1 and errno. */
int json_check(const char *path);

/* Returns 0 or -errno. */
int json_write(const struct results *results, const struct facts *facts,
	       const char *path);

#endif /* JSON_H */
