// SPDX-License-Identifier: GPL-2.0
/* msgsnd: what is sent, and what is refused. */

TEST_F(sysv, send_and_receive)
{
	EXPECT_EQ(0, put(self->id, 1, "hello"));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "hello"));
}

TEST_F(sysv, send_keeps_every_byte)
{
	struct message msg = { .type = 7 }, got = { 0 };

	fill(msg.text, TEXT, 1);
	ASSERT_EQ(0, snd(self->id, &msg, TEXT, 0));
	EXPECT_EQ(TEXT, rcv(self->id, &got, TEXT, 0, 0));
	EXPECT_EQ(7, got.type);
	EXPECT_TRUE(filled(got.text, TEXT, 1));
}

TEST_F(sysv, send_0_bytes)
{
	struct message msg = { .type = 3, .text = "a" }, got = { .text = "b" };

	EXPECT_EQ(0, snd(self->id, &msg, 0, 0));
	EXPECT_EQ(1, stat_of(self->id).msg_qnum);
	EXPECT_EQ(0, rcv(self->id, &got, 1, 0, 0));
	EXPECT_EQ(3, got.type);
	EXPECT_EQ('b', got.text[0]);
}

TEST_F(sysv, send_type_may_be_long_max)
{
	EXPECT_EQ(0, put(self->id, LONG_MAX, "big"));
	EXPECT_TRUE(take(self->id, LONG_MAX, 0, LONG_MAX, "big"));
}

TEST_F(sysv, send_einval_type_0)
{
	EXPECT_EQ(-EINVAL, put(self->id, 0, "x"));
}

TEST_F(sysv, send_einval_type_negative)
{
	EXPECT_EQ(-EINVAL, put(self->id, -1, "x"));
	EXPECT_EQ(-EINVAL, put(self->id, LONG_MIN, "x"));
}

TEST_F(sysv, send_einval_above_msgmax)
{
	struct message msg = { .type = 1 };

	ASSERT_EQ(TEXT, limit("msgmax"));
	EXPECT_EQ(-EINVAL, snd(self->id, &msg, TEXT + 1, 0));
	EXPECT_EQ(0, snd(self->id, &msg, TEXT, 0));
}

TEST_F(sysv, send_einval_size_negative)
{
	struct message msg = { .type = 1 };

	EXPECT_EQ(-EINVAL, snd(self->id, &msg, -1, 0));
	EXPECT_EQ(-EINVAL, snd(self->id, &msg, SSIZE_MAX, 0));
}

TEST_F(sysv, send_einval_no_such_queue)
{
	EXPECT_EQ(-EINVAL, put(-1, 1, "x"));
	EXPECT_EQ(-EINVAL, put(INT_MIN, 1, "x"));
	EXPECT_EQ(-EINVAL, put(INT_MAX, 1, "x"));
	EXPECT_EQ(-EINVAL, put(no_queue(), 1, "x"));
}

TEST_F(sysv, send_einval_after_rmid)
{
	ctl(self->id, IPC_RMID, NULL);
	EXPECT_EQ(-EINVAL, put(self->id, 1, "x"));
}

TEST(send_msgmax_may_be_raised)
{
	static struct { long type; char text[20000]; } msg = { .type = 1 };
	int id;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC | CLONE_NEWNET));
	id = get(IPC_PRIVATE, 0600);
	EXPECT_EQ(-EINVAL, snd(id, &msg, 15000, IPC_NOWAIT));
	ASSERT_EQ(0, set_limit("msgmax", 15000));
	EXPECT_EQ(0, snd(id, &msg, 15000, IPC_NOWAIT));
	EXPECT_EQ(-EINVAL, snd(id, &msg, 15001, IPC_NOWAIT));
	EXPECT_EQ(15000, rcv(id, &msg, sizeof(msg.text), 0, IPC_NOWAIT));
	msgctl(id, IPC_RMID, NULL);
}

TEST(send_msgmax_may_be_low)
{
	struct message msg = { .type = 1 };
	int id;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC | CLONE_NEWNET));
	ASSERT_EQ(0, set_limit("msgmax", 10));
	id = get(IPC_PRIVATE, 0600);
	EXPECT_EQ(0, snd(id, &msg, 10, IPC_NOWAIT));
	EXPECT_EQ(-EINVAL, snd(id, &msg, 11, IPC_NOWAIT));
	msgctl(id, IPC_RMID, NULL);
}

/* ---- where the message lies ---- */

