// SPDX-License-Identifier: GPL-2.0
/*
 * POSIX message queues: mq_open, mq_close and mq_unlink.  Names, limits, permissions, and
 * what becomes of a queue.  See dropin_mq.h for how this is run.
 */
#include <sched.h>
#include <sys/mount.h>

#include "dropin_mq.h"

FIXTURE(mq_open)
{
	char name[MQ_NAME_SIZE];
	char other[MQ_NAME_SIZE];
};

FIXTURE_SETUP(mq_open)
{
	umask(0);
	no_mq_limit();
	fresh_mq_name(self->name);
	fresh_mq_name(self->other);
}

FIXTURE_TEARDOWN(mq_open)
{
	mq_unlink(self->name);
	mq_unlink(self->other);
}

/* A name of so many bytes behind the slash, in a buffer that has room for it */
static char *long_name(char *buf, size_t len, char c)
{
	buf[0] = '/';
	memset(buf + 1, c, len);
	buf[len + 1] = 0;
	return buf;
}

/* Make a queue of that name, and unlink it.  Return: 0 or -errno */
static int make_and_unlink(const char *name)
{
	mqd_t mqd = mq_make(name, O_RDWR, MSGS, SIZE);

	if (mqd < 0)
		return mqd;
	mq_close(mqd);
	return got(mq_unlink(name));
}

/* Names */

TEST_F(mq_open, absent_name_enoent)
{
	EXPECT_ERRNO(ENOENT, mq_open(self->name, O_RDWR));
	EXPECT_ERRNO(ENOENT, mq_open(self->name, O_RDWR | O_EXCL));
}

TEST_F(mq_open, name_without_slash_einval)
{
	EXPECT_EQ(-EINVAL, make_and_unlink(self->name + 1));
	EXPECT_EQ(-EINVAL, make_and_unlink(""));
	EXPECT_EQ(-EINVAL, make_and_unlink("a/b"));
	EXPECT_ERRNO(EINVAL, mq_open(self->name + 1, O_RDWR));
	EXPECT_ERRNO(EINVAL, mq_unlink(self->name + 1));
	EXPECT_ERRNO(EINVAL, mq_unlink(""));
}

TEST_F(mq_open, slash_alone_enoent)
{
	EXPECT_EQ(-ENOENT, make_and_unlink("/"));
	EXPECT_ERRNO(ENOENT, mq_open("/", O_RDWR));
	EXPECT_ERRNO(ENOENT, mq_unlink("/"));
}

TEST_F(mq_open, second_slash_eacces)
{
	EXPECT_EQ(-EACCES, make_and_unlink("/a/b"));
	EXPECT_EQ(-EACCES, make_and_unlink("//a"));
	EXPECT_EQ(-EACCES, make_and_unlink("/a/"));
	EXPECT_EQ(-EACCES, make_and_unlink("//"));
	EXPECT_ERRNO(EACCES, mq_open("/a/b", O_RDWR));
	EXPECT_ERRNO(EACCES, mq_unlink("/a/b"));
}

TEST_F(mq_open, dot_and_dotdot_eacces)
{
	EXPECT_EQ(-EACCES, make_and_unlink("/."));
	EXPECT_EQ(-EACCES, make_and_unlink("/.."));
	EXPECT_ERRNO(EACCES, mq_unlink("/."));
	EXPECT_ERRNO(EACCES, mq_unlink("/.."));
	EXPECT_EQ(0, make_and_unlink("/..."));
	EXPECT_EQ(0, make_and_unlink("/.hidden"));
}

TEST_F(mq_open, name_of_255_bytes_is_the_longest)
{
	char name[8192];

	EXPECT_EQ(0, make_and_unlink(long_name(name, 255, 'x')));
	EXPECT_EQ(-ENAMETOOLONG, make_and_unlink(long_name(name, 256, 'x')));
	EXPECT_ERRNO(ENAMETOOLONG, mq_open(name, O_RDWR));
	EXPECT_ERRNO(ENAMETOOLONG, mq_unlink(name));
	EXPECT_EQ(-ENAMETOOLONG, make_and_unlink(long_name(name, 8000, 'x')));
	EXPECT_ERRNO(ENAMETOOLONG, mq_unlink(name));
	/* A slash is looked for first, but not in what is no path at all. */
	EXPECT_EQ(-EACCES, make_and_unlink(long_name(name, 300, '/')));
	EXPECT_EQ(-ENAMETOOLONG, make_and_unlink(long_name(name, 8000, '/')));
}

