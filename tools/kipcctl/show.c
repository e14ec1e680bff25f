// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl show: everything about one channel, queue, endpoint or user: who is there, what
 * waits, who holds what, and who is stuck.
 *
 * A bare word may name several of these, and all of them are shown.  Each question to the
 * kernel is answered as of one moment, but there are several: an endpoint that has gone since
 * the list holds nothing any more.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "control.h"
#include "kipcctl.h"
#include "show.h"
#include "table.h"

static const char text[] =
	"Usage: kipcctl show [OPTION]... NAME|ADDRESS|ID...\n"
	"Show everything about channels, queues, endpoints and users, and who is stuck.\n\n"
	"  channel:NAME, queue:NAME   that one\n"
	"  endpoint:ID                that one, as kipcctl endpoints lists them\n"
	"  user:NAME, user:NUMBER     a user's account and endpoints\n"
	"  NAME                       the channel and the queue of that name; or the user\n"
	"  ID                         the endpoint, channel or queue of that number\n\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, shown; 1, failed, or there is none; 2, wrong usage.\n";

/* What the arguments have found so far */
struct show {
	struct kipc_admin *admin;
	struct view *views;
	size_t count;
	size_t room;
};

static struct view *add_view(struct show *show, enum view_kind kind)
{
	struct view *view;

	show->views = grown(show->views, show->count, &show->room, sizeof(*show->views));
	view = &show->views[show->count++];
	*view = (struct view){ .kind = kind };
	return view;
}

/* ---- what belongs to it ---- */

static struct view_endpoint *add_endpoint(struct view *view,
					  const struct kipc_admin_endpoint *endpoint)
{
	view->endpoints = grown(view->endpoints, view->count, &view->room,
				sizeof(*view->endpoints));
	view->endpoints[view->count] = (struct view_endpoint){ .endpoint = *endpoint };
	return &view->endpoints[view->count++];
}

static int each_endpoint(const struct kipc_admin_endpoint *endpoint, void *context)
{
	struct view *view = context;

	if (view->kind != VIEW_USER || endpoint->uid == view->u.user.uid)
		add_endpoint(view, endpoint);
	return 0;
}

static int each_message(const struct kipc_admin_message *message, void *context)
{
	struct view_endpoint *held = context;

	if (held->count < VIEW_MESSAGES)
		held->messages[held->count++] = *message;
	return 0;
}

/* 0 or -errno */
static int find_messages(struct show *show, struct view_endpoint *held)
{
	int err;

	if (!held->endpoint.held)
		return 0;
	held->messages = calloc(VIEW_MESSAGES, sizeof(*held->messages));
	if (!held->messages)
		exit(failed("out of memory"));
	err = kipc_admin_messages(show->admin, held->endpoint.id, each_message, held);
	return err == -ENOENT ? 0 : err;
}

/* An exit status.  @object: whose endpoints; 0, all of them, or no further ones */
static int complete(struct show *show, struct view *view, uint32_t object)
{
	size_t i;

	if ((object || view->kind == VIEW_USER) &&
	    kipc_admin_endpoints(show->admin, object, each_endpoint, view))
		return control_failed(show->admin, NULL);
	for (i = 0; i < view->count; i++) {
		struct view_endpoint *held = &view->endpoints[i];

		if (find_messages(show, held))
			return control_failed(show->admin, NULL);
		find_endpoint(&view->findings, &(struct held){
			.endpoint = &held->endpoint,
			.messages = held->messages,
			.count = held->count,
		});
	}
	if (view->kind == VIEW_QUEUE)
		find_queue(&view->findings, &view->u.queue);
	return EXIT_OK;
}

/* ---- finding it: -1, there is none, or an exit status ---- */

static int missed(const struct show *show, int err)
{
	return err == -ENOENT ? -1 : control_failed(show->admin, NULL);
}

static int show_channel(struct show *show, const char *name)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	int err = kipc_admin_channel(show->admin, name, &channel);
	struct view *view;

	if (err)
		return missed(show, err);
	view = add_view(show, VIEW_CHANNEL);
	view->u.channel = channel;
	return complete(show, view, channel.id);
}

