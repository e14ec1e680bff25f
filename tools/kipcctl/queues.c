// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl queues: the kipc queues of this network namespace, and how full they are.
 *
 * Those that have no name (any more) and are still in use are among them: what waits in
 * them is charged to somebody.  Those that come and go meanwhile may be there or not.
 */
#include "control.h"
#include "human.h"
#include "kipcctl.h"
#include "list.h"

static const char text[] =
	"Usage: kipcctl queues [OPTION]...\n"
	"List the kipc queues, those of the drop-in libraries and those without a name\n"
	"too.\n\n"
	"  -j, --json             everything that is known of each, as JSON\n"
	"  -h, --help             this\n\n"
	"The table shows messages and bytes that wait and may wait, the most messages\n"
	"that have waited, the processes that sent and received the last, and how many\n"
	"threads wait to send and to receive.  A queue without a name has '-' for one;\n"
	"`kipcctl show ID` tells more of it.\n\n"
	"Exit status: 0, listed, if there were any; 1, failed; 2, wrong usage.\n";

static const struct column columns[] = {
	{ "NAME", LEFT, 0 },
	{ "ID", RIGHT, 7 },
	{ "NUMBER", RIGHT, 8 },
	{ "OWNER", LEFT, 3 },
	{ "MODE", LEFT, 4 },
	{ "MESSAGES", RIGHT, 0 },
	{ "BYTES", RIGHT, 5 },
	{ "PEAK", RIGHT, 6 },
	{ "SENDER", RIGHT, 1 },
	{ "RECEIVER", RIGHT, 2 },
	{ "WAITING", RIGHT, 0 },
};

static void add_row(struct table *table, const struct kipc_admin_queue *queue)
{
	table_cell(table, "%s", *queue->name ? queue->name : "-");
	table_cell(table, "%u", queue->id);
	if (queue->number)
		table_cell(table, "%u", queue->number);
	else
		table_cell(table, "-");
	table_cell(table, "%s", human_user(queue->uid).s);
	table_cell(table, "%s", human_mode(queue->mode).s);
	table_cell(table, "%s/%s", human_count(queue->msgs).s, human_count(queue->max_msgs).s);
	table_cell(table, "%s", human_share(queue->bytes, queue->max_bytes).s);
	table_cell(table, "%s", human_count(queue->peak_msgs).s);
	table_cell(table, "%s", human_pid(queue->send_pid).s);
	table_cell(table, "%s", human_pid(queue->recv_pid).s);
	table_cell(table, "%u/%u", queue->senders, queue->receivers);
}

static int add(const struct kipc_admin_queue *queue, void *context)
{
	struct list *list = context;

	if (list->json)
		json_list_add(&list->objects, json_queue(queue));
	else
		add_row(&list->table, queue);
	return 0;
}

static int fill(struct kipc_admin *admin, struct list *list, const char *operand)
{
	(void)operand;
	return kipc_admin_queues(admin, add, list) ? control_failed(admin, NULL) : EXIT_OK;
}

int verb_queues(int argc, char **argv)
{
	static const struct list_verb verb = {
		.text = text,
		.columns = columns,
		.count = sizeof(columns) / sizeof(columns[0]),
		.fill = fill,
	};

	return list_run(&verb, argc, argv);
}
