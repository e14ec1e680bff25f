// SPDX-License-Identifier: GPL-2.0
/*
 * raw-posix-mq: mq_send(3), mq_receive(3); mq-dropin: the same of libkipc-mq
 *
 * Both rows are the same code, which calls the functions through a table: of the C
 * library, or of the drop-in library, which is opened at run time.  Where that is not
 * installed the row is absent.
 */
#include "raw_store.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>

#define DROPIN	"libkipc-mq.so.0"

/* In the order of mq_call_names. */
struct mq_calls {
	mqd_t (*open)(const char *name, int flags, ...);
	int (*send)(mqd_t mqd, const char *data, size_t len, unsigned int prio);
	ssize_t (*receive)(mqd_t mqd, char *data, size_t size, unsigned int *prio);
	int (*close)(mqd_t mqd);
	int (*unlink)(const char *name);
};

static const char *const mq_call_names[] = {
	"mq_open", "mq_send", "mq_receive", "mq_close", "mq_unlink",
};

static const struct mq_calls posix_calls = {
	.open = mq_open,
	.send = mq_send,
	.receive = mq_receive,
	.close = mq_close,
	.unlink = mq_unlink,
};

static struct mq_calls dropin_calls;

static const struct mq_calls *mq_calls(const struct raw_store *store)
{
	return store->kind->calls;
}

static void mq_name(const struct lane *lane, int way, char *name, size_t size)
{
	snprintf(name, size, "/kipc-bench-raw-%d-%u", (int)lane->parent,
		 raw_store_number(lane, way));
}

/* Too large for this machine's limits, which are not raised: say so. */
static int mq_refused(struct lane *lane, int err)
{
	if (lane->size <= 8192 || (err != -EINVAL && err != -EMFILE && err != -ENOMEM))
		return err;
	lane->max_size = 8192;
	snprintf(lane->why, sizeof(lane->why),
		 "a queue of %d would exceed msgsize_max or RLIMIT_MSGQUEUE", STORE_DEPTH);
	return -EMSGSIZE;
}

static int mq_make(struct lane *lane, int way)
{
	struct raw_store *store = lane->priv;
	struct mq_attr attr = {
		.mq_maxmsg = STORE_DEPTH,
		.mq_msgsize = (long)raw_store_size(lane, way),
	};
	char name[64];

	mq_name(lane, way, name, sizeof(name));
	store->id[way] = mq_calls(store)->open(name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC,
					       0600, &attr);
	return store->id[way] < 0 ? mq_refused(lane, -errno) : 0;
}

static int mq_join(struct lane *lane, int way)
{
	struct raw_store *store = lane->priv;
	char name[64];

	mq_name(lane, way, name, sizeof(name));
	store->id[way] = mq_calls(store)->open(name, O_WRONLY | O_CLOEXEC);
	return store->id[way] < 0 ? -errno : 0;
}

static int mq_put(struct raw_store *store, int way, long type, const void *data, size_t len)
{
	int n;

	(void)type;
	do {
		n = mq_calls(store)->send(store->id[way], data, len, 0);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : 0;
}

static ssize_t mq_take(struct raw_store *store, int way, void *data, size_t size)
{
	ssize_t n;

	do {
		n = mq_calls(store)->receive(store->id[way], data, size, NULL);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : n;
}

static void mq_leave(struct raw_store *store, int way)
{
	mq_calls(store)->close(store->id[way]);
}

static void mq_remove(const struct raw_store_kind *kind, const struct lane *lane, int way)
{
	const struct mq_calls *calls = kind->calls;
	char name[64];

	mq_name(lane, way, name, sizeof(name));
	if (calls->unlink)
		calls->unlink(name);
}

#define MQ_KIND(table)			\
	{				\
		.make = mq_make,	\
		.join = mq_join,	\
		.put = mq_put,		\
		.take = mq_take,	\
		.leave = mq_leave,	\
		.unlink = mq_remove,	\
		.calls = table,		\
	}

static const struct raw_store_kind posix_kind = MQ_KIND(&posix_calls);
static const struct raw_store_kind dropin_kind = MQ_KIND(&dropin_calls);

static int posix_prepare(struct lane *lane)
{
	return raw_store_prepare(lane, &posix_kind);
}

static void posix_clean(struct lane *lane)
{
	raw_store_clean(lane, &posix_kind);
}

static int dropin_prepare(struct lane *lane)
{
	int err = dropin_calls.unlink ? 0 :
		  raw_store_library(lane, DROPIN, mq_call_names, (void **)&dropin_calls,
				    ARRAY_SIZE(mq_call_names));

	return err ? err : raw_store_prepare(lane, &dropin_kind);
}

static void dropin_clean(struct lane *lane)
{
	raw_store_clean(lane, &dropin_kind);
}

const struct driver raw_posix_mq_driver = {
	.name = "raw-posix-mq",
	.about = "two POSIX message queues, mq_send and mq_receive",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = posix_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = posix_clean,
	.call = raw_store_call,
	.recv = raw_store_recv,
	.reply = raw_store_reply,
	.send = raw_store_send,
};

const struct driver mq_dropin_driver = {
	.name = "mq-dropin",
	.about = "the same functions of " DROPIN,
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = dropin_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = dropin_clean,
	.call = raw_store_call,
	.recv = raw_store_recv,
	.reply = raw_store_reply,
	.send = raw_store_send,
};
