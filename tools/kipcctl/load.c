// SPDX-License-Identifier: GPL-2.0
/* kipcctl load, kipcctl unload: the module into the kernel and out of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kipcctl.h"

static const char load_text[] =
	"Usage: kipcctl load [FILE [PARAMETER=VALUE]...]\n"
	"Load the module: FILE (kipc.ko), or without it the installed one, with\n"
	"modprobe.\n\n"
	"Exit status: 0, it is loaded (or was); 1, failed; 2, wrong usage.\n";

static const char unload_text[] =
	"Usage: kipcctl unload\n"
	"Unload the module.  While somebody uses it, that fails.\n\n"
	"Exit status: 0, it is gone; 1, failed; 2, wrong usage.\n";

static int load_file(int argc, char **argv)
{
	char params[4096] = "";
	size_t len = 0;
	int i, fd, err;

	for (i = 2; i < argc; i++) {
		len += (size_t)snprintf(params + len, sizeof(params) - len, "%s ", argv[i]);
		if (len >= sizeof(params))
			return failed("the parameters are too long");
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("%s: %s", argv[1], strerror(errno));
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	switch (err) {
	case 0:
	case EEXIST:
		return EXIT_OK;
	case ENOEXEC:
		return failed("%s: not a module for this kernel (the kernel log says why)",
			      argv[1]);
	default:
		return failed("%s: %s", argv[1], strerror(err));
	}
}

int verb_load(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(load_text, EXIT_OK);
	if (argc > 1 && argv[1][0] == '-')
		return usage(load_text, EXIT_USAGE);
	if (argc > 1)
		return load_file(argc, argv);
	execlp("modprobe", "modprobe", "kipc", (char *)NULL);
	execl("/sbin/modprobe", "modprobe", "kipc", (char *)NULL);
	return failed("modprobe: %s", strerror(errno));
}

int verb_unload(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(unload_text, EXIT_OK);
	if (argc != 1)
		return usage(unload_text, EXIT_USAGE);
	if (!syscall(SYS_delete_module, "kipc", O_NONBLOCK))
		return EXIT_OK;
	switch (errno) {
	case ENOENT:
		return failed("the module is not loaded");
	case EWOULDBLOCK:
	case EBUSY:
		return failed("the module is in use: somebody has /dev/kipc open");
	default:
		return failed("unloading kipc: %s", strerror(errno));
	}
}
