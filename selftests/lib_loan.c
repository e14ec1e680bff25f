// SPDX-License-Identifier: GPL-2.0
/* Writing a message where it is sent from, on every transport. */
#include "lib_test.h"

FIXTURE(loan)
{
	struct kipc *recv;
	struct kipc *send;
	uint32_t can;
};

FIXTURE_VARIANT(loan)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(loan, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(loan, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(loan, pipe) { .scheme = "pipe" };
FIXTURE_VARIANT_ADD(loan, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(loan, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(loan, sysv_msg) { .scheme = "sysv-msg" };
FIXTURE_VARIANT_ADD(loan, ring) { .scheme = "ring" };

FIXTURE_SETUP(loan)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];
	char address[64];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	snprintf(address, sizeof(address), "%s:", variant->scheme);
	ASSERT_EQ(0, kipc_pair(ends, address, NULL));
	self->recv = ends[0];
	self->send = ends[1];
	ASSERT_EQ(0, kipc_info(self->send, &info));
	self->can = info.can;
}

FIXTURE_TEARDOWN(loan)
{
	kipc_close(self->send);
	kipc_close(self->recv);
}

TEST_F(loan, what_is_written_in_place_arrives)
{
	struct kipc_loan loan;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_loan(self->send, &loan, 1000, LONG));
	EXPECT_EQ(self->send, loan.handle);
	EXPECT_EQ(1000, loan.len);
	fill(loan.data, 1000, 1);
	ASSERT_EQ(0, kipc_commit(&loan, 1000, LONG));
	EXPECT_EQ(NULL, loan.handle);
	ASSERT_EQ(1000, kipc_recv(self->recv, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, 1000, 1));
	kipc_release(&msg);
}

TEST_F(loan, shorter_message_than_was_borrowed)
{
	struct kipc_loan loan;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_loan(self->send, &loan, 1000, LONG));
	memcpy(loan.data, "short", 5);
	ASSERT_EQ(0, kipc_commit(&loan, 5, LONG));
	ASSERT_EQ(0, kipc_loan(self->send, &loan, 0, LONG));
	ASSERT_EQ(0, kipc_commit(&loan, 0, LONG));
	ASSERT_EQ(5, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "short", 5));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(loan, longer_message_than_was_borrowed_einval_keeps_it)
{
	struct kipc_loan loan;

	ASSERT_EQ(0, kipc_loan(self->send, &loan, 10, LONG));
	memset(loan.data, 0, 10);
	EXPECT_EQ(-EINVAL, kipc_commit(&loan, 11, LONG));
	EXPECT_EQ(0, kipc_commit(&loan, 10, LONG));
	EXPECT_EQ(-EINVAL, kipc_commit(&loan, 10, LONG));
}

TEST_F(loan, canceled_sends_nothing)
{
	struct kipc_loan loan;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_loan(self->send, &loan, 10, LONG));
	kipc_loan_cancel(&loan);
	EXPECT_EQ(NULL, loan.handle);
	kipc_loan_cancel(&loan);
	kipc_loan_cancel(NULL);
	EXPECT_EQ(-EINVAL, kipc_commit(&loan, 0, LONG));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(loan, several_are_held_at_once)
{
	struct kipc_loan loans[4];
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kipc_loan(self->send, &loans[i], 100, LONG));
		fill(loans[i].data, 100, i);
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kipc_commit(&loans[i], 100, LONG));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(100, kipc_recv(self->recv, &msg, LONG));
		EXPECT_TRUE(filled(msg.data, 100, i));
		kipc_release(&msg);
	}
}

TEST_F(loan, held_one_goes_with_the_handle)
{
	struct kipc_loan loan;

	ASSERT_EQ(0, kipc_loan(self->send, &loan, 100, LONG));
}

TEST_F(loan, too_large_emsgsize)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_loan loan;

	ASSERT_EQ(0, kipc_info(self->send, &info));
	if (info.max_size > 64 << 20)
		SKIP(return, "too large to try");
	EXPECT_EQ(-EMSGSIZE, kipc_loan(self->send, &loan, info.max_size + 1, LONG));
	EXPECT_EQ(NULL, loan.handle);
}

TEST_F(loan, options_are_those_of_sending)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_loan loan;
	struct kipc_msg msg;

	options.type = 5;
	ASSERT_EQ(0, kipc_loan(self->send, &loan, 1, LONG));
	*(char *)loan.data = 'x';
	if (!(self->can & KIPC_CAN_TYPE)) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_commit_opts(&loan, 1, &options, LONG));
		EXPECT_EQ(0, kipc_commit(&loan, 1, LONG));
		return;
	}
	ASSERT_EQ(0, kipc_commit_opts(&loan, 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(5, msg.type);
	kipc_release(&msg);
}

TEST_F(loan, receiving_end_eopnotsupp)
{
	struct kipc_loan loan;

	if (self->can & KIPC_CAN_DUPLEX)
		SKIP(return, "both ends send");
	EXPECT_EQ(-EOPNOTSUPP, kipc_loan(self->recv, &loan, 1, LONG));
	EXPECT_EQ(-EINVAL, kipc_loan(NULL, &loan, 1, LONG));
	EXPECT_EQ(-EINVAL, kipc_loan(self->send, NULL, 1, LONG));
}

TEST_HARNESS_MAIN
