// SPDX-License-Identifier: GPL-2.0
/* The rows and the columns, in the order in which they are printed. */
#include <stdio.h>
#include <string.h>

#include "table.h"

const struct cell_name cell_names[CELL_COUNT] = {
	[CELL_CONNECTIONLESS] = { "connectionless", "conn-", "connectionless" },
	[CELL_RELIABLE] = { "reliable", "reli", "reliable" },
	[CELL_FLOW] = { "flow_control", "flow", "flow control" },
	[CELL_RECORDS] = { "records", "rec", "keeps message boundaries" },
	[CELL_KIND] = { "type_priority", "type", "message type or priority" },
	[CELL_DIRECTION] = { "direction", "dir", "direction" },
	[CELL_UNRELATED] = { "unrelated", "unrel", "unrelated processes" },
	[CELL_MANY] = { "many", "many", "many writers and readers" },
	[CELL_FDS] = { "descriptors", "fds", "carries descriptors" },
	[CELL_IDENTITY] = { "identity", "ident", "tells the peer's identity" },
	[CELL_POLLABLE] = { "pollable", "poll", "pollable" },
	[CELL_TIMED] = { "timed", "timed", "timed operations" },
	[CELL_SURVIVES] = { "survives", "surv", "survives its creator" },
	[CELL_MACHINES] = { "machines", "mach", "crosses machines" },
	[CELL_COPIES] = { "copies", "copy", "copies per message" },
	[CELL_LARGEST] = { "largest", "large", "largest message" },
	[CELL_UNPRIVILEGED] = { "unprivileged", "user", "works without privileges" },
	[CELL_DEATH] = { "peer_death", "death", "notices peer death" },
};

const char * const family_names[FAMILY_COUNT] = {
	[FAMILY_TRANSPORT] = "transport",
	[FAMILY_REGION] = "region",
	[FAMILY_LOCK] = "lock",
	[FAMILY_NOTICE] = "notice",
	[FAMILY_CONTROL] = "control",
};

const struct mechanism * const mechanisms[] = {
	&mechanism_channel,
	&mechanism_queue,
	&mechanism_pipe,
	&mechanism_fifo,
	&mechanism_sysv_msg,
	&mechanism_posix_mq,
	&mechanism_unix,
	&mechanism_unix_seqpacket,
	&mechanism_unix_dgram,
	&mechanism_tcp,
	&mechanism_udp,
	&mechanism_pty,
	&mechanism_cma,
	&mechanism_binder,
	&mechanism_ring,
	&mechanism_sunrpc,
	&mechanism_sysv_shm,
	&mechanism_posix_shm,
	&mechanism_mmap_file,
	&mechanism_mmap_anon,
	&mechanism_memfd,
	&mechanism_dmabuf,
	&mechanism_sysv_sem,
	&mechanism_posix_sem,
	&mechanism_mutex,
	&mechanism_rwlock,
	&mechanism_cond,
	&mechanism_barrier,
	&mechanism_critical,
	&mechanism_event,
	&mechanism_flock,
	&mechanism_fcntl,
	&mechanism_ofd,
	&mechanism_signal,
	&mechanism_eventfd,
	&mechanism_ptrace,
	NULL,
};

const struct mechanism *mechanism_find(const char *scheme)
{
	const struct mechanism * const *m;

	for (m = mechanisms; *m; m++)
		if (!strcmp((*m)->scheme, scheme))
			return *m;
	return NULL;
}
