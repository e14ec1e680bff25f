// SPDX-License-Identifier: GPL-2.0
/*
 * A program that is linked with libkipc-mq: its queues are kipc's, and others that speak
 * kipc's own language find them.
 */
#include "dropin_mq.h"

FIXTURE(linked)
{
	char name[MQ_NAME_SIZE];
	mqd_t mqd;
	int fd;
};

FIXTURE_SETUP(linked)
{
	umask(0);
	self->mqd = mq_make(fresh_mq_name(self->name), O_RDWR, MSGS, SIZE);
	ASSERT_LE(0, self->mqd);
	/* The slash is not kipc's. */
	self->fd = queue_open(self->name + 1, KIPC_QUEUE_RECV | KIPC_QUEUE_SEND);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(linked)
{
	close(self->fd);
	mq_close(self->mqd);
	mq_unlink(self->name);
}

static struct kipc_queue_stat stat_of(int fd)
{
	struct kipc_queue_stat stat = { .size = sizeof(stat) };

	if (request(fd, KIPC_IOC_QUEUE_STAT, &stat))
		memset(&stat, 0xff, sizeof(stat));
	return stat;
}

TEST_F(linked, functions_are_the_library_s)
{
	EXPECT_TRUE(drop_in());
}

TEST_F(linked, queue_is_kipc_s)
{
	struct kipc_queue_stat stat = stat_of(self->mqd);

	EXPECT_STREQ(self->name + 1, stat.name);
	EXPECT_EQ(MSGS, stat.max_msgs);
	EXPECT_EQ(SIZE, stat.max_size);
	EXPECT_EQ(MSGS * SIZE, stat.max_bytes);
	EXPECT_EQ(0666, stat.mode);
	EXPECT_EQ(stat.number, stat_of(self->fd).number);
}

TEST_F(linked, odd_bytes_of_a_name_are_written_as_percent)
{
	mqd_t mqd = mq_make("/a b%\xff", O_RDWR, MSGS, SIZE);

	EXPECT_STREQ("a%20b%25%FF", stat_of(mqd).name);
	EXPECT_EQ(0, mq_unlink("/a b%\xff"));
}

TEST_F(linked, message_of_mq_is_received_by_kipc)
{
	struct kipc_header msg;
	char buf[SIZE];

	EXPECT_EQ(0, put_prio(self->mqd, "hello", 3));
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ(5, msg.len);
	EXPECT_EQ(3, msg.prio);
	EXPECT_EQ(getpid(), msg.pid);
}

TEST_F(linked, message_of_kipc_is_received_by_mq)
{
	EXPECT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_TRUE(next_is(self->mqd, "hello"));
}

TEST_F(linked, kipc_s_descriptor_is_a_mqd)
{
	EXPECT_EQ(0, put(self->fd, "hello"));
	EXPECT_TRUE(next_is(self->fd, "hello"));
	EXPECT_EQ(0, mq_curmsgs(self->fd));
	EXPECT_EQ(0, got(mq_close(self->fd)));
}

/* POSIX does not know of such an end. */
TEST_F(linked, removed_queue_ebadf)
{
	struct kipc_queue_unlink arg = { .size = sizeof(arg), .flags = KIPC_UNLINK_REMOVE };
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct mq_attr attr = { 0 };
	char buf[SIZE];

	put_name(arg.name, self->name + 1);
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_UNLINK, &arg));
	EXPECT_EQ(-EBADF, put(self->mqd, "x"));
	EXPECT_ERRNO(EBADF, mq_receive(self->mqd, buf, SIZE, NULL));
	EXPECT_ERRNO(EBADF, mq_getattr(self->mqd, &attr));
	EXPECT_ERRNO(EBADF, mq_setattr(self->mqd, &attr, NULL));
	EXPECT_ERRNO(EBADF, mq_notify(self->mqd, &none));
	EXPECT_EQ(0, mq_close(self->mqd));
}

/* The sender's limit of what it may have waiting in queues. */
TEST_F(linked, user_at_its_limit_enomem)
{
	char was[32];
	pid_t child;

	ASSERT_EQ(0, limit_read("max_queue_msgs", was, sizeof(was)));
	ASSERT_EQ(0, limit_to("max_queue_msgs", 0));
	child = spawn();
	if (!child) {
		mqd_t mqd = become(USER) ? -1 : mq_join(self->name, O_WRONLY);

		_exit(-put(mqd, "x"));
	}
	EXPECT_EQ(ENOMEM, reap(child));
	limit_write("max_queue_msgs", was);
}

TEST_HARNESS_MAIN
