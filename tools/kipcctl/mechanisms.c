// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl mechanisms: what each mechanism of the kernel can do, and proof of it.
 *
 * Without --verify this is the record (mechanisms/record.c).  With it every cell is tried
 * on the running kernel, and those that differ from the record are pointed out.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kipcctl.h"
#include "mechanisms/print.h"

static const char text[] =
	"Usage: kipcctl mechanisms [OPTION]... [NAME]...\n"
	"Show what each mechanism of the kernel can do, by itself: libkipc may add to it.\n"
	"With names (pipe, sysv-msg, ...), these mechanisms in full.\n\n"
	"  -v, --verify           try every cell on this kernel, now\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, shown, and with --verify all is as recorded; 1, a cell could not\n"
	"be tried; 2, wrong usage; 3, a cell differs from the record.\n";

struct mechanisms_args {
	bool verify;
	bool json;
};

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct mechanisms_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "verify", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "vjh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'v')
			args->verify = true;
		else if (c == 'j')
			args->json = true;
		else
			return usage(text, EXIT_USAGE);
	}
	for (i = optind; i < argc; i++) {
		if (mechanism_find(argv[i]))
			continue;
		failed("no mechanism '%s'; kipcctl mechanisms lists them", argv[i]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* Those that were named, in the table's order, or all. */
static bool wanted(const struct mechanism *mechanism, int argc, char **argv)
{
	int i;

	for (i = optind; i < argc; i++)
		if (!strcmp(argv[i], mechanism->scheme))
			return true;
	return optind == argc;
}

static struct row *choose(int argc, char **argv, size_t *count)
{
	struct row *rows;
	size_t n = 0;

	while (mechanisms[n])
		n++;
	rows = calloc(n, sizeof(*rows));
	if (!rows)
		return NULL;
	*count = 0;
	for (n = 0; mechanisms[n]; n++)
		if (wanted(mechanisms[n], argc, argv))
			rows[(*count)++].mechanism = mechanisms[n];
	return rows;
}

static int verify(struct row *rows, size_t count)
{
	int err = run_rows(rows, count);

	if (err == -EINTR)
		return failed("interrupted");
	return err ? failed("cannot try anything: %s", strerror(-err)) : EXIT_OK;
}

/* What could not be tried is worse than what differs: it may hide that. */
static int judge(const struct row *rows, size_t count)
{
	int status = EXIT_OK;
	enum cell cell;
	size_t i;

	for (i = 0; i < count; i++)
		for (cell = 0; cell < CELL_COUNT; cell++)
			switch (row_verdict(&rows[i], cell)) {
			case VERDICT_FAILED:
				return EXIT_FAILED;
			case VERDICT_DIFFERS:
				status = EXIT_DIFFERS;
				break;
			default:
				break;
			}
	return status;
}

int verb_mechanisms(int argc, char **argv)
{
	struct mechanisms_args args = { .verify = false };
	int status = parse(&args, argc, argv);
	struct row *rows;
	size_t count;

	if (status)
		return status < 0 ? EXIT_OK : status;
	rows = choose(argc, argv, &count);
	if (!rows)
		return failed("out of memory");
	if (args.verify)
		status = verify(rows, count);
	if (!status) {
		if (args.json)
			status = print_json(rows, count, args.verify);
		else if (optind < argc)
			print_full(rows, count, args.verify);
		else
			print_table(rows, count, args.verify);
		if (!status && args.verify)
			status = judge(rows, count);
	}
	free(rows);
	return status;
}
