/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl show: what has been found of one thing, for show.c, which finds it, and its printers. */
#ifndef KIPCCTL_SHOW_H
#define KIPCCTL_SHOW_H

#include <stddef.h>

#include "findings.h"
#include "kipc_admin.h"

enum view_kind {
	VIEW_CHANNEL,
	VIEW_QUEUE,
	VIEW_ENDPOINT,
	VIEW_USER,
};

/* The most messages that kipc_admin_messages() tells of */
#define VIEW_MESSAGES 16

/* An endpoint, and what it holds: @messages is NULL where that is nothing. */
struct view_endpoint {
	struct kipc_admin_endpoint endpoint;
	struct kipc_admin_message *messages;
	size_t count;
};

struct view {
	enum view_kind kind;
	union {
		struct kipc_admin_channel channel;
		struct kipc_admin_queue queue;
		struct kipc_admin_user user;
	} u;
	struct view_endpoint *endpoints;	/* its own; of VIEW_ENDPOINT the one */
	size_t count;
	size_t room;
	struct findings findings;
};

void view_print(const struct view *views, size_t count);
int view_print_json(const struct view *views, size_t count);

#endif /* KIPCCTL_SHOW_H */
