/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry: a message in a queue, payload included.
 *
 * An entry is written by its sender before anybody else knows it.  Afterwards nobody
 * changes it but for its places in the store, which the queue's lock guards.  Whoever has
 * an entry has a reference: the sender first, then the store or the receiver who took it
 * out, and besides those anybody who peeks at it.
 *
 * Its payload is charged to the user who opened the sending endpoint, from before it is
 * allocated until after it is freed.
 */
#ifndef KIPC_ENTRY_H
#define KIPC_ENTRY_H

#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "message.h"
#include "store.h"

struct kipc_fds;
struct kipc_source;
struct kipc_user;

/**
 * struct kipc_entry - see above
 * @urgency:	in the store
 * @rank:	what that node knows of its subtree
 * @types:	in the store
 * @best:	what that node knows of its subtree: its most urgent entry
 * @list:	in a list of its owner's, when in no store
 * @seq:	order of sending, unique in the queue; 0, not sent yet
 * @type:	the application's
 * @tag:	the application's
 * @time:	when it was made, CLOCK_MONOTONIC_COARSE
 * @ref:	see above
 * @len:	bytes of payload
 * @prio:	0 to KIPC_PRIO_MAX
 * @cache:	index of the slab cache it is from, or of none
 * @user:	who pays, pinned
 * @fds:	descriptors that go with it, or NULL
 * @sender:	identity
 * @data:	the payload
 */
struct kipc_entry {
	struct rb_node		urgency;
	struct kipc_store_rank	rank;
	union {
		struct rb_node		types;
		struct list_head	list;
	};
	struct kipc_entry	*best;
	u64			seq;
	u64			type;
	u64			tag;
	u64			time;
	refcount_t		ref;
	u32			len;
	u16			prio;
	u16			cache;
	struct kipc_user	*user;
	struct kipc_fds		*fds;
	struct kipc_sender	sender;
	char			data[];
};

struct kipc_entry *kipc_entry_create(struct kipc_entry **spare, struct kipc_user *user,
				     struct kipc_source *source);
void kipc_entry_free(struct kipc_entry *entry);
void kipc_entry_recycle(struct kipc_entry **spare, struct kipc_entry *entry);
void kipc_entry_drop_spare(struct kipc_entry **spare);
void kipc_entry_describe(const struct kipc_entry *entry, const struct kipc_view *view,
			 struct kipc_header *header);

static inline struct kipc_entry *kipc_entry_get(struct kipc_entry *entry)
{
	refcount_inc(&entry->ref);
	return entry;
}

static inline void kipc_entry_put(struct kipc_entry *entry)
{
	if (refcount_dec_and_test(&entry->ref))
		kipc_entry_free(entry);
}

int kipc_entry_init(void);
void kipc_entry_exit(void);

#endif /* KIPC_ENTRY_H */
