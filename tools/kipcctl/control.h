/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl: what the verbs share that speak to the kernel through libkipc-admin. */
#ifndef KIPCCTL_CONTROL_H
#define KIPCCTL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kipc_admin.h"

/* A connection, or NULL when that has been explained. */
struct kipc_admin *control_open(void);

/* What the last call failed with, said of @what (NULL: of nothing): EXIT_FAILED. */
int control_failed(const struct kipc_admin *admin, const char *what);

/*
 * The options of a verb that has --json and --help alone.  EXIT_OK to go on, with optind
 * at the first operand; -1 to end well.
 */
int json_options(const char *text, int argc, char **argv, bool *json);

/*
 * What follows a scheme's colon, as kipc_address(7) has it, without its options and %XX;
 * false: there is nothing, or more than @size bytes.
 */
bool decode_name(const char *text, char *name, size_t size);

/*
 * "channel:camera?pool=64K" is "camera", written to KIPC_ADMIN_NAME bytes; NULL, it is no
 * address of that scheme.
 */
const char *address_name(const char *address, const char *scheme, char *name);

/* What a bit says. */
struct bit_word {
	uint32_t bit;
	const char *word;
};

extern const struct bit_word may_words[];
extern const struct bit_word option_words[];

const char *role_name(uint32_t role);
const char *kind_name(uint32_t kind);
uint64_t oldest_ns(const struct kipc_admin_endpoint *endpoint);
uint64_t pool_used(const struct kipc_admin_endpoint *endpoint);

#endif /* KIPCCTL_CONTROL_H */
