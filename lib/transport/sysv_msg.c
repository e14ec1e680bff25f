// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sysv-msg: System V message queues, one way, with types.
 *
 * The name is a key, a decimal or 0x number, or a path that exists, which makes a
 * key by ftok(path, 'k').  kipc_listen() makes the queue or joins the one that is
 * there.  A System V queue lives until somebody removes it, so the last process
 * to close a handle that made one removes it, and so do the last two ends of a
 * pair; a process that is killed leaves it (ipcs -q, ipcrm).
 *
 * Types: the mechanism's own begin at 1, the library's at 0, so a message of type
 * t travels as mtype t + 1; t is at most LONG_MAX - 1.
 *
 * Deadlines: the kernel has no timed call here, nor a descriptor to poll.  For
 * ever is the blocking call and at once is IPC_NOWAIT; between them the library
 * tries, and sleeps a little longer each time, from 20 us to 2 ms.  So a timed
 * receive may notice a message up to 2 ms late, and costs a little CPU time.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "internal.h"

/* struct msgbuf of <sys/msg.h>: this, and the payload. */
#define KIPC_SYSV_HEAD		sizeof(long)

/* A small message on the stack. */
#define KIPC_SYSV_SMALL		1024

struct kipc_sysv_small {
	long mtype;
	char data[KIPC_SYSV_SMALL];
};

struct kipc_sysv {
	struct kipc base;
	int id;
	atomic_size_t max_size;
	struct kipc_lifetime life;	/* open where the queue is ours to remove */
};

static struct kipc_sysv *to_sysv(struct kipc *handle)
{
	return container_of(handle, struct kipc_sysv, base);
}

/* One meaning of an error everywhere: a queue that was removed is gone. */
static int kipc_sysv_error(int err)
{
	switch (err) {
	case EIDRM:
	case EINVAL:		/* removed before the call began */
		return -EPIPE;
	case E2BIG:
		return -EMSGSIZE;
	default:
		return -err;
	}
}

KIPC_HOT
static int kipc_sysv_put(struct kipc_sysv *sysv, const void *buf, size_t len,
			 kipc_deadline deadline)
{
	int flags = deadline == KIPC_NEVER ? 0 : IPC_NOWAIT;
	int64_t nap = KIPC_NAP_MIN;
	int err;

	for (;;) {
		if (!msgsnd(sysv->id, buf, len, flags))
			return 0;
		if (errno != EAGAIN)
			return kipc_sysv_error(errno);
		err = kipc_wait_nap(&nap, deadline);
		if (err)
			return err;
	}
}

/*
 * Type and payload must lie side by side: the one copy that cannot be saved.
 */
static int kipc_sysv_send_large(struct kipc *handle, const struct kipc_outgoing *out,
				kipc_deadline deadline)
{
	struct kipc_buffer *buffer = kipc_buffer_get(handle, KIPC_SYSV_HEAD + out->len);
	long mtype = (long)out->type + 1;
	int err;

	if (!buffer)
		return -ENOMEM;
	memcpy(buffer->data, &mtype, sizeof(mtype));
	memcpy(buffer->data + KIPC_SYSV_HEAD, out->data, out->len);
	err = kipc_sysv_put(to_sysv(handle), buffer->data, out->len, deadline);
	kipc_buffer_put(handle, buffer);
	return err;
}

KIPC_HOT
static int kipc_sysv_send(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline)
{
	struct kipc_sysv *sysv = to_sysv(handle);
	struct kipc_sysv_small small;

	if (out->to || out->type >= LONG_MAX)
		return -EINVAL;
	if (out->len > atomic_load_explicit(&sysv->max_size, memory_order_relaxed))
		return -EMSGSIZE;
	if (out->len > sizeof(small.data))
		return kipc_sysv_send_large(handle, out, deadline);
	small.mtype = (long)out->type + 1;
	if (out->len)
		memcpy(small.data, out->data, out->len);
	return kipc_sysv_put(sysv, &small, out->len, deadline);
}

/*
 * What is wanted in the words of msgrcv(); 0 or -errno.  Looking (MSG_COPY) counts
 * messages in their order, and with nothing else.
 */
static int kipc_sysv_ask(const struct kipc_wanted *wanted, long *mtype, int *flags)
{
	if (wanted->match >= LONG_MAX)
		return -EINVAL;
	*mtype = 0;
	*flags = 0;
	if (wanted->flags & KIPC_PEEK) {
		if (wanted->pick != KIPC_PICK_NTH && wanted->pick > KIPC_PICK_FIRST)
			return -EOPNOTSUPP;
		*mtype = (long)wanted->match;
		*flags = MSG_COPY | IPC_NOWAIT;
	} else if (wanted->pick == KIPC_PICK_TYPE) {
		*mtype = (long)wanted->match + 1;
	} else if (wanted->pick == KIPC_PICK_TYPE_MAX) {
		*mtype = -(long)wanted->match - 1;
	} else if (wanted->pick == KIPC_PICK_NOT_TYPE) {
		*mtype = (long)wanted->match + 1;
		*flags = MSG_EXCEPT;
	}
	return 0;
}

