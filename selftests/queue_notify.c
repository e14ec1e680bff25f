// SPDX-License-Identifier: GPL-2.0
/*
 * Notification: a queue tells of messages by a signal or an eventfd, when it was empty or
 * each time, once or until it is told not to; at most one place of POSIX's for a queue;
 * and all of it ends with whoever asked for it.
 */
#include <sched.h>
#include <sys/eventfd.h>

#include "queue_test.h"

#ifndef SI_MESGQ
#define SI_MESGQ	(-3)
#endif

#define VALUE		0x12345678	/* fits a pointer of 32 bits as well */

FIXTURE(notify)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int other;	/* a second endpoint of the same queue */
	int event;
	struct kipc_queue_notify arg;
	siginfo_t info;
	sigset_t signals;
};

FIXTURE_SETUP(notify)
{
	umask(0);
	self->fd = queue_make(self->name, 0, 0, 0);
	ASSERT_LE(0, self->fd);
	self->other = queue_open(self->name, QUEUE_BOTH);
	ASSERT_LE(0, self->other);
	self->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, self->event);
	sigemptyset(&self->signals);
	sigaddset(&self->signals, SIGUSR1);
	sigaddset(&self->signals, SIGRTMIN);
	ASSERT_EQ(0, pthread_sigmask(SIG_BLOCK, &self->signals, NULL));
	self->arg = (struct kipc_queue_notify){ .size = sizeof(self->arg) };
}

FIXTURE_TEARDOWN(notify)
{
	close(self->fd);
	close(self->other);
	close(self->event);
	queue_unlink(self->name);
}

#define PUT(number)	ASSERT_EQ(0, put(self->fd, number, 0, 0))

static int by_signal(int fd, int number, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_SIGNAL,
		.signo = number,
		.value = VALUE,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static int by_eventfd(int fd, int event, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_EVENTFD,
		.fd = event,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static int by_nothing(int fd, unsigned int flags)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags,
		.how = KIPC_NOTIFY_NOTHING,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

static int off(int fd, unsigned int flags)
{
	struct kipc_queue_notify arg = { .size = sizeof(arg), .flags = flags };

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

/* What an eventfd has counted since it was last asked */
static int events(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* Has a signal come?  It was sent before the request that caused it returned. */
static int pending(const sigset_t *signals, siginfo_t *info)
{
	struct timespec now = { };
	int number = sigtimedwait(signals, info, &now);

	return number < 0 ? 0 : number;
}

#define PENDING()	pending(&self->signals, &self->info)

/* How it is told */

TEST_F(notify, signal_brings_value_and_sender)
{
	pid_t child;

	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, 0));
	EXPECT_EQ(0, PENDING());
	child = spawn();
	if (!child)
		_exit(become(USER) ? 255 : -put(self->fd, 1, 0, 0));
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(SIGUSR1, PENDING());
	EXPECT_EQ(SI_MESGQ, self->info.si_code);
	EXPECT_EQ(VALUE, (uintptr_t)self->info.si_value.sival_ptr);
	EXPECT_EQ(child, self->info.si_pid);
	EXPECT_EQ(USER, self->info.si_uid);
	EXPECT_EQ(0, PENDING());
}

TEST_F(notify, signal_brings_a_value_as_wide_as_a_pointer)
{
	uintptr_t value = (uintptr_t)0x123456789abcdef0ULL;

	self->arg.how = KIPC_NOTIFY_SIGNAL;
	self->arg.signo = SIGRTMIN;
	self->arg.value = value;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_NOTIFY, &self->arg));
	PUT(1);
	ASSERT_EQ(SIGRTMIN, PENDING());
	EXPECT_EQ(value, (uintptr_t)self->info.si_value.sival_ptr);
	EXPECT_EQ(getpid(), self->info.si_pid);
	EXPECT_EQ(0, self->info.si_uid);
}

TEST_F(notify, signal_of_a_sender_that_cannot_be_seen)
{
	int ready[2], go[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	child = fork();
	if (!child) {
		if (by_signal(self->fd, SIGUSR1, 0) || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1 || PENDING() != SIGUSR1)
			_exit(1);
		_exit(self->info.si_pid ? 2 : 0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	PUT(1);
	ASSERT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(0, reap(child));
}

TEST_F(notify, eventfd_is_counted_up)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	EXPECT_EQ(0, events(self->event));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	PUT(2);
	PUT(3);
	EXPECT_EQ(2, events(self->event));
}

TEST_F(notify, eventfd_holds_on_when_its_descriptor_is_closed)
{
	int copy = dup(self->event);

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	close(self->event);
	self->event = copy;
	PUT(1);
	EXPECT_EQ(1, events(self->event));
}

/* An eventfd that is full can take no more, and holds nobody up. */
TEST_F(notify, eventfd_that_is_full_holds_nobody_up)
{
	uint64_t full = ~0ULL - 1;

	ASSERT_EQ(sizeof(full), write(self->event, &full, sizeof(full)));
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	EXPECT_EQ(2, stat_of(self->fd).msgs);
}

/* When it is told */

TEST_F(notify, of_a_message_in_an_empty_queue_only)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	PUT(1);
	PUT(2);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	PUT(3);
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(2, drain(self->fd));
	PUT(4);
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, of_each_message)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	PUT(3);
	EXPECT_EQ(3, events(self->event));
}

