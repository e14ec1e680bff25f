// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl recv: a whole file from an address, or messages one by one.
 *
 * The file's other end is `kipcctl send`.  It is whole once an empty message has come.
 * Whatever ends the transfer before that is a failure, and says so, because half a file
 * looks like a file.  With --count or --follow each message is for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "kipcctl.h"
#include "recv.h"

static const char text[] =
	"Usage: kipcctl recv [OPTION]... ADDRESS [FILE]\n"
	"Receive a file that `kipcctl send` sends to ADDRESS, into FILE or standard\n"
	"output; or with one of the first two options single messages, of whoever sends.\n\n"
	"  -c, --count=N          receive N messages, each followed by a newline\n"
	"  -f, --follow           receive messages until a signal ends it\n"
	"  -r, --raw              write them as they are, without the newline\n"
	"  -j, --json             write each as a line of JSON: type, priority, sender and\n"
	"                         data (or base64, where that is no text)\n"
	"  -T, --type=N           only those of the type N, where one can choose\n"
	"  -o, --output=FILE      the same as the argument\n"
	"  -t, --timeout=SECONDS  give up when nothing comes for so long\n"
	"                         (default: never)\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, the file is whole, or the messages are here; 1, failed; 2, wrong\n"
	"usage; 6, the time was up.\n";

static int parse_option(struct recv_args *args, int c)
{
	switch (c) {
	case 'c':
		return count_of(optarg, &args->count);
	case 'f':
		args->follow = true;
		return 0;
	case 'r':
		args->raw = true;
		return 0;
	case 'j':
		args->json = true;
		return 0;
	case 'T':
		args->options.pick = KIPC_PICK_TYPE;
		return number_of(optarg, UINT64_MAX, &args->options.match);
	case 'o':
		args->file = optarg;
		return 0;
	case 't':
		return seconds(optarg, &args->timeout);
	default:
		return -1;
	}
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct recv_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "follow", no_argument, NULL, 'f' },
		{ "raw", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "type", required_argument, NULL, 'T' },
		{ "output", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool messages;
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "c:frjT:o:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		bad |= parse_option(args, c);
	}
	messages = args->count || args->follow;
	if (!messages)
		bad |= args->raw || args->json || args->options.pick;
	bad |= (args->count && args->follow) || (args->raw && args->json);
	if (!bad && argc - optind == 2 && !args->file)
		args->file = argv[optind + 1];
	else if (bad || argc - optind != 1)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind];
	return EXIT_OK;
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
		ssize_t n = signal_caught() ? -EINTR : kipc_recv(handle, msg, timeout);

		if (n == -EINTR && !signal_caught())
			continue;
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

static int receive_file(struct kipc *handle, int fd, const struct recv_args *args)
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
		return failed_to_write(args, err);
	if (!n)
		return EXIT_OK;
	failed_at(args->address, (int)n);
	failed("the file is not whole: %llu bytes came, and no end",
	       (unsigned long long)progress.bytes);
	return n == -ETIMEDOUT || n == -EAGAIN ? EXIT_TIMEOUT : EXIT_FAILED;
}

int failed_to_write(const struct recv_args *args, int err)
{
	return failed("%s: %s", args->file ? args->file : "standard output",
		      err == -EINTR ? "a signal came before all was written" : strerror(-err));
}

int verb_recv(int argc, char **argv)
{
	struct recv_args args = {
		.timeout = KIPC_FOREVER,
		.options = KIPC_RECV_OPTIONS_INIT,
	};
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
		status = args.count || args.follow ? receive_messages(handle, fd, &args) :
						     receive_file(handle, fd, &args);
		if (args.file && close(fd) && status == EXIT_OK)
			status = failed_to_write(&args, -errno);
	}
	kipc_close(handle);
	return status;
}
