/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process control: one process stops another, looks into it, changes it and lets it go,
 * on ptrace(2).
 *
 *	struct kipc_trace_event event;
 *	struct kipc_trace *trace;
 *
 *	kipc_trace_spawn(&trace, argv, NULL);		or kipc_trace_attach(&trace, pid, NULL)
 *	while (!kipc_trace_wait(trace, &event, KIPC_FOREVER)) {
 *		...					the thread event.tid stands still
 *		kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_CALL);
 *	}
 *	kipc_trace_close(trace);
 *
 * A trace is of a whole process: all its threads, those that it starts later, and with
 * KIPC_TRACE_OPT_CHILDREN the processes that it starts.  Each event is of one thread,
 * which from then on stands still until kipc_trace_resume(); the others run on.
 *
 * The tracer is one *thread*: the one that attached.  The kernel knows no other, so from
 * another thread, and from a forked child, all functions here are -EPERM.  When the tracer
 * ends without kipc_trace_close(), the kernel lets the process go on (or kills it, with
 * KIPC_TRACE_OPT_KILL).
 *
 * Nothing else in the tracer's process may wait for any child: waitpid(-1, ...), as in
 * many handlers of SIGCHLD, takes a trace's events away.  The library takes nobody else's,
 * and leaves SIGCHLD alone.
 *
 * Errors mean what they mean in kipc.h.  Besides:
 *
 *	-EPERM		of kipc_trace_attach(): not allowed.  It is another user's, or has more
 *			privileges, or somebody traces it already, or the system restricts
 *			tracing (/proc/sys/kernel/yama/ptrace_scope)
 *	-EPERM		of the others: the caller is not the tracing thread
 *	-ENOENT		no such process; the trace has no such thread
 *	-EAGAIN		the thread runs, and that can be done only when it stands still
 *	-EPIPE		the thread, or what is traced as a whole, has ended
 *	-EFAULT		the process has no such memory
 *	-EOPNOTSUPP	registers: only on x86-64 so far
 *
 * No function is async-signal-safe.
 */
#ifndef KIPC_CONTROL_H
#define KIPC_CONTROL_H

#include <kipc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A process that is traced, or several.  Opaque. */
struct kipc_trace;

/** struct kipc_trace_options, flags. */
#define KIPC_TRACE_OPT_CHILDREN	(1U << 0)	/**< trace what it forks as well */
#define KIPC_TRACE_OPT_KILL	(1U << 1)	/**< let all die with the tracing thread */

/** Options; start with KIPC_TRACE_OPTIONS_INIT. */
struct kipc_trace_options {
	size_t size;		/**< sizeof(struct kipc_trace_options) */
	uint32_t flags;		/**< KIPC_TRACE_OPT_* */
	uint32_t reserved;	/**< 0 */
};

#define KIPC_TRACE_OPTIONS_INIT { sizeof(struct kipc_trace_options), 0, 0 }

/** struct kipc_trace_event, kind: why a thread stands still (but for ENDED). */
enum kipc_trace_kind {
	KIPC_TRACE_STOP = 1,	/**< kipc_trace_stop(); it is new, or was continued; or nothing */
	KIPC_TRACE_PAUSED = 2,	/**< job control has stopped the process, by @signo */
	KIPC_TRACE_SIGNAL = 3,	/**< @signo is about to be delivered: an exception, too */
	KIPC_TRACE_CALL = 4,	/**< it is about to enter the system call @nr */
	KIPC_TRACE_RETURN = 5,	/**< it is about to return from it, with @result */
	KIPC_TRACE_STEPPED = 6,	/**< one instruction is done */
	KIPC_TRACE_BORN = 7,	/**< it has made thread or process @child, traced as well */
	KIPC_TRACE_EXEC = 8,	/**< it runs another program now; its other threads are gone */
	KIPC_TRACE_ENDED = 9,	/**< it is no more: @status, or killed by @signo */
};

/** What a thread stands still for: kipc_trace_wait(). */
struct kipc_trace_event {
	uint32_t kind;		/**< enum kipc_trace_kind */
	pid_t tid;		/**< which thread */
	pid_t pid;		/**< its process */
	pid_t child;		/**< BORN: the new thread or process; otherwise 0 */
	int signo;		/**< SIGNAL, PAUSED, ENDED: which; otherwise 0 */
	int code;		/**< SIGNAL: si_code; above 0 for exceptions */
	int status;		/**< ENDED: its exit status; -1: not known */
	pid_t sender;		/**< SIGNAL: who sent it, where there is one; otherwise 0 */
	uint64_t address;	/**< SIGNAL: an exception's address */
	uint64_t pc;		/**< where it stands; 0 after ENDED */
	uint64_t sp;		/**< its stack pointer; likewise */
	int64_t nr;		/**< CALL, RETURN: number of the system call; otherwise -1 */
	uint64_t args[6];	/**< CALL, RETURN: what it was called with */
	int64_t result;		/**< RETURN: its result, or -errno */
	uint64_t reserved[4];	/**< 0 */
};

