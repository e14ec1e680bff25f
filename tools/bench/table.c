// SPDX-License-Identifier: GPL-2.0
/*
 * table: see table.h
 *
 * Plain ASCII, so that it survives a serial console, and no wider than the
 * terminal (80 columns where it does not say): sizes that do not fit go into a
 * block below.  Numbers have three significant digits; the rest is noise.
 */
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver.h"
#include "payload.h"
#include "stats.h"
#include "targets.h"

#define NAME_WIDTH	19
#define CELL_WIDTH	15
#define WIDTH_DEFAULT	80

typedef void (*cell_text_fn)(const struct results *results, unsigned int driver,
			     unsigned int size, char *buf, size_t len);

static unsigned int table_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize window;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) && window.ws_col)
		return window.ws_col;
	if (columns && atoi(columns) > 0)
		return (unsigned int)atoi(columns);
	return WIDTH_DEFAULT;
}

/* Three significant digits with a unit: 7.52ms, 140us, 3.06G. */
static void scaled_text(double value, const char *const *units, double step,
			char *buf, size_t len)
{
	unsigned int unit = 0;
	int digits;

	while (units[unit + 1] && value >= step * 0.9995) {
		value /= step;
		unit++;
	}
	digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	snprintf(buf, len, "%.*f%s", digits, value, units[unit]);
}

static void time_text(double ns, char *buf, size_t len)
{
	static const char * const units[] = { "ns", "us", "ms", "s", NULL };

	scaled_text(ns, units, 1000, buf, len);
}

static void bytes_text(double bytes, char *buf, size_t len)
{
	static const char *const units[] = { "B/s", "KiB/s", "MiB/s", "GiB/s",
					     NULL };

	scaled_text(bytes, units, 1024, buf, len);
}

static void rate_text(double rate, char *buf, size_t len)
{
	static const char * const units[] = { "/s", "K/s", "M/s", NULL };

	scaled_text(rate, units, 1000, buf, len);
}

/* What stands where no number does. */
static bool cell_blank(const struct cell *cell, char *buf, size_t len)
{
	static const char * const texts[] = {
		[CELL_PENDING] = "?",
		[CELL_OK] = "",
		[CELL_TOO_LARGE] = "n/a",
		[CELL_NO_MEASURE] = "-",
		[CELL_UNAVAILABLE] = "absent",
		[CELL_FAILED] = "FAILED",
	};

	snprintf(buf, len, "%s", texts[cell->status]);
	return cell->status != CELL_OK;
}

static const struct cell *reference_cell(const struct results *results,
					 unsigned int size)
{
	const struct settings *settings = results->settings;
	const struct cell *cell;
	unsigned int i;

	for (i = 0; i < settings->n_drivers; i++) {
		if (strcmp(settings->drivers[i]->name, TABLE_REFERENCE))
			continue;
		cell = results_cell(results, i, size, MEASURE_LATENCY);
		return cell->status == CELL_OK ? cell : NULL;
	}
	return NULL;
}

static void latency_text(const struct results *results, unsigned int driver,
			 unsigned int size, char *buf, size_t len)
{
	const struct cell *cell =
		results_cell(results, driver, size, MEASURE_LATENCY);
	const struct cell *reference = reference_cell(results, size);
	struct spread spread, ratio;
	char text[16];

	if (cell_blank(cell, buf, len) || !stats_latency(cell, &spread))
		return;
	time_text(spread.median, text, sizeof(text));
	if (reference && stats_ratio(cell, reference, MEASURE_LATENCY, &ratio))
		snprintf(buf, len, "%s x%-4.2f", text, ratio.median);
	else
		snprintf(buf, len, "%s", text);
}

static void p99_text(const struct results *results, unsigned int driver,
		     unsigned int size, char *buf, size_t len)
{
	const struct cell *cell =
		results_cell(results, driver, size, MEASURE_LATENCY);

	if (cell_blank(cell, buf, len) || !cell->samples)
		return;
	time_text((double)histogram_quantile(cell->samples, 99, 100), buf, len);
}

static void bandwidth_text(const struct results *results, unsigned int driver,
			   unsigned int size, char *buf, size_t len)
{
	const struct cell *cell =
		results_cell(results, driver, size, MEASURE_THROUGHPUT);
	struct spread spread;

	if (cell_blank(cell, buf, len) || !stats_rate(cell, &spread))
		return;
	bytes_text(spread.median * (double)results->settings->sizes[size], buf,
		   len);
}

static void messages_text(const struct results *results, unsigned int driver,
			  unsigned int size, char *buf, size_t len)
{
	const struct cell *cell =
		results_cell(results, driver, size, MEASURE_THROUGHPUT);
	struct spread spread;

	if (cell_blank(cell, buf, len) || !stats_rate(cell, &spread))
		return;
	rate_text(spread.median, buf, len);
}

