// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: tables for people; table.h tells how they look.
 *
 * A list may have 100,000 rows: the cells are one text that grows, in the order in which
 * they come, and a row is where it begins in that.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kipcctl.h"
#include "table.h"

/* Between two columns */
#define GAP 2

/* An array with room for one more than @count; there is no going on without. */
void *grown(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 16;
	array = reallocarray(array, *room, size);
	if (!array)
		exit(failed("out of memory"));
	return array;
}

static void make_room(struct table *table, size_t len)
{
	if (len <= table->room - table->len)
		return;
	table->room = (table->room + len) * 2;
	table->cells = realloc(table->cells, table->room);
	if (!table->cells)
		exit(failed("out of memory"));
}

/* The next cell; the row is full with as many as there are columns. */
void table_cell(struct table *table, const char *format, ...)
{
	va_list args, again;
	int len;

	if (!table->filled) {
		table->rows = grown(table->rows, table->row_count, &table->row_room,
				    sizeof(*table->rows));
		table->rows[table->row_count++] = table->len;
	}
	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len >= 0) {
		make_room(table, (size_t)len + 1);
		vsnprintf(table->cells + table->len, (size_t)len + 1, format, again);
		table->len += (size_t)len + 1;
	}
	va_end(again);
	va_end(args);
	table->filled = (table->filled + 1) % table->count;
}

/* By the first column, numbers in names by their value; those that are alike as they came. */
static int compare(const void *a, const void *b, void *cells)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = strverscmp((char *)cells + i, (char *)cells + j);

	return order ? order : i < j ? -1 : 1;
}

void table_sort(struct table *table)
{
	if (table->row_count)
		qsort_r(table->rows, table->row_count, sizeof(*table->rows), compare, table->cells);
}

static void measure(const struct table *table, size_t rows, unsigned int *widths)
{
	unsigned int i;
	size_t row;

	for (i = 0; i < table->count; i++)
		widths[i] = (unsigned int)strlen(table->columns[i].title);
	for (row = 0; row < rows; row++) {
		const char *cell = table->cells + table->rows[row];

		for (i = 0; i < table->count; i++) {
			size_t len = strlen(cell);

			if (len > widths[i])
				widths[i] = (unsigned int)len;
			cell += len + 1;
		}
	}
}

/* Leave out what there is no room for: its width is 0 then. */
static void fit(const struct table *table, unsigned int *widths, unsigned int width)
{
	for (;;) {
		unsigned int i, total = 0, last = table->count;

		for (i = 0; i < table->count; i++) {
			unsigned int rank = widths[i] ? table->columns[i].rank : 0;

			if (widths[i])
				total += widths[i] + (total ? GAP : 0);
			if (rank && (last == table->count || rank >= table->columns[last].rank))
				last = i;
		}
		if (!width || total <= width || last == table->count)
			return;
		widths[last] = 0;
	}
}

/* Blanks are kept back until something follows them. */
static void write_cell(FILE *out, const char *cell, enum align align, unsigned int width,
		       unsigned int *blanks)
{
	unsigned int len = (unsigned int)strlen(cell);
	unsigned int pad = width - len;

	if (align == RIGHT)
		*blanks += pad;
	if (len) {
		fprintf(out, "%*s%s", (int)*blanks, "", cell);
		*blanks = 0;
	}
	*blanks += GAP + (align == RIGHT ? 0 : pad);
}

/* With up to @rows rows, for a terminal of that width (0: there is none). */
void table_write(const struct table *table, FILE *out, unsigned int width, size_t rows)
{
	unsigned int widths[TABLE_COLUMNS], i, blanks = 0;
	size_t row;

	if (rows > table->row_count)
		rows = table->row_count;
	measure(table, rows, widths);
	fit(table, widths, width);
	for (i = 0; i < table->count; i++)
		if (widths[i])
			write_cell(out, table->columns[i].title, table->columns[i].align,
				   widths[i], &blanks);
	fputc('\n', out);
	for (row = 0; row < rows; row++) {
		const char *cell = table->cells + table->rows[row];

		blanks = 0;
		for (i = 0; i < table->count; i++, cell += strlen(cell) + 1)
			if (widths[i])
				write_cell(out, cell, table->columns[i].align, widths[i], &blanks);
		fputc('\n', out);
	}
}

/* All of it to standard output; and it is gone. */
void table_print(struct table *table)
{
	table_write(table, stdout, table_width(), SIZE_MAX);
	table_free(table);
}

void table_free(struct table *table)
{
	free(table->cells);
	free(table->rows);
	table->cells = NULL;
	table->rows = NULL;
	table->len = 0;
	table->room = 0;
	table->row_count = 0;
	table->row_room = 0;
	table->filled = 0;
}

/* How wide a line may be: COLUMNS, as ps(1) has it, or the terminal's width; 0: any. */
unsigned int table_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && !size_of(columns, &width) && width && width < UINT16_MAX)
		return (unsigned int)width;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return size.ws_col;
	return 0;
}
