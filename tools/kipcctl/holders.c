// SPDX-License-Identifier: GPL-2.0
/*
 * Who has /dev/kipc open?
 *
 * /proc tells of descriptors and of mapped pools, as far as the asker may look at other
 * processes.  A descriptor that is in a message on its way is in no process.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "human.h"
#include "module.h"

/* The device has this name wherever it has been put: "/dev/kipc", "/jail/dev/kipc". */
static bool names_device(const char *path)
{
	static const char name[] = "/kipc";
	size_t len = strlen(path);

	return len >= sizeof(name) - 1 && !strcmp(path + len - (sizeof(name) - 1), name);
}

/* Is one of the descriptors of /proc/PID the device?  -1: we may not look. */
static int has_descriptor(int proc)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	const struct dirent *entry;
	char path[256];
	ssize_t len;
	DIR *dir;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (!found && (entry = readdir(dir))) {
		struct stat st;

		len = readlinkat(fd, entry->d_name, path, sizeof(path) - 1);
		if (len <= 0)
			continue;
		path[len] = '\0';
		found = names_device(path) && !fstatat(fd, entry->d_name, &st, 0) &&
			S_ISCHR(st.st_mode);
	}
	closedir(dir);
	return found;
}

static bool has_mapping(int proc)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	char line[512];
	bool found = false;

	if (!maps) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && fgets(line, sizeof(line), maps)) {
		line[strcspn(line, "\n")] = '\0';
		found = names_device(line);
	}
	fclose(maps);
	return found;
}

static void describe(int proc, const char *pid, struct holder *holder)
{
	struct stat st = { .st_uid = (uid_t)-1 };

	fstat(proc, &st);
	holder->pid = atoi(pid);
	holder->uid = st.st_uid;
}

/* One that has ended meanwhile is not hidden. */
static bool is_hidden(int err)
{
	return err == EACCES || err == EPERM;
}

/*
 * Those who have it, up to @max of them.  @all_seen: nobody was hidden from us.  Where /proc
 * is mounted with hidepid=, others may not even be there, and process 1 is one of them.
 */
size_t holders_find(struct holder *holders, size_t max, bool *all_seen)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t count = 0;

	*all_seen = dir && !access("/proc/1", F_OK);
	while (dir && count < max && (entry = readdir(dir))) {
		int proc, has;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		proc = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		has = proc < 0 ? -1 : has_descriptor(proc);
		if (has < 0 && is_hidden(errno))
			*all_seen = false;
		if (proc < 0)
			continue;
		if (has > 0 || (!has && has_mapping(proc)))
			describe(proc, entry->d_name, &holders[count++]);
		close(proc);
	}
	if (dir)
		closedir(dir);
	return count;
}

/* A line for each, for people. */
void holders_print(FILE *out)
{
	struct holder holders[32];
	bool all_seen;
	size_t i, count = holders_find(holders, 32, &all_seen);

	for (i = 0; i < count; i++)
		fprintf(out, "  process %s of %s\n", human_process(holders[i].pid).s,
			human_user(holders[i].uid).s);
	if (count == 32)
		fprintf(out, "  and perhaps others\n");
	else if (!count)
		fprintf(out, "  nobody that /proc shows%s\n", all_seen ?
			": a message on its way may hold a descriptor" : " to this user");
}
