// SPDX-License-Identifier: GPL-2.0
/* Program: what the expressions of the program are worth, see value.h. */
#include "gcc.h"
#include "atom.h"
#include "effect.h"

#define DEPTH_MAX	120
#define STORES_MAX	64

static struct value **memo;		/* by version of the SSA name */
static unsigned int memo_size;
static int depth;

/*
 * Memory
 */

static wide type_bytes(tree type)
{
	return TYPE_SIZE_UNIT(type) && tree_fits_shwi_p(TYPE_SIZE_UNIT(type)) ?
		tree_to_shwi(TYPE_SIZE_UNIT(type)) : 0;
}

static struct value value_load(const struct value *at, wide bytes, tree type, tree ref, tree vuse);

/* What a store left of the @bytes at @at, if it left exactly that: else unknown. */
static struct value value_stored(gimple *store, const struct value *at, wide bytes)
{
	tree lhs, rhs;
	struct value to, from, delta;

	if (!gimple_assign_single_p(store) || gimple_clobber_p(store))
		return value_unknown();
	lhs = gimple_assign_lhs(store);
	rhs = gimple_assign_rhs1(store);
	to = value_address(lhs);
	delta = value_add(at, &to, -1);
	if (!value_is_constant(&delta))
		return value_unknown();
	if (!delta.bias && type_bytes(TREE_TYPE(lhs)) == bytes && is_gimple_val(rhs))
		return value_of(rhs);
	if (delta.bias < 0 || delta.bias + bytes > type_bytes(TREE_TYPE(lhs)) ||
	    is_gimple_val(rhs) || TREE_CODE(rhs) == CONSTRUCTOR)
		return value_unknown();
	from = value_address(rhs);
	from = value_add(&from, &delta, 1);
	if (from.count < 0)
		return from;
	return value_load(&from, bytes, ptr_type_node, NULL_TREE, gimple_vuse(store));
}

/* What is in memory, before the statement that uses it so: what was stored there last. */
static struct value value_load(const struct value *at, wide bytes, tree type, tree ref, tree vuse)
{
	struct atom key = atom_key(ATOM_LOAD, NULL);
	int stores;

	if (at->count < 0)
		return *at;
	for (stores = 0; vuse && stores < STORES_MAX; stores++) {
		gimple *store = SSA_NAME_DEF_STMT(vuse);

		if (gimple_nop_p(store) || gimple_code(store) == GIMPLE_PHI)
			break;
		if (effect_writes(store, at, bytes)) {
			struct value stored = value_stored(store, at, bytes);

			if (stored.count >= 0)
				return stored;
			break;
		}
		vuse = gimple_vuse(store);
	}
	key.a = *at;
	key.bytes = bytes;
	key.ref = ref;
	atom_type(&key, type);
	return value_atom(&key);
}

static struct value value_load_ref(tree ref, gimple *stmt)
{
	struct value at = value_address(ref);

	return value_load(&at, type_bytes(TREE_TYPE(ref)), TREE_TYPE(ref), ref,
			  stmt ? gimple_vuse(stmt) : NULL_TREE);
}

/**
 * value_address() - where an expression of the program lies in memory
 * @ref:	the expression: a variable, a member, an element, what a pointer points to
 */
struct value value_address(tree ref)
{
	struct value sum = value_constant(0), part;

	for (; handled_component_p(ref); ref = TREE_OPERAND(ref, 0)) {
		switch (TREE_CODE(ref)) {
		case COMPONENT_REF: {
			tree field = TREE_OPERAND(ref, 1), offset = component_ref_field_offset(ref);

			if (!tree_fits_shwi_p(offset))
				return value_unknown();
			sum.bias += tree_to_shwi(offset) +
				    tree_to_shwi(DECL_FIELD_BIT_OFFSET(field)) / BITS_PER_UNIT;
			break;
		}
		case ARRAY_REF:
			if (!tree_fits_shwi_p(array_ref_element_size(ref)))
				return value_unknown();
			part = value_of(TREE_OPERAND(ref, 1));
			sum = value_add(&sum, &part, tree_to_shwi(array_ref_element_size(ref)));
			break;
		case VIEW_CONVERT_EXPR:
		case REALPART_EXPR:
			break;
		default:
			return value_unknown();
		}
	}
	if (TREE_CODE(ref) == MEM_REF) {
		part = value_of(TREE_OPERAND(ref, 0));
		sum.bias += TREE_INT_CST_LOW(TREE_OPERAND(ref, 1));
	} else if (DECL_P(ref)) {
		part = value_decl(ref);
	} else {
		return value_unknown();
	}
	return value_add(&sum, &part, 1);
}