TEST_F(mq_open, name_may_have_any_bytes)
{
	static const char *const names[] = {
		"/a b", "/a%20b", "/a%", "/a\tb", "/a\nb", "/a\x7f", "/\xc3\xa4", "/\xff\x01",
		"/~`!@#$^&*()_+-={}|[]\\:\";'<>?,.",
	};
	int n = sizeof(names) / sizeof(names[0]), i;
	mqd_t mqd[16];
	char text[8];

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", i);
		mq_unlink(names[i]);
		mqd[i] = mq_make(names[i], O_RDWR, MSGS, SIZE);
		ASSERT_LE(0, mqd[i]);
		EXPECT_EQ(0, put(mqd[i], text));
	}
	for (i = 0; i < n; i++) {
		mqd_t again = mq_join(names[i], O_RDWR);

		snprintf(text, sizeof(text), "%d", i);
		EXPECT_TRUE(next_is(again, text));
		EXPECT_EQ(0, mq_close(again));
		EXPECT_EQ(0, mq_close(mqd[i]));
		EXPECT_EQ(0, mq_unlink(names[i]));
	}
}

/*
 * kipc's names have no such bytes, and 255 of them in all.  The drop-in writes them as
 * three.
 */
TEST_F(mq_open, long_name_of_odd_bytes)
{
	char name[512];

	EXPECT_EQ(0, make_and_unlink(long_name(name, 85, ' ')));
	EXPECT_EQ(drop_in() ? -ENAMETOOLONG : 0, make_and_unlink(long_name(name, 86, ' ')));
	EXPECT_EQ(-ENAMETOOLONG, make_and_unlink(long_name(name, 256, ' ')));
}

/* Making and finding */

TEST_F(mq_open, queue_is_found_by_its_name)
{
	mqd_t made = mq_make(self->name, O_RDWR, MSGS, SIZE);
	mqd_t found = mq_join(self->name, O_RDWR);

	ASSERT_LE(0, made);
	ASSERT_LE(0, found);
	EXPECT_NE(made, found);
	EXPECT_EQ(0, put(made, "hello"));
	EXPECT_TRUE(next_is(found, "hello"));
}

TEST_F(mq_open, different_names_are_different_queues)
{
	mqd_t one = mq_make(self->name, O_RDWR, MSGS, SIZE);
	mqd_t two = mq_make(self->other, O_RDWR, MSGS, SIZE);

	EXPECT_EQ(0, put(one, "hello"));
	EXPECT_EQ(1, mq_curmsgs(one));
	EXPECT_EQ(0, mq_curmsgs(two));
}

TEST_F(mq_open, creat_makes_an_empty_queue)
{
	struct mq_attr attr = attr_of(3, 100);
	mqd_t mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr);

	ASSERT_LE(0, mqd);
	memset(&attr, 0xff, sizeof(attr));
	EXPECT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(0, attr.mq_flags);
	EXPECT_EQ(3, attr.mq_maxmsg);
	EXPECT_EQ(100, attr.mq_msgsize);
	EXPECT_EQ(0, attr.mq_curmsgs);
}

TEST_F(mq_open, creat_of_an_existing_one_finds_it_as_it_is)
{
	struct mq_attr attr = attr_of(7, 128);
	mqd_t made = mq_make(self->name, O_RDWR, MSGS, SIZE);
	mqd_t found;

	EXPECT_EQ(0, put(made, "hello"));
	found = mq_open(self->name, O_CREAT | O_RDWR, 0, &attr);
	ASSERT_LE(0, found);
	EXPECT_EQ(0, mq_getattr(found, &attr));
	EXPECT_EQ(MSGS, attr.mq_maxmsg);
	EXPECT_EQ(SIZE, attr.mq_msgsize);
	EXPECT_EQ(1, attr.mq_curmsgs);
	/* Nor was its mode changed. */
	EXPECT_LE(0, mq_join(self->name, O_RDWR));
}

