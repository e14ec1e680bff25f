// SPDX-License-Identifier: GPL-2.0
/*
 * libkmod, as far as load and unload want it.
 *
 * It is loaded when it is wanted: it brings libcrypto along, which would double the time
 * that every `kipcctl call` of a script takes to start, and a machine whose administrator
 * loads modules otherwise need not have it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>

#include "kipcctl.h"
#include "module.h"

#define KMOD_LIBRARY "libkmod.so.2"

/* What is used of it. */
static struct {
	__typeof__(kmod_new) *new;
	__typeof__(kmod_unref) *unref;
	__typeof__(kmod_set_log_priority) *set_log_priority;
	__typeof__(kmod_list_next) *list_next;
	__typeof__(kmod_module_new_from_path) *from_path;
	__typeof__(kmod_module_new_from_name) *from_name;
	__typeof__(kmod_module_new_from_lookup) *from_lookup;
	__typeof__(kmod_module_get_module) *get_module;
	__typeof__(kmod_module_ref) *ref;
	__typeof__(kmod_module_unref) *unref_module;
	__typeof__(kmod_module_unref_list) *unref_list;
	__typeof__(kmod_module_get_path) *get_path;
	__typeof__(kmod_module_get_info) *get_info;
	__typeof__(kmod_module_info_get_key) *info_key;
	__typeof__(kmod_module_info_get_value) *info_value;
	__typeof__(kmod_module_info_free_list) *info_free;
	__typeof__(kmod_module_get_install_commands) *install_commands;
	__typeof__(kmod_module_insert_module) *insert;
	__typeof__(kmod_module_probe_insert_module) *probe_insert;
	__typeof__(kmod_module_remove_module) *remove;
} kmod;

static const struct {
	const char *name;
	void *where;
} symbols[] = {
	{ "kmod_new", &kmod.new },
	{ "kmod_unref", &kmod.unref },
	{ "kmod_set_log_priority", &kmod.set_log_priority },
	{ "kmod_list_next", &kmod.list_next },
	{ "kmod_module_new_from_path", &kmod.from_path },
	{ "kmod_module_new_from_name", &kmod.from_name },
	{ "kmod_module_new_from_lookup", &kmod.from_lookup },
	{ "kmod_module_get_module", &kmod.get_module },
	{ "kmod_module_ref", &kmod.ref },
	{ "kmod_module_unref", &kmod.unref_module },
	{ "kmod_module_unref_list", &kmod.unref_list },
	{ "kmod_module_get_path", &kmod.get_path },
	{ "kmod_module_get_info", &kmod.get_info },
	{ "kmod_module_info_get_key", &kmod.info_key },
	{ "kmod_module_info_get_value", &kmod.info_value },
	{ "kmod_module_info_free_list", &kmod.info_free },
	{ "kmod_module_get_install_commands", &kmod.install_commands },
	{ "kmod_module_insert_module", &kmod.insert },
	{ "kmod_module_probe_insert_module", &kmod.probe_insert },
	{ "kmod_module_remove_module", &kmod.remove },
};

/* Load libkmod, and begin; NULL when that was said to be impossible. */
static struct kmod_ctx *begin(void)
{
	void *library = dlopen(KMOD_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct kmod_ctx *ctx;
	unsigned int i;

	if (!library) {
		failed("%s is not there: install libkmod2, or use insmod(8) and rmmod(8)",
		       KMOD_LIBRARY);
		return NULL;
	}
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol) {
			failed("%s has no %s: install a newer libkmod2", KMOD_LIBRARY,
			       symbols[i].name);
			return NULL;
		}
		memcpy(symbols[i].where, &symbol, sizeof(symbol));
	}
	ctx = kmod.new(NULL, NULL);
	if (!ctx) {
		failed("libkmod: %s", strerror(errno));
		return NULL;
	}
	/* What there is to say is said here */
	kmod.set_log_priority(ctx, 0);
	return ctx;
}