/*
 * SSA names
 */

static void memo_set(tree name, const struct value *value)
{
	unsigned int version = SSA_NAME_VERSION(name);

	if (!memo[version])
		memo[version] = XNEW(struct value);
	*memo[version] = *value;
}

static struct value value_cast(tree to, tree from, struct value value)
{
	tree type = TREE_TYPE(from);

	if (!(INTEGRAL_TYPE_P(type) || POINTER_TYPE_P(type)) ||
	    !(INTEGRAL_TYPE_P(to) || POINTER_TYPE_P(to)))
		return value_unknown();
	if (TYPE_PRECISION(to) < TYPE_PRECISION(type) && !value_is_constant(&value)) {
		struct value none = value_constant(0);

		return value_expression(NOP_EXPR, to, &value, &none);
	}
	return value;
}

static struct value value_binary(gassign *stmt)
{
	enum tree_code code = gimple_assign_rhs_code(stmt);
	struct value a = value_of(gimple_assign_rhs1(stmt));
	struct value b = value_of(gimple_assign_rhs2(stmt));
	struct value none = value_constant(0);

	switch (code) {
	case PLUS_EXPR:
	case POINTER_PLUS_EXPR:
		return value_add(&a, &b, 1);
	case MINUS_EXPR:
	case POINTER_DIFF_EXPR:
		return value_add(&a, &b, -1);
	case MULT_EXPR:
		if (value_is_constant(&b))
			return value_add(&none, &a, b.bias);
		if (value_is_constant(&a))
			return value_add(&none, &b, a.bias);
		break;
	case LSHIFT_EXPR:
		if (value_is_constant(&b) && b.bias >= 0 && b.bias < 32)
			return value_add(&none, &a, HOST_WIDE_INT_1 << b.bias);
		break;
	default:
		break;
	}
	return value_expression(code, TREE_TYPE(gimple_assign_lhs(stmt)), &a, &b);
}

static struct value value_assigned(gassign *stmt)
{
	tree lhs = gimple_assign_lhs(stmt), rhs = gimple_assign_rhs1(stmt);

	switch (gimple_assign_rhs_class(stmt)) {
	case GIMPLE_SINGLE_RHS:
		return is_gimple_val(rhs) || TREE_CODE(rhs) == ADDR_EXPR ? value_of(rhs) :
			value_load_ref(rhs, stmt);
	case GIMPLE_UNARY_RHS:
		if (CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(stmt)))
			return value_cast(TREE_TYPE(lhs), rhs, value_of(rhs));
		return value_unknown();
	case GIMPLE_BINARY_RHS:
		return value_binary(stmt);
	default:
		return value_unknown();
	}
}

static struct value value_returned(gcall *call)
{
	tree callee = gimple_call_fndecl(call);
	const struct value *result;

	if (gimple_call_builtin_p(call, BUILT_IN_EXPECT) ||
	    (callee && lookup_attribute("user_reread", DECL_ATTRIBUTES(callee))))
		return value_of(gimple_call_arg(call, 0));
	result = effect_result(callee);
	return result ? value_at_call(result, call, callee) : value_unknown();
}

/**
 * struct phi_args - what a phi is given
 * @begin:	the first that is not itself and something
 * @low:	the others and the turns are not less than that much more
 * @step:	the least that a turn changes it by
 * @begun:	@begin is set
 * @mixed:	the others are of another pointer
 * @moves:	there is anything but @begin
 * @turns:	it is a loop's
 * @steady:	each turn adds a constant, always up or always down
 */
struct phi_args {
	struct value	begin;
	wide		low;
	wide		step;
	bool		begun;
	bool		mixed;
	bool		moves;
	bool		turns;
	bool		steady;
};

