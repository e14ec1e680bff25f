/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: what its verbs share.  Each verb is a function in a file of its own,
 * listed in main.c; it gets its own argc and argv, argv[0] being its name, and
 * returns an exit status.
 */
#ifndef KIPCCTL_H
#define KIPCCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit statuses, as kipcctl(1) has them. */
#define EXIT_OK		0
#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_DIFFERS	3	/* mechanisms: not as recorded */
#define EXIT_UNSEEN	4	/* not delivered: safe to try again */
#define EXIT_DIED	5	/* delivered, and then the server died or refused it */
#define EXIT_TIMEOUT	6	/* the time was up; a call may have run */

struct verb {
	const char *name;	/* NULL: a heading */
	const char *help;	/* one line; NULL: an alias */
	int (*run)(int argc, char **argv);
};

int verb_call(int argc, char **argv);
int verb_channels(int argc, char **argv);
int verb_create(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_endpoints(int argc, char **argv);
int verb_limit(int argc, char **argv);
int verb_load(int argc, char **argv);
int verb_mechanisms(int argc, char **argv);
int verb_monitor(int argc, char **argv);
int verb_queues(int argc, char **argv);
int verb_recv(int argc, char **argv);
int verb_remove(int argc, char **argv);
int verb_schemes(int argc, char **argv);
int verb_send(int argc, char **argv);
int verb_serve(int argc, char **argv);
int verb_set(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_top(int argc, char **argv);
int verb_unload(int argc, char **argv);
int verb_users(int argc, char **argv);

/* ---- schemes.c ---- */

void print_offers(uint32_t can);

/* ---- util.c ---- */

int usage(const char *text, int status);
int failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int failed_at(const char *address, int err);
int seconds(const char *text, int64_t *timeout);
int64_t now(void);
uint64_t wall_time(void);
int size_of(const char *text, uint64_t *size);
int count_of(const char *text, uint64_t *count);
bool has_capability(int number);
int read_line(const char *path, char *line, int size);
int put_json(json_t *value, int err);

/* The word most like one that is not known, and like it enough to be what was meant. */
struct nearest {
	const char *word;
	const char *found;	/* NULL: none is like it */
	unsigned int distance;
};

struct nearest nearest_to(const char *word);
void nearest_try(struct nearest *near, const char *candidate);

/* A line on stderr that tells how far a transfer is, where somebody looks. */
struct progress {
	const char *what;
	uint64_t bytes;
	uint64_t total;		/* 0: nobody knows */
	int64_t begun;
	int64_t shown;		/* when, in ns; 0: never */
	int enabled;
};

void progress_start(struct progress *progress, const char *what);
void progress_add(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress);

#endif /* KIPCCTL_H */
