// SPDX-License-Identifier: GPL-2.0
/*
 * sunrpc: against libtirpc itself, its clients and its servers; and against peers that
 * send what they should not.
 */
#include <arpa/inet.h>
#include <rpc/rpc.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib_test.h"

#define PROGRAM		0x20004242U
#define VERSION		3U
#define ADD		7	/* the procedures of the service below */
#define GREET		8

/* The arguments and results of the service, as rpcgen would declare them. */
struct pair_args {
	int a;
	int b;
};

static bool_t xdr_pair(XDR *xdr, struct pair_args *pair)
{
	return xdr_int(xdr, &pair->a) && xdr_int(xdr, &pair->b);
}

/* xdr_void() is declared without parameters, which no xdrproc_t is. */
static bool_t xdr_none(XDR *xdr, void *nothing)
{
	return xdr_void();
}

struct blob {
	char *data;
	u_int len;
};

static bool_t xdr_blob(XDR *xdr, struct blob *blob)
{
	return xdr_bytes(xdr, &blob->data, &blob->len, 1 << 20);
}

static const struct timeval patience = { 20, 0 };

FIXTURE(sunrpc)
{
	char path[64];
	char address[128];
	struct kipc *server;
	struct kipc *client;
	pid_t child;
};

FIXTURE_SETUP(sunrpc)
{
	int err;

	snprintf(self->path, sizeof(self->path), "/tmp/kipc-sunrpc-%d", getpid());
	snprintf(self->address, sizeof(self->address), "sunrpc:%s?prog=%u&vers=%u",
		 self->path, PROGRAM, VERSION);
	err = kipc_listen(&self->server, self->address, NULL);
	if (err == -ENODEV)
		SKIP(return, "no libtirpc");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(sunrpc)
{
	if (self->child > 0) {
		kill(self->child, SIGKILL);
		waitpid(self->child, NULL, 0);
	}
	kipc_close(self->client);
	kipc_close(self->server);
	unlink(self->path);
}

/* The same address, and another option. */
static char *address_with(struct _test_data_sunrpc *self, const char *option, char *buf)
{
	snprintf(buf, 160, "%s&%s", self->address, option);
	return buf;
}

static int connect_plain(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* A client of libtirpc's. */
static CLIENT *client_plain(const char *path, unsigned long program, unsigned long version)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct netbuf address = { sizeof(sun), sizeof(sun), &sun };
	int fd = connect_plain(path);
	CLIENT *client;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	client = fd < 0 ? NULL : clnt_vc_create(fd, &address, program, version, 0, 0);
	if (client)
		clnt_control(client, CLSET_FD_CLOSE, NULL);
	return client;
}

/* Our service: echoes, and says which procedure it was; dies when it is told to stop. */
static pid_t start_echo(struct kipc *server)
{
	struct kipc_msg msg;
	pid_t child = fork();

	if (child)
		return child;
	while (kipc_recv(server, &msg, LONG) >= 0) {
		char text[100];
		int n = snprintf(text, sizeof(text), "%llu:%.*s", (unsigned long long)msg.type,
				 (int)(msg.len < 50 ? msg.len : 50), (const char *)msg.data);

		if (msg.kind == KIPC_MSG_CALL && msg.type == 99)
			kipc_release(&msg);
		else if (msg.kind == KIPC_MSG_CALL)
			kipc_reply(server, &msg, text, n);
		else
			kipc_release(&msg);
	}
	_exit(0);
}

/* ---- a client of libtirpc's, and our service ---- */

TEST_F(sunrpc, libtirpcs_client_calls_our_service)
{
	struct blob argument = { "hello", 5 }, result = { NULL, 0 };
	CLIENT *client;

	self->child = start_echo(self->server);
	client = client_plain(self->path, PROGRAM, VERSION);
	ASSERT_NE(NULL, client);
	ASSERT_EQ(RPC_SUCCESS, clnt_call(client, 42, (xdrproc_t)xdr_blob, (caddr_t)&argument,
					 (xdrproc_t)xdr_blob, (caddr_t)&result, patience));
	EXPECT_EQ(8, result.len);
	EXPECT_EQ(0, memcmp(result.data, "42:hello", 8));
	clnt_freeres(client, (xdrproc_t)xdr_blob, (caddr_t)&result);

	/* Large enough for several fragments. */
	argument.data = calloc(1, 100000);
	memset(argument.data, 'x', 100000);
	argument.len = 100000;
	result.data = NULL;
	ASSERT_EQ(RPC_SUCCESS, clnt_call(client, 1, (xdrproc_t)xdr_blob, (caddr_t)&argument,
					 (xdrproc_t)xdr_blob, (caddr_t)&result, patience));
	EXPECT_EQ(52, result.len);
	clnt_freeres(client, (xdrproc_t)xdr_blob, (caddr_t)&result);
	free(argument.data);
	clnt_destroy(client);
}

TEST_F(sunrpc, procedure_0_is_answered_by_the_library)
{
	CLIENT *client;

	self->child = start_echo(self->server);
	client = client_plain(self->path, PROGRAM, VERSION);
	ASSERT_NE(NULL, client);
	EXPECT_EQ(RPC_SUCCESS, clnt_call(client, NULLPROC, (xdrproc_t)xdr_none, NULL,
					 (xdrproc_t)xdr_none, NULL, patience));
	clnt_destroy(client);
}

static enum clnt_stat call_blob(CLIENT *client, unsigned long procedure)
{
	struct blob argument = { "x", 1 }, result = { NULL, 0 };
	enum clnt_stat stat;

	stat = clnt_call(client, procedure, (xdrproc_t)xdr_blob, (caddr_t)&argument,
			 (xdrproc_t)xdr_blob, (caddr_t)&result, patience);
	clnt_freeres(client, (xdrproc_t)xdr_blob, (caddr_t)&result);
	return stat;
}

TEST_F(sunrpc, libtirpcs_client_is_told_what_is_wrong)
{
	struct pair_args args = { 5, 2 };
	struct rpc_err error;
	CLIENT *client;

	self->child = start_echo(self->server);
	client = client_plain(self->path, PROGRAM + 1, VERSION);
	ASSERT_NE(NULL, client);
	EXPECT_EQ(RPC_PROGUNAVAIL, call_blob(client, 1));
	clnt_destroy(client);

	client = client_plain(self->path, PROGRAM, VERSION + 1);
	ASSERT_NE(NULL, client);
	EXPECT_EQ(RPC_PROGVERSMISMATCH, call_blob(client, 1));
	clnt_geterr(client, &error);
	EXPECT_EQ(VERSION, error.re_vers.low);
	EXPECT_EQ(VERSION, error.re_vers.high);
	clnt_destroy(client);

	client = client_plain(self->path, PROGRAM, VERSION);
	ASSERT_NE(NULL, client);
	/* Two integers are no opaque<>: 5 bytes do not follow. */
	EXPECT_EQ(RPC_CANTDECODEARGS, clnt_call(client, 1, (xdrproc_t)xdr_pair, (caddr_t)&args,
						(xdrproc_t)xdr_none, NULL, patience));
	/* Released without an answer. */
	EXPECT_EQ(RPC_SYSTEMERROR, call_blob(client, 99));
	EXPECT_EQ(RPC_SUCCESS, call_blob(client, 1));
	clnt_destroy(client);
}

/* A service with arguments of its own, on the library: reads and writes XDR itself. */
static void serve_add(struct kipc *server)
{
	struct pair_args args;
	struct kipc_msg msg;
	char result[8];
	int sum;
	XDR xdr;

	while (kipc_recv(server, &msg, LONG) >= 0) {
		xdrmem_create(&xdr, (char *)msg.data, msg.len, XDR_DECODE);
		if (msg.type != ADD || !xdr_pair(&xdr, &args)) {
			kipc_release(&msg);
			continue;
		}
		xdrmem_create(&xdr, result, sizeof(result), XDR_ENCODE);
		sum = args.a + args.b;
		xdr_int(&xdr, &sum);
		kipc_reply(server, &msg, result, xdr_getpos(&xdr));
	}
	_exit(0);
}

TEST_F(sunrpc, libtirpcs_client_calls_a_service_with_arguments_of_its_own)
{
	struct pair_args args = { 40, 2 };
	char address[160];
	CLIENT *client;
	int sum = 0;

	kipc_close(self->server);
	ASSERT_EQ(0, kipc_listen(&self->server, address_with(self, "xdr", address), NULL));
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child)
		serve_add(self->server);
	client = client_plain(self->path, PROGRAM, VERSION);
	ASSERT_NE(NULL, client);
	EXPECT_EQ(RPC_SUCCESS, clnt_call(client, ADD, (xdrproc_t)xdr_pair, (caddr_t)&args,
					 (xdrproc_t)xdr_int, (caddr_t)&sum, patience));
	EXPECT_EQ(42, sum);
	EXPECT_EQ(RPC_SUCCESS, clnt_call(client, NULLPROC, (xdrproc_t)xdr_none, NULL,
					 (xdrproc_t)xdr_none, NULL, patience));
	EXPECT_EQ(RPC_SYSTEMERROR, clnt_call(client, GREET, (xdrproc_t)xdr_none, NULL,
					     (xdrproc_t)xdr_none, NULL, patience));
	clnt_destroy(client);
}

