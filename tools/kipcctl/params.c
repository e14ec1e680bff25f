// SPDX-License-Identifier: GPL-2.0
/*
 * A module's parameters: their names, types and descriptions as its file has them
 * (modinfo), and whether a value is one.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "kipcctl.h"
#include "module.h"

/* What the kernel takes for each type.  Those that are not here take any text. */
static const struct number_type number_types[] = {
	{ "byte", 0, UCHAR_MAX },
	{ "short", SHRT_MIN, SHRT_MAX },
	{ "ushort", 0, USHRT_MAX },
	{ "int", INT_MIN, INT_MAX },
	{ "uint", 0, UINT_MAX },
	{ "hexint", 0, UINT_MAX },
	{ "long", LONG_MIN, LONG_MAX },
	{ "ulong", 0, ULONG_MAX },
	{ "ullong", 0, ULLONG_MAX },
};

const struct number_type *number_type(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(number_types) / sizeof(number_types[0]); i++)
		if (!strcmp(number_types[i].name, name))
			return &number_types[i];
	return NULL;
}

/* ---- what the file says ---- */

static struct param *note(struct params *params, const char *name, size_t len)
{
	struct param *param = (struct param *)params_find(params, name, len);

	if (param || params->count == PARAMS_MAX)
		return param;
	param = &params->param[params->count++];
	memset(param, 0, sizeof(*param));
	snprintf(param->name, sizeof(param->name), "%.*s", (int)len, name);
	return param;
}

/* One entry of modinfo: "parm" is NAME:DESCRIPTION and "parmtype" is NAME:TYPE. */
void params_note(struct params *params, const char *key, const char *value)
{
	bool type = !strcmp(key, "parmtype");
	const char *colon = strchr(value, ':');
	struct param *param;

	if (!colon || (!type && strcmp(key, "parm")))
		return;
	param = note(params, value, (size_t)(colon - value));
	if (param && type)
		snprintf(param->type, sizeof(param->type), "%s", colon + 1);
	else if (param)
		snprintf(param->about, sizeof(param->about), "%s", colon + 1);
}

/* To the module a dash in a name is an underscore. */
static bool same_name(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return !a[len];
}

const struct param *params_find(const struct params *params, const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < params->count; i++)
		if (strlen(params->param[i].name) == len &&
		    same_name(params->param[i].name, name, len))
			return &params->param[i];
	return NULL;
}

/* ---- is that a value? ---- */

