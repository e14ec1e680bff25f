// SPDX-License-Identifier: GPL-2.0
/* msgrcv with MSG_COPY: looking at a message by its place. */

#define COPY	(MSG_COPY | IPC_NOWAIT)

TEST_F(sysv, copy_gives_the_nth)
{
	put_types(self->id);
	EXPECT_TRUE(take(self->id, 0, MSG_COPY, 5, "five"));
	EXPECT_TRUE(take(self->id, 1, MSG_COPY, 3, "three"));
	EXPECT_TRUE(take(self->id, 4, MSG_COPY, 1, "one"));
}

TEST_F(sysv, copy_leaves_all_as_it_is)
{
	struct msqid_ds ds;

	put_types(self->id);
	EXPECT_TRUE(take(self->id, 2, MSG_COPY, 7, "seven"));
	ds = stat_of(self->id);
	EXPECT_EQ(5, ds.msg_qnum);
	EXPECT_EQ(0, ds.msg_lrpid);
	EXPECT_EQ(0, ds.msg_rtime);
	EXPECT_TRUE(take(self->id, 0, 0, 5, "five"));
}

TEST_F(sysv, copy_enomsg_behind_the_last)
{
	struct message msg;

	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 0, COPY));
	put(self->id, 1, "x");
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, 1, COPY));
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, LONG_MAX, COPY));
}

TEST_F(sysv, copy_enomsg_negative)
{
	struct message msg;

	put(self->id, 1, "x");
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, -1, COPY));
	EXPECT_EQ(-ENOMSG, rcv(self->id, &msg, TEXT, LONG_MIN, COPY));
}

TEST_F(sysv, copy_einval_without_nowait)
{
	struct message msg;

	put(self->id, 1, "x");
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, TEXT, 0, MSG_COPY));
}

TEST_F(sysv, copy_einval_with_except)
{
	struct message msg;

	put(self->id, 1, "x");
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, TEXT, 0, COPY | MSG_EXCEPT));
}

TEST_F(sysv, copy_einval_no_such_queue)
{
	struct message msg = { 0 };

	EXPECT_EQ(-EINVAL, rcv(no_queue(), &msg, TEXT, 0, COPY));
}

TEST_F(sysv, copy_e2big)
{
	struct message msg = { 0 };

	put(self->id, 1, "hello");
	EXPECT_EQ(-E2BIG, rcv(self->id, &msg, 3, 0, COPY));
	EXPECT_EQ(6, rcv(self->id, &msg, 6, 0, COPY));
}

/* It does not cut off: Linux says EINVAL then. */
TEST_F(sysv, copy_einval_noerror_and_too_long)
{
	struct message msg = { 0 };

	put(self->id, 1, "hello");
	EXPECT_EQ(-EINVAL, rcv(self->id, &msg, 3, 0, COPY | MSG_NOERROR));
	EXPECT_EQ(6, rcv(self->id, &msg, 6, 0, COPY | MSG_NOERROR));
}

TEST_F(sysv, copy_efault)
{
	put(self->id, 1, "hello");
	EXPECT_EQ(-EFAULT, rcv(self->id, no_page(), TEXT, 0, COPY));
	EXPECT_EQ(1, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, copy_eacces_without_read)
{
	struct message msg = { 0 };

	put(self->id, 1, "hello");
	set_mode(self->id, 0622);
	EXPECT_EQ(EACCES, AS(USER, rcv(self->id, &msg, TEXT, 0, COPY)));
}
