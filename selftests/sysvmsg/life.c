// SPDX-License-Identifier: GPL-2.0
/*
 * Queues and processes: fork, exec, who may use an id, and what becomes of descriptors
 * that a program of System V's messages does not know of.
 */

TEST_F(sysv, life_id_works_in_a_child)
{
	EXPECT_EQ(0, IN_CHILD(put(self->id, 1, "from the child")));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "from the child"));
}

TEST(life_id_works_in_a_process_that_only_knows_it)
{
	int to_child[2], id;
	pid_t child;

	ASSERT_EQ(0, pipe(to_child));
	child = spawn();
	if (!child) {
		if (read(to_child[0], &id, sizeof(id)) != sizeof(id))
			_exit(255);
		_exit(status_of(put(id, 1, "by number")));
	}
	id = get(IPC_PRIVATE, 0600);
	EXPECT_EQ(sizeof(id), write(to_child[1], &id, sizeof(id)));
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(take(id, 0, 0, 1, "by number"));
	ctl(id, IPC_RMID, NULL);
}

static int run_ourselves(int id)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", id);
	execl("/proc/self/exe", "dropin", SEND_TO, number, NULL);
	return -errno;
}

TEST_F(sysv, life_id_works_after_exec)
{
	EXPECT_EQ(0, put(self->id, 1, "before"));
	EXPECT_EQ(0, IN_CHILD(run_ourselves(self->id)));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "before"));
	EXPECT_TRUE(take(self->id, 0, 0, 1, SEND_TO));
}

TEST_F(sysv, life_queue_outlives_its_maker)
{
	key_t key = fresh_key();
	int id;

	EXPECT_EQ(0, IN_CHILD(put(get(key, IPC_CREAT | 0600), 1, "still here")));
	id = make(self, key, 0);
	EXPECT_LE(0, id);
	EXPECT_TRUE(take(id, 0, 0, 1, "still here"));
}

TEST_F(sysv, life_permissions_are_the_callers_now)
{
	EXPECT_EQ(0, put(self->id, 1, "x"));
	EXPECT_EQ(EACCES, AS(USER, put(self->id, 1, "x")));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(-EACCES, put(self->id, 1, "x"));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, put(self->id, 1, "x"));
}

/* ---- descriptors ---- */

static int lowest(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

TEST(life_takes_no_low_descriptor)
{
	int before = lowest(), id = get(IPC_PRIVATE, 0600);

	EXPECT_LE(0, id);
	EXPECT_EQ(0, put(id, 1, "x"));
	EXPECT_EQ(before, lowest());
	ctl(id, IPC_RMID, NULL);
	EXPECT_EQ(before, lowest());
}

TEST_F(sysv, life_closing_all_descriptors_does_no_harm)
{
	EXPECT_EQ(0, put(self->id, 1, "x"));
	EXPECT_EQ(0, IN_CHILD(close_range(3, ~0U, 0) ?: put(self->id, 2, "y")));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "x"));
	EXPECT_TRUE(take(self->id, 0, 0, 2, "y"));
}

/* Every number is a file, of the kind that the test gives. */
static int put_where_all_numbers_are(int id, const char *path)
{
	struct rlimit files;
	int fd = open(path, O_RDWR), i;

	getrlimit(RLIMIT_NOFILE, &files);
	for (i = 3; i < (int)files.rlim_cur && i < 2000; i++)
		if (i != fd && dup2(fd, i) < 0)
			break;
	/* but some */
	close_range(10, 20, 0);
	return put(id, 1, path);
}

TEST_F(sysv, life_its_number_may_become_a_file)
{
	EXPECT_EQ(0, IN_CHILD(put_where_all_numbers_are(self->id, "/dev/null")));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "/dev/null"));
	EXPECT_EQ(0, IN_CHILD(put_where_all_numbers_are(self->id, "/")));
}

#if ON_KIPC
/* How many descriptors of the device there are; -1, if one would go to a new program. */
static int doors(void)
{
	char link[64], path[64] = "";
	int fd, found = 0;
	ssize_t n;

	for (fd = 3; fd < 1024; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		if (n < 0 || strncmp(path, "/dev/kipc", n))
			continue;
		if (fcntl(fd, F_GETFD) != FD_CLOEXEC)
			return -1;
		found++;
	}
	return found;
}

