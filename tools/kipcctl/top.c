// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl top: who talks how much, now.
 *
 * On a terminal the same place is drawn again and again; elsewhere one table follows the
 * other, and with --json one object a line.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "human.h"
#include "json.h"
#include "kipcctl.h"
#include "rates.h"
#include "screen.h"
#include "table.h"

static const char text[] =
	"Usage: kipcctl top [OPTION]...\n"
	"Show how much each channel and queue carries, again and again.\n\n"
	"  -i, --interval=SECONDS how often (default: 2)\n"
	"  -c, --count=N          end after N times\n"
	"  -s, --sort=ORDER       messages (default), bytes, failures, waiting, name\n"
	"  -b, --batch            one table after the other, also on a terminal\n"
	"  -j, --json             print JSON, an object each time, in a line\n"
	"  -h, --help             this\n\n"
	"Keys: m, b, f, w, n sort by messages, bytes, failures, what waits, name; q ends.\n"
	"MSGS/S are those that a channel has carried, both ways, or that were sent to a\n"
	"queue; TAKEN/S were received from a queue; FAILED/S are calls without a reply.\n"
	"Of a queue's bytes there is no count.\n\n"
	"Exit status: 0, ended by --count, or on a terminal by q or a signal; 1, failed;\n"
	"2, wrong usage.  Without a terminal a signal ends it as it ends any program.\n";

struct top {
	int64_t interval;
	uint64_t count;		/* 0: no end */
	enum rate_order order;
	bool batch;
	bool json;
	struct kipc_admin *admin;
	struct look before, after;
	bool blind;		/* the last look failed, and the handle says why */
};

/* Their first letters are keys. */
static const char *const orders[] = {
	[BY_MESSAGES] = "messages",
	[BY_BYTES] = "bytes",
	[BY_FAILURES] = "failures",
	[BY_WAITING] = "waiting",
	[BY_NAME] = "name",
};

#define ORDERS (sizeof(orders) / sizeof(orders[0]))

static const struct column columns[] = {
	{ "NAME", LEFT, 0 },
	{ "MSGS/S", RIGHT, 0 },
	{ "TAKEN/S", RIGHT, 4 },
	{ "BYTES/S", RIGHT, 1 },
	{ "FAILED/S", RIGHT, 2 },
	{ "WAIT", RIGHT, 0 },
	{ "HELD", RIGHT, 3 },
	{ "OLDEST", RIGHT, 5 },
	{ "CLIENTS", RIGHT, 7 },
	{ "SERVER", RIGHT, 6 },
};

/* ---- for people ---- */

/* Rare things are seen, and frequent ones have no decimals. */
static void rate_cell(struct table *table, double rate)
{
	table_cell(table, rate > 0 && rate < 9.95 ? "%.1f" : "%.0f", rate);
}

static void add_row(struct table *table, const struct rate *rate)
{
	const struct sample *sample = rate->sample;

	table_cell(table, "%s", sample->name);
	rate_cell(table, rate->messages);
	if (sample->is_queue) {
		rate_cell(table, rate->taken);
		table_cell(table, "-");
		table_cell(table, "-");
		table_cell(table, "%s", human_count(sample->waiting).s);
		table_cell(table, "-");
		table_cell(table, "-");
		table_cell(table, "-");
		table_cell(table, "-");
		return;
	}
	table_cell(table, "-");
	table_cell(table, "%s", human_bytes((uint64_t)rate->bytes).s);
	rate_cell(table, rate->failed);
	table_cell(table, "%s", human_count(sample->waiting).s);
	table_cell(table, "%s", human_count(sample->held).s);
	if (sample->oldest_ns)
		table_cell(table, "%s", human_age(sample->oldest_ns).s);
	else
		table_cell(table, "-");
	table_cell(table, "%u", sample->users);
	table_cell(table, "%s", human_pid(sample->server).s);
}

static void write_head(const struct top *top, FILE *out)
{
	struct rate all = rate_of_all(&top->before, &top->after);
	const struct kipc_admin_stats *stats = &top->after.stats;
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "%s  %u channel%s, %u queue%s, %u endpoint%s, %s of memory, by %s\n", clock,
		stats->channels, plural(stats->channels), stats->queues, plural(stats->queues),
		stats->endpoints, plural(stats->endpoints), human_bytes(stats->memory).s,
		orders[top->order]);
	fprintf(out,
		"in a second: %.0f messages, %.0f taken from queues, %s bytes, %.1f calls failed\n\n",
		all.messages, all.taken, human_bytes((uint64_t)all.bytes).s, all.failed);
}

static void write_table(const struct top *top, FILE *out, unsigned int width, size_t rows)
{
	struct rate *rates = rates_of(&top->before, &top->after, top->order);
	struct table table = TABLE(columns);
	size_t i;

	for (i = 0; i < top->after.count && i < rows; i++)
		add_row(&table, &rates[i]);
	write_head(top, out);
	table_write(&table, out, width, rows);
	table_free(&table);
	free(rates);
}

/* Two lines of head, an empty one, and the titles */
#define HEAD 4

static int draw(const struct top *top, const struct screen *screen)
{
	size_t size, rows = screen->height > HEAD ? screen->height - HEAD : 0;
	char *drawn;
	FILE *out = open_memstream(&drawn, &size);
	int err;

	if (!out)
		return -ENOMEM;
	write_table(top, out, screen->width, rows);
	err = fclose(out) ? -ENOMEM : screen_draw(screen, drawn);
	free(drawn);
	return err;
}

/* ---- for programs ---- */

