// SPDX-License-Identifier: GPL-2.0
/*
 * Process control: a process is attached to, stopped, looked into and changed: its
 * memory, system calls, registers, signals and exceptions.
 */
#include <sys/mman.h>
#include <sys/user.h>

#include "control_test.h"

/* ---- memory ---- */

TEST_F(victim, running_process_is_stopped_looked_into_changed_and_let_go)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(tell_result);
	int value = 77;

	ASSERT_LE(0, pid);
	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(pid, kipc_trace_pid(trace));
	EXPECT_EQ(-EAGAIN, kipc_trace_wait(trace, &event, KIPC_NOW));
	ASSERT_EQ(0, kipc_trace_stop(trace, pid));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, KIPC_FOREVER));
	EXPECT_EQ(KIPC_TRACE_STOP, event.kind);
	EXPECT_NE(0, event.pc);
	EXPECT_NE(0, event.sp);
	EXPECT_EQ('t', state_of(pid));
	ASSERT_EQ(sizeof(value), kipc_trace_read(trace, pid, (uintptr_t)&result, &value, 4));
	EXPECT_EQ(0, value);
	value = 42;
	ASSERT_EQ(sizeof(value), kipc_trace_write(trace, pid, (uintptr_t)&result, &value, 4));
	value = 1;
	ASSERT_EQ(sizeof(value), kipc_trace_write(trace, 0, (uintptr_t)&go, &value, 4));
	EXPECT_EQ(0, kipc_trace_close(trace));
	EXPECT_EQ(42, exit_status(pid));
}

TEST_F(victim, memory_that_ends_is_read_in_part_and_none_efault)
{
	struct kipc_trace *trace;
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char buf[8192];
	pid_t pid;

	ASSERT_NE(MAP_FAILED, pages);
	fill(pages, 4096, 1);
	munmap(pages + 4096, 4096);
	pid = victim_start(tell_result);
	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	EXPECT_EQ(1000, kipc_trace_read(trace, 0, (uintptr_t)pages + 3096, buf, 3000));
	EXPECT_EQ(0, memcmp(buf, pages + 3096, 1000));
	EXPECT_EQ(-EFAULT, kipc_trace_read(trace, 0, (uintptr_t)pages + 4096, buf, 1));
	EXPECT_EQ(7, kipc_trace_write(trace, 0, (uintptr_t)pages + 4089, buf, 100));
	EXPECT_EQ(-EFAULT, kipc_trace_write(trace, 0, 8, buf, 100));
	EXPECT_EQ(0, kipc_trace_read(trace, 0, 0, buf, 0));
	EXPECT_EQ(-EINVAL, kipc_trace_read(trace, 0, 0, NULL, 1));
	EXPECT_EQ(-ENOENT, kipc_trace_read(trace, 1, 0, buf, 1));
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

/* A constant function in memory that nobody may write. */
static int call_it(void)
{
	int (*fn)(void) = (void *)(uintptr_t)0x10000000;

	return fn();
}

TEST_F(victim, what_a_process_may_not_write_its_tracer_may_while_it_stands_still)
{
	static const unsigned char code[] = { 0xb8, 3, 0, 0, 0, 0xc3 };	/* return 3; */
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	char byte = 11, seen[6];
	char *page;
	pid_t pid;

#ifndef __x86_64__
	SKIP(return, "written for x86-64");
#endif
	page = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ASSERT_EQ((void *)0x10000000, page);
	memcpy(page, code, sizeof(code));
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	pid = victim_start(call_it);
	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(-EFAULT, kipc_trace_write(trace, 0, (uintptr_t)page + 1, &byte, 1));
	kipc_trace_stop(trace, 0);
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(1, kipc_trace_write(trace, 0, (uintptr_t)page + 1, &byte, 1));
	EXPECT_EQ(6, kipc_trace_read(trace, 0, (uintptr_t)page, seen, 6));
	EXPECT_EQ(11, seen[1]);
	EXPECT_EQ((char)0xc3, seen[5]);
	EXPECT_EQ(3, page[1]);
	go = 1;
	kipc_trace_write(trace, 0, (uintptr_t)&go, &go, sizeof(go));
	kipc_trace_close(trace);
	EXPECT_EQ(11, exit_status(pid));
}

/* ---- system calls ---- */

static int ask_uid(void)
{
	return syscall(SYS_getuid) == 4242 ? 0 : 1;
}

TEST_F(victim, result_of_a_system_call_is_changed)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(ask_uid);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_CALL, SYS_getuid, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_RETURN, event.kind);
	EXPECT_EQ(SYS_getuid, event.nr);
	EXPECT_EQ(getuid(), event.result);
	ASSERT_EQ(0, kipc_trace_answer(trace, pid, 4242));
	EXPECT_EQ(-EINVAL, kipc_trace_set_signal(trace, pid, 0));
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

