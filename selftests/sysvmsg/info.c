// SPDX-License-Identifier: GPL-2.0
/* msgctl on all queues: IPC_INFO, MSG_INFO, MSG_STAT, MSG_STAT_ANY. */

TEST_F(sysv, info_tells_the_limits)
{
	struct msginfo info;

	ASSERT_LE(0, ctl(0, IPC_INFO, &info));
	EXPECT_EQ(limit("msgmax"), info.msgmax);
	EXPECT_EQ(limit("msgmnb"), info.msgmnb);
	EXPECT_EQ(limit("msgmni"), info.msgmni);
}

/* As the header has them, whatever the limits are */
TEST_F(sysv, info_tells_the_constants)
{
	struct msginfo info;

	ASSERT_LE(0, ctl(0, IPC_INFO, &info));
	EXPECT_EQ(512000, info.msgpool);
	EXPECT_EQ(16384, info.msgmap);
	EXPECT_EQ(16384, info.msgtql);
	EXPECT_EQ(16, info.msgssz);
	EXPECT_EQ(0xffff, info.msgseg);
}

TEST_F(sysv, info_needs_no_queue_and_no_permission)
{
	struct msginfo info;

	EXPECT_LE(0, ctl(self->id, IPC_INFO, &info));
	EXPECT_EQ(0, AS(USER, ctl(0, IPC_INFO, &info)));
	EXPECT_EQ(0, AS(USER, ctl(0, MSG_INFO, &info)));
}

TEST_F(sysv, info_einval_negative)
{
	struct msginfo info;

	EXPECT_EQ(-EINVAL, ctl(-1, IPC_INFO, &info));
	EXPECT_EQ(-EINVAL, ctl(-1, MSG_INFO, &info));
}

TEST_F(sysv, info_efault)
{
	EXPECT_EQ(-EFAULT, ctl(0, IPC_INFO, (void *)-1));
	EXPECT_EQ(-EFAULT, ctl(0, MSG_INFO, NULL));
}

TEST_F(sysv, msg_info_counts_queues)
{
	struct msginfo before, after;

	ASSERT_LE(0, ctl(0, MSG_INFO, &before));
	make(self, IPC_PRIVATE, 0600);
	make(self, IPC_PRIVATE, 0);
	ASSERT_LE(0, ctl(0, MSG_INFO, &after));
	EXPECT_EQ(before.msgpool + 2, after.msgpool);
	EXPECT_EQ(limit("msgmax"), after.msgmax);
}

TEST_F(sysv, msg_info_counts_messages_and_bytes)
{
	struct msginfo before, after;

	ASSERT_LE(0, ctl(0, MSG_INFO, &before));
	put(self->id, 1, "four");
	put(make(self, IPC_PRIVATE, 0), 1, "and more");
	ASSERT_LE(0, ctl(0, MSG_INFO, &after));
	EXPECT_EQ(before.msgmap + 2, after.msgmap);
	EXPECT_EQ(before.msgtql + 14, after.msgtql);
}

/* The index of a queue, as ipcs looks for it, or -errno of the last look. */
static int index_of(int id, int cmd)
{
	struct msqid_ds ds;
	struct msginfo info;
	int i, got = -ENOENT, last = ctl(0, MSG_INFO, &info);

	for (i = 0; i <= last; i++) {
		got = ctl(i, cmd, &ds);
		if (got == id)
			return i;
	}
	return got < 0 ? got : -ENOENT;
}

TEST_F(sysv, msg_stat_finds_each)
{
	int i, id, index[5];

	for (i = 0; i < 5; i++) {
		id = make(self, IPC_PRIVATE, 0600);
		index[i] = index_of(id, MSG_STAT);
		EXPECT_LE(0, index[i]);
		EXPECT_EQ(index[i], index_of(id, MSG_STAT_ANY));
		if (i)
			EXPECT_NE(index[i - 1], index[i]);
	}
}

TEST_F(sysv, msg_stat_tells_what_ipc_stat_tells)
{
	struct msqid_ds a = stat_of(self->id), b = { 0 };

	EXPECT_EQ(self->id, ctl(index_of(self->id, MSG_STAT), MSG_STAT, &b));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
	memset(&b, 0, sizeof(b));
	EXPECT_EQ(self->id, ctl(index_of(self->id, MSG_STAT), MSG_STAT_ANY, &b));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
}

TEST_F(sysv, msg_stat_may_be_repeated_and_go_back)
{
	int first = index_of(self->id, MSG_STAT), other, second;
	struct msqid_ds ds;

	other = make(self, IPC_PRIVATE, 0600);
	second = index_of(other, MSG_STAT);
	EXPECT_EQ(other, ctl(second, MSG_STAT, &ds));
	EXPECT_EQ(other, ctl(second, MSG_STAT, &ds));
	EXPECT_EQ(self->id, ctl(first, MSG_STAT, &ds));
	EXPECT_EQ(other, ctl(second, MSG_STAT, &ds));
}

/* Remove all that there are, one after the other, as it finds them. */
TEST_F(sysv, msg_stat_misses_none_while_some_are_removed)
{
	struct msqid_ds ds;
	struct msginfo info;
	int i, id, last, found = 0;

	for (i = 0; i < 20; i++)
		make(self, IPC_PRIVATE, 0600);
	last = ctl(0, MSG_INFO, &info);
	for (i = 0; i <= last; i++) {
		id = ctl(i, MSG_STAT, &ds);
		if (id < 0)
			continue;
		found++;
		EXPECT_EQ(0, ctl(id, IPC_RMID, NULL));
	}
	EXPECT_EQ(info.msgpool, found);
}

/* Linux takes the low bits of whatever it is given, and those of an id are its index. */
TEST_F(sysv, msg_stat_takes_an_id_too)
{
	struct msqid_ds ds;

	EXPECT_LE(0, ctl(self->id, MSG_STAT, &ds));
	EXPECT_LE(0, ctl(self->id, MSG_STAT_ANY, &ds));
}

TEST_F(sysv, msg_stat_einval_no_such_index)
{
	struct msqid_ds ds;

	EXPECT_EQ(-EINVAL, ctl(-1, MSG_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(INT_MAX, MSG_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(INT_MAX, MSG_STAT_ANY, &ds));
	EXPECT_EQ(-EINVAL, ctl(32767, MSG_STAT, &ds));
}

TEST_F(sysv, msg_stat_einval_after_rmid)
{
	int index = index_of(self->id, MSG_STAT);
	struct msqid_ds ds;

	ctl(self->id, IPC_RMID, NULL);
	EXPECT_NE(self->id, ctl(index, MSG_STAT, &ds));
}

TEST_F(sysv, msg_stat_efault)
{
	EXPECT_EQ(-EFAULT, ctl(index_of(self->id, MSG_STAT), MSG_STAT, (void *)-1));
	EXPECT_EQ(-EFAULT, ctl(index_of(self->id, MSG_STAT), MSG_STAT_ANY, no_page()));
}

TEST_F(sysv, msg_stat_eacces_without_read)
{
	struct msqid_ds ds;

	EXPECT_EQ(EACCES, AS(USER, ctl(index_of(self->id, MSG_STAT_ANY), MSG_STAT, &ds)));
}

TEST_F(sysv, msg_stat_any_needs_no_permission)
{
	struct msqid_ds ds;

	set_mode(self->id, 0);
	EXPECT_EQ(0, AS(USER, ctl(index_of(self->id, MSG_STAT_ANY), MSG_STAT_ANY, &ds)));
}