/* Into @buf, a struct msgbuf with room for @size bytes; how many came, or -errno. */
KIPC_HOT
static ssize_t kipc_sysv_take(const struct kipc_sysv *sysv, void *buf, size_t size,
			      long mtype, int flags, kipc_deadline deadline)
{
	int64_t nap = KIPC_NAP_MIN;
	ssize_t n;
	int err;

	if (deadline != KIPC_NEVER)
		flags |= IPC_NOWAIT;
	for (;;) {
		n = msgrcv(sysv->id, buf, size, mtype, flags);
		if (n >= 0)
			return n;
		if (errno != ENOMSG)
			return kipc_sysv_error(errno);
		err = kipc_wait_nap(&nap, deadline);
		if (err)
			return err;
	}
}

/* A message to be cut off is received whole: the kernel would not tell its length. */
static size_t kipc_sysv_room(const struct kipc_buffer *buffer,
			     const struct kipc_wanted *wanted)
{
	size_t room = buffer->capacity - KIPC_SYSV_HEAD;

	return wanted->flags & KIPC_TRUNCATE || wanted->max_len > room ? room : wanted->max_len;
}

KIPC_HOT
static void kipc_sysv_lend(struct kipc *handle, struct kipc_msg *msg,
			   struct kipc_buffer *buffer, size_t len)
{
	long mtype;

	kipc_buffer_lend(handle, msg, buffer, KIPC_SYSV_HEAD, len);
	memcpy(&mtype, buffer->data, sizeof(mtype));
	msg->type = (uint64_t)mtype - 1;
	msg->known = KIPC_KNOWN_TYPE;
}

static struct kipc_buffer *kipc_sysv_buffer(struct kipc *handle)
{
	size_t most = atomic_load_explicit(&to_sysv(handle)->max_size, memory_order_relaxed);

	return kipc_buffer_get(handle, KIPC_SYSV_HEAD + most);
}

static int kipc_sysv_recv_wanted(struct kipc *handle, struct kipc_msg *msg,
				 const struct kipc_wanted *wanted, kipc_deadline deadline)
{
	struct kipc_buffer *buffer = kipc_sysv_buffer(handle);
	ssize_t len;
	long mtype;
	int flags;

	if (!buffer)
		return -ENOMEM;
	if (wanted->pick == KIPC_PICK_NTH)
		deadline = KIPC_AT_ONCE;
	len = kipc_sysv_ask(wanted, &mtype, &flags);
	if (!len)
		len = kipc_sysv_take(to_sysv(handle), buffer->data,
				     kipc_sysv_room(buffer, wanted), mtype, flags, deadline);
	if (len < 0) {
		kipc_buffer_put(handle, buffer);
		return (int)len;
	}
	kipc_sysv_lend(handle, msg, buffer, (size_t)len);
	return 0;
}

KIPC_HOT
static int kipc_sysv_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_buffer *buffer = kipc_sysv_buffer(handle);
	ssize_t len;

	if (!buffer)
		return -ENOMEM;
	len = kipc_sysv_take(to_sysv(handle), buffer->data, buffer->capacity - KIPC_SYSV_HEAD,
			     0, 0, deadline);
	if (len < 0) {
		kipc_buffer_put(handle, buffer);
		return (int)len;
	}
	kipc_sysv_lend(handle, msg, buffer, (size_t)len);
	return 0;
}

/*
 * What does not fit stays in the queue, where a receiver who chooses finds it: put back
 * into the handle it would be out of sight.
 */
KIPC_HOT
static ssize_t kipc_sysv_recv_into(struct kipc *handle, void *buf, size_t size,
				   kipc_deadline deadline)
{
	struct kipc_sysv *sysv = to_sysv(handle);
	struct kipc_sysv_small small;
	struct kipc_buffer *buffer;
	ssize_t len;

	if (size <= sizeof(small.data)) {
		len = kipc_sysv_take(sysv, &small, size, 0, 0, deadline);
		if (len > 0)
			memcpy(buf, small.data, (size_t)len);
		return len;
	}
	buffer = kipc_sysv_buffer(handle);
	if (!buffer)
		return -ENOMEM;
	if (size > buffer->capacity - KIPC_SYSV_HEAD)
		size = buffer->capacity - KIPC_SYSV_HEAD;
	len = kipc_sysv_take(sysv, buffer->data, size, 0, 0, deadline);
	if (len > 0)
		memcpy(buf, buffer->data + KIPC_SYSV_HEAD, (size_t)len);
	kipc_buffer_put(handle, buffer);
	return len;
}

