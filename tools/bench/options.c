// SPDX-License-Identifier: GPL-2.0
/*
 * options: the command line
 *
 * Everything is checked before anything is measured: a run of minutes must not
 * end with "no such file".  Values that were not given take their defaults
 * last, so --quick may stand before or after what overrides it.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "json.h"
#include "table.h"

#define ROUNDS_DEFAULT	5
#define ROUNDS_QUICK	3
#define TIME_DEFAULT	(NSEC_PER_SEC)
#define TIME_QUICK	(150 * NSEC_PER_MSEC)
#define TIMEOUT_DEFAULT	(30 * NSEC_PER_SEC)

static const char sizes_default[] = "1,64,1K,4K,8K,64K,256K,1M,4M";
static const char sizes_quick[] = "1,4K,64K,1M";

const char * const measure_names[MEASURE_COUNT] = {
	[MEASURE_LATENCY] = "latency",
	[MEASURE_THROUGHPUT] = "throughput",
};

const char * const placement_names[] = {
	[PLACE_SAME] = "same",
	[PLACE_TWO] = "two",
	[PLACE_FREE] = "free",
};

static const char usage[] =
	"Usage: kipc-bench [OPTION]...\n"
	"Measure the ways two programs on this machine can talk, side by side.\n"
	"\n"
	"  -m, --mechanisms LIST  names (see --list), or all (default), library, baselines\n"
	"  -s, --sizes LIST       message sizes in bytes, K and M understood;\n"
	"                         default 1,64,1K,4K,8K,64K,256K,1M,4M\n"
	"  -M, --measures LIST    latency, throughput; default both\n"
	"  -c, --cpus WHERE       same, two or free: both processes on one CPU, on two, or\n"
	"                         not pinned; same:N and two:N,M choose them; default same\n"
	"  -r, --rounds N         visits to every cell, interleaved; default 5\n"
	"  -t, --time SECONDS     measuring time of a cell, all rounds; default 1\n"
	"  -q, --quick            few sizes, 3 rounds, 0.15 s: under a minute\n"
	"  -T, --timeout SECONDS  after which a silent mechanism is killed; default 30\n"
	"  -n, --no-verify        skip the byte-by-byte comparison of payloads\n"
	"  -j, --json FILE        write everything that was measured to FILE\n"
	"  -l, --list             list the mechanisms and exit\n"
	"  -h, --help             show this and exit\n"
	"  -V, --version          show the version and exit\n"
	"\n"
	"Exit status: 0 measured; 1 a payload was damaged or a mechanism broke;\n"
	"2 bad usage; 3 nothing measured, or not written; 130 interrupted.\n";

static const struct option options_long[] = {
	{ "mechanisms", required_argument, NULL, 'm' },
	{ "sizes", required_argument, NULL, 's' },
	{ "measures", required_argument, NULL, 'M' },
	{ "cpus", required_argument, NULL, 'c' },
	{ "rounds", required_argument, NULL, 'r' },
	{ "time", required_argument, NULL, 't' },
	{ "quick", no_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, 'T' },
	{ "no-verify", no_argument, NULL, 'n' },
	{ "json", required_argument, NULL, 'j' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* All drivers that there are; settings.drivers chooses among them. */
static const struct driver **drivers_known;

static __printf(1, 2)
int usage_error(const char *format, ...)
{
	va_list args;

	fputs("kipc-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see kipc-bench --help\n", stderr);
	return BENCH_USAGE;
}

const char *size_text(uint64_t size, char *buf, size_t len)
{
	if (size >= 1 << 20 && size % (1 << 20) == 0)
		snprintf(buf, len, "%lluM", (unsigned long long)size >> 20);
	else if (size >= 1 << 10 && size % (1 << 10) == 0)
		snprintf(buf, len, "%lluK", (unsigned long long)size >> 10);
	else
		snprintf(buf, len, "%lluB", (unsigned long long)size);
	return buf;
}

static bool parse_size(const char *text, uint64_t *size)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*size = strtoull(text, &end, 10);
	if (errno || *size > BENCH_SIZE_LIMIT)
		return false;
	if (*end == 'K' || *end == 'k') {
		*size <<= 10;
		end++;
	} else if (*end == 'M' || *end == 'm') {
		*size <<= 20;
		end++;
	} else if (*end == 'B') {
		end++;
	}
	return !*end && *size && *size <= BENCH_SIZE_LIMIT;
}

static bool parse_number(const char *text, unsigned long min, unsigned long max,
			 unsigned long *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return !errno && !*end && *value >= min && *value <= max;
}