/* A turn of the loop leaves it @more. */
static void phi_turn(struct phi_args *args, const struct value *more)
{
	bool constant = value_is_constant(more);
	bool same_way = !args->turns || (more->bias > 0) == (args->step > 0);

	if (constant && !more->bias)
		return;
	if (value_least(more) < 0)
		args->low = WIDE_MIN;
	if (!args->turns)
		args->steady = true;
	if (!constant || !same_way)
		args->steady = false;
	if (!args->turns || absu_hwi(more->bias) < absu_hwi(args->step))
		args->step = more->bias;
	args->turns = true;
	args->moves = true;
}

static void phi_begin(struct phi_args *args, const struct value *value)
{
	struct value delta;

	if (!args->begun) {
		args->begin = *value;
		args->begun = true;
		return;
	}
	delta = value_add(value, &args->begin, -1);
	if (value_is_constant(&delta) && !delta.bias)
		return;
	if (!value_is_constant(&delta) && value_root(value) != value_root(&args->begin))
		args->mixed = true;
	args->low = MIN(args->low, value_least(&delta));
	args->moves = true;
}

static void phi_look(gphi *phi, const struct value *self, struct phi_args *args)
{
	bool pointer = POINTER_TYPE_P(TREE_TYPE(gimple_phi_result(phi)));
	unsigned int i;

	for (i = 0; i < gimple_phi_num_args(phi); i++) {
		struct value value = value_of(gimple_phi_arg_def(phi, i)), more;

		value = value_expand(&value);
		if (value_factor(&value, self->terms[0].atom) == 1) {
			more = value_add(&value, self, -1);
			phi_turn(args, &more);
		} else if (!pointer || !value_is_constant(&value)) {	/* NULL is no way */
			phi_begin(args, &value);
		}
	}
}

static struct value value_phi(gphi *phi)
{
	tree result = gimple_phi_result(phi);
	struct atom key = atom_key(ATOM_PHI, result), *atom;
	struct phi_args args;
	struct value self;

	memset(&args, 0, sizeof(args));
	atom_type(&key, TREE_TYPE(result));
	key.ref = result;
	self = value_atom(&key);
	memo_set(result, &self);
	phi_look(phi, &self, &args);
	if (!args.begun || args.mixed || args.begin.count < 0)
		return self;

	/* Others may have met it as itself already. */
	atom = atom_at(self.terms[0].atom);
	atom->begin = args.begin;
	atom->base = true;
	atom->way = -1;
	if (!args.moves)
		return args.begin;
	key = atom_key(ATOM_STEP, result);
	key.low = args.low;
	key.turns = args.turns;
	if (args.turns && args.steady)
		key.step = args.step;
	if (key.step < 0 && args.low == WIDE_MIN)
		key.high = 0;
	atom->way = atom_intern(&key);
	return self;
}

static struct value value_defined(tree name)
{
	gimple *stmt = SSA_NAME_DEF_STMT(name);

	if (SSA_NAME_IS_DEFAULT_DEF(name)) {
		tree var = SSA_NAME_VAR(name);
		struct atom key = atom_key(ATOM_PARAM, var);

		if (!var || TREE_CODE(var) != PARM_DECL)
			return value_unknown();
		atom_type(&key, TREE_TYPE(var));
		key.ref = name;
		return value_atom(&key);
	}
	switch (gimple_code(stmt)) {
	case GIMPLE_ASSIGN:
		return value_assigned((gassign *)stmt);
	case GIMPLE_CALL:
		return value_returned((gcall *)stmt);
	case GIMPLE_PHI:
		return value_phi((gphi *)stmt);
	default:
		return value_unknown();
	}
}

/**
 * value_of() - what an operand is worth
 * @expr:	an SSA name, a constant, an address; or an object that is passed as it is
 */
struct value value_of(tree expr)
{
	struct value value;
	unsigned int version;