/* ---- opening ---- */

static void kipc_sysv_close(struct kipc *handle)
{
	struct kipc_sysv *sysv = to_sysv(handle);

	if (kipc_lifetime_close(&sysv->life))
		msgctl(sysv->id, IPC_RMID, NULL);
	kipc_handle_free(handle);
}

static uint64_t kipc_sysv_msgmax(void)
{
	return kipc_system_number("/proc/sys/kernel/msgmax", 8192);
}

/* A message must respect msgmax, and fit into the empty queue. */
static void kipc_sysv_measure(struct kipc_sysv *sysv)
{
	uint64_t max = kipc_sysv_msgmax();
	struct msqid_ds ds;

	if (msgctl(sysv->id, IPC_STAT, &ds))
		ds.msg_qbytes = kipc_system_number("/proc/sys/kernel/msgmnb", 16384);
	atomic_store(&sysv->max_size, max < ds.msg_qbytes ? max : ds.msg_qbytes);
}

static int kipc_sysv_stat(const struct kipc *handle, struct kipc_stat *stat)
{
	const struct kipc_sysv *sysv = to_sysv((struct kipc *)handle);
	struct msqid_ds ds;

	if (msgctl(sysv->id, IPC_STAT, &ds))
		return kipc_sysv_error(errno);
	stat->mode = ds.msg_perm.mode & 0777;
	stat->uid = ds.msg_perm.uid;
	stat->gid = ds.msg_perm.gid;
	stat->send_pid = ds.msg_lspid;
	stat->recv_pid = ds.msg_lrpid;
	stat->number = (uint32_t)sysv->id;
	stat->msgs = ds.msg_qnum;
	stat->bytes = ds.__msg_cbytes;
	stat->max_bytes = ds.msg_qbytes;
	stat->max_size = atomic_load(&sysv->max_size);
	stat->send_time = (uint64_t)ds.msg_stime * 1000000000;
	stat->recv_time = (uint64_t)ds.msg_rtime * 1000000000;
	stat->change_time = (uint64_t)ds.msg_ctime * 1000000000;
	return 0;
}

/* All of them are set at once, so those that stay are asked for. */
static int kipc_sysv_change(struct kipc *handle, const struct kipc_change *change)
{
	struct kipc_sysv *sysv = to_sysv(handle);
	struct msqid_ds ds;

	if (change->what & (KIPC_CHANGE_MSGS | KIPC_CHANGE_SIZE))
		return -EOPNOTSUPP;
	if (msgctl(sysv->id, IPC_STAT, &ds))
		return kipc_sysv_error(errno);
	if (change->what & KIPC_CHANGE_MODE)
		ds.msg_perm.mode = change->mode;
	if (change->what & KIPC_CHANGE_UID)
		ds.msg_perm.uid = change->uid;
	if (change->what & KIPC_CHANGE_GID)
		ds.msg_perm.gid = change->gid;
	if (change->what & KIPC_CHANGE_BYTES)
		ds.msg_qbytes = change->max_bytes;
	if (msgctl(sysv->id, IPC_SET, &ds))
		return errno == EINVAL ? -EINVAL : kipc_sysv_error(errno);
	kipc_sysv_measure(sysv);
	return 0;
}

static struct kipc_sysv *kipc_sysv_new(uint32_t side)
{
	struct kipc_sysv *sysv = kipc_handle_new(sizeof(*sysv), &kipc_sysv_msg_transport, side);

	if (sysv)
		sysv->life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	return sysv;
}

/* The key of a name that is a number, or of an existing path. */
int kipc_sysv_key(const char *name, key_t *key)
{
	bool number = name[0] >= '0' && name[0] <= '9';
	unsigned long value;
	char *end;

	if (!number) {
		*key = ftok(name, 'k');
		return *key == -1 ? -errno : 0;
	}
	errno = 0;
	value = strtoul(name, &end, !strncmp(name, "0x", 2) ? 16 : 10);
	/* Key 0 is IPC_PRIVATE: a queue that nobody else could find. */
	if (*end || errno || !value || value > UINT32_MAX)
		return -EINVAL;
	*key = (key_t)(uint32_t)value;
	return 0;
}

bool kipc_sysv_name_ok(const char *name)
{
	key_t key;

	return name[0] == '/' || name[0] == '.' || !kipc_sysv_key(name, &key);
}

