// SPDX-License-Identifier: GPL-2.0
/* Reader: see reader.h for what it is. */
#include "gcc.h"
#include "reader.h"

#define READ(_name, _from, _len, _to)		{ _name, _from, _len, 1, _to, -1, -1, 0, 0 }
#define READ_FIXED(_name, _from, _bytes, _to)	{ _name, _from, -1, _bytes, _to, -1, -1, 0, 0 }
#define READ_MANY(_name, _from, _nr, _bytes)	{ _name, _from, _nr, _bytes, -1, -1, -1, 0, 0 }
#define READ_AT(_name, _from, _offset, _len)	{ _name, _from, _len, 1, 0, _offset, -1, 0, 0 }
#define STREAM(_name, _iter)			{ _name, -1, -1, 0, -1, -1, _iter, 0, 0 }
#define REWIND(_name, _iter)			{ _name, -1, -1, 0, -1, -1, _iter, 1, 0 }
#define BIND(_name, _iter, _from, _len)		{ _name, _from, _len, 1, -1, -1, _iter, 0, 1 }

static const struct reader readers[] = {
	READ("copy_from_user", 1, 2, 0),
	READ("_copy_from_user", 1, 2, 0),
	READ("_inline_copy_from_user", 1, 2, 0),
	READ("__copy_from_user", 1, 2, 0),
	READ("__copy_from_user_inatomic", 1, 2, 0),
	READ("__copy_from_user_inatomic_nocache", 1, 2, 0),
	READ("__copy_from_user_nocache", 1, 2, 0),
	READ("__copy_from_user_flushcache", 1, 2, 0),
	READ("copy_from_user_inatomic_nontemporal", 1, 2, 0),
	READ("copy_from_user_nofault", 1, 2, 0),
	READ("copy_from_user_nmi", 1, 2, 0),
	READ("copy_mc_from_user", 1, 2, 0),
	READ("raw_copy_from_user", 1, 2, 0),
	READ("copy_struct_from_user", 2, 3, 0),
	READ("check_zeroed_user", 0, 1, -1),
	READ("strncpy_from_user", 1, 2, 0),
	READ("strncpy_from_user_nofault", 1, 2, 0),
	READ("strndup_user", 0, 1, -1),
	READ("strnlen_user", 0, 1, -1),
	READ("strnlen_user_nofault", 0, 1, -1),
	READ("memdup_user", 0, 1, -1),
	READ("memdup_user_nul", 0, 1, -1),
	READ("vmemdup_user", 0, 1, -1),
	READ("memdup_array_user", 0, -1, -1),
	READ("vmemdup_array_user", 0, -1, -1),
	READ("csum_and_copy_from_user", 0, 2, 1),
	READ("simple_write_to_buffer", 3, 4, 0),
	READ("bitmap_parse_user", 0, 1, -1),
	READ("bitmap_parselist_user", 0, 1, -1),
	READ("kstrtobool_from_user", 0, 1, -1),
	READ("kstrtos8_from_user", 0, 1, -1),
	READ("kstrtou8_from_user", 0, 1, -1),
	READ("kstrtos16_from_user", 0, 1, -1),
	READ("kstrtou16_from_user", 0, 1, -1),
	READ("kstrtoint_from_user", 0, 1, -1),
	READ("kstrtouint_from_user", 0, 1, -1),
	READ("kstrtol_from_user", 0, 1, -1),
	READ("kstrtoul_from_user", 0, 1, -1),
	READ("kstrtoll_from_user", 0, 1, -1),
	READ("kstrtoull_from_user", 0, 1, -1),
	READ("memdup_sockptr", 0, 1, -1),
	READ("memdup_sockptr_nul", 0, 1, -1),
	READ("copy_from_sockptr", 1, 2, 0),
	READ("copy_safe_from_sockptr", 2, 1, 0),
	READ("copy_struct_from_sockptr", 2, 3, 0),
	READ("strncpy_from_sockptr", 1, 2, 0),
	READ_AT("copy_from_sockptr_offset", 1, 2, 3),
	READ("copy_from_bpfptr", 1, 2, 0),
	READ_AT("copy_from_bpfptr_offset", 1, 2, 3),
	READ_FIXED("get_timespec64", 1, 16, 0),
	READ_FIXED("get_itimerspec64", 1, 32, 0),
	READ_FIXED("copy_siginfo_from_user", 1, 128, 0),
	READ_MANY("iovec_from_user", 0, 1, 16),
	READ_MANY("import_iovec", 1, 2, 16),
	READ_MANY("__import_iovec", 1, 2, 16),

	STREAM("copy_from_iter", 2),
	STREAM("_copy_from_iter", 2),
	STREAM("copy_from_iter_full", 2),
	STREAM("copy_from_iter_nocache", 2),
	STREAM("_copy_from_iter_nocache", 2),
	STREAM("copy_from_iter_full_nocache", 2),
	STREAM("_copy_from_iter_flushcache", 2),
	STREAM("csum_and_copy_from_iter", 3),
	STREAM("csum_and_copy_from_iter_full", 3),
	STREAM("copy_page_from_iter", 3),
	STREAM("copy_folio_from_iter", 3),
	STREAM("copy_page_from_iter_atomic", 3),
	STREAM("copy_folio_from_iter_atomic", 3),
	REWIND("iov_iter_revert", 0),
	REWIND("iov_iter_restore", 0),
	BIND("iov_iter_ubuf", 0, 2, 3),
	BIND("iov_iter_init", 0, -1, -1),
	BIND("import_ubuf", 3, 1, 2),
	BIND("import_single_range", 4, 1, 2),
};

