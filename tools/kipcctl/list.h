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

/* The columns of an endpoint; show has the name of all of them above, and not the first. */
#define ENDPOINT_COLUMNS 12
extern const struct column endpoint_columns[ENDPOINT_COLUMNS];

/* All but the first */
void endpoint_cells(struct table *table, const struct kipc_admin_endpoint *endpoint);

#endif /* KIPCCTL_LIST_H */
