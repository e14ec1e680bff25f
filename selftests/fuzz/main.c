// SPDX-License-Identifier: GPL-2.0
/*
 * The command: see help().  Its output is TAP, as that of any test, so that the runner can
 * judge a long run as it judges a short one.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static void help(FILE *file)
{
	fputs("usage: fuzz run [OPTION...] [FILE...]	make programs, from the corpus and FILEs\n"
	      "       fuzz replay [OPTION...] [FILE...]	run the FILEs' programs, or the corpus\n"
	      "       fuzz minimise FILE TO		write those of FILE that reach all it does\n"
	      "\n"
	      "  -o, --ops N		run: end after so many calls\n"
	      "  -s, --seconds N	run: or after so long\n"
	      "  -w, --workers N	at once (run 4, replay 1)\n"
	      "  -x, --seed N		run: of what is random\n"
	      "  -d, --dir DIR		run: where \"corpus\" and \"crash\" go (.)\n"
	      "  -t, --times N		replay: so often (1)\n"
	      "  -v, --verbose		replay: say each call and its result\n", file);
}

static const struct option options[] = {
	{ "ops", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 's' },
	{ "workers", required_argument, NULL, 'w' },
	{ "seed", required_argument, NULL, 'x' },
	{ "dir", required_argument, NULL, 'd' },
	{ "times", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static int load_files(struct shared *shared, char **files)
{
	for (; *files; files++) {
		FILE *file = fopen(*files, "r");

		if (!file) {
			perror(*files);
			return -1;
		}
		if (corpus_load(shared, file, *files) < 0)
			return -1;
		fclose(file);
	}
	shared->first_n = shared->corpus_n;
	return 0;
}

static int said;

static void tell(bool good, const char *what)
{
	static int n;

	printf("%sok %d %s\n", good ? "" : "not ", ++n, what);
	said |= !good;
}

/* What is freed a moment after a process has gone is waited for. */
static bool settled(void)
{
	unsigned int again;

	names_remove();
	for (again = 0; again < 50; again++) {
		if (!control_settled())
			return true;
		usleep(100000);
	}
	return false;
}

static int run(struct shared *shared, const struct plan *plan, char **files)
{
	char path[256];

	if (corpus_built_in(shared) < 0 || load_files(shared, files))
		return 1;
	printf("TAP version 13\n1..2\n# seed %llx\n", (unsigned long long)plan->seed);
	tell(!supervise(shared, plan), "no report");
	tell(settled(), "nothing is charged to anybody");
	snprintf(path, sizeof(path), "%s/corpus", plan->dir);
	if (corpus_save(shared, path))
		perror(path);
	return said;
}

static int replay_files(struct shared *shared, unsigned int times, unsigned int workers,
			bool verbose, char **files)
{
	if (!*files && corpus_built_in(shared) < 0)
		return 1;
	if (load_files(shared, files))
		return 1;
	printf("TAP version 13\n1..3\n");
	tell(shared->corpus_n > 0, "there are programs");
	tell(!replay(shared, times, workers ?: 1, verbose), "each came to its end");
	tell(settled(), "nothing is charged to anybody");
	printf("# %u programs, %lu calls, %u PCs, %u edges\n", shared->corpus_n,
	       atomic_load(&shared->ops), shared->pc_count, shared->edge_count);
	return said;
}

int main(int argc, char **argv)
{
	struct plan plan = { .seed = 0x6b697063, .dir = "." };
	struct shared *shared = shared_new();
	unsigned int times = 1;
	bool verbose = false;
	int c;

	table_init();
	while ((c = getopt_long(argc, argv, "o:s:w:x:d:t:vh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			plan.ops = strtoull(optarg, NULL, 0);
			break;
		case 's':
			plan.seconds = atoi(optarg);
			break;
		case 'w':
			plan.workers = atoi(optarg);
			break;
		case 'x':
			plan.seed = strtoull(optarg, NULL, 0);
			break;
		case 'd':
			plan.dir = optarg;
			break;
		case 't':
			times = atoi(optarg);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			help(c == 'h' ? stdout : stderr);
			return c != 'h';
		}
	}
	argv += optind;
	if (!shared || !*argv || plan.workers > WORKERS_MAX) {
		help(stderr);
		return 1;
	}
	if (control_find() || access("/dev/kipc", F_OK)) {
		printf("1..0 # SKIP the module is not loaded\n");
		return 4;
	}
	if (!strcmp(*argv, "replay"))
		return replay_files(shared, times, plan.workers, verbose, argv + 1);
	if (!strcmp(*argv, "minimise") && argv[1] && argv[2]) {
		const char *to = argv[2];

		argv[2] = NULL;
		return load_files(shared, argv + 1) || minimise(shared, to);
	}
	if (strcmp(*argv, "run")) {
		help(stderr);
		return 1;
	}
	if (!plan.workers)
		plan.workers = 4;
	if (!plan.ops && !plan.seconds)
		plan.seconds = 10;
	return run(shared, &plan, argv + 1);
}
