/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Effect: what a statement does that matters here: it reads memory of the user's, or it
 * writes memory that a pointer may be kept in.
 *
 * The effects of a function are those of its statements, those of a call being the callee's
 * with the arguments put in: a summary, made once, callees first.  A callee of another file
 * has the effects that its attribute reads_user() declares; and whatever it is given a
 * pointer to, not const, it is taken to write.
 */
#ifndef PLUGIN_EFFECT_H
#define PLUGIN_EFFECT_H

#include "value.h"

enum effect_kind {
	EFFECT_READ,	/* of the user's memory */
	EFFECT_STREAM,	/* of the user's memory that an iov_iter stands at, which moves it on */
	EFFECT_REWIND,	/* an iov_iter is put back */
	EFFECT_BIND,	/* an iov_iter is given memory of the user's to stand at */
	EFFECT_WRITE,	/* of memory of the kernel's */
};

/**
 * struct effect - see enum effect_kind
 * @kind:	which
 * @at:		the address, or that of the iov_iter
 * @len:	bytes
 * @buffer:	of EFFECT_BIND: the user's memory
 * @stmt:	what does it, in the function that has the effect
 * @inner:	what really does, in a callee; or @stmt
 * @inside:	the function of @inner, if it is another
 * @expr:	the pointer as it is written, or NULL
 * @bind:	EFFECT_READ of what an iov_iter was given by that
 * @meant:	it may come second: it was said that this is safe
 * @next:	of the function's, in the order of its blocks
 */
struct effect {
	enum effect_kind kind;
	struct value	at;
	struct value	len;
	struct value	buffer;
	gimple		*stmt;
	gimple		*inner;
	tree		inside;
	tree		expr;
	const struct effect *bind;
	bool		meant;
	struct effect	*next;
};

/**
 * struct summary - of a function
 * @effects:	what it does
 * @end:	where the next one goes
 * @count:	how many of EFFECT_WRITE, and of the others
 * @result:	what it returns, if that can be said in its parameters
 * @has_result:	it can
 * @done:	nothing will be added
 */
struct summary {
	struct effect	*effects;
	struct effect	**end;
	unsigned int	count[2];
	struct value	result;
	bool		has_result;
	bool		done;
};

struct summary *effects_of(function *fn);
struct effect *effect_add(struct summary *summary, enum effect_kind kind, gimple *stmt,
			  const struct value *at);
const struct value *effect_result(tree fndecl);
bool effect_writes(gimple *stmt, const struct value *at, wide bytes);
location_t effect_location(gimple *stmt);

#endif /* PLUGIN_EFFECT_H */
