// SPDX-License-Identifier: GPL-2.0
/*
 * The processor's exceptions: caught, told of, mended, come back from, passed on.  What
 * ends a process is tried in a child.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib_test.h"
#include <kipc_notice.h>

#define PAGE 4096

static char *no_access(size_t size)
{
	return mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

#ifdef __x86_64__
/* Reads a byte, with its first instruction. */
void read_here(void *at);
__asm__(".pushsection .text\n"
	"read_here: movb (%rdi), %al\n"
	"ret\n"
	".popsection");
#endif

static void read_byte(void *at)
{
	__atomic_load_n((char *)at, __ATOMIC_RELAXED);
}

static void write_byte(void *at)
{
	__atomic_store_n((char *)at, 1, __ATOMIC_RELAXED);
}

/* As it is without an instrument that watches for exceptions itself. */
static void by_default(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	int i;

	for (i = 0; i < 5; i++)
		signal(signals[i], SIG_DFL);
}

static void no_core(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

FIXTURE(all)
{
	struct kipc_notice *notice;
	char *page;
};

FIXTURE_SETUP(all)
{
	if (on_valgrind())
		SKIP(return, "not the processor");
	self->page = no_access(PAGE);
	ASSERT_NE(MAP_FAILED, self->page);
	by_default();
	ASSERT_EQ(0, kipc_exception_catch(&self->notice, KIPC_EXCEPTION_ALL, NULL, NULL));
}

FIXTURE_TEARDOWN(all)
{
	EXPECT_EQ(0, kipc_notice_close(self->notice));
	if (self->page)
		munmap(self->page, PAGE);
}

TEST_F(all, try_comes_back_from_a_bad_access)
{
	struct kipc_exception exception;
	sigset_t before, after;

	sigprocmask(SIG_SETMASK, NULL, &before);
	ASSERT_EQ(1, kipc_try(self->notice, read_byte, self->page + 7, &exception));
	EXPECT_EQ(SIGSEGV, exception.signo);
	EXPECT_EQ(SEGV_ACCERR, exception.code);
	EXPECT_EQ((uintptr_t)self->page + 7, exception.address);
	EXPECT_EQ(gettid(), exception.tid);
	EXPECT_EQ(NULL, exception.context);
#ifdef __x86_64__
	ASSERT_EQ(1, kipc_try(self->notice, read_here, self->page, &exception));
	EXPECT_EQ((uintptr_t)read_here, exception.pc);
	EXPECT_EQ(14, exception.trap);
	EXPECT_FALSE(exception.error & 2);
	ASSERT_EQ(1, kipc_try(self->notice, write_byte, self->page, &exception));
	EXPECT_TRUE(exception.error & 2);
#endif
	sigprocmask(SIG_SETMASK, NULL, &after);
	EXPECT_EQ(0, memcmp(&before, &after, 8));
	/* Again, and without asking what it was. */
	EXPECT_EQ(1, kipc_try(self->notice, write_byte, self->page, NULL));
}

TEST_F(all, try_returns_0_where_nothing_happens)
{
	struct kipc_exception exception = { .signo = 77 };
	char byte = 0;

	EXPECT_EQ(0, kipc_try(self->notice, write_byte, &byte, &exception));
	EXPECT_EQ(1, byte);
	EXPECT_EQ(77, exception.signo);
}

static void divide(void *by)
{
#ifdef __x86_64__
	__asm__ volatile("cltd; idivl %1" : : "a" (1), "r" (*(int *)by) : "edx", "cc");
#endif
}

static void trap(void *arg)
{
#ifdef __x86_64__
	__asm__ volatile("int3");
#else
	__builtin_trap();
#endif
}

static void undefined(void *arg)
{
#ifdef __x86_64__
	__asm__ volatile("ud2");
#else
	__builtin_trap();
#endif
}

TEST_F(all, each_kind_of_exception)
{
	struct kipc_exception exception;
	int zero = 0, fd;
	char *file;

#ifndef __x86_64__
	SKIP(return, "what raises them is written for x86-64");
#endif
	ASSERT_EQ(1, kipc_try(self->notice, divide, &zero, &exception));
	EXPECT_EQ(SIGFPE, exception.signo);
	EXPECT_EQ(FPE_INTDIV, exception.code);
	ASSERT_EQ(1, kipc_try(self->notice, undefined, NULL, &exception));
	EXPECT_EQ(SIGILL, exception.signo);
	ASSERT_EQ(1, kipc_try(self->notice, trap, NULL, &exception));
	EXPECT_EQ(SIGTRAP, exception.signo);

	/* Beyond the end of a file that somebody has truncated. */
	fd = memfd_create("kipc-test", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, file);
	ASSERT_EQ(1, kipc_try(self->notice, read_byte, file, &exception));
	EXPECT_EQ(SIGBUS, exception.signo);
	EXPECT_EQ(BUS_ADRERR, exception.code);
	EXPECT_EQ((uintptr_t)file, exception.address);
	munmap(file, PAGE);
	close(fd);
}

struct nest {
	struct kipc_notice *notice;
	char *page;
	int inner, after;
};

static void nest(void *arg)
{
	struct nest *n = arg;

	n->inner = kipc_try(n->notice, read_byte, n->page, NULL);
	n->after = 1;
	read_byte(n->page);
	n->after = 2;
}

TEST_F(all, tries_nest)
{
	struct nest n = { self->notice, self->page, 0, 0 };

	EXPECT_EQ(1, kipc_try(self->notice, nest, &n, NULL));
	EXPECT_EQ(1, n.inner);
	EXPECT_EQ(1, n.after);
}

static int descend(char *from)
{
	char room[512];

	__atomic_store_n(room, *from, __ATOMIC_RELAXED);
	return *from == 1 ? 0 : descend(room) + __atomic_load_n(room, __ATOMIC_RELAXED);
}

static void overflow(void *arg)
{
	*(int *)arg = descend(arg);
}

TEST_F(all, overflow_of_the_stack_is_caught)
{
	struct kipc_exception exception;
	stack_t before, after;
	int n = 0;

	sigaltstack(NULL, &before);
	ASSERT_EQ(1, kipc_try(self->notice, overflow, &n, &exception));
	EXPECT_EQ(SIGSEGV, exception.signo);
	ASSERT_EQ(1, kipc_try(self->notice, overflow, &n, &exception));
	/* The stack that was lent is no more. */
	sigaltstack(NULL, &after);
	EXPECT_EQ(before.ss_flags, after.ss_flags);
	EXPECT_EQ(before.ss_sp, after.ss_sp);
}

static void *try_often(void *arg)
{
	struct nest *n = arg;
	struct kipc_exception exception;
	long i, bad = 0;

	for (i = 0; i < 100; i++) {
		if (kipc_try(n->notice, read_byte, n->page + i, &exception) != 1 ||
		    exception.tid != gettid() || exception.address != (uintptr_t)n->page + i)
			bad++;
	}
	return (void *)bad;
}

TEST_F(all, each_thread_comes_back_to_its_own)
{
	struct nest n = { self->notice, self->page, 0, 0 };
	pthread_t threads[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, try_often, &n));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &bad);
		EXPECT_EQ(NULL, bad);
	}
}

