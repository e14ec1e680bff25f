// SPDX-License-Identifier: GPL-2.0
/*
 * POSIX message queues: mq_notify, by signal, by thread and by nothing.  See dropin_mq.h
 * for how this is run.
 */
#include <dirent.h>

#include "dropin_mq.h"

FIXTURE(mq_notify)
{
	char name[MQ_NAME_SIZE];
	mqd_t mqd;
};

FIXTURE_SETUP(mq_notify)
{
	sigset_t set;

	umask(0);
	no_mq_limit();
	/* They are waited for, and not handled. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
	self->mqd = mq_make(fresh_mq_name(self->name), O_RDWR, MSGS, SIZE);
	ASSERT_LE(0, self->mqd);
}

FIXTURE_TEARDOWN(mq_notify)
{
	mq_close(self->mqd);
	mq_unlink(self->name);
}

static int notify_signal(mqd_t mqd, int signo, int value)
{
	struct sigevent sev = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = signo,
		.sigev_value.sival_int = value,
	};

	return got(mq_notify(mqd, &sev));
}

static int notify_nothing(mqd_t mqd)
{
	struct sigevent sev = { .sigev_notify = SIGEV_NONE };

	return got(mq_notify(mqd, &sev));
}

/* Has this signal come?  Waits a while for it. */
static bool came(int signo, siginfo_t *info, int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	return sigtimedwait(&set, info, &ts) == signo;
}

static bool comes(int signo)
{
	siginfo_t info;

	return came(signo, &info, 10000);
}

/* A signal is there when the message's sender goes on. */
static bool comes_not(int signo)
{
	siginfo_t info;

	return !came(signo, &info, 0);
}

/* Asked for again by the handler, which is what programs do */
static mqd_t handled_mqd;
static int handled_count;

static void take_and_notify(int signo)
{
	char buf[SIZE];

	notify_signal(handled_mqd, signo, 0);
	while (mq_receive(handled_mqd, buf, SIZE, NULL) >= 0)
		__atomic_add_fetch(&handled_count, 1, __ATOMIC_RELAXED);
}

/* What another process gets that does this */
static int elsewhere(int (*what)(mqd_t mqd), mqd_t mqd)
{
	pid_t child = spawn();

	if (!child)
		_exit(-what(mqd));
	return -reap(child);
}

static int put_hello(mqd_t mqd)
{
	return put(mqd, "hello");
}

static int notify_off(mqd_t mqd)
{
	return got(mq_notify(mqd, NULL));
}

static int close_it(mqd_t mqd)
{
	return got(mq_close(mqd));
}

/* Signals */

TEST_F(mq_notify, signal_tells_of_a_message_on_an_empty_queue)
{
	siginfo_t info;

	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 4711));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(came(SIGUSR1, &info, 10000));
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(4711, info.si_value.sival_int);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ(getuid(), info.si_uid);
	EXPECT_EQ(1, mq_curmsgs(self->mqd));
}

TEST_F(mq_notify, signal_has_a_pointer_s_value)
{
	struct sigevent sev = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGRTMAX,
		.sigev_value.sival_ptr = self,
	};
	siginfo_t info;

	EXPECT_EQ(0, mq_notify(self->mqd, &sev));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(came(SIGRTMAX, &info, 10000));
	EXPECT_EQ(self, info.si_value.sival_ptr);
}

TEST_F(mq_notify, signal_tells_who_sent)
{
	siginfo_t info;
	pid_t child;

	if (!is_root())
		SKIP(return, "needs root");
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	child = spawn();
	if (!child)
		_exit(become(USER) || put(self->mqd, "hello"));
	EXPECT_EQ(0, reap(child));
	ASSERT_TRUE(came(SIGUSR1, &info, 10000));
	EXPECT_EQ(child, info.si_pid);
	EXPECT_EQ(USER, info.si_uid);
}

