// SPDX-License-Identifier: GPL-2.0
/*
 * kipc-bench: every mechanism side by side, honestly
 *
 * Options, the clock's cost, the run, the report.  The method is described in
 * Documentation/benchmarking.rst; bench.h says which file does what.
 *
 * Ctrl-C and SIGTERM end the run and not the report: what has been measured is
 * printed and written.  They are blocked everywhere but in the one place where
 * the run waits (pair.c); a second one kills as usual.
 */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "json.h"
#include "pair.h"
#include "stats.h"
#include "table.h"

#define CLOCK_READINGS	10001

atomic_bool bench_interrupted;

static void bench_on_interrupt(int signal)
{
	(void)signal;
	bench_interrupted = true;
}

static void bench_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = {
		.sa_handler = bench_on_interrupt,
		.sa_flags = (int)SA_RESETHAND,
	};
	struct sigaction before;
	unsigned int i;
	sigset_t set;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &before);
		if (signals[i] == SIGHUP && before.sa_handler == SIG_IGN)
			continue;	/* nohup */
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* The report is not measured: whoever interrupts it means it. */
static void bench_release_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What one sample contains of the clock itself: the median of many readings. */
static void bench_clock(struct settings *settings)
{
	struct timespec resolution = { 0, 0 };
	uint64_t before, after;
	double *readings;
	unsigned int i;

	clock_getres(CLOCK_MONOTONIC, &resolution);
	settings->clock_resolution_ns = (uint64_t)resolution.tv_nsec;
	readings = calloc(CLOCK_READINGS, sizeof(*readings));
	if (!readings)
		return;
	for (i = 0; i < CLOCK_READINGS; i++) {
		before = clock_now();
		after = clock_now();
		readings[i] = (double)(after - before);
	}
	settings->clock_overhead_ns =
		(uint64_t)stats_median(readings, CLOCK_READINGS);
	free(readings);
}

static int bench_status(const struct results *results)
{
	const struct settings *settings = results->settings;
	size_t n = results_count(settings), i;
	bool failed = false, measured = false;

	for (i = 0; i < n; i++) {
		failed |= results->cells[i].status == CELL_FAILED;
		measured |= results->cells[i].n_rounds > 0;
	}
	if (failed)
		return BENCH_FAILED;
	if (results->interrupted)
		return BENCH_INTERRUPTED;
	return measured ? BENCH_OK : BENCH_NOTHING;
}

static int bench_report(const struct results *results,
			const struct facts *facts)
{
	const struct settings *settings = results->settings;
	int status = bench_status(results), err;

	table_print(results, facts);
	if (fflush(stdout)) {
		perror("kipc-bench: standard output");
		status = status ? status : BENCH_NOTHING;
	}
	if (!settings->json)
		return status;
	err = json_write(results, facts, settings->json);
	if (err) {
		fprintf(stderr, "kipc-bench: %s: %s\n", settings->json,
			strerror(-err));
		status = status ? status : BENCH_NOTHING;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct results results;
	struct facts facts;
	int status;

	status = options_parse(&settings, argc, argv);
	if (status >= 0)
		goto free_options;
	status = BENCH_NOTHING;
	if (results_init(&results, &settings)) {
		fprintf(stderr, "kipc-bench: out of memory\n");
		goto free_options;
	}
	bench_catch_signals();
	bench_clock(&settings);
	facts_before(&facts);
	run_all(&results);
	facts_after(&facts);
	bench_release_signals();
	status = bench_report(&results, &facts);
	results_free(&results);
free_options:
	options_free(&settings);
	return status;
}
