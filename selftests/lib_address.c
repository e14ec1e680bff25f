// SPDX-License-Identifier: GPL-2.0
/* Addresses, options and arguments: what is understood, and what is refused. */
#include "lib_test.h"

static int listen_at(const char *address)
{
	struct kipc *handle = NULL;
	int err = kipc_listen(&handle, address, NULL);

	kipc_close(handle);
	return err;
}

/* It is -EINVAL, and the sentence that explains it has the word. */
static void expect_refused(struct __test_metadata *_metadata, const char *address,
			   const char *word)
{
	char text[256];

	EXPECT_EQ(-EINVAL, listen_at(address)) {
		TH_LOG("%s", address);
	}
	kipc_explain(address, -EINVAL, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, word)) {
		TH_LOG("'%s' lacks '%s'", text, word);
	}
}

#define EXPECT_REFUSED(address, word) expect_refused(_metadata, address, word)

TEST(unknown_scheme_einval)
{
	EXPECT_REFUSED("carrier-pigeon:coop", "no scheme 'carrier-pigeon'");
	EXPECT_REFUSED("", "no scheme");
	EXPECT_REFUSED(":name", "no scheme");
	EXPECT_REFUSED("pipes:", "no scheme 'pipes'");
}

TEST(missing_colon_einval)
{
	EXPECT_REFUSED("posix-mq", "':'");
	EXPECT_REFUSED("posix-mq?msgs=1", "':'");
}

TEST(unknown_option_einval)
{
	EXPECT_REFUSED("posix-mq:/x?colour=red", "no option 'colour'");
	EXPECT_REFUSED("posix-mq:/x?msg=1", "no option 'msg'");
}

TEST(option_of_another_scheme_einval)
{
	EXPECT_REFUSED("posix-mq:/x?capacity=4096", "no option 'capacity'");
	EXPECT_REFUSED("pipe:?mode=600", "no option 'mode'");
}

TEST(option_given_twice_einval)
{
	EXPECT_REFUSED("posix-mq:/x?msgs=1&msgs=2", "twice");
}

TEST(option_without_value_einval)
{
	EXPECT_REFUSED("posix-mq:/x?msgs", "not a value");
	EXPECT_REFUSED("posix-mq:/x?msgs=", "not a value");
	EXPECT_REFUSED("posix-mq:/x?", "no option ''");
	EXPECT_REFUSED("posix-mq:/x?msgs=1&", "no option ''");
}

TEST(number_that_is_none_einval)
{
	EXPECT_REFUSED("posix-mq:/x?msgs=ten", "'ten' is not a value");
	EXPECT_REFUSED("posix-mq:/x?msgs=-1", "not a value");
	EXPECT_REFUSED("posix-mq:/x?msgs= 1", "not a value");
	EXPECT_REFUSED("posix-mq:/x?msgs=1x", "not a value");
	EXPECT_REFUSED("posix-mq:/x?size=K", "not a value");
	EXPECT_REFUSED("posix-mq:/x?msgs=0", "not a value");
	EXPECT_REFUSED("posix-mq:/x?size=99999999999999999999", "not a value");
	EXPECT_REFUSED("posix-mq:/x?size=9999999999999G", "not a value");
}

TEST(flag_has_no_value)
{
	EXPECT_REFUSED("channel:x?notices=1", "takes no value");
	EXPECT_REFUSED("channel:x?nice=", "takes no value");
	EXPECT_REFUSED("channel:x?notices&notices", "twice");
	EXPECT_REFUSED("pipe:?notices", "no option 'notices'");
}

TEST(ring_and_busy_polling_have_bounds)
{
	EXPECT_REFUSED("channel:x?ring=15", "not a value");
	EXPECT_REFUSED("channel:x?ring=4097", "not a value");
	EXPECT_REFUSED("channel:x?ring", "not a value");
	EXPECT_REFUSED("channel:x?busy=10000001", "not a value");
	EXPECT_REFUSED("queue:x?ring=16", "no option 'ring'");
}