static int show_queue(struct show *show, const char *name)
{
	struct kipc_admin_queue queue = { .size = sizeof(queue) };
	int err = kipc_admin_queue(show->admin, name, &queue);
	struct view *view;

	if (err)
		return missed(show, err);
	view = add_view(show, VIEW_QUEUE);
	view->u.queue = queue;
	return complete(show, view, queue.id);
}

static int show_user(struct show *show, uid_t uid)
{
	struct kipc_admin_user user;
	int status = account_get(show->admin, uid, &user);
	struct view *view;

	if (status)
		return status;
	view = add_view(show, VIEW_USER);
	view->u.user = user;
	return complete(show, view, 0);
}

/* The queue of that id; a listing ends where a function returns what is not 0. */
static int match_queue(const struct kipc_admin_queue *queue, void *context)
{
	struct kipc_admin_queue *wanted = context;

	if (queue->id != wanted->id)
		return 0;
	*wanted = *queue;
	return 1;
}

/* A server's id is its channel's as well: the whole channel is more to look at. */
static int show_id(struct show *show, uint32_t id, bool endpoint_only)
{
	struct kipc_admin_endpoint endpoint = { .size = sizeof(endpoint) };
	struct kipc_admin_queue queue = { .size = sizeof(queue), .id = id };
	int err = kipc_admin_endpoint(show->admin, id, &endpoint);
	struct view *view;

	if (!err && endpoint.role == KIPC_ADMIN_SERVER && !endpoint_only)
		return show_channel(show, endpoint.name);
	if (!err) {
		view = add_view(show, VIEW_ENDPOINT);
		add_endpoint(view, &endpoint);
		return complete(show, view, 0);
	}
	if (err != -ENOENT || endpoint_only)
		return missed(show, err);
	err = kipc_admin_queues(show->admin, match_queue, &queue);
	if (err <= 0)
		return err ? control_failed(show->admin, NULL) : -1;
	view = add_view(show, VIEW_QUEUE);
	view->u.queue = queue;
	return complete(show, view, id);
}

/* All digits, and not 0 */
static uint32_t id_of(const char *text)
{
	uint64_t id;

	if (text[strspn(text, "0123456789")] || size_of(text, &id) || id > UINT32_MAX)
		return 0;
	return (uint32_t)id;
}

/* Whatever has that name or number; a user, if nothing else */
static int show_word(struct show *show, const char *word)
{
	uint32_t id = id_of(word);
	int channel = show_channel(show, word);
	int queue = show_queue(show, word);
	int object = id ? show_id(show, id, false) : -1;
	uid_t uid;

	if (channel > 0 || queue > 0 || object > 0)
		return EXIT_FAILED;
	if (!channel || !queue || !object)
		return EXIT_OK;
	return !id && !user_number(word, &uid) ? show_user(show, uid) : -1;
}

static int show_argument(struct show *show, const char *argument)
{
	char name[KIPC_ADMIN_NAME];
	uid_t uid;

	if (address_name(argument, "channel", name))
		return show_channel(show, name);
	if (address_name(argument, "queue", name))
		return show_queue(show, name);
	if (address_name(argument, "endpoint", name))
		return id_of(name) ? show_id(show, id_of(name), true) : -1;
	if (address_name(argument, "user", name))
		return user_number(name, &uid) ? -1 : show_user(show, uid);
	return show_word(show, argument);
}

static void show_free(struct show *show)
{
	size_t i, j;

	for (i = 0; i < show->count; i++) {
		struct view *view = &show->views[i];

		for (j = 0; j < view->count; j++)
			free(view->endpoints[j].messages);
		free(view->endpoints);
		findings_free(&view->findings);
	}
	free(show->views);
}

int verb_show(int argc, char **argv)
{
	struct show show = { .views = NULL };
	bool json = false;
	int status = json_options(text, argc, argv, &json), i, one;

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (optind == argc)
		return usage(text, EXIT_USAGE);
	show.admin = control_open();
	if (!show.admin)
		return EXIT_FAILED;
	for (i = optind; i < argc; i++) {
		one = show_argument(&show, argv[i]);
		if (one < 0)
			one = failed("%s: there is no such channel, queue, endpoint or user here",
				     argv[i]);
		status |= one;
	}
	if (json)
		status |= view_print_json(show.views, show.count);
	else
		view_print(show.views, show.count);
	show_free(&show);
	kipc_admin_close(show.admin);
	return status;
}
