// SPDX-License-Identifier: GPL-2.0
/* Those who wait: for room and for a message; signals, removal, cancellation. */

/* pthread_cancel() loads libgcc_s, which has to go to the guest: so we need it too. */
char *const wait_unwinder = __gcc_personality_v0;

static struct message wait_msg = { .type = 1 };

/* A queue without room; the sender's message is of 10 bytes. */
static pid_t full_and_sender(int id)
{
	pid_t child;

	set_bytes(id, 10);
	snd(id, &wait_msg, 10, IPC_NOWAIT);
	child = START(snd(id, &wait_msg, 10, 0));
	return WAITS_SENDING(child) ? child : -1;
}

static pid_t receiver(int id, size_t size, long type, int flags)
{
	pid_t child = START(rcv(id, &wait_msg, size, type, flags));

	return WAITS_RECEIVING(child) ? child : -1;
}

/* ---- until there is what they wait for ---- */

TEST_F(sysv, wait_send_for_room)
{
	pid_t child = full_and_sender(self->id);

	ASSERT_LT(0, child);
	EXPECT_TRUE(still_runs(child));
	EXPECT_EQ(0, take_any(self->id) < 0);
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(1, stat_of(self->id).msg_qnum);
	EXPECT_EQ(child, stat_of(self->id).msg_lspid);
}

TEST_F(sysv, wait_send_for_a_larger_queue)
{
	pid_t child = full_and_sender(self->id);

	ASSERT_LT(0, child);
	EXPECT_EQ(0, set_bytes(self->id, 19));
	EXPECT_TRUE(still_runs(child));
	EXPECT_EQ(0, set_bytes(self->id, 20));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(2, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, wait_send_of_more_than_the_queue_holds)
{
	pid_t child;

	set_bytes(self->id, 9);
	child = START(snd(self->id, &wait_msg, 10, 0));
	ASSERT_TRUE(WAITS_SENDING(child));
	EXPECT_TRUE(still_runs(child));
	EXPECT_EQ(0, set_bytes(self->id, 10));
	EXPECT_EQ(0, reap(child));
}

TEST_F(sysv, wait_send_lets_smaller_ones_pass_that_fit)
{
	pid_t child;

	set_bytes(self->id, 15);
	snd(self->id, &wait_msg, 10, IPC_NOWAIT);
	child = START(snd(self->id, &wait_msg, 10, 0));
	ASSERT_TRUE(WAITS_SENDING(child));
	EXPECT_EQ(0, snd(self->id, &wait_msg, 5, IPC_NOWAIT));
	EXPECT_TRUE(still_runs(child));
	take_any(self->id);
	EXPECT_EQ(0, reap(child));
}

TEST_F(sysv, wait_recv_for_a_message)
{
	pid_t child = receiver(self->id, TEXT, 0, 0);

	ASSERT_LT(0, child);
	EXPECT_TRUE(still_runs(child));
	EXPECT_EQ(0, put(self->id, 1, "x"));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
	EXPECT_EQ(child, stat_of(self->id).msg_lrpid);
}

TEST_F(sysv, wait_recv_for_its_type)
{
	pid_t child = receiver(self->id, TEXT, 5, 0);

	ASSERT_LT(0, child);
	put(self->id, 4, "four");
	EXPECT_TRUE(still_runs(child));
	put(self->id, 5, "five");
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(take(self->id, 0, 0, 4, "four"));
}

TEST_F(sysv, wait_recv_for_a_type_up_to)
{
	pid_t child = receiver(self->id, TEXT, -4, 0);

	ASSERT_LT(0, child);
	put(self->id, 5, "five");
	EXPECT_TRUE(still_runs(child));
	put(self->id, 4, "four");
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(take(self->id, 0, 0, 5, "five"));
}

TEST_F(sysv, wait_recv_for_another_type)
{
	pid_t child = receiver(self->id, TEXT, 5, MSG_EXCEPT);

	ASSERT_LT(0, child);
	put(self->id, 5, "five");
	EXPECT_TRUE(still_runs(child));
	put(self->id, 4, "four");
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(take(self->id, 0, 0, 5, "five"));
}

TEST_F(sysv, wait_recv_e2big_when_it_comes)
{
	pid_t child = receiver(self->id, 3, 0, 0);

	ASSERT_LT(0, child);
	put(self->id, 1, "hello");
	EXPECT_EQ(E2BIG, reap(child));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "hello"));
}

