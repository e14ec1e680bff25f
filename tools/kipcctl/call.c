// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl call: one call, its request from the command line or standard input, its reply
 * to standard output.  How it ended is the exit status, so that a script knows whether it
 * may call again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kipcctl.h"
#include "talk.h"

static const char text[] =
	"Usage: kipcctl call [OPTION]... ADDRESS [DATA]\n"
	"Call the server at ADDRESS with DATA, and write its reply to standard output as\n"
	"it is.  Without DATA, or with '-', the request is what standard input has; of a\n"
	"terminal it is empty.\n\n"
	"  -t, --timeout=SECONDS  give up after so long, connecting included\n"
	"                         (default: never)\n"
	"  -w, --wait=SECONDS     wait so long for the server to start (default: 0)\n"
	"  -T, --type=N           the request's type, where the mechanism has types\n"
	"  -p, --prio=N           its priority, 0 to 32767, where there are priorities\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, replied; 1, failed; 2, wrong usage; 4, not delivered: safe to\n"
	"try again; 5, delivered, and then the server died or refused it; 6, the time was\n"
	"up, and the server has it: after 5 and 6 it may have run.\n";

struct call_args {
	const char *address;
	const char *data;	/* NULL: standard input */
	int64_t timeout;
	int64_t wait;
	struct kipc_send_options options;
};

static int parse_option(struct call_args *args, int c)
{
	uint64_t number = 0;
	int bad;

	switch (c) {
	case 't':
		return seconds(optarg, &args->timeout);
	case 'w':
		return seconds(optarg, &args->wait);
	case 'T':
		return number_of(optarg, UINT64_MAX, &args->options.type);
	case 'p':
		bad = number_of(optarg, PRIO_MAX_MESSAGE, &number);
		args->options.prio = (uint32_t)number;
		return bad;
	default:
		return -1;
	}
}

/* EXIT_OK to go on; -1 to end well. */
static int parse(struct call_args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "wait", required_argument, NULL, 'w' },
		{ "type", required_argument, NULL, 'T' },
		{ "prio", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "t:w:T:p:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK) - 1;
		if (parse_option(args, c))
			return usage(text, EXIT_USAGE);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage(text, EXIT_USAGE);
	args->address = argv[optind];
	args->data = argv[optind + 1];
	if (args->data && !strcmp(args->data, "-"))
		args->data = NULL;
	return EXIT_OK;
}

/* How a call ended that has no reply: an exit status, after a sentence. */
static int explain(const char *address, int err, uint32_t outcome)
{
	char sentence[512];

	kipc_explain(address, err, sentence, sizeof(sentence));
	if (outcome == KIPC_CALL_UNSEEN && (err == -ETIMEDOUT || err == -EAGAIN)) {
		failed("%s, and the server had not taken the call: try again",
		       sentence);
		return EXIT_UNSEEN;
	}
	if (outcome == KIPC_CALL_UNSEEN && err == -EPIPE) {
		failed("%s, and never received the call: try again", sentence);
		return EXIT_UNSEEN;
	}
	if (outcome == KIPC_CALL_UNSEEN)
		return failed("%s", sentence);
	if (err == -ETIMEDOUT) {
		failed("%s: the server has the call, which may have run", sentence);
		return EXIT_TIMEOUT;
	}
	failed("%s", sentence);
	return EXIT_DIED;
}

static int call(const struct call_args *args, const char *data, size_t len)
{
	int64_t timeout = args->timeout;
	struct kipc_msg reply;
	struct kipc *handle;
	int err, status;
	ssize_t n;

	err = connect_patiently(&handle, args->address, args->wait, &timeout);
	if (err)
		return failed_to_connect(args->address, err);
	n = kipc_call_opts(handle, data, len, &args->options, &reply, timeout);
	if (n < 0) {
		status = explain(args->address, (int)n, reply.outcome);
	} else {
		err = write_full(STDOUT_FILENO, reply.data, reply.len);
		status = err ? failed("standard output: %s", strerror(-err)) : EXIT_OK;
		kipc_release(&reply);
	}
	kipc_close(handle);
	return status;
}

int verb_call(int argc, char **argv)
{
	struct call_args args = {
		.timeout = KIPC_FOREVER,
		.options = KIPC_SEND_OPTIONS_INIT,
	};
	int status = parse(&args, argc, argv);
	char *data = NULL;
	ssize_t len = 0;

	if (status)
		return status < 0 ? EXIT_OK : status;
	if (args.data)
		return call(&args, args.data, strlen(args.data));
	if (!isatty(STDIN_FILENO))
		len = read_all(STDIN_FILENO, &data);
	if (len < 0)
		return failed("standard input: %s", strerror((int)-len));
	status = call(&args, data, (size_t)len);
	free(data);
	return status;
}