/* Give the queue that we made its room. */
static int kipc_sysv_set_bytes(int id, const struct kipc_address *address)
{
	struct msqid_ds ds;

	if (!(address->given & KIPC_PARAM_BIT(KIPC_PARAM_BYTES)))
		return 0;
	if (msgctl(id, IPC_STAT, &ds))
		return -errno;
	ds.msg_qbytes = address->value[KIPC_PARAM_BYTES];
	return msgctl(id, IPC_SET, &ds) ? -errno : 0;
}

static int kipc_sysv_make(struct kipc_sysv *sysv, key_t key,
			  const struct kipc_address *address)
{
	int err;

	sysv->id = msgget(key, IPC_CREAT | IPC_EXCL | (int)kipc_address_mode(address));
	if (sysv->id < 0)
		return -errno;
	err = kipc_sysv_set_bytes(sysv->id, address);
	if (!err)
		err = kipc_lifetime_open(&sysv->life);
	if (err)
		msgctl(sysv->id, IPC_RMID, NULL);
	return err;
}

static int kipc_sysv_make_or_join(struct kipc_sysv *sysv, const struct kipc_address *address)
{
	key_t key;
	int err = kipc_sysv_key(address->name, &key);

	if (err)
		return err;
	/* It may come and go between the two: then begin again. */
	do {
		err = kipc_sysv_make(sysv, key, address);
		if (err != -EEXIST)
			return err;
		sysv->id = msgget(key, 0400);
		err = sysv->id < 0 ? -errno : 0;
	} while (err == -ENOENT);
	return err;
}

static int kipc_sysv_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_sysv *sysv = kipc_sysv_new(KIPC_SIDE_RECV);
	int err;

	if (!sysv)
		return -ENOMEM;
	err = kipc_sysv_make_or_join(sysv, address);
	if (err) {
		kipc_sysv_close(&sysv->base);
		return err;
	}
	kipc_sysv_measure(sysv);
	*handle = &sysv->base;
	return 0;
}

static int kipc_sysv_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_sysv *sysv;
	key_t key;
	int err = kipc_sysv_key(address->name, &key);

	if (err)
		return err;
	sysv = kipc_sysv_new(KIPC_SIDE_SEND);
	if (!sysv)
		return -ENOMEM;
	sysv->id = msgget(key, 0200);
	if (sysv->id < 0) {
		err = -errno;
		kipc_sysv_close(&sysv->base);
		return err;
	}
	kipc_sysv_measure(sysv);
	*handle = &sysv->base;
	return 0;
}

static int kipc_sysv_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_sysv *recv = kipc_sysv_new(KIPC_SIDE_RECV);
	struct kipc_sysv *send = kipc_sysv_new(KIPC_SIDE_SEND);
	int err = -ENOMEM;

	if (!recv || !send)
		goto err_close;
	err = kipc_sysv_make(recv, IPC_PRIVATE, address);
	if (err)
		goto err_close;
	send->id = recv->id;
	err = kipc_lifetime_share(&send->life, &recv->life);
	if (err)
		goto err_close;
	kipc_sysv_measure(recv);
	kipc_sysv_measure(send);
	ends[0] = &recv->base;
	ends[1] = &send->base;
	return 0;

err_close:
	if (send)
		kipc_sysv_close(&send->base);
	if (recv)
		kipc_sysv_close(&recv->base);
	return err;
}

static int kipc_sysv_unlink(const struct kipc_address *address)
{
	key_t key;
	int err = kipc_sysv_key(address->name, &key);
	int id;

	if (err)
		return err;
	id = msgget(key, 0);
	if (id < 0 || msgctl(id, IPC_RMID, NULL))
		return errno == EPERM ? -EACCES : -errno;
	return 0;
}

static void kipc_sysv_limits(const struct kipc *handle, struct kipc_info *info)
{
	info->max_size = handle ? atomic_load(&to_sysv((struct kipc *)handle)->max_size) :
				  kipc_sysv_msgmax();
}

const struct kipc_transport kipc_sysv_msg_transport = {
	.mechanism.scheme = "sysv-msg",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_TYPE | KIPC_CAN_SELECT |
	       KIPC_CAN_PEEK | KIPC_CAN_STAT | KIPC_CAN_CHANGE,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_BYTES),
	.mechanism.name_rule = KIPC_SYSV_NAME_RULE,
	.mechanism.name_ok = kipc_sysv_name_ok,
	.listen = kipc_sysv_listen,
	.connect = kipc_sysv_connect,
	.pair = kipc_sysv_pair,
	.unlink = kipc_sysv_unlink,
	.close = kipc_sysv_close,
	.send = kipc_sysv_send,
	.recv = kipc_sysv_recv,
	.recv_wanted = kipc_sysv_recv_wanted,
	.recv_into = kipc_sysv_recv_into,
	.stat = kipc_sysv_stat,
	.change = kipc_sysv_change,
	.limits = kipc_sysv_limits,
};
