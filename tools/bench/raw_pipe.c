// SPDX-License-Identifier: GPL-2.0
/*
 * raw-pipe: two pipes, write(2) and read(2)
 *
 * With the capacity that a program gets which does not ask for another (64
 * KiB): a larger message goes through in several turns.
 */
#include "driver.h"

const struct driver raw_pipe_driver = {
	.name = "raw-pipe",
	.about = "two pipes of the default capacity, write and read",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = raw_prepare_pipes,
	.open = raw_open,
	.close = raw_close,
	.call = raw_stream_call,
	.recv = raw_stream_recv,
	.reply = raw_stream_reply,
	.send = raw_stream_send,
};
