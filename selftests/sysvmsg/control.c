// SPDX-License-Identifier: GPL-2.0
/* msgctl on one queue: IPC_STAT, IPC_SET, IPC_RMID. */

TEST_F(sysv, ctl_einval_command)
{
	struct msqid_ds ds;

	EXPECT_EQ(-EINVAL, ctl(self->id, -1, &ds));
	EXPECT_EQ(-EINVAL, ctl(self->id, 99, &ds));
	EXPECT_EQ(-EINVAL, ctl(self->id, INT_MAX, NULL));
}

/* ---- IPC_STAT ---- */

TEST_F(sysv, stat_einval_no_such_queue)
{
	struct msqid_ds ds;

	EXPECT_EQ(-EINVAL, ctl(-1, IPC_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(INT_MIN, IPC_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(INT_MAX, IPC_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(no_queue(), IPC_STAT, &ds));
}

TEST_F(sysv, stat_efault)
{
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_STAT, (void *)-1));
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_STAT, NULL));
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_STAT, no_page()));
}

TEST_F(sysv, stat_efault_cut_off)
{
	struct msqid_ds *ds = (void *)(last_page() + PAGE);

	EXPECT_EQ(0, ctl(self->id, IPC_STAT, ds - 1));
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_STAT, (char *)(ds - 1) + 8));
}

TEST_F(sysv, stat_einval_goes_before_efault)
{
	EXPECT_EQ(-EINVAL, ctl(no_queue(), IPC_STAT, (void *)-1));
}

TEST_F(sysv, stat_eacces_without_read)
{
	struct msqid_ds ds;

	set_mode(self->id, 0622);
	EXPECT_EQ(EACCES, AS(USER, ctl(self->id, IPC_STAT, &ds)));
	set_mode(self->id, 0604);
	EXPECT_EQ(0, AS(USER, ctl(self->id, IPC_STAT, &ds)));
}

TEST_F(sysv, stat_owner_without_read_eacces)
{
	struct msqid_ds ds;

	set_owner(self->id, USER, USER);
	set_mode(self->id, 0277);
	EXPECT_EQ(EACCES, AS(USER, ctl(self->id, IPC_STAT, &ds)));
}

TEST_F(sysv, stat_fills_all_of_it)
{
	struct msqid_ds a, b;

	memset(&a, 0x00, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	EXPECT_EQ(0, ctl(self->id, IPC_STAT, &a));
	EXPECT_EQ(0, ctl(self->id, IPC_STAT, &b));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
}

TEST_F(sysv, stat_seq_is_of_the_id)
{
	EXPECT_EQ((unsigned short)(self->id >> 15), stat_of(self->id).msg_perm.__seq);
}

/* ---- IPC_SET ---- */

TEST_F(sysv, set_changes_what_it_says)
{
	struct msqid_ds ds = stat_of(self->id), now;

	ds.msg_perm.uid = USER;
	ds.msg_perm.gid = OTHER;
	ds.msg_perm.mode = 0753;
	ds.msg_qbytes = 1234;
	EXPECT_EQ(0, ctl(self->id, IPC_SET, &ds));
	now = stat_of(self->id);
	EXPECT_EQ(USER, now.msg_perm.uid);
	EXPECT_EQ(OTHER, now.msg_perm.gid);
	EXPECT_EQ(0753, now.msg_perm.mode);
	EXPECT_EQ(1234, now.msg_qbytes);
}

TEST_F(sysv, set_changes_nothing_else)
{
	struct msqid_ds ds = stat_of(self->id), now;

	put(self->id, 1, "x");
	memset(&ds, 0x11, sizeof(ds));
	ds.msg_perm.uid = 0;
	ds.msg_perm.gid = 0;
	ds.msg_perm.mode = 0600;
	ds.msg_qbytes = 100;
	EXPECT_EQ(0, ctl(self->id, IPC_SET, &ds));
	now = stat_of(self->id);
	EXPECT_EQ(self->key, now.msg_perm.__key);
	EXPECT_EQ(0, now.msg_perm.cuid);
	EXPECT_EQ(0, now.msg_perm.cgid);
	EXPECT_EQ(1, now.msg_qnum);
	EXPECT_EQ(2, now.__msg_cbytes);
	EXPECT_EQ(getpid(), now.msg_lspid);
	EXPECT_EQ(0, now.msg_lrpid);
	EXPECT_GE(time(NULL), now.msg_stime);
	EXPECT_EQ(0, now.msg_rtime);
}

TEST_F(sysv, set_takes_the_low_bits_of_the_mode)
{
	struct msqid_ds ds = stat_of(self->id);

	ds.msg_perm.mode = 07640;
	EXPECT_EQ(0, ctl(self->id, IPC_SET, &ds));
	EXPECT_EQ(0640, stat_of(self->id).msg_perm.mode);
}

TEST_F(sysv, set_tells_when)
{
	struct msqid_ds ds = stat_of(self->id), now;

	nap_ms(1100);
	EXPECT_EQ(0, ctl(self->id, IPC_SET, &ds));
	now = stat_of(self->id);
	EXPECT_LT(ds.msg_ctime, now.msg_ctime);
	EXPECT_GE(time(NULL), now.msg_ctime);
}

TEST_F(sysv, send_and_recv_leave_the_ctime)
{
	time_t made = stat_of(self->id).msg_ctime;

	nap_ms(1100);
	put(self->id, 1, "x");
	take_any(self->id);
	EXPECT_EQ(made, stat_of(self->id).msg_ctime);
	EXPECT_LT(made, stat_of(self->id).msg_stime);
	EXPECT_LT(made, stat_of(self->id).msg_rtime);
}

TEST_F(sysv, set_einval_no_such_queue)
{
	struct msqid_ds ds = stat_of(self->id);

	EXPECT_EQ(-EINVAL, ctl(-1, IPC_SET, &ds));
	EXPECT_EQ(-EINVAL, ctl(no_queue(), IPC_SET, &ds));
}

TEST_F(sysv, set_einval_no_such_user)
{
	EXPECT_EQ(-EINVAL, set_owner(self->id, -1, 0));
	EXPECT_EQ(-EINVAL, set_owner(self->id, 0, -1));
}

TEST_F(sysv, set_efault)
{
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_SET, (void *)-1));
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_SET, NULL));
	EXPECT_EQ(-EFAULT, ctl(self->id, IPC_SET, no_page()));
	EXPECT_EQ(-EFAULT, ctl(-1 & INT_MAX, IPC_SET, no_page()));
}

