// SPDX-License-Identifier: 0BSD
/*
 * A door, as Solaris has them, on a channel: a function of another process, which several
 * threads carry out, that knows who calls and may return a descriptor.  This one opens
 * files for reading, for its own user only.
 *
 *	cc door.c $(pkg-config --cflags --libs libkipc) -pthread -o door
 *	./door &
 *	./door /etc/hostname
 */
#include <fcntl.h>
#include <kipc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS "channel:door"

/* One call.  The answer is an error or nothing, and the descriptor of the file. */
static int answer(struct kipc *door, struct kipc_msg *call)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	char path[256];
	int fd, err;

	snprintf(path, sizeof(path), "%.*s", (int)call->len, (const char *)call->data);
	if (call->uid != geteuid())
		return kipc_reply(door, call, "you are somebody else", 21);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kipc_reply(door, call, "it cannot be opened", 19);
	options.fds = &fd;
	options.fd_count = 1;
	err = kipc_reply_opts(door, call, NULL, 0, &options);
	close(fd);
	return err;
}

static void *serve(void *door)
{
	struct kipc_msg call;

	while (kipc_recv(door, &call, KIPC_FOREVER) >= 0)
		if (answer(door, &call) < 0)
			kipc_release(&call);	/* it was no call, or nobody waits */
	return NULL;
}

static int create(struct kipc **door)
{
	pthread_t thread;
	int i, err = kipc_listen(door, ADDRESS, NULL);

	for (i = 0; !err && i < 3; i++)
		pthread_create(&thread, NULL, serve, *door);
	if (!err)
		serve(*door);
	return err;
}

/* Call the door, and copy what it opened to the standard output. */
static int call(struct kipc **door, const char *path)
{
	struct kipc_msg reply;
	char block[4096];
	int err = kipc_connect(door, ADDRESS, NULL), fd = -1;
	ssize_t n = err ? err : kipc_call(*door, path, strlen(path), &reply, KIPC_S(5));

	if (n < 0)
		return (int)n;
	if (kipc_take_fds(&reply, &fd, 1) != 1)
		fprintf(stderr, "%s: %.*s\n", path, (int)n, (const char *)reply.data);
	kipc_release(&reply);
	while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
		if (write(STDOUT_FILENO, block, n) != n)
			break;
	return 0;
}

int main(int argc, char **argv)
{
	struct kipc *door;
	char why[256];
	int err = argc > 1 ? call(&door, argv[1]) : create(&door);

	if (!err)
		return kipc_close(door);
	fprintf(stderr, "%s\n", kipc_explain(ADDRESS, err, why, sizeof(why)));
	return 1;
}