TEST_F(mq_notify, signal_comes_once)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGRTMAX, 0));
	EXPECT_EQ(0, put(self->mqd, "one"));
	EXPECT_TRUE(comes(SIGRTMAX));
	EXPECT_EQ(0, put(self->mqd, "two"));
	EXPECT_TRUE(next_is(self->mqd, "one"));
	EXPECT_TRUE(next_is(self->mqd, "two"));
	EXPECT_EQ(0, put(self->mqd, "three"));
	EXPECT_TRUE(comes_not(SIGRTMAX));
}

TEST_F(mq_notify, it_can_be_asked_for_again)
{
	int i;

	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, i));
		EXPECT_EQ(0, put(self->mqd, "hello"));
		EXPECT_TRUE(comes(SIGUSR1));
		EXPECT_TRUE(next_is(self->mqd, "hello"));
	}
}

static int put_many(mqd_t mqd)
{
	int i, err = 0;

	for (i = 0; i < 2000 && !err; i++)
		err = put(mqd, "hello");
	return err;
}

/* Also while this thread itself is asking. */
TEST_F(mq_notify, handler_may_ask_for_the_next_one)
{
	struct sigaction action = { .sa_handler = take_and_notify };
	sigset_t set;
	pid_t child;
	int i;

	handled_mqd = mq_join(self->name, O_RDONLY | O_NONBLOCK);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	EXPECT_EQ(0, notify_signal(self->mqd, SIGALRM, 0));
	child = spawn();
	if (!child)
		_exit(-put_many(self->mqd));
	while (waitpid(child, &i, WNOHANG) == 0) {
		notify_signal(self->mqd, SIGALRM, 0);
		notify_off(self->mqd);
		notify_signal(self->mqd, SIGALRM, 0);
		/* What came while nobody was to be told */
		sigprocmask(SIG_BLOCK, &set, NULL);
		take_and_notify(SIGALRM);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	EXPECT_EQ(0, i);
	sigprocmask(SIG_BLOCK, &set, NULL);
	take_and_notify(SIGALRM);
	EXPECT_EQ(2000, handled_count);
}

TEST_F(mq_notify, message_on_a_queue_that_is_not_empty_tells_nothing)
{
	EXPECT_EQ(0, put(self->mqd, "one"));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, put(self->mqd, "two"));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_TRUE(next_is(self->mqd, "one"));
	EXPECT_TRUE(next_is(self->mqd, "two"));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_EQ(0, put(self->mqd, "three"));
	EXPECT_TRUE(comes(SIGUSR1));
}

static pid_t receiver;

static void *receive_one(void *arg)
{
	mqd_t *mqd = arg;

	__atomic_store_n(&receiver, syscall(SYS_gettid), __ATOMIC_RELEASE);
	return (void *)next_is(*mqd, "hello");
}

TEST_F(mq_notify, message_for_a_thread_that_waits_tells_nothing)
{
	pthread_t thread;
	void *received;

	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, &self->mqd));
	while (!__atomic_load_n(&receiver, __ATOMIC_ACQUIRE))
		nap_ms(1);
	ASSERT_TRUE(await_mq_sleep(getpid(), receiver));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_EQ(0, pthread_join(thread, &received));
	EXPECT_NE(NULL, received);
	EXPECT_TRUE(comes_not(SIGUSR1));
	/* The place is taken as before. */
	EXPECT_EQ(-EBUSY, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
}