/* ---- a server of libtirpc's, and our client ---- */

static void dispatch(struct svc_req *request, SVCXPRT *transport)
{
	struct blob blob = { NULL, 0 };
	struct pair_args args;
	int sum;

	switch (request->rq_proc) {
	case NULLPROC:
		svc_sendreply(transport, (xdrproc_t)xdr_none, NULL);
		break;
	case ADD:
		if (!svc_getargs(transport, (xdrproc_t)xdr_pair, (caddr_t)&args)) {
			svcerr_decode(transport);
			break;
		}
		sum = args.a + args.b;
		svc_sendreply(transport, (xdrproc_t)xdr_int, (caddr_t)&sum);
		break;
	case GREET:
		if (!svc_getargs(transport, (xdrproc_t)xdr_blob, (caddr_t)&blob)) {
			svcerr_decode(transport);
			break;
		}
		svc_sendreply(transport, (xdrproc_t)xdr_blob, (caddr_t)&blob);
		svc_freeargs(transport, (xdrproc_t)xdr_blob, (caddr_t)&blob);
		break;
	default:
		svcerr_noproc(transport);
	}
}

/* In a process of its own, as it lives in global variables. */
static pid_t start_plain(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SVCXPRT *transport;
	pid_t child;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 5))
		return -1;
	child = fork();
	if (!child) {
		transport = svc_vc_create(fd, 0, 0);
		if (transport && svc_reg(transport, PROGRAM, VERSION, dispatch, NULL))
			svc_run();
		_exit(1);
	}
	close(fd);
	return child;
}

