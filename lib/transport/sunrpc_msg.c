// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sunrpc: RPC messages.
 *
 * A message's type is its procedure.  A payload travels as the only argument, or result,
 * of type opaque<>, so that any bytes do; with ?xdr it is what it is, for services whose
 * procedures have others, and must then be XDR of the program's own making.
 *
 *	kipc			RPC
 *	call, type t		call of procedure t
 *	reply			accepted reply, SUCCESS
 *	call released		accepted reply, SYSTEM_ERR
 *	one-way message		call 0 whose verifier says so; there is no reply
 *
 * RPC has no one-way messages but calls that nobody answers ("batching"), and the callee
 * must know which those are.  Here a verifier of flavour AUTH_NONE with a word in it says
 * it, which other implementations ignore; they answer, and the answer is dropped.
 *
 * A listener answers for itself what no program should have to: procedure 0 without
 * arguments, by which one asks whether a service is alive; other programs, versions and
 * dialects; arguments that are none.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <rpc/rpc.h>
#include <string.h>

#include "sunrpc.h"

/* In a static program these may be missing, and then there is no Sun RPC. */
#pragma weak dlopen
#pragma weak dlsym

#define KIPC_RPC_LIBRARY "libtirpc.so.3"

/* In the verifier of a one-way message. */
static char kipc_rpc_one_way[8] = { 'k', 'i', 'p', 'c', ' ', '1', 'w', 'y' };

/* ---- libtirpc ---- */

/* What is used of it.  Set once, by whoever is first; all find the same. */
struct kipc_rpc_library {
	__typeof__(xdrmem_create) *xdrmem_create;
	__typeof__(xdr_callmsg) *xdr_callmsg;
	__typeof__(xdr_replymsg) *xdr_replymsg;
};

static struct kipc_rpc_library kipc_rpc_library;
static pthread_once_t kipc_rpc_once = PTHREAD_ONCE_INIT;
static atomic_bool kipc_rpc_loaded;

static void kipc_rpc_load_once(void)
{
	struct kipc_rpc_library *library = &kipc_rpc_library;
	void *tirpc = dlopen ? dlopen(KIPC_RPC_LIBRARY, RTLD_NOW | RTLD_LOCAL) : NULL;

	if (!tirpc)
		return;
	library->xdrmem_create = dlsym(tirpc, "xdrmem_create");
	library->xdr_callmsg = dlsym(tirpc, "xdr_callmsg");
	library->xdr_replymsg = dlsym(tirpc, "xdr_replymsg");
	if (library->xdrmem_create && library->xdr_callmsg && library->xdr_replymsg)
		atomic_store(&kipc_rpc_loaded, true);
}

/* Load libtirpc: 0 or -ENODEV. */
int kipc_rpc_load(void)
{
	pthread_once(&kipc_rpc_once, kipc_rpc_load_once);
	return atomic_load(&kipc_rpc_loaded) ? 0 : -ENODEV;
}

/* The payload is put, and found, by ourselves. */
static bool_t kipc_rpc_nothing(XDR *xdr, ...)
{
	(void)xdr;
	return TRUE;
}

/* ---- heads that go out ---- */

static void kipc_rpc_set_call(const struct kipc_rpc *rpc, struct rpc_msg *msg, uint32_t procedure,
			      bool one_way)
{
	msg->rm_direction = CALL;
	msg->rm_call.cb_rpcvers = RPC_MSG_VERSION;
	msg->rm_call.cb_prog = rpc->program;
	msg->rm_call.cb_vers = rpc->version;
	msg->rm_call.cb_proc = procedure;
	if (!one_way)
		return;
	msg->rm_call.cb_verf.oa_base = kipc_rpc_one_way;
	msg->rm_call.cb_verf.oa_length = sizeof(kipc_rpc_one_way);
}

static void kipc_rpc_set_accepted(struct rpc_msg *msg, enum accept_stat stat)
{
	msg->rm_direction = REPLY;
	msg->rm_reply.rp_stat = MSG_ACCEPTED;
	msg->acpted_rply.ar_stat = stat;
	msg->acpted_rply.ar_results.where = NULL;
	msg->acpted_rply.ar_results.proc = (xdrproc_t)kipc_rpc_nothing;
}

/* Write a head behind the room for the mark. */
static int kipc_rpc_encode(struct rpc_msg *msg, struct kipc_rpc_head *head)
{
	const size_t mark = 4;
	XDR xdr;
	bool ok;

	kipc_rpc_library.xdrmem_create(&xdr, head->bytes + mark, sizeof(head->bytes) - mark - 4,
				       XDR_ENCODE);
	ok = msg->rm_direction == CALL ? kipc_rpc_library.xdr_callmsg(&xdr, msg) :
					 kipc_rpc_library.xdr_replymsg(&xdr, msg);
	head->len = mark + XDR_GETPOS(&xdr);
	head->padding = 0;
	XDR_DESTROY(&xdr);
	return ok ? 0 : -EPROTO;
}

