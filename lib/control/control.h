/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The insides of process control.
 *
 *	trace.c		attaching, starting, letting go
 *	event.c		what the kernel tells of a thread, made an event; waiting
 *	sentences.c	errors in words
 *	resume.c	stopping and going on
 *	memory.c	another process's memory
 *	regs.c		its threads' registers: what depends on the processor
 *
 * A trace has a list of its tracees, one for each thread.  It belongs to the tracing
 * thread: there is no lock.
 */
#ifndef KIPC_CONTROL_INTERNAL_H
#define KIPC_CONTROL_INTERNAL_H

#include "internal.h"
#include "kipc_control.h"

/* One traced thread. */
struct kipc_tracee {
	struct kipc_tracee *next;
	pid_t tid;
	pid_t pid;		/* its process */
	bool stopped;		/* an event of it has been told, and it was not resumed */
	uint32_t kind;		/* enum kipc_trace_kind of that */
	uint32_t goal;		/* enum kipc_trace_goal of when it was last resumed */
	int deliver;		/* the signal it gets when it goes on, or 0 */
	uint32_t arch;		/* AUDIT_ARCH_* of the last system call */
	int64_t nr;		/* its number, or -1 */
	uint64_t args[6];
};

struct kipc_trace {
	pid_t pid;		/* that it was made for */
	pid_t process;		/* the tracer */
	pid_t thread;		/* the only one that may */
	uint32_t flags;		/* KIPC_TRACE_OPT_* */
	struct kipc_tracee *tracees;
	bool has_first;		/* kipc_trace_spawn() has seen an event */
	struct kipc_trace_event first;
};

/* What /proc says of a thread. */
struct kipc_trace_proc {
	char state;
	pid_t pid;
	pid_t tracer;
};

extern const struct kipc_mechanism kipc_trace_mechanism;

/* ---- trace.c ---- */

int kipc_trace_proc(pid_t tid, struct kipc_trace_proc *proc);
int kipc_trace_check(const struct kipc_trace *trace);
int kipc_tracee_error(void);
struct kipc_tracee *kipc_tracee_find(const struct kipc_trace *trace, pid_t tid);
int kipc_tracee_stopped(const struct kipc_trace *trace, pid_t tid, struct kipc_tracee **tracee);
struct kipc_tracee *kipc_tracee_add(struct kipc_trace *trace, pid_t tid, pid_t pid);
void kipc_tracee_remove(struct kipc_trace *trace, struct kipc_tracee *tracee);

/* ---- event.c ---- */

int kipc_trace_look(struct kipc_trace *trace, struct kipc_trace_event *event);
int kipc_trace_nap(unsigned int *naps, kipc_deadline deadline);

/* ---- resume.c ---- */

int kipc_tracee_resume(struct kipc_tracee *tracee, uint32_t goal);

#endif /* KIPC_CONTROL_INTERNAL_H */