TEST_F(mq_open, excl_of_an_existing_one_eexist)
{
	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	EXPECT_EQ(-EEXIST, mq_make(self->name, O_RDWR, MSGS, SIZE));
	EXPECT_ERRNO(EEXIST, mq_open(self->name, O_CREAT | O_EXCL | O_RDONLY, 0600, NULL));
	/* EXCL alone means nothing. */
	EXPECT_LE(0, mq_open(self->name, O_EXCL | O_RDWR));
}

static long number_in(const char *path, long otherwise)
{
	char text[32];

	return read_text(path, text, sizeof(text)) ? otherwise : atol(text);
}

TEST_F(mq_open, no_attributes_are_the_system_s_defaults)
{
	mqd_t mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, NULL);
	struct mq_attr attr;

	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(number_in("/proc/sys/fs/mqueue/msg_default", 10), attr.mq_maxmsg);
	EXPECT_EQ(number_in("/proc/sys/fs/mqueue/msgsize_default", 8192), attr.mq_msgsize);
}

TEST_F(mq_open, defaults_can_be_set)
{
	struct mq_attr attr;
	mqd_t mqd;

	if (!in_guest())
		SKIP(return, "only in a guest");
	ASSERT_EQ(0, write_text("/proc/sys/fs/mqueue/msg_default", "5"));
	/* More than may be is as much as may be. */
	ASSERT_EQ(0, write_text("/proc/sys/fs/mqueue/msgsize_default", "16384"));
	mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, NULL);
	write_text("/proc/sys/fs/mqueue/msg_default", "10");
	write_text("/proc/sys/fs/mqueue/msgsize_default", "8192");
	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(5, attr.mq_maxmsg);
	EXPECT_EQ(8192, attr.mq_msgsize);
}

TEST_F(mq_open, attributes_of_zero_and_less_einval)
{
	static const long none[] = { 0, -1, LONG_MIN };
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, none[i], SIZE));
		EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, MSGS, none[i]));
	}
	EXPECT_ERRNO(ENOENT, mq_open(self->name, O_RDWR));
}

TEST_F(mq_open, attributes_too_large_einval)
{
	EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, MSGS, (16 << 20) + 1));
	EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, MSGS, LONG_MAX));
	EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, LONG_MAX, SIZE));
	EXPECT_EQ(-EINVAL, mq_make(self->name, O_RDWR, LONG_MAX, LONG_MAX));
	EXPECT_ERRNO(ENOENT, mq_open(self->name, O_RDWR));
}

/* Linux has no longer queue, kipc has. */
TEST_F(mq_open, queue_of_more_than_65536_messages)
{
	mqd_t mqd;

	if (!is_root())
		SKIP(return, "needs root");
	mqd = mq_make(self->name, O_RDWR, 65537, SIZE);
	EXPECT_EQ(drop_in() ? 0 : -EINVAL, mqd < 0 ? mqd : 0);
}

TEST_F(mq_open, attributes_are_not_looked_at_where_the_queue_is_there)
{
	struct mq_attr attr = attr_of(0, -1);
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);

	EXPECT_EQ(0, put(mqd, "hello"));
	mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr);
	ASSERT_LE(0, mqd);
	EXPECT_TRUE(next_is(mqd, "hello"));
	EXPECT_ERRNO(EEXIST, mq_open(self->name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr));
	attr = attr_of(LONG_MAX, LONG_MAX);
	EXPECT_LE(0, mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr));
	EXPECT_ERRNO(EEXIST, mq_open(self->name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr));
}

TEST_F(mq_open, other_attributes_are_not_looked_at)
{
	struct mq_attr attr = {
		.mq_flags = O_NONBLOCK | 1,
		.mq_maxmsg = MSGS,
		.mq_msgsize = SIZE,
		.mq_curmsgs = 3,
	};
	mqd_t mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, &attr);

	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, mq_flags(mqd));
	EXPECT_EQ(0, mq_curmsgs(mqd));
}

TEST_F(mq_open, attributes_out_of_reach_efault)
{
	EXPECT_ERRNO(EFAULT, mq_open(self->name, O_CREAT | O_RDWR, 0600, nowhere()));
}

TEST_F(mq_open, nonblock_is_a_flag_of_the_description)
{
	mqd_t mqd = mq_make(self->name, O_RDWR | O_NONBLOCK, MSGS, SIZE);
	mqd_t other = mq_join(self->name, O_RDWR);

	EXPECT_EQ(O_NONBLOCK, mq_flags(mqd));
	EXPECT_EQ(0, mq_flags(other));
}

