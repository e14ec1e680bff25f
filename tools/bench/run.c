// SPDX-License-Identifier: GPL-2.0
/*
 * run: which cell is measured when
 *
 *	for each size
 *		for each mechanism: set up its pair, verify payloads, calibrate
 *		for each round
 *			for each measure
 *				for each mechanism, beginning with another one
 *				every round: warm up, measure
 *		end the pairs
 *
 * Rounds are the outer loop, so whatever drifts while the tool runs (clock
 * frequency, a busy neighbour) falls on all mechanisms of a size alike, and no
 * mechanism always follows the same one.
 *
 * How many messages a round has is found per cell, by runs that grow until one
 * takes a quarter of a round's time: from its pace follows the number that
 * fills the round.  A warm-up, a tenth of that, precedes every round uncounted,
 * because the other mechanisms have had the caches in between.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "pair.h"
#include "payload.h"
#include "progress.h"

/* A latency round has some samples at least, however slow the mechanism is. */
#define ROUND_MIN	3
#define ROUND_MAX	4194304ULL
/* Calibration grows by no more than this at a time. */
#define GROW_MAX	16

struct run {
	struct results *results;
	const struct settings *settings;
	struct pair *pairs;	/* one a mechanism */
	bool *alive;		/* its pair is set up */
	bool *hung;		/* it is not tried again with other sizes */
	uint64_t seed;		/* unlike any before, for every command */
};

static const enum command_op measure_op[MEASURE_COUNT] = {
	[MEASURE_LATENCY] = COMMAND_LATENCY,
	[MEASURE_THROUGHPUT] = COMMAND_STREAM,
};

static const enum command_op verify_op[MEASURE_COUNT] = {
	[MEASURE_LATENCY] = COMMAND_VERIFY_CALLS,
	[MEASURE_THROUGHPUT] = COMMAND_VERIFY_STREAM,
};

int results_init(struct results *results, const struct settings *settings)
{
	size_t n = results_count(settings), i;
	time_t now = time(NULL);
	struct tm tm;

	memset(results, 0, sizeof(*results));
	results->settings = settings;
	if (gmtime_r(&now, &tm))
		strftime(results->started, sizeof(results->started),
			 "%Y-%m-%dT%H:%M:%SZ", &tm);
	results->cells = calloc(n, sizeof(*results->cells));
	if (!results->cells)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		results->cells[i].rounds =
			calloc(settings->rounds, sizeof(struct round));
		if (!results->cells[i].rounds) {
			results_free(results);
			return -ENOMEM;
		}
	}
	return 0;
}

void results_free(struct results *results)
{
	const struct settings *settings = results->settings;
	size_t n = results_count(settings), i;

	for (i = 0; results->cells && i < n; i++) {
		free(results->cells[i].rounds);
		free(results->cells[i].samples);
	}
	free(results->cells);
	results->cells = NULL;
}

static bool cell_wanted(const struct run *run, unsigned int driver,
			enum measure measure)
{
	return run->settings->measures[measure] &&
	       run->settings->drivers[driver]->measures[measure];
}

/* Give all wanted cells of a mechanism at a size the same end. */
static void cells_end(struct run *run, unsigned int driver, unsigned int size,
		      enum cell_status status, const char *reason)
{
	enum measure measure;
	struct cell *cell;

	for (measure = 0; measure < MEASURE_COUNT; measure++) {
		cell = results_cell(run->results, driver, size, measure);
		if (!cell_wanted(run, driver, measure)) {
			cell->status = CELL_NO_MEASURE;
			continue;
		}
		cell->status = status;
		snprintf(cell->reason, sizeof(cell->reason), "%s", reason);
	}
}

/*
 * A command failed: say so, drop the pair, and remember a mechanism that hangs.
 */
static void run_failed(struct run *run, unsigned int driver, unsigned int size,
		       int err, struct cell *cell)
{
	struct pair *pair = &run->pairs[driver];
	char text[16];

	run->alive[driver] = false;
	if (err == -EINTR) {
		run->results->interrupted = true;
	} else {
		if (err == -EBADMSG)
			cell->verify = VERIFY_FAILED;
		run->hung[driver] = err == -ETIMEDOUT;
		cells_end(run, driver, size, CELL_FAILED, pair->why);
		progress_note("%s, %s: FAILED: %s",
			      run->settings->drivers[driver]->name,
			      size_text(run->settings->sizes[size], text,
					sizeof(text)),
			      pair->why);
	}
	pair_stop(pair);
}

