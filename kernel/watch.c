// SPDX-License-Identifier: GPL-2.0
/* Watch: see watch.h for what it is. */
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "endpoint.h"
#include "event.h"
#include "netlink.h"
#include "survey.h"
#include "watch.h"

static unsigned int pool_stuck = 10;
module_param(pool_stuck, uint, 0644);
MODULE_PARM_DESC(pool_stuck, "seconds for which a message may be held untold (0: for ever)");

/* The longest time between two looks, in seconds. */
#define KIPC_WATCH_PERIOD_MAX	60U

static void kipc_watch(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(kipc_watch_work, kipc_watch);

static void kipc_watch_endpoint(struct kipc_endpoint *ep, u64 longest)
{
	struct kipc_endpoint_survey survey;

	kipc_survey_endpoint(ep, &survey);
	if (survey.info.held_ns < longest || survey.oldest == ep->stuck)
		return;
	ep->stuck = survey.oldest;
	kipc_event_pool_stuck(ep, &survey);
}

static void kipc_watch_net(struct net *net, u64 longest)
{
	u32 id, left = kipc_object_count(net, KIPC_OBJECT_ENDPOINT);
	struct kipc_endpoint *ep;

	/* What is new has a higher id, and is for the next time. */
	for (id = 0; left-- && (ep = kipc_endpoint_next(net, id)); kipc_endpoint_put(ep)) {
		id = ep->id;
		kipc_watch_endpoint(ep, longest);
		cond_resched();
	}
}

static void kipc_watch(struct work_struct *work)
{
	u64 longest = (u64)READ_ONCE(pool_stuck) * NSEC_PER_SEC;
	struct net *net;

	if (longest && kipc_netlink_is_heard(&init_net, KIPC_GROUP_TROUBLE)) {
		down_read(&net_rwsem);
		for_each_net(net)
			kipc_watch_net(net, longest);
		up_read(&net_rwsem);
	}
	kipc_watch_start();
}

/* Look in a while, and from then on. */
void kipc_watch_start(void)
{
	unsigned int seconds = clamp(READ_ONCE(pool_stuck) / 4, 1U, KIPC_WATCH_PERIOD_MAX);

	schedule_delayed_work(&kipc_watch_work, seconds * HZ);
}

void kipc_watch_stop(void)
{
	cancel_delayed_work_sync(&kipc_watch_work);
}
