// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl load: the module into the kernel, through libkmod (kmod.c).
 *
 * The kernel ignores a parameter that it does not know, with a line in its log, so they
 * are checked here first (params.c).
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kipcctl.h"
#include "module.h"

static const char text[] =
	"Usage: kipcctl load [OPTION]... [FILE] [PARAMETER=VALUE]...\n"
	"Load the module: FILE (the path of kipc.ko), or without it the one that is\n"
	"installed, with what it needs and with the options of modprobe.d(5).\n\n"
	"  -l, --list             print the module's parameters with their types,\n"
	"                         defaults, present values and meanings; load nothing\n"
	"  -j, --json             print these as JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, it is loaded (or was, with these values); 1, failed; 2, wrong\n"
	"usage, or a parameter or value that the module has not.\n";

struct load_args {
	const char *file;
	char **assignments;	/* NULL at its end */
	bool list;
	bool json;
};

/* PARAMETER=VALUE, and not a path */
static bool is_assignment(const char *word)
{
	size_t len = 0;

	while (isalnum((unsigned char)word[len]) || word[len] == '_' || word[len] == '-')
		len++;
	return len && word[len] == '=';
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct load_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", no_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "ljh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'l')
			args->list = true;
		else if (c == 'j')
			args->json = true;
		else
			return usage(text, EXIT_USAGE);
	}
	if (optind < argc && !is_assignment(argv[optind]))
		args->file = argv[optind++];
	args->assignments = argv + optind;
	for (i = optind; i < argc; i++) {
		if (is_assignment(argv[i]))
			continue;
		failed("'%s' is no PARAMETER=VALUE", argv[i]);
		return usage(text, EXIT_USAGE);
	}
	if ((args->list && optind < argc) || (args->json && !args->list))
		return usage(text, EXIT_USAGE);
	return EXIT_OK;
}

/* ---- what went wrong ---- */

#define SIGN "sign it (scripts/sign-file), and enroll the key (mokutil(1))"

static int not_allowed(const char *path)
{
	char line[128];

	if (!has_capability(CAP_SYS_MODULE))
		return failed("only root (CAP_SYS_MODULE) may load a module: sudo kipcctl load");
	read_line("/proc/sys/kernel/modules_disabled", line, sizeof(line));
	if (*line == '1')
		return failed("kernel.modules_disabled is 1: no module is loaded until a reboot");
	read_line("/sys/kernel/security/lockdown", line, sizeof(line));
	if (*line && !strstr(line, "[none]"))
		return failed("%s: the kernel is locked down: " SIGN, path);
	return failed("%s: the kernel forbids it: dmesg or the audit log may say why", path);
}

/* The file is not one for this kernel; the name of the release says so, or the log. */
static int not_this_kernel(const struct module *module, int err)
{
	struct utsname kernel;

	if (!uname(&kernel) && *module->release && strcmp(kernel.release, module->release))
		return failed("%s: built for the kernel %s, not %s: build it again (make module)",
			      module->path, module->release, kernel.release);
	if (err == -ENOENT)
		return failed("%s: this kernel lacks a function that it needs: dmesg says which",
			      module->path);
	return failed("%s: not for this kernel (dmesg says more): build it again (make module)",
		      module->path);
}

static int explain(struct module *module, int err)
{
	const char *command = module_install_command(module);

	if (command)
		return failed("modprobe.d blocks it, or failed: install kipc %s", command);
	switch (err) {
	case -EPERM:
	case -EACCES:
		return not_allowed(module->path);
	case -EKEYREJECTED:
	case -ENOKEY:
	case -EBADMSG:
		return failed("%s: no signature that the kernel trusts: " SIGN, module->path);
	case -ENOEXEC:
	case -EINVAL:
	case -ENOENT:
		return not_this_kernel(module, err);
	case -ERANGE:
		return failed("a value is out of its parameter's range: dmesg says which");
	case -EBUSY:
		return failed("the module is being loaded or unloaded just now: try again");
	case -ENOSYS:
		return failed("this kernel loads no modules (CONFIG_MODULES)");
	case -ENOMEM:
		return failed("the kernel has no memory for the module");
	default:
		return failed("%s: %s", module->path, strerror(err < 0 ? -err : EINVAL));
	}
}

/* ---- loading ---- */

/* It is there already: has it those values? */
static int loaded_already(const struct params *params, char **assignments)
{
	int status = EXIT_OK;

	for (; *assignments; assignments++) {
		size_t len = strcspn(*assignments, "=");
		const struct param *param = params_find(params, *assignments, len);

		if (param && param_is_set(param, *assignments + len + 1))
			continue;
		status = failed("the module is loaded already, and not with %s: unload it, or see "
				MODULE_SYS "/parameters", *assignments);
	}
	return status;
}

static char *join(char **words)
{
	size_t len = 1;
	char *line, *end;
	unsigned int i;

	for (i = 0; words[i]; i++)
		len += strlen(words[i]) + 1;
	line = malloc(len);
	if (!line)
		return NULL;
	for (i = 0, end = line; words[i]; i++) {
		if (i)
			*end++ = ' ';
		end = stpcpy(end, words[i]);
	}
	*end = '\0';
	return line;
}

static int load(struct module *module, char **assignments)
{
	char *options;
	int err, i;

	for (i = 0; assignments[i]; i++) {
		int status = params_check(&module->params, assignments[i]);

		if (status)
			return status;
	}
	if (!access(MODULE_SYS "/initstate", F_OK))
		return loaded_already(&module->params, assignments);
	options = join(assignments);
	if (!options)
		return failed("out of memory");
	err = module_insert(module, options);
	free(options);
	if (err == -EEXIST)
		return loaded_already(&module->params, assignments);
	if (err > 0)
		return EXIT_FAILED;
	return err ? explain(module, err) : EXIT_OK;
}

int verb_load(int argc, char **argv)
{
	struct load_args args = { .list = false };
	int status = parse(&args, argc, argv);
	struct module module;

	if (status)
		return status < 0 ? EXIT_OK : status;
	/* Nothing to do and nothing to look at: it need not even be installed */
	if (!args.file && !*args.assignments && !args.list &&
	    !access(MODULE_SYS "/initstate", F_OK))
		return EXIT_OK;
	status = module_open(&module, args.file);
	if (status)
		return status;
	if (!args.list)
		status = load(&module, args.assignments);
	else if (args.json)
		status = params_print_json(&module.params);
	else
		status = params_print(&module.params);
	module_close(&module);
	return status;
}
