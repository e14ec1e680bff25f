// SPDX-License-Identifier: GPL-2.0
/* What the operations of several mechanisms have in common: descriptors and sockets. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "mechanisms.h"

void end_init(struct end *end)
{
	*end = (struct end){ .fd = -1, .listener = -1, .id = -1 };
}

void end_close(struct end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	if (end->listener >= 0 && end->listener != end->fd)
		close(end->listener);
	if (end->map)
		munmap(end->map, end->map_size);
	end_init(end);
}

/* O_NONBLOCK is set as the call wants it; nobody else uses the descriptor meanwhile. */
static int fd_mode(int fd, int flags)
{
	int old = fcntl(fd, F_GETFL), new;

	if (old < 0)
		return -errno;
	new = flags & NOWAIT ? old | O_NONBLOCK : old & ~O_NONBLOCK;
	return new != old && fcntl(fd, F_SETFL, new) ? -errno : 0;
}

ssize_t fd_send(struct end *end, const void *data, size_t len, int flags)
{
	int err = fd_mode(end->fd, flags);
	ssize_t n;

	if (err)
		return err;
	n = write(end->fd, data, len);
	return n < 0 ? -errno : n;
}

ssize_t fd_recv(struct end *end, void *data, size_t len, int flags)
{
	int err = fd_mode(end->fd, flags);
	ssize_t n;

	if (err)
		return err;
	n = read(end->fd, data, len);
	return n < 0 ? -errno : n;
}

ssize_t socket_send(struct end *end, const void *data, size_t len, int flags)
{
	ssize_t n = send(end->fd, data, len,
			 MSG_NOSIGNAL | (flags & NOWAIT ? MSG_DONTWAIT : 0));

	return n < 0 ? -errno : n;
}

/* With the sender's credentials, where the socket was told to ask for them. */
ssize_t socket_recv(struct end *end, void *data, size_t len, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *cmsg;
	ssize_t n = recvmsg(end->fd, &msg, flags & NOWAIT ? MSG_DONTWAIT : 0);

	if (n < 0)
		return -errno;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, (struct cmsghdr *)cmsg)) {
		struct ucred cred;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
		end->sender = cred.pid;
	}
	return n;
}

/* SO_RCVTIMEO: a deadline of the socket's own. */
ssize_t socket_recv_timed(struct end *end, void *data, size_t len, int ms)
{
	const struct timeval timeout = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	ssize_t n;

	if (setsockopt(end->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return -errno;
	n = recv(end->fd, data, len, 0);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

int socket_send_fd(struct end *end, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = { { 0 } };
	char byte = 'f';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(end->fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The descriptor that came, or -ENOMSG where none did. */
int socket_recv_fd(struct end *end)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(end->fd, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
		return fd;
	}
	return -ENOMSG;
}

/* ---- datagrams have a peer in either direction, once each knows the other's address ---- */

static int send_and_be_answered(struct trial *trial, struct end *tx)
{
	char text[8] = "";

	if (socket_send(tx, "hello", 5, 0) != 5)
		return bad(trial, -errno, "send");
	tell(trial, STEP_OWN);
	if (await(trial, STEP_OWN + 1) || socket_send(tx, "abc", 3, 0) != 3)
		return bad(trial, -errno, "send");
	tell(trial, STEP_OWN + 2);
	trial->stage->value[0] = receive_soon(trial, tx, text, sizeof(text), 500);
	tell(trial, STEP_OWN + 3);
	return await(trial, STEP_OWN + 9);
}

/* The receiver answers to the address that came with the first datagram. */
int datagram_direction(struct trial *trial)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char text[8];
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_be_answered);
	int err = pid < 0 ? pid : await(trial, STEP_OWN), n;

	if (err)
		return err;
	if (recvfrom(rx.fd, text, sizeof(text), 0, (struct sockaddr *)&address, &len) != 5)
		return bad(trial, -errno, "receive");
	if (connect(rx.fd, (struct sockaddr *)&address, len) ||
	    socket_send(&rx, "vwxyz", 5, 0) != 5)
		return bad(trial, -errno, "answer");
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 3);
	if (err)
		return err;
	n = receive_soon(trial, &rx, text, sizeof(text), 500);
	return found(trial, n == 3 && trial->stage->value[0] == 5 ? "full" : "1-way",
		     "both sent at once, to the address that came with a datagram; got %d and %d bytes",
		     n, (int)trial->stage->value[0]);
}

/* From then on the end is the connection; the listener stays for further ones. */
int socket_accept(struct end *end)
{
	int fd = accept4(end->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	end->fd = fd;
	return 0;
}

/* A setting of the kernel's, or -errno. */
int64_t read_number(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	return strtoll(text, NULL, 10);
}

void unlink_path(const struct trial *trial)
{
	unlink(trial->path);
}
