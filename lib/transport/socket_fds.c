// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors that go along with a frame (SCM_RIGHTS), and who sent them.
 *
 * The kernel installs what came when the frame is received.  From then on they are
 * the buffer's that the frame lies in: kipc_take_fds() duplicates them, and they are
 * closed with the message, with the frame that nobody received, or with the handle.
 *
 * A process that is at its limit of open files gets fewer than were sent
 * (MSG_CTRUNC).  Those few are closed; the message says how many there were, and
 * kipc_take_fds() that there was no room for them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"

void kipc_control_set_fds(union kipc_control *control, struct msghdr *msg,
			  const struct kipc_outgoing *out)
{
	size_t size = out->fd_count * sizeof(int);
	struct cmsghdr *cmsg;

	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(size);
	memset(control, 0, CMSG_SPACE(size));
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), out->fds, size);
}

void kipc_fds_drop(int **fds, uint32_t *count)
{
	while (*count)
		close((*fds)[--*count]);
	free(*fds);
	*fds = NULL;
}

/* Take over what one control message brought; without memory it is closed. */
static int kipc_control_take_fds(const struct cmsghdr *cmsg, int **fds, uint32_t *count)
{
	size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int *more = reallocarray(*fds, *count + n, sizeof(int));
	int fd;

	if (more) {
		memcpy(more + *count, CMSG_DATA(cmsg), n * sizeof(int));
		*fds = more;
		*count += (uint32_t)n;
		return 0;
	}
	while (n--) {
		memcpy(&fd, CMSG_DATA(cmsg) + n * sizeof(int), sizeof(int));
		close(fd);
	}
	return -ENOMEM;
}

/**
 * kipc_control_read() - what came beside the bytes
 * @msg:	from recvmsg()
 * @fds:	a list to put descriptors in behind those that it has, to be freed
 * @count:	of it
 * @cred:	who sent it, if @known says so
 *
 * Return: 0 or -ENOMEM, and then descriptors are missing.
 */
int kipc_control_read(struct msghdr *msg, int **fds, uint32_t *count, struct ucred *cred,
		      bool *known)
{
	struct cmsghdr *cmsg;
	int err = 0;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		if (cmsg->cmsg_type == SCM_RIGHTS && kipc_control_take_fds(cmsg, fds, count))
			err = -ENOMEM;
		if (cmsg->cmsg_type == SCM_CREDENTIALS) {
			memcpy(cred, CMSG_DATA(cmsg), sizeof(*cred));
			*known = true;
		}
	}
	return err;
}

/* As on a channel: new ones, all or none, as often as they are asked for. */
int kipc_socket_take_fds(const struct kipc_msg *msg, int *fds, size_t count)
{
	const struct kipc_buffer *buffer = msg->priv[0];
	size_t n;
	int err;

	if (count > buffer->fd_count)
		return -EMFILE;
	for (n = 0; n < count; n++) {
		fds[n] = fcntl(buffer->fds[n], F_DUPFD_CLOEXEC, 0);
		if (fds[n] >= 0)
			continue;
		err = -errno;
		while (n)
			close(fds[--n]);
		return err;
	}
	return 0;
}

/* Before a handle goes: close what is left in any of its buffers. */
void kipc_socket_drop_all_fds(struct kipc *handle)
{
	struct kipc_buffer *buffer;

	for (buffer = handle->all; buffer; buffer = buffer->all)
		kipc_fds_drop(&buffer->fds, &buffer->fd_count);
}
