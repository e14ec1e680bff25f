// SPDX-License-Identifier: GPL-2.0
/* Fact: see fact.h for what it is. */
#include "gcc.h"
#include "fact.h"
#include "value.h"

static unsigned int signs_of_constant(wide constant)
{
	return constant < 0 ? SIGN_MINUS : constant ? SIGN_PLUS : SIGN_ZERO;
}

static unsigned int facts_signs(const struct facts *facts, tree name)
{
	struct value value = value_of(name);
	unsigned int i;

	if (value_is_constant(&value))
		return signs_of_constant(value.bias);
	for (i = 0; TREE_CODE(name) == SSA_NAME && i < FACTS_MAX; i++)
		if (facts->fact[i].version == SSA_NAME_VERSION(name))
			return facts->fact[i].signs;
	return SIGN_ANY;
}

static void facts_drop(struct facts *facts, tree name)
{
	unsigned int i;

	for (i = 0; i < FACTS_MAX; i++)
		if (facts->fact[i].version == SSA_NAME_VERSION(name))
			memset(&facts->fact[i], 0, sizeof(facts->fact[i]));
}

/* The newest is the first, and the oldest goes. */
static void facts_set(struct facts *facts, tree name, unsigned int signs)
{
	facts_drop(facts, name);
	if (signs == SIGN_ANY)
		return;
	memmove(&facts->fact[1], &facts->fact[0], sizeof(facts->fact) - sizeof(facts->fact[0]));
	facts->fact[0].version = SSA_NAME_VERSION(name);
	facts->fact[0].signs = signs;
}

/* The signs for which a comparison with zero holds. */
static unsigned int signs_of_code(enum tree_code code)
{
	switch (code) {
	case EQ_EXPR:
		return SIGN_ZERO;
	case NE_EXPR:
		return SIGN_MINUS | SIGN_PLUS;
	case LT_EXPR:
		return SIGN_MINUS;
	case LE_EXPR:
		return SIGN_MINUS | SIGN_ZERO;
	case GT_EXPR:
		return SIGN_PLUS;
	case GE_EXPR:
		return SIGN_PLUS | SIGN_ZERO;
	default:
		return SIGN_ANY;
	}
}

/* Has a variable the signs of what it is cast from? */
static bool keeps_sign(tree to, tree from)
{
	tree type = TREE_TYPE(from);

	if (!INTEGRAL_TYPE_P(type) || !INTEGRAL_TYPE_P(TREE_TYPE(to)))
		return false;
	if (TYPE_UNSIGNED(type) == TYPE_UNSIGNED(TREE_TYPE(to)))
		return TYPE_PRECISION(type) <= TYPE_PRECISION(TREE_TYPE(to));
	return TYPE_UNSIGNED(type) && TYPE_PRECISION(type) < TYPE_PRECISION(TREE_TYPE(to));
}

/* One step towards what a variable is made of: that, and the signs of it that are the same. */
static tree condition_step(tree name, unsigned int *signs)
{
	gimple *stmt = SSA_NAME_DEF_STMT(name);
	enum tree_code code;

	if (gimple_call_builtin_p(stmt, BUILT_IN_EXPECT))
		return gimple_call_arg(stmt, 0);
	if (!is_gimple_assign(stmt))
		return NULL_TREE;
	code = gimple_assign_rhs_code(stmt);
	if (CONVERT_EXPR_CODE_P(code))
		return keeps_sign(name, gimple_assign_rhs1(stmt)) ? gimple_assign_rhs1(stmt) :
			NULL_TREE;
	if (code == BIT_NOT_EXPR && TREE_CODE(TREE_TYPE(name)) == BOOLEAN_TYPE &&
	    *signs != SIGN_ANY) {
		*signs = *signs & SIGN_PLUS ? SIGN_ZERO : SIGN_MINUS | SIGN_PLUS;
		return gimple_assign_rhs1(stmt);
	}
	if (TREE_CODE_CLASS(code) != tcc_comparison || !integer_zerop(gimple_assign_rhs2(stmt)))
		return NULL_TREE;
	/* A comparison is worth 0 or 1. */
	if (!(*signs & SIGN_PLUS) == !(*signs & SIGN_ZERO))
		return NULL_TREE;
	*signs = *signs & SIGN_PLUS ? signs_of_code(code) : SIGN_ANY & ~signs_of_code(code);
	return gimple_assign_rhs1(stmt);
}

/* "((a < 0) != 0) != 0" is "a < 0": what likely() and its like are made of. */
static tree condition_of(gcond *cond, unsigned int *signs)
{
	tree name = gimple_cond_lhs(cond), from = name;

	*signs = signs_of_code(gimple_cond_code(cond));
	if (!integer_zerop(gimple_cond_rhs(cond)))
		return NULL_TREE;
	while (from && TREE_CODE(from) == SSA_NAME) {
		name = from;
		from = condition_step(name, signs);
	}
	return TREE_CODE(name) == SSA_NAME ? name : NULL_TREE;
}

/* Go along an edge from a condition; false: it cannot be. */
bool facts_branch(struct facts *facts, edge e)
{
	gimple *last = last_stmt(e->src);
	unsigned int signs, now;
	tree name;

	if (!(e->flags & (EDGE_TRUE_VALUE | EDGE_FALSE_VALUE)) || !last ||
	    gimple_code(last) != GIMPLE_COND)
		return true;
	name = condition_of((gcond *)last, &signs);
	if (!name)
		return true;
	if (e->flags & EDGE_FALSE_VALUE)
		signs = SIGN_ANY & ~signs;
	now = facts_signs(facts, name) & signs;
	if (now)
		facts_set(facts, name, now);
	return now;
}

/* The phis at an edge's end are what comes along it. */
void facts_cross(struct facts *facts, edge e)
{
	struct facts before = *facts;
	gphi_iterator gpi;

	for (gpi = gsi_start_phis(e->dest); !gsi_end_p(gpi); gsi_next(&gpi)) {
		tree result = gimple_phi_result(gpi.phi());

		if (virtual_operand_p(result) || !INTEGRAL_TYPE_P(TREE_TYPE(result)))
			continue;
		facts_set(facts, result,
			  facts_signs(&before, PHI_ARG_DEF_FROM_EDGE(gpi.phi(), e)));
	}
}

/* A statement is come to again: what was known of what it defines was of another turn. */
void facts_forget(struct facts *facts, gimple *stmt)
{
	tree lhs = gimple_get_lhs(stmt);

	if (lhs && TREE_CODE(lhs) == SSA_NAME)
		facts_drop(facts, lhs);
}

/* What must hold in a block that only one way leads to. */
void facts_before(struct facts *facts, basic_block bb)
{
	int depth;

	for (depth = 0; depth < FACTS_MAX && single_pred_p(bb); depth++) {
		edge e = single_pred_edge(bb);

		if (e->src->index < NUM_FIXED_BLOCKS)
			break;
		facts_branch(facts, e);
		bb = e->src;
	}
}
