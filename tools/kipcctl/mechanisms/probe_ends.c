// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of transports: who can be at its ends, and what they know of each other.
 *
 * "Unrelated" are processes of which neither has inherited anything from the other: the
 * one was forked before the other made anything.  What has no name is asked for by the
 * only one that it has, the text of its link in /proc, and that is nobody's.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mechanisms.h"

#define STEP_SENT	STEP_OWN
#define STEP_SECOND	(STEP_OWN + 1)
#define STEP_DONE	(STEP_OWN + 9)

#define SOON		300	/* ms */

static const struct transport *transport_of(const struct trial *trial)
{
	return trial->mechanism->transport;
}

static int send_eight(struct trial *trial, struct end *tx, const char *text)
{
	ssize_t n = transport_of(trial)->send(tx, text, 8, 0);

	return n == 8 ? 0 : bad(trial, n < 0 ? (int)n : -EMSGSIZE, "send");
}

/* Whether these very 8 bytes come within @ms: 0 or -errno. */
static int recv_eight(struct trial *trial, struct end *rx, char *text, int ms)
{
	size_t room = transport_of(trial)->chunk;
	char *buf = malloc(room);
	int n;

	if (!buf)
		return -ENOMEM;
	/* More than eight may wait in a stream */
	n = receive_soon(trial, rx, buf, transport_of(trial)->records ? room : 8, ms);
	if (n == 8)
		memcpy(text, buf, 8);
	free(buf);
	return n == 8 ? 0 : n < 0 ? n : -EPROTO;
}

static int send_and_stay(struct trial *trial, struct end *tx)
{
	int err = send_eight(trial, tx, "message");

	if (!err)
		tell(trial, STEP_SENT);
	return err ? err : await(trial, STEP_DONE);
}

/* ---- what has no name ---- */

static int open_link(struct trial *trial, void *arg)
{
	int fd;

	(void)arg;
	await(trial, STEP_SENT);
	fd = open(trial->stage->text, O_RDWR | O_CLOEXEC);
	trial->stage->value[0] = fd < 0 ? -errno : fd;
	tell(trial, STEP_SECOND);
	return 0;
}

int no_name(struct trial *trial, int fd)
{
	struct stage *stage = trial->stage;
	char link[32];
	pid_t pid = fork_peer(trial, open_link, NULL);
	ssize_t n;
	int err;

	if (pid < 0)
		return pid;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, stage->text, sizeof(stage->text) - 1);
	if (n < 0)
		return bad(trial, -errno, "readlink");
	stage->text[n] = '\0';
	tell(trial, STEP_SENT);
	err = await(trial, STEP_SECOND);
	if (err)
		return err;
	if (stage->value[0] >= 0)
		return found(trial, "yes", "opened by the name '%s'", stage->text);
	return found(trial, "no", "no name: '%s' is all, and open() of it is %s", stage->text,
		     error_name((int)stage->value[0]));
}

/* A pair, kept open, that somebody else looks for. */
static int no_name_of_pair(struct trial *trial)
{
	struct end rx, tx;
	int err;

	end_init(&rx);
	end_init(&tx);
	err = transport_of(trial)->pair(trial, &rx, &tx);
	return err ? bad(trial, err, "pair") : no_name(trial, rx.fd);
}

/* ---- connectionless ---- */

static int one_call(struct trial *trial, void *arg)
{
	const struct transport *transport = transport_of(trial);
	struct end fresh;
	ssize_t n;

	(void)arg;
	end_init(&fresh);
	await(trial, STEP_MADE);
	if (transport->send_to)
		n = transport->send_to(trial, &fresh, "message", 8);
	else
		n = transport->send(&fresh, "message", 8, NOWAIT);
	trial->stage->value[0] = n;
	tell(trial, STEP_SENT);
	await(trial, STEP_DONE);
	return 0;
}

