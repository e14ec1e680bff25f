// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl show: what has been found, for people and for programs.
 *
 * show.c has fetched all of it, so nothing here fails but the output.  For people a fact is a
 * line under its object: what it is, whose, how full, its endpoints, and who is stuck last;
 * what does not apply is left out.  Programs have the objects of objects.c, which leave
 * nothing out.
 */
#include <stdarg.h>
#include <stdio.h>

#include "account.h"
#include "control.h"
#include "human.h"
#include "list.h"
#include "show.h"

/* ---- for people ---- */

__attribute__((format(printf, 2, 3)))
static void line(const char *what, const char *format, ...)
{
	va_list args;

	printf("  %-18s ", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* Owner and maker of a channel or queue */
static void print_owner(uid_t uid, gid_t gid, mode_t mode, uid_t creator_uid, gid_t creator_gid)
{
	line("owner", "%s, group %s, mode %s", human_user(uid).s, human_group(gid).s,
	     human_mode(mode).s);
	if (creator_uid != uid || creator_gid != gid)
		line("made by", "%s, group %s", human_user(creator_uid).s,
		     human_group(creator_gid).s);
}

static void print_age(const char *what, uint32_t count, uint64_t ns, const char *first)
{
	if (count)
		line(what, "%u message%s, %s for %s", count, plural(count), first,
		     human_age(ns).s);
	else
		line(what, "nothing");
}

static void print_load(const struct kipc_admin_endpoint *endpoint)
{
	line("pool", "%s of %s in use, in %s of memory",
	     human_bytes(pool_used(endpoint)).s, human_bytes(endpoint->pool_size).s,
	     human_bytes(endpoint->memory).s);
	if (endpoint->ring)
		line("ring", "%u entries", endpoint->ring);
	print_age("waits for it", endpoint->queued, endpoint->queued_ns, "the first");
	print_age("held by it", endpoint->held, endpoint->held_ns, "the oldest");
	line("threads", "%u to receive, %u of others for room in its pool",
	     endpoint->receivers, endpoint->senders);
}

static void print_words(const char *what, uint32_t bits, const struct bit_word *word)
{
	printf("  %-18s", what);
	for (; word->word; word++)
		if (bits & word->bit)
			printf(" %s", word->word);
	putchar('\n');
}

static void print_channel(const struct kipc_admin_channel *channel)
{
	printf("channel:%s\n", channel->name);
	line("id", "%u", channel->id);
	print_owner(channel->uid, channel->gid, channel->mode, channel->creator_uid,
		    channel->creator_gid);
	line("carried", "%s message%s, %s bytes", human_count(channel->messages).s,
	     plural(channel->messages), human_bytes(channel->bytes).s);
	line("calls that failed", "%s", human_count(channel->failed).s);
	line("clients", "%u", channel->clients);
	line("server", "process %s of %s", human_process(channel->server.pid).s,
	     human_user(channel->server.uid).s);
	if (channel->server.options)
		print_words("options", channel->server.options, option_words);
	print_load(&channel->server);
}

static void print_last(const char *what, uint64_t time_ns, pid_t pid)
{
	if (time_ns)
		line(what, "%s by process %s", human_date(time_ns).s, human_process(pid).s);
	else
		line(what, "never");
}

static void print_queue(const struct kipc_admin_queue *queue)
{
	if (*queue->name)
		printf("queue:%s\n", queue->name);
	else
		printf("queue %u, without a name\n", queue->id);
	line("id", "%u", queue->id);
	if (queue->number)
		line("number", "%u", queue->number);
	print_owner(queue->uid, queue->gid, queue->mode, queue->creator_uid, queue->creator_gid);
	line("messages", "%s of %s (%s at most so far)", human_count(queue->msgs).s,
	     human_count(queue->max_msgs).s, human_count(queue->peak_msgs).s);
	line("bytes", "%s of %s (%s at most so far)", human_bytes(queue->bytes).s,
	     human_bytes(queue->max_bytes).s, human_bytes(queue->peak_bytes).s);
	line("largest message", "%s", human_bytes(queue->max_size).s);
	line("carried", "%s sent, %s received", human_count(queue->sent).s,
	     human_count(queue->received).s);
	print_last("last sent", queue->send_time_ns, queue->send_pid);
	print_last("last received", queue->recv_time_ns, queue->recv_pid);
	line("last changed", "%s", human_date(queue->change_time_ns).s);
	line("threads", "%u to send, %u to receive", queue->senders, queue->receivers);
}

static void print_one_endpoint(const struct kipc_admin_endpoint *endpoint)
{
	const char *scheme = endpoint->role == KIPC_ADMIN_QUEUE ? "queue" : "channel";

	printf("endpoint:%u\n", endpoint->id);
	line("role", "%s", role_name(endpoint->role));
	if (*endpoint->name)
		line("of", "%s:%s", scheme, endpoint->name);
	else if (endpoint->object)
		line("of", "%s %u, without a name", scheme, endpoint->object);
	if (endpoint->role == KIPC_ADMIN_CLIENT)
		line("number", "%s%s", human_count(endpoint->client).s,
		     endpoint->object ? "" : " (its server is gone)");
	line("process", "%s", human_process(endpoint->pid).s);
	line("user", "%s", human_user(endpoint->uid).s);
	if (endpoint->role == KIPC_ADMIN_QUEUE)
		print_words("may", endpoint->may, may_words);
	if (endpoint->role == KIPC_ADMIN_SERVER || endpoint->role == KIPC_ADMIN_CLIENT)
		print_load(endpoint);
}

static void print_endpoints(const struct view *view)
{
	struct table table = {
		.columns = endpoint_columns + 1,
		.count = ENDPOINT_COLUMNS - 1,
	};
	size_t i;

	putchar('\n');
	for (i = 0; i < view->count; i++)
		endpoint_cells(&table, &view->endpoints[i].endpoint);
	table_print(&table);
}

static void message_cells(struct table *table, const struct kipc_admin_endpoint *holder,
			  const struct kipc_admin_message *message)
{
	if (holder->role == KIPC_ADMIN_CLIENT)
		table_cell(table, "client %s", human_count(holder->client).s);
	else
		table_cell(table, "%s", role_name(holder->role));
	table_cell(table, "%s", human_count(message->id).s);
	table_cell(table, "%s", kind_name(message->kind));
	table_cell(table, "%s", human_age(message->held_ns).s);
	table_cell(table, "%s", human_bytes(message->len).s);
	if (message->client)
		table_cell(table, "client %s", human_count(message->client).s);
	else
		table_cell(table, "server");
	table_cell(table, "%s", human_pid(message->pid).s);
	table_cell(table, "%s", human_command(message->pid).s);
	table_cell(table, "%s", human_user(message->uid).s);
	table_cell(table, message->awaited ? "awaited" : "-");
}

/* Who holds what of whom */
static void print_messages(const struct view *view)
{
	static const struct column columns[] = {
		{ "HOLDER", LEFT, 0 },
		{ "MESSAGE", RIGHT, 2 },
		{ "KIND", LEFT, 0 },
		{ "HELD", RIGHT, 0 },
		{ "BYTES", RIGHT, 3 },
		{ "FROM", LEFT, 0 },
		{ "PID", RIGHT, 0 },
		{ "COMMAND", LEFT, 1 },
		{ "USER", LEFT, 4 },
		{ "REPLY", LEFT, 0 },
	};
	struct table table = TABLE(columns);
	size_t i, j;

	for (i = 0; i < view->count; i++)
		for (j = 0; j < view->endpoints[i].count; j++)
			message_cells(&table, &view->endpoints[i].endpoint,
				      &view->endpoints[i].messages[j]);
	if (!table.row_count)
		return;
	putchar('\n');
	table_print(&table);
}

static void print_view(const struct view *view)
{
	switch (view->kind) {
	case VIEW_CHANNEL:
		print_channel(&view->u.channel);
		break;
	case VIEW_QUEUE:
		print_queue(&view->u.queue);
		break;
	case VIEW_ENDPOINT:
		print_one_endpoint(&view->endpoints[0].endpoint);
		break;
	case VIEW_USER:
		printf("user:%s\n", human_user(view->u.user.uid).s);
		line("number", "%u", view->u.user.uid);
		putchar('\n');
		account_print(&view->u.user);
		break;
	}
	if (view->kind != VIEW_ENDPOINT)
		print_endpoints(view);
	print_messages(view);
	findings_print(&view->findings);
}

void view_print(const struct view *views, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (i)
			putchar('\n');
		print_view(&views[i]);
	}
}

/* ---- for programs ---- */

static json_t *json_held(const struct view_endpoint *held)
{
	json_t *object = json_endpoint(&held->endpoint), *messages = json_array();
	size_t i;

	for (i = 0; i < held->count; i++)
		json_add(messages, json_message(&held->messages[i]));
	json_put(object, "messages", messages);
	return object;
}

static json_t *json_view(const struct view *view)
{
	json_t *object = json_object(), *array = json_array();
	size_t i;

	if (view->kind == VIEW_CHANNEL)
		json_put(object, "channel", json_channel(&view->u.channel));
	else if (view->kind == VIEW_QUEUE)
		json_put(object, "queue", json_queue(&view->u.queue));
	else if (view->kind == VIEW_USER)
		json_put(object, "user", json_user(&view->u.user));
	for (i = 0; i < view->count; i++)
		json_add(array, json_held(&view->endpoints[i]));
	json_put(object, "endpoints", array);
	array = json_array();
	for (i = 0; i < view->findings.count; i++)
		json_add(array, json_string(view->findings.sentences[i]));
	json_put(object, "stuck", array);
	return object;
}

int view_print_json(const struct view *views, size_t count)
{
	struct json_list list = { .count = 0 };
	size_t i;

	for (i = 0; i < count; i++)
		json_list_add(&list, json_view(&views[i]));
	return json_list_end(&list);
}
