// SPDX-License-Identifier: GPL-2.0
/*
 * Path: see path.h for what it is.
 *
 * Both addresses are sums (value.h).  The atoms that only one of them has say how far they
 * are from each other.  Those that both have cancel, as long as they are the same when the
 * second read comes: so all ways from the first read are walked, statement by statement,
 * and a way ends where one of these atoms is given a new value: by its definition, or for
 * memory by a store to it.
 *
 * A variable of a loop is not the end: by how much it changes with each turn is known,
 * and it decides whether what is read next lies behind what was read.  So what has been
 * done to such variables goes along with the way (the state), and so do the facts that its
 * branches have told (fact.h); a block is walked once with each.
 */
#include "gcc.h"
#include "fact.h"
#include "path.h"

#define SOFT_MAX	3
#define HARD_MAX	32
#define VISITS_MAX	20000	/* then there is no way, as far as is seen */
#define BIT(nr)		(1u << (nr))
#define STATE_REWOUND	BIT(2 * SOFT_MAX)
#define STEPPED(i)	BIT(i)
#define RESET(i)	BIT(SOFT_MAX + (i))

/* A block that a way has come to. */
struct visit {
	basic_block	bb;
	unsigned int	state;
	struct facts	facts;
	struct visit	*next;		/* of the block's */
	struct visit	*below;		/* of those still to walk */
};

/**
 * struct query - what is asked
 * @summary:	of the function
 * @a:		the first read
 * @b:		the second
 * @at_a:	its address, taken apart
 * @at_b:	and that of the other
 * @soft:	the atoms of both that are how far a loop has come
 * @softs:	how many
 * @hard:	the other atoms of both, and those within
 * @hards:	how many
 * @visits:	of each block, those there have been
 * @count:	how many of all
 * @stack:	those that are still to walk
 */
struct query {
	const struct summary	*summary;
	const struct effect	*a;
	const struct effect	*b;
	struct value		at_a;
	struct value		at_b;
	int			soft[SOFT_MAX];
	int			softs;
	int			hard[HARD_MAX];
	int			hards;
	struct visit		**visits;
	unsigned int		count;
	struct visit		*stack;
};

static void query_add_value(struct query *query, const struct value *value);

static void query_add_hard(struct query *query, int index)
{
	const struct atom *atom = atom_at(index);
	int i;

	for (i = 0; i < query->hards; i++)
		if (query->hard[i] == index)
			return;
	if (query->hards == HARD_MAX)
		return;
	query->hard[query->hards++] = index;
	if (atom->kind == ATOM_LOAD || atom->kind == ATOM_EXPR) {
		query_add_value(query, &atom->a);
		query_add_value(query, &atom->b);
	}
}

static void query_add_value(struct query *query, const struct value *value)
{
	int i;

	for (i = 0; i < value->count; i++)
		query_add_hard(query, value->terms[i].atom);
}

static void query_atoms(struct query *query)
{
	int i;

	for (i = 0; i < query->at_a.count; i++) {
		const struct term *term = &query->at_a.terms[i];
		const struct atom *atom = atom_at(term->atom);
		wide factor = value_factor(&query->at_b, term->atom);

		if (!factor)
			continue;
		if (atom->turns && factor == term->factor && query->softs < SOFT_MAX)
			query->soft[query->softs++] = term->atom;
		else
			query_add_hard(query, term->atom);
	}
}

/* Is the least of @distance, as far as loops have moved it since, at least @len? */
static bool query_beyond(const struct query *query, struct value distance, const struct value *len,
			 unsigned int state, int sign)
{
	int i;

	distance = value_add(&distance, len, -1);
	for (i = 0; i < query->softs; i++) {
		wide moved = atom_at(query->soft[i])->step * sign *
			     value_factor(&query->at_a, query->soft[i]);

		if (state & RESET(i) || (state & STEPPED(i) && moved < 0))
			return false;
		if (state & STEPPED(i))
			distance.bias += moved;
	}
	return value_least(&distance) >= 0;
}

