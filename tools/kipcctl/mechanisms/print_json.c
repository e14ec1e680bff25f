// SPDX-License-Identifier: GPL-2.0
/* The table for programs: kipcctl(1) has its keys, which stay. */
#include <jansson.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "../kipcctl.h"
#include "print.h"

static const char * const verdict_names[] = {
	[VERDICT_NONE] = NULL,
	[VERDICT_AS_RECORDED] = "as recorded",
	[VERDICT_DIFFERS] = "differs",
	[VERDICT_UNTRIED] = "not tried",
	[VERDICT_FAILED] = "probe failed",
};

/* An empty string is null. */
static json_t *text_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

static json_t *json_cell(const struct row *row, enum cell cell)
{
	const struct finding *finding = &row->cells[cell];
	enum verdict verdict = row_verdict(row, cell);
	bool measured = finding->tried == TRIED_WELL && verdict != VERDICT_NONE && !row->absent;

	return json_pack("{s:o, s:o, s:o, s:o}",
			 "recorded", text_or_null(recorded(row->mechanism, cell)),
			 "measured", text_or_null(measured ? finding->value : NULL),
			 "verdict", text_or_null(verdict_names[verdict]),
			 "evidence", text_or_null(finding->evidence));
}

static json_t *json_row(const struct row *row, bool verified)
{
	json_t *cells = json_object(), *object;
	enum cell cell;
	int err = 0;

	for (cell = 0; cell < CELL_COUNT; cell++)
		err |= json_object_set_new(cells, cell_names[cell].key, json_cell(row, cell));
	object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}",
			   "scheme", row->mechanism->scheme,
			   "family", family_names[row->mechanism->family],
			   "about", row->mechanism->about,
			   "present", verified ? json_boolean(!row->absent) : json_null(),
			   "why_absent", text_or_null(row->why),
			   "cells", cells);
	if (!err)
		return object;
	json_decref(object);
	return NULL;
}

int print_json(const struct row *rows, size_t count, bool verified)
{
	json_t *array = json_array(), *object;
	struct utsname name;
	int err = 0;
	size_t i;

	for (i = 0; i < count; i++)
		err |= json_array_append_new(array, json_row(&rows[i], verified));
	uname(&name);
	object = json_pack("{s:s, s:b, s:o}", "kernel", name.release, "verified", verified,
			   "mechanisms", array);
	if (!object || err)
		err = failed("out of memory");
	else if (json_dumpf(object, stdout, JSON_INDENT(2)) || putchar('\n') < 0)
		err = failed("standard output: it cannot be written to");
	json_decref(object);
	return err;
}
