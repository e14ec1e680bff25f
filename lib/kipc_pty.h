/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc: what only a pseudo-terminal has: the name of its slave, and its window.
 *
 * The handles are those of kipc.h, opened with an address that begins with pty:
 * (kipc_address(7)).  Of any other these functions are -EOPNOTSUPP.
 */
#ifndef KIPC_PTY_H
#define KIPC_PTY_H

#include "kipc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A window. */
struct kipc_pty_size {
	size_t size;		/**< sizeof(struct kipc_pty_size) */
	uint16_t rows;		/**< lines of characters */
	uint16_t columns;	/**< characters in a line */
	uint16_t width;		/**< pixels; 0: nobody said */
	uint16_t height;	/**< likewise */
};

#define KIPC_PTY_SIZE_INIT { sizeof(struct kipc_pty_size), 0, 0, 0, 0 }

/**
 * The path of the slave, for a program that is to have it as its terminal.
 *
 * @handle:	either end
 * @buf:	where it goes, terminated
 * @size:	bytes of @buf
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP, -EMSGSIZE (longer than @size), -EPIPE (the master
 * has closed).  Thread-safe.  Since 0.1.
 */
int kipc_pty_name(const struct kipc *handle, char *buf, size_t size);

/**
 * How large is the window?
 *
 * @handle:	either end
 * @window:	begun with KIPC_PTY_SIZE_INIT
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP, -EPIPE (the master has closed).  Thread-safe.
 * Since 0.1.
 */
int kipc_pty_get_size(const struct kipc *handle, struct kipc_pty_size *window);

/**
 * Say how large the window is.
 *
 * @handle:	either end
 * @window:	all of it
 *
 * Where that is a change, the processes in the foreground of the terminal get SIGWINCH: of
 * the session that has it as its controlling terminal, which the library never makes it.
 *
 * Returns as kipc_pty_get_size().  Thread-safe.  Since 0.1.
 */
int kipc_pty_set_size(struct kipc *handle, const struct kipc_pty_size *window);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_PTY_H */