TEST_F(sysv, life_has_one_descriptor_and_it_is_close_on_exec)
{
	EXPECT_EQ(1, doors());
}

static void *get_at_once(void *arg)
{
	int id;

	pthread_barrier_wait(arg);
	id = get(IPC_PRIVATE, 0600);
	if (id < 0 || put(id, 1, "x") || !take(id, 0, 0, 1, "x"))
		return arg;
	return ctl(id, IPC_RMID, NULL) ? arg : NULL;
}

/* All find it missing at the same time */
TEST(life_threads_that_begin_together_have_one_descriptor)
{
	pthread_barrier_t barrier;
	pthread_t thread[8];
	void *result;
	int i;

	pthread_barrier_init(&barrier, NULL, 8);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, get_at_once, &barrier));
	for (i = 0; i < 8; i++) {
		pthread_join(thread[i], &result);
		EXPECT_EQ(NULL, result);
	}
	EXPECT_EQ(1, doors());
}

TEST(life_library_has_the_four_names_only)
{
	static const char * const hidden[] = {
		"sysvmsg_request", "sysvmsg_open", "sysvmsg_find", "sysvmsg_user_init",
	};
	void *library = dlopen(PRELOAD, RTLD_LAZY | RTLD_NOLOAD);
	int i;

	ASSERT_NE(NULL, library);
	EXPECT_NE(NULL, dlsym(library, "msgget"));
	EXPECT_NE(NULL, dlsym(library, "msgctl"));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(NULL, dlsym(library, hidden[i]));
}

TEST_F(sysv, life_its_number_may_become_another_endpoint)
{
	EXPECT_EQ(0, IN_CHILD(put_where_all_numbers_are(self->id, "/dev/kipc")));
	EXPECT_TRUE(take(self->id, 0, 0, 1, "/dev/kipc"));
}
#endif

static int put_without_free_descriptors(int id)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	return put(id, 1, "x");
}

TEST_F(sysv, life_needs_no_free_descriptor)
{
	struct rlimit files = { 64, 64 };

	EXPECT_EQ(0, put(self->id, 1, "x"));
	EXPECT_EQ(0, IN_CHILD(setrlimit(RLIMIT_NOFILE, &files) ?:
			      put_without_free_descriptors(self->id)));
}

static int get_without_free_descriptors(key_t key)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
	return get(key, 0600);
}

TEST_F(sysv, life_finds_a_queue_without_free_descriptor)
{
	struct rlimit files = { 64, 64 };

	EXPECT_EQ(0, IN_CHILD(setrlimit(RLIMIT_NOFILE, &files) ?:
			      get_without_free_descriptors(self->key)));
}

/* What the vfork child leaves in our memory */
static int vfork_result;

static void vfork_ends(int result)
{
	__atomic_store_n(&vfork_result, result, __ATOMIC_SEQ_CST);
	_exit(0);
}

TEST_F(sysv, life_vfork_child_may_send)
{
	pid_t child = vfork();

	if (!child)
		vfork_ends(put(self->id, 1, "vfork"));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, vfork_result);
	EXPECT_TRUE(take(self->id, 0, 0, 1, "vfork"));
}

/* The child opens what the parent then finds missing */
TEST(life_vfork_child_may_be_the_first)
{
	pid_t child = vfork();
	int id;

	if (!child)
		vfork_ends(get(IPC_PRIVATE, 0600));
	EXPECT_EQ(0, reap(child));
	id = vfork_result;
	ASSERT_LE(0, id);
	EXPECT_EQ(0, put(id, 1, "x"));
	EXPECT_TRUE(take(id, 0, 0, 1, "x"));
	ctl(id, IPC_RMID, NULL);
}

#if ON_KIPC
static int without_device(void)
{
	/* a directory with nothing in it */
	if (close_range(3, ~0U, 0) || chroot("/sys/kernel/debug") || chdir("/"))
		return -EIO;
	return 0;
}