TEST_F(notify, of_what_is_there_already_it_is_not_told)
{
	PUT(1);
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	PUT(2);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, once)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_ONCE));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	PUT(2);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, once_of_each_message_is_once)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_ONCE | KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, by_signal_again_and_again)
{
	int i;

	ASSERT_EQ(0, by_signal(self->fd, SIGRTMIN, 0));
	for (i = 0; i < 5; i++) {
		PUT(i);
		EXPECT_EQ(SIGRTMIN, PENDING());
		EXPECT_EQ(i, take_any(self->fd));
		EXPECT_EQ(0, PENDING());
	}
}

TEST_F(notify, not_of_one_that_goes_straight_to_a_waiting_thread)
{
	static const unsigned int flags[] = { 0, KIPC_NOTIFY_EACH, KIPC_NOTIFY_ONCE };
	struct taker taker;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, by_eventfd(self->other, self->event, flags[i]));
		ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_URGENT, 0));
		PUT(1);
		EXPECT_EQ(1, taker_end(&taker));
		EXPECT_EQ(0, events(self->event));
		/* It is still there, for the next. */
		PUT(2);
		EXPECT_EQ(1, events(self->event));
		EXPECT_EQ(2, take_any(self->fd));
	}
}

TEST_F(notify, of_one_that_the_waiting_thread_does_not_want)
{
	struct taker taker;

	ASSERT_EQ(0, by_eventfd(self->other, self->event, 0));
	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_TYPE, 7));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	ASSERT_EQ(0, put(self->fd, 2, 7, 0));
	EXPECT_EQ(2, taker_end(&taker));
}

TEST_F(notify, of_what_comes_by_number_write_and_batch)
{
	struct kipc_queue_item items[3] = { { .payload = payload_of("x", 1) } };
	struct kipc_queue_send_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)items,
		.count = 3,
	};
	struct kipc_queue_send send = queue_send_args("x", 1);
	int none = endpoint_open();

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, events(self->event));
	ASSERT_EQ(0, request(self->other, KIPC_IOC_QUEUE_SEND_BATCH, &batch));
	EXPECT_EQ(3, events(self->event));
	send.number = number_of_queue(self->fd);
	ASSERT_EQ(0, request(none, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(1, events(self->event));
	close(none);
}

TEST_F(notify, of_what_a_sender_that_waited_puts_in)
{
	struct putter putter;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 1));
	PUT(1);
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, putter_start(&putter, self->fd, 2));
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(1, events(self->event));
}

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

/* What another process is told that wants the place through an endpoint of its own. */
static int other_wants_it(const char *name)
{
	pid_t child = spawn();
	int fd;

	if (!child) {
		fd = queue_open(name, QUEUE_BOTH);
		_exit(fd < 0 ? 255 : -by_nothing(fd, KIPC_NOTIFY_SOLE));
	}
	return reap(child);
}

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

/* Bad input */

#define NOTIFY()	request(self->fd, KIPC_IOC_QUEUE_NOTIFY, &self->arg)

TEST_F(notify, no_such_way_einval)
{
	self->arg.how = KIPC_NOTIFY_EVENTFD + 1;
	EXPECT_EQ(-EINVAL, NOTIFY());
	self->arg.how = ~0U;
	EXPECT_EQ(-EINVAL, NOTIFY());
}

TEST_F(notify, no_such_signal_einval)
{
	static const unsigned int numbers[] = { 0, 65, 1000, 1U << 31, ~0U };
	int i;

	self->arg.how = KIPC_NOTIFY_SIGNAL;
	for (i = 0; i < 5; i++) {
		self->arg.signo = numbers[i];
		EXPECT_EQ(-EINVAL, NOTIFY());
	}
	self->arg.signo = 64;
	EXPECT_EQ(0, NOTIFY());
}

TEST_F(notify, what_its_way_does_not_use_einval)
{
	static const struct {
		unsigned int how;
		unsigned int signo;
		uint64_t value;
		int fd;
	} cases[] = {
		{ KIPC_NOTIFY_OFF, SIGUSR1, 0, 0 }, { KIPC_NOTIFY_OFF, 0, 1, 0 },
		{ KIPC_NOTIFY_OFF, 0, 0, 1 }, { KIPC_NOTIFY_NOTHING, SIGUSR1, 0, 0 },
		{ KIPC_NOTIFY_NOTHING, 0, 1ULL << 63, 0 }, { KIPC_NOTIFY_NOTHING, 0, 0, 1 },
		{ KIPC_NOTIFY_SIGNAL, SIGUSR1, 0, 1 },
	};
	int i;

	for (i = 0; i < 7; i++) {
		self->arg.how = cases[i].how;
		self->arg.signo = cases[i].signo;
		self->arg.value = cases[i].value;
		self->arg.fd = cases[i].fd;
		EXPECT_EQ(-EINVAL, NOTIFY())
			TH_LOG("case %d", i);
	}
}

TEST_F(notify, not_an_eventfd_ebadf)
{
	int pipes[2], i;

	ASSERT_EQ(0, pipe(pipes));
	int fds[] = { -1, 1000, pipes[0], self->fd };

	for (i = 0; i < 4; i++)
		EXPECT_EQ(-EBADF, by_eventfd(self->fd, fds[i], 0));
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(notify, one_that_is_refused_leaves_the_one_before)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(-EINVAL, by_signal(self->fd, 65, 0));
	EXPECT_EQ(-EBADF, by_eventfd(self->fd, 1000, 0));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
}

TEST_F(notify, removed_queue_eidrm)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, queue_remove(self->other, self->name));
	EXPECT_EQ(-EIDRM, by_eventfd(self->fd, self->event, 0));
	EXPECT_EQ(-EIDRM, by_eventfd(self->other, self->event, 0));
	EXPECT_EQ(0, events(self->event));
}

TEST_HARNESS_MAIN
