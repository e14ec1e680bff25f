// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl doctor: the module, its device, its control, and the names and limits that it
 * keeps.  All but the first two it tells itself, through libkipc-admin.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kipc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "control.h"
#include "doctor.h"
#include "human.h"
#include "kipcctl.h"
#include "module.h"

/* ---- module and device ---- */

/* Is it there for this kernel, as modprobe would find it? */
static bool installed(const struct utsname *kernel)
{
	char path[256], line[4096];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", kernel->release);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/kipc.ko") || !strncmp(line, "kipc.ko", 7);
	}
	if (file)
		fclose(file);
	return found;
}

static bool check_loaded(struct report *report)
{
	struct utsname kernel;
	char version[64];

	if (!read_line(MODULE_SYS "/version", version, sizeof(version))) {
		find(report, "module", VERDICT_WELL, "loaded, version %s", version);
		return true;
	}
	uname(&kernel);
	if (!access(MODULE_SYS, F_OK)) {
		find(report, "module", VERDICT_WELL, "loaded");
		return true;
	}
	find(report, "module", VERDICT_WRONG, "kipc is not loaded");
	if (installed(&kernel))
		advise(report, "sudo kipcctl load");
	else
		advise(report, "none is installed for %s: `sudo kipcctl load kipc.ko`",
		       kernel.release);
	return false;
}

/* The number that the device has, "10:123"; it is in no file of /dev that is not there. */
static bool device_number(char *number, size_t size)
{
	return !read_line("/sys/class/misc/kipc/dev", number, (int)size);
}

static bool no_node(struct report *report)
{
	char number[32], *minor_part;

	find(report, "device", VERDICT_WRONG, DEVICE " is not there");
	if (!device_number(number, sizeof(number)))
		snprintf(number, sizeof(number), "MAJOR:MINOR");
	minor_part = strchr(number, ':');
	*minor_part++ = '\0';
	advise(report, "as root: mknod -m 666 " DEVICE " c %s %s; or a container's --device",
	       number, minor_part);
	return false;
}

/* The node is there: is it this device, and may we? */
static bool check_node(struct report *report, const struct stat *st)
{
	char number[32], own[32];

	snprintf(own, sizeof(own), "%u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (!S_ISCHR(st->st_mode)) {
		find(report, "device", VERDICT_WRONG, DEVICE " is no device");
		advise(report, "as root: remove it, and unload and load the module");
		return false;
	}
	if (device_number(number, sizeof(number)) && strcmp(number, own)) {
		find(report, "device", VERDICT_WRONG, DEVICE " has the number %s, and not %s",
		     own, number);
		advise(report, "it is an old one: remove it, and unload and load the module");
		return false;
	}
	find(report, "device", VERDICT_WELL, DEVICE ", mode %04o, owner %s, group %s",
	     st->st_mode & 07777, human_user(st->st_uid).s, human_group(st->st_gid).s);
	return true;
}

static int open_device(struct report *report)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), err = errno;

	if (fd >= 0) {
		find(report, "permission", VERDICT_WELL, "user %s may open " DEVICE,
		     human_user(geteuid()).s);
		return fd;
	}
	find(report, "permission", VERDICT_WRONG, "user %s may not open " DEVICE ": %s",
	     human_user(geteuid()).s, strerror(err));
	switch (err) {
	case EACCES:
		advise(report, "install the udev rule, tools/kipc.udev; now: sudo chmod 666 %s",
		       DEVICE);
		break;
	case EPERM:
		advise(report, "the container's rules forbid it: run it with --device %s", DEVICE);
		break;
	case EMFILE:
	case ENFILE:
		advise(report, "raise the limit of open files (ulimit -n)");
		break;
	case EDQUOT:
	case EUSERS:
		advise(report, "the user has too many endpoints: `kipcctl users`, `kipcctl limit`");
		break;
	}
	return -1;
}

static bool check_interface(struct report *report, int fd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	if (ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info)) {
		find(report, "interface", VERDICT_WRONG, DEVICE " does not answer as kipc does: %s",
		     strerror(errno));
		advise(report, "module and programs are of different versions: install one");
		return false;
	}
	if (info.version != KIPC_ABI_VERSION) {
		find(report, "interface", VERDICT_WRONG, "the module's is %u, this program's %u",
		     info.version, KIPC_ABI_VERSION);
		advise(report, "install both from one version, and load that module");
		return false;
	}
	find(report, "interface", VERDICT_WELL, "version %u, as this program's", info.version);
	return true;
}

