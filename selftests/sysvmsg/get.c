// SPDX-License-Identifier: GPL-2.0
/* msgget: making and finding queues, and who may. */

TEST_F(sysv, get_finds_what_it_made)
{
	EXPECT_EQ(self->id, get(self->key, 0));
	EXPECT_EQ(self->id, get(self->key, 0600));
	EXPECT_EQ(self->id, get(self->key, IPC_CREAT | 0600));
}

TEST_F(sysv, get_without_creat_enoent)
{
	EXPECT_EQ(-ENOENT, get(fresh_key(), 0600));
	EXPECT_EQ(-ENOENT, get(fresh_key(), IPC_EXCL | 0600));
}

TEST_F(sysv, get_creat_excl_eexist)
{
	EXPECT_EQ(-EEXIST, get(self->key, IPC_CREAT | IPC_EXCL | 0600));
}

TEST_F(sysv, get_excl_alone_is_nothing)
{
	EXPECT_EQ(self->id, get(self->key, IPC_EXCL));
}

TEST_F(sysv, get_creat_makes_where_there_is_none)
{
	EXPECT_LE(0, make(self, fresh_key(), IPC_CREAT | 0600));
}

TEST_F(sysv, get_private_makes_another_each_time)
{
	int a = make(self, IPC_PRIVATE, IPC_CREAT | 0600);
	int b = make(self, IPC_PRIVATE, IPC_CREAT | IPC_EXCL | 0600);

	EXPECT_LE(0, a);
	EXPECT_LE(0, b);
	EXPECT_NE(a, b);
	EXPECT_NE(self->id, a);
}

TEST_F(sysv, get_private_needs_no_creat)
{
	EXPECT_LE(0, make(self, IPC_PRIVATE, 0600));
}

TEST_F(sysv, get_private_has_key_0)
{
	int id = make(self, IPC_PRIVATE, 0600);

	EXPECT_EQ(0, stat_of(id).msg_perm.__key);
}

TEST_F(sysv, get_takes_any_key)
{
	static const key_t keys[] = { -1, INT_MIN, INT_MAX, 1 };
	int i, id;

	for (i = 0; i < 4; i++) {
		id = make(self, keys[i], IPC_CREAT | IPC_EXCL | 0600);
		EXPECT_LE(0, id);
		EXPECT_EQ(keys[i], stat_of(id).msg_perm.__key);
		EXPECT_EQ(id, get(keys[i], 0));
	}
}

TEST_F(sysv, get_ignores_other_flags)
{
	EXPECT_EQ(self->id, get(self->key, 0xfff0000 | 0600));
}

TEST_F(sysv, get_after_rmid_makes_another)
{
	int id;

	ASSERT_EQ(0, ctl(self->id, IPC_RMID, NULL));
	EXPECT_EQ(-ENOENT, get(self->key, 0600));
	id = make(self, self->key, IPC_CREAT | IPC_EXCL | 0600);
	EXPECT_LE(0, id);
	EXPECT_NE(self->id, id);
}

TEST_F(sysv, get_new_queue_is_empty)
{
	struct msqid_ds ds = stat_of(self->id);

	EXPECT_EQ(0, ds.msg_qnum);
	EXPECT_EQ(0, ds.__msg_cbytes);
	EXPECT_EQ(0, ds.msg_lspid);
	EXPECT_EQ(0, ds.msg_lrpid);
	EXPECT_EQ(0, ds.msg_stime);
	EXPECT_EQ(0, ds.msg_rtime);
}

TEST_F(sysv, get_new_queue_has_the_time)
{
	time_t before = time(NULL), after, made;
	int id = make(self, IPC_PRIVATE, 0600);

	made = stat_of(id).msg_ctime;
	after = time(NULL);
	EXPECT_LE(before, made);
	EXPECT_GE(after, made);
}

TEST_F(sysv, get_new_queue_has_msgmnb)
{
	EXPECT_EQ(limit("msgmnb"), stat_of(self->id).msg_qbytes);
}

TEST_F(sysv, get_new_queue_has_key_and_mode)
{
	struct msqid_ds ds = stat_of(self->id);

	EXPECT_EQ(self->key, ds.msg_perm.__key);
	EXPECT_EQ(0600, ds.msg_perm.mode);
}