TEST(mode_is_octal_permission_bits)
{
	EXPECT_REFUSED("posix-mq:/x?mode=888", "not a value");
	EXPECT_REFUSED("posix-mq:/x?mode=4755", "not a value");
	EXPECT_EQ(0, listen_at("posix-mq:/kipc-test-mode?mode=0640"));
}

TEST(size_takes_a_unit)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *handle;

	ASSERT_EQ(0, kipc_listen(&handle, "posix-mq:/kipc-test-unit?size=1K&msgs=0x3", NULL));
	ASSERT_EQ(0, kipc_info(handle, &info));
	EXPECT_EQ(1024, info.max_size);
	EXPECT_EQ(3, info.max_msgs);
	kipc_close(handle);
}

TEST(name_is_percent_decoded)
{
	struct kipc *handle;
	struct stat st;

	ASSERT_EQ(0, kipc_listen(&handle, "unix-seqpacket:/tmp/kipc%3ftest%25", NULL));
	EXPECT_EQ(0, stat("/tmp/kipc?test%", &st));
	kipc_close(handle);
	EXPECT_NE(0, stat("/tmp/kipc?test%", &st));
}

TEST(bad_percent_einval)
{
	EXPECT_REFUSED("unix-seqpacket:/tmp/a%", "hex");
	EXPECT_REFUSED("unix-seqpacket:/tmp/a%2", "hex");
	EXPECT_REFUSED("unix-seqpacket:/tmp/a%zz", "hex");
	EXPECT_REFUSED("unix-seqpacket:/tmp/a%00b", "not 00");
}

TEST(name_breaking_the_mechanisms_rule_einval)
{
	char path[256];

	EXPECT_REFUSED("posix-mq:jobs", "'/'");
	EXPECT_REFUSED("posix-mq:/a/b", "'/'");
	EXPECT_REFUSED("posix-mq:/", "'/'");
	EXPECT_REFUSED("sysv-msg:jobs", "key");
	EXPECT_REFUSED("sysv-msg:0", "key");
	EXPECT_REFUSED("sysv-msg:4294967296", "key");
	EXPECT_REFUSED("unix-seqpacket:@", "abstract");
	EXPECT_REFUSED("channel:two words", "printable");
	EXPECT_REFUSED("queue:a/b", "printable");
	EXPECT_REFUSED("pipe:name", "no name");
	snprintf(path, sizeof(path), "unix-seqpacket:/tmp/%0120d", 0);
	EXPECT_REFUSED(path, "107");
}

TEST(listening_without_a_name_einval)
{
	EXPECT_EQ(-EINVAL, listen_at("channel:"));
	EXPECT_EQ(-EINVAL, listen_at("queue:"));
	EXPECT_EQ(-EINVAL, listen_at("unix-seqpacket:"));
	EXPECT_EQ(-EINVAL, listen_at("posix-mq:"));
	EXPECT_EQ(-EINVAL, listen_at("sysv-msg:"));
}

TEST(pair_with_a_name_einval)
{
	struct kipc *ends[2];

	EXPECT_EQ(-EINVAL, kipc_pair(ends, "posix-mq:/x", NULL));
	EXPECT_EQ(NULL, ends[0]);
	EXPECT_EQ(NULL, ends[1]);
}

