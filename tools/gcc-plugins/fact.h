/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fact: what the branches taken so far say of the signs of variables.
 *
 * An error that was met ends the loop that the next turn would read again in: without this
 * many a way would seem open that no program takes.
 */
#ifndef PLUGIN_FACT_H
#define PLUGIN_FACT_H

#define FACTS_MAX	4

/* Signs that a variable may have. */
#define SIGN_MINUS	1
#define SIGN_ZERO	2
#define SIGN_PLUS	4
#define SIGN_ANY	7

/* Version 0 is no name.  No padding: facts are compared as bytes. */
struct fact {
	unsigned int	version;
	unsigned int	signs;
};

struct facts {
	struct fact	fact[FACTS_MAX];
};

bool facts_branch(struct facts *facts, edge e);
void facts_cross(struct facts *facts, edge e);
void facts_forget(struct facts *facts, gimple *stmt);
void facts_before(struct facts *facts, basic_block bb);

#endif /* PLUGIN_FACT_H */