/* Looks at the name alone: these are functions of the kernel, or stand for them. */
const struct reader *reader_find(tree fndecl)
{
	const char *name;
	unsigned int i;

	if (!fndecl || !DECL_NAME(fndecl))
		return NULL;
	name = IDENTIFIER_POINTER(DECL_NAME(fndecl));
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		if (!strcmp(name, readers[i].name))
			return &readers[i];
	return NULL;
}

struct value reader_bytes(const struct reader *reader, gimple *call)
{
	struct value none = value_constant(0), len;

	if (reader->len < 0)
		return reader->scale > 1 ? value_constant(reader->scale) : value_unknown();
	if ((unsigned int)reader->len >= gimple_call_num_args(call))
		return value_unknown();
	len = value_of(gimple_call_arg(call, reader->len));
	return value_add(&none, &len, reader->scale);
}

static bool call_reads(gimple *call, const struct reader *reader, struct user_read *read)
{
	int args = gimple_call_num_args(call);
	struct value offset;

	if (reader->from >= args || reader->offset >= args || reader->iter >= args)
		return false;
	if (reader->from >= 0) {
		read->expr = gimple_call_arg(call, reader->from);
		read->at = value_of(read->expr);
	}
	if (reader->offset >= 0) {
		offset = value_of(gimple_call_arg(call, reader->offset));
		read->at = value_add(&read->at, &offset, 1);
	}
	read->len = reader_bytes(reader, call);
	if (reader->iter >= 0) {
		read->iter = value_of(gimple_call_arg(call, reader->iter));
		read->buffer = read->at;
		read->bind = reader->bind;
		read->rewind = reader->rewind;
		if (!reader->bind)
			read->expr = gimple_call_arg(call, reader->iter);
	}
	return true;
}

/*
 * get_user() calls a function with registers of its own, which is told by its name; the
 * others load right here, from memory of a type that nothing else is said to have.
 */
static bool is_user_memory(tree op)
{
	tree type = TYPE_MAIN_VARIANT(TREE_TYPE(op)), name = TYPE_NAME(type);

	if (TREE_CODE(type) != RECORD_TYPE || !name)
		return false;
	if (TREE_CODE(name) == TYPE_DECL)
		name = DECL_NAME(name);
	return name && !strcmp(IDENTIFIER_POINTER(name), "__large_struct");
}

static bool asm_reads(gasm *stmt, struct user_read *read)
{
	bool call = strstr(gimple_asm_string(stmt), "__get_user_");
	unsigned int i, outputs = gimple_asm_noutputs(stmt);

	if (!outputs)
		return false;
	for (i = 0; i < gimple_asm_ninputs(stmt); i++) {
		tree op = TREE_VALUE(gimple_asm_input_op(stmt, i));

		if (call && !i) {
			read->expr = op;
			read->at = value_of(op);
		} else if (call && TREE_CODE(op) == INTEGER_CST && read->len.count < 0) {
			read->len = value_constant(tree_to_shwi(op));
		} else if (!call && is_user_memory(op)) {
			tree output = TREE_VALUE(gimple_asm_output_op(stmt, outputs - 1));

			read->expr = TREE_CODE(op) == MEM_REF ? TREE_OPERAND(op, 0) : NULL_TREE;
			read->at = value_address(op);
			read->len = value_constant(tree_to_shwi(TYPE_SIZE_UNIT(TREE_TYPE(output))));
		}
	}
	return read->at.count >= 0;
}

