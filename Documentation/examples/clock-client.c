// SPDX-License-Identifier: 0BSD
/*
 * A client: one call, one answer.
 *
 *	cc clock-client.c $(pkg-config --cflags --libs libkipc) -o clock-client
 *	./clock-client [ADDRESS]
 */
#include <kipc.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "channel:clock";
	struct kipc_msg reply;
	struct kipc *clock;
	char why[256];
	ssize_t n;

	n = kipc_connect(&clock, address, NULL);
	if (n >= 0)
		n = kipc_call(clock, "now", 3, &reply, KIPC_S(1));
	if (n < 0) {
		fprintf(stderr, "%s\n", kipc_explain(address, (int)n, why, sizeof(why)));
		return 1;
	}
	printf("%.*s\n", (int)reply.len, (const char *)reply.data);
	kipc_release(&reply);
	return kipc_close(clock);
}
