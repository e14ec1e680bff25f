/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects: all that is there, by number, for those who look after it.
 *
 * Each network namespace has a table of its open endpoints and its queues, with and without
 * names.  An object is in it from its making to its end and has a number, its id, that goes
 * round and that nothing else has there.  Whoever lists the objects of a kind finds the one
 * that follows an id, with a reference, and holds nothing from one to the next: so a listing
 * is as long as it likes, disturbs nobody, and tells of each object that was there all the
 * time exactly once.
 *
 * Beside them is what the objects that are gone have done (struct kipc_totals): it is added
 * when the object is taken out, in one step.  Calls that fail are counted as they do: some of
 * them outlive their channel.
 *
 * The table has a lock of its own, taken for one step at a time and by nobody on the path of a
 * message.  Finding takes the reference under it (the caller's @get, which refuses an object
 * that is going), and an object is taken out before it is freed: that is what keeps a found
 * one alive.
 */
#ifndef KIPC_OBJECTS_H
#define KIPC_OBJECTS_H

#include <linux/types.h>

struct net;

enum kipc_object_kind {
	KIPC_OBJECT_ENDPOINT,
	KIPC_OBJECT_QUEUE,
	KIPC_OBJECT_KINDS,
};

/**
 * struct kipc_totals - what objects have done
 * @messages:	carried by channels
 * @bytes:	their payload
 * @sent:	messages sent to queues
 * @received:	messages received from queues
 */
struct kipc_totals {
	u64	messages;
	u64	bytes;
	u64	sent;
	u64	received;
};

/* Takes a reference on an object, unless that is going. */
typedef bool kipc_object_get_t(void *object);

int kipc_object_add(struct net *net, enum kipc_object_kind kind, void *object, u32 *id);
void kipc_object_remove(struct net *net, enum kipc_object_kind kind, u32 id,
			const struct kipc_totals *done);
void *kipc_object_find(struct net *net, enum kipc_object_kind kind, u32 id, kipc_object_get_t *get);
void *kipc_object_next(struct net *net, enum kipc_object_kind kind, u32 id, kipc_object_get_t *get);
void kipc_objects_count_failure(struct net *net);
u64 kipc_objects_failures(struct net *net);
u32 kipc_object_count(struct net *net, enum kipc_object_kind kind);
u32 kipc_object_totals(struct net *net, struct kipc_totals *done);

int kipc_objects_init(void);
void kipc_objects_exit(void);

#endif /* KIPC_OBJECTS_H */
