/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pipe: and fifo: share, and two-way ends are built on: an end of frames that
 * receives (@in), or sends (@out), or both.  The side that it is not has no descriptor.
 */
#ifndef KIPC_PIPE_H
#define KIPC_PIPE_H

#include "frame.h"

struct kipc_pipe {
	struct kipc base;
	struct kipc_frame_in in;
	struct kipc_frame_out out;
};

static inline struct kipc_pipe *kipc_to_pipe(struct kipc *handle)
{
	return container_of(handle, struct kipc_pipe, base);
}

void kipc_pipe_init(struct kipc_pipe *pipe, int in, int out, bool packets);
void kipc_pipe_deinit(struct kipc_pipe *pipe);
void kipc_pipe_set_max(struct kipc_pipe *pipe, const struct kipc_address *address,
		       uint64_t max);

int kipc_pipe_send(struct kipc *handle, const struct kipc_outgoing *out,
		   kipc_deadline deadline);
int kipc_pipe_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
ssize_t kipc_pipe_recv_into(struct kipc *handle, void *buf, size_t size,
			    kipc_deadline deadline);
int kipc_pipe_fd(struct kipc *handle);
int kipc_pipe_events(struct kipc *handle, uint32_t want, struct kipc_events *events);
void kipc_pipe_limits(const struct kipc *handle, struct kipc_info *info);

#endif /* KIPC_PIPE_H */
