// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkipc-sysvmsg: msgget, msgsnd, msgrcv and msgctl of System V, on kipc queues.
 *
 * A program gets it by -lkipc-sysvmsg or by LD_PRELOAD, and does not notice.  It does
 * not need libkipc: it asks the kernel.
 *
 * An id is the number of a kipc queue, so any process can use it, and a child its
 * parent's.  Key K is the queue named "sysv:0x<K>", IPC_PRIVATE one named
 * "sysv:private.<random>".  Nothing is kept here but the door (sysvmsg_door.c): the
 * queue's mode, its limits, who sent last and when are the kernel's to know, and each
 * request tells the caller's identity anew.
 *
 *	sysvmsg.c	sending and receiving
 *	sysvmsg_get.c	msgget
 *	sysvmsg_ctl.c	msgctl
 *	sysvmsg_door.c	the descriptor, the limits
 *	sysvmsg_look.c	looking at queues
 *	sysvmsg_user.c	addresses that may be bad
 *
 * Sending and receiving are one system call each, without a lock and without memory of
 * ours.  The payload goes straight from and to the program's buffer.  The type, which
 * lies in front of it, is ours to read and write: sysvmsg_user.c tells how that is EFAULT
 * where it cannot be done.
 */
#include <limits.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "sysvmsg.h"

/* What <sys/msg.h> calls struct msgbuf: the type, and behind it the text. */
#define TYPE_SIZE	sizeof(long)

/* ---- sending ---- */

static inline int read_type(const void *msgp, long *type)
{
	if (!sysvmsg_on_stack(msgp, TYPE_SIZE))
		return sysvmsg_read(type, msgp, TYPE_SIZE);
	memcpy(type, msgp, TYPE_SIZE);
	return 0;
}

static int send_error(int err)
{
	switch (err) {
	case -ENOENT:		/* no such queue */
	case -EMSGSIZE:		/* more than any queue takes */
		return -EINVAL;
	case -EDQUOT:
		return -ENOMEM;
	default:
		return err;
	}
}

static int send_message(int msqid, const void *msgp, size_t size, int flags)
{
	struct kipc_queue_send send;
	long type;
	int err = read_type(msgp, &type);

	if (err)
		return err;
	if (msqid <= 0 || type < 1 || sysvmsg_too_long(size))
		return -EINVAL;
	send = (struct kipc_queue_send){
		.size = sizeof(send),
		.flags = KIPC_F_NORESTART | KIPC_SEND_OVERTAKE |
			 (flags & IPC_NOWAIT ? KIPC_F_NONBLOCK : 0),
		.type = (uint64_t)type,
		.number = (uint32_t)msqid,
		.payload = {
			.data = (uintptr_t)msgp + TYPE_SIZE,
			.len = size,
		},
	};
	err = sysvmsg_request_cancelable(KIPC_IOC_QUEUE_SEND, &send);
	return err ? send_error(err) : 0;
}

SYSVMSG_EXPORT int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg)
{
	return sysvmsg_result(send_message(msqid, msgp, msgsz, msgflg));
}

/* ---- receiving ---- */

/*
 * Where the kernel has just written the text, the type in front of it can be written
 * too, if it is on the same page.  A bad address that shows only now loses the message,
 * as it does with the kernel's own calls.
 */
static inline int write_type(void *msgp, long type, size_t text)
{
	uintptr_t at = (uintptr_t)msgp;

	if (text && at / 4096 == (at + TYPE_SIZE) / 4096) {
		memcpy(msgp, &type, TYPE_SIZE);
		return 0;
	}
	return sysvmsg_write(msgp, &type, TYPE_SIZE);
}

static void select_message(struct kipc_queue_recv *recv, long type, int flags)
{
	if (flags & MSG_COPY) {
		recv->select = KIPC_SELECT_NTH;
		recv->match = (uint64_t)type;
	} else if (!type) {
		recv->select = KIPC_SELECT_FIRST;
	} else if (type < 0) {
		recv->select = KIPC_SELECT_TYPE_MAX;
		recv->match = type == LONG_MIN ? (uint64_t)LONG_MAX : (uint64_t)-type;
	} else {
		recv->select = flags & MSG_EXCEPT ? KIPC_SELECT_NOT_TYPE : KIPC_SELECT_TYPE;
		recv->match = (uint64_t)type;
	}
}

static uint32_t recv_flags(int flags)
{
	uint32_t wanted = KIPC_F_NORESTART;

	if (flags & IPC_NOWAIT)
		wanted |= KIPC_F_NONBLOCK;
	if (flags & MSG_COPY)
		wanted |= KIPC_RECV_PEEK;	/* which is all or nothing */
	else if (flags & MSG_NOERROR)
		wanted |= KIPC_RECV_TRUNCATE;
	return wanted;
}

static int recv_error(int err, int flags)
{
	switch (err) {
	case -ENOENT:		/* no such queue */
		return -EINVAL;
	case -EAGAIN:
		return -ENOMSG;
	case -EMSGSIZE:
		return flags & MSG_NOERROR ? -EINVAL : -E2BIG;
	default:
		return err;
	}
}

static ssize_t receive_message(int msqid, void *msgp, size_t size, long type, int flags)
{
	struct kipc_queue_recv recv;
	size_t len;
	int err;

	if (msqid <= 0 || (ssize_t)size < 0)
		return -EINVAL;
	if (flags & MSG_COPY && (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT)))
		return -EINVAL;
	recv = (struct kipc_queue_recv){
		.size = sizeof(recv),
		.flags = recv_flags(flags),
		.data = (uintptr_t)msgp + TYPE_SIZE,
		.len = size,
		.number = (uint32_t)msqid,
	};
	select_message(&recv, type, flags);
	err = sysvmsg_request_cancelable(KIPC_IOC_QUEUE_RECV, &recv);
	if (err)
		return recv_error(err, flags);
	len = recv.msg.len < size ? recv.msg.len : size;
	err = write_type(msgp, (long)recv.msg.type, len);
	return err ? err : (ssize_t)len;
}

SYSVMSG_EXPORT ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg)
{
	ssize_t n = receive_message(msqid, msgp, msgsz, msgtyp, msgflg);

	return n < 0 ? sysvmsg_result((int)n) : n;
}
