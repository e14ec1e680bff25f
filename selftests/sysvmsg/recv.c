// SPDX-License-Identifier: GPL-2.0
/* msgrcv: which message, and into what. */

static void put_types(int id)
{
	put(id, 5, "five");
	put(id, 3, "three");
	put(id, 7, "seven");
	put(id, 3, "three again");
	put(id, 1, "one");
}

TEST_F(sysv, recv_type_0_is_the_oldest)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, 0, 0, 5, "five"));
	EXPECT_TRUE(take(self->id, 0, 0, 3, "three"));
	EXPECT_TRUE(take(self->id, 0, 0, 7, "seven"));
	EXPECT_TRUE(take(self->id, 0, 0, 3, "three again"));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "one"));
}

TEST_F(sysv, recv_type_is_the_oldest_of_that)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, 3, 0, 3, "three"));
	EXPECT_TRUE(take(self->id, 7, 0, 7, "seven"));
	EXPECT_TRUE(take(self->id, 3, 0, 3, "three again"));
}

TEST_F(sysv, recv_negative_is_the_lowest_up_to_it)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, -6, 0, 1, "one"));
	EXPECT_TRUE(take(self->id, -6, 0, 3, "three"));
	EXPECT_TRUE(take(self->id, -6, 0, 3, "three again"));
	EXPECT_TRUE(take(self->id, -6, 0, 5, "five"));
	EXPECT_FALSE(take(self->id, -6, 0, 7, "seven"));
	EXPECT_TRUE(take(self->id, -7, 0, 7, "seven"));
}

TEST_F(sysv, recv_long_min_is_any_type)
{
	put(self->id, LONG_MAX, "last");
	put_types(self->id);
	EXPECT_TRUE(take(self->id, LONG_MIN, 0, 1, "one"));
	while (take(self->id, 3, 0, 3, "three") || take(self->id, 3, 0, 3, "three again"))
		;
	EXPECT_TRUE(take(self->id, LONG_MIN, 0, 5, "five"));
	EXPECT_TRUE(take(self->id, LONG_MIN, 0, 7, "seven"));
	EXPECT_TRUE(take(self->id, LONG_MIN, 0, LONG_MAX, "last"));
}

TEST_F(sysv, recv_except_is_the_oldest_of_another_type)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, 5, MSG_EXCEPT, 3, "three"));
	EXPECT_TRUE(take(self->id, 3, MSG_EXCEPT, 5, "five"));
	EXPECT_TRUE(take(self->id, 3, MSG_EXCEPT, 7, "seven"));
	EXPECT_TRUE(take(self->id, 3, MSG_EXCEPT, 1, "one"));
}

TEST_F(sysv, recv_except_enomsg_where_all_are_of_it)
{
	struct message msg;

	put(self->id, 3, "three");
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 3, MSG_EXCEPT | IPC_NOWAIT));
}

TEST_F(sysv, recv_except_is_nothing_to_0_and_negative)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, 0, MSG_EXCEPT, 5, "five"));
	EXPECT_TRUE(take(self->id, -4, MSG_EXCEPT, 1, "one"));
}

TEST_F(sysv, recv_enomsg_empty)
{
	struct message msg;

	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 0, IPC_NOWAIT));
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 1, IPC_NOWAIT));
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, -1, IPC_NOWAIT));
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 1, IPC_NOWAIT | MSG_EXCEPT));
}

TEST_F(sysv, recv_enomsg_none_of_that_type)
{
	struct message msg;

	put_types(self->id);
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 2, IPC_NOWAIT));
	take(self->id, 1, 0, 1, "one");
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, -2, IPC_NOWAIT));
	EXPECT_EQ(4, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, recv_ignores_other_flags)
{
	put(self->id, 1, "x");
	EXPECT_TRUE(take(self->id, 0, 0xff0000, 1, "x"));
}

/* ---- too long ---- */

TEST_F(sysv, recv_e2big_leaves_it_there)
{
	struct message msg = { .type = -5, .text = "y" };

	put(self->id, 1, "hello");
	EXPECT_EQ(-E2BIG, rcv(self->id, &msg, 5, 0, IPC_NOWAIT));
	EXPECT_EQ(-E2BIG, rcv(self->id, &msg, 0, 0, 0));
	EXPECT_EQ(1, stat_of(self->id).msg_qnum);
	EXPECT_TRUE(take(self->id, 0, 0, 1, "hello"));
}