static int make_directory(void)
{
	return mkdir("kipc-test-dir", 0700) ? errno : 0;
}

TEST_F(victim, system_call_is_answered_and_not_made)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	char name[32] = "";
	pid_t pid = victim_start(make_directory);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_CALL, SYS_mkdir, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(14, kipc_trace_read(trace, pid, event.args[0], name, 14));
	EXPECT_STREQ("kipc-test-dir", name);
	EXPECT_EQ(0700, event.args[1]);
	ASSERT_EQ(0, kipc_trace_answer(trace, pid, -EXDEV));
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_RETURN, event.kind);
	EXPECT_EQ(-EXDEV, event.result);
	kipc_trace_close(trace);
	EXPECT_EQ(EXDEV, exit_status(pid));
	EXPECT_EQ(-1, rmdir("kipc-test-dir"));
}

static int fds[2];

static int write_three(void)
{
	return write(fds[1], "abc", 3) == 1 ? 0 : 1;
}

TEST_F(victim, arguments_of_a_system_call_are_changed)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	char buf[8];
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	pid = victim_start(write_three);
	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_CALL, SYS_write, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(0, kipc_trace_get_regs(trace, pid, &regs));
	EXPECT_EQ(SYS_write, regs.nr);
	EXPECT_EQ(event.pc, regs.pc);
	EXPECT_EQ(event.sp, regs.sp);
	EXPECT_EQ(0, memcmp(event.args, regs.args, sizeof(regs.args)));
	regs.args[1]++;
	regs.args[2] = 1;
	ASSERT_EQ(0, kipc_trace_set_regs(trace, pid, &regs));
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(1, read(fds[0], buf, sizeof(buf)));
	EXPECT_EQ('b', buf[0]);
	close(fds[0]);
	close(fds[1]);
}

static int ask_pid(void)
{
	return syscall(SYS_getpid) == getppid() ? 0 : 1;
}

TEST_F(victim, another_system_call_is_made)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(ask_pid);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_CALL, SYS_getpid, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(0, kipc_trace_get_regs(trace, pid, &regs));
	regs.nr = SYS_getppid;
	ASSERT_EQ(0, kipc_trace_set_regs(trace, pid, &regs));
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

TEST_F(victim, raw_registers)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace_event event;
	struct user_regs_struct raw;
	struct kipc_trace *trace;
	pid_t pid = victim_start(ask_uid);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_CALL, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_RETURN, SYS_getuid, KIPC_TRACE_TO_CALL));
	ASSERT_EQ(sizeof(raw), kipc_trace_get_raw(trace, pid, &raw, sizeof(raw)));
	ASSERT_EQ(0, kipc_trace_get_regs(trace, pid, &regs));
#ifdef __x86_64__
	EXPECT_EQ(regs.pc, raw.rip);
	raw.rax = 4242;