/* The way has come to the second read: is it of what the first one read? */
static bool query_meets(const struct query *query, unsigned int state)
{
	struct value there = value_add(&query->at_b, &query->at_a, -1);
	struct value back = value_add(&query->at_a, &query->at_b, -1);
	bool stepped = false, reset = false;
	int i;

	if (query->a->kind == EFFECT_BIND)
		return true;
	if (query->a->kind == EFFECT_STREAM)
		return state & STATE_REWOUND;
	for (i = 0; i < query->softs; i++) {
		if (state & RESET(i))
			reset = true;
		if (state & STEPPED(i) && !atom_at(query->soft[i])->step)
			return false;		/* it goes on, who knows how far */
		if (state & STEPPED(i))
			stepped = true;
	}
	if ((reset && stepped) || there.count < 0)
		return false;
	return !query_beyond(query, there, &query->a->len, state, 1) &&
	       !query_beyond(query, back, &query->b->len, state, -1);
}

/* Does a statement give an atom of both a new value? */
static bool query_ends(const struct query *query, gimple *stmt)
{
	int i;

	for (i = 0; i < query->hards; i++) {
		const struct atom *atom = atom_at(query->hard[i]);

		if (atom->kind == ATOM_NAME && SSA_NAME_DEF_STMT((tree)atom->what) == stmt)
			return true;
		if (atom->kind == ATOM_LOAD && effect_writes(stmt, &atom->a, atom->bytes))
			return true;
	}
	return false;
}

/* An iov_iter is put back also by giving it the value of one that was kept. */
static bool is_restored(const struct query *query, gimple *stmt)
{
	struct value to;

	if (!gimple_assign_single_p(stmt) || gimple_clobber_p(stmt) ||
	    !RECORD_OR_UNION_TYPE_P(TREE_TYPE(gimple_assign_lhs(stmt))) ||
	    TREE_CODE(gimple_assign_rhs1(stmt)) == CONSTRUCTOR)
		return false;
	to = value_address(gimple_assign_lhs(stmt));
	to = value_expand(&to);
	return value_same(&to, &query->at_a);
}

/* What a statement does to the iov_iter of both; false: it stands somewhere else now. */
static bool query_stream(const struct query *query, gimple *stmt, unsigned int *state)
{
	const struct effect *effect;

	if (is_restored(query, stmt))
		*state |= STATE_REWOUND;
	for (effect = query->summary->effects; effect; effect = effect->next) {
		struct value at;

		if (effect->stmt != stmt)
			continue;
		at = value_expand(&effect->at);
		if (!value_same(&at, &query->at_a))
			continue;
		if (effect->kind == EFFECT_REWIND)
			*state |= STATE_REWOUND;
		else if (effect->kind == EFFECT_BIND)
			return false;
	}
	return true;
}

static void query_push(struct query *query, basic_block bb, unsigned int state,
		       const struct facts *facts)
{
	struct visit **list = &query->visits[bb->index], *visit;

	for (visit = *list; visit; visit = visit->next)
		if (visit->state == state && !memcmp(&visit->facts, facts, sizeof(*facts)))
			return;
	if (query->count++ >= VISITS_MAX)
		return;
	visit = XNEW(struct visit);
	visit->bb = bb;
	visit->state = state;
	visit->facts = *facts;
	visit->next = *list;
	*list = visit;
	visit->below = query->stack;
	query->stack = visit;
}

/* The state after the phis at the end of an edge; false: the way ends. */
static bool query_cross(const struct query *query, edge e, unsigned int *state)
{
	int i;

	for (i = 0; i < query->hards; i++) {
		const struct atom *atom = atom_at(query->hard[i]);
		tree name = (tree)atom->what;

		if ((atom->kind == ATOM_PHI || atom->kind == ATOM_STEP) &&
		    gimple_bb(SSA_NAME_DEF_STMT(name)) == e->dest)
			return false;
	}
	for (i = 0; i < query->softs; i++) {
		tree name = (tree)atom_at(query->soft[i])->what;
		gimple *phi = SSA_NAME_DEF_STMT(name);
		struct value now, before = value_of(name), more;

		if (gimple_bb(phi) != e->dest)
			continue;
		now = value_of(PHI_ARG_DEF_FROM_EDGE(phi, e));
		now = value_expand(&now);
		before = value_expand(&before);
		more = value_add(&now, &before, -1);
		if (value_factor(&now, query->soft[i]) != 1)
			*state = (*state & ~STEPPED(i)) | RESET(i);
		else if (!(*state & RESET(i)) && (!value_is_constant(&more) || more.bias))
			*state |= STEPPED(i);
	}
	return true;
}

