/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers for the senders of datagrams; see socket_peers.c. */
#ifndef KIPC_SOCKET_PEERS_H
#define KIPC_SOCKET_PEERS_H

#include "socket.h"

#define KIPC_PEERS_SETS		512	/* a power of two */
#define KIPC_PEERS_WAYS		8

/**
 * struct kipc_peer - a sender
 * @number:	what programs see; 0: free
 * @used:	when it was last heard
 * @pid:	its process, where that is known: names can be used again
 * @address:	where it is
 */
struct kipc_peer {
	uint64_t number;
	uint64_t used;
	pid_t pid;
	struct kipc_sockaddr address;
};

/* Whose it is serialises. */
struct kipc_peers {
	uint64_t clock;
	uint64_t seed;
	struct kipc_peer *sets[KIPC_PEERS_SETS];
};

void kipc_peers_init(struct kipc_peers *peers);
void kipc_peers_deinit(struct kipc_peers *peers);
uint64_t kipc_peers_number(struct kipc_peers *peers, const struct kipc_sockaddr *address,
			   pid_t pid);
bool kipc_peers_find(const struct kipc_peers *peers, uint64_t number,
		     struct kipc_sockaddr *address);

#endif /* KIPC_SOCKET_PEERS_H */