int probe_connectionless(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	struct stage *stage = trial->stage;
	struct end rx, tx;
	pid_t pid = fork_peer(trial, one_call, NULL);
	char text[8] = "";
	int err;

	if (pid < 0)
		return pid;
	end_init(&rx);
	end_init(&tx);
	err = transport->pair ? transport->pair(trial, &rx, &tx) : transport->serve(trial, &rx);
	if (err)
		return bad(trial, err, "serve");
	tell(trial, STEP_MADE);
	err = await(trial, STEP_SENT);
	if (err)
		return err;
	if (stage->value[0] < 0)
		return found(trial, "no", "sending without opening or connecting first: %s",
			     error_name((int)stage->value[0]));
	err = recv_eight(trial, &rx, text, 1000);
	if (err)
		return bad(trial, err, "receive what was sent without a connection");
	return found(trial, "yes", "a stranger's one call, with the address in it, arrived");
}

/* ---- unrelated processes, without privileges ---- */

int probe_unrelated(struct trial *trial)
{
	char text[8] = "";
	struct end rx;
	pid_t pid;
	int err;

	if (transport_of(trial)->pair)
		return no_name_of_pair(trial);
	pid = meet(trial, &rx, send_and_stay);
	err = pid < 0 ? pid : await(trial, STEP_SENT);
	if (!err)
		err = recv_eight(trial, &rx, text, 1000);
	if (err)
		return bad(trial, err, "receive");
	return found(trial, "yes", "a process forked before it was made found it and sent");
}

int probe_unprivileged(struct trial *trial)
{
	char text[8] = "";
	struct end rx;
	pid_t pid;
	int err = drop_privileges();

	if (err)
		return bad(trial, err, "setresuid");
	pid = meet(trial, &rx, send_and_stay);
	err = pid < 0 ? pid : await(trial, STEP_SENT);
	if (!err)
		err = recv_eight(trial, &rx, text, 1000);
	if (err == -EACCES || err == -EPERM)
		return found(trial, "no", "user %d: %s", (int)geteuid(), trial->stage->text);
	if (err)
		return bad(trial, err, "receive");
	return found(trial, "yes", "user %d sent and received", (int)geteuid());
}

/* ---- many readers and writers ---- */

struct writer {
	int number;
	struct end *tx;		/* inherited, or NULL */
};

static int write_in_turn(struct trial *trial, void *arg)
{
	const struct writer *writer = arg;
	struct end own;
	struct end *tx = writer->tx ? writer->tx : &own;
	int err = await(trial, writer->number == 1 ? STEP_MADE : STEP_OWN + 1);

	if (err)
		return err;
	if (!writer->tx) {
		end_init(&own);
		err = transport_of(trial)->join(trial, tx);
	}
	if (!err)
		err = send_eight(trial, tx, writer->number == 1 ? "first.." : "second.");
	if (writer->number == 2)
		trial->stage->value[0] = err;
	else if (err)
		return bad(trial, err, "join");
	tell(trial, STEP_OWN + writer->number);
	return await(trial, STEP_DONE);
}

/* A second receiver, which has the first one's end by fork(). */
static int read_as_well(struct trial *trial, void *arg)
{
	const struct transport *transport = transport_of(trial);
	struct end *rx = arg;
	char text[8] = "";
	int err = 0;

	if (transport->share)
		err = transport->share(rx);
	if (!err && rx->listener >= 0)
		err = transport->accept(rx);
	if (!err)
		err = recv_eight(trial, rx, text, SOON);
	memcpy(trial->stage->text, text, sizeof(text));
	trial->stage->text[8] = '\0';
	trial->stage->value[1] = err;
	tell(trial, STEP_OWN + 3);
	return 0;
}

static int two_writers(struct trial *trial, struct end *rx)
{
	const struct transport *transport = transport_of(trial);
	struct writer writers[2] = { { 1, NULL }, { 2, NULL } };
	struct end tx;
	int i, err = 0;
	pid_t pid;

	end_init(rx);
	end_init(&tx);
	if (transport->pair) {
		err = transport->pair(trial, rx, &tx);
		writers[0].tx = &tx;
		writers[1].tx = &tx;
	}
	for (i = 0; i < 2 && !err; i++) {
		pid = fork_peer(trial, write_in_turn, &writers[i]);
		err = pid < 0 ? pid : 0;
	}
	if (!err && transport->serve)
		err = transport->serve(trial, rx);
	tell(trial, STEP_MADE);
	return err ? bad(trial, err, "serve") : await(trial, STEP_OWN + 2);
}