static void check_control(struct report *report)
{
	struct kipc_admin *admin;
	int err = kipc_admin_open(&admin);

	if (!err) {
		kipc_admin_close(admin);
		find(report, "control", VERDICT_WELL, "the generic netlink family kipc answers");
		return;
	}
	find(report, "control", VERDICT_WRONG, "no generic netlink family kipc: %s",
	     strerror(-err));
	if (err == -ENODEV)
		advise(report, "the module is older than this program: install and load it");
	else if (err == -EPROTONOSUPPORT)
		advise(report, "the kernel has no generic netlink; only looking needs it");
	else
		advise(report, "does a sandbox keep netlink from this process (seccomp)?");
}

/* The number of a network namespace, that of /proc/PID/ns/net; 0: we may not look. */
static ino_t net_of(const char *pid)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return stat(path, &st) ? 0 : st.st_ino;
}

static void check_namespace(struct report *report)
{
	ino_t own = net_of("self"), first = net_of("1");

	if (own && first && own != first)
		find(report, "namespace", VERDICT_NOTE,
		     "network namespace %lu, not process 1's: names made there are not seen here",
		     (unsigned long)own);
	else
		find(report, "namespace", VERDICT_WELL, "network namespace %lu",
		     (unsigned long)own);
}

void check_module(struct report *report)
{
	struct stat st;
	int fd;

	if (!check_loaded(report))
		return;
	if (stat(DEVICE, &st) ? !no_node(report) : !check_node(report, &st))
		return;
	fd = open_device(report);
	if (fd < 0)
		return;
	if (check_interface(report, fd)) {
		check_control(report);
		check_namespace(report);
	}
	close(fd);
}

/* ---- names ---- */

/* A channel or a queue, as far as a connection wants to know. */
struct named {
	bool queue;
	char name[KIPC_ADMIN_NAME];
	uid_t uid;
	gid_t gid;
	mode_t mode;
	pid_t server;
	uint64_t msgs;		/* of a queue, as what follows */
	uint64_t max_msgs;
};

static int ask(struct kipc_admin *admin, struct named *named)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_queue queue = { .size = sizeof(queue) };
	int err;

	if (named->queue) {
		err = kipc_admin_queue(admin, named->name, &queue);
		named->uid = queue.uid;
		named->gid = queue.gid;
		named->mode = queue.mode;
		named->msgs = queue.msgs;
		named->max_msgs = queue.max_msgs;
		return err;
	}
	err = kipc_admin_channel(admin, named->name, &channel);
	named->uid = channel.uid;
	named->gid = channel.gid;
	named->mode = channel.mode;
	named->server = channel.server.pid;
	return err;
}

/* In a child, as there is no way back: 0, it has the name; 1, it has not; 2, unknown. */
static int ask_in_namespace(const char *pid, struct named *named)
{
	struct kipc_admin *admin;
	char path[300];
	int fd, status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET) || kipc_admin_open(&admin))
			_exit(2);
		status = ask(admin, named);
		_exit(!status ? 0 : status == -ENOENT ? 1 : 2);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 2;
	return WEXITSTATUS(status);
}

#define NAMESPACES_MAX 64

/*
 * A process in whose network namespace the name is; 0: there is none that we may look into.
 * @hidden: how many namespaces those are that we may not.
 */
static pid_t search_namespaces(struct named *named, unsigned int *hidden)
{
	ino_t seen[NAMESPACES_MAX] = { net_of("self") };
	unsigned int count = 1, i;
	const struct dirent *entry;
	DIR *dir = opendir("/proc");
	pid_t pid = 0;

	*hidden = 0;
	while (dir && !pid && count < NAMESPACES_MAX && (entry = readdir(dir))) {
		ino_t net = *entry->d_name > '0' && *entry->d_name <= '9' ?
			    net_of(entry->d_name) : 0;

		for (i = 0; i < count && seen[i] != net; i++)
			;
		if (!net || i < count)
			continue;
		seen[count++] = net;
		switch (ask_in_namespace(entry->d_name, named)) {
		case 0:
			pid = atoi(entry->d_name);
			break;
		case 2:
			(*hidden)++;
			break;
		}
	}
	if (dir)
		closedir(dir);
	return pid;
}

/* The names of a listing are gone with the next one, so that the nearest must be kept. */
struct near_name {
	struct nearest near;
	char name[KIPC_ADMIN_NAME];
};

static void keep_nearest(struct near_name *kept, const char *name)
{
	kept->near.found = NULL;
	nearest_try(&kept->near, name);
	if (kept->near.found)
		snprintf(kept->name, sizeof(kept->name), "%s", name);
}

static int keep_channel(const struct kipc_admin_channel *channel, void *context)
{
	keep_nearest(context, channel->name);
	return 0;
}

static int keep_queue(const struct kipc_admin_queue *queue, void *context)
{
	keep_nearest(context, queue->name);
	return 0;
}