static int run_command(struct run *run, unsigned int driver, enum command_op op,
		       uint64_t count)
{
	struct command command = {
		.op = op,
		.count = count,
		.seed = run->seed,
	};
	int err = pair_run(&run->pairs[driver], &command);

	run->seed += count;
	return err;
}

static uint64_t run_elapsed(const struct pair *pair)
{
	const struct answer *server = &pair->answers[SIDE_SERVER];
	const struct answer *client = &pair->answers[SIDE_CLIENT];

	if (server->from_ns)
		return server->to_ns - server->from_ns;
	return max_u64(server->to_ns, client->to_ns) - client->from_ns;
}

static int cell_verify(struct run *run, unsigned int driver,
		       enum measure measure, struct cell *cell)
{
	struct pair *pair = &run->pairs[driver];
	int err;

	if (!run->settings->verify)
		return 0;
	err = run_command(run, driver, verify_op[measure], PAYLOAD_VERIFY);
	if (err)
		return err;
	cell->verify = VERIFY_OK;
	cell->verify_messages = PAYLOAD_VERIFY;
	cell->verify_bytes = pair->answers[SIDE_CLIENT].bytes;
	return 0;
}

static int cell_calibrate(struct run *run, unsigned int driver,
			  enum measure measure, struct cell *cell)
{
	uint64_t budget = run->settings->time_ns / run->settings->rounds;
	const uint64_t backlog = run->settings->drivers[driver]->backlog;
	const uint64_t most = backlog ? backlog : ROUND_MAX;
	uint64_t count = 1, elapsed, wanted;
	int err;

	for (;;) {
		err = run_command(run, driver, measure_op[measure], count);
		if (err)
			return err;
		elapsed = max_u64(run_elapsed(&run->pairs[driver]), 1);
		wanted = (uint64_t)((double)budget / (double)elapsed *
				    (double)count);
		if (elapsed >= budget / 4 || count >= most)
			break;
		count = min_u64(min_u64(max_u64(wanted / 2, count + 1),
					count * GROW_MAX),
				most);
	}
	cell->iterations = min_u64(max_u64(wanted, ROUND_MIN), most);
	return 0;
}

/* A message that can be asked for an answer may still be too large one way. */
static bool measure_too_small(struct run *run, unsigned int driver,
			      unsigned int size, enum measure measure)
{
	const uint64_t max_send = run->pairs[driver].lane.max_send;
	struct cell *cell = results_cell(run->results, driver, size, measure);
	char text[24];

	if (measure != MEASURE_THROUGHPUT ||
	    run->settings->sizes[size] <= max_send)
		return false;
	cell->status = CELL_TOO_LARGE;
	snprintf(cell->reason, sizeof(cell->reason),
		 "carries %s at the most one way",
		 size_text(max_send, text, sizeof(text)));
	return true;
}

/* "n/a": say what it does carry, and where it knows why, that too. */
static void mechanism_too_small(struct run *run, unsigned int driver,
				unsigned int size)
{
	const struct pair *pair = &run->pairs[driver];
	char reason[BENCH_REASON], text[24];
	const char *why = "";
	enum side side;

	for (side = 0; side < SIDE_COUNT; side++)
		if (pair->answers[side].status == -EMSGSIZE)
			why = pair->answers[side].why;
	snprintf(reason, sizeof(reason), "carries %s at the most here%s%.150s",
		 size_text(pair->lane.max_size, text, sizeof(text)),
		 *why ? "; asked for more: " : "", why);
	cells_end(run, driver, size, CELL_TOO_LARGE, reason);
}

/*
 * Set up one mechanism at one size, up to the point where it can be measured.
 */
static void mechanism_start(struct run *run, unsigned int driver,
			    unsigned int size)
{
	const struct settings *settings = run->settings;
	struct pair *pair = &run->pairs[driver];
	enum measure measure;
	struct cell *cell;
	int err;

	if (run->hung[driver]) {
		cells_end(run, driver, size, CELL_FAILED,
			  "not tried: it hung before");
		return;
	}
	err = pair_start(pair, settings->drivers[driver], settings->sizes[size],
			 settings);
	if (err == -EINTR) {
		run->results->interrupted = true;
		return;
	}
	if (err == -EMSGSIZE && pair->lane.max_size < settings->sizes[size]) {
		mechanism_too_small(run, driver, size);
		return;
	}
	if (err) {
		cells_end(run, driver, size, CELL_UNAVAILABLE, pair->why);
		return;
	}
	run->alive[driver] = true;
	cells_end(run, driver, size, CELL_PENDING, "interrupted");
	for (measure = 0; measure < MEASURE_COUNT && run->alive[driver];
	     measure++) {
		if (!cell_wanted(run, driver, measure) ||
		    measure_too_small(run, driver, size, measure))
			continue;
		cell = results_cell(run->results, driver, size, measure);
		err = cell_verify(run, driver, measure, cell);
		if (!err)
			err = cell_calibrate(run, driver, measure, cell);
		if (err)
			run_failed(run, driver, size, err, cell);
	}
}

