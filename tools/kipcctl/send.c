// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl send: a whole file to an address.
 *
 * The file goes as messages, each as large as is sensible there, and an empty one
 * at the end, so that the receiver can tell a whole file from a piece.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kipc.h"
#include "kipcctl.h"

/* Larger ones are no faster, and leave the receiver less room for a second. */
#define CHUNK_MAX (256 * 1024)

static const char text[] =
	"Usage: kipcctl send [OPTION]... ADDRESS FILE\n"
	"Send FILE ('-' is standard input) to `kipcctl recv` at ADDRESS.\n\n"
	"  -w, --wait=SECONDS     wait for the receiver to start (default: 5)\n"
	"  -t, --timeout=SECONDS  give up when no piece can be sent for so long\n"
	"                         (default: never)\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, the mechanism has taken all of it; 1, failed; 2, wrong usage.\n";

struct send_args {
	const char *address;
	const char *file;
	int64_t wait;
	int64_t timeout;
};

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct send_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "w:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'w')
			bad |= seconds(optarg, &args->wait);
		else if (c == 't')
			bad |= seconds(optarg, &args->timeout);
		else
			bad = 1;
	}
	if (bad || argc - optind != 2)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind];
	args->file = argv[optind + 1];
	return EXIT_OK;
}

/* Connect, and try again for a while where nobody is there yet. */
static int connect_patiently(struct kipc **handle, const struct send_args *args)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	int64_t left = args->wait;
	int err;

	for (;;) {
		err = kipc_connect(handle, args->address, NULL);
		if ((err != -ENOENT && err != -ECONNREFUSED) || left <= 0)
			return err;
		nanosleep(&nap, NULL);
		left -= nap.tv_nsec;
	}
}

/* Fill a buffer from a file that may come in pieces. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, buf + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int copy(struct kipc *handle, int fd, char *buf, size_t size,
		const struct send_args *args)
{
	struct progress progress;
	ssize_t n;
	int err = 0;

	progress_start(&progress, "sent");
	while (!err && (n = read_full(fd, buf, size)) > 0) {
		err = kipc_send(handle, buf, (size_t)n, args->timeout);
		if (!err)
			progress_add(&progress, (uint64_t)n);
	}
	if (!err && n < 0)
		return failed("%s: %s", args->file, strerror((int)-n));
	if (!err)
		err = kipc_send(handle, NULL, 0, args->timeout);
	progress_end(&progress);
	return err ? failed_at(args->address, err) : EXIT_OK;
}

static int send_file(const struct send_args *args, int fd)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *handle;
	size_t size;
	char *buf;
	int err;

	err = connect_patiently(&handle, args);
	if (err)
		return failed_at(args->address, err);
	kipc_info(handle, &info);
	size = info.max_size < CHUNK_MAX ? info.max_size : CHUNK_MAX;
	buf = malloc(size ? size : 1);
	err = buf && size ? copy(handle, fd, buf, size, args) :
			    failed_at(args->address, buf ? -EMSGSIZE : -ENOMEM);
	free(buf);
	kipc_close(handle);
	return err;
}

int verb_send(int argc, char **argv)
{
	struct send_args args = { .wait = KIPC_S(5), .timeout = KIPC_FOREVER };
	int status = parse(&args, argc, argv);
	int fd;

	if (status)
		return status < 0 ? EXIT_OK : status;
	fd = strcmp(args.file, "-") ? open(args.file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (fd < 0)
		return failed("%s: %s", args.file, strerror(errno));
	status = send_file(&args, fd);
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}
