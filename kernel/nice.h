/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nice: a thread that serves a call runs at its caller's nice value.
 *
 * Every thread that has received calls on channels made with KIPC_CHANNEL_NICE, and not
 * ended them all, has one struct kipc_served.  It remembers the nice value that the
 * thread had before the first of them.  Whoever ends the last one, and that may be another
 * thread, gives it back; so no order of ending them, on however many channels, leaves a
 * thread with somebody else's value.
 *
 * Records are found by their thread in a hash table with a lock for each bucket, below
 * the channel's lock.  It guards the setting of the value as well: otherwise a thread
 * that adopts could be overtaken by the one that ends its call.
 */
#ifndef KIPC_NICE_H
#define KIPC_NICE_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct kipc_endpoint;
struct kipc_message;
struct pid;

/**
 * struct kipc_served - a thread that runs at somebody else's nice value
 * @node:	in its bucket
 * @pid:	the thread, pinned; it may have ended
 * @calls:	calls that it has received and that have not ended
 * @nice:	its own value
 * @adopted:	the value that it was given
 */
struct kipc_served {
	struct rb_node		node;
	struct pid		*pid;
	u32			calls;
	s8			nice;
	s8			adopted;
};

void kipc_nice_adopt(struct kipc_endpoint *ep, u64 id);
void kipc_nice_leave(struct kipc_message *msg);

void kipc_nice_init(void);

#endif /* KIPC_NICE_H */