static void cell_record(struct run *run, unsigned int driver,
			enum measure measure, struct cell *cell)
{
	struct pair *pair = &run->pairs[driver];
	struct round *round = &cell->rounds[cell->n_rounds];
	struct histogram *samples = &pair->shared->samples;

	round->count = cell->iterations;
	round->elapsed_ns = run_elapsed(pair);
	if (measure == MEASURE_LATENCY) {
		round->median_ns = histogram_quantile(samples, 1, 2);
		if (!cell->samples) {
			cell->samples = malloc(sizeof(*cell->samples));
			if (!cell->samples)
				return;
			histogram_reset(cell->samples);
		}
		histogram_merge(cell->samples, samples);
	}
	cell->n_rounds++;
	cell->status = CELL_OK;
	cell->reason[0] = '\0';
	if (pair->answers[SIDE_SERVER].strayed ||
	    pair->answers[SIDE_CLIENT].strayed)
		progress_note("%s: a process was not on its CPU",
			      run->settings->drivers[driver]->name);
}

static void cell_round(struct run *run, unsigned int driver, unsigned int size,
		       enum measure measure)
{
	struct cell *cell = results_cell(run->results, driver, size, measure);
	int err;

	if (cell->status == CELL_TOO_LARGE)
		return;
	err = run_command(run, driver, measure_op[measure],
			  max_u64(cell->iterations / 10, 1));
	if (!err)
		err = run_command(run, driver, measure_op[measure],
				  cell->iterations);
	if (err)
		run_failed(run, driver, size, err, cell);
	else
		cell_record(run, driver, measure, cell);
}

static void run_rounds(struct run *run, unsigned int size)
{
	const struct settings *settings = run->settings;
	unsigned int round, i, driver;
	enum measure measure;

	for (round = 0; round < settings->rounds; round++) {
		for (measure = 0; measure < MEASURE_COUNT; measure++) {
			for (i = 0; i < settings->n_drivers; i++) {
				driver = (i + round) % settings->n_drivers;
				if (run->results->interrupted ||
				    bench_interrupted)
					return;
				if (!cell_wanted(run, driver, measure))
					continue;
				progress_step(1, measure_names[measure],
					      settings->drivers[driver]->name);
				if (run->alive[driver])
					cell_round(run, driver, size, measure);
			}
		}
	}
}

static void run_size(struct run *run, unsigned int size)
{
	const struct settings *settings = run->settings;
	unsigned int i;

	progress_size(size, settings->n_sizes, settings->sizes[size]);
	for (i = 0; i < settings->n_drivers && !run->results->interrupted;
	     i++) {
		progress_step(1, "set-up", settings->drivers[i]->name);
		mechanism_start(run, i, size);
		if (bench_interrupted)
			run->results->interrupted = true;
	}
	run_rounds(run, size);
	for (i = 0; i < settings->n_drivers; i++) {
		if (run->alive[i])
			pair_stop(&run->pairs[i]);
		run->alive[i] = false;
	}
}

static uint64_t run_steps(const struct run *run)
{
	enum measure measure;
	uint64_t steps = 0;
	unsigned int i;

	for (i = 0; i < run->settings->n_drivers; i++) {
		steps++;
		for (measure = 0; measure < MEASURE_COUNT; measure++)
			if (cell_wanted(run, i, measure))
				steps += run->settings->rounds;
	}
	return steps * run->settings->n_sizes;
}

void run_all(struct results *results)
{
	const struct settings *settings = results->settings;
	struct run run = {
		.results = results,
		.settings = settings,
		.pairs = calloc(settings->n_drivers, sizeof(*run.pairs)),
		.alive = calloc(settings->n_drivers, sizeof(*run.alive)),
		.hung = calloc(settings->n_drivers, sizeof(*run.hung)),
	};
	uint64_t started = clock_now();
	unsigned int size;

	if (run.pairs && run.alive && run.hung) {
		progress_start(run_steps(&run));
		for (size = 0;
		     size < settings->n_sizes && !results->interrupted;
		     size++) {
			run_size(&run, size);
			if (bench_interrupted)
				results->interrupted = true;
		}
		progress_end();
	}
	results->elapsed_ns = clock_now() - started;
	free(run.pairs);
	free(run.alive);
	free(run.hung);
}