static bool is_bool(const char *value)
{
	static const char * const words[] = { "y", "n", "1", "0", "t", "f", "on", "off" };
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

static bool is_number(const struct number_type *type, const char *value)
{
	const char *digits = value + (*value == '-' || *value == '+');
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	number = strtoull(digits, &end, 0);
	if (errno || *end)
		return false;
	if (*value != '-')
		return number <= type->max;
	return type->min < 0 && number <= (unsigned long long)-(type->min + 1) + 1;
}

/* Is each of a list's elements one? */
static bool is_array(const char *type, const char *value)
{
	const struct number_type *number = number_type(type);
	char *list = strdup(value), *state = NULL, *word;
	bool good = true;

	if (!list)
		return true;
	for (word = strtok_r(list, ",", &state); word; word = strtok_r(NULL, ",", &state))
		good &= number ? is_number(number, word) :
			strcmp(type, "bool") || is_bool(word);
	free(list);
	return good && *value;
}

static bool is_value(const char *type, const char *value)
{
	static const char array[] = "array of ";
	const struct number_type *number = number_type(type);

	if (number)
		return is_number(number, value);
	if (!strcmp(type, "bool") || !strcmp(type, "invbool") || !strcmp(type, "bint"))
		return is_bool(value);
	if (!strncmp(type, array, sizeof(array) - 1))
		return is_array(type + sizeof(array) - 1, value);
	return true;
}

static void list_names(const struct params *params)
{
	unsigned int i;

	fprintf(stderr, "The module's parameters (kipcctl load --list):\n");
	for (i = 0; i < params->count; i++)
		fprintf(stderr, "  %-20s %s\n", params->param[i].name, params->param[i].type);
}

static int unknown(const struct params *params, const char *assignment, size_t len)
{
	char name[64];
	struct nearest near;
	unsigned int i;

	snprintf(name, sizeof(name), "%.*s", (int)len, assignment);
	near = nearest_to(name);
	for (i = 0; i < params->count; i++)
		nearest_try(&near, params->param[i].name);
	if (near.found)
		failed("the module has no parameter '%s'; is it '%s'?", name, near.found);
	else
		failed("the module has no parameter '%s'", name);
	list_names(params);
	return EXIT_USAGE;
}

static int wrong_value(const struct param *param, const char *value)
{
	const struct number_type *type = number_type(param->type);

	if (type)
		failed("%s=%s: this parameter takes a whole number from %lld to %llu (%s)",
		       param->name, value, type->min, type->max, type->name);
	else
		failed("%s=%s: this parameter takes values of the type %s%s", param->name, value,
		       param->type, strstr(param->type, "bool") ? ": y or n" : "");
	return EXIT_USAGE;
}

/* NAME=VALUE: is that a parameter of the module's, and a value of it?  An exit status. */
int params_check(const struct params *params, const char *assignment)
{
	size_t len = strcspn(assignment, "=");
	const struct param *param = params_find(params, assignment, len);
	const char *value = assignment + len + 1;

	if (!param)
		return unknown(params, assignment, len);
	return is_value(param->type, value) ? EXIT_OK : wrong_value(param, value);
}

/* ---- what is it now? ---- */

/* The value that the loaded module has; 0 or -1. */
int param_now(const struct param *param, char *value, int size)
{
	char path[160];

	snprintf(path, sizeof(path), MODULE_SYS "/parameters/%s", param->name);
	return read_line(path, value, size);
}

static bool truth(const char *value)
{
	return strchr("yYtT1", *value) || !strcasecmp(value, "on");
}

/* Has the loaded module that value? */
bool param_is_set(const struct param *param, const char *value)
{
	char now[256];

	if (param_now(param, now, sizeof(now)))
		return false;
	if (strstr(param->type, "bool"))
		return truth(now) == truth(value);
	if (number_type(param->type))
		return strtoull(now, NULL, 0) == strtoull(value, NULL, 0);
	return !strcmp(now, value);
}

/* ---- to be read ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct param *)a)->name, ((const struct param *)b)->name);
}

void params_sort(struct params *params)
{
	qsort(params->param, params->count, sizeof(params->param[0]), by_name);
}

int params_print(const struct params *params)
{
	unsigned int i;
	char now[64];

	printf("%-20s %-10s %12s %12s  %s\n", "PARAMETER", "TYPE", "DEFAULT", "NOW",
	       "DESCRIPTION");
	for (i = 0; i < params->count; i++) {
		const struct param *param = &params->param[i];

		if (param_now(param, now, sizeof(now)))
			snprintf(now, sizeof(now), "-");
		printf("%-20s %-10s %12s %12s  %s\n", param->name, param->type,
		       *param->preset ? param->preset : "-", now, param->about);
	}
	return EXIT_OK;
}

int params_print_json(const struct params *params)
{
	struct json_list list = { .count = 0 };
	unsigned int i;

	for (i = 0; i < params->count; i++) {
		const struct param *param = &params->param[i];
		json_t *object = json_object();
		char now[256] = "";

		param_now(param, now, sizeof(now));
		json_put_text(object, "name", param->name);
		json_put_text(object, "type", param->type);
		json_put_text(object, "default", param->preset);
		json_put_text(object, "now", now);
		json_put_text(object, "description", param->about);
		json_list_add(&list, object);
	}
	return json_list_end(&list);
}
