// SPDX-License-Identifier: GPL-2.0
/* Describe: see describe.h for what it is. */
#include "gcc.h"
#include "describe.h"

static char text[256];

static void say(const char *word)
{
	strncat(text, word, sizeof(text) - strlen(text) - 1);
}

static bool describe_tree(tree expr, int depth);

/*
 * Through copies, casts and offsets; a macro's own variables, and the
 * compiler's, are nobody's.
 */
static bool describe_name(tree name, int depth)
{
	gimple *stmt = SSA_NAME_DEF_STMT(name);
	tree id = SSA_NAME_IDENTIFIER(name);

	if (id && IDENTIFIER_POINTER(id)[0] != '_' && !strchr(IDENTIFIER_POINTER(id), '.')) {
		say(IDENTIFIER_POINTER(id));
		return true;
	}
	if (is_gimple_call(stmt) && gimple_call_num_args(stmt))
		return describe_tree(gimple_call_arg(stmt, 0), depth);
	return is_gimple_assign(stmt) && describe_tree(gimple_assign_rhs1(stmt), depth);
}

static bool describe_member(tree expr, int depth)
{
	tree object = TREE_OPERAND(expr, 0), field = DECL_NAME(TREE_OPERAND(expr, 1));
	bool behind = TREE_CODE(object) == MEM_REF;

	if (behind)
		object = TREE_OPERAND(object, 0);
	if (behind && TREE_CODE(object) == ADDR_EXPR) {
		object = TREE_OPERAND(object, 0);
		behind = false;
	}
	if (!describe_tree(object, depth))
		return false;
	if (field) {	/* that of an anonymous union is none */
		say(behind ? "->" : ".");
		say(IDENTIFIER_POINTER(field));
	}
	return true;
}

static bool describe_tree(tree expr, int depth)
{
	if (!expr || depth > 16)
		return false;
	depth++;
	switch (TREE_CODE(expr)) {
	case SSA_NAME:
		return describe_name(expr, depth);
	case ADDR_EXPR:
	case MEM_REF:
	case VIEW_CONVERT_EXPR:
		return describe_tree(TREE_OPERAND(expr, 0), depth);
	case COMPONENT_REF:
		return describe_member(expr, depth);
	case ARRAY_REF:
		if (!describe_tree(TREE_OPERAND(expr, 0), depth))
			return false;
		say("[]");
		return true;
	default:
		if (!DECL_P(expr) || !DECL_NAME(expr))
			return false;
		say(IDENTIFIER_POINTER(DECL_NAME(expr)));
		return true;
	}
}

/* Valid until the next one. */
const char *describe(const struct effect *effect)
{
	struct value at = value_expand(&effect->at);
	int root = value_root(&at);
	const struct atom *atom = atom_at(root);

	text[0] = '\0';
	if (describe_tree(effect->expr, 0))
		return text;
	text[0] = '\0';
	if (describe_tree(atom->ref, 0) ||
	    (atom->kind == ATOM_DECL && describe_tree((tree)atom->what, 0)))
		return text;
	return "this address";
}