TEST_F(sysv, wait_recv_noerror_cuts_off_when_it_comes)
{
	pid_t child = receiver(self->id, 3, 0, MSG_NOERROR);

	ASSERT_LT(0, child);
	put(self->id, 1, "hello");
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, wait_recv_in_the_order_of_arrival)
{
	pid_t first = receiver(self->id, TEXT, 0, 0);
	pid_t second = receiver(self->id, TEXT, 0, 0);

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	put(self->id, 1, "x");
	EXPECT_EQ(0, reap(first));
	EXPECT_TRUE(still_runs(second));
	put(self->id, 1, "x");
	EXPECT_EQ(0, reap(second));
}

/* ---- removal and permissions ---- */

TEST_F(sysv, wait_send_eidrm)
{
	pid_t child = full_and_sender(self->id);

	ASSERT_LT(0, child);
	EXPECT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	EXPECT_EQ(EIDRM, reap(child));
}

TEST_F(sysv, wait_recv_eidrm)
{
	pid_t child = receiver(self->id, TEXT, 0, 0);

	ASSERT_LT(0, child);
	EXPECT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	EXPECT_EQ(EIDRM, reap(child));
}

TEST_F(sysv, wait_eidrm_for_all)
{
	pid_t child[6];
	int i;

	for (i = 0; i < 6; i++)
		child[i] = receiver(self->id, TEXT, i - 3, 0);
	EXPECT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	for (i = 0; i < 6; i++)
		EXPECT_EQ(EIDRM, reap(child[i]));
}

static int wait_as_user(int id)
{
	return become(USER) ?: rcv(id, &wait_msg, TEXT, 0, 0);
}

/* The kernel has those who wait look at their permission again; kipc has not. */
TEST_F(sysv, wait_recv_and_lose_the_permission)
{
	pid_t child;

	set_mode(self->id, 0666);
	child = START(wait_as_user(self->id));
	ASSERT_TRUE(WAITS_RECEIVING(child));
	EXPECT_EQ(0, set_mode(self->id, 0600));
	if (ON_KIPC) {
		EXPECT_TRUE(still_runs(child));
		put(self->id, 1, "x");
		EXPECT_EQ(0, reap(child));
	} else {
		EXPECT_EQ(EACCES, reap(child));
	}
}

TEST_F(sysv, wait_goes_on_after_a_set_that_changes_nothing)
{
	pid_t child = receiver(self->id, TEXT, 0, 0);

	ASSERT_LT(0, child);
	EXPECT_EQ(0, set_mode(self->id, 0600));
	EXPECT_TRUE(still_runs(child));
	put(self->id, 1, "x");
	EXPECT_EQ(0, reap(child));
}

/* ---- signals ---- */

static int handled(int flags, int err)
{
	on_signal(SIGUSR1, flags);
	return err;
}

TEST_F(sysv, wait_send_eintr)
{
	pid_t child;

	set_bytes(self->id, 0);
	child = START(handled(0, 0) ?: snd(self->id, &wait_msg, 0, 0));
	ASSERT_TRUE(WAITS_SENDING(child));
	kill(child, SIGUSR1);
	EXPECT_EQ(EINTR, reap(child));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, wait_send_eintr_even_with_sa_restart)
{
	pid_t child;

	set_bytes(self->id, 0);
	child = START(handled(SA_RESTART, 0) ?: snd(self->id, &wait_msg, 0, 0));
	ASSERT_TRUE(WAITS_SENDING(child));
	kill(child, SIGUSR1);
	EXPECT_EQ(EINTR, reap(child));
}

TEST_F(sysv, wait_recv_eintr)
{
	pid_t child = START(handled(0, 0) ?: rcv(self->id, &wait_msg, TEXT, 0, 0));

	ASSERT_TRUE(WAITS_RECEIVING(child));
	kill(child, SIGUSR1);
	EXPECT_EQ(EINTR, reap(child));
}

TEST_F(sysv, wait_recv_eintr_even_with_sa_restart)
{
	pid_t child = START(handled(SA_RESTART, 0) ?: rcv(self->id, &wait_msg, TEXT, 0, 0));

	ASSERT_TRUE(WAITS_RECEIVING(child));
	kill(child, SIGUSR1);
	EXPECT_EQ(EINTR, reap(child));
}

