// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of transports: death, and other machines.
 *
 * Processes are killed with SIGKILL, and it is waited for until the kernel has closed
 * what they had.  "Another machine" is a process in namespaces of its own, with other
 * devices and temporary files: it shares nothing with the first but, where the mechanism
 * could use it, a wire (a veth pair).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanisms.h"

#define STEP_SENT	STEP_OWN
#define STEP_DONE	(STEP_OWN + 9)

static const struct transport *transport_of(const struct trial *trial)
{
	return trial->mechanism->transport;
}

/* ---- survives its creator ---- */

static int create_and_stay(struct trial *trial, void *arg)
{
	struct end rx;
	int err;

	(void)arg;
	end_init(&rx);
	err = transport_of(trial)->serve(trial, &rx);
	if (err)
		return bad(trial, err, "serve");
	tell(trial, STEP_MADE);
	return await(trial, STEP_DONE);
}

static int send_and_leave(struct trial *trial, void *arg)
{
	struct end tx;
	int err = await(trial, STEP_MADE);

	(void)arg;
	end_init(&tx);
	if (!err)
		err = transport_of(trial)->join(trial, &tx);
	if (!err && transport_of(trial)->send(&tx, "message", 8, NOWAIT) != 8)
		err = -EIO;
	return err ? bad(trial, err, "send") : 0;
}

/* Nobody has it open any more: who finds it, and what is in it? */
static int find_again(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char *buf = malloc(transport->chunk);
	struct end rx;
	int err, n;

	end_init(&rx);
	err = (transport->attach ? transport->attach : transport->join)(trial, &rx);
	n = err ? err : receive_soon(trial, &rx, buf, transport->chunk, 50);
	free(buf);
	if (err)
		return found(trial, "no", "after its creator and its users died: %s",
			     error_name(err));
	if (n < 0 && n != -EAGAIN)
		return bad(trial, n, "receive from what was found");
	if (n == 8)
		return found(trial, "yes",
			     "its creator and the sender had died; the message was there");
	return found(trial, "name",
		     "its creator and the sender died; it could be opened, and held nothing");
}

int probe_survives(struct trial *trial)
{
	pid_t creator, sender;
	int err;

	if (transport_of(trial)->pair)
		return probe_unrelated(trial);
	creator = fork_peer(trial, create_and_stay, NULL);
	if (creator < 0)
		return creator;
	sender = fork_peer(trial, send_and_leave, NULL);
	if (sender < 0)
		return sender;
	err = await(trial, STEP_MADE);
	if (!err && waitpid(sender, NULL, 0) != sender)
		err = bad(trial, -errno, "wait");
	if (!err)
		err = trial->stage->err;
	if (!err)
		err = kill_peer(creator);
	return err ? err : find_again(trial);
}

/* ---- notices peer death ---- */

static int stay(struct trial *trial, struct end *end)
{
	/* What connects in a message has done so now */
	if (!end->server)
		tell(trial, STEP_SENT);
	return await(trial, STEP_DONE);
}

/* The sender dies: does the receiver hear of it?  Says how, or NULL. */
static const char *sender_dies(struct trial *trial, int *err)
{
	struct pollfd one = { .events = POLLIN | POLLRDHUP };
	char *buf = malloc(transport_of(trial)->chunk);
	struct end rx;
	pid_t pid = meet(trial, &rx, stay);
	bool hung_up;
	int n;

	*err = pid < 0 ? pid : await(trial, STEP_SENT);
	if (!*err)
		*err = kill_peer(pid);
	if (*err) {
		free(buf);
		return NULL;
	}
	n = receive_soon(trial, &rx, buf, transport_of(trial)->chunk, 200);
	free(buf);
	one.fd = rx.fd;
	hung_up = n == -EAGAIN && rx.fd >= 0 && poll(&one, 1, 0) > 0 &&
		  one.revents & (POLLHUP | POLLRDHUP | POLLERR);
	(transport_of(trial)->close ? transport_of(trial)->close : end_close)(&rx);
	if (hung_up)
		return "POLLHUP";
	if (n >= 0)
		return n ? NULL : "end of file";
	return n == -EAGAIN ? NULL : error_name(n);
}

