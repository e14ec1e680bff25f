/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notices: to be told that something is, and little more than that.
 *
 *	signal:USR1		a signal by its name, with or without SIG,
 *	signal:RTMIN+3		a real-time one,
 *	signal:10		or its number
 *	eventfd:		a counter in the kernel that is waited for
 *	eventfd:?semaphore&value=3	which each wait takes 1 of
 *
 * One end waits (kipc_notice_open()), the other raises.  A signal is raised at a process
 * that is known by its id or a pidfd (kipc_notice_target()); an eventfd is both ends in
 * one and reaches another process by fork(), or as a descriptor in a message
 * (kipc_notice_fd(), kipc_notice_open_fd()).
 *
 *	struct kipc_notice_event event;
 *	struct kipc_notice *ready;
 *
 *	kipc_notice_open(&ready, "signal:RTMIN+3", NULL);
 *	kipc_notice_wait(ready, &event, KIPC_FOREVER);		event.value
 *
 * Signals are raised one of two ways.  Standard ones (1 to 31) are not counted: one that
 * is pending takes up all that come after it, with their values.  Real-time ones queue,
 * in order, each with its value; how many, is RLIMIT_SIGPENDING of the receiver's user.
 * KIPC_NOTICE_CAN_QUEUED tells which is which.
 *
 * Errors mean what they mean in kipc.h.  Besides:
 *
 *	-EAGAIN		from kipc_notice_raise(): the queue of signals, or the counter, is
 *			full (nothing waits for room)
 *	-EPIPE		the process that the signal is for has ended
 *	-ENOENT		there is no process of that id
 *	-EPERM		it is another user's
 *	-EBUSY		that signal is caught through another handle already
 *
 * Threads and fork: as in kipc.h; what signals add is said at the functions.  None is
 * async-signal-safe but kipc_notice_raise().
 */
#ifndef KIPC_NOTICE_H
#define KIPC_NOTICE_H

#include <kipc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An end of a notice.  Opaque. */
struct kipc_notice;

/** What a mechanism of notices can do: struct kipc_notice_info, can. */
#define KIPC_NOTICE_CAN_VALUE	(1U << 0)	/**< each brings its value along */
#define KIPC_NOTICE_CAN_QUEUED	(1U << 1)	/**< as many come as are raised, in order */
#define KIPC_NOTICE_CAN_COUNT	(1U << 2)	/**< several come as one, and how many is told */
#define KIPC_NOTICE_CAN_FD	(1U << 3)	/**< kipc_notice_fd() */
#define KIPC_NOTICE_CAN_PEER	(1U << 4)	/**< tells who raised it */
#define KIPC_NOTICE_CAN_TARGET	(1U << 5)	/**< kipc_notice_target(), by process id */
#define KIPC_NOTICE_CAN_PASS	(1U << 6)	/**< another process gets it as a descriptor */
#define KIPC_NOTICE_CAN_CATCH	(1U << 7)	/**< kipc_notice_catch() */

/** struct kipc_notice_options, flags. */
#define KIPC_NOTICE_OPT_SEMAPHORE (1U << 0)	/**< eventfd: a wait takes 1, not all */
#define KIPC_NOTICE_OPT_RESTART	(1U << 1)	/**< kipc_notice_catch(): SA_RESTART */

/**
 * Options for opening; zero everywhere is the default.  Start with
 * KIPC_NOTICE_OPTIONS_INIT.  Wishes, as struct kipc_options are.
 */
struct kipc_notice_options {
	size_t size;		/**< sizeof(struct kipc_notice_options) */
	uint32_t flags;		/**< KIPC_NOTICE_OPT_* */
	uint32_t reserved;	/**< 0 */
	uint64_t value;		/**< eventfd: what it begins with, up to UINT64_MAX - 1 */
};

#define KIPC_NOTICE_OPTIONS_INIT { sizeof(struct kipc_notice_options), 0, 0, 0 }

/** struct kipc_notice_event, known: the fields that the mechanism filled in. */
#define KIPC_NOTICE_KNOWN_PEER	(1U << 0)	/**< pid and uid */
/** pid and uid are the kernel's word: kill() raised it.  Otherwise they are the sender's
 * own, who may have lied: sigqueue() leaves them to it.
 */
#define KIPC_NOTICE_KNOWN_SURE	(1U << 1)

/**
 * What was told: kipc_notice_wait(), kipc_notice_catch().
 *
 * Of a sender that has set si_value.sival_int, the lower 32 bits of @value count.
 */