TEST(null_arguments_einval)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;
	struct kipc *handle;

	EXPECT_EQ(-EINVAL, kipc_listen(NULL, "pipe:", NULL));
	EXPECT_EQ(-EINVAL, kipc_connect(&handle, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_pair(NULL, "pipe:", NULL));
	EXPECT_EQ(-EINVAL, kipc_send(NULL, "", 0, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_recv(NULL, &msg, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_call(NULL, "", 0, &msg, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_reply(NULL, &msg, "", 0));
	EXPECT_EQ(-EINVAL, kipc_fd(NULL));
	EXPECT_EQ(-EINVAL, kipc_info(NULL, &info));
	EXPECT_EQ(-EINVAL, kipc_unlink(NULL));
	EXPECT_EQ(0, kipc_close(NULL));
	kipc_release(NULL);
}

TEST(options_of_another_size_einval)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc *ends[2];

	options.size = 0;
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:", &options));
	options.size = sizeof(options) + 8;
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:", &options));
}

TEST(unknown_option_flags_einval)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc *ends[2];

	options.flags = 1U << 2;
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:", &options));
	options.flags = 0;
	options.mode = 04000;
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:", &options));
	options.mode = 0;
	options.reserved = 1;
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:", &options));
}

TEST(unknown_send_flags_einval)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	options.flags = 1;
	EXPECT_EQ(-EINVAL, kipc_send_opts(ends[1], "", 0, &options, KIPC_NOW));
	options.flags = 0;
	options.size--;
	EXPECT_EQ(-EINVAL, kipc_send_opts(ends[1], "", 0, &options, KIPC_NOW));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(info_of_another_size_einval)
{
	struct kipc_info info = KIPC_INFO_INIT;

	info.size = 1;
	EXPECT_EQ(-EINVAL, kipc_scheme_info("pipe:", &info));
	info.size = sizeof(info);
	EXPECT_EQ(-EINVAL, kipc_scheme_info("nothing:", &info));
}

TEST(address_demands_override_options)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];

	options.max_msgs = 7;
	ASSERT_EQ(0, kipc_pair(ends, "posix-mq:?msgs=3", &options));
	ASSERT_EQ(0, kipc_info(ends[0], &info));
	EXPECT_EQ(3, info.max_msgs);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(wishes_are_granted_as_far_as_possible)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];

	options.max_size = 1ULL << 40;
	options.max_msgs = 1ULL << 40;
	ASSERT_EQ(0, kipc_pair(ends, "posix-mq:", &options));
	ASSERT_EQ(0, kipc_info(ends[0], &info));
	EXPECT_LE(8192, info.max_size);
	EXPECT_GT(1ULL << 40, info.max_size);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(demands_that_cannot_be_met_fail)
{
	struct kipc *ends[2];

	EXPECT_GT(0, kipc_pair(ends, "posix-mq:?size=1G", NULL));
	EXPECT_GT(0, kipc_pair(ends, "posix-mq:?msgs=1000000", NULL));
	EXPECT_EQ(-EMSGSIZE, kipc_pair(ends, "unix-seqpacket:?size=1G", NULL));
	EXPECT_EQ(-EMSGSIZE, kipc_pair(ends, "pipe:?size=2G", NULL));
}

TEST(schemes_are_listed_once_each)
{
	unsigned int i, j;

	for (i = 0; kipc_scheme(i); i++)
		for (j = 0; j < i; j++)
			EXPECT_STRNE(kipc_scheme(i), kipc_scheme(j));
	EXPECT_LT(6, i);
	EXPECT_EQ(NULL, kipc_scheme(i + 1000));
}

TEST(absent_device_enodev_says_load_it)
{
	char text[256];

	if (!access("/dev/kipc", F_OK))
		SKIP(return, "/dev/kipc is there");
	EXPECT_EQ(-ENODEV, listen_at("channel:x"));
	EXPECT_EQ(-ENODEV, listen_at("queue:x"));
	kipc_explain("channel:x", -ENODEV, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "insmod kipc.ko"));
}

TEST(explain_never_overruns_its_buffer)
{
	char text[16];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(&text[0], kipc_explain("channel:camera", -EPIPE, text, 8));
	EXPECT_EQ(7, strlen(text));
	EXPECT_EQ('x', text[8]);
	EXPECT_EQ(NULL, kipc_explain(NULL, -EPIPE, NULL, 0));
}

TEST(explain_has_words_for_every_error)
{
	static const int errors[] = { EPIPE, EAGAIN, ETIMEDOUT, EMSGSIZE, ENOENT, ENODEV,
				      EADDRINUSE, EOPNOTSUPP, ECONNRESET, EPROTO, 99999 };
	unsigned int i;
	char text[256];

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		kipc_explain(NULL, -errors[i], text, sizeof(text));
		EXPECT_LT(8, strlen(text));
	}
}

TEST_HARNESS_MAIN
