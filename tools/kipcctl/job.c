// SPDX-License-Identifier: GPL-2.0
/*
 * One run of the command of `kipcctl serve`: start it, feed it the request, take its
 * output, and answer when it has ended.
 *
 * Nothing here waits: a command may write before it has read its request, or not read it
 * at all, and others run meanwhile.  The run is over when the command has ended; a process
 * that it leaves behind with its output open is not waited for.  Each run is a process
 * group, so that what is killed is all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kipcctl.h"
#include "serve.h"

extern char **environ;

/* How long a command that was asked to end may take. */
#define GRACE KIPC_S(2)

/* ---- what it is told ---- */

static const char * const facts[] = {
	"KIPC_ADDRESS", "KIPC_KIND", "KIPC_PEER_PID", "KIPC_PEER_UID", "KIPC_PEER_GID",
	"KIPC_PEER_ADDRESS", "KIPC_TYPE", "KIPC_PRIO",
};

#define FACTS (sizeof(facts) / sizeof(facts[0]))

/* The variables of a run, and after them those of ours that have other names. */
struct environment {
	char *words[FACTS];
	unsigned int count;
	char **list;
};

__attribute__((format(printf, 2, 3)))
static int tell(struct environment *env, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&env->words[env->count], format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	env->count++;
	return 0;
}

static int tell_all(struct environment *env, const struct service *service,
		    const struct kipc_msg *msg)
{
	char peer[KIPC_ADDRESS_SIZE];
	int err = tell(env, "KIPC_ADDRESS=%s", service->address);

	err |= tell(env, "KIPC_KIND=%s", msg->kind == KIPC_MSG_CALL ? "call" : "send");
	if (msg->known & KIPC_KNOWN_PEER) {
		err |= tell(env, "KIPC_PEER_PID=%d", msg->pid);
		err |= tell(env, "KIPC_PEER_UID=%u", msg->uid);
		err |= tell(env, "KIPC_PEER_GID=%u", msg->gid);
	}
	if (!kipc_peer_address(service->handle, msg->peer, peer, sizeof(peer)))
		err |= tell(env, "KIPC_PEER_ADDRESS=%s", peer);
	if (msg->known & KIPC_KNOWN_TYPE)
		err |= tell(env, "KIPC_TYPE=%llu", (unsigned long long)msg->type);
	if (msg->known & KIPC_KNOWN_PRIO)
		err |= tell(env, "KIPC_PRIO=%u", msg->prio);
	return err;
}

static void environment_free(struct environment *env)
{
	while (env->count)
		free(env->words[--env->count]);
	free(env->list);
}

static bool is_fact(const char *variable)
{
	size_t i, len = strcspn(variable, "=");

	for (i = 0; i < FACTS; i++)
		if (strlen(facts[i]) == len && !memcmp(facts[i], variable, len))
			return true;
	return false;
}

/* What the mechanism does not know is not set: nobody shall take ours for it. */
static int environment_make(struct environment *env, const struct service *service,
			    const struct kipc_msg *msg)
{
	size_t n = 0, i;

	*env = (struct environment){ .count = 0 };
	if (tell_all(env, service, msg))
		return -ENOMEM;
	while (environ[n])
		n++;
	env->list = calloc(n + FACTS + 1, sizeof(*env->list));
	if (!env->list)
		return -ENOMEM;
	for (n = 0; n < env->count; n++)
		env->list[n] = env->words[n];
	for (i = 0; environ[i]; i++)
		if (!is_fact(environ[i]))
			env->list[n++] = environ[i];
	return 0;
}

/* ---- its start ---- */

/* A pipe of which our end does not wait; its own end is as a command expects it. */
static int pipe_to(int fds[2], int ours)
{
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (fcntl(fds[ours], F_SETFL, O_NONBLOCK)) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		fds[0] = -1;
		fds[1] = -1;
		return err;
	}
	return 0;
}

/* @in, @out: its ends of the pipes; out -1: our own standard output. */
static int spawn(const struct service *service, struct job *job, char **list, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	err = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
				       POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	err |= posix_spawnattr_setsigdefault(&attributes, &defaults);
	err |= posix_spawnattr_setsigmask(&attributes, &service->mask);
	err |= posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (out >= 0)
		err |= posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = err ? -ENOMEM : -posix_spawnp(&job->pid, service->command[0], &actions,
					    &attributes, service->command, list);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return err;
}

