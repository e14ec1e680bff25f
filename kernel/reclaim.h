/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reclaim: the memory of pools goes back when nobody uses it.
 *
 * Chunks that no message has a piece of are given back when the kernel is short of memory
 * (a shrinker), and when a pool has not been used for a while (a deferrable work, which
 * rests while no pool has memory to give).  The owner's mapping stays: what is given back
 * is unmapped from it, and comes back zeroed when a message or the owner's eye falls
 * on it again.
 *
 * Every endpoint whose pool has memory is in one list, from its first chunk to its last or
 * its end.  The list has a lock of its own; an endpoint is put at its end and looked at
 * without that lock, pinned.  A closed endpoint stays in it while a sender pins it: what
 * does not lie under that sender's slice goes back.
 */
#ifndef KIPC_RECLAIM_H
#define KIPC_RECLAIM_H

struct kipc_endpoint;

void kipc_reclaim_add(struct kipc_endpoint *ep);
void kipc_reclaim_remove(struct kipc_endpoint *ep);

int kipc_reclaim_init(void);
void kipc_reclaim_exit(void);

#endif /* KIPC_RECLAIM_H */
