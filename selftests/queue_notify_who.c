// SPDX-License-Identifier: GPL-2.0
/*
 * Who is told of messages: which thread gets the signal, whose a notification is and what
 * ends it, and that the one place which POSIX has for it is one.
 */
#include "notify_test.h"

/* Which thread gets the signal */

static pid_t handled_by;

static void handle(int number)
{
	__atomic_store_n(&handled_by, syscall(SYS_gettid), __ATOMIC_RELEASE);
}

static pid_t await_handled(void)
{
	int i;

	for (i = 0; i < 2000 && !__atomic_load_n(&handled_by, __ATOMIC_ACQUIRE); i++)
		nap_ms(1);
	return __atomic_exchange_n(&handled_by, 0, __ATOMIC_ACQ_REL);
}

/**
 * struct listener - a thread beside the test's
 * @thread:	it
 * @tid:	its number, once it is ready
 * @open:	does it not block SIGUSR1?
 * @end:	is it to end?
 * @got:	a signal that was pending for it at its end, or 0
 */
struct listener {
	pthread_t thread;
	pid_t tid;
	bool open;
	bool end;
	int got;
};

static void *listener_run(void *arg)
{
	struct listener *listener = arg;
	sigset_t usr1;
	siginfo_t info;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	if (listener->open)
		pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	__atomic_store_n(&listener->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&listener->end, __ATOMIC_ACQUIRE))
		nap_ms(1);
	listener->got = pending(&usr1, &info);
	return NULL;
}

static void listener_start(struct listener *listener, bool open)
{
	*listener = (struct listener){ .open = open };
	pthread_create(&listener->thread, NULL, listener_run, listener);
	while (!__atomic_load_n(&listener->tid, __ATOMIC_ACQUIRE))
		nap_ms(1);
}

static int listener_end(struct listener *listener)
{
	__atomic_store_n(&listener->end, true, __ATOMIC_RELEASE);
	pthread_join(listener->thread, NULL);
	return listener->got;
}

TEST_F(notify, signal_is_handled_by_a_thread_that_does_not_block_it)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	struct listener listeners[3];
	int i;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < 3; i++)
		listener_start(&listeners[i], i == 1);
	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, 0));
	for (i = 0; i < 5; i++) {
		PUT(i);
		EXPECT_EQ(listeners[1].tid, await_handled());
		EXPECT_EQ(i, take_any(self->fd));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, listener_end(&listeners[i]));
	EXPECT_EQ(0, PENDING());
}

TEST_F(notify, signal_that_all_block_waits_for_the_thread_that_registered)
{
	struct listener listener;

	listener_start(&listener, false);
	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, 0));
	PUT(1);
	EXPECT_EQ(0, listener_end(&listener));
	EXPECT_EQ(SIGUSR1, PENDING());
}

static void *register_signal(void *fd)
{
	return (void *)(long)by_signal(*(int *)fd, SIGUSR1, 0);
}

TEST_F(notify, signal_goes_to_the_first_thread_when_the_one_that_registered_has_gone)
{
	pthread_t thread;
	void *err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, register_signal, &self->fd));
	pthread_join(thread, &err);
	ASSERT_EQ(NULL, err);
	PUT(1);
	EXPECT_EQ(SIGUSR1, PENDING());
}

/* As programs do that handle signals in their own time */
static void *wait_for_signal(void *info)
{
	struct timespec ten_seconds = { .tv_sec = 10 };
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	return (void *)(long)sigtimedwait(&usr1, info, &ten_seconds);
}

TEST_F(notify, signal_is_waited_for_by_the_thread_that_registered)
{
	pid_t child;

	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, KIPC_NOTIFY_ONCE));
	child = spawn();
	if (!child) {
		await_sleep(getppid(), getppid(), SYS_rt_sigtimedwait);
		_exit(-put(self->other, 1, 0, 0));
	}
	EXPECT_EQ(SIGUSR1, (long)wait_for_signal(&self->info));
	EXPECT_EQ(child, self->info.si_pid);
	EXPECT_EQ(0, reap(child));
}

/* Who has it */

