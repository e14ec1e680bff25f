// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix-mq: POSIX message queues, one way, with priorities.
 *
 * kipc_listen() makes the queue or joins the one that is there (a queue may have
 * several receivers); it removes the name in the end only where it made it.
 *
 * The kernel's timed calls count CLOCK_REALTIME, which an administrator may set
 * at any time.  So a wait with a deadline is a poll, on the monotonic clock, of
 * the queue's descriptor (on Linux an mqd_t is one), and then a timed call whose
 * time is long past: it does what it can do at once, without O_NONBLOCK, a flag
 * that would be shared with every process that has the descriptor.
 */
#include <errno.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* What a message costs its queue besides its payload, generously. */
#define KIPC_MQ_OVERHEAD 128

struct kipc_mq {
	struct kipc base;
	mqd_t mqd;
	size_t max_size;
	uint64_t max_msgs;
	char *name;			/* ours to remove, or NULL */
	struct kipc_lifetime life;
};

static struct kipc_mq *to_mq(struct kipc *handle)
{
	return container_of(handle, struct kipc_mq, base);
}

static const struct timespec kipc_mq_past;

static int kipc_mq_error(int err, kipc_deadline deadline)
{
	return err == ETIMEDOUT || err == EAGAIN ? kipc_deadline_missed(deadline) : -err;
}

/* After a poll somebody else may have been faster: then wait on. */
static bool kipc_mq_again(int err, kipc_deadline deadline)
{
	return (err == ETIMEDOUT || err == EAGAIN) && deadline != KIPC_AT_ONCE;
}

KIPC_HOT
static int kipc_mq_send(struct kipc *handle, const struct kipc_outgoing *out,
			kipc_deadline deadline)
{
	struct kipc_mq *mq = to_mq(handle);
	int n, err;

	if (out->to || out->prio >= MQ_PRIO_MAX)
		return -EINVAL;
	for (;;) {
		if (deadline == KIPC_NEVER)
			n = mq_send(mq->mqd, out->data ? out->data : "", out->len, out->prio);
		else
			n = mq_timedsend(mq->mqd, out->data ? out->data : "", out->len,
					 out->prio, &kipc_mq_past);
		if (!n)
			return 0;
		if (!kipc_mq_again(errno, deadline))
			return kipc_mq_error(errno, deadline);
		err = kipc_wait_fd(mq->mqd, POLLOUT, deadline);
		if (err)
			return err;
	}
}

KIPC_HOT
static ssize_t kipc_mq_take(struct kipc_mq *mq, char *buf, unsigned int *prio,
			    kipc_deadline deadline)
{
	ssize_t n;
	int err;

	for (;;) {
		if (deadline == KIPC_NEVER)
			n = mq_receive(mq->mqd, buf, mq->max_size, prio);
		else
			n = mq_timedreceive(mq->mqd, buf, mq->max_size, prio, &kipc_mq_past);
		if (n >= 0)
			return n;
		if (!kipc_mq_again(errno, deadline))
			return kipc_mq_error(errno, deadline);
		err = kipc_wait_fd(mq->mqd, POLLIN, deadline);
		if (err)
			return err;
	}
}

KIPC_HOT
static int kipc_mq_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_mq *mq = to_mq(handle);
	struct kipc_buffer *buffer = kipc_buffer_get(handle, mq->max_size);
	ssize_t len;

	if (!buffer)
		return -ENOMEM;
	len = kipc_mq_take(mq, (char *)buffer->data, &msg->prio, deadline);
	if (len < 0) {
		kipc_buffer_put(handle, buffer);
		return (int)len;
	}
	kipc_buffer_lend(handle, msg, buffer, 0, (size_t)len);
	msg->known = KIPC_KNOWN_PRIO;
	return 0;
}

/* Receive into the handle's memory what the caller's has no room for, perhaps. */
KIPC_HOT
static ssize_t kipc_mq_recv_and_copy(struct kipc *handle, void *buf, size_t size,
				     kipc_deadline deadline)
{
	struct kipc_mq *mq = to_mq(handle);
	struct kipc_buffer *buffer = kipc_buffer_get(handle, mq->max_size);
	struct kipc_msg msg;
	ssize_t len;
	int err;

	if (!buffer)
		return -ENOMEM;
	len = kipc_mq_take(mq, (char *)buffer->data, NULL, deadline);
	if (len <= (ssize_t)size) {
		if (len > 0)
			memcpy(buf, buffer->data, (size_t)len);
		kipc_buffer_put(handle, buffer);
		return len;
	}
	kipc_msg_init(&msg, handle);
	kipc_buffer_lend(handle, &msg, buffer, 0, (size_t)len);
	err = kipc_msg_keep(handle, &msg);
	if (!err)
		return -EMSGSIZE;
	kipc_buffer_put(handle, buffer);
	return err;
}