TEST_F(mq_notify, any_descriptor_will_do)
{
	mqd_t sender = mq_join(self->name, O_WRONLY);
	mqd_t receiver = mq_join(self->name, O_RDONLY);

	EXPECT_EQ(0, notify_signal(sender, SIGUSR1, 0));
	EXPECT_EQ(-EBUSY, notify_signal(receiver, SIGUSR1, 0));
	EXPECT_EQ(0, put(sender, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
	EXPECT_EQ(0, notify_signal(receiver, SIGUSR1, 0));
}

TEST_F(mq_notify, queue_without_a_name_any_more_tells_as_well)
{
	EXPECT_EQ(0, mq_unlink(self->name));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
}

/* The one place */

TEST_F(mq_notify, place_that_is_taken_ebusy)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(-EBUSY, notify_signal(self->mqd, SIGUSR2, 0));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(-EBUSY, elsewhere(notify_nothing, self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
	EXPECT_TRUE(comes_not(SIGUSR2));
}

TEST_F(mq_notify, nothing_takes_the_place_and_tells_nothing)
{
	EXPECT_EQ(0, notify_nothing(self->mqd));
	EXPECT_EQ(-EBUSY, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	/* A message ends it like any other. */
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

TEST_F(mq_notify, place_is_free_after_the_notification)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(0, elsewhere(notify_nothing, self->mqd));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
}

TEST_F(mq_notify, each_queue_has_its_place)
{
	char name[MQ_NAME_SIZE];
	mqd_t other = mq_make(fresh_mq_name(name), O_RDWR, MSGS, SIZE);

	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, notify_signal(other, SIGUSR2, 0));
	EXPECT_EQ(0, put(other, "hello"));
	EXPECT_TRUE(comes(SIGUSR2));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_EQ(0, mq_unlink(name));
}

TEST_F(mq_notify, null_gives_the_place_back)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, notify_off(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR2, 0));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR2));
}

TEST_F(mq_notify, null_through_another_descriptor_gives_it_back)
{
	mqd_t other = mq_join(self->name, O_RDONLY);

	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, notify_off(other));
	EXPECT_EQ(0, notify_signal(other, SIGUSR1, 0));
}

TEST_F(mq_notify, null_of_whoever_has_it_not_is_nothing)
{
	EXPECT_EQ(0, notify_off(self->mqd));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, elsewhere(notify_off, self->mqd));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
}

TEST_F(mq_notify, closing_gives_the_place_back)
{
	mqd_t other = mq_join(self->name, O_RDWR);

	EXPECT_EQ(0, notify_signal(other, SIGUSR1, 0));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(0, mq_close(other));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes_not(SIGUSR1));
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

/* Linux takes it back with any descriptor of the queue, POSIX with the one it came by. */
TEST_F(mq_notify, closing_another_descriptor)
{
	mqd_t other = mq_join(self->name, O_RDWR);

	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, mq_close(other));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(drop_in(), comes(SIGUSR1));
}

TEST_F(mq_notify, child_that_closes_takes_nothing_back)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, elsewhere(close_it, self->mqd));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(comes(SIGUSR1));
}

