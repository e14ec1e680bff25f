// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * msgctl: looking, setting, removing.
 *
 * MSG_STAT and MSG_STAT_ANY ask by an index, from 0 to what IPC_INFO returned, which
 * programs count up to see all queues.  Here it is the queue's place in the order of
 * numbers.  To find a place means to count, and so each thread remembers the last one it
 * found and goes on from there: the loop takes as long as there are queues, and one that
 * is removed meanwhile does not make it miss the next.
 *
 * The kernel's indexes are the low bits of its ids, and it takes an id for an index.  So
 * do we, where no queue has the place.
 */
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "dropin.h"
#include "sysvmsg.h"

#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY	13
#endif

#define NSEC_PER_SEC	1000000000ULL

/* Of the kernel's <linux/msg.h>: what it says in IPC_INFO, and nobody uses. */
#define INFO_MSGMNI	32000
#define INFO_MSGMNB	16384
#define INFO_MSGSSZ	16
#define INFO_MSGSEG	0xffff

/* ---- looking ---- */

/* The key is in the name; a private queue has none. */
static key_t key_of(const char *name)
{
	const char *digits = name + strlen(SYSVMSG_PREFIX);

	return strncmp(digits, "0x", 2) ? IPC_PRIVATE : (key_t)strtoul(digits, NULL, 16);
}

static void fill(struct msqid_ds *ds, const struct kipc_queue_stat *stat)
{
	memset(ds, 0, sizeof(*ds));
	ds->msg_perm.__key = key_of(stat->name);
	ds->msg_perm.uid = stat->uid;
	ds->msg_perm.gid = stat->gid;
	ds->msg_perm.cuid = stat->creator_uid;
	ds->msg_perm.cgid = stat->creator_gid;
	ds->msg_perm.mode = stat->mode;
	ds->msg_perm.__seq = (unsigned short)(stat->number >> SYSVMSG_SEQ_SHIFT);
	ds->msg_stime = (time_t)(stat->send_time / NSEC_PER_SEC);
	ds->msg_rtime = (time_t)(stat->recv_time / NSEC_PER_SEC);
	ds->msg_ctime = (time_t)(stat->change_time / NSEC_PER_SEC);
	ds->__msg_cbytes = stat->bytes;
	ds->msg_qnum = stat->msgs;
	ds->msg_qbytes = stat->max_bytes;
	ds->msg_lspid = (pid_t)stat->send_pid;
	ds->msg_lrpid = (pid_t)stat->recv_pid;
}

static int look(uint32_t number, uint32_t flags, struct msqid_ds *buf)
{
	struct kipc_queue_stat stat;
	struct msqid_ds ds;
	int err = sysvmsg_stat(number, flags, &stat);

	if (err)
		return err;
	fill(&ds, &stat);
	return sysvmsg_write(buf, &ds, sizeof(ds));
}

/* Where this thread's loop over indexes is; number 0: nowhere. */
static __thread struct {
	int index;
	uint32_t number;
} place;

/* The number of the queue that has this index, or -EINVAL. */
static int at_index(int index)
{
	struct kipc_queue_stat stat;
	int err;

	if (!place.number || index < place.index) {
		place.index = -1;
		place.number = 0;
	}
	while (place.index < index) {
		err = sysvmsg_next(place.number, &stat);
		if (err)
			return err == -ENOENT ? -EINVAL : err;
		place.index++;
		place.number = stat.number;
	}
	return (int)place.number;
}

static int look_at_place(int index, uint32_t flags, struct msqid_ds *buf)
{
	int number = at_index(index);
	int err = number < 0 ? number : look((uint32_t)number, flags, buf);

	return err ? err : number;
}

static int look_at_index(int index, uint32_t flags, struct msqid_ds *buf)
{
	int number = look_at_place(index, flags, buf);

	/* That one has gone since, but another may have its place now */
	if (number == -EINVAL) {
		place.number = 0;
		number = look_at_place(index, flags, buf);
	}
	if (number == -EINVAL && index) {
		int err = look((uint32_t)index, flags, buf);

		number = err ? err : index;
	}
	return number;
}

/* What is there: the queues, and with MSG_INFO what is in them.  Return: the last index. */
static int total(struct msginfo *info)
{
	struct kipc_queue_stat stat;
	uint32_t number = 0;
	int err;

	while (!(err = sysvmsg_next(number, &stat))) {
		number = stat.number;
		info->msgpool++;
		info->msgmap += (int)stat.msgs;
		info->msgtql += (int)stat.bytes;
	}
	if (err != -ENOENT)
		return err;
	return info->msgpool ? info->msgpool - 1 : 0;
}