/*
 * Nobody asks for the priority here, and a kernel that need not tell it is measurably
 * faster.  So of a message that is put back it is not known.
 */
KIPC_HOT
static ssize_t kipc_mq_recv_into(struct kipc *handle, void *buf, size_t size,
				 kipc_deadline deadline)
{
	struct kipc_mq *mq = to_mq(handle);

	return size >= mq->max_size ? kipc_mq_take(mq, buf, NULL, deadline) :
				      kipc_mq_recv_and_copy(handle, buf, size, deadline);
}

/* ---- looking, changing, being told ---- */

/* The kernel says it in a line of text, to those who may read. */
static uint64_t kipc_mq_bytes(const struct kipc_mq *mq)
{
	unsigned long bytes;
	char line[96];
	ssize_t n = pread(mq->mqd, line, sizeof(line) - 1, 0);

	line[n < 0 ? 0 : n] = '\0';
	return sscanf(line, "QSIZE:%lu", &bytes) == 1 ? bytes : KIPC_UNKNOWN;
}

static int kipc_mq_stat(const struct kipc *handle, struct kipc_stat *stat)
{
	const struct kipc_mq *mq = to_mq((struct kipc *)handle);
	struct mq_attr attr;
	struct stat st;

	if (mq_getattr(mq->mqd, &attr) || fstat(mq->mqd, &st))
		return -errno;
	stat->mode = st.st_mode & 0777;
	stat->uid = st.st_uid;
	stat->gid = st.st_gid;
	stat->msgs = (uint64_t)attr.mq_curmsgs;
	stat->bytes = kipc_mq_bytes(mq);
	stat->max_msgs = (uint64_t)attr.mq_maxmsg;
	stat->max_size = (uint64_t)attr.mq_msgsize;
	return 0;
}

/* The owner first, as the mode may go with it. */
static int kipc_mq_change(struct kipc *handle, const struct kipc_change *change)
{
	uid_t uid = change->what & KIPC_CHANGE_UID ? change->uid : (uid_t)-1;
	gid_t gid = change->what & KIPC_CHANGE_GID ? change->gid : (gid_t)-1;
	int mqd = to_mq(handle)->mqd;

	if (change->what & (KIPC_CHANGE_MSGS | KIPC_CHANGE_BYTES | KIPC_CHANGE_SIZE))
		return -EOPNOTSUPP;
	if (change->what & (KIPC_CHANGE_UID | KIPC_CHANGE_GID) && fchown(mqd, uid, gid))
		return -errno;
	if (change->what & KIPC_CHANGE_MODE && fchmod(mqd, change->mode))
		return -errno;
	return 0;
}

/* The thread is the C library's, which waits for the kernel in one of its own. */
static int kipc_mq_notify(struct kipc *handle, const struct kipc_notify_options *options)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL };

	if (!options)
		return mq_notify(to_mq(handle)->mqd, NULL) ? -errno : 0;
	if (options->how == KIPC_TELL_EVENTFD || options->flags != KIPC_TELL_ONCE)
		return -EOPNOTSUPP;
	if (options->how == KIPC_TELL_THREAD) {
		event.sigev_notify = SIGEV_THREAD;
		event.sigev_notify_function = options->function;
	} else {
		event.sigev_signo = options->signo;
	}
	event.sigev_value.sival_ptr = (void *)(uintptr_t)options->value;
	return mq_notify(to_mq(handle)->mqd, &event) ? -errno : 0;
}

/* ---- opening ---- */

/* Does the name lead to the queue that we made, or has somebody replaced it? */
static bool kipc_mq_is_ours(const struct kipc_mq *mq)
{
	mqd_t other = mq_open(mq->name, O_RDONLY | O_CLOEXEC);
	struct stat a, b;
	bool same;

	if (other < 0)
		return errno == EACCES;
	same = !fstat(other, &a) && !fstat(mq->mqd, &b) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	mq_close(other);
	return same;
}