TEST_F(sysv, send_efault_bad_address)
{
	EXPECT_EQ(-EFAULT, snd(self->id, (void *)-1, 1, IPC_NOWAIT));
	EXPECT_EQ(-EFAULT, snd(self->id, NULL, 1, IPC_NOWAIT));
	EXPECT_EQ(-EFAULT, snd(self->id, (void *)8, 1, IPC_NOWAIT));
	EXPECT_EQ(-EFAULT, snd(self->id, (void *)(1UL << 63), 1, IPC_NOWAIT));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, send_efault_no_page)
{
	EXPECT_EQ(-EFAULT, snd(self->id, no_page(), 1, IPC_NOWAIT));
	EXPECT_EQ(-EFAULT, snd(self->id, no_page(), 0, IPC_NOWAIT));
}

TEST_F(sysv, send_efault_half_a_type)
{
	char *page = last_page();

	page[PAGE - 4] = 1;
	EXPECT_EQ(-EFAULT, snd(self->id, page + PAGE - 4, 0, IPC_NOWAIT));
}

TEST_F(sysv, send_efault_text_without_page)
{
	long *type = (long *)(last_page() + PAGE) - 1;

	*type = 1;
	EXPECT_EQ(-EFAULT, snd(self->id, type, 1, IPC_NOWAIT));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
	EXPECT_EQ(0, snd(self->id, type, 0, IPC_NOWAIT));
}

TEST_F(sysv, send_efault_text_cut_off)
{
	char *msg = last_page() + PAGE - 8 - 100;

	*(long *)msg = 1;
	EXPECT_EQ(-EFAULT, snd(self->id, msg, 101, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, msg, 100, IPC_NOWAIT));
}

TEST_F(sysv, send_efault_goes_before_einval)
{
	EXPECT_EQ(-EFAULT, snd(-1, (void *)-1, 1, IPC_NOWAIT));
	EXPECT_EQ(-EFAULT, snd(no_queue(), no_page(), 1, IPC_NOWAIT));
}

TEST_F(sysv, send_efault_after_munmap)
{
	struct message *msg = memory(sizeof(*msg));

	msg->type = 1;
	EXPECT_EQ(0, snd(self->id, msg, 1, IPC_NOWAIT));
	munmap(msg, sizeof(*msg));
	EXPECT_EQ(-EFAULT, snd(self->id, msg, 1, IPC_NOWAIT));
}

static void *send_around_the_stack(void *arg)
{
	struct message msg = { .type = 1, .text = "thread" };
	int id = *(int *)arg;
	char *page = no_page();
	long err = 0;

	if (snd(id, &msg, 7, IPC_NOWAIT))
		err = 1;
	else if (snd(id, page, 1, IPC_NOWAIT) != -EFAULT)
		err = 2;
	return (void *)err;
}

TEST_F(sysv, send_efault_in_a_thread)
{
	pthread_t thread;
	void *err;

	no_page();
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_around_the_stack, &self->id));
	pthread_join(thread, &err);
	EXPECT_EQ(NULL, err);
	EXPECT_TRUE(take(self->id, 0, 0, 1, "thread"));
}

TEST_F(sysv, send_from_anywhere)
{
	static struct message fixed = { 1, "static" };
	static const struct { long type; char text[6]; } constant = { 2, "const" };
	struct message *heap = malloc(sizeof(*heap)), stack = { 4, "stack" };

	*heap = (struct message){ 3, "heap" };
	EXPECT_EQ(0, snd(self->id, &fixed, 7, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, &constant, 6, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, heap, 5, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, &stack, 6, IPC_NOWAIT));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "static"));
	EXPECT_TRUE(take(self->id, 0, 0, 2, "const"));
	EXPECT_TRUE(take(self->id, 0, 0, 3, "heap"));
	EXPECT_TRUE(take(self->id, 0, 0, 4, "stack"));
	free(heap);
}

/* ---- permissions ---- */

TEST_F(sysv, send_eacces_without_write)
{
	set_mode(self->id, 0644);
	EXPECT_EQ(EACCES, AS(USER, put(self->id, 1, "x")));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, send_needs_write_only)
{
	set_mode(self->id, 0622);
	EXPECT_EQ(0, AS(USER, put(self->id, 1, "x")));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "x"));
}

TEST_F(sysv, send_permission_is_looked_at_each_time)
{
	set_mode(self->id, 0666);
	EXPECT_EQ(0, AS(USER, put(self->id, 1, "x")));
	set_mode(self->id, 0600);
	EXPECT_EQ(EACCES, AS(USER, put(self->id, 1, "x")));
}

TEST_F(sysv, send_owner_is_bound_by_the_owners_bits)
{
	set_owner(self->id, USER, USER);
	set_mode(self->id, 0466);
	EXPECT_EQ(EACCES, AS(USER, put(self->id, 1, "x")));
	EXPECT_EQ(0, AS(OTHER, put(self->id, 1, "x")));
}