static json_t *json_rate(const struct rate *rate)
{
	const struct sample *sample = rate->sample;
	json_t *object = json_object();

	json_put_text(object, "name", sample->name);
	json_put_number(object, "id", sample->id);
	json_put(object, "messages_per_s", json_real(rate->messages));
	json_put_number(object, "waiting", sample->waiting);
	if (sample->is_queue) {
		json_put(object, "taken_per_s", json_real(rate->taken));
		return object;
	}
	json_put(object, "bytes_per_s", json_real(rate->bytes));
	json_put(object, "failed_per_s", json_real(rate->failed));
	json_put_number(object, "held", sample->held);
	json_put_number(object, "oldest_ns", sample->oldest_ns);
	json_put_number(object, "clients", sample->users);
	json_put_number(object, "server", (uint64_t)sample->server);
	return object;
}

static int write_json(const struct top *top)
{
	struct rate *rates = rates_of(&top->before, &top->after, top->order);
	struct rate all = rate_of_all(&top->before, &top->after);
	json_t *object = json_object(), *array = json_array();
	size_t i;

	json_put(object, "seconds",
		 json_real((double)(top->after.time - top->before.time) / 1e9));
	json_put_number(object, "channels", top->after.stats.channels);
	json_put_number(object, "queues", top->after.stats.queues);
	json_put_number(object, "endpoints", top->after.stats.endpoints);
	json_put_number(object, "memory", top->after.stats.memory);
	json_put(object, "messages_per_s", json_real(all.messages));
	json_put(object, "taken_per_s", json_real(all.taken));
	json_put(object, "bytes_per_s", json_real(all.bytes));
	json_put(object, "failed_per_s", json_real(all.failed));
	for (i = 0; i < top->after.count; i++)
		json_add(array, json_rate(&rates[i]));
	json_put(object, "rates", array);
	free(rates);
	return json_print_line(object);
}

/* ---- the verb ---- */

/* The last look is the one before now; 0 or -errno. */
static int look_again(struct top *top)
{
	look_free(&top->before);
	top->before = top->after;
	return look(top->admin, &top->after);
}

static int print_once(const struct top *top, bool first)
{
	if (top->json)
		return write_json(top);
	if (!first)
		putchar('\n');
	write_table(top, stdout, table_width(), SIZE_MAX);
	return fflush(stdout) ? failed("standard output: %s", strerror(errno)) : EXIT_OK;
}

static int run_batch(struct top *top)
{
	const struct timespec nap = {
		.tv_sec = top->interval / KIPC_S(1),
		.tv_nsec = top->interval % KIPC_S(1),
	};
	int status = EXIT_OK;
	uint64_t done;

	for (done = 0; !status && (!top->count || done < top->count); done++) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
		status = look_again(top) ? control_failed(top->admin, NULL) :
					   print_once(top, !done);
	}
	return status;
}

/* Return: whether the picture is another now. */
static bool take_key(struct top *top, int key)
{
	unsigned int i;

	for (i = 0; i < ORDERS; i++) {
		if (key != orders[i][0])
			continue;
		top->order = (enum rate_order)i;
		return true;
	}
	return key == SCREEN_RESIZED;
}

/* The first picture comes soon, as nobody likes an empty one.  1, ended; 0, go on; -errno. */
static int step(struct top *top, struct screen *screen, int64_t *due, uint64_t *done)
{
	int what = screen_wait(screen, *due), err;

	if (what == SCREEN_END || what == 'q' || what == 'Q')
		return 1;
	if (what == SCREEN_TIME) {
		err = look_again(top);
		top->blind = err;
		if (err)
			return err;
		*due = top->after.time + top->interval;
		++*done;
	} else if (!*done || !take_key(top, what)) {
		return 0;
	}
	return draw(top, screen);
}

/* What went wrong is told on the screen that was there before; an exit status. */
static int run_screen(struct top *top)
{
	int64_t due = now() + (top->interval < KIPC_MS(200) ? top->interval : KIPC_MS(200));
	struct screen screen;
	uint64_t done = 0;
	int err;

	err = screen_open(&screen);
	if (err)
		return failed("the terminal: %s", strerror(-err));
	while (!err && (!top->count || done < top->count))
		err = step(top, &screen, &due, &done);
	screen_close(&screen);
	if (err >= 0)
		return EXIT_OK;
	return top->blind ? control_failed(top->admin, NULL) :
			    failed("the terminal: %s", strerror(-err));
}

static int parse_order(enum rate_order *order, const char *name)
{
	unsigned int i;

	for (i = 0; i < ORDERS; i++) {
		if (strcmp(name, orders[i]))
			continue;
		*order = (enum rate_order)i;
		return 0;
	}
	return -1;
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct top *top, int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "sort", required_argument, NULL, 's' },
		{ "batch", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "i:c:s:bjh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'i')
			bad |= seconds(optarg, &top->interval) || top->interval < KIPC_MS(10);
		else if (c == 'c')
			bad |= count_of(optarg, &top->count);
		else if (c == 's')
			bad |= parse_order(&top->order, optarg);
		else if (c == 'b')
			top->batch = true;
		else if (c == 'j')
			top->json = true;
		else
			bad = 1;
	}
	return bad || optind != argc ? usage(text, EXIT_USAGE) : EXIT_OK;
}

int verb_top(int argc, char **argv)
{
	struct top top = { .interval = KIPC_S(2) };
	int status = parse(&top, argc, argv);

	if (status)
		return status < 0 ? EXIT_OK : status;
	top.admin = control_open();
	if (!top.admin)
		return EXIT_FAILED;
	if (look(top.admin, &top.after))
		status = control_failed(top.admin, NULL);
	else if (top.batch || top.json || !isatty(STDOUT_FILENO))
		status = run_batch(&top);
	else
		status = run_screen(&top);
	look_free(&top.before);
	look_free(&top.after);
	kipc_admin_close(top.admin);
	return status;
}