TEST_F(sysv, wait_is_not_ended_by_stop_and_continue)
{
	pid_t child = receiver(self->id, TEXT, 0, 0);
	int status;

	ASSERT_LT(0, child);
	kill(child, SIGSTOP);
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	kill(child, SIGCONT);
	EXPECT_TRUE(still_runs(child));
	put(self->id, 1, "x");
	EXPECT_EQ(0, reap(child));
}

TEST_F(sysv, wait_is_not_ended_by_an_ignored_signal)
{
	pid_t child;

	signal(SIGUSR1, SIG_IGN);
	child = receiver(self->id, TEXT, 0, 0);
	ASSERT_LT(0, child);
	kill(child, SIGUSR1);
	kill(child, SIGCHLD);
	EXPECT_TRUE(still_runs(child));
	put(self->id, 1, "x");
	EXPECT_EQ(0, reap(child));
}

TEST_F(sysv, wait_is_ended_by_a_deadly_signal)
{
	pid_t child = receiver(self->id, TEXT, 0, 0);

	ASSERT_LT(0, child);
	kill(child, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, reap(child));
	put(self->id, 1, "x");
	EXPECT_TRUE(take(self->id, 0, 0, 1, "x"));
}

TEST_F(sysv, recv_that_need_not_wait_is_not_interrupted)
{
	put(self->id, 1, "x");
	on_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	EXPECT_EQ(2, rcv(self->id, &wait_msg, TEXT, 0, 0));
}

/* ---- cancellation: POSIX has both calls as cancellation points ---- */

struct canceled {
	int id;
	pid_t tid;
	bool sends;
};

static void *run_to_cancel(void *arg)
{
	struct canceled *run = arg;
	struct message msg = { .type = 1 };

	__atomic_store_n(&run->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (run->sends)
		msgsnd(run->id, &msg, 0, 0);
	else
		msgrcv(run->id, &msg, TEXT, 0, 0);
	return NULL;
}

static void *cancel_waiting(struct canceled *run)
{
	long call = ON_KIPC ? SYS_ioctl : run->sends ? SYS_msgsnd : SYS_msgrcv;
	pthread_t thread;
	void *result = NULL;

	if (pthread_create(&thread, NULL, run_to_cancel, run))
		return NULL;
	while (!__atomic_load_n(&run->tid, __ATOMIC_ACQUIRE))
		nap_ms(1);
	await_sleep(getpid(), run->tid, call);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return result;
}

TEST_F(sysv, cancel_a_sender)
{
	struct canceled run = { .id = self->id, .sends = true };

	set_bytes(self->id, 0);
	EXPECT_EQ(PTHREAD_CANCELED, cancel_waiting(&run));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, cancel_a_receiver)
{
	struct canceled run = { .id = self->id };

	EXPECT_EQ(PTHREAD_CANCELED, cancel_waiting(&run));
	put(self->id, 1, "x");
	EXPECT_TRUE(take(self->id, 0, 0, 1, "x"));
}

static void *run_with_cancel_pending(void *arg)
{
	int type;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	put(*(int *)arg, 1, "x");
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	return NULL;
}

TEST_F(sysv, cancel_before_it_begins)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_with_cancel_pending, &self->id));
	pthread_join(thread, &result);
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

/* msgget and msgctl are none, whatever they have to do inside. */
static void *run_get_with_cancel_pending(void *arg)
{
	struct msqid_ds ds;
	struct msginfo info;
	int id;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	id = get(IPC_PRIVATE, 0600);
	ctl(id, IPC_STAT, &ds);
	ctl(id, IPC_SET, &ds);
	ctl(0, MSG_INFO, &info);
	ctl(id, IPC_RMID, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return arg;
}

TEST(cancel_is_no_matter_of_get_and_ctl)
{
	pthread_t thread;
	void *result;
	int token;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_get_with_cancel_pending, &token));
	pthread_join(thread, &result);
	EXPECT_EQ(&token, result);
}

static void *run_deferred(void *arg)
{
	int type = -1;

	put(*(int *)arg, 1, "x");
	take_any(*(int *)arg);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	return (void *)(long)type;
}

TEST_F(sysv, cancel_type_is_as_it_was)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_deferred, &self->id));
	pthread_join(thread, &result);
	EXPECT_EQ(PTHREAD_CANCEL_DEFERRED, (long)result);
}