/* Go on to the blocks that may come next. */
static void query_leave(struct query *query, basic_block bb, unsigned int state,
			const struct facts *facts)
{
	edge_iterator ei;
	edge e;

	FOR_EACH_EDGE(e, ei, bb->succs) {
		struct facts known = *facts;
		unsigned int next = state;

		if (e->dest->index < NUM_FIXED_BLOCKS || !facts_branch(&known, e) ||
		    !query_cross(query, e, &next))
			continue;
		facts_cross(&known, e);
		query_push(query, e->dest, next, &known);
	}
}

static bool query_walk(struct query *query, basic_block bb, gimple_stmt_iterator gsi,
		       unsigned int state, struct facts facts)
{
	for (; !gsi_end_p(gsi); gsi_next(&gsi)) {
		gimple *stmt = gsi_stmt(gsi);

		if (is_gimple_debug(stmt))
			continue;
		if (stmt == query->b->stmt && query_meets(query, state))
			return true;
		if (query_ends(query, stmt))
			return false;
		if (query->b->kind == EFFECT_STREAM && !query_stream(query, stmt, &state))
			return false;
		facts_forget(&facts, stmt);
	}
	query_leave(query, bb, state, &facts);
	return false;
}

static bool query_run(struct query *query)
{
	basic_block bb = gimple_bb(query->a->stmt);
	gimple_stmt_iterator gsi = gsi_for_stmt(query->a->stmt);
	struct facts facts;
	bool found;

	/* A read that overwrites the pointer that it read through. */
	if (query_ends(query, query->a->stmt))
		return false;
	memset(&facts, 0, sizeof(facts));
	facts_before(&facts, bb);
	gsi_next(&gsi);
	found = query_walk(query, bb, gsi, 0, facts);
	while (!found && query->stack) {
		struct visit *visit = query->stack;

		query->stack = visit->below;
		found = query_walk(query, visit->bb, gsi_start_bb(visit->bb), visit->state,
				   visit->facts);
	}
	return found;
}

static void query_free(struct query *query, int blocks)
{
	struct visit *visit, *next;
	int i;

	for (i = 0; i < blocks; i++) {
		for (visit = query->visits[i]; visit; visit = next) {
			next = visit->next;
			XDELETE(visit);
		}
	}
	XDELETEVEC(query->visits);
}

/**
 * path_between() - may @b read what @a has read?
 * @fn:		the function that both are of
 * @summary:	its summary
 * @a:		a read
 * @b:		a read, the same one perhaps, on another turn of a loop
 *
 * Also, of an iov_iter: is @b a read of what @a has given it?
 */
bool path_between(function *fn, const struct summary *summary, const struct effect *a,
		  const struct effect *b)
{
	int blocks = last_basic_block_for_fn(fn);
	struct query query;
	bool found;

	memset(&query, 0, sizeof(query));
	query.at_a = value_expand(&a->at);
	query.at_b = value_expand(&b->at);
	if ((a->kind != b->kind && !(a->kind == EFFECT_BIND && b->kind == EFFECT_STREAM)) ||
	    value_root(&query.at_a) < 0 || value_root(&query.at_a) != value_root(&query.at_b))
		return false;
	if (b->kind == EFFECT_STREAM && !value_same(&query.at_a, &query.at_b))
		return false;
	query.summary = summary;
	query.a = a;
	query.b = b;
	query_atoms(&query);
	query.visits = XCNEWVEC(struct visit *, blocks);
	found = query_run(&query);
	query_free(&query, blocks);
	return found;
}
