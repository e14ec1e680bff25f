// SPDX-License-Identifier: GPL-2.0
/* What every verb needs: usage, errors, times and progress. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void progress_show(struct progress *progress)
{
	fprintf(stderr, "\rkipcctl: %s %llu KiB", progress->what,
		(unsigned long long)progress->bytes >> 10);
	progress->shown = now();
}

void progress_start(struct progress *progress, const char *what)
{
	*progress = (struct progress){
		.what = what,
		.enabled = isatty(STDERR_FILENO),
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