struct kipc_notice_event {
	uint64_t value;		/**< signal: si_value, see below; eventfd: as count */
	uint64_t count;		/**< eventfd: what was taken from it; signal: 1 */
	uint32_t known;		/**< KIPC_NOTICE_KNOWN_* */
	int signo;		/**< which signal, or 0 */
	int code;		/**< si_code: SI_USER, SI_QUEUE, SI_TIMER, CLD_EXITED ... */
	int status;		/**< of SIGCHLD: the child's exit status or signal */
	pid_t pid;		/**< who raised it; of SIGCHLD: which child */
	uid_t uid;		/**< its real user */
	uint64_t address;	/**< of an exception: where; otherwise 0 */
	uint64_t reserved[2];	/**< 0 */
};

/** What a handle is: kipc_notice_info(). */
struct kipc_notice_info {
	size_t size;		/**< in: sizeof(struct kipc_notice_info) */
	const char *scheme;	/**< "signal", "eventfd"; static storage */
	uint32_t can;		/**< KIPC_NOTICE_CAN_* */
	int signo;		/**< which signal, or 0 */
};

#define KIPC_NOTICE_INFO_INIT { sizeof(struct kipc_notice_info), NULL, 0, 0 }

/**
 * Open the end that waits.
 *
 * @notice:	where the new handle goes; the caller owns it: kipc_notice_close()
 * @address:	signal:NAME, eventfd:
 * @options:	or NULL
 *
 * signal: blocks the signal in the calling thread, so that it stays pending until
 * kipc_notice_wait() takes it, and makes a signalfd.  What is so blocked is that thread's
 * mask and those of the threads that it starts from now on.  A signal for the process may
 * be delivered to any thread that does not block it: open before starting threads.  Open
 * the same signal twice, and each notice comes to one of the two.  Programs that exec()
 * makes inherit the mask.
 *
 * eventfd: makes one: ?value=N is what it begins with (more than INT32_MAX: @options),
 * ?semaphore lets each wait take 1.
 * ?fd=N takes over an inherited one instead: it closes with the handle.
 *
 * Returns 0 or: -EINVAL (also signals that nobody can receive: KILL, STOP and the C
 * library's own), -EBADF (?fd=N is not open), -EMFILE, -ENOMEM, -EOPNOTSUPP (an address of
 * another family).  Thread-safe.  Since 0.1.
 */
int kipc_notice_open(struct kipc_notice **notice, const char *address,
		     const struct kipc_notice_options *options);

/**
 * Open the end that a descriptor stands for.
 *
 * @address:	eventfd: for an eventfd, both ends; signal:NAME for a pidfd, the end that
 *		raises the signal at its process
 * @fd:		it is duplicated, and stays the caller's
 *
 * An eventfd keeps its mode (O_NONBLOCK, EFD_SEMAPHORE), whoever made it; where it is not
 * O_NONBLOCK, kipc_notice_raise() of one that is all but full may wait.
 *
 * Returns 0 or: -EINVAL (it is something else, or the address has options), -EBADF,
 * -EMFILE, -ENOMEM, -EOPNOTSUPP.  Thread-safe.  Since 0.1.
 */
int kipc_notice_open_fd(struct kipc_notice **notice, const char *address, int fd);

/**
 * Open the end that raises, at a process of that id.
 *
 * @pid:	of a process; it is looked up now, and never again: who gets the id when it
 *		has ended gets no signal
 *
 * Returns 0 or: -ENOENT (no such process), -EINVAL, -EMFILE, -ENOMEM, -ENODEV (the kernel
 * has no pidfd_open()), -EOPNOTSUPP (without KIPC_NOTICE_CAN_TARGET).  Thread-safe.  Since 0.1.
 */
int kipc_notice_target(struct kipc_notice **notice, const char *address, pid_t pid);

/**
 * Raise it.  Never waits (but see kipc_notice_open_fd()).
 *
 * @value:	signal: what goes with it, 0 being as good as none; eventfd: what is added
 *		to the counter, where 0 adds 1 as well; UINT64_MAX is -EINVAL there
 *
 * A real-time signal, and a standard one with a value, goes as sigqueue() does; a
 * standard one without as kill() does, and then the kernel itself tells who sent it.  A
 * value that is larger than an int reaches its receiver whole in si_value.sival_ptr only.
 *
 * Returns 0 or: -EAGAIN, -EPIPE, -EPERM, -EINVAL, -EOPNOTSUPP (the waiting end of
 * a signal).  Thread-safe; async-signal-safe.  Since 0.1.
 */
int kipc_notice_raise(struct kipc_notice *notice, uint64_t value);

