/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fds: descriptors on their way in a message.
 *
 * The files are referred to from the moment of sending until the message ends, and are
 * installed in a receiver only when it asks for them, as often as it asks.  They are
 * charged, one by one, to the user of the endpoint they were sent through.
 *
 * The last close of a file can take long: as long as the sender of a socket with
 * SO_LINGER likes.  So a receiver closes a message's descriptors itself only where it has
 * asked for all of them.  Otherwise, and for what was in a queue (where somebody else may
 * have looked at them before), a worker does, which does not linger.
 *
 * A file that holds other files may come to hold the endpoint that holds it, and then
 * neither would ever be closed: nobody would be left who could.  The kernel finds such
 * circles among AF_UNIX sockets only, so whatever is known to close one here is refused:
 * endpoints of kipc, AF_UNIX sockets (they carry descriptors of kipc), io_uring (it
 * registers any file), Android's Binder (it carries any descriptor) and vhost (it holds
 * its owner's memory, in which a pool may be mapped).  Drivers are known by their module's
 * name; one that is built into the kernel is not, unless it has a file system of its own.
 *
 * What waits in a named queue goes with the queue's network namespace at the latest, and a file
 * there that keeps that namespace would keep itself.  So it takes no such files
 * (kipc_fds_may_wait()), also not those that keep another namespace, which may have a queue
 * with one of ours; unless it is in the first namespace, which never goes.
 */
#ifndef KIPC_FDS_H
#define KIPC_FDS_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "fetch.h"

struct file;
struct kipc_user;
struct net;

/**
 * struct kipc_fds - descriptors on their way
 * @ref:	the message, and a thread that installs them
 * @work:	closes them
 * @user:	who pays, pinned
 * @wanted:	whoever ends the message has asked for all of them, or has sent it
 * @count:	how many
 * @files:	them, pinned
 */
struct kipc_fds {
	refcount_t		ref;
	struct work_struct	work;
	struct kipc_user	*user;
	bool			wanted;
	unsigned int		count;
	struct file		*files[];
};

/**
 * struct kipc_fds_taken - descriptors that a process was given, while that may be undone
 * @numbers:	them, allocated; or NULL
 * @count:	how many
 */
struct kipc_fds_taken {
	int		*numbers;
	unsigned int	count;
};

struct kipc_fds *kipc_fds_create(struct kipc_user *user, const s32 __user *fds,
				 unsigned int count) __reads_user(2);
bool kipc_fds_may_wait(const struct kipc_fds *fds, const struct net *net);
void kipc_fds_put(struct kipc_fds *fds);
int kipc_fds_install(struct kipc_fds *fds, unsigned int nr, s32 __user *to);
int kipc_fds_take_some(struct kipc_fds *fds, s32 __user *to, unsigned int count,
		       struct kipc_fds_taken *taken);
int kipc_fds_take(struct kipc_fds *fds, s32 __user *to, unsigned int max,
		  struct kipc_fds_taken *taken);
void kipc_fds_taken_close(struct kipc_fds_taken *taken, bool undo);

/* They have been told to the process, or (@undo) could not be. */
static inline void kipc_fds_taken_end(struct kipc_fds_taken *taken, bool undo)
{
	if (unlikely(taken->numbers))
		kipc_fds_taken_close(taken, undo);
}

/* Drop a sender's reference: what it could not send it closes itself. */
static inline void kipc_fds_forget(struct kipc_fds *fds)
{
	WRITE_ONCE(fds->wanted, true);
	kipc_fds_put(fds);
}

int kipc_fds_init(void);
void kipc_fds_exit(void);

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
