// SPDX-License-Identifier: 0BSD
/*
 * Run a command while holding a lock, whatever its kind: the address says.
 *
 *	cc lock.c $(pkg-config --cflags --libs libkipc) -o lock
 *	./lock mutex:/backup tar cf home.tar /home
 *	./lock flock:/run/backup.lock ...
 *	./lock 'sysv-sem:0x1234?value=3' ...		three at once
 */
#include <kipc_lock.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char **command)
{
	pid_t child = fork();
	int status;

	if (!child) {
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct kipc_lock *lock;
	char why[256];
	int err, status = 125;

	if (argc < 3) {
		fprintf(stderr, "usage: lock ADDRESS COMMAND...\n");
		return status;
	}
	err = kipc_lock_open(&lock, argv[1], NULL);
	if (!err)
		err = kipc_lock_acquire(lock, KIPC_S(2));
	if (err < 0) {
		fprintf(stderr, "%s\n", kipc_explain(argv[1], err, why, sizeof(why)));
		kipc_lock_close(lock);
		return status;
	}
	if (err == KIPC_LOCK_RECOVERED) {
		fprintf(stderr, "%s: whoever had it before died\n", argv[1]);
		kipc_lock_consistent(lock);	/* this is where to mend what it left */
	}
	status = run(argv + 2);
	kipc_lock_release(lock);
	kipc_lock_close(lock);
	return status;
}
