// SPDX-License-Identifier: GPL-2.0
/* The table for people: one row a mechanism, or one mechanism in full. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../kipcctl.h"
#include "kipc.h"
#include "print.h"

#define NAME_WIDTH 14

/* As wide as the heading or what may stand below it, and a mark. */
static const int widths[CELL_COUNT] = {
	[CELL_CONNECTIONLESS] = 4,
	[CELL_RELIABLE] = 4,
	[CELL_FLOW] = 4,
	[CELL_RECORDS] = 3,
	[CELL_KIND] = 4,
	[CELL_DIRECTION] = 5,
	[CELL_UNRELATED] = 5,
	[CELL_MANY] = 4,
	[CELL_FDS] = 3,
	[CELL_IDENTITY] = 5,
	[CELL_POLLABLE] = 4,
	[CELL_TIMED] = 5,
	[CELL_SURVIVES] = 4,
	[CELL_MACHINES] = 4,
	[CELL_COPIES] = 4,
	[CELL_LARGEST] = 6,
	[CELL_UNPRIVILEGED] = 4,
	[CELL_DEATH] = 5,
};

enum verdict row_verdict(const struct row *row, enum cell cell)
{
	const struct finding *finding = &row->cells[cell];

	if (row->absent)
		return VERDICT_UNTRIED;
	if (!finding->value[0] && !finding->evidence[0])
		return VERDICT_NONE;
	switch (finding->tried) {
	case TRIED_NOT:
		return VERDICT_UNTRIED;
	case TRIED_BADLY:
		return VERDICT_FAILED;
	default:
		return strcmp(finding->value, recorded(row->mechanism, cell)) ?
			VERDICT_DIFFERS : VERDICT_AS_RECORDED;
	}
}

static const char *value_of(const struct row *row, enum cell cell)
{
	const char *value = row->cells[cell].value;

	if (row->absent || !value[0])
		value = recorded(row->mechanism, cell);
	return value[0] ? value : ".";
}

/* ---- the table ---- */

static void print_headings(void)
{
	enum cell cell;

	printf("%-*s", NAME_WIDTH, "");
	for (cell = 0; cell < CELL_COUNT; cell++)
		printf(" %-*s", widths[cell], cell_names[cell].heading);
	putchar('\n');
}

/* Before a cell that is not what one might take it for; the notes say why. */
static char mark_of(const struct row *row, enum cell cell)
{
	switch (row_verdict(row, cell)) {
	case VERDICT_DIFFERS:
	case VERDICT_FAILED:
		return '*';
	default:
		return ' ';
	}
}

static void print_row(const struct row *row)
{
	enum cell cell;

	printf("%-*s", NAME_WIDTH, row->mechanism->scheme);
	for (cell = 0; cell < CELL_COUNT; cell++)
		printf("%c%-*s", mark_of(row, cell), widths[cell], value_of(row, cell));
	if (row->absent)
		printf(" (not here)");
	putchar('\n');
}

/* Below the table: what is not as the row says. */
static void print_notes(const struct row *row)
{
	enum cell cell;

	if (row->absent) {
		printf("%s: not tried: %s\n", row->mechanism->scheme, row->why);
		return;
	}
	for (cell = 0; cell < CELL_COUNT; cell++) {
		const struct finding *finding = &row->cells[cell];

		switch (row_verdict(row, cell)) {
		case VERDICT_DIFFERS:
			printf("%s, %s: measured %s, recorded %s: %s\n", row->mechanism->scheme,
			       cell_names[cell].title, finding->value,
			       recorded(row->mechanism, cell), finding->evidence);
			break;
		case VERDICT_FAILED:
			printf("%s, %s: %s\n", row->mechanism->scheme, cell_names[cell].title,
			       finding->evidence);
			break;
		case VERDICT_UNTRIED:
			printf("%s, %s: not tried: %s\n", row->mechanism->scheme,
			       cell_names[cell].title, finding->evidence);
			break;
		default:
			break;
		}
	}
}

static void print_legend(void)
{
	enum cell cell;

	putchar('\n');
	for (cell = 0; cell < CELL_COUNT; cell++)
		printf("%-6s%-28s%s", cell_names[cell].heading, cell_names[cell].title,
		       cell % 3 == 2 ? "\n" : "");
	printf("\n`kipcctl mechanisms NAME --verify` tells how; kipc_mechanisms(7) tells all.\n");
}

static void count_verdicts(const struct row *rows, size_t count, unsigned int *counts)
{
	enum cell cell;
	size_t i;

	for (i = 0; i < count; i++)
		for (cell = 0; cell < CELL_COUNT; cell++)
			counts[row_verdict(&rows[i], cell)]++;
}

void print_table(const struct row *rows, size_t count, bool verified)
{
	unsigned int counts[VERDICT_FAILED + 1] = { 0 };
	enum family family = FAMILY_COUNT;
	struct utsname name;
	size_t i;

	print_headings();
	for (i = 0; i < count; i++) {
		if (rows[i].mechanism->family != family) {
			family = rows[i].mechanism->family;
			printf("-- %s\n", family_names[family]);
		}
		print_row(&rows[i]);
	}
	print_legend();
	if (!verified)
		return;
	putchar('\n');
	for (i = 0; i < count; i++)
		print_notes(&rows[i]);
	count_verdicts(rows, count, counts);
	uname(&name);
	printf("%s: %u cells as recorded, %u differ, %u could not be tried, %u probes failed\n",
	       name.release, counts[VERDICT_AS_RECORDED], counts[VERDICT_DIFFERS],
	       counts[VERDICT_UNTRIED], counts[VERDICT_FAILED]);
}

/* ---- in full ---- */

static void print_cell(const struct row *row, enum cell cell)
{
	const struct finding *finding = &row->cells[cell];

	printf("  %-26s%-8s", cell_names[cell].title, value_of(row, cell));
	switch (row_verdict(row, cell)) {
	case VERDICT_DIFFERS:
		printf(" (recorded: %s) %s\n", recorded(row->mechanism, cell), finding->evidence);
		break;
	case VERDICT_UNTRIED:
		printf(" not tried%s%s\n", finding->evidence[0] ? ": " : "", finding->evidence);
		break;
	case VERDICT_NONE:
		putchar('\n');
		break;
	default:
		printf(" %s\n", finding->evidence);
		break;
	}
}

/* Beside what the kernel's mechanism can do: what libkipc makes of it. */
static void print_library(const struct row *row)
{
	struct kipc_info info = KIPC_INFO_INIT;

	if (row->mechanism->family != FAMILY_TRANSPORT ||
	    kipc_scheme_info(row->mechanism->scheme, &info))
		return;
	printf("  %-26srecords", "through libkipc");
	print_offers(info.can);
	putchar('\n');
}

void print_full(const struct row *rows, size_t count, bool verified)
{
	enum cell cell;
	size_t i;

	(void)verified;
	for (i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		printf("%s%s: %s (%s)\n", i ? "\n" : "", row->mechanism->scheme,
		       row->mechanism->about, family_names[row->mechanism->family]);
		if (row->absent)
			printf("  not here: %s\n", row->why);
		for (cell = 0; cell < CELL_COUNT; cell++)
			print_cell(row, cell);
		print_library(row);
	}
}