static bool parse_seconds(const char *text, double min, double max,
			  uint64_t *ns)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= min && seconds <= max))
		return false;
	*ns = (uint64_t)(seconds * NSEC_PER_SEC);
	return true;
}

/* Call @each for every word of a list with commas, until one refuses. */
static int parse_list(struct settings *settings, const char *list,
		      int (*each)(struct settings *settings, const char *word))
{
	char *copy = strdup(list), *rest = copy, *word;
	int err = copy ? 0 : BENCH_NOTHING;

	while (!err && (word = strsep(&rest, ",")))
		err = each(settings, word);
	free(copy);
	return err;
}

static int add_size(struct settings *settings, const char *word)
{
	unsigned int i;
	uint64_t size;

	if (!parse_size(word, &size))
		return usage_error("'%s' is not a size from 1 to %lluM", word,
				   BENCH_SIZE_LIMIT >> 20);
	for (i = 0; i < settings->n_sizes; i++)
		if (settings->sizes[i] == size)
			return usage_error("size '%s' is there twice", word);
	if (settings->n_sizes == BENCH_SIZES_MAX)
		return usage_error("more than %d sizes", BENCH_SIZES_MAX);
	settings->sizes[settings->n_sizes++] = size;
	return 0;
}

static int add_measure(struct settings *settings, const char *word)
{
	unsigned int i;

	for (i = 0; i < MEASURE_COUNT; i++) {
		if (!strcmp(word, measure_names[i])) {
			settings->measures[i] = true;
			return 0;
		}
	}
	return usage_error("'%s' is not a measure: latency, throughput", word);
}

static void add_driver(struct settings *settings, const struct driver *driver)
{
	unsigned int i;

	for (i = 0; i < settings->n_drivers; i++)
		if (settings->drivers[i] == driver)
			return;
	settings->drivers[settings->n_drivers++] = driver;
}

/* Does a word of --mechanisms mean this driver?  "channel:" is "channel". */
static bool driver_matches(const struct driver *driver, const char *word)
{
	size_t n = strlen(driver->name);

	if (!strcmp(word, "all"))
		return driver->kind != DRIVER_FAULT;
	if (!strcmp(word, "library"))
		return driver->kind == DRIVER_LIBRARY;
	if (!strcmp(word, "baselines"))
		return driver->kind == DRIVER_BASELINE;
	return !strncmp(word, driver->name, n) &&
	       (!word[n] || !strcmp(word + n, ":"));
}

static int add_mechanism(struct settings *settings, const char *word)
{
	bool found = false;
	unsigned int i;

	for (i = 0; drivers_known[i]; i++) {
		if (driver_matches(drivers_known[i], word)) {
			add_driver(settings, drivers_known[i]);
			found = true;
		}
	}
	if (found)
		return 0;
	return usage_error("no mechanism '%s' (--list names them)", word);
}

/* Which CPUs: those asked for, otherwise the highest ones that we may use. */
static int choose_cpus(struct settings *settings, const char *chosen)
{
	unsigned int wanted = settings->placement == PLACE_TWO ? 2 : 1,
		     found = 0, i;
	int cpus[SIDE_COUNT] = { -1, -1 }, end = 0, cpu;
	cpu_set_t set;

	settings->cpus[SIDE_SERVER] = -1;
	settings->cpus[SIDE_CLIENT] = -1;
	if (settings->placement == PLACE_FREE)
		return *chosen ? usage_error("free takes no numbers") : 0;
	if (sched_getaffinity(0, sizeof(set), &set))
		return usage_error("sched_getaffinity: %s", strerror(errno));
	if (*chosen) {
		if (wanted == 2)
			sscanf(chosen, ":%d,%d%n", &cpus[0], &cpus[1], &end);
		else
			sscanf(chosen, ":%d%n", &cpus[0], &end);
		if (!end || chosen[end] || cpus[0] == cpus[1])
			return usage_error("'%s' does not name %s", chosen,
					   wanted == 2 ? "two CPUs" : "a CPU");
		found = wanted;
	}
	for (cpu = CPU_SETSIZE - 1; cpu >= 0 && found < wanted; cpu--)
		if (CPU_ISSET(cpu, &set))
			cpus[found++] = cpu;
	if (found < wanted)
		return usage_error("two CPUs are wanted, and there is one");
	for (i = 0; i < wanted; i++)
		if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE ||
		    !CPU_ISSET(cpus[i], &set))
			return usage_error("CPU %d is not ours", cpus[i]);
	settings->cpus[SIDE_SERVER] = cpus[0];
	settings->cpus[SIDE_CLIENT] = wanted == 2 ? cpus[1] : cpus[0];
	return 0;
}

