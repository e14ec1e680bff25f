// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl recv --count, --follow: each message for itself, written at once, so that what
 * follows in a pipeline has it before the next one comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "json.h"
#include "kipcctl.h"
#include "recv.h"

/* ---- a line of JSON ---- */

static json_t *base64(const unsigned char *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((len + 2) / 3 * 4 + 1), *out = text;
	json_t *value;
	size_t i;

	if (!text)
		return NULL;
	for (i = 0; i < len; i += 3) {
		unsigned int left = (unsigned int)(len - i);
		unsigned int bits = data[i] << 16 | (left > 1 ? data[i + 1] << 8 : 0) |
				    (left > 2 ? data[i + 2] : 0);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	value = json_stringn(text, (size_t)(out - text));
	free(text);
	return value;
}

/* What the mechanism does not know is null. */
static void put_known(json_t *object, const char *name, const struct kipc_msg *msg, uint32_t bit,
		      uint64_t value)
{
	if (msg->known & bit)
		json_put_number(object, name, value);
	else
		json_put(object, name, json_null());
}

static json_t *describe(const struct kipc_msg *msg)
{
	json_t *object = json_object(), *data = json_stringn(msg->data ? msg->data : "", msg->len);

	put_known(object, "type", msg, KIPC_KNOWN_TYPE, msg->type);
	put_known(object, "prio", msg, KIPC_KNOWN_PRIO, msg->prio);
	put_known(object, "pid", msg, KIPC_KNOWN_PEER, (uint64_t)msg->pid);
	put_known(object, "uid", msg, KIPC_KNOWN_PEER, msg->uid);
	put_known(object, "gid", msg, KIPC_KNOWN_PEER, msg->gid);
	json_put_number(object, "len", msg->len);
	if (data)
		json_put(object, "data", data);
	else
		json_put(object, "base64", base64(msg->data, msg->len));
	return object;
}

/* ---- one after the other ---- */

/* In one piece where that is possible: others may write to the same pipe. */
static int write_line(int fd, const void *data, size_t len)
{
	char newline = '\n';
	struct iovec parts[] = {
		{ .iov_base = (void *)data, .iov_len = len },
		{ .iov_base = &newline, .iov_len = 1 },
	};

	return write_parts(fd, parts, 2);
}

static int write_json(int fd, const struct kipc_msg *msg)
{
	json_t *object = describe(msg);
	char *line = json_dumps(object, JSON_COMPACT);
	int err = line ? write_line(fd, line, strlen(line)) : -ENOMEM;

	free(line);
	json_decref(object);
	return err;
}

static int write_message(int fd, const struct kipc_msg *msg, const struct recv_args *args)
{
	if (args->json)
		return write_json(fd, msg);
	return args->raw ? write_full(fd, msg->data, msg->len) :
			   write_line(fd, msg->data, msg->len);
}

/* Nothing more comes, for the reason @n: an exit status. */
static int ended(const struct recv_args *args, ssize_t n)
{
	if (args->follow && n == -EINTR)
		return EXIT_OK;
	failed_at(args->address, (int)n);
	return n == -ETIMEDOUT || n == -EAGAIN ? EXIT_TIMEOUT : EXIT_FAILED;
}

int receive_messages(struct kipc *handle, int fd, const struct recv_args *args)
{
	uint64_t got = 0;

	while (args->follow || got < args->count) {
		struct kipc_msg msg;
		ssize_t n = signal_caught() ? -EINTR :
			    kipc_recv_opts(handle, &msg, &args->options, args->timeout);
		int err = 0;

		if (n == -EINTR && !signal_caught())
			continue;
		if (n < 0)
			return ended(args, n);
		if (msg.kind == KIPC_MSG_SEND) {
			err = write_message(fd, &msg, args);
			got++;
		} else {
			failed("a call is refused: `kipcctl serve` answers calls");
		}
		kipc_release(&msg);
		if (err)
			return failed_to_write(args, err);
	}
	return EXIT_OK;
}