static void kipc_mq_close(struct kipc *handle)
{
	struct kipc_mq *mq = to_mq(handle);

	if (kipc_lifetime_close(&mq->life) && kipc_mq_is_ours(mq))
		mq_unlink(mq->name);
	mq_close(mq->mqd);
	free(mq->name);
	kipc_handle_free(handle);
}

static struct kipc_mq *kipc_mq_new(uint32_t side)
{
	struct kipc_mq *mq = kipc_handle_new(sizeof(*mq), &kipc_posix_mq_transport, side);

	if (mq) {
		mq->mqd = -1;
		mq->life = (struct kipc_lifetime)KIPC_LIFETIME_NONE;
	}
	return mq;
}

/* Ask the queue what it can hold. */
static int kipc_mq_measure(struct kipc_mq *mq)
{
	struct mq_attr attr;

	if (mq_getattr(mq->mqd, &attr))
		return -errno;
	mq->max_size = (size_t)attr.mq_msgsize;
	mq->max_msgs = (uint64_t)attr.mq_maxmsg;
	return 0;
}

static uint64_t kipc_mq_limit(const char *what, uint64_t otherwise)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", what);
	return kipc_system_number(path, otherwise);
}

static mqd_t kipc_mq_create(const char *name, mode_t mode, const struct mq_attr *attr)
{
	return mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode, attr);
}

/*
 * What is only wished for gives way: first the number of messages to what
 * RLIMIT_MSGQUEUE leaves, then the size to what the system allows everybody.
 */
static void kipc_mq_yield(const struct kipc_address *address, struct mq_attr *attr)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	uint64_t msgs, each = (uint64_t)attr->mq_msgsize + KIPC_MQ_OVERHEAD;

	getrlimit(RLIMIT_MSGQUEUE, &limit);
	msgs = limit.rlim_cur == RLIM_INFINITY ? (uint64_t)attr->mq_maxmsg :
						 limit.rlim_cur / each;
	if (msgs && msgs < (uint64_t)attr->mq_maxmsg &&
	    !kipc_address_demands(address, KIPC_PARAM_MSGS)) {
		attr->mq_maxmsg = (long)msgs;
		return;
	}
	if (!kipc_address_demands(address, KIPC_PARAM_SIZE))
		attr->mq_msgsize = (long)kipc_mq_limit("msgsize_max", 8192);
	if (!kipc_address_demands(address, KIPC_PARAM_MSGS))
		attr->mq_maxmsg = (long)kipc_mq_limit("msg_default", 10);
}

/* Make the queue; the errors of mq_open(), -errno. */
static int kipc_mq_make(struct kipc_mq *mq, const char *name,
			const struct kipc_address *address)
{
	mode_t mode = kipc_address_mode(address);
	struct mq_attr attr = {
		.mq_maxmsg = (long)kipc_address_get(address, KIPC_PARAM_MSGS, 0),
		.mq_msgsize = (long)kipc_address_get(address, KIPC_PARAM_SIZE, 0),
	};
	int tries;

	if (!attr.mq_maxmsg)
		attr.mq_maxmsg = (long)kipc_mq_limit("msg_default", 10);
	if (!attr.mq_msgsize)
		attr.mq_msgsize = (long)kipc_mq_limit("msgsize_default", 8192);
	for (tries = 0; tries < 3; tries++) {
		mq->mqd = kipc_mq_create(name, mode, &attr);
		if (mq->mqd >= 0)
			return kipc_mq_measure(mq);
		if (errno != EINVAL && errno != EMFILE && errno != ENOMEM)
			break;
		kipc_mq_yield(address, &attr);
	}
	/* EMFILE is RLIMIT_MSGQUEUE's error also; descriptors are seldom short. */
	return errno == EMFILE ? -EDQUOT : -errno;
}

/* The queue was there: is it what the address demands? */
static int kipc_mq_join(struct kipc_mq *mq, const struct kipc_address *address)
{
	int err;

	mq->mqd = mq_open(address->name, O_RDONLY | O_CLOEXEC);
	if (mq->mqd < 0)
		return -errno;
	err = kipc_mq_measure(mq);
	if (err)
		return err;
	if ((kipc_address_demands(address, KIPC_PARAM_SIZE) &&
	     address->value[KIPC_PARAM_SIZE] != mq->max_size) ||
	    (kipc_address_demands(address, KIPC_PARAM_MSGS) &&
	     address->value[KIPC_PARAM_MSGS] != mq->max_msgs))
		return -EADDRINUSE;
	return 0;
}

