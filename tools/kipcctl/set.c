// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl set: change the owner, group and mode of a channel or queue, and what a queue may
 * hold.  All of it is one request: it is done, or nothing is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "human.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl set channel:NAME|queue:NAME WHAT=VALUE...\n"
	"Change a channel or queue while it is in use.\n\n"
	"  -h, --help             this\n\n"
	"WHAT is one of\n"
	"  owner                  a user, by name or number\n"
	"  group                  a group\n"
	"  mode                   permission bits, octal: for those who open it from now on\n"
	"and of a queue\n"
	"  max_msgs               messages it may hold\n"
	"  max_bytes              bytes of payload it may hold\n"
	"  max_size               bytes of its largest message\n"
	"which are numbers, with K, M or G if need be.  This is for its owner, for who made\n"
	"it, and for CAP_IPC_OWNER.\n\n"
	"Exit status: 0, changed; 1, failed; 2, wrong usage.\n";

struct item {
	const char *name;
	uint32_t bit;
	int (*parse)(struct kipc_admin_change *change, const char *value);
};

static int parse_owner(struct kipc_admin_change *change, const char *value)
{
	return user_number(value, &change->uid);
}

static int parse_group(struct kipc_admin_change *change, const char *value)
{
	return group_number(value, &change->gid);
}

static int parse_mode(struct kipc_admin_change *change, const char *value)
{
	return mode_number(value, &change->mode);
}

static int parse_max_msgs(struct kipc_admin_change *change, const char *value)
{
	return size_of(value, &change->max_msgs);
}

static int parse_max_bytes(struct kipc_admin_change *change, const char *value)
{
	return size_of(value, &change->max_bytes);
}

static int parse_max_size(struct kipc_admin_change *change, const char *value)
{
	return size_of(value, &change->max_size);
}

static const struct item items[] = {
	{ "owner", KIPC_ADMIN_SET_UID, parse_owner },
	{ "group", KIPC_ADMIN_SET_GID, parse_group },
	{ "mode", KIPC_ADMIN_SET_MODE, parse_mode },
	{ "max_msgs", KIPC_ADMIN_SET_MAX_MSGS, parse_max_msgs },
	{ "max_bytes", KIPC_ADMIN_SET_MAX_BYTES, parse_max_bytes },
	{ "max_size", KIPC_ADMIN_SET_MAX_SIZE, parse_max_size },
};

#define ITEMS (sizeof(items) / sizeof(items[0]))
#define ONLY_QUEUES (KIPC_ADMIN_SET_MAX_MSGS | KIPC_ADMIN_SET_MAX_BYTES | KIPC_ADMIN_SET_MAX_SIZE)

static const struct item *find_item(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < ITEMS; i++)
		if (!strncmp(text, items[i].name, len) && !items[i].name[len])
			return &items[i];
	return NULL;
}

/* "mode=0660" */
static int parse_item(struct kipc_admin_change *change, const char *text)
{
	size_t len = strcspn(text, "=");
	const struct item *item = find_item(text, len);

	if (!text[len] || !item) {
		failed(text[len] ? "'%s': nothing of that name can be set (kipcctl set --help)" :
		       "'%s' is not WHAT=VALUE", text);
		return EXIT_USAGE;
	}
	if (item->parse(change, text + len + 1)) {
		if (item->bit & (KIPC_ADMIN_SET_UID | KIPC_ADMIN_SET_GID))
			return failed("no %s '%s'", item->bit == KIPC_ADMIN_SET_UID ? "user" :
				      "group", text + len + 1);
		failed("'%s' is no %s", text + len + 1, item->name);
		return EXIT_USAGE;
	}
	change->set |= item->bit;
	return EXIT_OK;
}

static int explain(const struct kipc_admin *admin, const char *address, int err)
{
	if (err == -ENOENT)
		return failed("%s: there is none; kipcctl channels and kipcctl queues list them",
			      address);
	if (err == -EPERM)
		return failed("%s: only its owner, who made it and CAP_IPC_OWNER may change it",
			      address);
	return control_failed(admin, address);
}

static int change_it(const char *address, const struct kipc_admin_change *change)
{
	struct kipc_admin *admin = control_open();
	char name[KIPC_ADMIN_NAME];
	int err, status = EXIT_OK;

	if (!admin)
		return EXIT_FAILED;
	if (address_name(address, "channel", name))
		err = kipc_admin_change_channel(admin, name, change);
	else
		err = kipc_admin_change_queue(admin, address_name(address, "queue", name), change);
	if (err)
		status = explain(admin, address, err);
	kipc_admin_close(admin);
	return status;
}

int verb_set(int argc, char **argv)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char name[KIPC_ADMIN_NAME];
	const char *address;
	int i, c, status;
	bool queue;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return usage(text, c == 'h' ? EXIT_OK : EXIT_USAGE);
	if (argc - optind < 2)
		return usage(text, EXIT_USAGE);
	address = argv[optind];
	queue = address_name(address, "queue", name);
	if (!queue && !address_name(address, "channel", name)) {
		failed("'%s' is neither channel:NAME nor queue:NAME", address);
		return EXIT_USAGE;
	}
	for (i = optind + 1; i < argc; i++) {
		status = parse_item(&change, argv[i]);
		if (status)
			return status;
	}
	if (!queue && change.set & ONLY_QUEUES) {
		failed("%s: only a queue has limits of its own", address);
		return EXIT_USAGE;
	}
	return change_it(address, &change);
}