/* What stands around a payload that is bytes: opaque<>. */
static void kipc_rpc_put_opaque(struct kipc_rpc_head *head, size_t len)
{
	uint32_t count = htonl((uint32_t)len);

	memcpy(head->bytes + head->len, &count, sizeof(count));
	head->len += sizeof(count);
	head->padding = -len & 3;
}

/**
 * kipc_rpc_put() - make the head of a message
 * @rpc:	the line
 * @kind:	what it is
 * @xid:	of which call
 * @out:	its payload and type; NULL: there is none
 * @head:	filled in
 *
 * Return: 0; -EINVAL, the type is no procedure, or the payload no XDR; -EOPNOTSUPP, a
 * reply has no type.
 */
int kipc_rpc_put(struct kipc_rpc *rpc, enum kipc_parcel_kind kind, uint32_t xid,
		 const struct kipc_outgoing *out, struct kipc_rpc_head *head)
{
	struct rpc_msg msg = { .rm_xid = xid };
	int err;

	if (out && (out->type > UINT32_MAX || (rpc->xdr && out->len & 3)))
		return -EINVAL;
	if (kind == KIPC_PARCEL_REPLY && out->type)
		return -EOPNOTSUPP;
	if (kind == KIPC_PARCEL_CALL || kind == KIPC_PARCEL_SEND)
		kipc_rpc_set_call(rpc, &msg, (uint32_t)out->type, kind == KIPC_PARCEL_SEND);
	else
		kipc_rpc_set_accepted(&msg, kind == KIPC_PARCEL_REPLY ? SUCCESS : SYSTEM_ERR);
	err = kipc_rpc_encode(&msg, head);
	if (!err && out && !rpc->xdr)
		kipc_rpc_put_opaque(head, out->len);
	return err;
}

/* ---- answers of the library's own ---- */

/* The one who asked waits, and has room; if not, it has itself to blame. */
static void kipc_rpc_answer(struct kipc_rpc *rpc, struct rpc_msg *msg, uint32_t xid)
{
	struct kipc_rpc_head head;

	msg->rm_xid = xid;
	if (!kipc_rpc_encode(msg, &head))
		kipc_rpc_write(rpc, &head, NULL, 0, KIPC_AT_ONCE);
}

static void kipc_rpc_answer_stat(struct kipc_rpc *rpc, uint32_t xid, enum accept_stat stat)
{
	struct rpc_msg msg = { 0 };

	kipc_rpc_set_accepted(&msg, stat);
	if (stat == PROG_MISMATCH) {
		msg.acpted_rply.ar_vers.low = rpc->version;
		msg.acpted_rply.ar_vers.high = rpc->version;
	}
	kipc_rpc_answer(rpc, &msg, xid);
}

/* A version of RPC itself that nobody speaks. */
static void kipc_rpc_answer_dialect(struct kipc_rpc *rpc, uint32_t xid)
{
	struct rpc_msg msg = { .rm_direction = REPLY };

	msg.rm_reply.rp_stat = MSG_DENIED;
	msg.rjcted_rply.rj_stat = RPC_MISMATCH;
	msg.rjcted_rply.rj_vers.low = RPC_MSG_VERSION;
	msg.rjcted_rply.rj_vers.high = RPC_MSG_VERSION;
	kipc_rpc_answer(rpc, &msg, xid);
}

/* ---- messages that came ---- */

static uint32_t kipc_rpc_word(const struct kipc_parcel *parcel, size_t at)
{
	uint32_t word;

	memcpy(&word, parcel->buffer->data + at, sizeof(word));
	return ntohl(word);
}

/* Where the payload lies, in what is left behind the head; false: it is none. */
static bool kipc_rpc_find_payload(const struct kipc_rpc *rpc, struct kipc_parcel *parcel,
				  size_t head)
{
	size_t left = parcel->len - head;
	uint32_t len;

	parcel->offset = head;
	parcel->len = left;
	if (rpc->xdr)
		return true;
	if (left < 4)
		return false;
	len = kipc_rpc_word(parcel, head);
	if (len > left - 4 || left - 4 - len != (-len & 3))
		return false;
	parcel->offset += 4;
	parcel->len = len;
	return true;
}

/* Room for the credentials of a message, which are not looked at: the kernel knows better. */
struct kipc_rpc_auth {
	char cred[MAX_AUTH_BYTES];
	char verf[MAX_AUTH_BYTES];
};

/* Take the head of a call apart: its length, or 0. */
static size_t kipc_rpc_decode_call(const struct kipc_parcel *parcel, struct rpc_msg *msg,
				   struct kipc_rpc_auth *auth)
{
	size_t at = 0;
	XDR xdr;

	msg->rm_call.cb_cred.oa_base = auth->cred;
	msg->rm_call.cb_verf.oa_base = auth->verf;
	kipc_rpc_library.xdrmem_create(&xdr, (char *)parcel->buffer->data, (u_int)parcel->len,
				       XDR_DECODE);
	if (kipc_rpc_library.xdr_callmsg(&xdr, msg))
		at = XDR_GETPOS(&xdr);
	XDR_DESTROY(&xdr);
	return at;
}

