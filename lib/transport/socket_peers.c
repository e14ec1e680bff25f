// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Peers: numbers for the addresses that datagrams come from.
 *
 * Anybody can send from as many addresses as there are, so what is remembered is
 * bounded: each address has its place in one of %KIPC_PEERS_SETS sets, chosen by a hash
 * that nobody can foretell, and who was silent longest makes room for a new one.  Who
 * comes back has a new number.  The low bits of a number are its set's.
 *
 * A container: it knows no lock and no socket.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "socket_peers.h"

void kipc_peers_init(struct kipc_peers *peers)
{
	memset(peers, 0, sizeof(*peers));
	if (getrandom(&peers->seed, sizeof(peers->seed), GRND_NONBLOCK) < 0)
		peers->seed = (uint64_t)(uintptr_t)peers;
}

void kipc_peers_deinit(struct kipc_peers *peers)
{
	size_t i;

	for (i = 0; i < KIPC_PEERS_SETS; i++)
		free(peers->sets[i]);
}

static size_t kipc_peers_set(const struct kipc_peers *peers,
			     const struct kipc_sockaddr *address)
{
	const unsigned char *bytes = (const unsigned char *)&address->any;
	uint64_t hash = peers->seed;
	socklen_t i;

	for (i = 0; i < address->len; i++)
		hash = (hash ^ bytes[i]) * 0x9e3779b97f4a7c15ULL;
	return (hash >> 40) & (KIPC_PEERS_SETS - 1);
}

static bool kipc_peer_is(const struct kipc_peer *peer, const struct kipc_sockaddr *address,
			 pid_t pid)
{
	return peer->number && peer->pid == pid && peer->address.len == address->len &&
	       !memcmp(&peer->address.any, &address->any, address->len);
}

/**
 * kipc_peers_number() - the number of whoever is there
 * @peers:	those that are known
 * @address:	where
 * @pid:	who, or 0
 *
 * Return: it, or 0 where there is no memory for a new one.
 */
uint64_t kipc_peers_number(struct kipc_peers *peers, const struct kipc_sockaddr *address,
			   pid_t pid)
{
	size_t i, set = kipc_peers_set(peers, address);
	struct kipc_peer *peer, *oldest;

	if (!peers->sets[set])
		peers->sets[set] = calloc(KIPC_PEERS_WAYS, sizeof(*peer));
	oldest = peers->sets[set];
	if (!oldest)
		return 0;
	peers->clock++;
	for (i = 0; i < KIPC_PEERS_WAYS; i++) {
		peer = &peers->sets[set][i];
		if (kipc_peer_is(peer, address, pid)) {
			peer->used = peers->clock;
			return peer->number;
		}
		if (peer->used < oldest->used)
			oldest = peer;
	}
	oldest->number = peers->clock * KIPC_PEERS_SETS | set;
	oldest->used = peers->clock;
	oldest->pid = pid;
	oldest->address = *address;
	return oldest->number;
}

/* Where is that one?  False: it is not known, or not any more. */
bool kipc_peers_find(const struct kipc_peers *peers, uint64_t number,
		     struct kipc_sockaddr *address)
{
	const struct kipc_peer *set = peers->sets[number & (KIPC_PEERS_SETS - 1)];
	size_t i;

	for (i = 0; set && i < KIPC_PEERS_WAYS; i++) {
		if (!number || set[i].number != number)
			continue;
		*address = set[i].address;
		return true;
	}
	return false;
}
