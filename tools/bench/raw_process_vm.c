// SPDX-License-Identifier: GPL-2.0
/*
 * raw-process-vm: process_vm_readv(2), woken by a pipe
 *
 * The client writes the place of its payload into a pipe; the server copies the
 * payload straight out of the client's memory, once, and answers over a second
 * pipe.  The one-copy transport that needs no module, and the one that trusts
 * its peer with all its memory.  There is no stream: the client could not know
 * when it may write into its buffer again.
 */
#include "driver.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "payload.h"

struct token {
	void *data;
	size_t len;
	long pid;
};

static long process_vm_pid;	/* the client's own, asked once */

static int process_vm_open(struct lane *lane, int step)
{
	if (!step && lane->side == SIDE_CLIENT) {
		process_vm_pid = getpid();
		/* Where Yama is on, we must name who may look into us. */
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	}
	return raw_open(lane, step);
}

static ssize_t process_vm_call(struct lane *lane, const void *data, size_t len,
			       void *reply)
{
	struct token token = { (void *)(uintptr_t)data, len, process_vm_pid };
	struct raw_fds *fds = lane->priv;
	int err;

	err = raw_write(fds->request[1], &token, sizeof(token));
	if (err)
		return err;
	return raw_read(fds->reply[0], reply, payload_reply_len(len));
}

static ssize_t process_vm_recv(struct lane *lane, size_t expect,
			       const void **data)
{
	struct raw_fds *fds = lane->priv;
	struct iovec local, remote;
	struct token token;
	ssize_t n;

	(void)expect;
	n = raw_read(fds->request[0], &token, sizeof(token));
	if (n < 0)
		return n;
	if (token.len > lane->size)
		return -EMSGSIZE;
	local.iov_base = lane->buffer;
	local.iov_len = token.len;
	remote.iov_base = token.data;
	remote.iov_len = token.len;
	n = process_vm_readv((pid_t)token.pid, &local, 1, &remote, 1, 0);
	*data = lane->buffer;
	return n < 0 ? -errno : n;
}

const struct driver raw_process_vm_driver = {
	.name = "raw-process-vm",
	.about = "process_vm_readv, woken by a pipe: one copy without a module",
	.kind = DRIVER_BASELINE,
	.measures = { true, false },
	.prepare = raw_prepare_pipes,
	.open = process_vm_open,
	.close = raw_close,
	.call = process_vm_call,
	.recv = process_vm_recv,
	.reply = raw_stream_reply,
};
