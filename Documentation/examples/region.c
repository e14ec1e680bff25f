// SPDX-License-Identifier: 0BSD
/*
 * Memory that goes to another process as a descriptor: a parent fills a memfd, seals it,
 * so that its child need not trust it, and passes it on.  A megabyte, and nothing copied.
 *
 *	cc region.c $(pkg-config --cflags --libs libkipc) -o region
 *	./region [ADDRESS]
 *
 * The address is that of a transport that carries descriptors: channel:, queue:
 */
#include <kipc.h>
#include <kipc_region.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME (1 << 20)

static long check(const char *what, long n)
{
	char why[256];

	if (n < 0) {
		fprintf(stderr, "%s\n", kipc_explain(what, (int)n, why, sizeof(why)));
		exit(1);
	}
	return n;
}

static void give(struct kipc *to)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_region *frame;
	int fd;

	check("memfd:", kipc_region_create(&frame, "memfd:frame", FRAME, NULL));
	memset(kipc_region_data(frame), '~', FRAME);
	check("memfd:", kipc_region_seal(frame, KIPC_SEAL_WRITE | KIPC_SEAL_SHRINK));
	fd = kipc_region_fd(frame);
	options.fds = &fd;
	options.fd_count = 1;
	check("give", kipc_send_opts(to, "frame", 5, &options, KIPC_S(5)));
	kipc_region_close(frame);
}

static void take(struct kipc *from)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;
	struct kipc_region_info info = KIPC_REGION_INFO_INIT;
	struct kipc_region *frame;
	struct kipc_msg msg;
	int fd;

	check("take", kipc_recv(from, &msg, KIPC_S(5)));
	if (check("take", kipc_take_fds(&msg, &fd, 1)) != 1)
		exit(1);
	kipc_release(&msg);

	/* It cannot shrink, or this fails; and if it is sealed so, nobody writes to it. */
	options.flags = KIPC_REGION_READONLY | KIPC_REGION_STABLE;
	check("memfd:", kipc_region_attach_fd(&frame, fd, &options));
	close(fd);
	kipc_region_info(frame, &info);
	printf("%zu bytes, %s, the last one is '%c'\n", kipc_region_size(frame),
	       info.seals & KIPC_SEAL_WRITE ? "for good" : "for now",
	       ((const char *)kipc_region_data(frame))[FRAME - 1]);
	kipc_region_close(frame);
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "channel:";
	struct kipc *ends[2];
	int status;

	check(address, kipc_pair(ends, address, NULL));
	if (!fork()) {
		take(ends[0]);
		exit(0);
	}
	give(ends[1]);
	wait(&status);
	kipc_close(ends[1]);
	kipc_close(ends[0]);
	return status ? 1 : 0;
}
