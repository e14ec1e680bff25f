// SPDX-License-Identifier: GPL-2.0
/*
 * Double fetch: report a function that reads the same memory of the user's twice.
 *
 * Another thread of the user's can write between the two reads; so whatever was checked of
 * the first need not hold of the second.  No run shows it, as no program does that by
 * chance.
 *
 *	f.c:12:9: warning: 'uptr' is read from user space twice [-Wdouble-fetch]
 *	f.c:10:13: note: first read here
 *
 * What it finds.  Two reads conflict if their ranges may overlap and the second can be
 * reached from the first.  Ranges are compared in symbols (value.h): after copies, casts,
 * constant and variable offsets, members, elements, what was stored and loaded again; a
 * length or an offset that nobody knows may be any, an unsigned one is not negative.  Ways
 * are walked in the control flow (path.h), as far as the signs of variables allow (fact.h),
 * and end where the pointer gets another value; a loop that reads where it stands is
 * reported, one that goes on is not.  An iov_iter goes on by itself, unless it is put back.
 *
 * When it looks.  Once for the file, as soon as all of it is in SSA form and before anything
 * is inlined: then copy_from_user() and its like are calls with the name and the line that
 * they have in the source, whatever they are made of in this kernel, and get_user() is the
 * one statement of assembly that the macro is (reader.c).  Being before inlining, it does
 * not see through helpers: so each function leaves a summary of what it reads and writes,
 * in terms of its parameters, and callees are looked at before callers (effect.h).  That
 * holds for all helpers, not only those that would be inlined, and for -O0 as for -O2;
 * and what is found is told with the helper's line and its caller's.
 *
 * What it cannot see:
 *  - callees of other files, unless they declare what they read (reader.h); with the
 *    argument "declare" it wants that of every function that others may call and that reads
 *    through a pointer it was given.  What is read through a pointer in a structure that
 *    was given cannot be declared.
 *  - calls through pointers to functions, and recursion.
 *  - two reads in one callee through two parameters, if a caller gives it the same pointer
 *    as both.
 *  - two pointers that are the same without being made of the same: loaded twice, on ways
 *    that meet after a store; or one that is either of two.
 *  - a conflict that needs arithmetic to wrap.
 *  - where a memory-held pointer is passed on to a function of another file that could
 *    change it, it is taken to have been changed.
 *  - a loop that goes on by an unknown number is taken to go on far enough.
 *  - readers that are not in reader.c's table; architectures but x86 for get_user().
 * And it cannot know what the program knows: a reader that is not to be told of is marked
 * by a function with the attribute user_reread (kernel/fetch.h).
 *
 * Arguments: "error" makes it an error; "declare", see above.
 */
#include "gcc.h"
#include "describe.h"
#include "effect.h"
#include "path.h"
#include "reader.h"
#include "value.h"

#define OPTION		"-Wdouble-fetch"
#define UNDECLARED	"%qD reads user space through %qD and does not declare %qs [%s]"

/* All else is hidden: the compiler has symbols of its own, and they would win. */
#define VISIBLE		__attribute__((visibility("default")))

VISIBLE int plugin_is_GPL_compatible;

static struct plugin_info double_fetch_info = {
	.version = "1",
	.help = "error: what is found is an error\n"
		"declare: want reads_user() on what other files may call\n",
};

static bool as_error;
static bool want_declared;

static void note_inner(const struct effect *effect)
{
	if (effect->inside)
		inform(effect_location(effect->inner), "in %qD, here", effect->inside);
}

static void report(const struct effect *first, const struct effect *second)
{
	location_t where = effect_location(second->stmt);
	const char *name = describe(second->expr ? second : first);

	if (as_error)
		error_at(where, "%qs is read from user space twice [%s]", name, OPTION);
	else if (!warning_at(where, 0, "%qs is read from user space twice [%s]", name, OPTION))
		return;
	note_inner(second);
	if (first->stmt == second->stmt)
		inform(where, "first read here, on an earlier turn of the loop");
	else
		inform(effect_location(first->stmt), "first read here");
	note_inner(first);
}

/* What is read through an iov_iter is also what it was given. */
static void follow_iters(function *fn, struct summary *summary)
{
	const struct effect *bind, *stream;
	struct effect *read;

	for (bind = summary->effects; bind; bind = bind->next) {
		for (stream = summary->effects; stream; stream = stream->next) {
			if (bind->kind != EFFECT_BIND || stream->kind != EFFECT_STREAM ||
			    !path_between(fn, summary, bind, stream))
				continue;
			read = effect_add(summary, EFFECT_READ, stream->stmt, &bind->buffer);
			if (!read)
				continue;
			read->len = bind->len;
			read->inner = stream->inner;
			read->inside = stream->inside;
			read->expr = stream->expr;
			read->meant = stream->meant;
			read->bind = bind;
		}
	}
}