TEST_F(sysv, set_eperm_by_another)
{
	struct msqid_ds ds;

	set_mode(self->id, 0666);
	ds = stat_of(self->id);
	EXPECT_EQ(EPERM, AS(USER, ctl(self->id, IPC_SET, &ds)));
}

TEST_F(sysv, set_eperm_by_the_group)
{
	struct msqid_ds ds;

	set_owner(self->id, 0, USER);
	set_mode(self->id, 0666);
	ds = stat_of(self->id);
	EXPECT_EQ(EPERM, AS(USER, ctl(self->id, IPC_SET, &ds)));
}

TEST_F(sysv, set_by_the_owner_without_read)
{
	struct msqid_ds ds;

	set_owner(self->id, USER, USER);
	set_mode(self->id, 0);
	ds = stat_of(self->id);
	ds.msg_perm.mode = 0600;
	EXPECT_EQ(0, AS(USER, ctl(self->id, IPC_SET, &ds)));
	EXPECT_EQ(0600, stat_of(self->id).msg_perm.mode);
}

static int make_as(struct _test_data_sysv *self, uid_t uid, int mode)
{
	int id;

	if (seteuid(uid))
		return -errno;
	id = make(self, IPC_PRIVATE, mode);
	seteuid(0);
	return id;
}

TEST_F(sysv, set_by_the_creator_who_gave_it_away)
{
	int id = make_as(self, USER, 0600);

	EXPECT_EQ(0, AS(USER, set_owner(id, OTHER, OTHER)));
	EXPECT_EQ(OTHER, stat_of(id).msg_perm.uid);
	EXPECT_EQ(USER, stat_of(id).msg_perm.cuid);
	EXPECT_EQ(0, AS(USER, set_owner(id, USER, USER)));
	EXPECT_EQ(USER, stat_of(id).msg_perm.uid);
}

TEST_F(sysv, set_by_the_new_owner)
{
	int id = make_as(self, USER, 0600);

	ASSERT_EQ(0, set_owner(id, OTHER, OTHER));
	EXPECT_EQ(0, AS(OTHER, set_mode(id, 0640)));
	EXPECT_EQ(0640, stat_of(id).msg_perm.mode);
}

TEST_F(sysv, set_by_root_on_anybodys)
{
	int id = make_as(self, USER, 0600);

	EXPECT_EQ(0, set_mode(id, 0644));
}

TEST_F(sysv, set_bytes_eperm_above_msgmnb)
{
	unsigned long most = limit("msgmnb");
	int id = make_as(self, USER, 0600);

	EXPECT_EQ(EPERM, AS(USER, set_bytes(id, most + 1)));
	EXPECT_EQ(most, stat_of(id).msg_qbytes);
}

TEST_F(sysv, set_bytes_by_the_owner_up_to_msgmnb)
{
	unsigned long most = limit("msgmnb");
	int id = make_as(self, USER, 0600);

	EXPECT_EQ(0, AS(USER, set_bytes(id, 10)));
	EXPECT_EQ(10, stat_of(id).msg_qbytes);
	EXPECT_EQ(0, AS(USER, set_bytes(id, most)));
	EXPECT_EQ(most, stat_of(id).msg_qbytes);
}

