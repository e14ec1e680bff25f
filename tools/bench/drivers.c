// SPDX-License-Identifier: GPL-2.0
/*
 * drivers: every mechanism that kipc-bench knows
 *
 * The library's come from the library itself, one for every scheme that
 * kipc_scheme() names, so a mechanism that joins the library joins the tables
 * without a change here.  The baselines follow, then the broken ones.
 */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

const char * const driver_kind_names[] = {
	[DRIVER_LIBRARY] = "library",
	[DRIVER_BASELINE] = "baseline",
	[DRIVER_FAULT] = "test",
};

static const struct driver * const baselines[] = {
	&ring_busy_driver,
	&raw_channel_driver,
	&raw_channel_ring_driver,
	&raw_queue_driver,
	&raw_queue_batch_driver,
	&raw_queue_typed_driver,
	&raw_posix_mq_driver,
	&mq_dropin_driver,
	&raw_sysv_msg_driver,
	&raw_sysv_typed_driver,
	&sysvmsg_dropin_driver,
	&raw_unix_seqpacket_driver,
	&raw_unix_stream_driver,
	&raw_pipe_driver,
	&raw_process_vm_driver,
	&raw_binder_driver,
	&raw_futex_driver,
};

const struct driver **drivers_all(void)
{
	struct driver probe, *library;
	const struct driver **all;
	unsigned int schemes = 0, n = 0, i;
	size_t slots;

	while (!kipc_driver_make(&probe, schemes))
		schemes++;
	/* The library's drivers follow the list in the same allocation. */
	slots = schemes + ARRAY_SIZE(baselines) + fault_drivers_count + 1;
	all = calloc(1, slots * sizeof(*all) + schemes * sizeof(*library));
	if (!all)
		return NULL;
	library = (struct driver *)(all + slots);
	for (i = 0; i < schemes; i++) {
		kipc_driver_make(&library[i], i);
		all[n++] = &library[i];
	}
	for (i = 0; i < ARRAY_SIZE(baselines); i++)
		all[n++] = baselines[i];
	for (i = 0; i < fault_drivers_count; i++)
		all[n++] = &fault_drivers[i];
	return all;
}

void drivers_free(const struct driver **all)
{
	free(all);
}