TEST_F(notify, new_one_takes_the_place_of_the_one_before)
{
	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, 0));
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	PUT(1);
	EXPECT_EQ(0, PENDING());
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, off_ends_it)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	ASSERT_EQ(0, off(self->fd, 0));
	ASSERT_EQ(0, off(self->fd, 0));
	PUT(1);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, each_endpoint_has_its_own)
{
	int second = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, by_eventfd(self->other, second, KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(2, events(second));
	ASSERT_EQ(0, off(self->fd, 0));
	EXPECT_EQ(2, drain(self->fd));
	PUT(3);
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(1, events(second));
	close(second);
}

TEST_F(notify, close_ends_it)
{
	ASSERT_EQ(0, by_eventfd(self->other, self->event, 0));
	close(self->other);
	self->other = -1;
	PUT(1);
	EXPECT_EQ(0, events(self->event));
}

/* Any descriptor of the endpoint, as with files' locks and message queues of POSIX */
TEST_F(notify, close_of_a_copy_ends_it)
{
	int copy = dup(self->fd);

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	close(copy);
	PUT(1);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, close_in_another_process_does_not_end_it)
{
	pid_t child;

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	child = spawn();
	if (!child) {
		close(self->fd);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, exit_of_its_process_ends_it)
{
	pid_t child = spawn();

	if (!child)
		_exit(-by_eventfd(self->fd, self->event, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(0, reap(child));
	PUT(1);
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(0, by_eventfd(self->other, self->event, KIPC_NOTIFY_SOLE));
}

TEST_F(notify, killed_while_messages_come_ends_it)
{
	int ready[2], i;
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < 10; i++) {
		child = spawn();
		if (!child) {
			signal(SIGRTMIN, SIG_IGN);
			if (by_signal(self->other, SIGRTMIN,
				      KIPC_NOTIFY_EACH | KIPC_NOTIFY_SOLE) ||
			    write(ready[1], "", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		ASSERT_EQ(1, read(ready[0], &c, 1));
		EXPECT_EQ(-EBUSY, by_nothing(self->fd, KIPC_NOTIFY_SOLE));
		kill(child, SIGKILL);
		ASSERT_EQ(0, put_several(self->fd, 0, 50));
		EXPECT_EQ(128 + SIGKILL, reap(child));
		EXPECT_EQ(50, drain(self->fd));
		EXPECT_EQ(0, by_nothing(self->fd, KIPC_NOTIFY_SOLE));
		EXPECT_EQ(0, off(self->fd, KIPC_NOTIFY_SOLE));
	}
}

/* Does a process run this program by now? */
static bool await_program(pid_t pid, const char *name)
{
	char path[64], text[64];
	int i;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (i = 0; i < 5000; i++) {
		if (!read_text(path, text, sizeof(text)) &&
		    !strncmp(text, name, strlen(name)))
			return true;
		nap_ms(1);
	}
	return false;
}

/*
 * Another program, which may be a privileged one, is not told even if it has inherited the
 * endpoint: it did not ask.  Of two signals that wait for it the lower one would end it.
 */
TEST_F(notify, exec_ends_it)
{
	pid_t child = spawn();

	if (!child) {
		fcntl(self->fd, F_SETFD, 0);
		if (by_signal(self->fd, SIGUSR1, 0))
			_exit(1);
		signal(SIGUSR1, SIG_DFL);
		pthread_sigmask(SIG_UNBLOCK, &self->signals, NULL);
		execlp("sleep", "sleep", "100", NULL);
		_exit(2);
	}
	ASSERT_TRUE(await_program(child, "sleep"));
	PUT(1);
	kill(child, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, reap(child));
}

/* The one place */

TEST_F(notify, sole_ebusy)
{
	ASSERT_EQ(0, by_nothing(self->fd, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(-EBUSY, by_nothing(self->other, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(-EBUSY, by_eventfd(self->other, self->event, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
	/* One that is not sole is another matter. */
	EXPECT_EQ(0, by_eventfd(self->other, self->event, 0));
	EXPECT_EQ(0, off(self->fd, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(0, other_wants_it(self->name));
}

TEST_F(notify, sole_once_is_free_when_it_has_told)
{
	ASSERT_EQ(0, by_nothing(self->fd, KIPC_NOTIFY_SOLE | KIPC_NOTIFY_ONCE));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
	PUT(1);
	EXPECT_EQ(0, other_wants_it(self->name));
}

TEST_F(notify, sole_is_free_when_it_is_closed)
{
	ASSERT_EQ(0, by_nothing(self->other, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
	close(self->other);
	self->other = -1;
	EXPECT_EQ(0, other_wants_it(self->name));
}

TEST_F(notify, sole_off_by_another_process_does_nothing)
{
	pid_t child;

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_SOLE));
	child = spawn();
	if (!child) {
		int fd = queue_open(self->name, QUEUE_BOTH);

		if (off(fd, KIPC_NOTIFY_SOLE))
			_exit(1);
		/* Nor through the very endpoint */
		_exit(off(self->fd, KIPC_NOTIFY_SOLE) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
}

/* The caller's is the process's, through whichever endpoint. */
TEST_F(notify, sole_off_through_another_endpoint_of_the_process)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(0, off(self->other, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(0, other_wants_it(self->name));
	PUT(1);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, sole_of_one_queue_is_no_other_s)
{
	char name[KIPC_NAME_SIZE];
	int fd = queue_make(name, 0, 0, 0);

	ASSERT_EQ(0, by_nothing(self->fd, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(0, by_nothing(fd, KIPC_NOTIFY_SOLE));
	close(fd);
	queue_unlink(name);
}

TEST_HARNESS_MAIN