static bool declared_reads(gimple *call, unsigned int nr, struct user_read *read)
{
	tree fndecl = gimple_call_fndecl(call), attr, args;
	unsigned int from, len;

	if (!fndecl)
		return false;
	attr = lookup_attribute("reads_user", DECL_ATTRIBUTES(fndecl));
	while (attr && nr--)
		attr = lookup_attribute("reads_user", TREE_CHAIN(attr));
	if (!attr)
		return false;
	args = TREE_VALUE(attr);
	from = tree_to_uhwi(TREE_VALUE(args)) - 1;
	len = TREE_CHAIN(args) ? tree_to_uhwi(TREE_VALUE(TREE_CHAIN(args))) - 1 : -1U;
	if (from >= gimple_call_num_args(call))
		return false;
	read->expr = gimple_call_arg(call, from);
	read->at = value_of(read->expr);
	if (len < gimple_call_num_args(call))
		read->len = value_of(gimple_call_arg(call, len));
	return true;
}

/**
 * reader_reads() - does a statement read the user's memory, by itself?
 * @stmt:	the statement
 * @nr:		one may do so several times: 0 is the first
 * @read:	what it reads
 */
bool reader_reads(gimple *stmt, unsigned int nr, struct user_read *read)
{
	const struct reader *reader;

	memset(read, 0, sizeof(*read));
	read->at = value_unknown();
	read->len = read->at;
	read->iter = read->at;
	read->buffer = read->at;
	if (gimple_code(stmt) == GIMPLE_ASM)
		return !nr && asm_reads((gasm *)stmt, read);
	if (!is_gimple_call(stmt))
		return false;
	reader = reader_find(gimple_call_fndecl(stmt));
	if (reader)
		return !nr && call_reads(stmt, reader, read);
	return declared_reads(stmt, nr, read);
}

/* Was it said that a read through this pointer may come second? */
bool reader_meant(tree expr)
{
	int depth;

	for (depth = 0; expr && depth < 16; depth++) {
		gimple *stmt;
		tree fndecl;

		if (TREE_CODE(expr) == ADDR_EXPR) {
			expr = get_base_address(TREE_OPERAND(expr, 0));
			expr = expr && TREE_CODE(expr) == MEM_REF ? TREE_OPERAND(expr, 0) :
				NULL_TREE;
			continue;
		}
		if (TREE_CODE(expr) != SSA_NAME)
			return false;
		stmt = SSA_NAME_DEF_STMT(expr);
		fndecl = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;
		if (fndecl)
			return lookup_attribute("user_reread", DECL_ATTRIBUTES(fndecl));
		expr = is_gimple_assign(stmt) ? gimple_assign_rhs1(stmt) : NULL_TREE;
	}
	return false;
}

/*
 * The attributes
 */

static tree check_reads_user(tree *node, tree name, tree args, int flags, bool *no_add)
{
	tree arg, type;

	for (arg = args; arg; arg = TREE_CHAIN(arg)) {
		type = NULL_TREE;
		if (TREE_CODE(TREE_VALUE(arg)) == INTEGER_CST &&
		    tree_to_shwi(TREE_VALUE(arg)) > 0)
			type = type_argument_type(TREE_TYPE(*node),
						  tree_to_shwi(TREE_VALUE(arg)));
		if (type && (arg == args ? POINTER_TYPE_P(type) : INTEGRAL_TYPE_P(type)))
			continue;
		error("attribute %qE wants the number of a pointer and that of its bytes", name);
		*no_add = true;
		break;
	}
	return NULL_TREE;
}

static struct attribute_spec attributes[] = {
	{ "reads_user", 1, 2, true, false, false, false, check_reads_user, NULL },
	{ "user_reread", 0, 0, true, false, false, false, NULL, NULL },
};

void reader_attributes(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		register_attribute(&attributes[i]);
}