TEST_F(mq_open, access_that_is_none_einval)
{
	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	EXPECT_ERRNO(EINVAL, mq_open(self->name, O_WRONLY | O_RDWR));
}

TEST_F(mq_open, queue_of_65536_messages)
{
	mqd_t mqd;
	int i;

	if (!in_guest())
		SKIP(return, "only in a guest");
	mqd = mq_make(self->name, O_RDWR | O_NONBLOCK, 65536, 8);
	ASSERT_LE(0, mqd);
	for (i = 0; i < 65536; i++)
		ASSERT_EQ(0, got(mq_send(mqd, (char *)&i, sizeof(i), i & 31)));
	EXPECT_EQ(-EAGAIN, put(mqd, "x"));
	EXPECT_EQ(65536, mq_curmsgs(mqd));
	EXPECT_EQ(0, mq_unlink(self->name));
}

TEST_F(mq_open, message_of_16_mib)
{
	size_t size = 16 << 20;
	char *data = pattern(size, 1), *buf = memory(size);
	mqd_t mqd;

	if (!in_guest())
		SKIP(return, "only in a guest");
	mqd = mq_make(self->name, O_RDWR, 2, size);
	ASSERT_LE(0, mqd);
	EXPECT_EQ(0, got(mq_send(mqd, data, size, 0)));
	EXPECT_EQ(size, got(mq_receive(mqd, buf, size, NULL)));
	EXPECT_EQ(0, memcmp(data, buf, size));
}

/* Permissions */

/* Who may open it, and how, as file permissions say.  Bits: receive, send, both */
static int may_open(const char *name, uid_t uid, gid_t gid)
{
	pid_t child = spawn();
	int may = 0;

	if (child)
		return reap(child);
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		_exit(99);
	may |= mq_join(name, O_RDONLY) >= 0 ? 1 : errno == EACCES ? 0 : 8;
	may |= mq_join(name, O_WRONLY) >= 0 ? 2 : errno == EACCES ? 0 : 8;
	may |= mq_join(name, O_RDWR) >= 0 ? 4 : errno == EACCES ? 0 : 8;
	_exit(may);
}

/* Make a queue as somebody, with this mode and umask.  Return: 0 or errno */
static int make_as(const char *name, uid_t uid, mode_t mode, mode_t mask)
{
	struct mq_attr attr = attr_of(MSGS, SIZE);
	pid_t child = spawn();

	if (child)
		return reap(child);
	if (become(uid))
		_exit(99);
	umask(mask);
	/* Whoever makes it gets what it asked for, whatever the mode. */
	_exit(mq_open(name, O_CREAT | O_EXCL | O_RDWR, mode, &attr) < 0 ? errno : 0);
}

TEST_F(mq_open, mode_says_who_may)
{
	static const struct {
		mode_t mode;
		int owner, group, others;
	} cases[] = {
		{ 0600, 7, 0, 0 }, { 0060, 0, 7, 0 }, { 0006, 0, 0, 7 }, { 0000, 0, 0, 0 },
		{ 0400, 1, 0, 0 }, { 0200, 2, 0, 0 }, { 0040, 0, 1, 0 }, { 0020, 0, 2, 0 },
		{ 0004, 0, 0, 1 }, { 0002, 0, 0, 2 }, { 0666, 7, 7, 7 }, { 0642, 7, 1, 2 },
		{ 0111, 0, 0, 0 }, { 0777, 7, 7, 7 },
	};
	int i;

	if (!is_root())
		SKIP(return, "needs root");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ASSERT_EQ(0, make_as(self->name, USER, cases[i].mode, 0));
		EXPECT_EQ(cases[i].owner, may_open(self->name, USER, USER));
		EXPECT_EQ(cases[i].group, may_open(self->name, OTHER, USER));
		EXPECT_EQ(cases[i].others, may_open(self->name, OTHER, OTHER));
		EXPECT_EQ(7, may_open(self->name, 0, 0));
		EXPECT_EQ(0, mq_unlink(self->name));
	}
}

TEST_F(mq_open, umask_is_taken_off_the_mode)
{
	if (!is_root())
		SKIP(return, "needs root");
	ASSERT_EQ(0, make_as(self->name, USER, 0666, 0026));
	EXPECT_EQ(7, may_open(self->name, USER, USER));
	EXPECT_EQ(1, may_open(self->name, OTHER, USER));
	EXPECT_EQ(0, may_open(self->name, OTHER, OTHER));
}