static bool kipc_rpc_is_one_way(const struct rpc_msg *msg)
{
	const struct opaque_auth *verf = &msg->rm_call.cb_verf;

	return verf->oa_flavor == AUTH_NONE && verf->oa_length == sizeof(kipc_rpc_one_way) &&
	       !memcmp(verf->oa_base, kipc_rpc_one_way, sizeof(kipc_rpc_one_way));
}

/* What is wrong with a call, or SUCCESS. */
static enum accept_stat kipc_rpc_judge(struct kipc_rpc *rpc, struct kipc_parcel *parcel,
				       const struct rpc_msg *msg, size_t head)
{
	if (msg->rm_call.cb_prog != rpc->program)
		return PROG_UNAVAIL;
	if (msg->rm_call.cb_vers != rpc->version)
		return PROG_MISMATCH;
	return kipc_rpc_find_payload(rpc, parcel, head) ? SUCCESS : GARBAGE_ARGS;
}

static int kipc_rpc_get_call(struct kipc_rpc *rpc, struct kipc_parcel *parcel)
{
	uint32_t xid = kipc_rpc_word(parcel, 0);
	struct rpc_msg msg = { 0 };
	struct kipc_rpc_auth auth;
	enum accept_stat stat;
	bool one_way, empty;
	size_t head;

	if (parcel->len >= 12 && kipc_rpc_word(parcel, 8) != RPC_MSG_VERSION) {
		kipc_rpc_answer_dialect(rpc, xid);
		return 0;
	}
	head = kipc_rpc_decode_call(parcel, &msg, &auth);
	if (!head)
		return -EPROTO;
	one_way = kipc_rpc_is_one_way(&msg);
	empty = msg.rm_call.cb_proc == NULLPROC && parcel->len == head;
	stat = kipc_rpc_judge(rpc, parcel, &msg, head);
	if (empty && !one_way && (stat == SUCCESS || stat == GARBAGE_ARGS)) {
		kipc_rpc_answer_stat(rpc, xid, SUCCESS);
		return 0;
	}
	if (stat != SUCCESS) {
		if (!one_way)
			kipc_rpc_answer_stat(rpc, xid, stat);
		return 0;
	}
	parcel->kind = one_way ? KIPC_PARCEL_SEND : KIPC_PARCEL_CALL;
	parcel->letter.call = xid;
	parcel->type = msg.rm_call.cb_proc;
	return 1;
}

/* What the end of a call without a result means here. */
static int kipc_rpc_error(const struct rpc_msg *msg)
{
	if (msg->rm_reply.rp_stat != MSG_ACCEPTED)
		return msg->rjcted_rply.rj_stat == AUTH_ERROR ? -EACCES : -EPROTO;
	switch (msg->acpted_rply.ar_stat) {
	case PROG_UNAVAIL:
	case PROG_MISMATCH:
		return -ENOENT;
	case PROC_UNAVAIL:
		return -EOPNOTSUPP;
	case GARBAGE_ARGS:
		return -EINVAL;
	default:
		return -ECONNRESET;
	}
}

static int kipc_rpc_get_reply(struct kipc_rpc *rpc, struct kipc_parcel *parcel)
{
	struct rpc_msg msg = { 0 };
	char verf[MAX_AUTH_BYTES];
	size_t at = 0;
	XDR xdr;

	msg.acpted_rply.ar_verf.oa_base = verf;
	msg.acpted_rply.ar_results.proc = (xdrproc_t)kipc_rpc_nothing;
	kipc_rpc_library.xdrmem_create(&xdr, (char *)parcel->buffer->data, (u_int)parcel->len,
				       XDR_DECODE);
	if (kipc_rpc_library.xdr_replymsg(&xdr, &msg))
		at = XDR_GETPOS(&xdr);
	XDR_DESTROY(&xdr);
	if (!at)
		return -EPROTO;
	parcel->letter.call = msg.rm_xid;
	parcel->kind = KIPC_PARCEL_END;
	if (msg.rm_reply.rp_stat != MSG_ACCEPTED || msg.acpted_rply.ar_stat != SUCCESS)
		parcel->err = kipc_rpc_error(&msg);
	else if (kipc_rpc_find_payload(rpc, parcel, at))
		parcel->kind = KIPC_PARCEL_REPLY;
	else
		parcel->err = -EPROTO;
	return 1;
}

/**
 * kipc_rpc_get() - make a parcel of a record
 * @rpc:	the line it came over
 * @parcel:	holds the record; its payload and the rest are filled in
 *
 * Return: 1; 0, it has been dealt with; -EPROTO.
 */
int kipc_rpc_get(struct kipc_rpc *rpc, struct kipc_parcel *parcel)
{
	if (parcel->len < 8)
		return -EPROTO;
	switch (kipc_rpc_word(parcel, 4)) {
	case CALL:
		return kipc_rpc_get_call(rpc, parcel);
	case REPLY:
		return kipc_rpc_get_reply(rpc, parcel);
	default:
		return -EPROTO;
	}
}