TEST_F(sysv, life_enosys_without_device)
{
	struct message msg = { .type = 1 };
	struct msqid_ds ds;

	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: get(self->key, 0)));
	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: get(IPC_PRIVATE, 0600)));
	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: put(self->id, 1, "x")));
	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: rcv(self->id, &msg, 1, 0, 0)));
	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: ctl(self->id, IPC_STAT, &ds)));
	EXPECT_EQ(ENOSYS, IN_CHILD(without_device() ?: ctl(self->id, IPC_RMID, NULL)));
}

static int lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	int c, lines = 0;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

TEST(life_kernels_own_calls_see_nothing_of_it)
{
	int before = lines_of("/proc/sysvipc/msg"), id = get(IPC_PRIVATE, 0600);

	EXPECT_LE(0, id);
	EXPECT_EQ(before, lines_of("/proc/sysvipc/msg"));
	ctl(id, IPC_RMID, NULL);
}
#endif

/* ---- many at once ---- */

#define CROWD	4
#define ROUNDS	500

static int send_rounds(int id, long type)
{
	struct message msg = { .type = type };
	int i, err;

	for (i = 0; i < ROUNDS; i++) {
		memcpy(msg.text, &i, sizeof(i));
		err = snd(id, &msg, sizeof(i) + i % 200, 0);
		if (err)
			return err;
	}
	return 0;
}

/* Each sender's come in their order, and whole. */
static int recv_rounds(int id, long type)
{
	struct message msg;
	int i, n;
	ssize_t got;

	for (i = 0; i < ROUNDS; i++) {
		got = rcv(id, &msg, TEXT, type, 0);
		if (got < 0)
			return got;
		memcpy(&n, msg.text, sizeof(n));
		if (n != i || msg.type != type || got != sizeof(n) + i % 200)
			return -EIO;
	}
	return 0;
}

TEST_F(sysv, life_many_processes_each_with_its_type)
{
	pid_t child[2 * CROWD];
	int i;

	for (i = 0; i < CROWD; i++) {
		child[i] = START(send_rounds(self->id, i + 1));
		child[CROWD + i] = START(recv_rounds(self->id, i + 1));
	}
	for (i = 0; i < 2 * CROWD; i++)
		EXPECT_EQ(0, reap(child[i]));
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
	EXPECT_EQ(0, stat_of(self->id).__msg_cbytes);
}

static void *send_thread(void *arg)
{
	return (void *)(long)send_rounds(*(int *)arg, 1);
}

static void *recv_thread(void *arg)
{
	struct message msg;
	long i;

	for (i = 0; i < ROUNDS; i++)
		if (rcv(*(int *)arg, &msg, TEXT, 0, 0) < 0)
			break;
	return (void *)(ROUNDS - i);
}

TEST_F(sysv, life_many_threads)
{
	pthread_t thread[2 * CROWD];
	void *result;
	int i;

	for (i = 0; i < 2 * CROWD; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, i & 1 ? recv_thread : send_thread,
					    &self->id));
	for (i = 0; i < 2 * CROWD; i++) {
		pthread_join(thread[i], &result);
		EXPECT_EQ(NULL, result);
	}
	EXPECT_EQ(0, stat_of(self->id).msg_qnum);
}

TEST_F(sysv, life_a_conversation_by_types)
{
	struct message msg = { 0 };
	pid_t child = spawn();
	int i;

	if (!child) {
		for (i = 0; i < 100; i++) {
			if (rcv(self->id, &msg, TEXT, 1, 0) < 0)
				_exit(1);
			msg.type = 2;
			if (snd(self->id, &msg, 4, 0))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 100; i++) {
		msg.type = 1;
		memcpy(msg.text, &i, 4);
		ASSERT_EQ(0, snd(self->id, &msg, 4, 0));
		ASSERT_EQ(4, rcv(self->id, &msg, TEXT, 2, 0));
		ASSERT_EQ(0, memcmp(msg.text, &i, 4));
	}
	EXPECT_EQ(0, reap(child));
}