/* The reads of one place are reported once, with the first place of all. */
static void find_pairs(function *fn, struct summary *summary)
{
	const struct effect *first, *second, *said = NULL;

	for (second = summary->effects; second; second = second->next) {
		if ((second->kind != EFFECT_READ && second->kind != EFFECT_STREAM) ||
		    second->meant || (said && said->stmt == second->stmt))
			continue;
		for (first = summary->effects; first; first = first->next) {
			/* It goes on in what it was given. */
			if (first->kind != second->kind ||
			    (first->bind && first->bind == second->bind) ||
			    !path_between(fn, summary, first, second))
				continue;
			report(first, second);
			said = second;
			break;
		}
	}
}

static bool declares(tree fndecl, const struct atom *atom)
{
	tree attr, parm;
	unsigned int nr = 1;

	for (parm = DECL_ARGUMENTS(fndecl); parm && parm != atom->what; parm = DECL_CHAIN(parm))
		nr++;
	attr = lookup_attribute("reads_user", DECL_ATTRIBUTES(fndecl));
	while (attr && tree_to_uhwi(TREE_VALUE(TREE_VALUE(attr))) != nr)
		attr = lookup_attribute("reads_user", TREE_CHAIN(attr));
	return attr;
}

/* Other files see of a function only what it declares. */
static void check_declared(function *fn, const struct summary *summary)
{
	location_t where = DECL_SOURCE_LOCATION(fn->decl);
	const struct effect *effect;

	for (effect = summary->effects; effect; effect = effect->next) {
		struct value at = value_expand(&effect->at);
		const struct atom *atom = atom_at(value_root(&at));

		if (effect->kind != EFFECT_READ || atom->kind != ATOM_PARAM || !atom->pointer ||
		    declares(fn->decl, atom))
			continue;
		if (as_error)
			error_at(where, UNDECLARED, fn->decl, (tree)atom->what, "reads_user",
				 OPTION);
		else
			warning_at(where, 0, UNDECLARED, fn->decl, (tree)atom->what, "reads_user",
				   OPTION);
		inform(effect_location(effect->inner), "here");
		break;
	}
}

static void look_at(function *fn)
{
	struct summary *summary;

	push_cfun(fn);
	values_begin(fn);
	summary = effects_of(fn);
	follow_iters(fn, summary);
	find_pairs(fn, summary);
	if (want_declared && TREE_PUBLIC(fn->decl))
		check_declared(fn, summary);
	values_end();
	pop_cfun();
	summary->done = true;
}

/* Callees first; of those that call each other in a ring, one is not known to the next. */
static void visit(struct cgraph_node *node, bitmap seen)
{
	struct cgraph_edge *edge;
	function *fn;

	if (!bitmap_set_bit(seen, node->get_uid()))
		return;
	for (edge = node->callees; edge; edge = edge->next_callee)
		visit(edge->callee->ultimate_alias_target(), seen);
	fn = node->get_fun();
	if (fn && fn->cfg && gimple_in_ssa_p(fn) && node->has_gimple_body_p())
		look_at(fn);
}

static unsigned int double_fetch_execute(void)
{
	struct cgraph_node **order = XNEWVEC(struct cgraph_node *, symtab->cgraph_count), *node;
	bitmap seen = BITMAP_ALLOC(NULL);
	int count = 0;

	FOR_EACH_FUNCTION(node) {
		node->aux = NULL;
		order[count++] = node;
	}
	while (count--)		/* the last one is the first of the file */
		visit(order[count], seen);
	FOR_EACH_FUNCTION(node)
		node->aux = NULL;
	XDELETEVEC(order);
	BITMAP_FREE(seen);
	return 0;
}

static const struct pass_data double_fetch_data = {
	.type = SIMPLE_IPA_PASS,
	.name = "double_fetch",
	.optinfo_flags = OPTGROUP_NONE,
	.tv_id = TV_NONE,
	.properties_required = PROP_cfg | PROP_ssa,
};

class double_fetch_pass : public simple_ipa_opt_pass {
public:
	double_fetch_pass() : simple_ipa_opt_pass(double_fetch_data, g) {}
	unsigned int execute(function *fn) { return double_fetch_execute(); }
};

static void register_attributes(void *event, void *data)
{
	reader_attributes();
}

VISIBLE int plugin_init(struct plugin_name_args *info, struct plugin_gcc_version *version)
{
	struct register_pass_info pass = {
		.pass = new double_fetch_pass(),
		.reference_pass_name = "build_ssa_passes",
		.ref_pass_instance_number = 1,
		.pos_op = PASS_POS_INSERT_AFTER,
	};
	int i;

	if (!plugin_default_version_check(version, &gcc_version)) {
		error("%s was built for another compiler", info->base_name);
		return 1;
	}
	for (i = 0; i < info->argc; i++) {
		if (!strcmp(info->argv[i].key, "error")) {
			as_error = true;
		} else if (!strcmp(info->argv[i].key, "declare")) {
			want_declared = true;
		} else {
			error("%s has no argument %qs", info->base_name, info->argv[i].key);
			return 1;
		}
	}
	register_callback(info->base_name, PLUGIN_INFO, NULL, &double_fetch_info);
	register_callback(info->base_name, PLUGIN_ATTRIBUTES, register_attributes, NULL);
	register_callback(info->base_name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	return 0;
}
