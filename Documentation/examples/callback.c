// SPDX-License-Identifier: 0BSD
/*
 * A server that calls its client back while it works for it, and a client that answers
 * while it waits: only on channels.
 *
 *	cc callback.c $(pkg-config --cflags --libs libkipc) -o callback
 *	./callback server &
 *	./callback client
 */
#include <kipc.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS "channel:copier"

/* Copy "files", and ask the client about each. */
static void copy(struct kipc *copier, struct kipc_msg *job)
{
	static const char * const files[] = { "letter", "secret", "poem" };
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg answer;
	char text[32];
	int i, n, copied = 0;

	options.to = job->peer;
	for (i = 0; i < 3; i++) {
		if (kipc_call_opts(copier, files[i], strlen(files[i]), &options, &answer,
				   KIPC_S(5)) < 0)
			break;		/* the client has gone, or is too slow */
		copied += answer.len == 3 && !memcmp(answer.data, "yes", 3);
		kipc_release(&answer);
	}
	n = snprintf(text, sizeof(text), "copied %d", copied);
	if (kipc_reply(copier, job, text, n) < 0)
		kipc_release(job);
}

static int serve(void)
{
	struct kipc_msg msg;
	struct kipc *copier;
	int err = kipc_listen(&copier, ADDRESS, NULL);

	while (!err && kipc_recv(copier, &msg, KIPC_FOREVER) >= 0)
		if (msg.kind == KIPC_MSG_CALL)
			copy(copier, &msg);
		else
			kipc_release(&msg);
	return err;
}

static void answer(struct kipc *copier, struct kipc_msg *question)
{
	int yes = question->len != 6 || memcmp(question->data, "secret", 6);

	printf("%.*s? %s\n", (int)question->len, (const char *)question->data,
	       yes ? "yes" : "no");
	if (kipc_reply(copier, question, yes ? "yes" : "no", yes ? 3 : 2) < 0)
		kipc_release(question);
}

static int work(void)
{
	struct kipc_msg msg;
	struct kipc *copier;
	uint64_t id;
	ssize_t n;

	n = kipc_connect(&copier, ADDRESS, NULL);
	if (n >= 0)
		n = kipc_call_start(copier, "copy", 4, NULL, &id, KIPC_S(5));
	while (n >= 0 && (n = kipc_recv(copier, &msg, KIPC_S(30))) >= 0) {
		if (msg.kind == KIPC_MSG_CALL) {
			answer(copier, &msg);
			continue;
		}
		/* The end of our one call: a reply, or KIPC_MSG_FAILED. */
		if (msg.kind == KIPC_MSG_REPLY)
			printf("%.*s\n", (int)msg.len, (const char *)msg.data);
		kipc_release(&msg);
		break;
	}
	kipc_close(copier);
	return (int)n;
}

int main(int argc, char **argv)
{
	int err = argc > 1 && !strcmp(argv[1], "server") ? serve() : work();
	char why[256];

	if (err < 0)
		fprintf(stderr, "%s\n", kipc_explain(ADDRESS, err, why, sizeof(why)));
	return err < 0;
}
