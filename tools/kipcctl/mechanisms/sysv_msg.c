// SPDX-License-Identifier: GPL-2.0
/* System V message queues: msgget(2), msgsnd(2), msgrcv(2), by key */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "table.h"

#define CHUNK 1024
#define ORDINARY 1

struct message {
	long type;
	char data[];
};

static int msg_serve(struct trial *trial, struct end *rx)
{
	rx->server = true;
	rx->id = msgget(trial->key, IPC_CREAT | IPC_EXCL | 0600);
	trial->stage->value[3] = rx->id;
	return rx->id < 0 ? -errno : 0;
}

static int msg_join(struct trial *trial, struct end *tx)
{
	tx->id = msgget(trial->key, 0600);
	return tx->id < 0 ? -errno : 0;
}

static ssize_t msg_send_kind(struct end *end, const void *data, size_t len, int type, int flags)
{
	struct message *message = malloc(sizeof(*message) + len);
	int err = 0;

	if (!message)
		return -ENOMEM;
	message->type = type;
	memcpy(message->data, data, len);
	if (msgsnd(end->id, message, len, flags & NOWAIT ? IPC_NOWAIT : 0))
		err = -errno;
	free(message);
	return err ? err : (ssize_t)len;
}

static ssize_t msg_send(struct end *end, const void *data, size_t len, int flags)
{
	return msg_send_kind(end, data, len, ORDINARY, flags);
}

/* There is a type and no priority. */
static ssize_t msg_send_typed(struct end *end, const void *data, size_t len, int type, int prio)
{
	(void)prio;
	return msg_send_kind(end, data, len, type, 0);
}

static ssize_t msg_receive(struct end *end, void *data, size_t len, long type, int flags)
{
	struct message *message = malloc(sizeof(*message) + len);
	struct msqid_ds status;
	ssize_t n;

	if (!message)
		return -ENOMEM;
	n = msgrcv(end->id, message, len, type, flags & NOWAIT ? IPC_NOWAIT : 0);
	if (n < 0)
		n = errno == ENOMSG ? -EAGAIN : -errno;
	else
		memcpy(data, message->data, n);
	free(message);
	/* It tells of the last to send, which may not be who sent this */
	if (!msgctl(end->id, IPC_STAT, &status))
		end->sender = status.msg_lspid;
	return n;
}

static ssize_t msg_recv(struct end *end, void *data, size_t len, int flags)
{
	return msg_receive(end, data, len, 0, flags);
}

static ssize_t msg_recv_type(struct end *end, void *data, size_t len, int type)
{
	return msg_receive(end, data, len, type, NOWAIT);
}

/* The id is good in every process, whoever asked for it. */
static ssize_t msg_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	end->id = (int)trial->stage->value[3];
	return msg_send(end, data, len, NOWAIT);
}

static int64_t msg_largest(struct trial *trial, struct end *end, const char **source)
{
	(void)trial;
	(void)end;
	*source = "/proc/sys/kernel/msgmax";
	return read_number(*source);
}

static void msg_clean(const struct trial *trial)
{
	int id = msgget(trial->key, 0);

	if (id >= 0)
		msgctl(id, IPC_RMID, NULL);
}

static const struct transport msg_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = msg_serve,
	.join = msg_join,
	.send = msg_send,
	.recv = msg_recv,
	.send_to = msg_send_to,
	.send_kind = msg_send_typed,
	.recv_type = msg_recv_type,
	.largest = msg_largest,
};

const struct mechanism mechanism_sysv_msg = {
	.scheme = "sysv-msg",
	.about = "System V message queue: msgget(2)",
	.transport = &msg_transport,
	.clean = msg_clean,
};
