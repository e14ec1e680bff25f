/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Value: what an expression of the program is worth, in symbols.
 *
 * A value is a sum: a constant, and atoms with a factor each.  An atom is something whose
 * worth is not known but which is the same wherever it stands: a parameter, the address
 * of a variable, what a call returned, what lies in memory at an address (which is itself
 * a value), and so on.  So two pointers are comparable if their difference is a value of
 * which the bounds are known, whatever copies and casts they have been through.
 *
 * Atoms are interned and live as long as the compiler: a value is as good in one function
 * as in another, once value_at_call() has put the arguments for the parameters.
 *
 * A variable of a loop is an atom twice.  While the program is read it stands for itself
 * (ATOM_PHI); to be compared, it is taken apart (value_expand()) into where it begins and
 * how far it has come (ATOM_STEP), of which the least is known if it only ever grows.
 */
#ifndef PLUGIN_VALUE_H
#define PLUGIN_VALUE_H

#define VALUE_TERMS	6
#define WIDE_MAX	HOST_WIDE_INT_MAX
#define WIDE_MIN	HOST_WIDE_INT_MIN

#define wide		HOST_WIDE_INT

/* No padding: values are compared as bytes. */
struct term {
	wide	atom;
	wide	factor;
};

/**
 * struct value - a sum
 * @count:	how many terms, in the order of their atoms; negative: nothing is known
 * @bias:	the constant
 * @terms:	the atoms in it
 */
struct value {
	wide		count;
	wide		bias;
	struct term	terms[VALUE_TERMS];
};

enum atom_kind {
	ATOM_NAME,	/* what an SSA name was given by something that is not followed */
	ATOM_PARAM,	/* a parameter */
	ATOM_DECL,	/* the address of a variable */
	ATOM_LOAD,	/* @bytes of memory at @a */
	ATOM_EXPR,	/* @code of @a and @b */
	ATOM_PHI,	/* a variable of a loop, or one that several ways lead to */
	ATOM_STEP,	/* how far that is from where it began */
	ATOM_ANY,	/* something of a callee, at one call of it */
};

/**
 * struct atom - see enum atom_kind
 * @kind:	what it is; with @code, @bytes, @what, @a and @b that which makes it unique
 * @code:	operator and precision of ATOM_EXPR; the callee's atom of ATOM_ANY
 * @bytes:	of ATOM_LOAD
 * @what:	the SSA name, the declaration, or the call
 * @a:		address or operand
 * @b:		operand
 * @low:	it is not less
 * @high:	nor more
 * @step:	of ATOM_STEP: what one turn of the loop adds, at least, if not zero; negative if
 *		it takes away
 * @turns:	of ATOM_STEP: it is a loop's
 * @pointer:	its type is a pointer
 * @base:	of ATOM_PHI: @begin is known
 * @begin:	of ATOM_PHI: the first that it is
 * @way:	of ATOM_PHI: the ATOM_STEP to add, or negative: it stays what it was
 * @next:	in the table of them
 * @ref:	an expression of the program that says it, to name it by
 */
struct atom {
	enum atom_kind	kind;
	int		code;
	unsigned int	bytes;
	void		*what;
	struct value	a;
	struct value	b;
	wide		low;
	wide		high;
	wide		step;
	bool		turns;
	bool		pointer;
	bool		base;
	struct value	begin;
	int		way;
	tree		ref;
	int		next;
};

struct atom *atom_at(int index);

struct value value_constant(wide bias);
struct value value_unknown(void);
struct value value_add(const struct value *a, const struct value *b, wide factor);
bool value_same(const struct value *a, const struct value *b);
bool value_is_constant(const struct value *value);
wide value_least(const struct value *value);
struct value value_expand(const struct value *value);
int value_root(const struct value *value);
wide value_factor(const struct value *value, int atom);

/* One function at a time is read; these are about that one. */
void values_begin(function *fn);
void values_end(void);
struct value value_of(tree expr);
struct value value_address(tree ref);
tree call_argument(gimple *call, tree callee, tree parm);
struct value value_at_call(const struct value *value, gimple *call, tree callee);

#endif /* PLUGIN_VALUE_H */