static void keep(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* What is written in it: its name, its kernel, its needs and its parameters. */
static int read_info(struct module *module)
{
	struct kmod_list *list = NULL, *entry;
	int err = kmod.get_info(module->kmod, &list);

	if (err < 0)
		return err;
	for (entry = list; entry; entry = kmod.list_next(list, entry)) {
		const char *key = kmod.info_key(entry), *value = kmod.info_value(entry);

		if (!strcmp(key, "name"))
			keep(module->name, sizeof(module->name), value);
		else if (!strcmp(key, "depends"))
			keep(module->depends, sizeof(module->depends), value);
		else if (!strcmp(key, "vermagic"))
			snprintf(module->release, sizeof(module->release), "%.*s",
				 (int)strcspn(value, " "), value);
		else
			params_note(&module->params, key, value);
	}
	kmod.info_free(list);
	return 0;
}

static int find_installed(struct kmod_ctx *ctx, const char *name, struct kmod_module **found)
{
	struct kmod_list *list = NULL;
	int err = kmod.from_lookup(ctx, name, &list);

	if (err < 0)
		return err;
	if (!list)
		return -ENOENT;
	*found = kmod.get_module(list);
	kmod.unref_list(list);
	if (kmod.get_path(*found))
		return 0;
	/* Known by name only: it is in the kernel, or modprobe.d has a line on it */
	kmod.unref_module(*found);
	*found = NULL;
	return -ENOENT;
}

/*
 * Find the module @file, or with NULL the installed one, and read what is written in it.
 * EXIT_OK, or another exit status after a message.
 */
int module_open(struct module *module, const char *file)
{
	int err;

	memset(module, 0, sizeof(*module));
	module->installed = !file;
	module->ctx = begin();
	if (!module->ctx)
		return EXIT_FAILED;
	if (file)
		err = kmod.from_path(module->ctx, file, &module->kmod);
	else
		err = find_installed(module->ctx, MODULE_NAME, &module->kmod);
	if (!err) {
		keep(module->path, sizeof(module->path), kmod.get_path(module->kmod));
		err = read_info(module);
	}
	if (!err && !strcmp(module->name, MODULE_NAME)) {
		params_sort(&module->params);
		params_presets(&module->params, module->path);
		return EXIT_OK;
	}
	module_close(module);
	if (!err)
		return failed("%s: this is the module '%s', and not kipc", module->path,
			      module->name);
	if (!file && err == -ENOENT)
		return failed("no kipc is installed for this kernel: `make install`, or load FILE");
	return failed("%s: %s", file ? file : MODULE_NAME,
		      err == -ENOEXEC || err == -EINVAL || err == -ENODATA ?
		      "not a kernel module" : strerror(-err));
}

void module_close(struct module *module)
{
	if (module->kmod)
		kmod.unref_module(module->kmod);
	if (module->ctx)
		kmod.unref(module->ctx);
	module->kmod = NULL;
	module->ctx = NULL;
}

/* A file that is given by its path gets its needs by their names. */
static int insert_needs(struct module *module)
{
	char *state = NULL, *name = strtok_r(module->depends, ",", &state);
	struct kmod_module *need;
	int err = 0;

	for (; name && !err; name = strtok_r(NULL, ",", &state)) {
		err = find_installed(module->ctx, name, &need);
		if (!err) {
			err = kmod.probe_insert(need, 0, NULL, NULL, NULL, NULL);
			kmod.unref_module(need);
		}
		if (err)
			failed("%s needs the module %s, which cannot be loaded: %s",
			       module->path, name, strerror(err < 0 ? -err : EINVAL));
	}
	return err;
}

/*
 * Into the kernel, with what it needs, as modprobe(8) does it: an installed one with the
 * options and commands of modprobe.d.  0, -errno, or more than 0 after a message.
 */
int module_insert(struct module *module, const char *options)
{
	if (module->installed)
		return kmod.probe_insert(module->kmod, KMOD_PROBE_FAIL_ON_LOADED, options,
					 NULL, NULL, NULL);
	if (insert_needs(module))
		return 1;
	return kmod.insert(module->kmod, 0, options);
}

/* What modprobe.d has in place of loading it, or NULL. */
const char *module_install_command(struct module *module)
{
	return module->installed ? kmod.install_commands(module->kmod) : NULL;
}

/* Out of the kernel: 0, -errno, or more than 0 after a message. */
int module_delete(void)
{
	struct kmod_ctx *ctx = begin();
	struct kmod_module *loaded;
	int err;

	if (!ctx)
		return 1;
	err = kmod.from_name(ctx, MODULE_NAME, &loaded);
	if (!err) {
		err = kmod.remove(loaded, KMOD_REMOVE_NOLOG);
		kmod.unref_module(loaded);
	}
	kmod.unref(ctx);
	return err;
}