static int parse_cpus(struct settings *settings, const char *text)
{
	size_t n = strcspn(text, ":");
	unsigned int i;

	for (i = 0; i <= PLACE_FREE; i++) {
		if (n == strlen(placement_names[i]) &&
		    !strncmp(text, placement_names[i], n)) {
			settings->placement = (enum placement)i;
			return choose_cpus(settings, text + n);
		}
	}
	return usage_error("'%s' is not a placement: same, two, free", text);
}

static int parse_option(struct settings *settings, int option,
			const char *argument)
{
	unsigned long rounds;

	switch (option) {
	case 'm':
		return parse_list(settings, argument, add_mechanism);
	case 's':
		return parse_list(settings, argument, add_size);
	case 'M':
		return parse_list(settings, argument, add_measure);
	case 'c':
		return parse_cpus(settings, argument);
	case 'r':
		if (!parse_number(argument, 1, BENCH_ROUNDS_MAX, &rounds))
			return usage_error("--rounds is a number from 1 to %d",
					   BENCH_ROUNDS_MAX);
		settings->rounds = (unsigned int)rounds;
		return 0;
	case 't':
		if (!parse_seconds(argument, 0.001, 600, &settings->time_ns))
			return usage_error("--time is 0.001 to 600 seconds");
		return 0;
	case 'T':
		if (!parse_seconds(argument, 0.1, 3600, &settings->timeout_ns))
			return usage_error("--timeout is 0.1 to 3600 seconds");
		return 0;
	case 'q':
		settings->quick = true;
		return 0;
	case 'n':
		settings->verify = false;
		return 0;
	default:
		settings->json = argument;
		return 0;
	}
}

static int options_default(struct settings *settings, bool placed)
{
	unsigned int i;
	int err = 0;

	if (!settings->n_drivers)
		err = add_mechanism(settings, "all");
	if (!err && !settings->n_sizes)
		err = parse_list(settings,
				 settings->quick ? sizes_quick : sizes_default,
				 add_size);
	if (!err && !placed)
		err = parse_cpus(settings, "same");
	for (i = 0; i < MEASURE_COUNT && !settings->measures[i]; i++)
		;
	if (i == MEASURE_COUNT)
		for (i = 0; i < MEASURE_COUNT; i++)
			settings->measures[i] = true;
	if (!settings->rounds)
		settings->rounds = settings->quick ? ROUNDS_QUICK :
						     ROUNDS_DEFAULT;
	if (!settings->time_ns)
		settings->time_ns = settings->quick ? TIME_QUICK : TIME_DEFAULT;
	/* A round that takes as long as it should is not a hang. */
	if (!settings->timeout_ns)
		settings->timeout_ns =
			max_u64(TIMEOUT_DEFAULT, 4 * settings->time_ns);
	if (!err && settings->json && json_check(settings->json)) {
		fprintf(stderr, "kipc-bench: %s: %s\n", settings->json,
			strerror(errno));
		err = BENCH_NOTHING;
	}
	return err;
}

int options_parse(struct settings *settings, int argc, char **argv)
{
	bool placed = false;
	unsigned int n = 0;
	int option, err;

	memset(settings, 0, sizeof(*settings));
	settings->verify = true;
	drivers_known = drivers_all();
	while (drivers_known && drivers_known[n])
		n++;
	settings->drivers = calloc(n + 1, sizeof(*settings->drivers));
	if (!drivers_known || !settings->drivers)
		return BENCH_NOTHING;
	while ((option = getopt_long(argc, argv, "m:s:M:c:r:t:qT:nj:lhV",
				     options_long, NULL)) >= 0) {
		if (option == 'h') {
			fputs(usage, stdout);
			return BENCH_OK;
		}
		if (option == 'V') {
			printf("kipc-bench %s\n", KIPC_VERSION);
			return BENCH_OK;
		}
		if (option == 'l') {
			table_list(drivers_known);
			return BENCH_OK;
		}
		err = option == '?' ? usage_error("bad option") :
				      parse_option(settings, option, optarg);
		if (err)
			return err;
		placed |= option == 'c';
	}
	if (optind < argc)
		return usage_error("'%s' is too much", argv[optind]);
	err = options_default(settings, placed);
	return err ? err : -1;
}

void options_free(struct settings *settings)
{
	free(settings->drivers);
	drivers_free(drivers_known);
}
