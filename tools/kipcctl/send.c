// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl send: a whole file to an address, or single messages.
 *
 * A file goes as messages, each as large as is sensible there, and an empty one at the
 * end, so that the receiver can tell a whole file from a piece.  What goes as messages has
 * no such end: they are what whoever receives there expects.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kipcctl.h"
#include "talk.h"

/* Larger ones are no faster, and leave the receiver less room for a second. */
#define CHUNK_MAX (256 * 1024)

static const char text[] =
	"Usage: kipcctl send [OPTION]... ADDRESS FILE\n"
	"  or:  kipcctl send [OPTION]... --message=TEXT... ADDRESS\n"
	"  or:  kipcctl send [OPTION]... --each-line ADDRESS [FILE]\n"
	"Send FILE ('-' is standard input) to `kipcctl recv` at ADDRESS, or send single\n"
	"messages to whoever receives there: TEXT, or each line of FILE (by default of\n"
	"standard input) without its end.\n\n"
	"  -m, --message=TEXT     send TEXT as one message; may be repeated\n"
	"  -l, --each-line        send each line as a message, as it comes\n"
	"  -T, --type=N           their type, where the mechanism has types\n"
	"  -p, --prio=N           their priority, 0 to 32767, where there are priorities\n"
	"  -w, --wait=SECONDS     wait for the receiver to start (default: 5)\n"
	"  -t, --timeout=SECONDS  give up when connecting takes so long, or no piece can be\n"
	"                         sent for so long (default: never)\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, the mechanism has taken all of it; 1, failed; 2, wrong usage; 4,\n"
	"nobody receives or answers there; 6, the time was up.\n";

struct send_args {
	const char *address;
	const char *file;
	char **messages;	/* of --message, in the arguments' order */
	unsigned int count;
	bool each_line;
	int64_t wait;
	int64_t timeout;
	struct kipc_send_options options;
};

static int parse_option(struct send_args *args, int c)
{
	uint64_t number = 0;
	int bad;

	switch (c) {
	case 'm':
		args->messages[args->count++] = optarg;
		return 0;
	case 'l':
		args->each_line = true;
		return 0;
	case 'T':
		return number_of(optarg, UINT64_MAX, &args->options.type);
	case 'p':
		bad = number_of(optarg, PRIO_MAX_MESSAGE, &number);
		args->options.prio = (uint32_t)number;
		return bad;
	case 'w':
		return seconds(optarg, &args->wait);
	case 't':
		return seconds(optarg, &args->timeout);
	default:
		return -1;
	}
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct send_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "message", required_argument, NULL, 'm' },
		{ "each-line", no_argument, NULL, 'l' },
		{ "type", required_argument, NULL, 'T' },
		{ "prio", required_argument, NULL, 'p' },
		{ "wait", required_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, left;

	while ((c = getopt_long(argc, argv, "m:lT:p:w:t:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		if (parse_option(args, c))
			return usage(text, EXIT_USAGE);
	}
	left = argc - optind;
	if (args->count && args->each_line)
		return usage(text, EXIT_USAGE);
	if (args->count ? left != 1 : args->each_line ? left < 1 || left > 2 : left != 2)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind];
	args->file = left == 2 ? argv[optind + 1] : "-";
	return EXIT_OK;
}

static int send_one(struct kipc *handle, const struct send_args *args, const void *data,
		    size_t len)
{
	return kipc_send_opts(handle, data, len, &args->options, args->timeout);
}

/* ---- single messages ---- */

static int send_messages(struct kipc *handle, const struct send_args *args)
{
	unsigned int i;
	int err;

	for (i = 0; i < args->count; i++) {
		err = send_one(handle, args, args->messages[i], strlen(args->messages[i]));
		if (err)
			return failed_to_send(args->address, err);
	}
	return EXIT_OK;
}

static int send_lines(struct kipc *handle, const struct send_args *args, int fd)
{
	FILE *file = fdopen(fd, "r");
	int err = 0, status;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file)
		return failed("%s: %s", args->file, strerror(errno));
	while (!err && (len = getline(&line, &size, file)) >= 0) {
		if (len && line[len - 1] == '\n')
			len--;
		err = send_one(handle, args, line, (size_t)len);
	}
	if (err)
		status = failed_to_send(args->address, err);
	else
		status = ferror(file) ? failed("%s: it cannot be read", args->file) : EXIT_OK;
	free(line);
	return status;
}

/* ---- a file ---- */

static int copy(struct kipc *handle, int fd, char *buf, size_t size,
		const struct send_args *args)
{
	struct progress progress;
	struct stat st;
	ssize_t n;
	int err = 0;

	progress_start(&progress, "sent");
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		progress.total = (uint64_t)st.st_size;
	while (!err && (n = read_full(fd, buf, size)) > 0) {
		err = send_one(handle, args, buf, (size_t)n);
		if (!err)
			progress_add(&progress, (uint64_t)n);
	}
	if (!err && n < 0) {
		progress_end(&progress);
		return failed("%s: %s", args->file, strerror((int)-n));
	}
	if (!err)
		err = send_one(handle, args, NULL, 0);
	progress_end(&progress);
	return err ? failed_to_send(args->address, err) : EXIT_OK;
}

static int send_file(struct kipc *handle, const struct send_args *args, int fd)
{
	struct kipc_info info = KIPC_INFO_INIT;
	size_t size;
	char *buf;
	int status;

	kipc_info(handle, &info);
	size = info.max_size < CHUNK_MAX ? info.max_size : CHUNK_MAX;
	buf = malloc(size ? size : 1);
	status = buf && size ? copy(handle, fd, buf, size, args) :
			       failed_at(args->address, buf ? -EMSGSIZE : -ENOMEM);
	free(buf);
	return status;
}

static int send_all(const struct send_args *args)
{
	bool open_file = strcmp(args->file, "-");
	int64_t timeout = args->timeout;
	struct kipc *handle;
	int fd = STDIN_FILENO, err, status;

	if (open_file)
		fd = open(args->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed("%s: %s", args->file, strerror(errno));
	err = connect_patiently(&handle, args->address, args->wait, &timeout);
	if (err)
		return failed_to_connect(args->address, err);
	if (args->count)
		status = send_messages(handle, args);
	else if (args->each_line)
		status = send_lines(handle, args, fd);
	else
		status = send_file(handle, args, fd);
	kipc_close(handle);
	return status;
}

int verb_send(int argc, char **argv)
{
	struct send_args args = {
		.wait = KIPC_S(5),
		.timeout = KIPC_FOREVER,
		.options = KIPC_SEND_OPTIONS_INIT,
		.messages = calloc((size_t)argc, sizeof(*args.messages)),
	};
	int status = args.messages ? parse(&args, argc, argv) : failed("out of memory");

	if (!status)
		status = send_all(&args);
	free(args.messages);
	return status < 0 ? EXIT_OK : status;
}
