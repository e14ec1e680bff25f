// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl unload: the module out of the kernel, once nobody uses it.
 *
 * Nothing tells when the last user has gone, so --wait looks again and again.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kipcctl.h"
#include "module.h"

static const char text[] =
	"Usage: kipcctl unload [OPTION]...\n"
	"Unload the module.  While somebody uses it that fails, and says who.\n\n"
	"  -w, --wait=SECONDS     wait so long for them to end (default: 0)\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, it is gone; 1, failed; 2, wrong usage.\n";

/* EXIT_OK to go on; -1 to end well. */
static int parse(int64_t *wait, int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "w:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		if (c != 'w' || seconds(optarg, wait))
			return usage(text, EXIT_USAGE);
	}
	return optind == argc ? EXIT_OK : usage(text, EXIT_USAGE);
}

static int explain(int err)
{
	switch (err) {
	case -ENOENT:
		return failed("the module is not loaded");
	case -EPERM:
		if (!has_capability(CAP_SYS_MODULE))
			return failed("only root (CAP_SYS_MODULE) may: sudo kipcctl unload");
		return failed("the kernel does not allow it (sysctl kernel.modules_disabled?)");
	case -EAGAIN:
	case -EBUSY:
		failed("the module is in use: end these, or wait for them (--wait)");
		holders_print(stderr);
		return EXIT_FAILED;
	case -ENOSYS:
		return failed("this kernel unloads no modules (CONFIG_MODULE_UNLOAD)");
	default:
		return failed("unloading kipc: %s", strerror(err < 0 ? -err : EINVAL));
	}
}

int verb_unload(int argc, char **argv)
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	int64_t wait = 0, until;
	int status = parse(&wait, argc, argv), err;

	if (status)
		return status < 0 ? EXIT_OK : status;
	until = now() + wait;
	for (;;) {
		err = module_delete();
		if ((err != -EAGAIN && err != -EBUSY) || now() >= until)
			break;
		nanosleep(&nap, NULL);
	}
	if (err > 0)
		return EXIT_FAILED;
	return err ? explain(err) : EXIT_OK;
}
