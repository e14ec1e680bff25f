// SPDX-License-Identifier: GPL-2.0
/*
 * raw-sysv-msg, raw-sysv-typed: msgsnd(2), msgrcv(2); sysvmsg-dropin: the same of
 * libkipc-sysvmsg
 *
 * All rows are the same code, which calls the functions through a table: of the C
 * library, or of the drop-in library, which is opened at run time.  Where that is not
 * installed the row is absent.
 *
 * A payload lies behind its type, as the calls want it, and is written and read there.
 */
#include "raw_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#define DROPIN	"libkipc-sysvmsg.so.0"

/* In the order of sysv_call_names. */
struct sysv_calls {
	int (*get)(key_t key, int flags);
	int (*send)(int id, const void *buf, size_t len, int flags);
	ssize_t (*receive)(int id, void *buf, size_t size, long type, int flags);
	int (*control)(int id, int command, struct msqid_ds *ds);
};

static const char *const sysv_call_names[] = { "msgget", "msgsnd", "msgrcv", "msgctl" };

static const struct sysv_calls sysv_calls_libc = {
	.get = msgget,
	.send = msgsnd,
	.receive = msgrcv,
	.control = msgctl,
};

static struct sysv_calls sysv_calls_dropin;

static const struct sysv_calls *sysv_calls(const struct raw_store *store)
{
	return store->kind->calls;
}

static key_t sysv_key(const struct lane *lane, int way)
{
	return (key_t)(0x4b000000U | ((unsigned int)lane->parent & 0xfff) << 12 |
		       (raw_store_number(lane, way) & 0xfff));
}

static unsigned long sysv_msgmax(void)
{
	FILE *file = fopen("/proc/sys/kernel/msgmax", "re");
	unsigned long max;

	if (!file || fscanf(file, "%lu", &max) != 1)
		max = 8192;
	if (file)
		fclose(file);
	return max;
}

/*
 * Room for as many messages as the others have; more than msgmnb is for the
 * privileged, and without it the queue keeps what it has.
 */
static int sysv_make_room(struct lane *lane, int way)
{
	struct raw_store *store = lane->priv;
	size_t bytes = raw_store_bytes(lane, store->kind, way);
	struct msqid_ds ds;

	if (sysv_calls(store)->control(store->id[way], IPC_STAT, &ds))
		return -errno;
	ds.msg_qbytes = bytes;
	if (sysv_calls(store)->control(store->id[way], IPC_SET, &ds))
		return errno == EPERM && !store->kind->typed ? 0 : -errno;
	return 0;
}

static int sysv_make(struct lane *lane, int way)
{
	struct raw_store *store = lane->priv;

	lane->max_size = sysv_msgmax();
	if (lane->size > lane->max_size)
		return -EMSGSIZE;
	store->id[way] = sysv_calls(store)->get(sysv_key(lane, way),
						IPC_CREAT | IPC_EXCL | 0600);
	return store->id[way] < 0 ? -errno : sysv_make_room(lane, way);
}

static int sysv_join(struct lane *lane, int way)
{
	struct raw_store *store = lane->priv;

	store->id[way] = sysv_calls(store)->get(sysv_key(lane, way), 0200);
	return store->id[way] < 0 ? -errno : 0;
}

static int sysv_put(struct raw_store *store, int way, long type, const void *data,
		    size_t len)
{
	long *head = (long *)data - 1;	/* its place is ours: @head of the kind */
	int n;

	*head = type;
	do {
		n = sysv_calls(store)->send(store->id[way], head, len, 0);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : 0;
}

static ssize_t sysv_take(struct raw_store *store, int way, void *data, size_t size)
{
	const long type = store->kind->typed ? STORE_MEANT : 0;
	ssize_t n;

	do {
		n = sysv_calls(store)->receive(store->id[way], (long *)data - 1, size, type, 0);
	} while (n < 0 && raw_store_again());
	return n < 0 ? -errno : n;
}

/* There is nothing to close; the queue is removed when both have gone. */
static void sysv_leave(struct raw_store *store, int way)
{
	(void)store;
	(void)way;
}

static void sysv_remove(const struct raw_store_kind *kind, const struct lane *lane, int way)
{
	const struct sysv_calls *calls = kind->calls;
	int id = calls->get ? calls->get(sysv_key(lane, way), 0) : -1;

	if (id >= 0)
		calls->control(id, IPC_RMID, NULL);
}

#define SYSV_KIND(table, others)	\
	{				\
		.make = sysv_make,	\
		.join = sysv_join,	\
		.put = sysv_put,	\
		.take = sysv_take,	\
		.leave = sysv_leave,	\
		.unlink = sysv_remove,	\
		.calls = table,		\
		.typed = others,	\
		.head = sizeof(long),	\
	}

static const struct raw_store_kind sysv_kind = SYSV_KIND(&sysv_calls_libc, false);
static const struct raw_store_kind sysv_typed_kind = SYSV_KIND(&sysv_calls_libc, true);
static const struct raw_store_kind dropin_kind = SYSV_KIND(&sysv_calls_dropin, false);

static int sysv_prepare(struct lane *lane)
{
	return raw_store_prepare(lane, &sysv_kind);
}

static int sysv_typed_prepare(struct lane *lane)
{
	return raw_store_prepare(lane, &sysv_typed_kind);
}

static void sysv_clean(struct lane *lane)
{
	raw_store_clean(lane, &sysv_kind);
}

static int dropin_prepare(struct lane *lane)
{
	int err = sysv_calls_dropin.control ? 0 :
		  raw_store_library(lane, DROPIN, sysv_call_names,
				    (void **)&sysv_calls_dropin,
				    ARRAY_SIZE(sysv_call_names));

	return err ? err : raw_store_prepare(lane, &dropin_kind);
}

static void dropin_clean(struct lane *lane)
{
	raw_store_clean(lane, &dropin_kind);
}

const struct driver raw_sysv_msg_driver = {
	.name = "raw-sysv-msg",
	.about = "two System V message queues, msgsnd and msgrcv",
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = sysv_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = sysv_clean,
	.place = raw_store_place,
	.call = raw_store_call,
	.recv = raw_store_recv,
	.reply = raw_store_reply,
	.send = raw_store_send,
};

const struct driver raw_sysv_typed_driver = {
	.name = "raw-sysv-typed",
	.about = "the same, receiving by type: 10,000 others wait",
	.kind = DRIVER_BASELINE,
	.measures = { false, true },
	.prepare = sysv_typed_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = sysv_clean,
	.place = raw_store_place,
	.recv = raw_store_recv,
	.send = raw_store_send,
	.flush = raw_store_flush,
	.settle = raw_store_settle,
	.backlog = STORE_BACKLOG,
};

const struct driver sysvmsg_dropin_driver = {
	.name = "sysvmsg-dropin",
	.about = "the same functions of " DROPIN,
	.kind = DRIVER_BASELINE,
	.measures = { true, true },
	.prepare = dropin_prepare,
	.open = raw_store_open,
	.close = raw_store_close,
	.clean = dropin_clean,
	.place = raw_store_place,
	.call = raw_store_call,
	.recv = raw_store_recv,
	.reply = raw_store_reply,
	.send = raw_store_send,
};
