// SPDX-License-Identifier: GPL-2.0
/* Effect: see effect.h for what it is. */
#include "gcc.h"
#include "value.h"
#include "effect.h"
#include "reader.h"

#define EFFECTS_MAX	96	/* of a function, of each sort: what is beyond is not seen */

/* Where it was written, not where the macro is. */
location_t effect_location(gimple *stmt)
{
	return linemap_resolve_location(line_table, gimple_location(stmt),
					LRK_MACRO_EXPANSION_POINT, NULL);
}

static struct summary *summary_of(tree fndecl)
{
	struct cgraph_node *node = fndecl ? cgraph_node::get(fndecl) : NULL;
	struct summary *summary = node ? (struct summary *)node->aux : NULL;

	return summary && summary->done ? summary : NULL;
}

const struct value *effect_result(tree fndecl)
{
	struct summary *summary = summary_of(fndecl);

	return summary && summary->has_result ? &summary->result : NULL;
}

/*
 * What is written
 */

/* May the @len bytes at @to (negative: who knows how many) be of the @bytes at @at? */
static bool value_meets(const struct value *at, wide bytes, const struct value *to, wide len)
{
	struct value a = value_expand(at), b = value_expand(to), delta = value_add(&a, &b, -1);

	if (value_is_constant(&delta))
		return delta.bias > -bytes && (len < 0 || delta.bias < len);
	return value_root(&a) >= 0 && value_root(&a) == value_root(&b);
}

static wide bytes_of(tree type)
{
	tree size = TYPE_SIZE_UNIT(type);

	return size && tree_fits_shwi_p(size) ? tree_to_shwi(size) : -1;
}

/* How much is behind a pointer that is passed on. */
static wide bytes_behind(tree pointer)
{
	tree type = TREE_TYPE(TREE_TYPE(pointer));

	if (TREE_CODE(pointer) == ADDR_EXPR) {
		tree object = TREE_OPERAND(pointer, 0);

		return TREE_CODE(object) == ARRAY_REF ? -1 : bytes_of(TREE_TYPE(object));
	}
	return RECORD_OR_UNION_TYPE_P(type) ? bytes_of(type) : -1;
}

/*
 * The @nr-th thing that a call writes whose callee's body is not there: what the table says,
 * or whatever it has a pointer to that is not const.
 */
static bool call_target(gimple *call, unsigned int nr, struct value *to, wide *len)
{
	const struct reader *reader = reader_find(gimple_call_fndecl(call));
	tree fntype = gimple_call_fntype(call), types;
	unsigned int i;

	if (reader && reader->to >= 0) {
		struct value bytes = reader_bytes(reader, call);

		*to = value_of(gimple_call_arg(call, reader->to));
		*len = value_is_constant(&bytes) ? bytes.bias : -1;
		return !nr;
	}
	types = fntype ? TYPE_ARG_TYPES(fntype) : NULL_TREE;
	for (i = 0; fntype && i < gimple_call_num_args(call); i++) {
		tree arg = gimple_call_arg(call, i);
		tree type = types && !VOID_TYPE_P(TREE_VALUE(types)) ? TREE_VALUE(types) :
			    TREE_TYPE(arg);

		types = types ? TREE_CHAIN(types) : NULL_TREE;
		if (!POINTER_TYPE_P(type) || TYPE_READONLY(TREE_TYPE(type)) ||
		    !POINTER_TYPE_P(TREE_TYPE(arg)) || nr--)
			continue;
		*to = value_of(arg);
		*len = bytes_behind(arg);
		return true;
	}
	return false;
}

static bool summary_writes(const struct summary *summary, gimple *call, const struct value *at,
			   wide bytes)
{
	const struct effect *effect;

	for (effect = summary->effects; effect; effect = effect->next) {
		struct value to;

		if (effect->kind != EFFECT_WRITE)
			continue;
		to = value_at_call(&effect->at, call, gimple_call_fndecl(call));
		if (value_meets(at, bytes, &to,
				value_is_constant(&effect->len) ? effect->len.bias : -1))
			return true;
	}
	return false;
}

