/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How one speaks with the stock Binder driver: commands are put one after the other into
 * a buffer, a single ioctl writes them and reads answers, and answers are walked through.
 *
 * Pure functions over memory of the caller's; kipc-bench's hand-written client
 * (tools/bench/raw_binder.c) uses them as well.  Needs no other header of the library.
 */
#ifndef KIPC_BINDER_WIRE_H
#define KIPC_BINDER_WIRE_H

#include <errno.h>
#include <linux/android/binder.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* The driver maps no more for one open of it, whatever it is asked for. */
#define KIPC_BINDER_MAP_MAX	(4UL << 20)

/* What a one-way message costs beside its bytes, where that is counted (6.1). */
#define KIPC_BINDER_ONE_WAY_COST 256

/* Commands to the driver: each is a number and what belongs to it. */
struct kipc_binder_out {
	size_t len;
	unsigned char bytes[256];
};

/* Answers of the driver, as far as they have been walked through. */
struct kipc_binder_in {
	size_t len;
	size_t at;
	unsigned char bytes[256];
};

static inline void kipc_binder_put(struct kipc_binder_out *out, uint32_t command,
				   const void *argument)
{
	memcpy(out->bytes + out->len, &command, sizeof(command));
	out->len += sizeof(command);
	if (_IOC_SIZE(command))
		memcpy(out->bytes + out->len, argument, _IOC_SIZE(command));
	out->len += _IOC_SIZE(command);
}

/* A transaction to the context manager, which is handle 0, or a reply. */
static inline void kipc_binder_put_data(struct kipc_binder_out *out, uint32_t command,
					uint32_t code, uint32_t flags, const void *data,
					size_t len)
{
	struct binder_transaction_data transaction = {
		.code = code,
		.flags = flags,
		.data_size = len,
		.data.ptr.buffer = (uintptr_t)data,
	};

	kipc_binder_put(out, command, &transaction);
}

/* What an answer of the driver means to one who waits for another. */
static inline int kipc_binder_refusal(uint32_t answer)
{
	switch (answer) {
	case BR_DEAD_REPLY:
		return -EPIPE;
	case BR_FAILED_REPLY:
		return -EREMOTEIO;
	case BR_ERROR:
		return -EIO;
	default:
		return 0;
	}
}

/*
 * One system call.  What it has written leaves @out, also when a signal cuts the read
 * short: the next request does not write it again.
 *
 * Returns 0, with the answers in @in unless that is NULL, or -errno.
 */
static inline int kipc_binder_request(int fd, struct kipc_binder_out *out,
				      struct kipc_binder_in *in)
{
	struct binder_write_read request = {
		.write_size = out->len,
		.write_buffer = (uintptr_t)out->bytes,
		.read_size = in ? sizeof(in->bytes) : 0,
		.read_buffer = in ? (uintptr_t)in->bytes : 0,
	};
	int err = ioctl(fd, BINDER_WRITE_READ, &request) ? -errno : 0;

	if (request.write_consumed) {
		out->len -= request.write_consumed;
		memmove(out->bytes, out->bytes + request.write_consumed, out->len);
	}
	if (in) {
		in->at = 0;
		in->len = err ? 0 : request.read_consumed;
	}
	return err;
}

/* The next answer, and where what belongs to it lies (unaligned); false: no more. */
static inline bool kipc_binder_next(struct kipc_binder_in *in, uint32_t *answer,
				    const void **argument)
{
	if (in->len - in->at < sizeof(*answer))
		return false;
	memcpy(answer, in->bytes + in->at, sizeof(*answer));
	in->at += sizeof(*answer);
	*argument = in->bytes + in->at;
	if (in->len - in->at < _IOC_SIZE(*answer))
		return false;
	in->at += _IOC_SIZE(*answer);
	return true;
}

#endif /* KIPC_BINDER_WIRE_H */