/** How far a thread is to go: kipc_trace_resume(). */
enum kipc_trace_goal {
	KIPC_TRACE_TO_EVENT = 0,	/**< until a signal or one of the other events */
	KIPC_TRACE_TO_CALL = 1,		/**< or it enters or leaves a system call */
	KIPC_TRACE_TO_STEP = 2,		/**< or it has done one instruction */
};

/** Registers that every processor has under some name. */
struct kipc_trace_regs {
	size_t size;		/**< in: sizeof(struct kipc_trace_regs) */
	uint64_t pc;		/**< where the next instruction is */
	uint64_t sp;		/**< the stack pointer */
	int64_t nr;		/**< at CALL: number of the system call, -1: do none */
	uint64_t args[6];	/**< where a system call's arguments are */
	int64_t result;		/**< where a system call's result is */
};

#define KIPC_TRACE_REGS_INIT { sizeof(struct kipc_trace_regs), 0, 0, 0, { 0, 0, 0, 0, 0, 0 }, 0 }

/**
 * Trace a process that runs.
 *
 * @trace:	where the new trace goes; the caller owns it: kipc_trace_close()
 * @pid:	the process
 * @options:	or NULL
 *
 * It runs on: kipc_trace_stop() stops it.
 *
 * Returns 0 or: -ENOENT, -EPERM, -EINVAL (also the caller's own process), -ENOMEM, -ENODEV
 * (no /proc).  Since 0.1.
 */
int kipc_trace_attach(struct kipc_trace **trace, pid_t pid,
		      const struct kipc_trace_options *options);

/**
 * Start a program that is traced from its first instruction.
 *
 * @argv:	its arguments, NULL at the end; argv[0] is looked for in PATH
 * @options:	or NULL
 *
 * It is a child of the caller's, with its descriptors that are not close-on-exec, its
 * environment and its signal mask.  The first event is its KIPC_TRACE_EXEC.  When its end
 * has been told of (KIPC_TRACE_ENDED), it has been waited for; let go before that, it is
 * for the caller to wait for (kipc_trace_pid()).
 *
 * Returns 0 or what execvp() says (-ENOENT, -EACCES, ...), -EPERM, -EAGAIN, -ENOMEM,
 * -EMFILE, -EINVAL.  Since 0.1.
 */
int kipc_trace_spawn(struct kipc_trace **trace, char *const argv[],
		     const struct kipc_trace_options *options);

/** The process that a trace was made for, or -EINVAL.  Since 0.1. */
pid_t kipc_trace_pid(const struct kipc_trace *trace);

/**
 * Which threads are traced now, as far as events have told?
 *
 * @tids:	where the first @max of them go
 *
 * Returns how many there are, or: -EINVAL, -EPERM.  Since 0.1.
 */
int kipc_trace_threads(const struct kipc_trace *trace, pid_t *tids, size_t max);

/**
 * Let a thread stand still.
 *
 * @tid:	which; 0: all
 *
 * Does not wait: each thread that runs comes to an event (KIPC_TRACE_STOP, or what it met
 * before that).  One that stands still already is left so, and has none.
 *
 * Returns 0 or: -ENOENT, -EPERM, -EINVAL.  Since 0.1.
 */
int kipc_trace_stop(struct kipc_trace *trace, pid_t tid);

/**
 * Wait for the next event.
 *
 * @event:	filled in
 *
 * The kernel has no timed call for this: with a time that is neither KIPC_NOW nor
 * KIPC_FOREVER it looks again and again, after naps of 20 microseconds to 2 milliseconds.
 *
 * Returns 0 or: -EAGAIN, -ETIMEDOUT, -EINTR, -EPIPE (all that was traced has ended),
 * -EPERM, -EINVAL, -ENOMEM (for a new thread; it runs on untraced).  Since 0.1.
 */
int kipc_trace_wait(struct kipc_trace *trace, struct kipc_trace_event *event,
		    int64_t timeout);