static bool call_writes(gimple *call, const struct value *at, wide bytes)
{
	tree callee = gimple_call_fndecl(call);
	const struct summary *summary = summary_of(callee);
	struct value to;
	unsigned int nr;
	wide len;

	if (summary && !reader_find(callee))
		return summary_writes(summary, call, at, bytes);
	for (nr = 0; call_target(call, nr, &to, &len); nr++)
		if (value_meets(at, bytes, &to, len))
			return true;
	return false;
}

static bool asm_writes(gasm *stmt, const struct value *at, wide bytes)
{
	unsigned int i;

	for (i = 0; i < gimple_asm_noutputs(stmt); i++) {
		tree op = TREE_VALUE(gimple_asm_output_op(stmt, i));
		struct value to;

		if (TREE_CODE(op) == SSA_NAME)
			continue;
		to = value_address(op);
		if (value_meets(at, bytes, &to, bytes_of(TREE_TYPE(op))))
			return true;
	}
	return false;
}

/**
 * effect_writes() - may a statement change memory?
 * @stmt:	the statement
 * @at:		the memory's address
 * @bytes:	its bytes
 *
 * No, if nothing says so: pointers of two different origins are taken not to meet.
 */
bool effect_writes(gimple *stmt, const struct value *at, wide bytes)
{
	tree lhs = gimple_get_lhs(stmt);

	if (!gimple_vdef(stmt))
		return false;
	if (lhs && TREE_CODE(lhs) != SSA_NAME) {
		struct value to = value_address(lhs);

		if (value_meets(at, bytes, &to, bytes_of(TREE_TYPE(lhs))))
			return true;
	}
	if (is_gimple_call(stmt))
		return call_writes(stmt, at, bytes);
	if (gimple_code(stmt) == GIMPLE_ASM)
		return asm_writes((gasm *)stmt, at, bytes);
	return false;
}

/*
 * What a function does
 */

struct effect *effect_add(struct summary *summary, enum effect_kind kind, gimple *stmt,
			  const struct value *at)
{
	unsigned int *count = &summary->count[kind == EFFECT_WRITE];
	struct effect *effect;

	if (at->count < 0 || value_root(at) < 0 || *count == EFFECTS_MAX)
		return NULL;
	++*count;
	effect = XCNEW(struct effect);
	effect->kind = kind;
	effect->at = *at;
	effect->len = value_unknown();
	effect->stmt = stmt;
	effect->inner = stmt;
	*summary->end = effect;
	summary->end = &effect->next;
	return effect;
}

static void effect_add_read(struct summary *summary, gimple *stmt, const struct user_read *read)
{
	enum effect_kind kind = EFFECT_READ;
	struct effect *effect;

	if (read->iter.count >= 0)
		kind = read->bind ? EFFECT_BIND : read->rewind ? EFFECT_REWIND : EFFECT_STREAM;
	effect = effect_add(summary, kind, stmt, kind == EFFECT_READ ? &read->at : &read->iter);
	if (!effect)
		return;
	effect->buffer = read->buffer;
	effect->len = read->len;
	effect->expr = read->expr;
	effect->meant = reader_meant(read->expr);
}

static void effect_add_write(struct summary *summary, gimple *stmt, const struct value *at,
			     wide len)
{
	struct effect *effect = effect_add(summary, EFFECT_WRITE, stmt, at);

	if (effect)
		effect->len = len < 0 ? value_unknown() : value_constant(len);
}

/* Is there anything in it that somebody else can see? */
static bool value_escapes(const struct value *value)
{
	struct value expanded = value_expand(value);
	int root = value_root(&expanded);

	return root >= 0 && atom_at(root)->kind != ATOM_ANY && atom_at(root)->kind != ATOM_NAME;
}

