/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Event: tell those who listen what happens.
 *
 * Events are netlink messages to a group (netlink.h), in the network namespace of what they
 * are about.  Nothing is made where nobody listens in any of them (that is how far the kernel
 * tells), and whoever does not keep up loses events and is told so by its socket: nobody waits
 * for a listener.
 *
 * All of these may sleep: no spinlock is held.  They are called by the thread that something
 * happens to, but for what works find (watch.h) and for refusals, which are found under locks
 * and told later by a work (quota.c).
 */
#ifndef KIPC_EVENT_H
#define KIPC_EVENT_H

#include <linux/kipc_netlink.h>
#include <linux/types.h>

struct kipc_endpoint;
struct kipc_endpoint_survey;
struct kipc_queue;
struct kipc_user;

void kipc_event_endpoint(struct kipc_endpoint *ep, bool created);
void kipc_event_queue(struct kipc_queue *queue, bool created);

void kipc_event_peer_died(struct kipc_endpoint *ep);
void kipc_event_limit_hit(struct kipc_user *user, enum kipc_quota what, u32 times);
void kipc_event_pool_stuck(struct kipc_endpoint *ep, const struct kipc_endpoint_survey *survey);
void kipc_event_call_failed(struct kipc_endpoint *ep, u64 id, int err, u32 outcome);

#endif /* KIPC_EVENT_H */
