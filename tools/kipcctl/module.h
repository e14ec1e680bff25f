/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module as a file and in the kernel: what load, unload and doctor share.  kmod.c has
 * libkmod, params.c and presets.c the parameters that a module's file tells of, holders.c
 * who has the device open.
 */
#ifndef KIPCCTL_MODULE_H
#define KIPCCTL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define MODULE_NAME "kipc"
#define MODULE_SYS "/sys/module/" MODULE_NAME
#define DEVICE "/dev/" MODULE_NAME

/* ---- params.c ---- */

/* A parameter, by the module's own account. */
struct param {
	char name[64];
	char type[32];		/* as the kernel calls it: ulong, bool, charp, array of int */
	char about[256];
	char preset[32];	/* its default, or empty: not known */
};

#define PARAMS_MAX 64

struct params {
	struct param param[PARAMS_MAX];
	unsigned int count;
};

/* What the kernel takes for a type of numbers. */
struct number_type {
	const char *name;
	long long min;
	unsigned long long max;
};

const struct number_type *number_type(const char *name);
void params_note(struct params *params, const char *key, const char *value);
void params_sort(struct params *params);
const struct param *params_find(const struct params *params, const char *name, size_t len);
int params_check(const struct params *params, const char *assignment);
bool param_is_set(const struct param *param, const char *value);
int param_now(const struct param *param, char *value, int size);
int params_print(const struct params *params);
int params_print_json(const struct params *params);

/* ---- presets.c ---- */

void params_presets(struct params *params, const char *path);

/* ---- kmod.c ---- */

struct kmod_ctx;
struct kmod_module;

/* A module's file: where it is, and what is written in it. */
struct module {
	struct kmod_ctx *ctx;
	struct kmod_module *kmod;
	char path[4096];
	char name[64];
	char release[128];	/* of the kernel that it was built for */
	char depends[512];	/* what is to be loaded first, with commas */
	bool installed;		/* found by its name, not by its path */
	struct params params;
};

int module_open(struct module *module, const char *file);
void module_close(struct module *module);
int module_insert(struct module *module, const char *options);
const char *module_install_command(struct module *module);
int module_delete(void);

/* ---- holders.c ---- */

/* A process that has the device open, or memory of it. */
struct holder {
	pid_t pid;
	uid_t uid;
};

size_t holders_find(struct holder *holders, size_t max, bool *all_seen);
void holders_print(FILE *out);

#endif /* KIPCCTL_MODULE_H */
