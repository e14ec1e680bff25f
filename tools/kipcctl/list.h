/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: the verbs that list something, as a table or as JSON.  Each says what its columns
 * are and fills in one row, or one object, at a time.
 */
#ifndef KIPCCTL_LIST_H
#define KIPCCTL_LIST_H

#include "json.h"
#include "table.h"

struct list {
	bool json;
	struct json_list objects;	/* with @json */
	struct table table;		/* without */
};

struct list_verb {
	const char *text;		/* --help */
	const struct column *columns;
	unsigned int count;
	bool operand;			/* takes one, perhaps */
	/* Fill it; @operand or NULL.  0, or what failed() returned. */
	int (*fill)(struct kipc_admin *admin, struct list *list, const char *operand);
};

int list_run(const struct list_verb *verb, int argc, char **argv);

/* The columns of an endpoint, but for its name, which show has above them. */
#define ENDPOINT_COLUMNS \
	{ "ID", RIGHT, 0 }, \
	{ "ROLE", LEFT, 0 }, \
	{ "PID", RIGHT, 0 }, \
	{ "COMMAND", LEFT, 1 }, \
	{ "USER", LEFT, 2 }, \
	{ "QUEUED", RIGHT, 0 }, \
	{ "HELD", RIGHT, 0 }, \
	{ "OLDEST", RIGHT, 0 }, \
	{ "WAITING", RIGHT, 3 }, \
	{ "POOL", RIGHT, 4 }, \
	{ "MEMORY", RIGHT, 5 }

void endpoint_cells(struct table *table, const struct kipc_admin_endpoint *endpoint);

#endif /* KIPCCTL_LIST_H */