TEST_F(sysv, recv_e2big_writes_nothing)
{
	struct message msg = { .type = -5, .text = "y" };

	put(self->id, 1, "hello");
	EXPECT_EQ(-E2BIG, rcv(self->id, &msg, 5, 0, IPC_NOWAIT));
	EXPECT_EQ(-5, msg.type);
	EXPECT_STREQ("y", msg.text);
}

TEST_F(sysv, recv_e2big_is_of_the_first_that_qualifies)
{
	struct message msg;

	put(self->id, 1, "a longer one");
	put(self->id, 2, "b");
	EXPECT_EQ(-E2BIG, rcv(self->id, &msg, 2, 0, IPC_NOWAIT));
	EXPECT_TRUE(take(self->id, 2, 0, 2, "b"));
}

TEST_F(sysv, recv_noerror_cuts_it_off)
{
	struct message msg = { .text = "........" };

	put(self->id, 4, "hello");
	EXPECT_EQ(3, rcv(self->id, &msg, 3, 0, MSG_NOERROR | IPC_NOWAIT));
	EXPECT_EQ(4, msg.type);
	EXPECT_EQ(0, memcmp(msg.text, "hel.", 4));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
	EXPECT_EQ(0, stat_of(self->id).__msg_cbytes);
}

TEST_F(sysv, recv_noerror_to_nothing)
{
	struct message msg = { .text = "." };

	put(self->id, 4, "hello");
	EXPECT_EQ(0, rcv(self->id, &msg, 0, 0, MSG_NOERROR | IPC_NOWAIT));
	EXPECT_EQ(4, msg.type);
	EXPECT_EQ('.', msg.text[0]);
}

TEST_F(sysv, recv_noerror_is_nothing_where_it_fits)
{
	put(self->id, 4, "hello");
	EXPECT_TRUE(take(self->id, 0, MSG_NOERROR, 4, "hello"));
}

TEST_F(sysv, recv_exact_size)
{
	struct message msg;

	put(self->id, 1, "hello");
	EXPECT_EQ(6, rcv(self->id, &msg, 6, 0, IPC_NOWAIT));
}

TEST_F(sysv, recv_empty_into_nothing)
{
	struct message msg = { .type = 9 }, got = { 0 };

	snd(self->id, &msg, 0, 0);
	EXPECT_EQ(0, rcv(self->id, &got, 0, 0, IPC_NOWAIT));
	EXPECT_EQ(9, got.type);
}

TEST_F(sysv, recv_size_may_be_huge)
{
	struct message msg;

	put(self->id, 1, "hello");
	EXPECT_EQ(6, rcv(self->id, &msg, SSIZE_MAX, 0, IPC_NOWAIT));
	EXPECT_STREQ("hello", msg.text);
}

TEST_F(sysv, recv_writes_no_byte_more)
{
	struct message msg;

	memset(&msg, 0x55, sizeof(msg));
	put(self->id, 1, "hello");
	EXPECT_EQ(6, rcv(self->id, &msg, TEXT, 0, IPC_NOWAIT));
	EXPECT_EQ(0x55, msg.text[6]);
	EXPECT_EQ(0x55, msg.text[7]);
}

/* ---- arguments ---- */

TEST_F(sysv, recv_einval_size_negative)
{
	struct message msg;

	put(self->id, 1, "x");
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, -1, 0, IPC_NOWAIT));
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, (size_t)SSIZE_MAX + 1, 0, IPC_NOWAIT));
}

TEST_F(sysv, recv_einval_no_such_queue)
{
	struct message msg;

	EXPECT_EQ(-EINVAL, rcv(-1, &msg, 1, 0, IPC_NOWAIT));
	EXPECT_EQ(-EINVAL, rcv(INT_MAX, &msg, 1, 0, IPC_NOWAIT));
	EXPECT_EQ(-EINVAL, rcv(no_queue(), &msg, 1, 0, IPC_NOWAIT));
}

TEST_F(sysv, recv_einval_after_rmid)
{
	struct message msg;

	put(self->id, 1, "x");
	ctl(self->id, IPC_RMID, NULL);
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, 1, 0, 0));
}

/* The kernel's own message is lost then; the drop-in's stays, but for what is below. */
static void expect_after_efault(struct __test_metadata *_metadata, int id)
{
	EXPECT_EQ(ON_KIPC, stat_of(id).msg_qnum);
	while (msgrcv(id, &(struct message){ 0 }, TEXT, 0, IPC_NOWAIT) >= 0)
		;
}

