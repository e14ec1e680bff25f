// SPDX-License-Identifier: GPL-2.0
/*
 * ring: and a process that is killed at any instruction.
 *
 * A child is led through one operation by single steps, some number of instructions,
 * killed there, and the ring must go on as if nothing had been.  All such numbers
 * are tried, in a shuffled order, as far as the time goes (where single steps are
 * emulated, not far), or all of them where the environment has KIPC_EVERY_STEP.
 */
#include <limits.h>
#include <sys/ptrace.h>

#include "lib_test.h"

/* Time for one operation's trials. */
#define BUDGET	KIPC_MS(600)

struct trial {
	struct kipc *ends[2];
	pid_t child;
	unsigned int steps;	/* that the child was led */
};

/* What the child does: once to warm up, and once more under the microscope. */
typedef int (*operation)(struct trial *trial, const char *text);

static int op_send(struct trial *trial, const char *text)
{
	return kipc_send(trial->ends[1], text, strlen(text), LONG);
}

static int op_loan(struct trial *trial, const char *text)
{
	struct kipc_loan loan;
	int err = kipc_loan(trial->ends[1], &loan, 500, LONG);

	if (err)
		return err;
	memcpy(loan.data, text, strlen(text));
	return kipc_commit(&loan, strlen(text), LONG);
}

static int op_cancel(struct trial *trial, const char *text)
{
	struct kipc_loan loan;
	int err = kipc_loan(trial->ends[1], &loan, 500, LONG);

	kipc_loan_cancel(&loan);
	return err;
}

static int op_recv(struct trial *trial, const char *text)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(trial->ends[0], &msg, LONG);

	if (n < 0)
		return n;
	kipc_release(&msg);
	return 0;
}

static int op_close(struct trial *trial, const char *text)
{
	if (!strcmp(text, "step"))
		return kipc_close(trial->ends[1]);
	return kipc_send(trial->ends[1], text, strlen(text), LONG);
}

static void child_run(struct trial *trial, operation op)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || op(trial, "warm"))
		_exit(1);
	raise(SIGSTOP);
	op(trial, "step");
	raise(SIGSTOP);
	_exit(0);
}

/*
 * Lead the child so many steps, or as many as there is time for.
 *
 * Returns 1 when it came out at the other end, 0 when it was killed before; -1.
 */
static int run_and_kill(struct trial *trial, operation op, unsigned int steps)
{
	int64_t end = now_ns() + BUDGET;
	int status, out = 0;

	trial->child = fork();
	if (!trial->child)
		child_run(trial, op);
	if (trial->child < 0 || waitpid(trial->child, &status, 0) != trial->child ||
	    !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
		return -1;
	for (trial->steps = 0; trial->steps < steps && !out; trial->steps++) {
		if (ptrace(PTRACE_SINGLESTEP, trial->child, NULL, NULL) ||
		    waitpid(trial->child, &status, 0) != trial->child || !WIFSTOPPED(status))
			return -1;
		out = WSTOPSIG(status) == SIGSTOP;
		if (now_ns() > end)
			break;
	}
	kill(trial->child, SIGKILL);
	waitpid(trial->child, &status, 0);
	return out;
}

static bool next_is(struct trial *trial, const char *text)
{
	struct kipc_msg msg;
	bool is;

	if (kipc_recv(trial->ends[0], &msg, LONG) < 0)
		return false;
	is = msg.len == strlen(text) && !memcmp(msg.data, text, msg.len);
	kipc_release(&msg);
	return is;
}

/* All of its room is there again: some times round. */
static bool goes_round(struct trial *trial)
{
	char data[2000];
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 12; i++) {
		fill(data, sizeof(data), i);
		if (kipc_send(trial->ends[1], data, sizeof(data), LONG) ||
		    kipc_recv(trial->ends[0], &msg, LONG) != sizeof(data) ||
		    !filled(msg.data, sizeof(data), i))
			return false;
		kipc_release(&msg);
	}
	return kipc_recv(trial->ends[0], &msg, KIPC_NOW) == -EAGAIN;
}

