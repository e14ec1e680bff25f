// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: the verbs that list something.
 *
 * A table is sorted by its first column and printed when it is whole; objects are printed
 * as they come, in the kernel's order, so that 100,000 of them need no memory.
 */
#include <getopt.h>
#include <stdio.h>

#include "control.h"
#include "human.h"
#include "kipcctl.h"
#include "list.h"

const struct column endpoint_columns[ENDPOINT_COLUMNS] = {
	{ "NAME", LEFT, 0 },
	{ "ID", RIGHT, 0 },
	{ "ROLE", LEFT, 0 },
	{ "PID", RIGHT, 0 },
	{ "COMMAND", LEFT, 1 },
	{ "USER", LEFT, 2 },
	{ "QUEUED", RIGHT, 0 },
	{ "HELD", RIGHT, 0 },
	{ "OLDEST", RIGHT, 0 },
	{ "WAITING", RIGHT, 3 },
	{ "POOL", RIGHT, 4 },
	{ "MEMORY", RIGHT, 5 },
};

/* What it is: on a channel which client, on a queue what it may do */
static struct human role(const struct kipc_admin_endpoint *endpoint)
{
	static const char *const may[] = { "queue", "receiver", "sender", "both" };
	struct human human;

	if (endpoint->role == KIPC_ADMIN_CLIENT)
		snprintf(human.s, sizeof(human.s), "client %llu",
			 (unsigned long long)endpoint->client);
	else
		snprintf(human.s, sizeof(human.s), "%s", endpoint->role == KIPC_ADMIN_QUEUE ?
			 may[endpoint->may & 3] : role_name(endpoint->role));
	return human;
}

static void load_cells(struct table *table, const struct kipc_admin_endpoint *endpoint)
{
	table_cell(table, "%u", endpoint->queued);
	table_cell(table, "%u", endpoint->held);
	if (endpoint->queued || endpoint->held)
		table_cell(table, "%s", human_age(oldest_ns(endpoint)).s);
	else
		table_cell(table, "-");
	table_cell(table, "%u", endpoint->receivers);
	table_cell(table, "%s", human_share(pool_used(endpoint), endpoint->pool_size).s);
	table_cell(table, "%s", human_bytes(endpoint->memory).s);
}

void endpoint_cells(struct table *table, const struct kipc_admin_endpoint *endpoint)
{
	unsigned int i;

	table_cell(table, "%u", endpoint->id);
	table_cell(table, "%s", role(endpoint).s);
	table_cell(table, "%s", human_pid(endpoint->pid).s);
	table_cell(table, "%s", human_command(endpoint->pid).s);
	table_cell(table, "%s", human_user(endpoint->uid).s);
	if (endpoint->role == KIPC_ADMIN_SERVER || endpoint->role == KIPC_ADMIN_CLIENT)
		load_cells(table, endpoint);
	else
		for (i = 0; i < 6; i++)
			table_cell(table, "-");
}

static int print(struct list *list)
{
	if (list->json)
		return json_list_end(&list->objects);
	table_sort(&list->table);
	table_print(&list->table);
	return EXIT_OK;
}

/* What has been printed is an array of what came until then; the status tells the rest. */
static void give_up(struct list *list)
{
	if (list->objects.count)
		json_list_end(&list->objects);
	table_free(&list->table);
}

int list_run(const struct list_verb *verb, int argc, char **argv)
{
	struct list list = {
		.table = { .columns = verb->columns, .count = verb->count },
	};
	int status = json_options(verb->text, argc, argv, &list.json);
	struct kipc_admin *admin;

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (argc - optind > verb->operand)
		return usage(verb->text, EXIT_USAGE);
	admin = control_open();
	if (!admin)
		return EXIT_FAILED;
	status = verb->fill(admin, &list, argv[optind]);
	if (!status)
		status = print(&list);
	else
		give_up(&list);
	kipc_admin_close(admin);
	return status;
}
