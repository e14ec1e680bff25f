// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl channels: the channels of this network namespace, and how their servers do.
 *
 * The kernel tells of one after the other; those that come and go meanwhile may be there
 * or not.
 */
#include "control.h"
#include "human.h"
#include "kipcctl.h"
#include "list.h"

static const char text[] =
	"Usage: kipcctl channels [OPTION]...\n"
	"List the channels of this network namespace.\n\n"
	"  -j, --json             everything that is known of each, as JSON\n"
	"  -h, --help             this\n\n"
	"The table shows each one's server (a process), clients that are connected,\n"
	"messages and bytes carried so far, both ways, and of the server: messages that\n"
	"wait for it, messages it holds, for how long the oldest of all these has been\n"
	"there, and how much of its pool is in use.  `kipcctl show channel:NAME` has the\n"
	"rest.\n\n"
	"Exit status: 0, listed, if there were any; 1, failed; 2, wrong usage.\n";

static const struct column columns[] = {
	{ "NAME", LEFT, 0 },
	{ "OWNER", LEFT, 3 },
	{ "MODE", LEFT, 4 },
	{ "SERVER", RIGHT, 0 },
	{ "CLIENTS", RIGHT, 1 },
	{ "MESSAGES", RIGHT, 2 },
	{ "BYTES", RIGHT, 5 },
	{ "QUEUED", RIGHT, 0 },
	{ "HELD", RIGHT, 0 },
	{ "OLDEST", RIGHT, 0 },
	{ "POOL", RIGHT, 6 },
};

static void add_row(struct table *table, const struct kipc_admin_channel *channel)
{
	const struct kipc_admin_endpoint *server = &channel->server;

	table_cell(table, "%s", channel->name);
	table_cell(table, "%s", human_user(channel->uid).s);
	table_cell(table, "%s", human_mode(channel->mode).s);
	table_cell(table, "%s", human_pid(server->pid).s);
	table_cell(table, "%u", channel->clients);
	table_cell(table, "%s", human_count(channel->messages).s);
	table_cell(table, "%s", human_bytes(channel->bytes).s);
	table_cell(table, "%u", server->queued);
	table_cell(table, "%u", server->held);
	if (server->queued || server->held)
		table_cell(table, "%s", human_age(oldest_ns(server)).s);
	else
		table_cell(table, "-");
	table_cell(table, "%s", human_share(pool_used(server), server->pool_size).s);
}

static int add(const struct kipc_admin_channel *channel, void *context)
{
	struct list *list = context;

	if (list->json)
		json_list_add(&list->objects, json_channel(channel));
	else
		add_row(&list->table, channel);
	return 0;
}

static int fill(struct kipc_admin *admin, struct list *list, const char *operand)
{
	(void)operand;
	return kipc_admin_channels(admin, add, list) ? control_failed(admin, NULL) : EXIT_OK;
}

int verb_channels(int argc, char **argv)
{
	static const struct list_verb verb = {
		.text = text,
		.columns = columns,
		.count = sizeof(columns) / sizeof(columns[0]),
		.fill = fill,
	};

	return list_run(&verb, argc, argv);
}