#endif
	ASSERT_EQ(0, kipc_trace_set_raw(trace, pid, &raw, sizeof(raw)));
	EXPECT_EQ(-EINVAL, kipc_trace_set_raw(trace, pid, &raw, sizeof(raw) + 1));
	EXPECT_EQ(-EINVAL, kipc_trace_set_raw(trace, pid, &raw, 0));
	ASSERT_EQ(0, kipc_trace_get_regs(trace, pid, &regs));
	EXPECT_EQ(4242, regs.result);
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

/* ---- signals and exceptions ---- */

static int handled;

static void on_handled(int signo)
{
	__atomic_store_n(&handled, signo, __ATOMIC_RELEASE);
}

static int raise_one(void)
{
	signal(SIGUSR2, on_handled);
	raise(SIGUSR1);		/* which ends it */
	return told(&handled);
}

TEST_F(victim, signal_is_withheld)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(raise_one);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_SIGNAL, event.kind);
	EXPECT_EQ(SIGUSR1, event.signo);
	EXPECT_EQ(SI_TKILL, event.code);
	EXPECT_EQ(pid, event.sender);
	ASSERT_EQ(0, kipc_trace_set_signal(trace, pid, 0));
	EXPECT_EQ(-EINVAL, kipc_trace_set_signal(trace, pid, 65));
	EXPECT_EQ(-EINVAL, kipc_trace_set_signal(trace, pid, -1));
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

TEST_F(victim, signal_is_replaced)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(raise_one);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	ASSERT_EQ(0, kipc_trace_set_signal(trace, pid, SIGUSR2));
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_ENDED, event.kind);
	EXPECT_EQ(SIGUSR2, event.status);
	kipc_trace_close(trace);
	EXPECT_EQ(-1, exit_status(pid));	/* it was waited for */
}

TEST_F(victim, signal_is_delivered_where_nothing_else_is_said)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(raise_one);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_SIGNAL, event.kind);
	kipc_trace_close(trace);	/* also by letting go */
	EXPECT_EQ(128 + SIGUSR1, exit_status(pid));
}

static int fault(void)
{
	__atomic_store_n((int *)(uintptr_t)0x1234, 1, __ATOMIC_RELAXED);
	return 1;
}

static void escape(void)
{
	_exit(55);
}

TEST_F(victim, exception_of_the_tracee_is_caught_and_it_goes_on_elsewhere)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(fault);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_SIGNAL, event.kind);
	EXPECT_EQ(SIGSEGV, event.signo);
	EXPECT_EQ(SEGV_MAPERR, event.code);
	EXPECT_EQ(0x1234, event.address);
	EXPECT_EQ(0, event.sender);
	ASSERT_EQ(0, kipc_trace_get_regs(trace, pid, &regs));
	regs.pc = (uintptr_t)escape;
	regs.sp = ((regs.sp - 256) & ~(uint64_t)15) - 8;
	ASSERT_EQ(0, kipc_trace_set_regs(trace, pid, &regs));
	ASSERT_EQ(0, kipc_trace_set_signal(trace, pid, 0));
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	ASSERT_EQ(0, ended(trace, &event));
	EXPECT_EQ(55, event.status);
	kipc_trace_close(trace);
}

static int step(void)
{
#ifdef __x86_64__
	__asm__ volatile("int3; nop; nop; nop; nop");
#endif
	return 0;
}

TEST_F(victim, single_steps)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(step);
	uint64_t pc;
	int i;

#ifndef __x86_64__
	SKIP(return, "written for x86-64");
#endif
	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_SIGNAL, event.kind);
	EXPECT_EQ(SIGTRAP, event.signo);
	EXPECT_LT(0, event.code);
	ASSERT_EQ(0, kipc_trace_set_signal(trace, pid, 0));
	pc = event.pc;
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_STEP));
		ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
		EXPECT_EQ(KIPC_TRACE_STEPPED, event.kind);
		EXPECT_EQ(pc + i, event.pc);
	}
	kipc_trace_close(trace);
	EXPECT_EQ(0, exit_status(pid));
}

TEST_HARNESS_MAIN