/* Was it said of the argument that a callee's pointer is from? */
static bool argument_meant(const struct value *value, gimple *call)
{
	struct value expanded = value_expand(value);
	int root = value_root(&expanded);
	tree arg;

	if (root < 0 || atom_at(root)->kind != ATOM_PARAM)
		return false;
	arg = call_argument(call, gimple_call_fndecl(call), (tree)atom_at(root)->what);
	return arg && reader_meant(arg);
}

/* What it is declared to read stands for what it does read. */
static void effects_of_callee(struct summary *summary, gimple *call, struct summary *callee,
			      bool declared)
{
	tree fndecl = gimple_call_fndecl(call);
	const struct effect *from;
	struct effect *to;

	for (from = callee->effects; from; from = from->next) {
		struct value at = value_at_call(&from->at, call, fndecl);

		if (declared && from->kind != EFFECT_WRITE)
			continue;
		if (at.count < 0 || !value_escapes(&from->at) || value_root(&at) < 0 ||
		    atom_at(value_root(&at))->kind == ATOM_ANY)
			continue;
		to = effect_add(summary, from->kind, call, &at);
		if (!to)
			continue;
		to->len = value_at_call(&from->len, call, fndecl);
		to->buffer = value_at_call(&from->buffer, call, fndecl);
		to->inner = from->inner;
		to->inside = from->inside ? from->inside : fndecl;
		to->meant = from->meant || argument_meant(&from->at, call);
	}
}

static void effects_of_call(struct summary *summary, gimple *call, bool reads)
{
	struct summary *callee = summary_of(gimple_call_fndecl(call));
	struct value to;
	unsigned int nr;
	wide len;

	if (callee && !reader_find(gimple_call_fndecl(call))) {
		effects_of_callee(summary, call, callee, reads);
		return;
	}
	for (nr = 0; gimple_vdef(call) && call_target(call, nr, &to, &len); nr++)
		effect_add_write(summary, call, &to, len);
}

static void effects_of_stmt(struct summary *summary, gimple *stmt)
{
	tree lhs = gimple_get_lhs(stmt);
	struct user_read read;
	unsigned int nr;

	for (nr = 0; reader_reads(stmt, nr, &read); nr++)
		effect_add_read(summary, stmt, &read);
	if (lhs && TREE_CODE(lhs) != SSA_NAME && !gimple_clobber_p(stmt)) {
		struct value at = value_address(lhs);

		effect_add_write(summary, stmt, &at, bytes_of(TREE_TYPE(lhs)));
	}
	if (is_gimple_call(stmt))
		effects_of_call(summary, stmt, nr);
}

static void result_of(struct summary *summary, gimple *stmt)
{
	tree value = gimple_return_retval((greturn *)stmt);

	if (!value || TREE_CODE(value) != SSA_NAME || summary->has_result)
		return;
	summary->result = value_of(value);
	summary->result = value_expand(&summary->result);
	summary->has_result = value_escapes(&summary->result);
}

/**
 * effects_of() - make the summary of a function
 * @fn:		the function, which values_begin() has been told of
 */
struct summary *effects_of(function *fn)
{
	struct summary *summary = XCNEW(struct summary);
	struct cgraph_node *node = cgraph_node::get(fn->decl);
	gimple_stmt_iterator gsi;
	basic_block bb;

	summary->end = &summary->effects;
	FOR_EACH_BB_FN(bb, fn) {
		for (gsi = gsi_start_bb(bb); !gsi_end_p(gsi); gsi_next(&gsi)) {
			gimple *stmt = gsi_stmt(gsi);

			if (is_gimple_debug(stmt))
				continue;
			effects_of_stmt(summary, stmt);
			if (gimple_code(stmt) == GIMPLE_RETURN)
				result_of(summary, stmt);
		}
	}
	node->aux = summary;
	return summary;
}
