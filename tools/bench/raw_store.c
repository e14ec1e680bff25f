// SPDX-License-Identifier: GPL-2.0
/* raw_store: see raw_store.h */
#include "raw_store.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Before fork(), as both have it. */
static int raw_store_share(struct raw_store *store)
{
	void *map = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	store->sent = map;
	return sem_init(store->sent, 1, 0) ? -errno : 0;
}

int raw_store_prepare(struct lane *lane, const struct raw_store_kind *kind)
{
	struct raw_store *store;
	int way;

	if (kind->typed && lane->size > STORE_TYPED_MAX) {
		lane->max_size = STORE_TYPED_MAX;
		snprintf(lane->why, sizeof(lane->why),
			 "it measures finding a message, not copying it");
		return -EMSGSIZE;
	}
	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->kind = kind;
	for (way = 0; way < STORE_WAYS; way++)
		store->id[way] = -1;
	lane->priv = store;
	return kind->typed ? raw_store_share(store) : 0;
}

/* Written to, so that no page is missing when the clock runs. */
static int raw_store_buffer(struct lane *lane, struct raw_store *store)
{
	size_t size = store->kind->head + lane->size;

	store->buffer = malloc(size);
	if (!store->buffer)
		return -ENOMEM;
	memset(store->buffer, 1, size);
	return 0;
}

/* Typed receiving: what lies in the way. */
static int raw_store_fill(struct raw_store *store)
{
	char data[sizeof(long) + 1] = "";
	int err = 0;
	unsigned int i;

	for (i = 0; !err && i < STORE_OTHERS; i++)
		err = store->kind->put(store, STORE_FORWARD, STORE_OTHER,
				       data + store->kind->head, 1);
	return err;
}

static int raw_store_start(struct lane *lane, struct raw_store *store)
{
	int err = raw_store_buffer(lane, store);

	if (err)
		return err;
	if (lane->side == SIDE_SERVER)
		return store->kind->make(lane, STORE_FORWARD);
	err = store->kind->join(lane, STORE_FORWARD);
	if (!err && store->kind->typed)
		err = raw_store_fill(store);
	return err ? err : store->kind->make(lane, STORE_BACK);
}

int raw_store_open(struct lane *lane, int step)
{
	struct raw_store *store = lane->priv;

	if (!step)
		return raw_store_start(lane, store);
	return lane->side == SIDE_SERVER ? store->kind->join(lane, STORE_BACK) : 0;
}

void raw_store_close(struct lane *lane)
{
	struct raw_store *store = lane->priv;
	int way;

	if (!store)
		return;
	for (way = 0; way < STORE_WAYS; way++)
		if (store->id[way] >= 0)
			store->kind->leave(store, way);
	if (store->sent)
		munmap(store->sent, sizeof(sem_t));
	free(store->buffer);
	free(store->more);
	free(store);
	lane->priv = NULL;
}

void raw_store_clean(const struct lane *lane, const struct raw_store_kind *kind)
{
	int way;

	for (way = 0; way < STORE_WAYS; way++)
		kind->unlink(kind, lane, way);
}

/*
 * Open a drop-in library and find its functions, as LD_PRELOAD would put them in the
 * way of the originals.  It stays open: its pairs come and go.
 */
int raw_store_library(struct lane *lane, const char *name, const char *const *names,
		      void **calls, unsigned int count)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	unsigned int i;

	for (i = 0; library && i < count; i++) {
		calls[i] = dlsym(library, names[i]);
		if (!calls[i])
			library = NULL;
	}
	if (library)
		return 0;
	snprintf(lane->why, sizeof(lane->why), "%.190s", dlerror());
	return -ENOENT;
}

/* Where a kind has the payload behind a head, there and nowhere else. */
void *raw_store_place(struct lane *lane)
{
	struct raw_store *store = lane->priv;

	return (char *)store->buffer + store->kind->head;
}

ssize_t raw_store_call(struct lane *lane, const void *data, size_t len, void *reply)
{
	struct raw_store *store = lane->priv;
	char answer[sizeof(long) + PAYLOAD_REPLY];
	ssize_t n;
	int err;

	err = store->kind->put(store, STORE_FORWARD, STORE_MEANT, data, len);
	if (err)
		return err;
	n = store->kind->take(store, STORE_BACK, answer + store->kind->head, PAYLOAD_REPLY);
	if (n > 0)
		memcpy(reply, answer + store->kind->head, (size_t)n);
	return n;
}

ssize_t raw_store_recv(struct lane *lane, size_t expect, const void **data)
{
	struct raw_store *store = lane->priv;
	void *buffer = raw_store_place(lane);

	(void)expect;
	*data = buffer;
	return store->kind->take(store, STORE_FORWARD, buffer, lane->size);
}

int raw_store_reply(struct lane *lane, const void *data, size_t len)
{
	struct raw_store *store = lane->priv;
	char answer[sizeof(long) + PAYLOAD_REPLY];

	memcpy(answer + store->kind->head, data, len);
	return store->kind->put(store, STORE_BACK, STORE_MEANT, answer + store->kind->head,
				len);
}

int raw_store_send(struct lane *lane, const void *data, size_t len)
{
	struct raw_store *store = lane->priv;

	return store->kind->put(store, STORE_FORWARD, STORE_MEANT, data, len);
}

/* Typed receiving: the client has sent all of a run, and the server begins. */
int raw_store_flush(struct lane *lane)
{
	struct raw_store *store = lane->priv;

	return sem_post(store->sent) ? -errno : 0;
}

int raw_store_settle(struct lane *lane)
{
	struct raw_store *store = lane->priv;
	int n;

	do {
		n = sem_wait(store->sent);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : 0;
}