TEST_F(all, forked_child_catches_too)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_try(self->notice, read_byte, self->page, NULL) != 1);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(all, outside_a_try_it_ends_the_process_as_it_would)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		no_core();
		read_byte(self->page);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGSEGV, exit_status(child));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		no_core();
		trap(NULL);
		_exit(0);
	}
	EXPECT_EQ(128 + (SIGTRAP), exit_status(child));
}

static void kill_self(void *signo)
{
	kill(getpid(), *(int *)signo);
}

TEST_F(all, signal_that_was_sent_is_no_exception)
{
	int signo = SIGSEGV;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		no_core();
		kipc_try(self->notice, kill_self, &signo, NULL);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGSEGV, exit_status(child));
}

TEST_F(all, second_catcher_ebusy_and_leaves_the_first)
{
	struct kipc_notice *second;

	EXPECT_EQ(-EBUSY, kipc_exception_catch(&second, KIPC_EXCEPTION_FPE, NULL, NULL));
	EXPECT_EQ(NULL, second);
	EXPECT_EQ(-EBUSY, kipc_exception_catch(&second, KIPC_EXCEPTION_ALL, NULL, NULL));
	EXPECT_EQ(1, kipc_try(self->notice, read_byte, self->page, NULL));
}

TEST_F(all, bad_input_is_refused)
{
	struct kipc_notice *notice;

	EXPECT_EQ(-EINVAL, kipc_exception_catch(NULL, KIPC_EXCEPTION_ALL, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_exception_catch(&notice, 0, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_exception_catch(&notice, 1U << 5, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_try(NULL, read_byte, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_try(self->notice, NULL, NULL, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_wait(self->notice, NULL, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_raise(self->notice, 0));
	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_try(notice, read_byte, self->page, NULL));
	kipc_notice_close(notice);
}

/* ---- with a handler ---- */

FIXTURE(none)
{
	int unused;
};

FIXTURE_SETUP(none)
{
	if (on_valgrind())
		SKIP(return, "not the processor");
	by_default();
}

FIXTURE_TEARDOWN(none)
{
}

/* Memory that appears when it is touched. */
static int mend(const struct kipc_exception *exception, void *user)
{
	uintptr_t page = exception->address & ~(uintptr_t)(PAGE - 1);

	if (!exception->context || page != *(uintptr_t *)user)
		return KIPC_EXCEPTION_PASS;
	mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
	return KIPC_EXCEPTION_RETRY;
}

TEST_F(none, handler_mends_and_the_instruction_is_done_again)
{
	struct kipc_notice *notice;
	char *page = no_access(PAGE);
	uintptr_t user = (uintptr_t)page;

	ASSERT_EQ(0, kipc_exception_catch(&notice, KIPC_EXCEPTION_SEGV, mend, &user));
	write_byte(page + 5);
	EXPECT_EQ(1, page[5]);
	kipc_notice_close(notice);
	munmap(page, PAGE);
}

static int former;
static char *former_page;

static void former_handler(int signo, siginfo_t *info, void *context)
{
	__atomic_store_n(&former, info->si_addr == former_page ? signo : -1, __ATOMIC_RELAXED);
	mprotect(former_page, PAGE, PROT_READ | PROT_WRITE);
}

TEST_F(none, what_is_not_wanted_goes_to_the_former_handler)
{
	struct sigaction action = { .sa_sigaction = former_handler, .sa_flags = SA_SIGINFO };
	struct sigaction after;
	struct kipc_notice *notice;
	uintptr_t user = 0;

	former_page = no_access(PAGE);
	sigaction(SIGSEGV, &action, NULL);
	ASSERT_EQ(0, kipc_exception_catch(&notice, KIPC_EXCEPTION_SEGV, mend, &user));
	write_byte(former_page);
	EXPECT_EQ(SIGSEGV, __atomic_load_n(&former, __ATOMIC_RELAXED));
	EXPECT_EQ(1, *former_page);
	kipc_notice_close(notice);
	sigaction(SIGSEGV, NULL, &after);
	EXPECT_TRUE(after.sa_sigaction == former_handler);
	munmap(former_page, PAGE);
}

static void die_politely(int signo)
{
	_exit(42);
}

TEST_F(none, former_handler_for_once_gets_it_once)
{
	struct sigaction action = { .sa_handler = die_politely, .sa_flags = SA_RESETHAND };
	struct kipc_notice *notice;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		sigaction(SIGSEGV, &action, NULL);
		if (kipc_exception_catch(&notice, KIPC_EXCEPTION_SEGV, NULL, NULL))
			_exit(1);
		read_byte(no_access(PAGE));
		_exit(2);
	}
	EXPECT_EQ(42, exit_status(child));
}

TEST_F(none, ignored_exception_ends_the_process_all_the_same)
{
	struct kipc_notice *notice;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		no_core();
		signal(SIGSEGV, SIG_IGN);
		if (kipc_exception_catch(&notice, KIPC_EXCEPTION_SEGV, NULL, NULL))
			_exit(1);
		kill(getpid(), SIGSEGV);	/* that is ignored */
		read_byte(no_access(PAGE));
		_exit(2);
	}
	EXPECT_EQ(128 + SIGSEGV, exit_status(child));
}

TEST_HARNESS_MAIN