/* Other bits than those of permission do no harm. */
TEST_F(mq_open, mode_may_have_other_bits)
{
	struct mq_attr attr = attr_of(MSGS, SIZE);

	EXPECT_LE(0, mq_open(self->name, O_CREAT | O_RDWR, 07600, &attr));
	EXPECT_LE(0, mq_open(self->other, O_CREAT | O_RDWR, S_IFREG | 0600, &attr));
}

/* Limits of the process and of the system */

TEST_F(mq_open, no_descriptor_left_emfile)
{
	struct rlimit limit;

	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_ERRNO(EMFILE, mq_open(self->name, O_RDWR));
	EXPECT_EQ(-EMFILE, mq_make(self->other, O_RDWR, MSGS, SIZE));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_ERRNO(ENOENT, mq_open(self->other, O_RDWR));
}

/* Open it as an ordinary user.  Return: 0 or errno */
static int open_as_user(const char *name)
{
	pid_t child = spawn();

	if (child)
		return reap(child);
	if (become(USER))
		_exit(99);
	_exit(mq_open(name, O_RDWR) < 0 ? errno : 0);
}

TEST_F(mq_open, no_file_left_in_the_system_enfile)
{
	char was[32];

	if (!in_guest())
		SKIP(return, "only in a guest");
	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	ASSERT_EQ(0, read_text("/proc/sys/fs/file-max", was, sizeof(was)));
	ASSERT_EQ(0, write_text("/proc/sys/fs/file-max", "1"));
	EXPECT_EQ(ENFILE, open_as_user(self->name));
	write_text("/proc/sys/fs/file-max", was);
	EXPECT_EQ(0, open_as_user(self->name));
}

/* With a limit at 0.  Return: 0, what was told, or -errno */
static int told_at_limit_0(const char *limit, const char *name)
{
	char was[32];
	int told;

	if (read_text(limit, was, sizeof(was)) || write_text(limit, "0"))
		return -EIO;
	told = make_as(name, USER, 0600, 0);
	write_text(limit, was);
	return told;
}

TEST_F(mq_open, no_room_for_another_queue_enospc)
{
	if (!in_guest())
		SKIP(return, "only in a guest");
	EXPECT_EQ(ENOSPC, told_at_limit_0("/proc/sys/fs/mqueue/queues_max", self->name));
	/* Of the drop-in's this is the limit that counts. */
	EXPECT_EQ(drop_in() ? ENOSPC : 0,
		  told_at_limit_0("/sys/module/kipc/parameters/max_names", self->other));
	EXPECT_EQ(0, make_as(self->name, USER, 0600, 0));
}

/* What a user is told where no queue may be made.  Return: the line that is wrong, or 0 */
static int told_without_room(const char *there, const char *other)
{
	struct mq_attr attr = attr_of(-1, -1);
	pid_t child = spawn();

	if (child)
		return reap(child);
	if (become(USER))
		_exit(1);
	if (got(mq_open(there, O_CREAT | O_RDWR, 0600, NULL)) < 0)
		_exit(2);
	if (got(mq_open(there, O_CREAT | O_EXCL | O_RDWR, 0600, NULL)) != -EEXIST)
		_exit(3);
	/* The room is looked at before the attributes. */
	if (got(mq_open(other, O_CREAT | O_RDWR, 0600, &attr)) != -ENOSPC)
		_exit(4);
	_exit(0);
}

TEST_F(mq_open, queue_that_is_there_needs_no_room)
{
	char was[32];

	if (!in_guest())
		SKIP(return, "only in a guest");
	ASSERT_EQ(0, make_as(self->name, USER, 0600, 0));
	ASSERT_EQ(0, read_text("/proc/sys/fs/mqueue/queues_max", was, sizeof(was)));
	ASSERT_EQ(0, write_text("/proc/sys/fs/mqueue/queues_max", "0"));
	EXPECT_EQ(0, told_without_room(self->name, self->other));
	/* The privileged need none. */
	EXPECT_LE(0, mq_make(self->other, O_RDWR, MSGS, SIZE));
	write_text("/proc/sys/fs/mqueue/queues_max", was);
}

