// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl endpoints: every open end of kipc in this network namespace, or those of one
 * channel or queue: who talks to whom.
 */
#include <errno.h>

#include "control.h"
#include "kipcctl.h"
#include "list.h"

static const char text[] =
	"Usage: kipcctl endpoints [OPTION]... [channel:NAME|queue:NAME]\n"
	"List the open ends of kipc in this network namespace, or those of a channel or\n"
	"queue: who talks to whom.\n\n"
	"  -j, --json             everything that is known of each, as JSON\n"
	"  -h, --help             this\n\n"
	"The table shows where each belongs ('-': nowhere yet, or to a queue without a\n"
	"name), what it is there, the process that opened it and its user; and of servers\n"
	"and clients the messages that wait for it, those that it holds, for how long the\n"
	"oldest of all these has been there, its threads that wait for a message, and how\n"
	"much of its pool is in use.\n\n"
	"Exit status: 0, listed, if there were any; 1, failed; 2, wrong usage.\n";

static void add_row(struct table *table, const struct kipc_admin_endpoint *endpoint)
{
	const char *scheme = endpoint->role == KIPC_ADMIN_QUEUE ? "queue" : "channel";

	if (*endpoint->name)
		table_cell(table, "%s:%s", scheme, endpoint->name);
	else
		table_cell(table, "-");
	endpoint_cells(table, endpoint);
}

static int add(const struct kipc_admin_endpoint *endpoint, void *context)
{
	struct list *list = context;

	if (list->json)
		json_list_add(&list->objects, json_endpoint(endpoint));
	else
		add_row(&list->table, endpoint);
	return 0;
}

/* The id of a channel or queue, or 0 when it has been said why not. */
static uint32_t object_of(struct kipc_admin *admin, const char *address)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_queue queue = { .size = sizeof(queue) };
	char name[KIPC_ADMIN_NAME];
	int err;

	if (address_name(address, "channel", name))
		err = kipc_admin_channel(admin, name, &channel);
	else
		err = kipc_admin_queue(admin, address_name(address, "queue", name), &queue);
	if (!err)
		return channel.id ? channel.id : queue.id;
	if (err == -ENOENT)
		failed_at(address, err);
	else
		control_failed(admin, address);
	return 0;
}

static int fill(struct kipc_admin *admin, struct list *list, const char *operand)
{
	char name[KIPC_ADMIN_NAME];
	uint32_t object = 0;

	if (operand && !address_name(operand, "channel", name) &&
	    !address_name(operand, "queue", name)) {
		failed("'%s' is neither channel:NAME nor queue:NAME", operand);
		return EXIT_USAGE;
	}
	if (operand)
		object = object_of(admin, operand);
	if (operand && !object)
		return EXIT_FAILED;
	if (kipc_admin_endpoints(admin, object, add, list))
		return control_failed(admin, NULL);
	return EXIT_OK;
}

int verb_endpoints(int argc, char **argv)
{
	static const struct list_verb verb = {
		.text = text,
		.columns = endpoint_columns,
		.count = ENDPOINT_COLUMNS,
		.operand = true,
		.fill = fill,
	};

	return list_run(&verb, argc, argv);
}