TEST_F(mq_notify, process_that_ends_gives_the_place_back)
{
	EXPECT_EQ(0, elsewhere(notify_nothing, self->mqd));
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

TEST_F(mq_notify, sender_elsewhere_tells_here)
{
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	EXPECT_EQ(0, elsewhere(put_hello, self->mqd));
	EXPECT_TRUE(comes(SIGUSR1));
}

/* Arguments */

TEST_F(mq_notify, way_that_is_none_einval)
{
	static const int ways[] = { 3, 4, 99, -1, INT_MIN };
	struct sigevent sev = { .sigev_signo = SIGUSR1 };
	int i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		sev.sigev_notify = ways[i];
		EXPECT_ERRNO(EINVAL, mq_notify(self->mqd, &sev));
		/* The way is looked at before the descriptor. */
		EXPECT_ERRNO(EINVAL, mq_notify(-1, &sev));
	}
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

TEST_F(mq_notify, signal_that_is_none_einval)
{
	EXPECT_EQ(-EINVAL, notify_signal(self->mqd, -1, 0));
	EXPECT_EQ(-EINVAL, notify_signal(self->mqd, SIGRTMAX + 1, 0));
	EXPECT_EQ(-EINVAL, notify_signal(self->mqd, INT_MIN, 0));
	EXPECT_EQ(-EINVAL, notify_signal(-1, 99, 0));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
}

/* As kill() has it: no signal, but no error. */
TEST_F(mq_notify, signal_0_takes_the_place)
{
	EXPECT_EQ(0, notify_signal(self->mqd, 0, 0));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

TEST_F(mq_notify, descriptor_that_is_no_queue_ebadf)
{
	struct sigevent thread = { .sigev_notify = SIGEV_THREAD };

	EXPECT_EQ(-EBADF, notify_signal(-1, SIGUSR1, 0));
	EXPECT_EQ(-EBADF, notify_nothing(closed_fd()));
	EXPECT_EQ(-EBADF, notify_off(-1));
	EXPECT_ERRNO(EBADF, mq_notify(-1, &thread));
	EXPECT_ERRNO(EBADF, mq_notify(open("/", O_RDONLY), &thread));
}

/* Threads */

/* What the function has seen of the thread that it ran in */
static struct {
	int count;
	int value;
	pid_t tid;
	size_t stack;
	int detached;
	bool usr1_blocked, usr2_blocked;
} seen;

static int times_seen(void)
{
	return __atomic_load_n(&seen.count, __ATOMIC_ACQUIRE);
}

static bool await_seen(int count)
{
	int i;

	for (i = 0; i < 10000 && times_seen() < count; i++)
		nap_ms(1);
	return times_seen() == count;
}

static void notified(union sigval value)
{
	pthread_attr_t attr;
	sigset_t mask;

	seen.value = value.sival_int;
	seen.tid = syscall(SYS_gettid);
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstacksize(&attr, &seen.stack);
	pthread_attr_getdetachstate(&attr, &seen.detached);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	seen.usr1_blocked = sigismember(&mask, SIGUSR1);
	seen.usr2_blocked = sigismember(&mask, SIGUSR2);
	__atomic_add_fetch(&seen.count, 1, __ATOMIC_RELEASE);
}

static int notify_thread(mqd_t mqd, int value, pthread_attr_t *attr)
{
	struct sigevent sev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_value.sival_int = value,
		.sigev_notify_function = notified,
		.sigev_notify_attributes = attr,
	};

	return got(mq_notify(mqd, &sev));
}

static int count_in(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int threads(void)
{
	return count_in("/proc/self/task") - 2;
}

static bool await_threads(int n)
{
	int i;

	for (i = 0; i < 10000 && threads() != n; i++)
		nap_ms(1);
	return threads() == n;
}

TEST_F(mq_notify, thread_runs_the_function)
{
	EXPECT_EQ(0, notify_thread(self->mqd, 4711, NULL));
	nap_ms(20);
	EXPECT_EQ(0, times_seen());
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(await_seen(1));
	EXPECT_EQ(4711, seen.value);
	EXPECT_NE(getpid(), seen.tid);
	EXPECT_EQ(PTHREAD_CREATE_DETACHED, seen.detached);
	EXPECT_EQ(1, mq_curmsgs(self->mqd));
}

TEST_F(mq_notify, thread_runs_once)
{
	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
	EXPECT_EQ(-EBUSY, notify_thread(self->mqd, 2, NULL));
	EXPECT_EQ(-EBUSY, notify_nothing(self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(await_seen(1));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	nap_ms(20);
	EXPECT_EQ(1, times_seen());
	EXPECT_EQ(0, notify_nothing(self->mqd));
}

TEST_F(mq_notify, thread_runs_whenever_it_is_asked_for_again)
{
	int i;

	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, notify_thread(self->mqd, i, NULL));
		EXPECT_EQ(0, put(self->mqd, "hello"));
		ASSERT_TRUE(await_seen(i));
		EXPECT_EQ(i, seen.value);
		EXPECT_TRUE(next_is(self->mqd, "hello"));
	}
}

TEST_F(mq_notify, thread_has_the_attributes)
{
	pthread_attr_t attr;

	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, 1 << 20));
	ASSERT_EQ(0, pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	EXPECT_EQ(0, notify_thread(self->mqd, 1, &attr));
	/* They are the program's again at once. */
	pthread_attr_destroy(&attr);
	memset(&attr, 0xff, sizeof(attr));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(await_seen(1));
	EXPECT_EQ(1 << 20, seen.stack);
	EXPECT_EQ(PTHREAD_CREATE_DETACHED, seen.detached);
}

/* POSIX leaves open what becomes of it; the C library detaches it as well. */
TEST_F(mq_notify, joinable_thread_is_detached)
{
	pthread_attr_t attr;

	ASSERT_EQ(0, pthread_attr_init(&attr));
	EXPECT_EQ(0, notify_thread(self->mqd, 1, &attr));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(await_seen(1));
	EXPECT_EQ(PTHREAD_CREATE_DETACHED, seen.detached);
}

/* The function asks for the next one, as the manual shows. */
static struct {
	mqd_t mqd;
	int messages;
} chain;

static void take_and_ask_again(union sigval value)
{
	struct sigevent sev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = take_and_ask_again,
	};
	char buf[SIZE];

	mq_notify(chain.mqd, &sev);
	while (mq_receive(chain.mqd, buf, SIZE, NULL) >= 0)
		__atomic_add_fetch(&chain.messages, 1, __ATOMIC_RELAXED);
}