static int kipc_mq_make_or_join(struct kipc_mq *mq, const struct kipc_address *address)
{
	int err;

	/* It may come and go between the two: then begin again. */
	do {
		err = kipc_mq_make(mq, address->name, address);
		if (err != -EEXIST)
			break;
		err = kipc_mq_join(mq, address);
		if (!err)
			return 0;
	} while (err == -ENOENT);
	if (err)
		return err;

	mq->name = strdup(address->name);
	err = mq->name ? kipc_lifetime_open(&mq->life) : -ENOMEM;
	if (err)
		mq_unlink(address->name);
	return err;
}

static int kipc_mq_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_mq *mq = kipc_mq_new(KIPC_SIDE_RECV);
	int err;

	if (!mq)
		return -ENOMEM;
	err = kipc_mq_make_or_join(mq, address);
	if (err) {
		kipc_mq_close(&mq->base);
		return err;
	}
	*handle = &mq->base;
	return 0;
}

static int kipc_mq_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_mq *mq = kipc_mq_new(KIPC_SIDE_SEND);
	int err;

	if (!mq)
		return -ENOMEM;
	mq->mqd = mq_open(address->name, O_WRONLY | O_CLOEXEC);
	err = mq->mqd < 0 ? -errno : kipc_mq_measure(mq);
	if (err) {
		kipc_mq_close(&mq->base);
		return err;
	}
	*handle = &mq->base;
	return 0;
}

static int kipc_mq_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_mq *recv = kipc_mq_new(KIPC_SIDE_RECV);
	struct kipc_mq *send = kipc_mq_new(KIPC_SIDE_SEND);
	char name[NAME_MAX];
	int err = -ENOMEM;

	if (!recv || !send)
		goto err_free;
	name[0] = '/';
	kipc_system_fresh_name(name + 1, sizeof(name) - 1);
	err = kipc_mq_make(recv, name, address);
	if (err)
		goto err_free;
	send->mqd = mq_open(name, O_WRONLY | O_CLOEXEC);
	err = send->mqd < 0 ? -errno : kipc_mq_measure(send);
	mq_unlink(name);
	if (err)
		goto err_free;
	ends[0] = &recv->base;
	ends[1] = &send->base;
	return 0;

err_free:
	if (send)
		kipc_mq_close(&send->base);
	if (recv)
		kipc_mq_close(&recv->base);
	return err;
}

static int kipc_mq_unlink(const struct kipc_address *address)
{
	return mq_unlink(address->name) ? -errno : 0;
}

static bool kipc_mq_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len >= 2 && len <= NAME_MAX && name[0] == '/' && !strchr(name + 1, '/');
}

static int kipc_mq_fd(struct kipc *handle)
{
	return to_mq(handle)->mqd;
}

static void kipc_mq_limits(const struct kipc *handle, struct kipc_info *info)
{
	const struct kipc_mq *mq = to_mq((struct kipc *)handle);

	info->max_size = handle ? mq->max_size : kipc_mq_limit("msgsize_max", 8192);
	info->max_msgs = handle ? mq->max_msgs : kipc_mq_limit("msg_max", 10);
}

const struct kipc_transport kipc_posix_mq_transport = {
	.mechanism.scheme = "posix-mq",
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_PRIO | KIPC_CAN_POLL |
	       KIPC_CAN_STAT | KIPC_CAN_CHANGE | KIPC_CAN_NOTIFY,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
		  KIPC_PARAM_BIT(KIPC_PARAM_MSGS),
	.mechanism.name_rule = "a name is '/' and 1 to 254 characters without a further '/'",
	.mechanism.name_ok = kipc_mq_name_ok,
	.listen = kipc_mq_listen,
	.connect = kipc_mq_connect,
	.pair = kipc_mq_pair,
	.unlink = kipc_mq_unlink,
	.close = kipc_mq_close,
	.send = kipc_mq_send,
	.recv = kipc_mq_recv,
	.recv_into = kipc_mq_recv_into,
	.stat = kipc_mq_stat,
	.change = kipc_mq_change,
	.notify = kipc_mq_notify,
	.fd = kipc_mq_fd,
	.limits = kipc_mq_limits,
};
