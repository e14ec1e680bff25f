// SPDX-License-Identifier: GPL-2.0
/* Objects: see objects.h for what they are. */
#include <linux/gfp.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "objects.h"

/**
 * struct kipc_objects - the objects of a network namespace
 * @table:	by id; each with its own lock
 * @last:	where the next id is looked for; under that lock
 * @count:	how many there are; likewise
 * @lock:	guards @done; taken inside a table's
 * @done:	what those that are gone have done
 * @gone:	how many have gone that have done something
 * @failed:	calls that ended without a reply
 */
struct kipc_objects {
	struct xarray		table[KIPC_TABLE_COUNT];
	u32			last[KIPC_TABLE_COUNT];
	u32			count[KIPC_TABLE_COUNT];
	spinlock_t		lock;	/* see above */
	struct kipc_totals	done;
	u32			gone;
	atomic64_t		failed;
};

static unsigned int kipc_objects_id __read_mostly;

static struct kipc_objects *kipc_objects(struct net *net)
{
	return net_generic(net, kipc_objects_id);
}

/**
 * kipc_object_add() - put an object into a table
 * @net:	of which namespace
 * @table:	which
 * @object:	it, complete: it may be found from now on
 * @id:		written, before anybody can find it; 0 on errors
 *
 * Return: 0, -ENOMEM, or -EBUSY: no id is free.
 */
int kipc_object_add(struct net *net, enum kipc_table table, void *object, u32 *id)
{
	struct kipc_objects *objects = kipc_objects(net);
	struct xarray *xa = &objects->table[table];
	int err;

	xa_lock(xa);
	err = __xa_alloc_cyclic(xa, id, object, XA_LIMIT(1, INT_MAX), &objects->last[table],
				GFP_KERNEL_ACCOUNT);
	if (err >= 0)
		objects->count[table]++;
	else
		*id = 0;	/* it may have got as far as choosing one */
	xa_unlock(xa);
	return min(err, 0);
}

/**
 * kipc_object_remove() - take an object out
 * @net:	of which namespace
 * @table:	which
 * @id:		the object's
 * @done:	what it has done, or NULL: nothing that counts
 */
void kipc_object_remove(struct net *net, enum kipc_table table, u32 id,
			const struct kipc_totals *done)
{
	struct kipc_objects *objects = kipc_objects(net);
	struct xarray *xa = &objects->table[table];

	xa_lock(xa);
	__xa_erase(xa, id);
	objects->count[table]--;
	if (done) {
		spin_lock(&objects->lock);
		objects->done.messages += done->messages;
		objects->done.bytes += done->bytes;
		objects->done.sent += done->sent;
		objects->done.received += done->received;
		objects->gone++;
		spin_unlock(&objects->lock);
	}
	xa_unlock(xa);
}

/**
 * kipc_object_find() - the object of an id
 * @net:	of which namespace
 * @table:	which
 * @id:		the id
 * @get:	takes a reference on it, or says that it is going
 *
 * Return: the object, pinned, or NULL.
 */
void *kipc_object_find(struct net *net, enum kipc_table table, u32 id, kipc_object_get_t *get)
{
	struct xarray *xa = &kipc_objects(net)->table[table];
	void *object;

	xa_lock(xa);
	object = xa_load(xa, id);
	if (object && !get(object))
		object = NULL;
	xa_unlock(xa);
	return object;
}

/**
 * kipc_object_next() - the object with the next higher id
 * @net:	of which namespace
 * @table:	which
 * @id:		the id; 0 for the first
 * @get:	as in kipc_object_find()
 *
 * Return: the object, pinned, or NULL.
 */
void *kipc_object_next(struct net *net, enum kipc_table table, u32 id, kipc_object_get_t *get)
{
	struct xarray *xa = &kipc_objects(net)->table[table];
	unsigned long at = id;
	void *object;

	xa_lock(xa);
	do {
		object = xa_find_after(xa, &at, INT_MAX, XA_PRESENT);
	} while (object && !get(object));
	xa_unlock(xa);
	return object;
}

/* A call has ended without a reply. */
void kipc_objects_count_failure(struct net *net)
{
	atomic64_inc(&kipc_objects(net)->failed);
}

/* How many have. */
u64 kipc_objects_failures(struct net *net)
{
	return atomic64_read(&kipc_objects(net)->failed);
}

/* How many objects a table has. */
u32 kipc_object_count(struct net *net, enum kipc_table table)
{
	return READ_ONCE(kipc_objects(net)->count[table]);
}

/**
 * kipc_object_totals() - what the objects have done that are gone
 * @net:	of which namespace
 * @done:	written
 *
 * Return: a number that changes whenever that does.
 */
u32 kipc_object_totals(struct net *net, struct kipc_totals *done)
{
	struct kipc_objects *objects = kipc_objects(net);
	u32 gone;

	spin_lock(&objects->lock);
	*done = objects->done;
	gone = objects->gone;
	spin_unlock(&objects->lock);
	return gone;
}

static int __net_init kipc_objects_net_init(struct net *net)
{
	struct kipc_objects *objects = kipc_objects(net);
	int i;

	spin_lock_init(&objects->lock);
	for (i = 0; i < KIPC_TABLE_COUNT; i++)
		xa_init_flags(&objects->table[i], XA_FLAGS_ALLOC1);
	return 0;
}

/* The registry has gone before, and with it the last queues. */
static void __net_exit kipc_objects_net_exit(struct net *net)
{
	struct kipc_objects *objects = kipc_objects(net);
	int i;

	for (i = 0; i < KIPC_TABLE_COUNT; i++) {
		WARN_ON_ONCE(!xa_empty(&objects->table[i]));
		xa_destroy(&objects->table[i]);
	}
}

static struct pernet_operations kipc_objects_net_ops = {
	.init = kipc_objects_net_init,
	.exit = kipc_objects_net_exit,
	.id = &kipc_objects_id,
	.size = sizeof(struct kipc_objects),
};

int __init kipc_objects_init(void)
{
	return register_pernet_subsys(&kipc_objects_net_ops);
}

void kipc_objects_exit(void)
{
	unregister_pernet_subsys(&kipc_objects_net_ops);
}
