// SPDX-License-Identifier: GPL-2.0
/* Objects: see objects.h for what they are. */
#include <linux/gfp.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "objects.h"

/* Objects of a kind are marked so in the table.  (The first mark is the table's own.) */
static const xa_mark_t kipc_object_marks[KIPC_OBJECT_KINDS] = { XA_MARK_1, XA_MARK_2 };

/**
 * struct kipc_objects - the objects of a network namespace
 * @table:	by id; with its own lock
 * @last:	where the next id is looked for; under that lock
 * @count:	how many there are of each kind; likewise
 * @lock:	guards @done and @gone; taken inside the table's
 * @done:	what those that are gone have done
 * @gone:	how many have gone that have done something
 * @failed:	calls that ended without a reply
 */
struct kipc_objects {
	struct xarray		table;
	u32			last;
	u32			count[KIPC_OBJECT_KINDS];
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
 * kipc_object_add() - put an object into the table
 * @net:	of which namespace
 * @kind:	which kind it is of
 * @object:	it, complete: it may be found from now on
 * @id:		written, before anybody can find it; 0 on errors
 *
 * Return: 0, -ENOMEM, or -EBUSY: no id is free.
 */
int kipc_object_add(struct net *net, enum kipc_object_kind kind, void *object, u32 *id)
{
	struct kipc_objects *objects = kipc_objects(net);
	struct xarray *xa = &objects->table;
	int err;

	xa_lock(xa);
	err = __xa_alloc_cyclic(xa, id, object, XA_LIMIT(1, INT_MAX), &objects->last,
				GFP_KERNEL_ACCOUNT);
	if (err >= 0) {
		__xa_set_mark(xa, *id, kipc_object_marks[kind]);
		objects->count[kind]++;
	} else {
		*id = 0;	/* it may have got as far as choosing one */
	}
	xa_unlock(xa);
	return min(err, 0);
}

/**
 * kipc_object_remove() - take an object out
 * @net:	of which namespace
 * @kind:	which kind it is of
 * @id:		the object's
 * @done:	what it has done, or NULL: nothing that counts
 */
void kipc_object_remove(struct net *net, enum kipc_object_kind kind, u32 id,
			const struct kipc_totals *done)
{
	struct kipc_objects *objects = kipc_objects(net);
	struct xarray *xa = &objects->table;

	xa_lock(xa);
	__xa_erase(xa, id);
	objects->count[kind]--;
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
 * @kind:	which kind it is of
 * @id:		the id
 * @get:	takes a reference on it, or says that it is going
 *
 * Return: the object, pinned, or NULL.
 */
void *kipc_object_find(struct net *net, enum kipc_object_kind kind, u32 id, kipc_object_get_t *get)
{
	struct xarray *xa = &kipc_objects(net)->table;
	void *object;

	xa_lock(xa);
	object = xa_get_mark(xa, id, kipc_object_marks[kind]) ? xa_load(xa, id) : NULL;
	if (object && !get(object))
		object = NULL;
	xa_unlock(xa);
	return object;
}

/**
 * kipc_object_next() - the object of a kind with the next higher id
 * @net:	of which namespace
 * @kind:	which kind it is of
 * @id:		the id; 0 for the first
 * @get:	as in kipc_object_find()
 *
 * Return: the object, pinned, or NULL.
 */
void *kipc_object_next(struct net *net, enum kipc_object_kind kind, u32 id, kipc_object_get_t *get)
{
	struct xarray *xa = &kipc_objects(net)->table;
	unsigned long at = id;
	void *object;

	xa_lock(xa);
	do {
		object = xa_find_after(xa, &at, INT_MAX, kipc_object_marks[kind]);
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

/* How many objects there are of a kind. */
u32 kipc_object_count(struct net *net, enum kipc_object_kind kind)
{
	return READ_ONCE(kipc_objects(net)->count[kind]);
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

	spin_lock_init(&objects->lock);
	xa_init_flags(&objects->table, XA_FLAGS_ALLOC1);
	return 0;
}

/* The registry has gone before, and with it the last queues. */
static void __net_exit kipc_objects_net_exit(struct net *net)
{
	struct kipc_objects *objects = kipc_objects(net);

	WARN_ON_ONCE(!xa_empty(&objects->table));
	xa_destroy(&objects->table);
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