int probe_many(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	struct stage *stage = trial->stage;
	char text[9] = "";
	struct end rx;
	pid_t pid;
	int err = two_writers(trial, &rx);

	if (!err && stage->value[0])
		return found(trial, "1:1", "a second writer: %s",
			     error_name((int)stage->value[0]));
	if (!err && transport->accept)
		err = transport->accept(&rx);
	if (!err)
		err = recv_eight(trial, &rx, text, 1000);
	if (err)
		return bad(trial, err, "receive");
	pid = fork_peer(trial, read_as_well, &rx);
	err = pid < 0 ? pid : await(trial, STEP_OWN + 3);
	if (err)
		return err;
	if (!stage->value[1] && strcmp(stage->text, text))
		return found(trial, "n:n", "of two writers, two readers got one message each");
	return found(trial, "n:1", "two writers reach one reader; a second reader: %s",
		     error_name((int)stage->value[1]));
}

/* ---- descriptors ---- */

static int send_descriptor(struct trial *trial, struct end *tx)
{
	const struct transport *transport = transport_of(trial);
	int fd = memfd_create("kipc-mechanism", MFD_CLOEXEC);
	char text[8] = "";
	int err = 0;

	if (fd < 0 || pwrite(fd, "inside", 6, 0) != 6)
		return bad(trial, -errno, "memfd_create");
	/* A number that the other has not by chance */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 77);
	if (transport->send_fd) {
		err = transport->send_fd(tx, fd);
	} else {
		snprintf(text, sizeof(text), "%d", fd);
		err = send_eight(trial, tx, text);
	}
	if (err)
		return bad(trial, err, "send");
	tell(trial, STEP_SENT);
	return await(trial, STEP_DONE);
}

int probe_pass_fd(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char text[9] = "";
	struct end rx;
	pid_t pid = meet(trial, &rx, send_descriptor);
	int fd, err = pid < 0 ? pid : await(trial, STEP_SENT);

	if (err)
		return err;
	if (!transport->recv_fd) {
		struct stat st;

		err = recv_eight(trial, &rx, text, 1000);
		if (err)
			return bad(trial, err, "receive");
		if (!fstat(atoi(text), &st))
			return bad(trial, -EEXIST, "a descriptor that is ours already");
		return found(trial, "no", "as a number a descriptor arrives, and is %s",
			     error_name(errno));
	}
	fd = transport->recv_fd(&rx);
	if (fd == -ENOMSG || fd == -EOPNOTSUPP)
		return found(trial, "no", "sent with SCM_RIGHTS: the message came without it");
	if (fd < 0)
		return bad(trial, fd, "receive a descriptor");
	if (pread(fd, text, 6, 0) != 6 || strcmp(text, "inside"))
		return bad(trial, -EIO, "read through the descriptor");
	return found(trial, "yes", "a memfd arrived, and its contents were read through it");
}

/* ---- identity ---- */

static int send_and_say_who(struct trial *trial, struct end *tx)
{
	trial->stage->value[0] = getpid();
	return send_and_stay(trial, tx);
}

/* Somebody else sends after it. */
static int send_second(struct trial *trial, void *arg)
{
	struct end tx;
	int err;

	(void)arg;
	end_init(&tx);
	err = transport_of(trial)->join(trial, &tx);
	if (!err)
		err = send_eight(trial, &tx, "another");
	if (err)
		return bad(trial, err, "a second sender");
	tell(trial, STEP_SECOND);
	return await(trial, STEP_DONE);
}

