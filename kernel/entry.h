/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry: a message in a queue, payload included.
 *
 * An entry is written by its sender before anybody else knows it and read by
 * whoever took it out: it needs no lock.  Its payload is charged to the user who
 * opened the sending endpoint, from before it is allocated until after it is freed.
 */
#ifndef KIPC_ENTRY_H
#define KIPC_ENTRY_H

#include <linux/rbtree.h>
#include <linux/types.h>

#include "message.h"

struct kipc_user;

/**
 * struct kipc_entry - see above
 * @node:	in the queue's @entries
 * @seq:	order of arrival, unique in the queue
 * @type:	the application's
 * @tag:	the application's
 * @time:	when it was made, CLOCK_MONOTONIC_COARSE
 * @len:	bytes of payload
 * @prio:	0 to KIPC_PRIO_MAX
 * @cache:	index of the slab cache it is from, or of none
 * @user:	who pays, pinned
 * @sender:	identity
 * @data:	the payload
 */
struct kipc_entry {
	struct rb_node		node;
	u64			seq;
	u64			type;
	u64			tag;
	u64			time;
	u32			len;
	u16			prio;
	u16			cache;
	struct kipc_user	*user;
	struct kipc_sender	sender;
	char			data[];
};

struct kipc_entry *kipc_entry_create(struct kipc_user *user, u32 len);
void kipc_entry_destroy(struct kipc_entry *entry);
void kipc_entry_describe(const struct kipc_entry *entry, const struct kipc_view *view,
			 struct kipc_header *header);
bool kipc_entry_before(const struct kipc_entry *a, const struct kipc_entry *b);

int kipc_entry_init(void);
void kipc_entry_exit(void);

#endif /* KIPC_ENTRY_H */