static int tell_info(int cmd, void *buf)
{
	struct msginfo info = { 0 };
	int last, err;

	place.number = 0;
	last = total(&info);
	if (last < 0)
		return last;
	if (cmd == IPC_INFO) {
		info.msgpool = INFO_MSGMNI * (INFO_MSGMNB / 1024);
		info.msgmap = INFO_MSGMNB;
		info.msgtql = INFO_MSGMNB;
	}
	info.msgmax = (int)sysvmsg_limit(SYSVMSG_MAX);
	info.msgmnb = (int)sysvmsg_limit(SYSVMSG_MNB);
	info.msgmni = (int)sysvmsg_limit(SYSVMSG_MNI);
	info.msgssz = INFO_MSGSSZ;
	info.msgseg = INFO_MSGSEG;
	err = sysvmsg_write(buf, &info, sizeof(info));
	return err ? err : last;
}

/* ---- changing ---- */

/* May the caller change this queue at all?  The kernel checks it again. */
static bool owns(const struct kipc_queue_stat *stat)
{
	uid_t uid = geteuid();

	return uid == stat->uid || uid == stat->creator_uid ||
	       sysvmsg_capable(CAP_IPC_OWNER);
}

static int set(int msqid, const struct msqid_ds *buf)
{
	struct kipc_queue_stat stat;
	struct msqid_ds ds;
	struct kipc_queue_set arg;
	int err = sysvmsg_read(&ds, buf, sizeof(ds));

	if (!err)
		err = sysvmsg_stat((uint32_t)msqid, 0, &stat);
	if (err)
		return err;
	if (!owns(&stat) || (ds.msg_qbytes > sysvmsg_limit(SYSVMSG_MNB) &&
			     !sysvmsg_capable(CAP_SYS_RESOURCE)))
		return -EPERM;
	arg = (struct kipc_queue_set){
		.size = sizeof(arg),
		.flags = KIPC_SET_UID | KIPC_SET_GID | KIPC_SET_MODE | KIPC_SET_MAX_MSGS |
			 KIPC_SET_MAX_BYTES,
		.number = (uint32_t)msqid,
		.mode = ds.msg_perm.mode & 0777,
		.uid = ds.msg_perm.uid,
		.gid = ds.msg_perm.gid,
		.max_msgs = sysvmsg_msgs(ds.msg_qbytes),
		.max_bytes = sysvmsg_bytes(ds.msg_qbytes),
	};
	err = sysvmsg_request(KIPC_IOC_QUEUE_SET, &arg);
	return err == -ENOENT ? -EINVAL : err;
}

static int remove_queue(int msqid)
{
	struct kipc_queue_unlink arg = {
		.size = sizeof(arg),
		.flags = KIPC_UNLINK_REMOVE,
		.number = (uint32_t)msqid,
	};
	struct kipc_queue_stat stat;
	int err = sysvmsg_stat((uint32_t)msqid, 0, &stat);

	if (!err)
		err = sysvmsg_request(KIPC_IOC_QUEUE_UNLINK, &arg);
	switch (err) {
	case -EACCES:
		return -EPERM;
	case -ENOENT:
		return -EINVAL;
	default:
		return err;
	}
}

/* Commands on an id: 0, which the kernel's calls may give out, is none of ours. */
static int control_queue(int msqid, int cmd, struct msqid_ds *buf)
{
	if (!msqid)
		return -EINVAL;
	switch (cmd) {
	case IPC_STAT:
		return look((uint32_t)msqid, KIPC_STAT_PERMIT, buf);
	case IPC_SET:
		return set(msqid, buf);
	case IPC_RMID:
		return remove_queue(msqid);
	default:
		return -EINVAL;
	}
}

static int control(int msqid, int cmd, struct msqid_ds *buf)
{
	if (msqid < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return tell_info(cmd, buf);
	case MSG_STAT:
		return look_at_index(msqid, KIPC_STAT_PERMIT, buf);
	case MSG_STAT_ANY:
		return look_at_index(msqid, 0, buf);
	default:
		return control_queue(msqid, cmd, buf);
	}
}

SYSVMSG_EXPORT int msgctl(int msqid, int cmd, struct msqid_ds *buf)
{
	int state = kipc_dropin_keep();
	int value = control(msqid, cmd, buf);

	kipc_dropin_unkeep(state);
	return sysvmsg_result(value);
}
