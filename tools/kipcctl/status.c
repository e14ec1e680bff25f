// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl status: is the module there, can it be used, and how is it set up?
 * Everything is read from /sys/module/kipc and /dev/kipc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kipc.h"
#include "kipcctl.h"

#define MODULE "/sys/module/kipc"

static const char text[] =
	"Usage: kipcctl status\n"
	"Show whether the kipc module is loaded, its version, its device and its\n"
	"parameters.\n\n"
	"Exit status: 0, it can be used; 1, it cannot; 2, wrong usage.\n";

/* The first line of a file, without its newline; 0 or -1. */
static int read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	int ok;

	if (!file)
		return -1;
	ok = !!fgets(line, size, file);
	fclose(file);
	if (!ok)
		return -1;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static void show(const char *what, const char *file)
{
	char path[512], line[256];

	snprintf(path, sizeof(path), MODULE "/%s", file);
	if (!read_line(path, line, sizeof(line)))
		printf("%-24s %s\n", what, line);
}

static void show_parameters(void)
{
	DIR *dir = opendir(MODULE "/parameters");
	const struct dirent *entry;
	char file[300];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "parameters/%s", entry->d_name);
		show(entry->d_name, file);
	}
	closedir(dir);
}

/* The device: its mode, and the interface that the module speaks through it. */
static int show_device(void)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };
	struct stat st;
	int fd, status = EXIT_OK;

	if (stat("/dev/kipc", &st))
		return failed_at(NULL, -ENODEV);
	printf("%-24s /dev/kipc (%u:%u, mode %04o, owner %u:%u)\n", "device",
	       major(st.st_rdev), minor(st.st_rdev), st.st_mode & 07777,
	       st.st_uid, st.st_gid);
	fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return failed("/dev/kipc: %s", strerror(errno));
	if (ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info))
		status = failed("/dev/kipc: %s", strerror(errno));
	else
		printf("%-24s %u (this program: %u)\n", "interface", info.version,
		       KIPC_ABI_VERSION);
	close(fd);
	return status;
}

int verb_status(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(text, EXIT_OK);
	if (argc != 1)
		return usage(text, EXIT_USAGE);
	if (access(MODULE, F_OK)) {
		printf("%-24s not loaded\n", "module");
		return failed_at(NULL, -ENODEV);
	}
	printf("%-24s loaded\n", "module");
	show("version", "version");
	show("references", "refcnt");
	show_parameters();
	return show_device();
}