/* The receiver dies: does the sender?  A connection may take one more message. */
static const char *receiver_dies(struct trial *trial, int *err)
{
	struct end tx;
	pid_t pid = meet_as_sender(trial, &tx, stay);
	ssize_t n = 0;
	int i;

	*err = pid < 0 ? pid : 0;
	if (!*err) {
		nap(10);	/* it accepts us */
		*err = kill_peer(pid);
	}
	if (*err)
		return NULL;
	for (i = 0; i < 20 && n >= 0; i++) {
		n = transport_of(trial)->send(&tx, "message", 8, NOWAIT);
		nap(10);
	}
	return n >= 0 || n == -EAGAIN ? NULL : error_name((int)n);
}

int probe_death(struct trial *trial)
{
	const char *receiver, *sender;
	int err;

	signal(SIGPIPE, SIG_IGN);
	receiver = sender_dies(trial, &err);
	if (err)
		return err;
	trial->stage->step = 0;
	if (trial->mechanism->clean)
		trial->mechanism->clean(trial);
	sender = receiver_dies(trial, &err);
	if (err)
		return err;
	return found(trial, receiver && sender ? "yes" : receiver ? "recv" : sender ? "send" : "no",
		     "killed the sender, and the receiver got: %s; the receiver, and the sender got: %s",
		     receiver ? receiver : "nothing", sender ? sender : "nothing");
}

/* ---- crosses machines ---- */

static int send_from_elsewhere(struct trial *trial, void *arg)
{
	struct stage *stage = trial->stage;
	struct end tx;
	int err = leave_machine(trial), i;

	(void)arg;
	if (err)
		return bad(trial, err, "leave the machine");
	tell(trial, STEP_OWN);
	err = await(trial, STEP_OWN + 1);
	if (err)
		return err;
	end_init(&tx);
	if (transport_of(trial)->network)
		err = wire_end(trial);
	if (err)
		return bad(trial, err, "plug in");
	err = transport_of(trial)->join(trial, &tx);
	if (!err && transport_of(trial)->send(&tx, "message", 8, 0) != 8)
		err = -EIO;
	stage->value[0] = err;
	tell(trial, STEP_OWN + 2);
	/* A wire takes a moment to carry, and may lose what was sent before */
	for (i = 0; i < 50 && !err && transport_of(trial)->network; i++) {
		nap(50);
		transport_of(trial)->send(&tx, "message", 8, NOWAIT);
	}
	return await(trial, STEP_DONE);
}

int probe_machines(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char *buf;
	struct end rx;
	pid_t pid;
	int err, n = 0;

	if (transport->pair)
		return probe_unrelated(trial);
	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	pid = fork_peer(trial, send_from_elsewhere, NULL);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (!err && transport->network)
		err = wire_machines(trial, pid);
	if (err == -EOPNOTSUPP)
		return untried(trial, "needs veth, a wire between namespaces");
	end_init(&rx);
	if (!err)
		err = transport->serve(trial, &rx);
	if (err)
		return bad(trial, err, "serve");
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	if (trial->stage->value[0])
		return found(trial, "no", "from a process that shares no name with it: %s",
			     error_name((int)trial->stage->value[0]));
	buf = malloc(transport->chunk);
	if (transport->accept)
		err = transport->accept(&rx);
	if (!err)
		n = receive_soon(trial, &rx, buf, transport->records ? transport->chunk : 8, 2500);
	free(buf);
	if (n == 8)
		return found(trial, "yes", "it came over a wire between two network namespaces");
	return found(trial, "no", "sent, and never received: %s", error_name(n));
}
