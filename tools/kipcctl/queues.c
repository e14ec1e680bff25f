// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl queues: the kipc queues of this network namespace, and how full they are.
 *
 * The kernel tells of one queue after the other, in the order of their numbers, which
 * those without a name (any more) do not have.  Those that come and go meanwhile may be
 * there or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <linux/kipc.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl queues [OPTION]...\n"
	"List the kipc queues that have a name, those of the drop-in libraries too.\n\n"
	"  -j, --json             everything that is known of each, as JSON\n"
	"  -h, --help             this\n\n"
	"The table shows messages and bytes that wait and may wait, the most messages\n"
	"that have waited, the processes that sent and received the last, and how many\n"
	"threads wait to send and to receive.\n\n"
	"Exit status: 0, listed, if there were any; 1, failed; 2, wrong usage.\n";

/* EXIT_OK to go on; -1 to end well. */
static int parse(bool *json, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		if (c != 'j')
			return usage(text, EXIT_USAGE);
		*json = true;
	}
	return optind == argc ? EXIT_OK : usage(text, EXIT_USAGE);
}

/* The queue that follows @stat's; 0 or -errno, -ENOENT after the last. */
static int next_queue(int fd, struct kipc_queue_stat *stat)
{
	__u32 number = stat->number;

	do {
		*stat = (struct kipc_queue_stat){
			.size = sizeof(*stat),
			.flags = KIPC_STAT_NEXT,
			.number = number,
		};
		if (!ioctl(fd, KIPC_IOC_QUEUE_STAT, stat))
			return 0;
	} while (errno == EIDRM);
	return -errno;
}

/* ---- for people ---- */

static const char *user_name(unsigned int uid, char *buf, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		return user->pw_name;
	snprintf(buf, size, "%u", uid);
	return buf;
}

/* "3/10" */
static const char *part(char *buf, size_t size, __u64 now, __u64 most)
{
	snprintf(buf, size, "%llu/%llu", now, most);
	return buf;
}

static const char *process(char *buf, size_t size, __u32 pid)
{
	if (!pid)
		return "-";
	snprintf(buf, size, "%u", pid);
	return buf;
}

static void print_row(const struct kipc_queue_stat *stat)
{
	char owner[16], msgs[44], bytes[44], sender[16], receiver[16], waiting[44];

	printf("%-24s %7u %-8s %04o %11s %19s %7llu %7s %8s %7s\n",
	       stat->name, stat->number,
	       user_name(stat->uid, owner, sizeof(owner)), stat->mode,
	       part(msgs, sizeof(msgs), stat->msgs, stat->max_msgs),
	       part(bytes, sizeof(bytes), stat->bytes, stat->max_bytes), stat->peak_msgs,
	       process(sender, sizeof(sender), stat->send_pid),
	       process(receiver, sizeof(receiver), stat->recv_pid),
	       part(waiting, sizeof(waiting), stat->senders, stat->receivers));
}

static int print_table(int fd)
{
	struct kipc_queue_stat stat = { .number = 0 };
	int err;

	printf("%-24s %7s %-8s %4s %11s %19s %7s %7s %8s %7s\n", "NAME", "NUMBER", "OWNER",
	       "MODE", "MESSAGES", "BYTES", "PEAK", "SENDER", "RECEIVER", "WAITING");
	while (!(err = next_queue(fd, &stat)))
		print_row(&stat);
	return err;
}

/* ---- for programs ---- */

static int set_number(json_t *object, const char *name, __u64 value)
{
	return json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *json_queue(const struct kipc_queue_stat *stat)
{
	const struct {
		const char *name;
		__u64 value;
	} numbers[] = {
		{ "number", stat->number },
		{ "uid", stat->uid },
		{ "gid", stat->gid },
		{ "creator_uid", stat->creator_uid },
		{ "creator_gid", stat->creator_gid },
		{ "msgs", stat->msgs },
		{ "max_msgs", stat->max_msgs },
		{ "peak_msgs", stat->peak_msgs },
		{ "bytes", stat->bytes },
		{ "max_bytes", stat->max_bytes },
		{ "peak_bytes", stat->peak_bytes },
		{ "max_size", stat->max_size },
		{ "sent", stat->sent },
		{ "received", stat->received },
		{ "send_time_ns", stat->send_time },
		{ "recv_time_ns", stat->recv_time },
		{ "change_time_ns", stat->change_time },
		{ "send_pid", stat->send_pid },
		{ "recv_pid", stat->recv_pid },
		{ "senders", stat->senders },
		{ "receivers", stat->receivers },
	};
	json_t *object = json_object();
	unsigned int i;
	char mode[8];
	int err;

	snprintf(mode, sizeof(mode), "%04o", stat->mode);
	err = json_object_set_new(object, "name", json_string(stat->name));
	err |= json_object_set_new(object, "mode", json_string(mode));
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		err |= set_number(object, numbers[i].name, numbers[i].value);
	if (!err)
		return object;
	json_decref(object);
	return NULL;
}

static int print_json(int fd)
{
	struct kipc_queue_stat stat = { .number = 0 };
	json_t *queues = json_array();
	int err = queues ? 0 : -ENOMEM;

	while (!err) {
		err = next_queue(fd, &stat);
		if (!err && json_array_append_new(queues, json_queue(&stat)))
			err = -ENOMEM;
	}
	if (err == -ENOENT && (json_dumpf(queues, stdout, JSON_INDENT(2)) || putchar('\n') < 0))
		err = -EIO;
	json_decref(queues);
	return err;
}

int verb_queues(int argc, char **argv)
{
	bool json = false;
	int status = parse(&json, argc, argv);
	int fd, err;

	if (status)
		return status < 0 ? EXIT_OK : status;
	fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return failed_at("queue:", errno == ENOENT || errno == ENXIO ? -ENODEV : -errno);
	err = json ? print_json(fd) : print_table(fd);
	close(fd);
	return err == -ENOENT ? EXIT_OK : failed_at("queue:", err);
}
