// SPDX-License-Identifier: GPL-2.0
/*
 * verify: the pass in which every byte counts
 *
 * Both sides make the same pseudo-random contents from the command's number and
 * the message's; lengths differ from message to message.  See payload.h.
 */
#include "pair.h"

#include <errno.h>
#include <string.h>

#include "payload.h"

/* Server: compare every byte of a verified message. */
static int check_random(struct worker *worker, const void *data, ssize_t n,
			size_t len, uint64_t seed)
{
	const unsigned char *got = data, *want = worker->source;
	size_t at;
	int err;

	if (n < 0)
		return worker_error(worker, "receiving", n);
	err = worker_check_length(worker, n, len);
	if (err)
		return err;
	payload_random(worker->source, len, seed);
	if (!memcmp(got, want, len))
		return 0;
	for (at = 0; got[at] == want[at]; at++)
		;
	return worker_fail(worker, -EBADMSG,
			   "byte %zu of a message of %zu is wrong", at, len);
}

int server_verify_calls(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	const void *data;
	uint64_t sum;
	unsigned int i;
	size_t len;
	ssize_t n;
	int err;

	err = worker_settle(worker);
	if (err)
		return err;
	for (i = 0; i < command->count; i++) {
		len = payload_verify_len(lane->size, i);
		n = lane->driver->recv(lane, len, &data);
		err = check_random(worker, data, n, len, command->seed + i);
		if (err)
			return err;
		sum = payload_checksum(data, len);
		err = lane->driver->reply(lane, &sum, payload_reply_len(len));
		if (err)
			return worker_error(worker, "replying", err);
	}
	return 0;
}

int client_verify_calls(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	uint64_t reply;
	unsigned int i;
	size_t len;
	ssize_t n;
	int err;

	for (i = 0; i < command->count; i++) {
		len = payload_verify_len(lane->size, i);
		payload_random(worker->source, len, command->seed + i);
		n = lane->driver->call(lane, worker->source, len, &reply);
		err = worker_check_reply(worker, n, len, &reply,
					 payload_checksum(worker->source, len));
		if (err)
			return err;
		worker->answer.bytes += len;
	}
	return 0;
}

int server_verify_stream(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	const void *data;
	unsigned int i;
	size_t len;
	ssize_t n;
	int err;

	for (i = 0; i < command->count; i++) {
		len = payload_verify_len(lane->size, i);
		n = lane->driver->recv(lane, len, &data);
		err = check_random(worker, data, n, len, command->seed + i);
		if (err)
			return err;
		if (lane->driver->done)
			lane->driver->done(lane);
	}
	return 0;
}

int client_verify_stream(struct worker *worker, const struct command *command)
{
	struct lane *lane = worker->lane;
	unsigned int i;
	size_t len;
	int err;

	for (i = 0; i < command->count; i++) {
		len = payload_verify_len(lane->size, i);
		payload_random(worker->source, len, command->seed + i);
		err = lane->driver->send(lane, worker->source, len);
		if (err)
			return worker_error(worker, "sending", err);
		worker->answer.bytes += len;
	}
	return worker_flush(worker);
}
