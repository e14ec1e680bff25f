// SPDX-License-Identifier: GPL-2.0
/* Store: see store.h for what it is. */
#include <linux/rbtree_augmented.h>
#include <linux/sched.h>

#include "entry.h"
#include "store.h"

static struct kipc_entry *kipc_urgency_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct kipc_entry, urgency);
}

static struct kipc_entry *kipc_types_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct kipc_entry, types);
}

/* The more urgent first, then the older. */
static bool kipc_entry_before(const struct kipc_entry *a, const struct kipc_entry *b)
{
	if (a->prio != b->prio)
		return a->prio > b->prio;
	return a->seq < b->seq;
}

static bool kipc_entry_before_by_type(const struct kipc_entry *a, const struct kipc_entry *b)
{
	if (a->type != b->type)
		return a->type < b->type;
	return kipc_entry_before(a, b);
}

/* Of two, either of which may be missing, the one to be received first. */
static struct kipc_entry *kipc_entry_better(struct kipc_entry *a, struct kipc_entry *b)
{
	if (!a || !b)
		return a ?: b;
	return kipc_entry_before(a, b) ? a : b;
}

/* What the nodes know of their subtrees.  Return: it has not changed, and @exit asks. */
static bool kipc_rank_compute(struct kipc_entry *entry, bool exit)
{
	struct kipc_entry *left = kipc_urgency_entry(entry->urgency.rb_left);
	struct kipc_entry *right = kipc_urgency_entry(entry->urgency.rb_right);
	struct kipc_store_rank rank = { .oldest = entry->seq, .count = 1 };

	if (left) {
		rank.oldest = min(rank.oldest, left->rank.oldest);
		rank.count += left->rank.count;
	}
	if (right) {
		rank.oldest = min(rank.oldest, right->rank.oldest);
		rank.count += right->rank.count;
	}
	if (exit && rank.oldest == entry->rank.oldest && rank.count == entry->rank.count)
		return true;
	entry->rank = rank;
	return false;
}

static bool kipc_best_compute(struct kipc_entry *entry, bool exit)
{
	struct kipc_entry *left = kipc_types_entry(entry->types.rb_left);
	struct kipc_entry *right = kipc_types_entry(entry->types.rb_right);
	struct kipc_entry *best = entry;

	if (left)
		best = kipc_entry_better(best, left->best);
	if (right)
		best = kipc_entry_better(best, right->best);
	if (exit && best == entry->best)
		return true;
	entry->best = best;
	return false;
}

RB_DECLARE_CALLBACKS(static, kipc_rank_callbacks, struct kipc_entry, urgency, rank,
		     kipc_rank_compute)
RB_DECLARE_CALLBACKS(static, kipc_best_callbacks, struct kipc_entry, types, best,
		     kipc_best_compute)

