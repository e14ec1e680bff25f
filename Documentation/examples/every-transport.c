// SPDX-License-Identifier: 0BSD
/*
 * The same question and answer, between parent and child, over every transport: only
 * the address changes.  Those that go one way only are opened twice.
 *
 *	cc every-transport.c $(pkg-config --cflags --libs libkipc) -o every-transport
 *	./every-transport [ADDRESS...]
 */
#include <kipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* [0] is the server's, [1] the client's. */
struct way {
	struct kipc *question[2];
	struct kipc *answer[2];		/* the same, or where that goes one way another */
	int calls;
};

static int way_open(struct way *way, const char *address)
{
	struct kipc_info info = KIPC_INFO_INIT;
	int err = kipc_pair(way->question, address, NULL);

	if (err)
		return err;
	kipc_info(way->question[1], &info);
	way->calls = !!(info.can & KIPC_CAN_CALL);
	if (info.can & KIPC_CAN_DUPLEX)
		memcpy(way->answer, way->question, sizeof(way->answer));
	else
		err = kipc_pair(way->answer, address, NULL);
	return err;
}

static void way_close(struct way *way)
{
	int end;

	for (end = 0; end < 2; end++) {
		if (way->answer[end] != way->question[end])
			kipc_close(way->answer[end]);
		kipc_close(way->question[end]);
	}
}

/* In the child: one answer.  Returns its exit status. */
static int serve(struct way *way)
{
	struct kipc_msg msg;
	char text[64];
	int len;

	if (kipc_recv(way->question[0], &msg, KIPC_S(10)) < 0)
		return 1;
	len = snprintf(text, sizeof(text), "%.*s to you", (int)msg.len, (const char *)msg.data);
	if (way->calls)
		return kipc_reply(way->question[0], &msg, text, len) < 0;
	kipc_release(&msg);
	return kipc_send(way->answer[1], text, len, KIPC_S(10)) < 0;
}

static ssize_t ask(struct way *way, const char *text, struct kipc_msg *answer)
{
	int err;

	if (way->calls)
		return kipc_call(way->question[1], text, strlen(text), answer, KIPC_S(10));
	err = kipc_send(way->question[1], text, strlen(text), KIPC_S(10));
	return err ? err : kipc_recv(way->answer[0], answer, KIPC_S(10));
}

static int try(const char *address)
{
	struct way way = { 0 };
	struct kipc_msg answer;
	ssize_t got = way_open(&way, address);
	pid_t child;
	char why[256];

	if (!got) {
		child = fork();
		if (!child)
			_exit(serve(&way));
		got = ask(&way, "hello", &answer);
		waitpid(child, NULL, 0);
	}
	if (got < 0) {
		fprintf(stderr, "%s\n", kipc_explain(address, (int)got, why, sizeof(why)));
	} else {
		printf("%-16s %.*s\n", address, (int)answer.len, (const char *)answer.data);
		kipc_release(&answer);
	}
	way_close(&way);
	return got < 0;
}

int main(int argc, char **argv)
{
	const char *scheme;
	char address[64];
	int failed = 0, i;

	for (i = 1; i < argc; i++)
		failed |= try(argv[i]);
	for (i = 0; argc == 1 && (scheme = kipc_scheme(i)); i++) {
		struct kipc_info info = KIPC_INFO_INIT;

		snprintf(address, sizeof(address), "%s:", scheme);
		if (!kipc_scheme_info(scheme, &info) && info.can & KIPC_CAN_PAIR)
			failed |= try(address);
	}
	return failed;
}
