// SPDX-License-Identifier: GPL-2.0
/*
 * progress: see progress.h
 *
 * Steps are what the run plans to do at most; those of a mechanism that drops
 * out pass in no time.  Redrawn at most ten times a second, and between two
 * measurements only: drawing must not become a load.
 */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "progress.h"

#define REDRAW_NS	(100 * NSEC_PER_MSEC)

static struct {
	bool terminal;
	uint64_t steps, done;
	uint64_t started, drawn;
	char size[16];
} progress;

static double progress_seconds(void)
{
	return (double)(clock_now() - progress.started) / NSEC_PER_SEC;
}

void progress_start(uint64_t steps)
{
	progress.terminal = isatty(STDERR_FILENO);
	progress.steps = max_u64(steps, 1);
	progress.done = 0;
	progress.started = clock_now();
	progress.drawn = 0;
}

static void progress_clear(void)
{
	if (progress.terminal && progress.drawn)
		fprintf(stderr, "\r\033[K");
}

void progress_size(unsigned int at, unsigned int sizes, uint64_t size)
{
	size_text(size, progress.size, sizeof(progress.size));
	if (!progress.terminal)
		fprintf(stderr,
			"kipc-bench: size %s (%u of %u), %.0f s so far, %u%% done\n",
			progress.size, at + 1, sizes, progress_seconds(),
			(unsigned int)(100 * progress.done / progress.steps));
}

void progress_step(uint64_t steps, const char *what, const char *who)
{
	uint64_t now = clock_now();
	double left;

	progress.done = min_u64(progress.done + steps, progress.steps);
	if (!progress.terminal || now - progress.drawn < REDRAW_NS)
		return;
	progress_clear();
	progress.drawn = now;
	fprintf(stderr, "%3u%%  %-4s %-10s %-18s",
		(unsigned int)(100 * progress.done / progress.steps),
		progress.size, what, who);
	if (progress.done) {
		left = progress_seconds() / (double)progress.done *
		       (double)(progress.steps - progress.done);
		fprintf(stderr, "  about %.0f s left", left);
	}
	fflush(stderr);
}

void progress_note(const char *format, ...)
{
	va_list args;

	progress_clear();
	progress.drawn = 0;
	fputs("kipc-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void progress_end(void)
{
	progress_clear();
	if (!progress.terminal)
		fprintf(stderr, "kipc-bench: done after %.0f s\n",
			progress_seconds());
	progress.drawn = 0;
}