/* After the child: "before" and "warm" waited, "step" may, "after" is sent now. */
static bool sent_once_or_never(struct trial *trial, int out)
{
	struct kipc_msg msg;
	bool stepped, ok;

	if (kipc_send(trial->ends[1], "after", 5, LONG) || !next_is(trial, "before") ||
	    !next_is(trial, "warm") || kipc_recv(trial->ends[0], &msg, LONG) < 0)
		return false;
	stepped = msg.len == 4 && !memcmp(msg.data, "step", 4);
	ok = stepped || (msg.len == 5 && !memcmp(msg.data, "after", 5));
	kipc_release(&msg);
	if (!ok || (out && !stepped))
		return false;
	return (!stepped || next_is(trial, "after")) && goes_round(trial);
}

static bool sent_never(struct trial *trial, int out)
{
	return !kipc_send(trial->ends[1], "after", 5, LONG) && next_is(trial, "before") &&
	       next_is(trial, "after") && goes_round(trial);
}

static bool closed_quietly(struct trial *trial, int out)
{
	return !kipc_send(trial->ends[1], "after", 5, LONG) && next_is(trial, "before") &&
	       next_is(trial, "warm") && next_is(trial, "after") && goes_round(trial);
}

/* The child has received "before" and perhaps "second". */
static bool received_once(struct trial *trial, int out)
{
	struct kipc_msg msg;
	bool again, ok;

	if (kipc_recv(trial->ends[0], &msg, LONG) < 0)
		return false;
	again = msg.len == 6 && !memcmp(msg.data, "second", 6);
	ok = again || (msg.len == 5 && !memcmp(msg.data, "third", 5));
	kipc_release(&msg);
	if (!ok || (out && again))
		return false;
	return (!again || next_is(trial, "third")) && goes_round(trial);
}

/* Returns how many steps the child was led, or -1. */
static int one_trial(operation op, bool (*check)(struct trial *trial, int out),
		     unsigned int steps)
{
	struct trial trial;
	int out;

	if (kipc_pair(trial.ends, "ring:?bytes=4096", NULL) ||
	    kipc_send(trial.ends[1], "before", 6, LONG) ||
	    (op == op_recv && (kipc_send(trial.ends[1], "second", 6, LONG) ||
			       kipc_send(trial.ends[1], "third", 5, LONG))))
		return -1;
	out = run_and_kill(&trial, op, steps);
	if (out >= 0 && !check(&trial, out))
		out = -1;
	kipc_close(trial.ends[0]);
	kipc_close(trial.ends[1]);
	return out < 0 ? -1 : (int)trial.steps;
}

/* Is there single-stepping at all (not in every emulation)? */
static bool no_tracing(void)
{
	return one_trial(op_send, sent_once_or_never, 1) != 1;
}

/* How many numbers of steps were tried, or 0: one was not survived. */
static int survived(operation op, bool (*check)(struct trial *trial, int out))
{
	int all = one_trial(op, check, INT_MAX);
	int64_t end = now_ns() + BUDGET;
	int i;

	for (i = 0; i < all && (!i || now_ns() < end || getenv("KIPC_EVERY_STEP")); i++) {
		unsigned int steps = (i * 7919U + getpid()) % all;

		if (one_trial(op, check, steps) < 0) {
			printf("# failed when killed after %u instructions\n", steps);
			return 0;
		}
	}
	printf("# killed after %d numbers of instructions of %d\n", i, all);
	return all < 0 ? 0 : i;
}

TEST(sender_killed_at_any_instruction_sends_once_or_never)
{
	if (no_tracing())
		SKIP(return, "no ptrace");
	EXPECT_LT(0, survived(op_send, sent_once_or_never));
}

TEST(holder_of_a_loan_killed_at_any_instruction_sends_once_or_never)
{
	if (no_tracing())
		SKIP(return, "no ptrace");
	EXPECT_LT(0, survived(op_loan, sent_once_or_never));
}

TEST(canceler_killed_at_any_instruction_sends_nothing)
{
	if (no_tracing())
		SKIP(return, "no ptrace");
	EXPECT_LT(0, survived(op_cancel, sent_never));
}

TEST(receiver_killed_at_any_instruction_receives_once_or_never)
{
	if (no_tracing())
		SKIP(return, "no ptrace");
	EXPECT_LT(0, survived(op_recv, received_once));
}

TEST(closer_killed_at_any_instruction_leaves_the_ring_to_others)
{
	if (no_tracing())
		SKIP(return, "no ptrace");
	EXPECT_LT(0, survived(op_close, closed_quietly));
}

TEST_HARNESS_MAIN