/* It is not here: is it elsewhere, or is another one meant? */
static void explain_missing(struct report *report, struct kipc_admin *admin, struct named *named)
{
	const char *what = named->queue ? "queue" : "channel";
	struct near_name kept = { .near = nearest_to(named->name) };
	struct named other = *named;
	unsigned int hidden;
	pid_t pid;

	find(report, "name", VERDICT_WRONG, "no %s '%s' in this network namespace", what,
	     named->name);
	other.queue = !named->queue;
	if (!ask(admin, &other)) {
		advise(report, "there is a %s of that name: %s:%s", other.queue ? "queue" :
		       "channel", other.queue ? "queue" : "channel", named->name);
		return;
	}
	pid = search_namespaces(named, &hidden);
	if (pid) {
		advise(report, "it is in that of process %s: nsenter --net -t %d kipcctl ...",
		       human_process(pid).s, pid);
		return;
	}
	if (named->queue)
		kipc_admin_queues(admin, keep_queue, &kept);
	else
		kipc_admin_channels(admin, keep_channel, &kept);
	if (*kept.name)
		advise(report, "is it %s:%s?", what, kept.name);
	else if (hidden)
		advise(report, "start its server; or is it in one of %u others (ask as root)?",
		       hidden);
	else if (named->queue)
		advise(report, "its receiver makes it, or `kipcctl create %s`", report->address);
	else
		advise(report, "start its server first");
}

static void explain_denied(struct report *report, const struct named *named)
{
	find(report, "mode", VERDICT_WRONG,
	     "mode %04o of owner %s and group %s does not let user %s %s", named->mode,
	     human_user(named->uid).s, human_group(named->gid).s, human_user(geteuid()).s,
	     named->queue ? "send" : "connect");
	advise(report, "its owner: kipcctl set %s:%s mode=666; or its %s says ?mode=666",
	       named->queue ? "queue" : "channel", named->name,
	       named->queue ? "receiver" : "server");
}

void check_name(struct report *report)
{
	struct named named = { .queue = !strncmp(report->address, "queue:", 6) };
	struct kipc_admin *admin;
	int err;

	if (!address_name(report->address, named.queue ? "queue" : "channel", named.name) ||
	    kipc_admin_open(&admin))
		return;
	err = ask(admin, &named);
	if (err == -ENOENT) {
		explain_missing(report, admin, &named);
	} else if (!err) {
		if (named.queue)
			find(report, "name", VERDICT_WELL,
			     "the queue is there: %llu of %llu messages",
			     (unsigned long long)named.msgs,
			     (unsigned long long)named.max_msgs);
		else
			find(report, "name", VERDICT_WELL, "the channel is there, served by %s",
			     human_process(named.server).s);
		if (report->error == -EACCES)
			explain_denied(report, &named);
		else
			find(report, "mode", VERDICT_WELL, "%04o, owner %s, group %s", named.mode,
			     human_user(named.uid).s, human_group(named.gid).s);
		if (named.queue && named.msgs >= named.max_msgs) {
			find(report, "room", VERDICT_NOTE, "the queue is full: who sends waits");
			advise(report, "start its receiver, or: kipcctl set queue:%s max_msgs=N",
			       named.name);
		}
	}
	kipc_admin_close(admin);
}

/* ---- limits ---- */

static void check_charge(struct report *report, unsigned int what,
			 const struct kipc_admin_charge *charge)
{
	const char *name = kipc_admin_quota_name(what);
	bool full = charge->taken >= charge->limit;

	if (charge->taken < charge->limit - charge->limit / 10)
		return;
	find(report, "limits", full ? VERDICT_WRONG : VERDICT_NOTE,
	     "%s: user %s has %s of the %s that it may have", name,
	     human_user(geteuid()).s, account_amount(what, charge->taken).s,
	     account_amount(what, charge->limit).s);
	advise(report, "end what is not needed, or as root: kipcctl limit %s %s=N",
	       human_user(geteuid()).s, name);
}

/* Is one of the user's limits near its end? */
void check_limits(struct report *report)
{
	struct kipc_admin_user user = { .size = sizeof(user) };
	unsigned int i, before = report->count;
	struct kipc_admin *admin;
	int err;

	if (kipc_admin_open(&admin))
		return;
	err = kipc_admin_user(admin, geteuid(), &user);
	kipc_admin_close(admin);
	if (err && err != -ENOENT) {
		find(report, "limits", VERDICT_UNKNOWN, "the user's account cannot be seen: %s",
		     strerror(-err));
		return;
	}
	for (i = 0; !err && i < KIPC_ADMIN_QUOTAS && i < user.charges; i++)
		check_charge(report, i, &user.charge[i]);
	if (report->count == before)
		find(report, "limits", VERDICT_WELL, "user %s is far from all of its limits",
		     human_user(geteuid()).s);
}