TEST_F(sunrpc, our_client_calls_libtirpcs_server)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg reply;
	static char data[100000];

	kipc_close(self->server);
	self->server = NULL;
	self->child = start_plain(self->path);
	ASSERT_LE(0, self->child);
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	options.type = GREET;
	ASSERT_EQ(5, kipc_call_opts(self->client, "hello", 5, &options, &reply, LONG));
	EXPECT_EQ(0, memcmp(reply.data, "hello", 5));
	kipc_release(&reply);
	fill(data, sizeof(data), 1);
	ASSERT_EQ(sizeof(data), kipc_call_opts(self->client, data, sizeof(data), &options,
					       &reply, LONG));
	EXPECT_TRUE(filled(reply.data, sizeof(data), 1));
	kipc_release(&reply);

	/* It answers a one-way message, which is nobody's reply. */
	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(3, kipc_call_opts(self->client, "yes", 3, &options, &reply, LONG));
	EXPECT_EQ(0, memcmp(reply.data, "yes", 3));
	kipc_release(&reply);
	options.type = 55;
	EXPECT_EQ(-EOPNOTSUPP, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
	EXPECT_EQ(NULL, reply.handle);
}

TEST_F(sunrpc, our_client_calls_libtirpcs_server_with_its_arguments)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	const uint32_t args[2] = { htonl(40), htonl(2) };
	struct kipc_msg reply;
	char address[160];

	kipc_close(self->server);
	self->server = NULL;
	self->child = start_plain(self->path);
	ASSERT_LE(0, self->child);
	ASSERT_EQ(0, kipc_connect(&self->client, address_with(self, "xdr", address), NULL));
	options.type = ADD;
	ASSERT_EQ(4, kipc_call_opts(self->client, args, sizeof(args), &options, &reply, LONG));
	EXPECT_EQ(htonl(42), *(const uint32_t *)reply.data);
	kipc_release(&reply);
	EXPECT_EQ(-EINVAL, kipc_call_opts(self->client, args, 4, &options, &reply, LONG));
	EXPECT_EQ(-EINVAL, kipc_call_opts(self->client, args, 7, &options, &reply, LONG));
	/* Procedure 0. */
	EXPECT_EQ(0, kipc_call(self->client, NULL, 0, &reply, LONG));
	kipc_release(&reply);
	kipc_close(self->client);

	snprintf(address, sizeof(address), "sunrpc:%s?prog=%u&vers=77", self->path, PROGRAM);
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	EXPECT_EQ(-ENOENT, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_close(self->client);
	snprintf(address, sizeof(address), "sunrpc:%s?prog=5&vers=%u", self->path, VERSION);
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	EXPECT_EQ(-ENOENT, kipc_call(self->client, "x", 1, &reply, LONG));
}

