/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: tables for people.
 *
 * A column is as wide as what is in it.  Where the table is wider than the terminal, the
 * columns of the highest rank are left out until it is not, or only those of rank 0 are
 * left: a row is never broken.  What goes to a file or a pipe has all columns, but where
 * COLUMNS is exported: that is the width wherever it goes, as ps(1) has it.
 */
#ifndef KIPCCTL_TABLE_H
#define KIPCCTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 16

enum align {
	LEFT,
	RIGHT,			/* numbers */
};

struct column {
	const char *title;
	enum align align;
	unsigned int rank;	/* 0: always there; the highest is left out first */
};

/* Begin with the columns and their number; the rest is the table's. */
struct table {
	const struct column *columns;
	unsigned int count;
	char *cells;		/* row after row, each cell with its NUL */
	size_t len;
	size_t room;
	size_t *rows;		/* where in @cells each begins */
	size_t row_count;
	size_t row_room;
	unsigned int filled;	/* cells of the row that is being filled */
};

#define TABLE(array) { .columns = (array), .count = sizeof(array) / sizeof((array)[0]) }

void table_cell(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void table_sort(struct table *table);
void table_write(const struct table *table, FILE *out, unsigned int width, size_t rows);
void table_print(struct table *table);
void table_free(struct table *table);

unsigned int table_width(void);
void *grown(void *array, size_t count, size_t *room, size_t size);

#endif /* KIPCCTL_TABLE_H */