/* One block: the sizes from @from to before @to. */
static void block_print(const struct results *results, cell_text_fn text,
			unsigned int from, unsigned int to, int width,
			enum measure measure)
{
	const struct settings *settings = results->settings;
	unsigned int driver, size;
	char buf[40];

	printf("%-*s", NAME_WIDTH, "");
	for (size = from; size < to; size++)
		printf("%*s", width,
		       size_text(settings->sizes[size], buf, sizeof(buf)));
	putchar('\n');
	for (driver = 0; driver < settings->n_drivers; driver++) {
		if (!settings->drivers[driver]->measures[measure])
			continue;
		if (driver &&
		    settings->drivers[driver]->kind == DRIVER_BASELINE &&
		    settings->drivers[driver - 1]->kind != DRIVER_BASELINE)
			puts("-- baselines: system calls by hand --");
		printf("%-*s", NAME_WIDTH, settings->drivers[driver]->name);
		for (size = from; size < to; size++) {
			text(results, driver, size, buf, sizeof(buf));
			printf("%*s", width, buf);
		}
		putchar('\n');
	}
}

static void matrix_print(const struct results *results, cell_text_fn text,
			 int width, enum measure measure)
{
	unsigned int n = results->settings->n_sizes, from, fit;

	fit = (table_width() - NAME_WIDTH) / (unsigned int)width;
	if (table_width() < NAME_WIDTH + (unsigned int)width)
		fit = 1;
	for (from = 0; from < n; from += fit) {
		block_print(results, text, from,
			    (unsigned int)min_u64(from + fit, n), width,
			    measure);
		putchar('\n');
	}
}

static void facts_print(const struct results *results,
			const struct facts *facts)
{
	const struct settings *settings = results->settings;
	char where[64];

	if (settings->placement == PLACE_SAME)
		snprintf(where, sizeof(where), "both processes on CPU %d",
			 settings->cpus[SIDE_SERVER]);
	else if (settings->placement == PLACE_TWO)
		snprintf(where, sizeof(where),
			 "server on CPU %d, client on CPU %d",
			 settings->cpus[SIDE_SERVER],
			 settings->cpus[SIDE_CLIENT]);
	else
		snprintf(where, sizeof(where), "processes not pinned");
	printf("\nkipc-bench %s, Linux %s %s, accelerator: %s\n", KIPC_VERSION,
	       facts->release, facts->machine,
	       facts->accelerator[0] ? facts->accelerator : "unknown");
	printf("%s, %d online, %.0f MiB; load %.2f, steal %.1f s\n",
	       facts->cpu[0] ? facts->cpu : "CPU unknown", facts->cpus,
	       facts->memory_mib, facts->load[0], facts->steal_seconds);
	printf("%s; clock %s, its overhead of %llu ns taken off\n",
	       facts->preemption[0] ? facts->preemption : "preemption unknown",
	       facts->clocksource,
	       (unsigned long long)settings->clock_overhead_ns);
	printf("%s; %u rounds, %.3g s a cell\n", where, settings->rounds,
	       (double)settings->time_ns / NSEC_PER_SEC);
}

/* Why there are cells without a number: once for each reason of a mechanism. */
static void reasons_print(const struct results *results)
{
	const struct settings *settings = results->settings;
	const struct cell *cell;
	unsigned int driver, size;
	const char *last;
	char text[16];

	for (driver = 0; driver < settings->n_drivers; driver++) {
		last = "";
		for (size = 0; size < settings->n_sizes * MEASURE_COUNT;
		     size++) {
			cell = results_cell(results, driver,
					    size / MEASURE_COUNT,
					    size % MEASURE_COUNT);
			if (cell->status == CELL_OK || !cell->reason[0] ||
			    !strcmp(cell->reason, last))
				continue;
			last = cell->reason;
			printf("%s, %s: %s%s\n",
			       settings->drivers[driver]->name,
			       size_text(settings->sizes[size / MEASURE_COUNT],
					 text, sizeof(text)),
			       cell->status == CELL_UNAVAILABLE ?
				       "not available: " :
			       cell->status == CELL_FAILED ? "FAILED: " :
							     "",
			       last);
		}
	}
}

