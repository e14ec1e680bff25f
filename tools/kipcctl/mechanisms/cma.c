// SPDX-License-Identifier: GPL-2.0
/*
 * process_vm_readv(2): a receiver that reads its sender's memory
 *
 * There is no message, no queue and no end here: the sender's "send" is to have bytes
 * in its memory, and to say where they are, for which the kernel has no part.  The next
 * message lies in the same place, so it is the sender who must not go too fast.  What is
 * measured is the copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "table.h"

#define CHUNK	1024
#define LARGEST	(4 << 20)

static struct stage *told;

static int cma_serve(struct trial *trial, struct end *rx)
{
	told = trial->stage;
	rx->server = true;
	return 0;
}

/* Yama may want the reader to be named: anybody, here. */
static int cma_join(struct trial *trial, struct end *tx)
{
	told = trial->stage;
	tx->server = false;
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	told->server = getpid();
	return 0;
}

static ssize_t cma_send(struct end *end, const void *data, size_t len, int flags)
{
	(void)flags;
	if (end->server)
		return -EOPNOTSUPP;
	told->address = (uintptr_t)data;
	told->len = len;
	return (ssize_t)len;
}

static ssize_t cma_recv(struct end *end, void *data, size_t len, int flags)
{
	const struct iovec local = { .iov_base = data, .iov_len = len < told->len ? len :
							told->len };
	const struct iovec remote = {
		.iov_base = (void *)(uintptr_t)told->address,
		.iov_len = local.iov_len,
	};
	ssize_t n;

	(void)end;
	(void)flags;
	if (!told->address)
		return -EAGAIN;
	n = process_vm_readv(told->server, &local, 1, &remote, 1, 0);
	return n < 0 ? -errno : n;
}

static ssize_t cma_send_to(struct trial *trial, struct end *end, const void *data, size_t len)
{
	int err = cma_join(trial, end);

	return err ? err : cma_send(end, data, len, NOWAIT);
}

/* ---- where the kernel has a part ---- */

static int overwrite(struct trial *trial, struct end *tx)
{
	static char data[8] = "first..";

	cma_send(tx, data, 8, 0);
	memcpy(data, "second.", 8);
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static int cma_flow(struct trial *trial)
{
	char text[9] = "";
	struct end rx;
	pid_t pid = meet(trial, &rx, overwrite);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err || cma_recv(&rx, text, 8, 0) != 8)
		return bad(trial, err ? err : -EIO, "read");
	if (strcmp(text, "second."))
		return bad(trial, -EPROTO, "what was read");
	return found(trial, "user",
		     "the sender wrote over what nobody had read; nothing held it back");
}

static int offer_much(struct trial *trial, struct end *tx)
{
	char *data = malloc(LARGEST);

	if (!data)
		return -ENOMEM;
	memset(data, 7, LARGEST);
	cma_send(tx, data, LARGEST, 0);
	tell(trial, STEP_OWN);
	return await(trial, STEP_OWN + 9);
}

static ssize_t read_much(struct trial *trial, bool *whole)
{
	char *data = calloc(1, LARGEST);
	struct end rx;
	pid_t pid = meet(trial, &rx, offer_much);
	ssize_t n = pid < 0 ? pid : await(trial, STEP_OWN), i;

	if (!n)
		n = data ? cma_recv(&rx, data, LARGEST, 0) : -ENOMEM;
	for (i = 0; i < n && data[i] == 7; i++)
		;
	*whole = i == LARGEST;
	free(data);
	return n;
}

static int cma_reliable(struct trial *trial)
{
	bool whole;
	ssize_t n = read_much(trial, &whole);

	if (n < 0)
		return bad(trial, (int)n, "read");
	return found(trial, whole ? "yes" : "no", "4M read in one call, %s",
		     whole ? "each byte as it was" : "and not all of it as it was");
}

static int cma_largest(struct trial *trial)
{
	bool whole;
	ssize_t n = read_much(trial, &whole);

	if (n < 0)
		return bad(trial, (int)n, "read");
	return found(trial, n == LARGEST ? "none" : "?", "%zd bytes of 4M came in one call", n);
}

static int cma_records(struct trial *trial)
{
	char text[8];
	struct end rx;
	pid_t pid = meet(trial, &rx, overwrite);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);
	ssize_t n;

	if (err)
		return err;
	n = cma_recv(&rx, text, 3, 0);
	if (n == 3 && cma_recv(&rx, text, 8, 0) == 8)
		return found(trial, "no", "the reader says how much: 3 bytes of 8, and then 8");
	return bad(trial, n < 0 ? (int)n : -EPROTO, "read");
}

static int cma_death(struct trial *trial)
{
	char text[8];
	struct end rx;
	pid_t pid = meet(trial, &rx, overwrite);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);
	ssize_t n;

	if (!err)
		err = kill_peer(pid);
	if (err)
		return err;
	n = cma_recv(&rx, text, 8, 0);
	if (n >= 0)
		return found(trial, "no", "read from a process that was dead");
	return found(trial, "recv", "killed the sender; reading: %s", error_name((int)n));
}

/* The address is nothing that outlives its process. */
static int cma_survives(struct trial *trial)
{
	const struct finding *finding = &trial->stage->finding;
	int err = cma_death(trial);

	if (err || strcmp(finding->value, "recv"))
		return err;
	return found(trial, "no", "its address is a process's, and that was dead");
}

static int read_from_elsewhere(struct trial *trial, void *arg)
{
	struct end rx;
	char text[8];
	int err = leave_machine(trial);

	(void)arg;
	if (err)
		return err;
	end_init(&rx);
	cma_serve(trial, &rx);
	trial->stage->value[0] = cma_recv(&rx, text, 8, 0);
	tell(trial, STEP_OWN);
	return 0;
}

static int cma_machines(struct trial *trial)
{
	static const char data[8] = "message";
	struct end tx;
	int err;

	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	end_init(&tx);
	cma_send_to(trial, &tx, data, 8);
	err = in_other_pids(trial, read_from_elsewhere);
	if (!err)
		err = await(trial, STEP_OWN);
	if (err)
		return err;
	if (trial->stage->value[0] >= 0)
		return found(trial, "yes", "read from other namespaces");
	return found(trial, "no", "there is no such process there: %s",
		     error_name((int)trial->stage->value[0]));
}

static const struct transport cma_transport = {
	.chunk = CHUNK,
	.records = true,
	.serve = cma_serve,
	.join = cma_join,
	.send = cma_send,
	.recv = cma_recv,
	.send_to = cma_send_to,
};

const struct mechanism mechanism_cma = {
	.scheme = "cma",
	.about = "cross-memory attach: process_vm_readv(2)",
	.transport = &cma_transport,
	.own = {
		[CELL_RELIABLE] = cma_reliable,
		[CELL_FLOW] = cma_flow,
		[CELL_RECORDS] = cma_records,
		[CELL_KIND] = probe_none,
		[CELL_DIRECTION] = probe_none,
		[CELL_MANY] = probe_none,
		[CELL_IDENTITY] = probe_none,
		[CELL_TIMED] = probe_none,
		[CELL_SURVIVES] = cma_survives,
		[CELL_MACHINES] = cma_machines,
		[CELL_LARGEST] = cma_largest,
		[CELL_DEATH] = cma_death,
	},
};
