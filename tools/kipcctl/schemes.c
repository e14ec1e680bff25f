// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl schemes: what the library can be asked for, by its own account.
 *
 * This is what kipc_scheme_info() says, which opens nothing.  What the kernel's mechanisms can
 * do by themselves, and proof of it, is for `kipcctl mechanisms`; why one cannot connect, for
 * `kipcctl doctor`.
 */
#include <stdio.h>
#include <unistd.h>

#include "control.h"
#include "json.h"
#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl schemes [OPTION]...\n"
	"List the schemes of libkipc, the largest message that each can be opened for\n"
	"on this machine, and what it offers.  Nothing is opened or tried.\n\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, listed; 2, wrong usage.\n";

static const struct {
	uint32_t bit;
	const char *word;
} words[] = {
	{ KIPC_CAN_PAIR,	"pair" },
	{ KIPC_CAN_DUPLEX,	"duplex" },
	{ KIPC_CAN_CALL,	"call" },
	{ KIPC_CAN_TYPE,	"type" },
	{ KIPC_CAN_PRIO,	"priority" },
	{ KIPC_CAN_POLL,	"poll" },
	{ KIPC_CAN_BORROW,	"borrow" },
	{ KIPC_CAN_PEER,	"peer" },
	{ KIPC_CAN_FDS,		"descriptors" },
	{ KIPC_CAN_ASYNC,	"async" },
	{ KIPC_CAN_CALLBACK,	"callback" },
	{ KIPC_CAN_NOTICES,	"notices" },
	{ KIPC_CAN_SELECT,	"select" },
	{ KIPC_CAN_PEEK,	"peek" },
	{ KIPC_CAN_STAT,	"stat" },
	{ KIPC_CAN_CHANGE,	"change" },
	{ KIPC_CAN_NOTIFY,	"notify" },
	{ KIPC_CAN_LOAN,	"loan" },
};

/* What it offers, each word after a space. */
void print_offers(uint32_t can)
{
	unsigned int w;

	for (w = 0; w < sizeof(words) / sizeof(words[0]); w++)
		if (can & words[w].bit)
			printf(" %s", words[w].word);
}

static void print_row(const char *scheme, const struct kipc_info *info)
{
	printf("%-16s %12llu ", scheme, (unsigned long long)info->max_size);
	print_offers(info->can);
	putchar('\n');
}

static json_t *describe(const char *scheme, const struct kipc_info *info)
{
	json_t *object = json_object(), *offers = json_array();
	unsigned int w;

	json_put_text(object, "scheme", scheme);
	json_put_number(object, "max_size", info->max_size);
	for (w = 0; w < sizeof(words) / sizeof(words[0]); w++)
		if (info->can & words[w].bit)
			json_add(offers, json_string(words[w].word));
	json_put(object, "offers", offers);
	return object;
}

int verb_schemes(int argc, char **argv)
{
	struct json_list list = { .count = 0 };
	bool json = false;
	int status = json_options(text, argc, argv, &json);
	const char *scheme;
	unsigned int i;

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (optind < argc)
		return usage(text, EXIT_USAGE);
	if (!json)
		printf("%-16s %12s  %s\n", "SCHEME", "MAX BYTES", "OFFERS");
	for (i = 0; (scheme = kipc_scheme(i)); i++) {
		struct kipc_info info = KIPC_INFO_INIT;

		if (kipc_scheme_info(scheme, &info))
			continue;
		if (json)
			json_list_add(&list, describe(scheme, &info));
		else
			print_row(scheme, &info);
	}
	return json ? json_list_end(&list) : EXIT_OK;
}