/* How far the rounds lie apart: the worst cell, and the one in the middle. */
static void noise_print(const struct results *results)
{
	const struct settings *settings = results->settings;
	unsigned int driver, size, n = 0, worst_driver = 0, worst_size = 0;
	double *widths, worst = -1;
	struct spread spread;
	char text[16];

	widths = calloc((size_t)settings->n_drivers * settings->n_sizes,
			sizeof(*widths));
	for (driver = 0; widths && driver < settings->n_drivers; driver++) {
		for (size = 0; size < settings->n_sizes; size++) {
			if (!stats_latency(results_cell(results, driver, size,
							MEASURE_LATENCY),
					   &spread) ||
			    spread.median <= 0)
				continue;
			widths[n] =
				(spread.max - spread.min) / spread.median * 100;
			if (widths[n] > worst) {
				worst = widths[n];
				worst_driver = driver;
				worst_size = size;
			}
			n++;
		}
	}
	if (n)
		printf("Rounds lie %.1f%% apart, %.1f%% at worst (%s, %s).\n",
		       stats_median(widths, n), worst,
		       settings->drivers[worst_driver]->name,
		       size_text(settings->sizes[worst_size], text,
				 sizeof(text)));
	free(widths);
}

static void verify_print(const struct results *results)
{
	const struct settings *settings = results->settings;
	size_t n = results_count(settings), i;
	unsigned long long messages = 0, bytes = 0;

	if (!settings->verify) {
		printf("Payloads: not verified (--no-verify).\n");
		return;
	}
	for (i = 0; i < n; i++) {
		messages += results->cells[i].verify_messages;
		bytes += results->cells[i].verify_bytes;
	}
	printf("Payloads: %llu messages compared, every one of %llu bytes.\n",
	       messages, bytes);
}

static void target_print(const struct target *target,
			 const struct results *results)
{
	struct judgement judgement;
	char size[16], pair[64];

	target_judge(target, results, &judgement);
	snprintf(pair, sizeof(pair), "%s / %s", target->mechanism,
		 target->against);
	printf("  %-4s %-32s %s %.2f  ",
	       size_text(target->size, size, sizeof(size)), pair,
	       target->bound == TARGET_AT_MOST ? "<=" : ">=", target->ratio);
	if (judgement.verdict == VERDICT_UNJUDGED)
		printf("not judged: %s\n", judgement.reason);
	else
		printf("%.2f (%.2f to %.2f)  %s\n", judgement.ratio.median,
		       judgement.ratio.min, judgement.ratio.max,
		       judgement.verdict == VERDICT_HOLDS ? "holds" : "MISSED");
}

static void targets_print(const struct results *results, enum measure measure,
			  enum placement placement)
{
	unsigned int i;

	if (!results->settings->measures[measure])
		return;
	printf("\nTargets: %s, %s; target, median of ratios (rounds)\n",
	       measure == MEASURE_LATENCY ? "round trip" :
					    "one-way messages a second",
	       placement == PLACE_SAME ? "same CPU" : "two CPUs");
	for (i = 0; i < targets_count; i++)
		if (targets[i].measure == measure &&
		    targets[i].placement == placement)
			target_print(&targets[i], results);
}

void table_print(const struct results *results, const struct facts *facts)
{
	const struct settings *settings = results->settings;

	facts_print(results, facts);
	if (settings->measures[MEASURE_LATENCY]) {
		printf("\nRound trip, median: SIZE bytes, up to %d back.\n",
		       PAYLOAD_REPLY);
		printf("x: ratio to %s, where that was measured too.\n\n",
		       TABLE_REFERENCE);
		matrix_print(results, latency_text, CELL_WIDTH,
			     MEASURE_LATENCY);
		printf("Round trip, 99th percentile of the samples.\n\n");
		matrix_print(results, p99_text, CELL_WIDTH * 2 / 3,
			     MEASURE_LATENCY);
	}
	if (settings->measures[MEASURE_THROUGHPUT]) {
		printf("One way, bytes a second.\n\n");
		matrix_print(results, bandwidth_text, CELL_WIDTH * 4 / 5,
			     MEASURE_THROUGHPUT);
		printf("One way, messages a second.\n\n");
		matrix_print(results, messages_text, CELL_WIDTH * 2 / 3,
			     MEASURE_THROUGHPUT);
	}
	reasons_print(results);
	verify_print(results);
	if (settings->measures[MEASURE_LATENCY])
		noise_print(results);
	targets_print(results, MEASURE_LATENCY, PLACE_SAME);
	targets_print(results, MEASURE_THROUGHPUT, PLACE_SAME);
	targets_print(results, MEASURE_THROUGHPUT, PLACE_TWO);
	if (results->interrupted)
		printf("\nInterrupted: these are the rounds until then.\n");
}

void table_list(const struct driver * const *drivers)
{
	for (; *drivers; drivers++)
		printf("%-*s %-9s %s%s\n", NAME_WIDTH, (*drivers)->name,
		       driver_kind_names[(*drivers)->kind], (*drivers)->about,
		       (*drivers)->measures[MEASURE_THROUGHPUT] ?
			       "" :
			       " (latency only)");
}