/**
 * Wait for it, and take it.
 *
 * @event:	filled in; NULL: never mind
 *
 * signal: takes what is pending for the process or for the calling thread.
 *
 * Returns 0 or: -EAGAIN, -ETIMEDOUT, -EINTR, -EOPNOTSUPP (an end that only raises, or that
 * catches).  Thread-safe.  Since 0.1.
 */
int kipc_notice_wait(struct kipc_notice *notice, struct kipc_notice_event *event,
		     int64_t timeout);

/** Would kipc_notice_wait() find it?  Returns 1 or 0, or -EOPNOTSUPP as that does.
 * Thread-safe.  Since 0.1.
 */
int kipc_notice_pending(const struct kipc_notice *notice);

/**
 * A descriptor that polls readable when kipc_notice_wait() would not wait; of the end
 * that raises a signal, when its process has ended.  It belongs to the handle.
 *
 * That of eventfd: may be sent to another process (struct kipc_send_options, fds).  That of
 * signal: tells each process, and each thread, of its own signals; an epoll that it is in,
 * of those of the process that put it there.
 *
 * Returns it, or -EOPNOTSUPP (kipc_notice_catch()).  Thread-safe.  Since 0.1.
 */
int kipc_notice_fd(const struct kipc_notice *notice);

/** What this handle is and can do.  Returns 0 or -EINVAL.  Since 0.1. */
int kipc_notice_info(const struct kipc_notice *notice, struct kipc_notice_info *info);

/** What an address's mechanism can do, without opening it: of a bare scheme what any of
 * its addresses can.  Returns 0 or -EINVAL.  Since 0.1.
 */
int kipc_notice_scheme_info(const char *address, struct kipc_notice_info *info);

/**
 * Close a handle; NULL is ignored.
 *
 * signal: the last handle on a signal that this thread closes lets it through again, where
 * the first one found it so; what had come and was not waited for is dropped then.
 * Closed by another thread than opened it, it stays blocked.  A caught signal is again
 * handled as it was before; another thread may be in the handler still.
 *
 * Returns 0; the handle is gone.  Since 0.1.
 */
int kipc_notice_close(struct kipc_notice *notice);

/* ---- signals ---- */

/** A signal's bit in the sets below. */
#define KIPC_SIGNAL_BIT(signo)	(UINT64_C(1) << ((signo) - 1))

/** Runs as a signal handler: what it may call is in signal-safety(7). */
typedef void (*kipc_notice_fn)(const struct kipc_notice_event *event, void *user);

/**
 * Have a function called when the signal comes, as sigaction() does.
 *
 * @address:	signal:NAME; not one of the exceptions (kipc_exception_catch())
 * @fn:		called in a thread that does not block the signal, with the signal blocked
 * @user:	handed to it
 * @options:	or NULL; without KIPC_NOTICE_OPT_RESTART what waits in that thread is -EINTR
 *
 * Of a handle that catches there is nothing to wait for.  A signal can be caught through
 * one handle of a process at a time.  A forked child catches, too; exec() ends it.
 *
 * Returns 0 or: -EINVAL, -EBUSY, -ENOMEM, -EOPNOTSUPP (not a signal).  Thread-safe.
 * Since 0.1.
 */
int kipc_notice_catch(struct kipc_notice **notice, const char *address, kipc_notice_fn fn,
		      void *user, const struct kipc_notice_options *options);

/** What becomes of signals in a thread and its process: kipc_signal_state(). */
struct kipc_signal_state {
	size_t size;		/**< in: sizeof(struct kipc_signal_state) */
	uint64_t blocked;	/**< set of KIPC_SIGNAL_BIT(): not delivered for now */
	uint64_t pending;	/**< waiting for that thread alone */
	uint64_t shared;	/**< waiting for the process */
	uint64_t ignored;	/**< dropped */
	uint64_t caught;	/**< with a handler */
	uint64_t queued;	/**< signals that wait for all processes of its real user */
	uint64_t queued_max;	/**< how many may: RLIMIT_SIGPENDING */
};

#define KIPC_SIGNAL_STATE_INIT { sizeof(struct kipc_signal_state), 0, 0, 0, 0, 0, 0, 0 }

/**
 * Look at a thread's blocked and pending signals, whoever's it is.
 *
 * @tid:	a thread, or a process for its first thread; 0: the calling thread
 *
 * Returns 0 or: -ENOENT (no such thread), -EINVAL, -EACCES (/proc hides it), -EMFILE,
 * -ENODEV (no /proc).  Thread-safe.  Since 0.1.
 */
int kipc_signal_state(pid_t tid, struct kipc_signal_state *state);

/** The number of a signal's name (USR1, SIGUSR1, RTMIN+3, RTMAX-1, 10), or -EINVAL.
 * Thread-safe; async-signal-safe.  Since 0.1.
 */
