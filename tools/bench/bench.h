/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipc-bench: what every room of the tool shares
 *
 *	options.c	the command line, into struct settings
 *	run.c		which cell is measured when, into struct results
 *	pair.c		the two processes of one mechanism at one size
 *	worker.c	what those two processes do
 *	verify.c	the same, where every byte is compared
 *	payload.c	the payload contract: who writes, reads and checks what
 *	driver.h	one mechanism as the workers see it; kipc_driver.c is
 *			the library's, raw_*.c the baselines, fault.c the ones
 *			that are broken on purpose
 *	histogram.c stats.c	numbers from samples
 *	facts.c		the machine
 *	table.c json.c targets.c progress.c	what the user gets to see
 *
 * A *cell* is one mechanism at one size under one measure; a *round* is one
 * visit to every cell of a size.  Every time in here is an integer number of
 * CLOCK_MONOTONIC nanoseconds.
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "histogram.h"

#ifndef KIPC_VERSION
#define KIPC_VERSION "0.1.0"
#endif

#define __printf(at, first)	__attribute__((format(printf, at, first)))
#define __noreturn		__attribute__((noreturn))
#define __aligned(n)		__attribute__((aligned(n)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL

#define BENCH_SIZES_MAX		32
#define BENCH_ROUNDS_MAX	100
#define BENCH_SIZE_LIMIT	(64ULL << 20)
#define BENCH_REASON		200

/* How kipc-bench ends; kipc-bench(1) says the same. */
enum bench_exit {
	BENCH_OK = 0,		/* measured, and every payload arrived */
	BENCH_FAILED = 1,	/* a payload was damaged, a mechanism broke */
	BENCH_USAGE = 2,
	BENCH_NOTHING = 3,	/* nothing was measured, or not written down */
	BENCH_INTERRUPTED = 130, /* what had been measured was printed */
};

enum measure {
	MEASURE_LATENCY,	/* a request and its reply, one at a time */
	MEASURE_THROUGHPUT,	/* one-way messages, as fast as they go */
	MEASURE_COUNT,
};

enum placement {
	PLACE_SAME,		/* both processes on one CPU */
	PLACE_TWO,		/* one CPU each */
	PLACE_FREE,		/* wherever the scheduler likes */
};

/* The two processes of a pair. */
enum side {
	SIDE_SERVER,		/* receives requests, and the stream */
	SIDE_CLIENT,		/* holds the clock */
	SIDE_COUNT,
};

struct driver;

struct settings {
	const struct driver **drivers;	/* in the order of the tables */
	unsigned int n_drivers;
	uint64_t sizes[BENCH_SIZES_MAX];
	unsigned int n_sizes;
	bool measures[MEASURE_COUNT];
	enum placement placement;
	int cpus[SIDE_COUNT];		/* -1: not pinned */
	unsigned int rounds;
	uint64_t time_ns;		/* for one cell, all its rounds */
	uint64_t timeout_ns;		/* then a silent pair is killed */
	uint64_t clock_overhead_ns;	/* between two readings */
	uint64_t clock_resolution_ns;
	bool verify;
	bool quick;
	const char *json;		/* a path, or NULL */
};

enum cell_status {
	CELL_PENDING,		/* never reached (interrupted) */
	CELL_OK,
	CELL_TOO_LARGE,		/* does not carry this size: "n/a" */
	CELL_NO_MEASURE,	/* has no such operation: "-" */
	CELL_UNAVAILABLE,	/* could not be set up here */
	CELL_FAILED,		/* broke, hung, or damaged a payload */
};

enum verify_status {
	VERIFY_SKIPPED,
	VERIFY_OK,
	VERIFY_FAILED,
};

/* One round of one cell. */
struct round {
	uint64_t count;		/* messages */
	uint64_t elapsed_ns;	/* first message to last, no warm-up */
	uint64_t median_ns;	/* latency only */
};

struct cell {
	enum cell_status status;
	char reason[BENCH_REASON];	/* why it is not CELL_OK */
	uint64_t iterations;		/* messages a round, as calibrated */
	unsigned int n_rounds;		/* measured so far */
	struct round *rounds;
	struct histogram *samples;	/* latency: of every round */
	enum verify_status verify;
	unsigned int verify_messages;
	uint64_t verify_bytes;
};

struct results {
	const struct settings *settings;
	struct cell *cells;	/* results_cell() finds one */
	bool interrupted;
	uint64_t elapsed_ns;
	char started[32];	/* ISO 8601, UTC */
};

static inline uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline struct cell *results_cell(const struct results *results,
					unsigned int driver, unsigned int size,
					enum measure measure)
{
	size_t row = (size_t)driver * results->settings->n_sizes + size;

	return &results->cells[row * MEASURE_COUNT + measure];
}

static inline size_t results_count(const struct settings *settings)
{
	return (size_t)settings->n_drivers * settings->n_sizes * MEASURE_COUNT;
}

/* options.c: returns a negative number to go on, or the exit status. */
int options_parse(struct settings *settings, int argc, char **argv);
void options_free(struct settings *settings);
extern const char * const measure_names[MEASURE_COUNT];
extern const char * const placement_names[];

/* run.c */
int results_init(struct results *results, const struct settings *settings);
void results_free(struct results *results);
void run_all(struct results *results);

/* size_text(): "1B", "64K", "4M", for names of columns and messages. */
const char *size_text(uint64_t size, char *buf, size_t len);

#endif /* BENCH_H */