/* Link a node where @before says, and let those above it know. */
static void kipc_tree_insert(struct rb_root_cached *tree, struct rb_node *node,
			     bool (*before)(const struct rb_node *a, const struct rb_node *b),
			     const struct rb_augment_callbacks *callbacks)
{
	struct rb_node **link = &tree->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (before(node, parent)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(node, parent, link);
	callbacks->propagate(node, NULL);
	rb_insert_augmented_cached(node, tree, leftmost, callbacks);
}

static bool kipc_urgency_before(const struct rb_node *a, const struct rb_node *b)
{
	return kipc_entry_before(rb_entry(a, struct kipc_entry, urgency),
				 rb_entry(b, struct kipc_entry, urgency));
}

static bool kipc_types_before(const struct rb_node *a, const struct rb_node *b)
{
	return kipc_entry_before_by_type(rb_entry(a, struct kipc_entry, types),
					 rb_entry(b, struct kipc_entry, types));
}

/* The way of most messages, through a store that is empty but for them. */
static void kipc_store_insert_only(struct kipc_store *store, struct kipc_entry *entry)
{
	entry->rank = (struct kipc_store_rank){ entry->seq, 1 };
	entry->best = entry;
	rb_link_node(&entry->urgency, NULL, &store->urgency.rb_root.rb_node);
	rb_insert_color_cached(&entry->urgency, &store->urgency, true);
	rb_link_node(&entry->types, NULL, &store->types.rb_root.rb_node);
	rb_insert_color_cached(&entry->types, &store->types, true);
}

/**
 * kipc_store_insert() - add an entry
 * @store:	the store
 * @entry:	in no store; its sequence number is unique
 */
void kipc_store_insert(struct kipc_store *store, struct kipc_entry *entry)
{
	if (!store->count) {
		kipc_store_insert_only(store, entry);
	} else {
		/* What no subtree can know: so that the new node counts as changed. */
		entry->rank.count = 0;
		entry->best = NULL;
		kipc_tree_insert(&store->urgency, &entry->urgency, kipc_urgency_before,
				 &kipc_rank_callbacks);
		kipc_tree_insert(&store->types, &entry->types, kipc_types_before,
				 &kipc_best_callbacks);
	}
	store->count++;
	store->bytes += entry->len;
}

/**
 * kipc_store_remove() - take an entry out
 * @store:	the store
 * @entry:	in it
 */
void kipc_store_remove(struct kipc_store *store, struct kipc_entry *entry)
{
	if (store->count == 1) {
		kipc_store_init(store);
		return;
	}
	rb_erase_augmented_cached(&entry->urgency, &store->urgency, &kipc_rank_callbacks);
	rb_erase_augmented_cached(&entry->types, &store->types, &kipc_best_callbacks);
	store->count--;
	store->bytes -= entry->len;
}

static struct kipc_entry *kipc_store_oldest(const struct kipc_store *store)
{
	struct kipc_entry *entry = kipc_urgency_entry(store->urgency.rb_root.rb_node);

	while (entry && entry->seq != entry->rank.oldest) {
		struct kipc_entry *left = kipc_urgency_entry(entry->urgency.rb_left);

		if (left && left->rank.oldest == entry->rank.oldest)
			entry = left;
		else
			entry = kipc_urgency_entry(entry->urgency.rb_right);
	}
	return entry;
}

static struct kipc_entry *kipc_store_nth(const struct kipc_store *store, u64 nth)
{
	struct kipc_entry *entry = kipc_urgency_entry(store->urgency.rb_root.rb_node);

	while (entry) {
		struct kipc_entry *left = kipc_urgency_entry(entry->urgency.rb_left);
		u64 before = left ? left->rank.count : 0;

		if (nth == before)
			break;
		if (nth < before) {
			entry = left;
		} else {
			nth -= before + 1;
			entry = kipc_urgency_entry(entry->urgency.rb_right);
		}
	}
	return entry;
}

/* The first entry of the lowest type that is @type at least. */
static struct kipc_entry *kipc_store_from_type(const struct kipc_store *store, u64 type)
{
	struct kipc_entry *entry = kipc_types_entry(store->types.rb_root.rb_node);
	struct kipc_entry *found = NULL;

	while (entry) {
		if (entry->type < type) {
			entry = kipc_types_entry(entry->types.rb_right);
		} else {
			found = entry;
			entry = kipc_types_entry(entry->types.rb_left);
		}
	}
	return found;
}

static struct kipc_entry *kipc_store_of_type(const struct kipc_store *store, u64 type)
{
	struct kipc_entry *entry = kipc_store_from_type(store, type);

	return entry && entry->type == type ? entry : NULL;
}

/* The best of a subtree, which may be empty. */
static struct kipc_entry *kipc_types_best(struct rb_node *node)
{
	return node ? rb_entry(node, struct kipc_entry, types)->best : NULL;
}

/* The best entry of a type on one side of @type: each step leaves out a subtree, or takes it. */
static struct kipc_entry *kipc_store_beside(const struct kipc_store *store, u64 type, bool below)
{
	struct rb_node *node = store->types.rb_root.rb_node;
	struct kipc_entry *best = NULL;

	while (node) {
		struct kipc_entry *entry = rb_entry(node, struct kipc_entry, types);
		struct rb_node *inner = below ? node->rb_right : node->rb_left;
		struct rb_node *outer = below ? node->rb_left : node->rb_right;

		if (below ? entry->type < type : entry->type > type) {
			best = kipc_entry_better(best, entry);
			best = kipc_entry_better(best, kipc_types_best(outer));
			node = inner;
		} else {
			node = outer;
		}
	}
	return best;
}

/**
 * kipc_store_find() - the entry that is asked for
 * @store:	the store
 * @choice:	which, with a @select that exists
 *
 * Return: the entry, still in the store, or NULL.
 */
struct kipc_entry *kipc_store_find(const struct kipc_store *store,
				   const struct kipc_choice *choice)
{
	struct kipc_entry *entry;

	switch (choice->select) {
	case KIPC_SELECT_FIRST:
		return kipc_store_oldest(store);
	case KIPC_SELECT_TYPE:
		return kipc_store_of_type(store, choice->match);
	case KIPC_SELECT_TYPE_MAX:
		entry = kipc_types_entry(rb_first_cached(&store->types));
		return entry && entry->type <= choice->match ? entry : NULL;
	case KIPC_SELECT_NOT_TYPE:
		return kipc_entry_better(kipc_store_beside(store, choice->match, true),
					 kipc_store_beside(store, choice->match, false));
	case KIPC_SELECT_NTH:
		return kipc_store_nth(store, choice->match);
	default:
		return kipc_urgency_entry(rb_first_cached(&store->urgency));
	}
}

/**
 * kipc_choice_takes() - would an entry do that is the only one?
 * @choice:	what is asked for
 * @entry:	the entry
 */
bool kipc_choice_takes(const struct kipc_choice *choice, const struct kipc_entry *entry)
{
	switch (choice->select) {
	case KIPC_SELECT_TYPE:
		return entry->type == choice->match;
	case KIPC_SELECT_TYPE_MAX:
		return entry->type <= choice->match;
	case KIPC_SELECT_NOT_TYPE:
		return entry->type != choice->match;
	default:
		return true;
	}
}

/**
 * kipc_store_clear() - let go of every entry
 * @store:	nobody else's any more; empty afterwards
 */
void kipc_store_clear(struct kipc_store *store)
{
	struct kipc_entry *entry, *next;

	rbtree_postorder_for_each_entry_safe(entry, next, &store->urgency.rb_root, urgency) {
		kipc_entry_put(entry);
		cond_resched();
	}
	kipc_store_init(store);
}
