// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl status: is the module there, can it be used, how is it set up, and what is there
 * in this network namespace?
 *
 * The first two are read from /sys/module/kipc and /dev/kipc.  Without generic netlink the
 * rest is left out, and that is said.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "account.h"
#include "control.h"
#include "json.h"
#include "kipcctl.h"
#include "module.h"

static const char text[] =
	"Usage: kipcctl status [OPTION]...\n"
	"Show whether the kipc module is loaded, its version, its device, its parameters,\n"
	"what there is in this network namespace, and what a user may have who has no\n"
	"limit of its own.\n\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, it can be used; 1, it cannot; 2, wrong usage.\n";

/* ---- the module ---- */

/* Into @object, if there is one, or onto the screen */
static void tell(json_t *object, const char *key, const char *what, const char *value)
{
	if (object)
		json_put_text(object, key, value);
	else
		printf("%-24s %s\n", what, value);
}

static void tell_file(json_t *object, const char *what, const char *file)
{
	char path[300], line[256];

	snprintf(path, sizeof(path), MODULE_SYS "/%s", file);
	if (!read_line(path, line, sizeof(line)))
		tell(object, what, what, line);
}

static int is_parameter(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void tell_parameters(json_t *object)
{
	struct dirent **entries;
	int i, n = scandir(MODULE_SYS "/parameters", &entries, is_parameter, alphasort);
	char file[300];

	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "parameters/%s", entries[i]->d_name);
		tell_file(object, entries[i]->d_name, file);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void tell_module(json_t *object)
{
	json_t *parameters = object ? json_object() : NULL;

	if (object)
		json_put(object, "loaded", json_true());
	else
		printf("%-24s loaded\n", "module");
	tell_file(object, "version", "version");
	tell_file(object, "references", "refcnt");
	tell_parameters(parameters);
	if (object)
		json_put(object, "parameters", parameters);
}

/* ---- the device ---- */

static void tell_node(json_t *object, const struct stat *st)
{
	json_t *device;

	if (!object) {
		printf("%-24s " DEVICE " (%u:%u, mode %04o, owner %u:%u)\n", "device",
		       major(st->st_rdev), minor(st->st_rdev), st->st_mode & 07777, st->st_uid,
		       st->st_gid);
		return;
	}
	device = json_object();
	json_put_text(device, "path", DEVICE);
	json_put_number(device, "major", major(st->st_rdev));
	json_put_number(device, "minor", minor(st->st_rdev));
	json_put_mode(device, "mode", st->st_mode);
	json_put_number(device, "uid", st->st_uid);
	json_put_number(device, "gid", st->st_gid);
	json_put(object, "device", device);
}

/* The device: its mode, and the interface that the module speaks through it. */
static int tell_device(json_t *object)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };
	int fd, status = EXIT_OK;
	struct stat st;

	if (stat(DEVICE, &st))
		return failed_at(NULL, -ENODEV);
	tell_node(object, &st);
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return failed(DEVICE ": %s", strerror(errno));
	if (ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info))
		status = failed(DEVICE ": %s", strerror(errno));
	else if (object)
		json_put_number(object, "interface", info.version);
	else
		printf("%-24s %u (this program: %u)\n", "interface", info.version,
		       KIPC_ABI_VERSION);
	close(fd);
	return status;
}

/* ---- what there is ---- */

static void tell_stats(json_t *object, const struct kipc_admin_stats *stats)
{
	const struct {
		const char *key, *what;
		uint64_t value;
		bool bytes;
	} lines[] = {
		{ "channels", "channels", stats->channels, false },
		{ "queues", "queues", stats->queues, false },
		{ "endpoints", "endpoints", stats->endpoints, false },
		{ "memory", "memory behind pools", stats->memory, true },
		{ "messages", "messages of channels", stats->messages, false },
		{ "bytes", "their bytes", stats->bytes, true },
		{ "failed", "calls that failed", stats->failed, false },
		{ "sent", "messages sent to queues", stats->sent, false },
		{ "received", "received from queues", stats->received, false },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (object)
			json_put_number(object, lines[i].key, lines[i].value);
		else if (lines[i].bytes)
			printf("%-24s %s\n", lines[i].what, human_bytes(lines[i].value).s);
		else
			printf("%-24s %s\n", lines[i].what, human_count(lines[i].value).s);
	}
}

static void tell_limits(json_t *object, const struct kipc_admin_user *defaults)
{
	unsigned int i;
	char what[32];

	for (i = 0; i < defaults->charges && i < KIPC_ADMIN_QUOTAS; i++) {
		const char *name = kipc_admin_quota_name(i);
		uint64_t limit = defaults->charge[i].limit;

		if (object) {
			json_put_number(object, name, limit);
			continue;
		}
		snprintf(what, sizeof(what), "limit of %s", name);
		printf("%-24s %s\n", what, account_amount(i, limit).s);
	}
}

/* Not to be told of these is a pity, and no failure. */
static void tell_control(json_t *object)
{
	struct kipc_admin_user defaults = { .size = sizeof(defaults) };
	struct kipc_admin_stats stats = { .size = sizeof(stats) };
	json_t *counts = object ? json_object() : NULL, *limits = object ? json_object() : NULL;
	struct kipc_admin *admin;
	int err = kipc_admin_open(&admin);

	if (err)
		failed("what there is cannot be shown: %s", strerror(-err));
	if (!err && !kipc_admin_stats(admin, &stats))
		tell_stats(counts, &stats);
	else if (!err)
		control_failed(admin, "what there is cannot be shown");
	if (!err && !kipc_admin_user(admin, KIPC_ADMIN_DEFAULTS, &defaults))
		tell_limits(limits, &defaults);
	else if (!err)
		control_failed(admin, "the limits cannot be shown");
	if (object) {
		json_put(object, "here", counts);
		json_put(object, "limits", limits);
	}
	if (!err)
		kipc_admin_close(admin);
}

int verb_status(int argc, char **argv)
{
	bool json = false;
	int status = json_options(text, argc, argv, &json);
	json_t *object;

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (optind != argc)
		return usage(text, EXIT_USAGE);
	object = json ? json_object() : NULL;
	if (access(MODULE_SYS, F_OK)) {
		if (object)
			json_put(object, "loaded", json_false());
		else
			printf("%-24s not loaded\n", "module");
		status = failed_at(NULL, -ENODEV);
	} else {
		tell_module(object);
		status = tell_device(object);
		tell_control(object);
	}
	if (object)
		status |= put_json(object, 0);
	return status;
}