	if (TREE_CODE(expr) == INTEGER_CST)
		return value_constant(TREE_INT_CST_LOW(expr));
	if (TREE_CODE(expr) == ADDR_EXPR)
		return value_address(TREE_OPERAND(expr, 0));
	if (TREE_CODE(expr) != SSA_NAME)
		return DECL_P(expr) || TREE_CODE(expr) == MEM_REF || handled_component_p(expr) ?
			value_load_ref(expr, NULL) : value_unknown();
	version = SSA_NAME_VERSION(expr);
	if (version >= memo_size || depth > DEPTH_MAX)
		return value_name(expr);
	if (memo[version])
		return *memo[version];

	depth++;
	value = value_defined(expr);
	depth--;
	if (value.count < 0)
		value = value_name(expr);
	memo_set(expr, &value);
	return value;
}

void values_begin(function *fn)
{
	basic_block bb;
	gphi_iterator gpi;
	int *order = XNEWVEC(int, n_basic_blocks_for_fn(fn)), count, i;

	memo_size = SSANAMES(fn)->length();
	memo = XCNEWVEC(struct value *, memo_size);

	/* Loops from the outermost inwards: an inner one begins where the outer one is. */
	count = pre_and_rev_post_order_compute_fn(fn, NULL, order, false);
	for (i = 0; i < count; i++) {
		bb = BASIC_BLOCK_FOR_FN(fn, order[i]);
		for (gpi = gsi_start_phis(bb); !gsi_end_p(gpi); gsi_next(&gpi))
			if (!virtual_operand_p(gimple_phi_result(gpi.phi())))
				value_of(gimple_phi_result(gpi.phi()));
	}
	XDELETEVEC(order);
}

void values_end(void)
{
	unsigned int i;

	for (i = 0; i < memo_size; i++)
		XDELETE(memo[i]);
	XDELETEVEC(memo);
	memo = NULL;
	memo_size = 0;
}

/*
 * Calls
 */

tree call_argument(gimple *call, tree callee, tree parm)
{
	unsigned int i = 0;
	tree walk;

	for (walk = DECL_ARGUMENTS(callee); walk; walk = DECL_CHAIN(walk), i++)
		if (walk == parm)
			return i < gimple_call_num_args(call) ? gimple_call_arg(call, i) :
				NULL_TREE;
	return NULL_TREE;
}

static struct value atom_any(int index, gimple *call)
{
	const struct atom *atom = atom_at(index);
	struct atom key = atom_key(ATOM_ANY, call);

	key.code = index;
	key.low = atom->low;
	key.high = atom->high;
	return value_atom(&key);
}

static struct value atom_at_call(int index, gimple *call, tree callee)
{
	const struct atom *atom = atom_at(index);
	struct value a = value_unknown(), b;
	tree arg, what = (tree)atom->what;

	switch (atom->kind) {
	case ATOM_PARAM:
		arg = call_argument(call, callee, what);
		if (arg)
			return value_of(arg);
		break;
	case ATOM_DECL:
		if (TREE_CODE(what) == PARM_DECL) {
			arg = call_argument(call, callee, what);
			if (arg && !is_gimple_val(arg))
				return value_address(arg);
		} else if (is_global_var(what)) {
			return value_decl(what);
		}
		break;
	case ATOM_LOAD:
		a = value_at_call(&atom->a, call, callee);
		if (value_root(&a) >= 0 && atom_at(value_root(&a))->kind != ATOM_ANY)
			return value_load(&a, atom->bytes, atom->pointer ? ptr_type_node :
					  atom->low ? ssizetype : sizetype,
					  atom->ref, gimple_vuse(call));
		break;
	case ATOM_EXPR:
		a = value_at_call(&atom->a, call, callee);
		b = value_at_call(&atom->b, call, callee);
		if (a.count >= 0 && b.count >= 0)
			return value_expression(atom->code / 256, atom->low ? ssizetype : sizetype,
						&a, &b);
		break;
	default:
		break;
	}
	return atom_any(index, call);
}

/* A callee's value as its caller sees it. */
struct value value_at_call(const struct value *value, gimple *call, tree callee)
{
	struct value from = value_expand(value), sum = value_constant(from.bias);
	int i;

	if (from.count < 0)
		return from;
	for (i = 0; i < from.count; i++) {
		struct value part = atom_at_call(from.terms[i].atom, call, callee);

		sum = value_add(&sum, &part, from.terms[i].factor);
	}
	return sum;
}
