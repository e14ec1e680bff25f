// SPDX-License-Identifier: LGPL-2.1-or-later
/* queue: what is not a message: how full, how large, and being told; see queue.h. */
#include "queue.h"

int kipc_queue_ask_stat(const struct kipc *handle, struct kipc_queue_stat *stat)
{
	*stat = (struct kipc_queue_stat){ .size = sizeof(*stat) };
	return kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_STAT, stat);
}

int kipc_queue_stat(const struct kipc *handle, struct kipc_stat *stat)
{
	struct kipc_queue_stat now;
	int err = kipc_queue_ask_stat(handle, &now);

	if (err)
		return err;
	stat->mode = now.mode;
	stat->uid = now.uid;
	stat->gid = now.gid;
	stat->send_pid = (pid_t)now.send_pid;
	stat->recv_pid = (pid_t)now.recv_pid;
	stat->number = now.number;
	stat->msgs = now.msgs;
	stat->bytes = now.bytes;
	stat->max_msgs = now.max_msgs;
	stat->max_bytes = now.max_bytes;
	stat->max_size = now.max_size;
	stat->peak_msgs = now.peak_msgs;
	stat->peak_bytes = now.peak_bytes;
	stat->sent = now.sent;
	stat->received = now.received;
	stat->senders = now.senders;
	stat->receivers = now.receivers;
	stat->send_time = now.send_time;
	stat->recv_time = now.recv_time;
	stat->change_time = now.change_time;
	return 0;
}

int kipc_queue_change(struct kipc *handle, const struct kipc_change *change)
{
	struct kipc_queue_set set = { .size = sizeof(set) };

	if (change->what & KIPC_CHANGE_MODE) {
		set.flags |= KIPC_SET_MODE;
		set.mode = change->mode;
	}
	if (change->what & KIPC_CHANGE_UID) {
		set.flags |= KIPC_SET_UID;
		set.uid = change->uid;
	}
	if (change->what & KIPC_CHANGE_GID) {
		set.flags |= KIPC_SET_GID;
		set.gid = change->gid;
	}
	if (change->what & KIPC_CHANGE_MSGS) {
		set.flags |= KIPC_SET_MAX_MSGS;
		set.max_msgs = change->max_msgs;
	}
	if (change->what & KIPC_CHANGE_BYTES) {
		set.flags |= KIPC_SET_MAX_BYTES;
		set.max_bytes = change->max_bytes;
	}
	if (change->what & KIPC_CHANGE_SIZE) {
		set.flags |= KIPC_SET_MAX_SIZE;
		set.max_size = change->max_size;
	}
	return kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_SET, &set);
}

int kipc_queue_notify(struct kipc *handle, const struct kipc_notify_options *options)
{
	struct kipc_queue_notify notify = { .size = sizeof(notify), .how = KIPC_NOTIFY_OFF };

	if (options) {
		bool signal = options->how == KIPC_TELL_SIGNAL;

		if (options->how == KIPC_TELL_THREAD)
			return -EOPNOTSUPP;
		notify.how = signal ? KIPC_NOTIFY_SIGNAL : KIPC_NOTIFY_EVENTFD;
		notify.signo = (__u32)options->signo;
		notify.value = options->value;
		notify.fd = options->fd;
		if (options->flags & KIPC_TELL_ONCE)
			notify.flags |= KIPC_NOTIFY_ONCE;
		if (options->flags & KIPC_TELL_EACH)
			notify.flags |= KIPC_NOTIFY_EACH;
	}
	return kipc_queue_ioctl(kipc_to_queue(handle), KIPC_IOC_QUEUE_NOTIFY, &notify);
}