int kipc_signal_number(const char *name);

/**
 * The name of a signal's number, without SIG: what kipc_signal_number() reads.
 *
 * @buf:	where it goes; 16 bytes are enough
 *
 * Returns @buf; of what is no signal, its number in digits.  Thread-safe.  Since 0.1.
 */
char *kipc_signal_name(int signo, char *buf, size_t size);

/* ---- exceptions ---- */

/** The signals by which the processor's exceptions come. */
#define KIPC_EXCEPTION_SEGV	(1U << 0)	/**< SIGSEGV: no such memory, or not so */
#define KIPC_EXCEPTION_BUS	(1U << 1)	/**< SIGBUS: beyond a file's end, a bad access */
#define KIPC_EXCEPTION_FPE	(1U << 2)	/**< SIGFPE: a division by zero ... */
#define KIPC_EXCEPTION_ILL	(1U << 3)	/**< SIGILL: no such instruction */
#define KIPC_EXCEPTION_TRAP	(1U << 4)	/**< SIGTRAP: a breakpoint */
#define KIPC_EXCEPTION_ALL	0x1fU		/**< all of them */

/** What happened. */
struct kipc_exception {
	int signo;		/**< SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP */
	int code;		/**< si_code: SEGV_MAPERR, FPE_INTDIV ... */
	uint64_t address;	/**< what was accessed (SEGV, BUS), or the instruction */
	uint64_t pc;		/**< where the instruction is; 0: unknown on this machine */
	uint64_t sp;		/**< the stack there; 0: likewise */
	uint32_t trap;		/**< x86: the number of the exception (14: page fault) */
	uint32_t error;		/**< x86: its error code (page fault: bit 1, a write) */
	pid_t tid;		/**< in which thread */
	uint32_t reserved;	/**< 0 */
	void *context;		/**< ucontext_t *, which the handler may change; else NULL */
};

/** What a handler of exceptions returns. */
enum kipc_exception_verdict {
	KIPC_EXCEPTION_PASS = 0,	/**< not mine: whoever handled it before, or the end */
	KIPC_EXCEPTION_RETRY = 1,	/**< mended: go on where @context says (the same again) */
};

/** Runs as a signal handler, in the thread that the exception is of: what it may call is
 * in signal-safety(7).  An exception in it ends the process.
 */
typedef int (*kipc_exception_fn)(const struct kipc_exception *exception, void *user);

/**
 * Catch the processor's exceptions, in all threads of the process.
 *
 * @which:	set of KIPC_EXCEPTION_*
 * @fn:		asked what to do of those that no kipc_try() takes, or NULL: pass
 * @user:	handed to it
 *
 * A signal of the same number that somebody merely sent (kill()) is no exception and is
 * passed on.  To pass on is to do what would have been done before this call: to call the
 * handler that was there, or to end the process with the right signal and core.  The
 * handler runs on the thread's alternate signal stack where it has one.
 *
 * Each can be caught through one handle of a process at a time; close them in the reverse
 * order of what else installs handlers.  A forked child catches, too.
 *
 * Returns 0 or: -EINVAL, -EBUSY, -ENOMEM.  Thread-safe.  Since 0.1.
 */
int kipc_exception_catch(struct kipc_notice **notice, uint32_t which, kipc_exception_fn fn,
			 void *user);

/**
 * Run a function, and come back from it even if an exception ends it.
 *
 * @notice:	from kipc_exception_catch()
 * @body:	run in the calling thread, with @arg
 * @exception:	what ended it; its @context is NULL.  Or NULL: never mind
 *
 * This is siglongjmp() out of the instruction that failed, and what that leaves undone is
 * undone by nobody: locks that @body holds stay locked, what it was changing stays half
 * changed, no cleanup handler or C++ destructor runs.  It is for reading what may not be
 * there (a mapping of a file that somebody truncates, memory of a peer's), not for going
 * on after a fault in malloc().  The signal mask is put back.  An overflow of the stack is
 * caught as well: the thread is lent an alternate signal stack, if it has none.
 *
 * May be nested; the innermost whose @notice covers the exception takes it.  Closing
 * @notice is for when no thread is in it.  Costs some microseconds.
 *
 * Returns 0 (@body has returned) or 1 (an exception has ended it), or: -EINVAL, -ENOMEM,
 * -EOPNOTSUPP (@notice is something else).  Thread-safe.  Since 0.1.
 */
int kipc_try(struct kipc_notice *notice, void (*body)(void *arg), void *arg,
	     struct kipc_exception *exception);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_NOTICE_H */
