// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The processor's exceptions, which come as signals to the thread that caused them.
 *
 * The handler is one for all five, and asks in this order: the innermost kipc_try() of
 * this thread whose handle has the signal; the function of that handle; whoever was there
 * before.  It allocates nothing and takes no lock.  A thread's tries are a list in its
 * stack, whose head is thread-local and of the initial-exec model: another might allocate
 * when a thread first touches it, which here may be in the middle of malloc().
 *
 * A signal that somebody sent looks the same but for its code, which is not positive; nor
 * is a memory error elsewhere (BUS_MCEERR_AO) of this thread's making.
 *
 * Of a stack that has overflown, a handler can run on another only: the outermost try
 * lends the thread one, with a page behind that cannot be touched, if it has none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "notice/notice.h"

/* Room for a handler, beside what the kernel puts there. */
#define KIPC_EXCEPTION_STACK (64UL << 10)

static const int kipc_exception_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

struct kipc_exceptions {
	struct kipc_notice base;
	uint32_t which;
};

struct kipc_try_frame {
	sigjmp_buf env;
	struct kipc_try_frame *outer;
	const struct kipc_notice *notice;
	struct kipc_exception exception;
	char *stack;			/* lent, with its guard page first; or NULL */
	size_t stack_size;
};

static __thread struct kipc_try_frame *kipc_tries __attribute__((tls_model("initial-exec")));

static void kipc_exception_fill(struct kipc_exception *exception, const siginfo_t *info,
				void *context)
{
	memset(exception, 0, sizeof(*exception));
	exception->signo = info->si_signo;
	exception->code = info->si_code;
	exception->address = (uintptr_t)info->si_addr;
	exception->tid = gettid();
	exception->context = context;
#if defined(__x86_64__)
	{
		const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

		exception->pc = (uint64_t)regs[REG_RIP];
		exception->sp = (uint64_t)regs[REG_RSP];
		exception->trap = (uint32_t)regs[REG_TRAPNO];
		exception->error = (uint32_t)regs[REG_ERR];
	}
#elif defined(__aarch64__)
	exception->pc = ((ucontext_t *)context)->uc_mcontext.pc;
	exception->sp = ((ucontext_t *)context)->uc_mcontext.sp;
#endif
}

/* Is it of this thread's making? */
static bool kipc_exception_is(const siginfo_t *info)
{
	return info->si_code > 0 &&
	       !(info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

static void kipc_exception_handler(int signo, siginfo_t *info, void *context)
{
	struct kipc_exception exception;
	struct kipc_try_frame *frame;
	struct kipc_slot_view view;
	int saved = errno;

	kipc_slot_read(signo, &view);
	if (view.owner && kipc_exception_is(info)) {
		kipc_exception_fill(&exception, info, context);
		for (frame = kipc_tries; frame; frame = frame->outer) {
			if (frame->notice != view.owner)
				continue;
			frame->exception = exception;
			siglongjmp(frame->env, 1);
		}
		if (view.fn && ((kipc_exception_fn)view.fn)(&exception, view.user) ==
			       KIPC_EXCEPTION_RETRY) {
			errno = saved;
			return;
		}
	}
	kipc_slot_pass(signo, info, context, &view);
	errno = saved;
}

/* ---- catching ---- */

static void kipc_exception_release(uint32_t which)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kipc_exception_signals); i++)
		if (which & 1U << i)
			kipc_slot_give_back(kipc_exception_signals[i], kipc_exception_handler);
}

static void kipc_exception_close(struct kipc_notice *notice)
{
	struct kipc_exceptions *all = container_of(notice, struct kipc_exceptions, base);

	kipc_exception_release(all->which);
	free(all);
}

static uint32_t kipc_exception_can(int signo)
{
	(void)signo;
	return KIPC_NOTICE_CAN_CATCH;
}

const struct kipc_notice_mechanism kipc_exception_notice = {
	.mechanism.scheme = "signal",
	.mechanism.family = KIPC_FAMILY_NOTICE,
	.close = kipc_exception_close,
	.can = kipc_exception_can,
};

KIPC_EXPORT int kipc_exception_catch(struct kipc_notice **notice, uint32_t which,
				     kipc_exception_fn fn, void *user)
{
	struct kipc_exceptions *all;
	unsigned int i;
	int err;

	if (!notice)
		return -EINVAL;
	*notice = NULL;
	if (!which || which & ~KIPC_EXCEPTION_ALL)
		return -EINVAL;
	all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all->base.mechanism = &kipc_exception_notice;
	for (i = 0; i < ARRAY_SIZE(kipc_exception_signals); i++) {
		if (!(which & 1U << i))
			continue;
		err = kipc_slot_take(kipc_exception_signals[i], &all->base,
				     kipc_exception_handler, 0, (uintptr_t)fn, user);
		if (err) {
			kipc_exception_close(&all->base);
			return err;
		}
		all->which |= 1U << i;
	}
	*notice = &all->base;
	return 0;
}

/* ---- trying ---- */

static int kipc_try_lend_stack(struct kipc_try_frame *frame)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (getauxval(AT_MINSIGSTKSZ) + KIPC_EXCEPTION_STACK + page - 1) & ~(page - 1);
	stack_t stack = { .ss_size = size };
	stack_t now;

	frame->stack = NULL;
	if (frame->outer || sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE))
		return 0;
	frame->stack_size = page + size;
	frame->stack = mmap(NULL, frame->stack_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (frame->stack == MAP_FAILED)
		return -ENOMEM;
	mprotect(frame->stack, page, PROT_NONE);
	stack.ss_sp = frame->stack + page;
	sigaltstack(&stack, NULL);
	return 0;
}

static void kipc_try_take_stack_back(const struct kipc_try_frame *frame)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	if (!frame->stack)
		return;
	sigaltstack(&none, NULL);
	munmap(frame->stack, frame->stack_size);
}

/* Apart from the frame's owner, whose variables siglongjmp() might spoil. */
__attribute__((noinline))
static int kipc_try_run(struct kipc_try_frame *frame, void (*body)(void *arg), void *arg)
{
	int ended = sigsetjmp(frame->env, 1);

	if (!ended) {
		kipc_tries = frame;
		atomic_signal_fence(memory_order_seq_cst);
		body(arg);
		atomic_signal_fence(memory_order_seq_cst);
	}
	kipc_tries = frame->outer;
	return ended;
}

KIPC_EXPORT int kipc_try(struct kipc_notice *notice, void (*body)(void *arg), void *arg,
			 struct kipc_exception *exception)
{
	struct kipc_try_frame frame = { .outer = kipc_tries, .notice = notice };
	int ended, err;

	if (!notice || !body)
		return -EINVAL;
	if (notice->mechanism != &kipc_exception_notice)
		return -EOPNOTSUPP;
	err = kipc_try_lend_stack(&frame);
	if (err)
		return err;
	ended = kipc_try_run(&frame, body, arg);
	kipc_try_take_stack_back(&frame);
	if (ended && exception) {
		*exception = frame.exception;
		exception->context = NULL;
	}
	return ended;
}
