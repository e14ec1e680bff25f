/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fds: descriptors on their way in a message.
 *
 * The files are referred to from the moment of sending until the message ends, and are
 * installed in a receiver only when it asks for them, as often as it asks.  They are
 * charged, one by one, to the user of the endpoint they were sent through.
 *
 * A file that holds other files may come to hold the endpoint that holds it, and then
 * neither would ever be closed: nobody would be left who could.  The kernel finds such
 * circles among AF_UNIX sockets only, so whatever is known to close one here is refused:
 * endpoints of kipc, AF_UNIX sockets (they carry descriptors of kipc), io_uring (it
 * registers any file), Android's Binder (it carries any descriptor) and vhost (it holds
 * its owner's memory, in which a pool may be mapped).  Drivers are known by their module's
 * name; one that is built into the kernel is not, unless it has a file system of its own.
 */
#ifndef KIPC_FDS_H
#define KIPC_FDS_H

#include <linux/refcount.h>
#include <linux/types.h>

struct file;
struct kipc_user;

/**
 * struct kipc_fds - descriptors on their way
 * @ref:	the message, and a thread that installs them
 * @user:	who pays, pinned
 * @count:	how many
 * @files:	them, pinned
 */
struct kipc_fds {
	refcount_t		ref;
	struct kipc_user	*user;
	unsigned int		count;
	struct file		*files[];
};

struct kipc_fds *kipc_fds_create(struct kipc_user *user, const s32 __user *fds,
				 unsigned int count);
void kipc_fds_put(struct kipc_fds *fds);
int kipc_fds_install(const struct kipc_fds *fds, unsigned int nr, s32 __user *to);

static inline struct kipc_fds *kipc_fds_get(struct kipc_fds *fds)
{
	refcount_inc(&fds->ref);
	return fds;
}

static inline unsigned int kipc_fds_count(const struct kipc_fds *fds)
{
	return fds ? fds->count : 0;
}

#endif /* KIPC_FDS_H */
