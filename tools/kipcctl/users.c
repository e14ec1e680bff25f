// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl users: what each user has of kipc, and may have.
 *
 * An account is for its user and for whoever may set limits: an ordinary user sees one row,
 * and is told so.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "account.h"
#include "control.h"
#include "human.h"
#include "kipcctl.h"
#include "list.h"

static const char text[] =
	"Usage: kipcctl users [OPTION]...\n"
	"List what each user who has something of kipc, or a limit of its own, has and may\n"
	"have of each thing that is bounded.\n\n"
	"  -j, --json             the same, with what was refused, as JSON\n"
	"  -h, --help             this\n\n"
	"The table shows TAKEN/LIMIT.  A '*' behind it marks a limit that is the user's own\n"
	"and not the default, a '!' that the user wanted more and was refused it; REFUSED\n"
	"is how often, for all of them.  Without privileges one sees oneself.\n\n"
	"Exit status: 0, listed, if there were any; 1, failed; 2, wrong usage.\n";

/* The order of enum kipc_admin_quota */
static const struct column columns[] = {
	{ "USER", LEFT, 0 },
	{ "UID", RIGHT, 1 },
	{ "ENDPOINTS", RIGHT, 3 },
	{ "NAMES", RIGHT, 4 },
	{ "POOL_BYTES", RIGHT, 0 },
	{ "POOL_MSGS", RIGHT, 5 },
	{ "QUEUE_BYTES", RIGHT, 0 },
	{ "QUEUE_MSGS", RIGHT, 6 },
	{ "FDS", RIGHT, 7 },
	{ "REFUSED", RIGHT, 2 },
};

static void add_row(struct table *table, const struct kipc_admin_user *user)
{
	uint64_t refused = 0;
	unsigned int i;

	table_cell(table, "%s", human_user(user->uid).s);
	table_cell(table, "%u", user->uid);
	for (i = 0; i < KIPC_ADMIN_QUOTAS; i++) {
		const struct kipc_admin_charge *charge = &user->charge[i];

		table_cell(table, "%s/%s%s%s", account_amount(i, charge->taken).s,
			   account_amount(i, charge->limit).s, charge->own ? "*" : "",
			   charge->refused ? "!" : "");
		refused += charge->refused;
	}
	table_cell(table, "%s", human_count(refused).s);
}

static int add(const struct kipc_admin_user *user, void *context)
{
	struct list *list = context;

	if (list->json)
		json_list_add(&list->objects, json_user(user));
	else
		add_row(&list->table, user);
	return 0;
}

static int fill(struct kipc_admin *admin, struct list *list, const char *operand)
{
	struct kipc_admin_user other = { .size = sizeof(other) };

	(void)operand;
	if (kipc_admin_users(admin, add, list))
		return control_failed(admin, NULL);
	if (kipc_admin_user(admin, geteuid() ? 0 : 1, &other) == -EPERM)
		fprintf(stderr, "kipcctl: only your own account: others need CAP_SYS_RESOURCE\n");
	return EXIT_OK;
}

int verb_users(int argc, char **argv)
{
	static const struct list_verb verb = {
		.text = text,
		.columns = columns,
		.count = sizeof(columns) / sizeof(columns[0]),
		.fill = fill,
	};

	return list_run(&verb, argc, argv);
}