TEST_F(mq_open, no_endpoint_left_emfile)
{
	char was[32];

	if (!drop_in() || !in_guest())
		SKIP(return, "a limit of kipc's; only in a guest");
	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	ASSERT_EQ(0, limit_read("max_endpoints", was, sizeof(was)));
	ASSERT_EQ(0, limit_to("max_endpoints", 0));
	EXPECT_EQ(EMFILE, open_as_user(self->name));
	limit_write("max_endpoints", was);
	EXPECT_EQ(0, open_as_user(self->name));
}

TEST_F(mq_open, no_module_enosys)
{
	if (!drop_in() || !is_root())
		SKIP(return, "the kernel's own are always there");
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("none", "/dev", "tmpfs", 0, NULL));
	EXPECT_EQ(-ENOSYS, mq_make(self->name, O_RDWR, MSGS, SIZE));
	EXPECT_ERRNO(ENOSYS, mq_unlink(self->name));
	EXPECT_EQ(-EINVAL, mq_make("", O_RDWR, MSGS, SIZE));
	ASSERT_EQ(0, umount("/dev"));
}

/* What the C library's checked mq_open() calls. */
mqd_t __mq_open_2(const char *name, int oflag);

TEST_F(mq_open, checked_form_opens)
{
	ASSERT_LE(0, mq_make(self->name, O_RDWR, MSGS, SIZE));
	EXPECT_LE(0, __mq_open_2(self->name, O_RDWR));
	EXPECT_ERRNO(ENOENT, __mq_open_2(self->other, O_RDWR));
}

TEST_F(mq_open, checked_form_with_creat_aborts)
{
	pid_t child = spawn();

	if (!child) {
		close(2);
		__mq_open_2(self->name, O_CREAT | O_RDWR);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGABRT, reap(child));
}

/* Unlinking */

TEST_F(mq_open, unlinking_an_absent_name_enoent)
{
	EXPECT_ERRNO(ENOENT, mq_unlink(self->name));
}

TEST_F(mq_open, unlinking_frees_the_name_at_once)
{
	mqd_t old = mq_make(self->name, O_RDWR, MSGS, SIZE), new;

	ASSERT_LE(0, old);
	EXPECT_EQ(0, put(old, "old"));
	EXPECT_EQ(0, mq_unlink(self->name));
	EXPECT_ERRNO(ENOENT, mq_open(self->name, O_RDWR));
	EXPECT_ERRNO(ENOENT, mq_unlink(self->name));

	new = mq_make(self->name, O_RDWR, MSGS, SIZE);
	ASSERT_LE(0, new);
	EXPECT_EQ(0, mq_curmsgs(new));
	EXPECT_EQ(0, put(new, "new"));
	/* Whoever has the old one open goes on with it. */
	EXPECT_EQ(0, put(old, "older"));
	EXPECT_EQ(2, mq_curmsgs(old));
	EXPECT_TRUE(next_is(old, "old"));
	EXPECT_TRUE(next_is(new, "new"));
	EXPECT_EQ(0, mq_close(old));
	EXPECT_EQ(0, mq_curmsgs(new));
}

static int unlink_as(const char *name, uid_t uid)
{
	pid_t child = spawn();

	if (child)
		return reap(child);
	if (become(uid))
		_exit(99);
	_exit(mq_unlink(name) ? errno : 0);
}

TEST_F(mq_open, only_the_owner_may_unlink_eacces)
{
	if (!is_root())
		SKIP(return, "needs root");
	/* Whatever its mode. */
	ASSERT_EQ(0, make_as(self->name, USER, 0777, 0));
	EXPECT_EQ(EACCES, unlink_as(self->name, OTHER));
	EXPECT_EQ(0, unlink_as(self->name, USER));
	ASSERT_EQ(0, make_as(self->name, USER, 0, 0));
	EXPECT_EQ(0, unlink_as(self->name, USER));
	ASSERT_EQ(0, make_as(self->name, USER, 0600, 0));
	EXPECT_EQ(0, mq_unlink(self->name));
}

/* Closing, and what a descriptor is */

TEST_F(mq_open, closing_what_is_not_open_ebadf)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);

	EXPECT_EQ(0, mq_close(mqd));
	EXPECT_ERRNO(EBADF, mq_close(mqd));
	EXPECT_ERRNO(EBADF, mq_close(-1));
	EXPECT_ERRNO(EBADF, mq_close(INT_MAX));
	EXPECT_ERRNO(EBADF, mq_send(mqd, "x", 1, 0));
}