TEST_F(sysv, send_as_root_needs_no_bits)
{
	set_owner(self->id, USER, USER);
	set_mode(self->id, 0);
	EXPECT_EQ(0, put(self->id, 1, "x"));
}

/* ---- full ---- */

TEST_F(sysv, send_eagain_no_bytes_left)
{
	struct message msg = { .type = 1 };
	int n = limit("msgmnb") / TEXT;

	while (n--)
		EXPECT_EQ(0, snd(self->id, &msg, TEXT, IPC_NOWAIT));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 1, IPC_NOWAIT));
	/* an empty one needs no bytes */
	EXPECT_EQ(0, snd(self->id, &msg, 0, IPC_NOWAIT));
}

TEST_F(sysv, send_fills_to_the_last_byte)
{
	struct message msg = { .type = 1 };

	ASSERT_EQ(0, set_bytes(self->id, 100));
	EXPECT_EQ(0, snd(self->id, &msg, 60, IPC_NOWAIT));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 41, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, &msg, 40, IPC_NOWAIT));
	EXPECT_EQ(100, stat_of(self->id).__msg_cbytes);
}

TEST_F(sysv, send_eagain_as_many_messages_as_bytes)
{
	struct message msg = { .type = 1 };
	int i;

	ASSERT_EQ(0, set_bytes(self->id, 5));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, snd(self->id, &msg, 0, IPC_NOWAIT));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 0, IPC_NOWAIT));
}

TEST_F(sysv, send_eagain_larger_than_the_queue)
{
	struct message msg = { .type = 1 };

	ASSERT_EQ(0, set_bytes(self->id, 10));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 11, IPC_NOWAIT));
}

TEST_F(sysv, send_eagain_on_a_queue_for_nothing)
{
	struct message msg = { .type = 1 };

	ASSERT_EQ(0, set_bytes(self->id, 0));
	EXPECT_EQ(0, stat_of(self->id).msg_qbytes);
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 0, IPC_NOWAIT));
}

TEST_F(sysv, send_room_is_there_again_after_a_receive)
{
	struct message msg = { .type = 1 };

	ASSERT_EQ(0, set_bytes(self->id, 10));
	EXPECT_EQ(0, snd(self->id, &msg, 10, IPC_NOWAIT));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, 10, IPC_NOWAIT));
	EXPECT_EQ(10, rcv(self->id, &msg, TEXT, 0, IPC_NOWAIT));
	EXPECT_EQ(0, snd(self->id, &msg, 10, IPC_NOWAIT));
}

#if ON_KIPC
TEST_F(sysv, send_enomem_at_the_users_limit_of_bytes)
{
	char before[32];

	set_owner(self->id, USER, USER);
	ASSERT_EQ(0, limit_read("max_queue_bytes", before, sizeof(before)));
	ASSERT_EQ(0, limit_to("max_queue_bytes", 1));
	EXPECT_EQ(ENOMEM, AS(USER, put(self->id, 1, "more than that")));
	limit_write("max_queue_bytes", before);
}
#endif

/* ---- what it leaves in the queue's state ---- */

TEST_F(sysv, send_counts)
{
	struct msqid_ds ds;

	put(self->id, 1, "four");
	put(self->id, 1, "and more");
	ds = stat_of(self->id);
	EXPECT_EQ(2, ds.msg_qnum);
	EXPECT_EQ(14, ds.__msg_cbytes);
}

TEST_F(sysv, send_tells_who_and_when)
{
	time_t before = time(NULL), after;
	struct msqid_ds ds;

	put(self->id, 1, "x");
	after = time(NULL);
	ds = stat_of(self->id);
	EXPECT_EQ(getpid(), ds.msg_lspid);
	EXPECT_LE(before, ds.msg_stime);
	EXPECT_GE(after, ds.msg_stime);
	EXPECT_EQ(0, ds.msg_lrpid);
	EXPECT_EQ(0, ds.msg_rtime);
}

TEST_F(sysv, send_tells_of_a_sender_that_has_gone)
{
	pid_t child = START(put(self->id, 1, "x"));

	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(child, stat_of(self->id).msg_lspid);
}

TEST_F(sysv, send_tells_the_process_not_the_thread)
{
	pthread_t thread;
	void *err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_around_the_stack, &self->id));
	pthread_join(thread, &err);
	EXPECT_EQ(getpid(), stat_of(self->id).msg_lspid);
}

TEST_F(sysv, send_that_fails_leaves_no_trace)
{
	put(self->id, 0, "x");
	snd(self->id, (void *)-1, 1, 0);
	EXPECT_EQ(0, stat_of(self->id).msg_lspid);
	EXPECT_EQ(0, stat_of(self->id).msg_stime);
}
