/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: what its verbs share.  Each verb is a function in a file of its own,
 * listed in main.c; it gets its own argc and argv, argv[0] being its name, and
 * returns an exit status.
 */
#ifndef KIPCCTL_H
#define KIPCCTL_H

#include <stdint.h>

/* Exit statuses, as kipcctl(1) has them. */
#define EXIT_OK		0
#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_DIFFERS	3	/* mechanisms: not as recorded */

struct verb {
	const char *name;
	const char *help;	/* one line */
	int (*run)(int argc, char **argv);
};

int verb_load(int argc, char **argv);
int verb_mechanisms(int argc, char **argv);
int verb_queues(int argc, char **argv);
int verb_recv(int argc, char **argv);
int verb_schemes(int argc, char **argv);
int verb_send(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_unlink(int argc, char **argv);
int verb_unload(int argc, char **argv);

/* ---- schemes.c ---- */

void print_offers(uint32_t can);

/* ---- util.c ---- */

int usage(const char *text, int status);
int failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
int failed_at(const char *address, int err);
int seconds(const char *text, int64_t *timeout);

/* A line on stderr that tells how far a transfer is, where somebody looks. */
struct progress {
	const char *what;
	uint64_t bytes;
	int64_t shown;		/* when, in ns; 0: never */
	int enabled;
};

void progress_start(struct progress *progress, const char *what);
void progress_add(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress);

#endif /* KIPCCTL_H */