TEST_F(mq_notify, function_may_ask_for_the_next_one)
{
	int i;

	chain.mqd = mq_join(self->name, O_RDONLY | O_NONBLOCK);
	take_and_ask_again((union sigval){ 0 });
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, put(self->mqd, "hello"));
	for (i = 0; i < 10000 && __atomic_load_n(&chain.messages, __ATOMIC_RELAXED) < 200; i++)
		nap_ms(1);
	EXPECT_EQ(200, chain.messages);
	EXPECT_EQ(0, notify_off(self->mqd));
}

TEST_F(mq_notify, null_calls_the_thread_off)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, notify_thread(self->mqd, 1, NULL));
		ASSERT_EQ(0, notify_off(self->mqd));
	}
	EXPECT_EQ(0, put(self->mqd, "hello"));
	nap_ms(20);
	EXPECT_EQ(0, times_seen());
}

TEST_F(mq_notify, null_through_another_descriptor_calls_the_thread_off)
{
	mqd_t other = mq_join(self->name, O_WRONLY);

	ASSERT_EQ(0, notify_thread(self->mqd, 1, NULL));
	ASSERT_EQ(0, notify_off(other));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	nap_ms(20);
	EXPECT_EQ(0, times_seen());
	EXPECT_EQ(0, notify_nothing(self->mqd));
	EXPECT_TRUE(!drop_in() || await_threads(1));
}

TEST_F(mq_notify, closing_calls_the_thread_off)
{
	mqd_t other;
	int i;

	for (i = 0; i < 50; i++) {
		other = mq_join(self->name, O_RDWR);
		ASSERT_EQ(0, notify_thread(other, 1, NULL));
		ASSERT_EQ(0, mq_close(other));
	}
	EXPECT_EQ(0, put(self->mqd, "hello"));
	nap_ms(20);
	EXPECT_EQ(0, times_seen());
	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
}

/* Of the drop-in: nothing stays.  The C library keeps a thread and two descriptors. */
TEST_F(mq_notify, nothing_stays_of_what_was_called_off)
{
	int fds = count_in("/proc/self/fd"), i;
	mqd_t other;

	if (!drop_in())
		SKIP(return, "the C library keeps its helper");
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, notify_thread(self->mqd, 1, NULL));
		ASSERT_EQ(0, notify_off(self->mqd));
		other = mq_join(self->name, O_RDWR);
		ASSERT_EQ(0, notify_thread(other, 1, NULL));
		ASSERT_EQ(0, mq_close(other));
		/* By close(2) the library learns of it with the next one. */
		other = mq_join(self->name, O_RDWR);
		ASSERT_EQ(0, notify_thread(other, 1, NULL));
		ASSERT_EQ(0, close(other));
		ASSERT_EQ(0, notify_thread(self->mqd, 1, NULL));
		EXPECT_EQ(0, put(self->mqd, "hello"));
		EXPECT_TRUE(next_is(self->mqd, "hello"));
	}
	EXPECT_TRUE(await_seen(20));
	EXPECT_TRUE(await_threads(1));
	EXPECT_EQ(fds, count_in("/proc/self/fd"));
}

