// SPDX-License-Identifier: GPL-2.0
/* kipcctl: JSON for programs; json.h tells how it looks.  The objects are in objects.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "json.h"
#include "kipcctl.h"

void json_put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		exit(failed("out of memory"));
}

/* JSON's readers have 64 bits with a sign at most: "no limit" is the largest of those. */
void json_put_number(json_t *object, const char *name, uint64_t value)
{
	json_put(object, name, json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX));
}

/* As much of it as is UTF-8, and '?' for each byte that is not. */
static json_t *json_readable(const char *text)
{
	char *copy = strdup(text), *at = copy;
	json_t *value;
	size_t len;

	while (at && *at) {
		for (len = 1, value = NULL; !value && len <= 4 && at[len - 1]; len++)
			value = json_stringn(at, len);
		if (!value)
			*at++ = '?';
		else
			at += json_string_length(value);
		json_decref(value);
	}
	value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

/* Of text that came from outside, or was cut, not all need be UTF-8, as JSON is. */
void json_put_text(json_t *object, const char *name, const char *text)
{
	json_t *value = text && *text ? json_string(text) : json_null();

	json_put(object, name, value ? value : json_readable(text));
}

void json_put_mode(json_t *object, const char *name, mode_t mode)
{
	json_put_text(object, name, human_mode(mode).s);
}

void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		exit(failed("out of memory"));
}

/* An object in a line; it is gone then.  An exit status. */
int json_print_line(json_t *value)
{
	int err = !value || json_dumpf(value, stdout, JSON_COMPACT) || putchar('\n') < 0 ||
		  fflush(stdout);

	json_decref(value);
	return err ? failed("standard output: %s", strerror(errno)) : EXIT_OK;
}

void json_list_add(struct json_list *list, json_t *value)
{
	fputs(list->count++ ? ",\n" : "[\n", stdout);
	if (!value || json_dumpf(value, stdout, JSON_INDENT(2)))
		exit(failed("standard output: %s", strerror(errno)));
	json_decref(value);
}

int json_list_end(const struct json_list *list)
{
	return puts(list->count ? "\n]" : "[]") < 0 ? EXIT_FAILED : EXIT_OK;
}
