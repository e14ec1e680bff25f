// SPDX-License-Identifier: 0BSD
/*
 * A server with several threads: each receives, and each call goes to one of them.
 *
 *	cc threaded-server.c $(pkg-config --cflags --libs libkipc) -pthread -o threaded-server
 *	./threaded-server [ADDRESS]
 */
#include <kipc.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define THREADS 4

static void *serve(void *clock)
{
	struct kipc_msg msg;
	struct tm tm;
	char text[16];
	time_t now;

	while (kipc_recv(clock, &msg, KIPC_FOREVER) >= 0) {
		now = time(NULL);
		strftime(text, sizeof(text), "%H:%M:%S", gmtime_r(&now, &tm));
		if (kipc_reply(clock, &msg, text, 8) < 0)
			kipc_release(&msg);	/* it was no call, or nobody waits */
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "channel:clock";
	struct kipc *clock;
	pthread_t thread;
	char why[256];
	int i, err;

	err = kipc_listen(&clock, address, NULL);
	if (err) {
		fprintf(stderr, "%s\n", kipc_explain(address, err, why, sizeof(why)));
		return 1;
	}
	for (i = 1; i < THREADS; i++)
		pthread_create(&thread, NULL, serve, clock);
	serve(clock);
	return 1;	/* a listener's kipc_recv() ends only with an error */
}
