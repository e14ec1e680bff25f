// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: what every verb needs: usage, errors, times, sizes, words and progress.
 *
 * Nothing here knows of a mechanism or of the module.  What is said to the user goes to
 * standard error, a sentence a line, by failed(): standard output has what was asked for and
 * nothing else.  What parses an argument says only whether it could: 0 or -1.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kipc.h"
#include "kipcctl.h"

/* Print a usage text where it belongs: stdout when asked for, stderr when not. */
int usage(const char *text, int status)
{
	fputs(text, status == EXIT_OK ? stdout : stderr);
	return status;
}

int failed(const char *format, ...)
{
	va_list args;

	fputs("kipcctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int failed_at(const char *address, int err)
{
	char text[512];

	return failed("%s", kipc_explain(address, err, text, sizeof(text)));
}

/* A time in seconds, "2.5", as a timeout; 0 or -1. */
int seconds(const char *text, int64_t *timeout)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0) || value > 1e9)
		return -1;
	*timeout = (int64_t)(value * 1e9);
	return 0;
}

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Nanoseconds since 1970. */
uint64_t wall_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A number, perhaps with K, M or G after it, as addresses have them; 0 or -1. */
int size_of(const char *text, uint64_t *size)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned int shift = 0;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*size = strtoull(text, &end, 0);
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || end[1])
			return -1;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (errno || *size > UINT64_MAX >> shift)
		return -1;
	*size <<= shift;
	return 0;
}

/* How many, of what --count is: at least one; 0 or -1. */
int count_of(const char *text, uint64_t *count)
{
	return size_of(text, count) || !*count ? -1 : 0;
}

/* May this process do what needs the capability, in its user namespace? */
bool has_capability(int number)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data))
		return false;
	return data[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number);
}

/* The first line of a file that the kernel makes, without its newline; -1, and an empty one. */
int read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool good = file && fgets(line, size, file);

	if (file)
		fclose(file);
	line[good ? strcspn(line, "\n") : 0] = '\0';
	return good ? 0 : -1;
}

/* Print what a program is to read, and let go of it; @err: it could not be made. */
int put_json(json_t *value, int err)
{
	if (!value || err) {
		json_decref(value);
		return failed("out of memory");
	}
	err = json_dumpf(value, stdout, JSON_INDENT(2)) || putchar('\n') < 0;
	json_decref(value);
	return err ? failed("standard output: %s", strerror(errno)) : EXIT_OK;
}

/* ---- words that are nearly right ---- */

/* Longer ones are nobody's typing error. */
#define WORD_MAX 63

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * How many letters are to be changed, added, left out or swapped with the next to make
 * one word of the other.  Three rows of the table are enough at a time.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1], i, j, n = (unsigned int)strlen(b);

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1]; i++) {
		unsigned int *row = rows[i % 3], *last = rows[(i + 2) % 3];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			row[j] = least(last[j], row[j - 1]) + 1;
			row[j] = least(row[j], last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[(i + 2) % 3][n];
}

/* What has more than two letters wrong, or most of a short word, was something else. */
struct nearest nearest_to(const char *word)
{
	return (struct nearest){
		.word = word,
		.distance = strlen(word) < 3 ? 2 : 3,
	};
}

void nearest_try(struct nearest *near, const char *candidate)
{
	unsigned int far = distance(near->word, candidate);

	if (far >= near->distance || far >= strlen(candidate))
		return;
	near->distance = far;
	near->found = candidate;
}

/* ---- progress ---- */

static void progress_show(struct progress *progress)
{
	int64_t ms = (now() - progress->begun) / 1000000 + 1;

	fprintf(stderr, "\rkipcctl: %s %llu KiB", progress->what,
		(unsigned long long)progress->bytes >> 10);
	if (progress->total >= progress->bytes && progress->total)
		fprintf(stderr, " of %llu KiB (%llu %%)",
			(unsigned long long)progress->total >> 10,
			(unsigned long long)(progress->bytes * 100.0 / progress->total));
	fprintf(stderr, ", %llu KiB/s  ",
		(unsigned long long)(progress->bytes / 1.024 / ms));
	progress->shown = now();
}

void progress_start(struct progress *progress, const char *what)
{
	*progress = (struct progress){
		.what = what,
		.enabled = isatty(STDERR_FILENO),
		.begun = now(),
		.shown = now(),
	};
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	progress->bytes += bytes;
	if (progress->enabled && now() - progress->shown > 200000000)
		progress_show(progress);
}

void progress_end(struct progress *progress)
{
	if (!progress->enabled)
		return;
	progress_show(progress);
	fputc('\n', stderr);
}
