/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pseudo-terminals: an end of one.
 *
 *	pty.c		opening both ends, the name, the window; raw: frames
 *	pty_cooked.c	cooked: lines
 */
#ifndef KIPC_PTY_INTERNAL_H
#define KIPC_PTY_INTERNAL_H

#include "duplex.h"

/* The longest line, less its newline: what a terminal's line discipline holds. */
#define KIPC_PTY_LINE_MAX	4094

/**
 * struct kipc_pty - an end
 * @duplex:	the frames of a raw one, and the descriptor of both
 * @path:	a listener's name, to be removed, or NULL
 * @slave:	the slave's own path, to which that leads
 * @cut:	cooked: a line was begun and has to be cancelled
 * @part:	cooked: @part_len bytes of a line that has not ended yet
 */
struct kipc_pty {
	struct kipc_duplex duplex;
	bool master;
	char *path;
	char slave[32];
	struct kipc_lifetime life;
	bool cut;
	size_t part_len;
	char part[KIPC_PTY_LINE_MAX + 1];
};

static inline struct kipc_pty *kipc_to_pty(struct kipc *handle)
{
	return container_of(handle, struct kipc_pty, duplex.pipe.base);
}

int kipc_pty_send_line(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline);
int kipc_pty_recv_line(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);

#endif /* KIPC_PTY_INTERNAL_H */