/* ---- ours on both sides ---- */

TEST_F(sunrpc, types_are_procedures)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg, reply;

	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	options.type = 0xffffffff;
	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_SEND, msg.kind);
	EXPECT_EQ(0xffffffff, msg.type);
	EXPECT_EQ(getpid(), msg.pid);
	kipc_release(&msg);
	options.type = 1ULL << 32;
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->client, "x", 1, &options, LONG));
	EXPECT_EQ(-EINVAL, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
}

TEST_F(sunrpc, reply_with_a_type_eopnotsupp_can_be_answered_without)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	options.type = 5;
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		if (kipc_connect(&self->client, self->address, NULL))
			_exit(1);
		_exit(kipc_call(self->client, "x", 1, &msg, LONG) == 2 ? 0 : 2);
	}
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(-EOPNOTSUPP, kipc_reply_opts(self->server, &msg, "ok", 2, &options));
	EXPECT_EQ(0, kipc_reply(self->server, &msg, "ok", 2));
	EXPECT_EQ(0, exit_status(self->child));
	self->child = 0;
}

TEST_F(sunrpc, wrong_program_or_version_enoent)
{
	struct kipc_msg reply;
	char address[160];

	self->child = start_echo(self->server);
	snprintf(address, sizeof(address), "sunrpc:%s", self->path);
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	EXPECT_EQ(-ENOENT, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_close(self->client);
	snprintf(address, sizeof(address), "sunrpc:%s?prog=%u", self->path, PROGRAM);
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	EXPECT_EQ(-ENOENT, kipc_call(self->client, "x", 1, &reply, LONG));
}

TEST_F(sunrpc, message_that_time_cuts_in_two_is_never_received)
{
	size_t len = 190000;
	char *data = calloc(1, len);
	struct kipc_msg msg;
	int err;

	ASSERT_NE(NULL, data);
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	fill(data, len, 1);
	ASSERT_EQ(0, kipc_send(self->client, data, len, LONG));
	/* There is no room: it is not begun. */
	EXPECT_EQ(-EAGAIN, kipc_send(self->client, data, len, KIPC_NOW));
	/* It is begun, and there is not enough. */
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->client, data, len, SOON));
	err = kipc_send(self->client, "x", 1, LONG);
	EXPECT_EQ(-EPIPE, err);
	ASSERT_EQ(len, kipc_recv(self->server, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, len, 1));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	free(data);
}