TEST_F(sysv, get_new_queue_is_the_effective_users)
{
	struct msqid_ds ds;
	int id;

	ASSERT_EQ(0, setegid(OTHER));
	ASSERT_EQ(0, seteuid(USER));
	id = make(self, IPC_PRIVATE, 0600);
	ds = stat_of(id);
	EXPECT_EQ(USER, ds.msg_perm.uid);
	EXPECT_EQ(USER, ds.msg_perm.cuid);
	EXPECT_EQ(OTHER, ds.msg_perm.gid);
	EXPECT_EQ(OTHER, ds.msg_perm.cgid);
	seteuid(0);
	setegid(0);
}

TEST_F(sysv, get_mode_is_not_cut_by_umask)
{
	int id;

	umask(0777);
	id = make(self, fresh_key(), IPC_CREAT | 0642);
	EXPECT_EQ(0642, stat_of(id).msg_perm.mode);
}

TEST_F(sysv, get_mode_keeps_execute_bits)
{
	EXPECT_EQ(0777, stat_of(make(self, IPC_PRIVATE, 0777)).msg_perm.mode);
}

TEST_F(sysv, get_mode_may_be_0)
{
	int id = make(self, fresh_key(), IPC_CREAT);

	EXPECT_LE(0, id);
	EXPECT_EQ(0, stat_of(id).msg_perm.mode);
}

/* ---- permissions ---- */

TEST_F(sysv, get_eacces_without_read)
{
	set_mode(self->id, 0622);
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0400)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0004)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0600)));
	EXPECT_EQ(0, AS(USER, get(self->key, 0200)));
}

TEST_F(sysv, get_eacces_without_write)
{
	set_mode(self->id, 0644);
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0200)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0020)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, IPC_CREAT | 0666)));
	EXPECT_EQ(0, AS(USER, get(self->key, 0444)));
}

TEST_F(sysv, get_eacces_without_execute)
{
	set_mode(self->id, 0666);
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0777)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0001)));
	set_mode(self->id, 0667);
	EXPECT_EQ(0, AS(USER, get(self->key, 0777)));
}

TEST_F(sysv, get_wanting_nothing_needs_no_permission)
{
	EXPECT_EQ(0, AS(USER, get(self->key, 0)));
	EXPECT_EQ(0, AS(USER, get(self->key, IPC_CREAT)));
	EXPECT_EQ(self->id, get(self->key, 0));
}

TEST_F(sysv, get_wanting_nothing_finds_the_right_one)
{
	int other = make(self, fresh_key(), IPC_CREAT | 0600);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, AS(USER, get(self->key, 0) == self->id ? 0 : -EIO));
}

TEST_F(sysv, get_owner_is_bound_by_the_owners_bits)
{
	set_owner(self->id, USER, 0);
	set_mode(self->id, 0066);
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0600)));
	EXPECT_EQ(0, AS(OTHER, get(self->key, 0600)));
}

TEST_F(sysv, get_creator_is_an_owner_too)
{
	int id;

	ASSERT_EQ(0, seteuid(USER));
	id = make(self, self->key + 1, IPC_CREAT | 0600);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, set_owner(id, OTHER, 0));
	EXPECT_EQ(0, AS(USER, get(self->key + 1, 0600)));
	EXPECT_EQ(0, AS(OTHER, get(self->key + 1, 0600)));
}

TEST_F(sysv, get_group_has_the_groups_bits)
{
	set_owner(self->id, 0, USER);
	set_mode(self->id, 0640);
	EXPECT_EQ(0, AS(USER, get(self->key, 0400)));
	EXPECT_EQ(EACCES, AS(USER, get(self->key, 0200)));
	EXPECT_EQ(EACCES, AS(OTHER, get(self->key, 0400)));
}

static int get_with_group(gid_t gid, key_t key, int flags)
{
	if (setgroups(1, &gid) || setresgid(OTHER, OTHER, OTHER) ||
	    setresuid(USER, USER, USER))
		return -EIO;
	return get(key, flags);
}

TEST_F(sysv, get_supplementary_group_counts)
{
	set_owner(self->id, 0, 4321);
	set_mode(self->id, 0671);
	EXPECT_EQ(0, IN_CHILD(get_with_group(4321, self->key, 0777)));
	EXPECT_EQ(EACCES, IN_CHILD(get_with_group(4322, self->key, 0777)));
}

