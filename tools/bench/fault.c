// SPDX-License-Identifier: GPL-2.0
/*
 * fault: mechanisms that are broken on purpose
 *
 * A benchmark that cannot fail proves nothing.  Each of these is a pair of
 * pipes with one defect, chosen by name only (--mechanisms test-corrupt) and
 * never part of "all"; selftests/bench.sh sees to it that every defect is
 * found, that the exit status says so, and that nothing is left running.
 */
#include "driver.h"

#include <errno.h>
#include <unistd.h>

/* One wrong bit, in the middle. */
static ssize_t fault_corrupt_recv(struct lane *lane, size_t expect,
				  const void **data)
{
	ssize_t n = raw_stream_recv(lane, expect, data);

	if (n > 0)
		((unsigned char *)lane->buffer)[n / 2] ^= 0x10;
	return n;
}

/* The right bytes, one of them lost. */
static ssize_t fault_short_recv(struct lane *lane, size_t expect,
				const void **data)
{
	ssize_t n = raw_stream_recv(lane, expect, data);

	return n > 0 ? n - 1 : n;
}

/* A good transport with a wrong answer. */
static int fault_reply(struct lane *lane, const void *data, size_t len)
{
	unsigned char wrong[16] = { 0 };

	(void)data;
	return raw_stream_reply(lane, wrong, len);
}

static ssize_t fault_hang_recv(struct lane *lane, size_t expect,
			       const void **data)
{
	(void)lane;
	(void)expect;
	(void)data;
	while (!worker_stop)
		pause();
	return -EINTR;
}

static ssize_t fault_die_recv(struct lane *lane, size_t expect,
			      const void **data)
{
	(void)lane;
	(void)expect;
	(void)data;
	_exit(9);
}

static int fault_absent(struct lane *lane)
{
	(void)lane;
	return -ENODEV;
}

static int fault_small(struct lane *lane)
{
	lane->max_size = 100;
	return lane->size > lane->max_size ? -EMSGSIZE :
					     raw_prepare_pipes(lane);
}

#define FAULT_PIPES						\
	.kind = DRIVER_FAULT,					\
	.measures = { true, true },				\
	.open = raw_open,					\
	.close = raw_close,					\
	.call = raw_stream_call,				\
	.send = raw_stream_send

#define FAULT(_name, _about, _prepare, _recv, _reply)		\
	{							\
		.name = _name,					\
		.about = _about,				\
		.prepare = _prepare,				\
		.recv = _recv,					\
		.reply = _reply,				\
		FAULT_PIPES					\
	}

const struct driver fault_drivers[] = {
	FAULT("test-corrupt", "flips a bit of every message",
	      raw_prepare_pipes, fault_corrupt_recv, raw_stream_reply),
	FAULT("test-short", "loses a byte of every message",
	      raw_prepare_pipes, fault_short_recv, raw_stream_reply),
	FAULT("test-reply", "answers with something else",
	      raw_prepare_pipes, raw_stream_recv, fault_reply),
	FAULT("test-hang", "never receives",
	      raw_prepare_pipes, fault_hang_recv, raw_stream_reply),
	FAULT("test-die", "dies when it should receive",
	      raw_prepare_pipes, fault_die_recv, raw_stream_reply),
	FAULT("test-absent", "is not there",
	      fault_absent, raw_stream_recv, raw_stream_reply),
	FAULT("test-small", "carries 100 bytes at the most",
	      fault_small, raw_stream_recv, raw_stream_reply),
};

const unsigned int fault_drivers_count = ARRAY_SIZE(fault_drivers);
