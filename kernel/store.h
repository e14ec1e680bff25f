/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Store: the entries that wait in a queue, in the orders in which they are asked for.
 *
 * A pure container: it knows neither locks nor users nor the queue it is in.  Its owner
 * serialises.
 *
 * Two trees hold every entry, so whatever is asked for takes O(log n):
 *
 *	@urgency	by priority, then arrival.  Each node knows the oldest entry of its
 *			subtree and how many that has, so that the oldest of all, and the
 *			n-th, are one descent away.
 *	@types		by type, then priority, then arrival.  Each node knows the most
 *			urgent entry of its subtree, so that "any type but this one" is the
 *			better of what lies left and right of that type.
 */
#ifndef KIPC_STORE_H
#define KIPC_STORE_H

#include <linux/kipc.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kipc_entry;

/**
 * struct kipc_store - see above
 * @urgency:	struct kipc_entry, @urgency
 * @types:	struct kipc_entry, @types
 * @count:	entries
 * @bytes:	their payload
 */
struct kipc_store {
	struct rb_root_cached	urgency;
	struct rb_root_cached	types;
	u64			count;
	u64			bytes;
};

/**
 * struct kipc_store_rank - what a node of @urgency knows of its subtree
 * @oldest:	the smallest sequence number
 * @count:	entries
 */
struct kipc_store_rank {
	u64	oldest;
	u64	count;
};

/**
 * struct kipc_choice - which entry is asked for
 * @select:	enum kipc_select
 * @match:	what that says
 */
struct kipc_choice {
	u32	select;
	u64	match;
};

static inline void kipc_store_init(struct kipc_store *store)
{
	*store = (struct kipc_store){ RB_ROOT_CACHED, RB_ROOT_CACHED };
}

void kipc_store_insert(struct kipc_store *store, struct kipc_entry *entry);
void kipc_store_remove(struct kipc_store *store, struct kipc_entry *entry);
struct kipc_entry *kipc_store_find(const struct kipc_store *store,
				   const struct kipc_choice *choice);
bool kipc_choice_takes(const struct kipc_choice *choice, const struct kipc_entry *entry);
void kipc_store_clear(struct kipc_store *store);

#endif /* KIPC_STORE_H */