/* As POSIX has it.  To the C library mq_close() is close(). */
TEST_F(mq_open, closing_what_is_no_queue)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(drop_in() ? -EBADF : 0, got(mq_close(fd)));
	EXPECT_EQ(drop_in() ? 0 : -EBADF, got(close(fd)));
}

TEST_F(mq_open, queue_stays_with_its_messages_when_nobody_has_it_open)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);

	EXPECT_EQ(0, put(mqd, "one"));
	EXPECT_EQ(0, put(mqd, "two"));
	EXPECT_EQ(0, mq_close(mqd));
	mqd = mq_join(self->name, O_RDONLY);
	EXPECT_EQ(2, mq_curmsgs(mqd));
	EXPECT_TRUE(next_is(mqd, "one"));
	EXPECT_TRUE(next_is(mqd, "two"));
}

TEST_F(mq_open, descriptor_closes_on_exec)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);

	EXPECT_EQ(FD_CLOEXEC, fcntl(mqd, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(mq_open(self->name, O_RDWR | O_CLOEXEC), F_GETFD));
}

TEST_F(mq_open, descriptor_is_inherited_over_fork)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);
	pid_t child = spawn();

	if (!child) {
		if (put(mqd, "from the child") || mq_set_flags(mqd, O_NONBLOCK))
			_exit(1);
		_exit(mq_close(mqd) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE(next_is(mqd, "from the child"));
	/* One description, and its flags are shared. */
	EXPECT_EQ(O_NONBLOCK, mq_flags(mqd));
}

TEST_F(mq_open, descriptor_can_be_polled)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);
	struct pollfd fd = { .fd = mqd, .events = POLLIN | POLLOUT };

	EXPECT_EQ(1, poll(&fd, 1, 0));
	EXPECT_EQ(POLLOUT, fd.revents);
	EXPECT_EQ(0, put(mqd, "hello"));
	EXPECT_EQ(1, poll(&fd, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, fd.revents);
	EXPECT_TRUE(next_is(mqd, "hello"));
	EXPECT_EQ(0, fill_up(mqd));
	EXPECT_EQ(1, poll(&fd, 1, 0));
	EXPECT_EQ(POLLIN, fd.revents);
}

/* Linux's read() tells of a queue's state; in any case it takes no message. */
TEST_F(mq_open, reading_and_writing_leave_the_queue_alone)
{
	mqd_t mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);
	char buf[256];
	ssize_t n;

	EXPECT_EQ(0, put(mqd, "hello"));
	n = got(read(mqd, buf, sizeof(buf)));
	EXPECT_EQ(drop_in() ? -EBADF : 1, n > 0 ? 1 : n);
	EXPECT_EQ(-1, write(mqd, "x", 1));
	EXPECT_EQ(1, mq_curmsgs(mqd));
	EXPECT_TRUE(next_is(mqd, "hello"));
}

TEST_F(mq_open, success_leaves_errno_alone)
{
	struct timespec past = { 0 };
	struct mq_attr attr, old;
	char buf[SIZE];
	mqd_t mqd;

	errno = 4711;
	mqd = mq_open(self->name, O_CREAT | O_RDWR, 0600, NULL);
	EXPECT_EQ(4711, errno);
	EXPECT_EQ(0, mq_close(mqd));
	EXPECT_EQ(0, mq_unlink(self->name));
	mqd = mq_make(self->name, O_RDWR, MSGS, SIZE);
	EXPECT_EQ(0, mq_send(mqd, "x", 1, 0));
	EXPECT_EQ(0, mq_timedsend(mqd, "x", 1, 0, &past));
	EXPECT_EQ(1, mq_receive(mqd, buf, SIZE, NULL));
	EXPECT_EQ(1, mq_timedreceive(mqd, buf, SIZE, NULL, &past));
	EXPECT_EQ(0, mq_getattr(mqd, &attr));
	EXPECT_EQ(0, mq_setattr(mqd, &attr, &old));
	EXPECT_EQ(0, mq_notify(mqd, NULL));
	EXPECT_EQ(4711, errno);
}

TEST_HARNESS_MAIN