TEST_F(sunrpc, size_is_what_was_demanded)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;
	char address[160];
	char *data;

	if (geteuid())
		SKIP(return, "the system's limit is less");
	kipc_close(self->server);
	address_with(self, "size=1M", address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	ASSERT_EQ(0, kipc_info(self->client, &info));
	EXPECT_LE(1 << 20, info.max_size);
	data = calloc(1, 1 << 20);
	ASSERT_EQ(0, kipc_send(self->client, data, 1 << 20, KIPC_NOW));
	EXPECT_EQ(1 << 20, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	free(data);
}

/* ---- peers that send what they should not ---- */

/* A call of procedure 1 with the argument "abcd", and the words to spoil. */
struct raw_call {
	uint32_t mark, xid, direction, dialect, program, version, procedure;
	uint32_t cred[2], verf[2];
	uint32_t len;
	char data[4];
};

static void raw_call_init(struct raw_call *call)
{
	*call = (struct raw_call){
		.mark = htonl(0x80000000 | (sizeof(*call) - 4)),
		.xid = htonl(7),
		.dialect = htonl(2),
		.program = htonl(PROGRAM),
		.version = htonl(VERSION),
		.procedure = htonl(1),
		.len = htonl(4),
		.data = "abcd",
	};
}

TEST_F(sunrpc, call_in_fragments_of_a_byte_is_put_together)
{
	unsigned char fragment[5], answer[64];
	struct raw_call call;
	size_t i;
	int fd;

	self->child = start_echo(self->server);
	fd = connect_plain(self->path);
	ASSERT_LE(0, fd);
	raw_call_init(&call);
	for (i = 4; i < sizeof(call); i++) {
		uint32_t mark = htonl(1 | (i == sizeof(call) - 1 ? 0x80000000 : 0));

		memcpy(fragment, &mark, 4);
		fragment[4] = ((unsigned char *)&call)[i];
		ASSERT_EQ(5, write(fd, fragment, 5));
	}
	/* mark, xid, REPLY, accepted, verifier, success, 6 bytes of text and two more */
	ASSERT_EQ(4 + 24 + 4 + 8, recv(fd, answer, 4 + 24 + 4 + 8, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(answer + 32, "1:abcd\0\0", 8));
	EXPECT_EQ(7, answer[7]);
	close(fd);
}

/* Send it, and see whether the server hangs up; it must go on with others. */
static bool hangs_up(const char *path, const void *data, size_t len)
{
	int fd = connect_plain(path);
	char byte;
	bool up;

	if (fd < 0 || send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	up = recv(fd, &byte, 1, 0) <= 0;
	close(fd);
	return up;
}

TEST_F(sunrpc, nonsense_costs_its_sender_the_line_and_nobody_else)
{
	const uint32_t endless[] = { htonl(0x7fffffff) }, empty[] = { 0, 0 };
	const uint32_t short_one[] = { htonl(0x80000004), 0 };
	struct kipc_msg reply;
	struct raw_call call;

	self->child = start_echo(self->server);
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	EXPECT_TRUE(hangs_up(self->path, "GET / HTTP/1.0\r\n\r\n", 18));
	EXPECT_TRUE(hangs_up(self->path, endless, sizeof(endless)));
	EXPECT_TRUE(hangs_up(self->path, empty, sizeof(empty)));
	EXPECT_TRUE(hangs_up(self->path, short_one, sizeof(short_one)));
	raw_call_init(&call);
	call.direction = htonl(5);
	EXPECT_TRUE(hangs_up(self->path, &call, sizeof(call)));
	raw_call_init(&call);
	call.direction = htonl(1);	/* a reply that nobody has asked for */
	EXPECT_TRUE(hangs_up(self->path, &call, sizeof(call)));
	raw_call_init(&call);
	call.cred[1] = htonl(0x7ffffff0);
	EXPECT_TRUE(hangs_up(self->path, &call, sizeof(call)));
	raw_call_init(&call);
	call.verf[1] = htonl(401);
	EXPECT_TRUE(hangs_up(self->path, &call, sizeof(call)));
	EXPECT_EQ(3, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_release(&reply);
}

/* The word of an answer that says how it went, or -1. */
static int answered(const char *path, const struct raw_call *call, unsigned int word)
{
	int fd = connect_plain(path);
	uint32_t answer[7];
	int n = -1;

	if (fd >= 0 && send(fd, call, sizeof(*call), MSG_NOSIGNAL) == sizeof(*call))
		n = recv(fd, answer, (word + 1) * 4, MSG_WAITALL);
	close(fd);
	return n == (int)(word + 1) * 4 ? (int)ntohl(answer[word]) : -1;
}

TEST_F(sunrpc, other_dialects_and_lengths_that_lie_are_answered)
{
	struct raw_call call;

	self->child = start_echo(self->server);
	raw_call_init(&call);
	EXPECT_EQ(SUCCESS, answered(self->path, &call, 6));
	call.dialect = htonl(3);
	EXPECT_EQ(MSG_DENIED, answered(self->path, &call, 3));
	raw_call_init(&call);
	call.len = htonl(5);
	EXPECT_EQ(GARBAGE_ARGS, answered(self->path, &call, 6));
	call.len = htonl(0xffffffff);
	EXPECT_EQ(GARBAGE_ARGS, answered(self->path, &call, 6));
	call.len = htonl(0);
	EXPECT_EQ(GARBAGE_ARGS, answered(self->path, &call, 6));
}

TEST_F(sunrpc, client_that_stops_half_way_does_not_hold_the_others_up)
{
	struct kipc_msg reply;
	struct raw_call call;
	int fd;

	self->child = start_echo(self->server);
	raw_call_init(&call);
	fd = connect_plain(self->path);
	ASSERT_EQ(20, send(fd, &call, 20, 0));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	EXPECT_EQ(3, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_release(&reply);
	/* And it may go on. */
	ASSERT_EQ(sizeof(call) - 20, send(fd, (char *)&call + 20, sizeof(call) - 20, 0));
	EXPECT_EQ(4, recv(fd, &call, 4, MSG_WAITALL));
	close(fd);
}

TEST_F(sunrpc, without_libtirpc_enodev_says_what_to_install)
{
	char command[300], path[200] = "", line[400], why[256];
	FILE *maps;
	pid_t child;

	kipc_explain("sunrpc:x", -ENODEV, why, sizeof(why));
	EXPECT_NE(NULL, strstr(why, "libtirpc"));
	if (geteuid() || system("command -v kipcctl > /dev/null"))
		SKIP(return, "needs root, and kipcctl");
	maps = fopen("/proc/self/maps", "re");
	ASSERT_NE(NULL, maps);
	while (!path[0] && fgets(line, sizeof(line), maps))
		if (strstr(line, "libtirpc.so.3"))
			sscanf(strchr(line, '/'), "%199s", path);
	fclose(maps);
	ASSERT_NE('\0', path[0]);
	snprintf(command, sizeof(command), "kipcctl send '%s' /dev/null 2>&1 | grep -q libtirpc3",
		 self->address);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("/dev/null", path, NULL, MS_BIND, NULL))
			_exit(77);
		_exit(system(command) ? 1 : 0);
	}
	switch (exit_status(child)) {
	case 77:
		SKIP(return, "cannot hide it here");
	case 0:
		break;
	default:
		EXPECT_TRUE(false);
	}
}

TEST_HARNESS_MAIN