static int start(const struct service *service, struct job *job, char **list)
{
	int in[2], out[2] = { -1, -1 };
	int err = pipe_to(in, 1);

	if (err)
		return err;
	if (job->msg.kind == KIPC_MSG_CALL)
		err = pipe_to(out, 0);
	if (!err)
		err = spawn(service, job, list, in[0], out[1]);
	close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	if (!err) {
		job->in = in[1];
		job->out = out[0];
		return 0;
	}
	close(in[1]);
	if (out[0] >= 0)
		close(out[0]);
	return err;
}

/* Run the command for @job->msg: 0, or -errno, and then the message is the caller's still. */
int job_start(const struct service *service, struct job *job)
{
	struct environment env;
	int err = environment_make(&env, service, &job->msg);

	job->fed = 0;
	job->reply = NULL;
	job->len = 0;
	job->size = 0;
	job->told = false;
	job->failure = NULL;
	job->kill_at = service->timeout < 0 ? KIPC_FOREVER : now() + service->timeout;
	if (!err)
		err = start(service, job, env.list);
	environment_free(&env);
	if (err) {
		job->pid = 0;
		return err;
	}
	job_feed(job);
	return 0;
}

/* ---- its course ---- */

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Write what its input has room for.  It need not read it all, or any. */
void job_feed(struct job *job)
{
	const char *data = job->msg.data;

	while (job->in >= 0 && job->fed < job->msg.len) {
		ssize_t n = write(job->in, data + job->fed, job->msg.len - job->fed);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		job->fed += (size_t)n;
	}
	shut(&job->in);
}

/* NULL, or why there is none. */
static const char *make_room(struct job *job)
{
	size_t size = job->size ? 2 * job->size : 65536;
	char *more;

	if (job->len < job->size)
		return NULL;
	if (job->len >= REPLY_MAX)
		return "its output is too large for a reply (1 GiB)";
	more = realloc(job->reply, size);
	if (!more)
		return "there is no memory for its output";
	job->reply = more;
	job->size = size;
	return NULL;
}

/* Take what there is of its output. */
void job_drain(struct job *job)
{
	while (job->out >= 0) {
		const char *why = make_room(job);
		ssize_t n;

		if (why) {
			shut(&job->out);
			job_kill(job, why);
			return;
		}
		n = read(job->out, job->reply + job->len, job->size - job->len);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		job->len += (size_t)n;
	}
	shut(&job->out);
}

/*
 * Ask it to end, and the second time do not ask.  One that has ended already, and whose
 * number may be another's by now, has failed only.
 */
void job_kill(struct job *job, const char *why)
{
	if (why)
		job->failure = why;
	if (!job->pid)
		return;
	kill(-job->pid, job->told ? SIGKILL : SIGTERM);
	job->kill_at = job->told ? KIPC_FOREVER : now() + GRACE;
	job->told = true;
}

/* ---- its end ---- */

static void explain_failure(const struct job *job, const char *command, int status)
{
	char who[64] = "";

	if (job->msg.known & KIPC_KNOWN_PEER)
		snprintf(who, sizeof(who), ", for process %d of user %u", job->msg.pid,
			 job->msg.uid);
	if (job->failure)
		failed("%s%s: %s", command, who, job->failure);
	else if (WIFSIGNALED(status))
		failed("%s%s: killed by signal %d (%s)", command, who, WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		failed("%s%s: exit status %d", command, who, WEXITSTATUS(status));
}

/* Has the caller its reply? */
static bool answer(const struct service *service, struct job *job)
{
	int err = kipc_reply(service->handle, &job->msg, job->reply, job->len);

	if (err == -ECANCELED || err == -EPIPE)
		failed("%s: the caller waits for the reply no more", service->command[0]);
	else if (err)
		failed_at(service->address, err);
	return !err;
}

/*
 * It has ended with @status, as waitpid() has it: answer its call, or let that go, and be
 * ready for the next.  Returns whether all went well, to the reply.
 */
bool job_end(const struct service *service, struct job *job, int status)
{
	bool good;

	job->pid = 0;
	shut(&job->in);
	job_drain(job);
	shut(&job->out);
	good = !job->failure && WIFEXITED(status) && !WEXITSTATUS(status);
	if (!good)
		explain_failure(job, service->command[0], status);
	else if (job->msg.kind == KIPC_MSG_CALL)
		good = answer(service, job);
	/* Of a call that was not answered the caller is told that it was refused */
	kipc_release(&job->msg);
	free(job->reply);
	job->reply = NULL;
	return good;
}
