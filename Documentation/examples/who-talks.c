// SPDX-License-Identifier: 0BSD
/*
 * Who talks to whom: each channel, its server's process, and its clients'.
 *
 *	cc who-talks.c $(pkg-config --cflags --libs libkipc-admin) -o who-talks
 *	./who-talks
 */
#include <kipc_admin.h>
#include <stdio.h>

static int show_client(const struct kipc_admin_endpoint *endpoint, void *unused)
{
	(void)unused;
	if (endpoint->role == KIPC_ADMIN_CLIENT)
		printf("\tclient %llu: process %d of user %u\n",
		       (unsigned long long)endpoint->client, endpoint->pid, endpoint->uid);
	return 0;
}

/* The function of a listing may not use its handle: another one it may. */
static int show_channel(const struct kipc_admin_channel *channel, void *clients)
{
	printf("%s: process %d of user %u\n", channel->name, channel->server.pid,
	       channel->server.uid);
	if (kipc_admin_endpoints(clients, channel->id, show_client, NULL))
		fprintf(stderr, "who-talks: %s: %s\n", channel->name, kipc_admin_error(clients));
	return 0;
}

int main(void)
{
	struct kipc_admin *channels = NULL, *clients = NULL;
	int err;

	err = kipc_admin_open(&channels);
	if (!err)
		err = kipc_admin_open(&clients);
	if (!err)
		err = kipc_admin_channels(channels, show_channel, clients);
	if (err)
		fprintf(stderr, "who-talks: %s\n", kipc_admin_error(clients ? channels : NULL));
	kipc_admin_close(clients);
	kipc_admin_close(channels);
	return !!err;
}
