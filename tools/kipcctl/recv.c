// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl recv: a whole file from an address; the other end is `kipcctl send`.
 *
 * It is whole once an empty message has come.  Whatever ends the transfer before
 * that is a failure, and says so, because half a file looks like a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl recv [OPTION]... ADDRESS [FILE]\n"
	"Receive a file that `kipcctl send` sends to ADDRESS, into FILE or standard\n"
	"output.\n\n"
	"  -o, --output=FILE      the same as the argument\n"
	"  -t, --timeout=SECONDS  give up when nothing comes for so long\n"
	"                         (default: never)\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, the file is whole; 1, failed; 2, wrong usage.\n";

struct recv_args {
	const char *address;
	const char *file;
	int64_t timeout;
};

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct recv_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "o:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		else if (c == 'o')
			args->file = optarg;
		else if (c == 't')
			bad |= seconds(optarg, &args->timeout);
		else
			bad = 1;
	}
	if (!bad && argc - optind == 2 && !args->file)
		args->file = argv[optind + 1];
	else if (bad || argc - optind != 1)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind];
	return EXIT_OK;
}

/*
 * A name that we make must not stay behind when the user gives up: let signals
 * interrupt the waiting, and the ordinary way out close the handle.
 */
static void on_signal(int number)
{
	(void)number;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static int write_full(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/*
 * Take the next piece of this transfer into @msg.  Where the mechanism tells its
 * senders apart, the first one is the one; what others send is dropped.
 */
static ssize_t next_piece(struct kipc *handle, struct kipc_msg *msg, uint64_t *sender,
			  int64_t timeout)
{
	bool warned = false;

	for (;;) {
		ssize_t n = kipc_recv(handle, msg, timeout);

		if (n < 0)
			return n;
		if (!*sender)
			*sender = msg->peer;
		if (msg->peer == *sender)
			return n;
		if (!warned)
			failed("a second sender is ignored");
		warned = true;
		kipc_release(msg);
	}
}

static int copy(struct kipc *handle, int fd, const struct recv_args *args)
{
	struct progress progress;
	struct kipc_msg msg;
	uint64_t sender = 0;
	ssize_t n;
	int err = 0;

	progress_start(&progress, "received");
	while ((n = next_piece(handle, &msg, &sender, args->timeout)) > 0) {
		err = write_full(fd, msg.data, msg.len);
		kipc_release(&msg);
		if (err)
			break;
		progress_add(&progress, (uint64_t)n);
	}
	if (!n)
		kipc_release(&msg);
	progress_end(&progress);
	if (err)
		return failed("%s: %s", args->file ? args->file : "standard output",
			      strerror(-err));
	if (!n)
		return EXIT_OK;
	failed_at(args->address, (int)n);
	return failed("the file is not whole: %llu bytes came, and no end",
		      (unsigned long long)progress.bytes);
}

int verb_recv(int argc, char **argv)
{
	struct recv_args args = { .timeout = KIPC_FOREVER };
	int status = parse(&args, argc, argv);
	int err, fd = STDOUT_FILENO;
	struct kipc *handle;

	if (status)
		return status < 0 ? EXIT_OK : status;
	catch_signals();
	err = kipc_listen(&handle, args.address, NULL);
	if (err)
		return failed_at(args.address, err);
	if (args.file)
		fd = open(args.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		status = failed("%s: %s", args.file, strerror(errno));
	} else {
		status = copy(handle, fd, &args);
		if (args.file && close(fd) && status == EXIT_OK)
			status = failed("%s: %s", args.file, strerror(errno));
	}
	kipc_close(handle);
	return status;
}
