// SPDX-License-Identifier: GPL-2.0
/* kipcctl schemes: what the library can be asked for, by its own account. */
#include <stdio.h>
#include <string.h>

#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl schemes\n"
	"List the schemes of libkipc, the largest message that each can be opened for\n"
	"on this machine, and what it offers.  Nothing is opened or tried.\n";

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

int verb_schemes(int argc, char **argv)
{
	const char *scheme;
	unsigned int i;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return usage(text, EXIT_OK);
	if (argc != 1)
		return usage(text, EXIT_USAGE);
	printf("%-16s %12s  %s\n", "SCHEME", "MAX BYTES", "OFFERS");
	for (i = 0; (scheme = kipc_scheme(i)); i++) {
		struct kipc_info info = KIPC_INFO_INIT;

		if (kipc_scheme_info(scheme, &info))
			continue;
		printf("%-16s %12llu ", scheme,
		       (unsigned long long)info.max_size);
		print_offers(info.can);
		putchar('\n');
	}
	return EXIT_OK;
}
