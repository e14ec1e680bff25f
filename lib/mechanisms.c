// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every mechanism there is, family by family, in the order of kipc_scheme().
 */
#include <string.h>

#include "control/control.h"
#include "internal.h"
#include "region/region.h"
#include "lock/lock.h"
#include "notice/notice.h"

const struct kipc_mechanism *const kipc_mechanisms[] = {
	&kipc_channel_transport.mechanism,
	&kipc_queue_transport.mechanism,
	&kipc_pipe_transport.mechanism,
	&kipc_fifo_transport.mechanism,
	&kipc_pty_transport.mechanism,
	&kipc_posix_mq_transport.mechanism,
	&kipc_sysv_msg_transport.mechanism,
	&kipc_unix_transport.mechanism,
	&kipc_unix_dgram_transport.mechanism,
	&kipc_unix_seqpacket_transport.mechanism,
	&kipc_tcp_transport.mechanism,
	&kipc_udp_transport.mechanism,
	&kipc_cma_transport.mechanism,
	&kipc_binder_transport.mechanism,
	&kipc_sunrpc_transport.mechanism,
	&kipc_ring_transport.mechanism,
	&kipc_auto_transport.mechanism,

	&kipc_sysv_shm_region.mechanism,
	&kipc_posix_shm_region.mechanism,
	&kipc_mmap_file_region.mechanism,
	&kipc_mmap_anon_region.mechanism,
	&kipc_memfd_region.mechanism,
	&kipc_dmabuf_region.mechanism,

	&kipc_mutex_locking.mechanism,
	&kipc_rwlock_locking.mechanism,
	&kipc_sysv_sem_locking.mechanism,
	&kipc_posix_sem_locking.mechanism,
	&kipc_flock_locking.mechanism,
	&kipc_fcntl_locking.mechanism,
	&kipc_ofd_locking.mechanism,
	&kipc_event_locking.mechanism,
	&kipc_cond_locking.mechanism,
	&kipc_barrier_locking.mechanism,
	&kipc_critical_locking.mechanism,

	&kipc_signal_notice.mechanism,
	&kipc_eventfd_notice.mechanism,

	&kipc_trace_mechanism,
	NULL,
};

/**
 * kipc_mechanism_find() - what an address, or a bare scheme, names
 * @address:	scheme, perhaps with ':' or '?' and more
 *
 * Return: the mechanism or NULL.
 */
const struct kipc_mechanism *kipc_mechanism_find(const char *address)
{
	const struct kipc_mechanism *const *m;
	size_t len = strcspn(address, ":?");

	for (m = kipc_mechanisms; *m; m++)
		if (strlen((*m)->scheme) == len && !memcmp((*m)->scheme, address, len))
			return *m;
	return NULL;
}
