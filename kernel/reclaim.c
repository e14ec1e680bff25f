// SPDX-License-Identifier: GPL-2.0
/* Reclaim: see reclaim.h for what it is. */
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "reclaim.h"

static unsigned int pool_idle = 10;
module_param(pool_idle, uint, 0644);
MODULE_PARM_DESC(pool_idle, "seconds after which a pool's unused memory is given back (0: never)");

/* Chunks that are taken away under one hold of the lock, and slices looked at for it. */
#define KIPC_RECLAIM_LOT	16
#define KIPC_RECLAIM_STEPS	1024

/* The longest time that pool_idle can mean, in seconds: a day. */
#define KIPC_RECLAIM_IDLE_MAX	86400U

/**
 * struct kipc_spoils - chunks taken away, to be unmapped and freed
 * @count:	how many
 * @index:	where each was
 * @chunk:	them
 */
struct kipc_spoils {
	unsigned int	count;
	unsigned long	index[KIPC_RECLAIM_LOT];
	void		*chunk[KIPC_RECLAIM_LOT];
};

static DEFINE_SPINLOCK(kipc_reclaim_lock);
static LIST_HEAD(kipc_reclaim_list);
static unsigned int kipc_reclaim_count;
static struct shrinker *kipc_shrinker;

static void kipc_reclaim_idle(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(kipc_reclaim_work, kipc_reclaim_idle);

/* Look again in a while.  Does nothing where that is due already. */
static void kipc_reclaim_arm(void)
{
	unsigned int seconds = min(READ_ONCE(pool_idle), KIPC_RECLAIM_IDLE_MAX);

	if (seconds)
		schedule_delayed_work(&kipc_reclaim_work, seconds * HZ);
}

/**
 * kipc_reclaim_add() - an endpoint's pool is getting a chunk
 * @ep:	the endpoint, in the list or not; its memory's @changing is held
 */
void kipc_reclaim_add(struct kipc_endpoint *ep)
{
	spin_lock(&kipc_reclaim_lock);
	if (list_empty(&ep->reclaim)) {
		list_add_tail(&ep->reclaim, &kipc_reclaim_list);
		kipc_reclaim_count++;
	}
	spin_unlock(&kipc_reclaim_lock);
	kipc_reclaim_arm();
}

/**
 * kipc_reclaim_remove() - an endpoint has no memory any more, or is going
 * @ep:	the endpoint, in the list or not
 */
void kipc_reclaim_remove(struct kipc_endpoint *ep)
{
	spin_lock(&kipc_reclaim_lock);
	if (!list_empty(&ep->reclaim)) {
		list_del_init(&ep->reclaim);
		kipc_reclaim_count--;
	}
	spin_unlock(&kipc_reclaim_lock);
}

/* The endpoint to look at next, pinned, or NULL.  It goes to the end of the list. */
static struct kipc_endpoint *kipc_reclaim_next(void)
{
	struct kipc_endpoint *ep;

	spin_lock(&kipc_reclaim_lock);
	ep = list_first_entry_or_null(&kipc_reclaim_list, struct kipc_endpoint, reclaim);
	if (ep) {
		list_move_tail(&ep->reclaim, &kipc_reclaim_list);
		/* One that is being freed takes itself off the list in a moment. */
		if (!kipc_endpoint_get_alive(ep))
			ep = NULL;
	}
	spin_unlock(&kipc_reclaim_lock);
	return ep;
}

/* Take away the chunks of one hole of the pool, as far as there is room for them. */
static void kipc_reclaim_hole(struct kipc_memory *memory, const struct kipc_slice *slice,
			      struct kipc_spoils *spoils)
{
	u32 bytes = kipc_chunk_bytes(memory);
	u32 start = slice->offset + slice->len;
	unsigned long index = DIV_ROUND_UP(start, bytes);
	unsigned long end = (start + slice->hole) / bytes;

	while (index < end && spoils->count < KIPC_RECLAIM_LOT &&
	       xa_find(&memory->chunks, &index, end - 1, XA_PRESENT)) {
		spoils->index[spoils->count] = index;
		spoils->chunk[spoils->count++] = kipc_memory_detach(memory, index++);
	}
}

/* Take away chunks that no message uses.  A pool with very many messages is left alone. */
static void kipc_reclaim_collect(struct kipc_inbox *inbox, struct kipc_spoils *spoils)
{
	const struct kipc_slice *slice = &inbox->pool.head;
	int steps = KIPC_RECLAIM_STEPS;

	lockdep_assert_held(inbox->lock);
	spoils->count = 0;
	for (; slice && steps-- && spoils->count < KIPC_RECLAIM_LOT; slice = slice->after)
		kipc_reclaim_hole(&inbox->memory, slice, spoils);
}

static void kipc_reclaim_free(struct kipc_endpoint *ep, const struct kipc_spoils *spoils)
{
	struct kipc_memory *memory = &ep->inbox.memory;
	u32 bytes = kipc_chunk_bytes(memory);
	unsigned int i;

	for (i = 0; i < spoils->count; i++) {
		unmap_mapping_range(&ep->mapping, (loff_t)spoils->index[i] * bytes, bytes, 1);
		kipc_chunk_free(memory, spoils->chunk[i]);
	}
}

/*
 * Give back what an endpoint's pool does not use.  Where it is just getting memory, which
 * may be what brought us here, this is for another time.
 *
 * Return: how many pages.
 */
static unsigned long kipc_reclaim_endpoint(struct kipc_endpoint *ep)
{
	struct kipc_memory *memory = &ep->inbox.memory;
	struct kipc_spoils spoils;
	unsigned long pages = 0;

	if (!mutex_trylock(&memory->changing))
		return 0;
	do {
		spin_lock(&ep->channel->lock);
		kipc_reclaim_collect(&ep->inbox, &spoils);
		spin_unlock(&ep->channel->lock);
		kipc_reclaim_free(ep, &spoils);
		pages += spoils.count * (kipc_chunk_bytes(memory) >> PAGE_SHIFT);
	} while (spoils.count == KIPC_RECLAIM_LOT);
	/* Here, where no chunk can be made: it is added again with the next one. */
	if (!kipc_memory_taken(memory))
		kipc_reclaim_remove(ep);
	mutex_unlock(&memory->changing);
	return pages;
}

/* Has nothing been sent to this endpoint since the last time this was asked? */
static bool kipc_reclaim_is_idle(struct kipc_endpoint *ep)
{
	bool used;

	spin_lock(&ep->channel->lock);
	used = ep->inbox.used;
	ep->inbox.used = false;
	spin_unlock(&ep->channel->lock);
	return !used;
}

/* Now and then: give back what has not been used since the last time. */
static void kipc_reclaim_idle(struct work_struct *work)
{
	unsigned int left = READ_ONCE(kipc_reclaim_count);
	struct kipc_endpoint *ep;

	for (; left; left--) {
		ep = kipc_reclaim_next();
		if (!ep)
			continue;
		if (kipc_reclaim_is_idle(ep))
			kipc_reclaim_endpoint(ep);
		kipc_endpoint_put(ep);
		cond_resched();
	}
	if (READ_ONCE(kipc_reclaim_count))
		kipc_reclaim_arm();
}

static unsigned long kipc_shrinker_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return kipc_memory_pages() ?: SHRINK_EMPTY;
}

static unsigned long kipc_shrinker_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned int left = READ_ONCE(kipc_reclaim_count);
	struct kipc_endpoint *ep;
	unsigned long pages = 0;

	for (; left && pages < sc->nr_to_scan; left--) {
		ep = kipc_reclaim_next();
		if (!ep)
			continue;
		pages += kipc_reclaim_endpoint(ep);
		kipc_endpoint_put(ep);
		/* A user may have many endpoints, each with nothing to give. */
		cond_resched();
	}
	return pages ?: SHRINK_STOP;
}

int __init kipc_reclaim_init(void)
{
	kipc_shrinker = kipc_shrinker_register(kipc_shrinker_count, kipc_shrinker_scan);
	return kipc_shrinker ? 0 : -ENOMEM;
}

/* No endpoint is left, but one may be held here still, on its way out. */
void kipc_reclaim_exit(void)
{
	kipc_shrinker_unregister(kipc_shrinker);
	cancel_delayed_work_sync(&kipc_reclaim_work);
}