TEST_F(sysv, set_bytes_eperm_even_if_it_is_so_already)
{
	unsigned long more = limit("msgmnb") + 1;
	int id = make_as(self, USER, 0600);

	ASSERT_EQ(0, set_bytes(id, more));
	EXPECT_EQ(EPERM, AS(USER, set_bytes(id, more)));
}

TEST_F(sysv, set_bytes_einval_goes_before_eperm)
{
	struct msqid_ds ds = stat_of(self->id);
	int id = no_queue();

	ds.msg_qbytes = limit("msgmnb") + 1;
	EXPECT_EQ(EINVAL, AS(USER, ctl(id, IPC_SET, &ds)));
}

TEST_F(sysv, set_bytes_above_msgmnb_as_root)
{
	struct message msg = { .type = 1 };
	int i, n = limit("msgmnb") / TEXT;

	EXPECT_EQ(0, set_bytes(self->id, limit("msgmnb") + TEXT));
	EXPECT_EQ(limit("msgmnb") + TEXT, stat_of(self->id).msg_qbytes);
	for (i = 0; i <= n; i++)
		EXPECT_EQ(0, snd(self->id, &msg, TEXT, IPC_NOWAIT));
	EXPECT_EQ(-EAGAIN, snd(self->id, &msg, TEXT, IPC_NOWAIT));
}

/* A kipc queue holds a tebibyte at most. */
TEST_F(sysv, set_bytes_to_very_many_as_root)
{
	EXPECT_EQ(0, set_bytes(self->id, ULONG_MAX));
	EXPECT_EQ(ON_KIPC ? 1UL << 40 : ULONG_MAX, stat_of(self->id).msg_qbytes);
	EXPECT_EQ(0, put(self->id, 1, "x"));
}

TEST_F(sysv, set_bytes_below_what_is_there)
{
	put(self->id, 1, "hello");
	put(self->id, 2, "world");
	EXPECT_EQ(0, set_bytes(self->id, 3));
	EXPECT_EQ(2, stat_of(self->id).msg_qnum);
	EXPECT_EQ(-EAGAIN, put(self->id, 1, "x"));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "hello"));
	EXPECT_TRUE(take(self->id, 0, 0, 2, "world"));
	EXPECT_EQ(0, put(self->id, 1, "x"));
}

/* ---- IPC_RMID ---- */

TEST_F(sysv, rmid_once)
{
	struct msqid_ds ds;

	EXPECT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	EXPECT_EQ(-EINVAL, ctl(self->id, IPC_RMID, NULL));
	EXPECT_EQ(-EINVAL, ctl(self->id, IPC_STAT, &ds));
}

TEST_F(sysv, rmid_does_not_look_at_the_buffer)
{
	EXPECT_EQ(0, ctl(self->id, IPC_RMID, (void *)-1));
}

TEST_F(sysv, rmid_takes_the_messages_with_it)
{
	int id;

	put(self->id, 1, "x");
	ASSERT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	id = make(self, self->key, IPC_CREAT | 0600);
	EXPECT_EQ(0, stat_of(id).msg_qnum);
}

TEST_F(sysv, rmid_einval_no_such_queue)
{
	EXPECT_EQ(-EINVAL, ctl(-1, IPC_RMID, NULL));
	EXPECT_EQ(-EINVAL, ctl(INT_MAX, IPC_RMID, NULL));
}

TEST_F(sysv, rmid_eperm_by_another)
{
	set_mode(self->id, 0666);
	EXPECT_EQ(EPERM, AS(USER, ctl(self->id, IPC_RMID, NULL)));
	EXPECT_EQ(self->id, get(self->key, 0));
}

TEST_F(sysv, rmid_by_owner_creator_and_root)
{
	int owners = make_as(self, USER, 0), creators = make_as(self, USER, 0);
	int roots = make_as(self, USER, 0);

	set_owner(owners, OTHER, OTHER);
	set_owner(creators, OTHER, OTHER);
	EXPECT_EQ(0, AS(OTHER, ctl(owners, IPC_RMID, NULL)));
	EXPECT_EQ(0, AS(USER, ctl(creators, IPC_RMID, NULL)));
	EXPECT_EQ(0, ctl(roots, IPC_RMID, NULL));
}

#if ON_KIPC
/* An id is a number among all of kipc's, and those of others are none of ours. */
TEST_F(sysv, ctl_einval_on_a_queue_that_is_not_system_vs)
{
	struct kipc_queue_open arg;
	struct msqid_ds ds;
	char name[KIPC_NAME_SIZE];
	int fd = endpoint_open();

	arg = queue_args(fresh_name(name), QUEUE_BOTH | KIPC_QUEUE_CREATE);
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_OPEN, &arg));
	EXPECT_EQ(-EINVAL, ctl(arg.number, IPC_STAT, &ds));
	EXPECT_EQ(-EINVAL, ctl(arg.number, IPC_SET, &ds));
	EXPECT_EQ(-EINVAL, ctl(arg.number, IPC_RMID, NULL));
	EXPECT_EQ(0, queue_unlink(name));
	close(fd);
}
#endif