/* Whatever thread waits for the notification handles none of the program's signals. */
TEST_F(mq_notify, signals_are_the_program_s_own)
{
	int i;

	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kill(getpid(), SIGUSR1));
		EXPECT_TRUE(comes(SIGUSR1));
	}
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(await_seen(1));
}

/* POSIX leaves the mask open. */
TEST_F(mq_notify, function_has_the_mask_of_whoever_asked)
{
	sigset_t set;

	if (!drop_in())
		SKIP(return, "the C library's has another");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	ASSERT_TRUE(await_seen(1));
	EXPECT_TRUE(seen.usr1_blocked);
	EXPECT_FALSE(seen.usr2_blocked);
}

TEST_F(mq_notify, thread_that_cannot_be_started_is_an_error)
{
	struct rlimit limit = { 0, 0 };

	if (!drop_in() || !is_root())
		SKIP(return, "the C library loses the notification");
	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &limit));
	ASSERT_EQ(0, become(USER));
	EXPECT_EQ(-ENOMEM, notify_thread(self->mqd, 1, NULL));
	/* Nothing has been registered. */
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
}

TEST_F(mq_notify, no_descriptor_left_for_a_thread_enomem)
{
	struct rlimit limit, none;

	if (!drop_in())
		SKIP(return, "the C library says ENOSYS");
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-ENOMEM, notify_thread(self->mqd, 1, NULL));
	EXPECT_EQ(0, notify_signal(self->mqd, SIGUSR1, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* Over fork */

static int child_of_a_notified_one(mqd_t mqd)
{
	/* Its parent has the place, and it has no part in it. */
	if (notify_nothing(mqd) != -EBUSY || notify_off(mqd) || notify_nothing(mqd) != -EBUSY)
		return -1;
	if (threads() != 1)
		return -2;
	if (put(mqd, "hello"))
		return -3;
	nap_ms(20);
	if (times_seen())
		return -4;
	/* Now the place is free, and the child can have threads of its own. */
	if (!next_is(mqd, "hello") || notify_thread(mqd, 2, NULL) || put(mqd, "hello"))
		return -5;
	return await_seen(1) && seen.value == 2 && next_is(mqd, "hello") ? 0 : -6;
}

TEST_F(mq_notify, parent_s_thread_stays_the_parent_s)
{
	if (!drop_in())
		SKIP(return, "the C library's are sometimes started in the other process");
	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
	EXPECT_EQ(0, elsewhere(child_of_a_notified_one, self->mqd));
	ASSERT_TRUE(await_seen(1));
	EXPECT_EQ(1, seen.value);
}

TEST_F(mq_notify, child_that_closes_does_not_call_the_thread_off)
{
	EXPECT_EQ(0, notify_thread(self->mqd, 1, NULL));
	EXPECT_EQ(0, elsewhere(close_it, self->mqd));
	EXPECT_EQ(0, put(self->mqd, "hello"));
	EXPECT_TRUE(await_seen(1));
}

/* Notification and calling off at the same time: it is one or the other. */

static void *put_one(void *arg)
{
	mqd_t *mqd = arg;

	return (void *)(long)put(*mqd, "hello");
}

TEST_F(mq_notify, place_is_free_when_the_thread_runs_or_is_called_off)
{
	pthread_t thread;
	void *failed;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, notify_thread(self->mqd, i, NULL));
		ASSERT_EQ(0, pthread_create(&thread, NULL, put_one, &self->mqd));
		ASSERT_EQ(0, notify_off(self->mqd));
		ASSERT_EQ(0, pthread_join(thread, &failed));
		EXPECT_EQ(NULL, failed);
		EXPECT_EQ(0, notify_nothing(self->mqd));
		EXPECT_EQ(0, notify_off(self->mqd));
		EXPECT_TRUE(next_is(self->mqd, "hello"));
	}
	EXPECT_TRUE(!drop_in() || await_threads(1));
	EXPECT_GE(100, times_seen());
}

TEST_HARNESS_MAIN