TEST_F(sysv, get_as_root_needs_no_bits)
{
	set_owner(self->id, USER, USER);
	set_mode(self->id, 0);
	EXPECT_EQ(self->id, get(self->key, 0777));
}

TEST_F(sysv, get_eexist_goes_before_eacces)
{
	EXPECT_EQ(EEXIST, AS(USER, get(self->key, IPC_CREAT | IPC_EXCL | 0600)));
}

TEST_F(sysv, get_anybody_may_make_one)
{
	key_t key = fresh_key();

	EXPECT_EQ(0, AS(USER, ctl(get(key, IPC_CREAT | 0600), IPC_RMID, NULL)));
}

/* ---- limits, in namespaces of our own ---- */

TEST(get_enospc_at_msgmni)
{
	int i;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC | CLONE_NEWNET));
	ASSERT_EQ(0, set_limit("msgmni", 9));
	for (i = 1; i <= 9; i++)
		EXPECT_LE(0, get(i, IPC_CREAT | 0600));
	EXPECT_EQ(-ENOSPC, get(10, IPC_CREAT | 0600));
	EXPECT_EQ(-ENOSPC, get(IPC_PRIVATE, 0600));
	EXPECT_EQ(-EEXIST, get(9, IPC_CREAT | IPC_EXCL | 0600));
	EXPECT_LE(0, get(9, IPC_CREAT | 0600));
	EXPECT_EQ(0, ctl(get(9, 0), IPC_RMID, NULL));
	EXPECT_LE(0, get(10, IPC_CREAT | 0600));
	for (i = 1; i <= 10; i++)
		msgctl(msgget(i, 0), IPC_RMID, NULL);
}

TEST(get_queue_has_msgmnb_as_it_is_then)
{
	int id;

	ASSERT_EQ(0, unshare(CLONE_NEWIPC | CLONE_NEWNET));
	ASSERT_EQ(0, set_limit("msgmnb", 300));
	id = get(IPC_PRIVATE, 0600);
	EXPECT_EQ(300, stat_of(id).msg_qbytes);
	ASSERT_EQ(0, set_limit("msgmnb", 40000));
	EXPECT_EQ(300, stat_of(id).msg_qbytes);
	msgctl(id, IPC_RMID, NULL);
	id = get(IPC_PRIVATE, 0600);
	EXPECT_EQ(40000, stat_of(id).msg_qbytes);
	msgctl(id, IPC_RMID, NULL);
}

#if ON_KIPC
/* The module's limits of a user look as the kernel's do. */
TEST_F(sysv, get_enospc_at_the_users_limit_of_names)
{
	char before[32];

	ASSERT_EQ(0, limit_read("max_names", before, sizeof(before)));
	ASSERT_EQ(0, limit_to("max_names", 0));
	EXPECT_EQ(ENOSPC, AS(USER, get(fresh_key(), IPC_CREAT | 0600)));
	limit_write("max_names", before);
}
#endif

/* ---- at the same time ---- */

static int get_all_the_same(key_t key, int rounds)
{
	int i, id, first = -1;

	for (i = 0; i < rounds; i++) {
		id = get(key, IPC_CREAT | 0666);
		if (id < 0)
			return id;
		if (first >= 0 && id != first)
			return -EIO;
		first = id;
	}
	return 0;
}

TEST_F(sysv, get_in_many_processes_makes_one_queue)
{
	key_t key = fresh_key();
	pid_t pid[6];
	int i;

	umask(0777);
	for (i = 0; i < 6; i++) {
		pid[i] = spawn();
		if (!pid[i])
			_exit(i & 1 && become(USER) ? 255 : -get_all_the_same(key, 50));
	}
	for (i = 0; i < 6; i++)
		EXPECT_EQ(0, reap(pid[i]));
	EXPECT_LE(0, make(self, key, 0));
}

TEST_F(sysv, get_excl_in_many_processes_succeeds_once)
{
	key_t key = fresh_key();
	int i, made = 0;
	pid_t pid[6];

	for (i = 0; i < 6; i++)
		pid[i] = START(get(key, IPC_CREAT | IPC_EXCL | 0600));
	for (i = 0; i < 6; i++) {
		int status = reap(pid[i]);

		if (!status)
			made++;
		else
			EXPECT_EQ(EEXIST, status);
	}
	EXPECT_EQ(1, made);
	EXPECT_LE(0, make(self, key, 0));
}
