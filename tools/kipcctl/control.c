// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: what the verbs share that speak to the kernel through libkipc-admin: opening it,
 * its errors, and the words for its numbers.
 *
 * Why something failed is the library's sentence, which may be the kernel's own: nothing is
 * made of its number here.  The words are those of tables and of JSON alike, so programs
 * depend on them.
 */
#include <ctype.h>
#include <getopt.h>
#include <linux/kipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "kipcctl.h"

struct kipc_admin *control_open(void)
{
	struct kipc_admin *admin;
	int err = kipc_admin_open(&admin);

	if (!err)
		return admin;
	failed_at(NULL, err);
	return NULL;
}

int control_failed(const struct kipc_admin *admin, const char *what)
{
	const char *error = kipc_admin_error(admin);

	return what ? failed("%s: %s", what, error) : failed("%s", error);
}

int json_options(const char *text, int argc, char **argv, bool *json)
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
	return EXIT_OK;
}

/* In a name %XX is that byte, as kipc_address(7) has it; what is none of that stays. */
static char name_byte(const char **text)
{
	char digits[3] = "";
	const char *at = (*text)++;

	if (*at != '%' || !isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
		return *at;
	memcpy(digits, at + 1, 2);
	*text += 2;
	return (char)strtoul(digits, NULL, 16);
}

bool decode_name(const char *text, char *name, size_t size)
{
	size_t n = 0;

	while (*text && *text != '?' && n < size - 1)
		name[n++] = name_byte(&text);
	name[n] = '\0';
	return n && (!*text || *text == '?');
}

const char *address_name(const char *address, const char *scheme, char *name)
{
	size_t len = strlen(scheme);

	if (strncmp(address, scheme, len) || address[len] != ':')
		return NULL;
	return decode_name(address + len + 1, name, KIPC_ADMIN_NAME) ? name : NULL;
}

/* As kipc_admin.h numbers them, which are not the kernel's */
const struct bit_word may_words[] = {
	{ 1, "receive" },
	{ 2, "send" },
	{ 0, NULL },
};

const struct bit_word option_words[] = {
	{ KIPC_CHANNEL_NOTICES, "notices" },
	{ KIPC_CHANNEL_NICE, "nice" },
	{ 0, NULL },
};

const char *role_name(uint32_t role)
{
	static const char *const names[] = {
		[KIPC_ADMIN_NONE] = "none",
		[KIPC_ADMIN_SERVER] = "server",
		[KIPC_ADMIN_CLIENT] = "client",
		[KIPC_ADMIN_QUEUE] = "queue",
	};

	return role < sizeof(names) / sizeof(names[0]) ? names[role] : "unknown";
}

const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[KIPC_KIND_NONE] = "none",
		[KIPC_KIND_SEND] = "send",
		[KIPC_KIND_CALL] = "call",
		[KIPC_KIND_REPLY] = "reply",
		[KIPC_KIND_FAILED] = "failed",
		[KIPC_KIND_CONNECTED] = "connected",
		[KIPC_KIND_GONE] = "gone",
		[KIPC_KIND_CANCELED] = "canceled",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* How long something has been lying here, whether received or not. */
uint64_t oldest_ns(const struct kipc_admin_endpoint *endpoint)
{
	return endpoint->queued_ns > endpoint->held_ns ? endpoint->queued_ns : endpoint->held_ns;
}

uint64_t pool_used(const struct kipc_admin_endpoint *endpoint)
{
	return endpoint->pool_size - endpoint->pool_free;
}