TEST_F(sysv, recv_efault_bad_address)
{
	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, (void *)-1, 2, 0, IPC_NOWAIT));
	expect_after_efault(_metadata, self->id);
	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, NULL, 2, 0, IPC_NOWAIT));
	expect_after_efault(_metadata, self->id);
}

TEST_F(sysv, recv_efault_no_page)
{
	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, no_page(), 2, 0, IPC_NOWAIT));
	expect_after_efault(_metadata, self->id);
}

TEST_F(sysv, recv_efault_read_only)
{
	char *page = memory(PAGE);

	mprotect(page, PAGE, PROT_READ);
	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, page, 2, 0, IPC_NOWAIT));
	expect_after_efault(_metadata, self->id);
}

TEST_F(sysv, recv_efault_text_without_page)
{
	char *msg = last_page() + PAGE - 8;

	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, msg, 2, 0, IPC_NOWAIT));
	expect_after_efault(_metadata, self->id);
}

TEST_F(sysv, recv_efault_type_without_page)
{
	char *pages = memory(2 * PAGE);

	mprotect(pages, PAGE, PROT_NONE);
	put(self->id, 1, "x");
	EXPECT_EQ(-EFAULT, rcv(self->id, pages + PAGE - 8, 2, 0, IPC_NOWAIT));
}

TEST_F(sysv, recv_efault_empty_message)
{
	struct message msg = { .type = 1 };

	snd(self->id, &msg, 0, 0);
	EXPECT_EQ(-EFAULT, rcv(self->id, no_page(), 0, 0, IPC_NOWAIT));
	snd(self->id, &msg, 0, 0);
	EXPECT_EQ(-EFAULT, rcv(self->id, NULL, 0, 0, IPC_NOWAIT));
}

TEST_F(sysv, recv_type_at_the_end_of_a_page)
{
	char *pages = memory(2 * PAGE);
	long type;
	int at;

	for (at = PAGE - 16; at <= PAGE; at++) {
		put(self->id, 77, "edge");
		EXPECT_EQ(5, rcv(self->id, pages + at, 5, 0, IPC_NOWAIT));
		memcpy(&type, pages + at, sizeof(type));
		EXPECT_EQ(77, type);
		EXPECT_STREQ("edge", pages + at + 8);
	}
}

/* ---- permissions ---- */

static int take_any(int id)
{
	return rcv(id, &(struct message){ 0 }, TEXT, 0, IPC_NOWAIT);
}

TEST_F(sysv, recv_eacces_without_read)
{
	set_mode(self->id, 0622);
	put(self->id, 1, "x");
	EXPECT_EQ(EACCES, AS(USER, take_any(self->id)));
	EXPECT_EQ(1, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, recv_needs_read_only)
{
	set_mode(self->id, 0644);
	put(self->id, 1, "x");
	EXPECT_EQ(0, AS(USER, take_any(self->id)));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, recv_owner_is_bound_by_the_owners_bits)
{
	set_owner(self->id, USER, USER);
	set_mode(self->id, 0266);
	put(self->id, 1, "x");
	EXPECT_EQ(EACCES, AS(USER, take_any(self->id)));
	EXPECT_EQ(0, AS(OTHER, take_any(self->id)));
}

TEST_F(sysv, recv_as_root_needs_no_bits)
{
	set_owner(self->id, USER, USER);
	set_mode(self->id, 0);
	put(self->id, 1, "x");
	EXPECT_TRUE(take(self->id, 0, 0, 1, "x"));
}

/* ---- what it leaves in the queue's state ---- */

TEST_F(sysv, recv_tells_who_and_when)
{
	time_t before = time(NULL), after;
	struct msqid_ds ds;
	pid_t child;

	put(self->id, 1, "x");
	child = START(take_any(self->id));
	EXPECT_EQ(0, reap(child));
	after = time(NULL);
	ds = stat_of(self->id);
	EXPECT_EQ(child, ds.msg_lrpid);
	EXPECT_EQ(getpid(), ds.msg_lspid);
	EXPECT_LE(before, ds.msg_rtime);
	EXPECT_GE(after, ds.msg_rtime);
	EXPECT_EQ(0, ds.msg_qnum);
	EXPECT_EQ(0, ds.__msg_cbytes);
}

TEST_F(sysv, recv_that_fails_leaves_no_trace)
{
	EXPECT_EQ(-ENOMSG, take_any(self->id));
	EXPECT_EQ(0, stat_of(self->id).msg_lrpid);
	EXPECT_EQ(0, stat_of(self->id).msg_rtime);
}