/**
 * Let a thread that stands still go on.
 *
 * @tid:	which; 0: all that stand still
 * @goal:	enum kipc_trace_goal
 *
 * One at KIPC_TRACE_SIGNAL gets its signal now, unless kipc_trace_set_signal() said
 * otherwise.  One that is PAUSED stays so until something continues the process (SIGCONT),
 * as it would if nobody traced it; kipc_trace_stop() can stop it meanwhile.
 *
 * Returns 0 or: -ENOENT, -EAGAIN, -EPIPE (it was killed where it stood: kipc_trace_wait()
 * tells), -EPERM, -EINVAL.  Since 0.1.
 */
int kipc_trace_resume(struct kipc_trace *trace, pid_t tid, uint32_t goal);

/**
 * At KIPC_TRACE_SIGNAL: deliver another signal, or none.
 *
 * @signo:	which; 0: none
 *
 * After an exception whose signal was withheld, the same instruction is tried again.
 *
 * Returns 0 or: -EINVAL (also at another event), -ENOENT, -EAGAIN, -EPERM.  Since 0.1.
 */
int kipc_trace_set_signal(struct kipc_trace *trace, pid_t tid, int signo);

/**
 * Read a process's memory.
 *
 * @tid:	any of its threads, which may run; 0: of the process that the trace is for
 * @address:	there
 *
 * Returns how many bytes it has read, fewer than @len where memory ends; or: -EFAULT (none
 * there), -ENOENT, -EPIPE, -EPERM, -EINVAL.  Since 0.1.
 */
ssize_t kipc_trace_read(struct kipc_trace *trace, pid_t tid, uint64_t address, void *buf,
			size_t len);

/**
 * Write into a process's memory.
 *
 * What it may not write itself, as its instructions, is written nevertheless (and unshared
 * from the file first) if thread @tid stands still; while it runs that is -EFAULT.
 *
 * Otherwise as kipc_trace_read().  Since 0.1.
 */
ssize_t kipc_trace_write(struct kipc_trace *trace, pid_t tid, uint64_t address,
			 const void *buf, size_t len);

/**
 * Read a thread's registers.
 *
 * @regs:	begun with KIPC_TRACE_REGS_INIT
 *
 * Returns 0 or: -ENOENT, -EAGAIN, -EPIPE, -EPERM, -EINVAL, -EOPNOTSUPP.  Since 0.1.
 */
int kipc_trace_get_regs(struct kipc_trace *trace, pid_t tid, struct kipc_trace_regs *regs);

/**
 * Set them.
 *
 * At KIPC_TRACE_CALL @nr and @args are what the kernel is going to do: another system
 * call, or with other arguments.  At other events @nr is without meaning and ignored.  The
 * rest of the registers stay.
 *
 * As kipc_trace_get_regs().  Since 0.1.
 */
int kipc_trace_set_regs(struct kipc_trace *trace, pid_t tid,
			const struct kipc_trace_regs *regs);

/**
 * Answer a system call in the kernel's stead.
 *
 * @result:	what the thread is told: a result, or -errno
 *
 * At KIPC_TRACE_CALL the kernel does nothing then (a KIPC_TRACE_RETURN comes all the same,
 * with KIPC_TRACE_TO_CALL); at KIPC_TRACE_RETURN it has been done.
 *
 * As kipc_trace_get_regs(), and -EINVAL at another event.  Since 0.1.
 */
int kipc_trace_answer(struct kipc_trace *trace, pid_t tid, int64_t result);

/**
 * Read all general registers, laid out as this machine's struct user_regs_struct
 * (<sys/user.h>; a 32-bit process has its own).
 *
 * Returns their bytes, of which the first @size are in @regs; or as kipc_trace_get_regs(),
 * but on every machine.  Since 0.1.
 */
ssize_t kipc_trace_get_raw(struct kipc_trace *trace, pid_t tid, void *regs, size_t size);

/** Set them: the first @size bytes.  Returns 0 or as kipc_trace_get_raw().  Since 0.1. */
int kipc_trace_set_raw(struct kipc_trace *trace, pid_t tid, const void *regs, size_t size);

/**
 * Let all go, and free the trace; NULL is ignored.
 *
 * Every thread goes on as if nobody had traced it: signals that were about to be
 * delivered are (but for what kipc_trace_set_signal() changed), a process that job control
 * had stopped stays stopped.  To let a thread go it is stopped first, so this waits for
 * threads that sleep uninterruptibly.  A child of the caller's that has ended, told of or
 * not, has been waited for then.
 *
 * Returns 0; the trace is gone.  Or -EPERM, from another thread while the tracing one
 * lives: nothing has happened.  A forked child's copy is freed only.  Since 0.1.
 */
int kipc_trace_close(struct kipc_trace *trace);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_CONTROL_H */