int probe_identity(struct trial *trial)
{
	struct ucred cred = { .pid = 0 };
	socklen_t len = sizeof(cred);
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_say_who), sender;
	int said = 0, err = pid < 0 ? pid : await(trial, STEP_SENT);
	char text[8] = "";

	if (!err && !transport_of(trial)->pair) {
		pid = fork_peer(trial, send_second, NULL);
		err = pid < 0 ? pid : await(trial, STEP_SECOND);
	}
	if (!err)
		err = recv_eight(trial, &rx, text, 1000);
	if (err)
		return bad(trial, err, "receive");
	sender = (pid_t)trial->stage->value[0];
	if (rx.sender == sender)
		return found(trial, "yes", "the kernel named the sender with the message");
	if (rx.sender)
		return found(trial, "no", "the kernel named process %d; the message was from %d",
			     (int)rx.sender, (int)sender);
	if (getsockopt(rx.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		said = errno;
	if (!said && cred.pid == sender)
		return found(trial, "yes", "SO_PEERCRED named the sender");
	return found(trial, "no", "no call says it; SO_PEERCRED: %s",
		     said ? error_name(said) : "process 0");
}

/* ---- pollable, timed ---- */

static int send_when_told(struct trial *trial, struct end *tx)
{
	int err = await(trial, STEP_OWN + 1);

	if (!err)
		err = send_eight(trial, tx, "message");
	if (!err)
		tell(trial, STEP_OWN + 2);
	return err ? err : await(trial, STEP_DONE);
}

/* As @ready says, does poll() say, and does epoll take it?  1, 0 or -errno. */
int pollable_fd(struct trial *trial, int fd, bool ready)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .fd = fd, .events = POLLIN };
	int epoll, n = poll(&one, 1, ready ? 1000 : 0);

	if (n < 0)
		return bad(trial, -errno, "poll");
	if (!ready)
		return !(one.revents & POLLIN);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0)
		return bad(trial, -errno, "epoll_create1");
	n = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno :
		epoll_wait(epoll, &event, 1, 1000) == 1;
	close(epoll);
	return n && !(one.revents & POLLIN) ? 0 : n;
}

int probe_pollable(struct trial *trial)
{
	struct end rx;
	pid_t pid = meet(trial, &rx, send_when_told);
	int n = pid < 0 ? pid : 0;

	if (n)
		return n;
	if (rx.fd < 0)
		return found(trial, "no", "it has no descriptor");
	if (transport_of(trial)->settle)
		n = transport_of(trial)->settle(&rx);
	if (n)
		return bad(trial, n, "receive nothing");
	n = pollable_fd(trial, rx.fd, false);
	if (n < 0)
		return n;
	if (!n)
		return found(trial, "no", "poll() says POLLIN though there is nothing");
	tell(trial, STEP_OWN + 1);
	n = await(trial, STEP_OWN + 2);
	if (n)
		return n;
	n = pollable_fd(trial, rx.fd, true);
	if (n <= 0)
		return found(trial, "no", "with a message there: %s",
			     n ? error_name(n) : "poll() says nothing");
	return found(trial, "yes", "poll() and epoll said EPOLLIN when a message came, not before");
}

/* A deadline that is counted in ticks (SO_RCVTIMEO) may be one early: 10 ms at most. */
#define DEADLINE_MS	30
#define TICK_MS		10

int probe_timed(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char *buf = malloc(transport->chunk);
	struct end rx;
	pid_t pid = meet(trial, &rx, send_when_told);
	int64_t start = now_ns();
	struct pollfd one = { .events = POLLIN };
	bool own = transport->recv_timed;
	int n = pid < 0 ? pid : 0;

	if (!n && !own && rx.fd < 0) {
		free(buf);
		return found(trial, "no", "no receiving call takes a time, and nothing polls");
	}
	one.fd = rx.fd;
	if (!n && own)
		n = (int)transport->recv_timed(&rx, buf, transport->chunk, DEADLINE_MS);
	else if (!n)
		n = poll(&one, 1, DEADLINE_MS) ? -EPROTO : -ETIMEDOUT;
	free(buf);
	if (n != -ETIMEDOUT)
		return bad(trial, n < 0 ? n : -EPROTO, "a receive with a deadline");
	if (now_ns() - start < (DEADLINE_MS - TICK_MS) * 1000000LL)
		return bad(trial, -ETIME, "a receive that returned before its deadline");
	return found(trial, own ? "yes" : "poll", "%s with %d ms returned after %lld ms",
		     own ? "its own call" : "poll()", DEADLINE_MS,
		     (long long)(now_ns() - start) / 1000000);
}
