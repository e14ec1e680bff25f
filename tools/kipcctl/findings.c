// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: who is stuck?
 *
 * A look is one moment, and a busy server holds a call at any: only what has lasted is told,
 * a second for a message.  Of threads that wait for room the kernel does not tell since when:
 * one of them is told of at once, with what it waits for.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control.h"
#include "findings.h"
#include "human.h"
#include "kipcctl.h"
#include "table.h"

#define LONG_NS 1000000000ULL

__attribute__((format(printf, 2, 3)))
static void find(struct findings *findings, const char *format, ...)
{
	va_list args;
	char *sentence;

	va_start(args, format);
	if (vasprintf(&sentence, format, args) < 0)
		exit(failed("out of memory"));
	va_end(args);
	sentence[0] = (char)toupper((unsigned char)sentence[0]);
	findings->sentences = grown(findings->sentences, findings->count, &findings->room,
				    sizeof(*findings->sentences));
	findings->sentences[findings->count++] = sentence;
}

/* "1 message waits", "2 messages wait" */
static const char *wait_form(uint64_t count)
{
	return count == 1 ? " waits" : "s wait";
}

/* Names are long */
struct phrase {
	char s[KIPC_ADMIN_NAME + 160];
};

/* "the server of channel:camera, process 123 (camerad)," */
static struct phrase who(const struct kipc_admin_endpoint *endpoint)
{
	struct human process = human_process(endpoint->pid);
	struct phrase phrase;

	if (endpoint->role == KIPC_ADMIN_SERVER)
		snprintf(phrase.s, sizeof(phrase.s), "the server of channel:%s, process %s,",
			 endpoint->name, process.s);
	else
		snprintf(phrase.s, sizeof(phrase.s),
			 "client %s of channel:%s, process %s,",
			 human_count(endpoint->client).s, endpoint->name, process.s);
	return phrase;
}

static struct phrase from(const struct kipc_admin_message *message)
{
	struct human process = human_process(message->pid);
	struct phrase phrase;

	if (message->client)
		snprintf(phrase.s, sizeof(phrase.s), "client %s, process %s,",
			 human_count(message->client).s, process.s);
	else
		snprintf(phrase.s, sizeof(phrase.s), "the server, process %s,", process.s);
	return phrase;
}

/* Calls that it has received and not answered; or else what it keeps of other messages. */
static void find_held(struct findings *findings, const struct held *held)
{
	const struct kipc_admin_endpoint *endpoint = held->endpoint;
	size_t i, awaited = 0;

	for (i = 0; i < held->count; i++) {
		const struct kipc_admin_message *message = &held->messages[i];

		if (!message->awaited || message->held_ns < LONG_NS)
			continue;
		awaited++;
		find(findings, "%s has held call %s for %s: %s waits for the reply.",
		     who(endpoint).s, human_count(message->id).s, human_age(message->held_ns).s,
		     from(message).s);
	}
	if (!awaited && endpoint->held && endpoint->held_ns >= LONG_NS)
		find(findings,
		     "%s holds %u message%s (%s bytes of its pool), the oldest for %s; nobody waits for a reply to those.",
		     who(endpoint).s, endpoint->held, plural(endpoint->held),
		     human_bytes(endpoint->held_bytes).s, human_age(endpoint->held_ns).s);
}

void find_endpoint(struct findings *findings, const struct held *held)
{
	const struct kipc_admin_endpoint *endpoint = held->endpoint;

	find_held(findings, held);
	if (endpoint->queued && endpoint->queued_ns >= LONG_NS)
		find(findings, "%u message%s for %s the first for %s: %s.", endpoint->queued,
		     wait_form(endpoint->queued), who(endpoint).s, human_age(endpoint->queued_ns).s,
		     endpoint->receivers ? "its threads wait for others" :
					   "none of its threads receives");
	if (endpoint->senders)
		find(findings,
		     "%u thread%s for room in the pool of %s of which %s of %s are free; it holds %s bytes of it.",
		     endpoint->senders, wait_form(endpoint->senders), who(endpoint).s,
		     human_bytes(endpoint->pool_free).s, human_bytes(endpoint->pool_size).s,
		     human_bytes(endpoint->held_bytes).s);
}

static uint64_t age(uint64_t time_ns)
{
	uint64_t now_ns = wall_time();

	return now_ns > time_ns ? now_ns - time_ns : 0;
}

/* When it was last received from, and by whom */
static void last_received(char *buf, size_t size, const struct kipc_admin_queue *queue)
{
	if (queue->recv_time_ns)
		snprintf(buf, size, "the last was received %s ago by process %s",
			 human_age(age(queue->recv_time_ns)).s, human_process(queue->recv_pid).s);
	else
		snprintf(buf, size, "nobody has received one yet");
}

/* That receivers wait is what a queue is for; that messages wait is, for a while. */
void find_queue(struct findings *findings, const struct kipc_admin_queue *queue)
{
	char received[160];

	last_received(received, sizeof(received), queue);
	if (queue->senders)
		find(findings,
		     "%u thread%s for room to send: there are %s of %s messages and %s of %s bytes; %s.",
		     queue->senders, wait_form(queue->senders), human_count(queue->msgs).s,
		     human_count(queue->max_msgs).s, human_bytes(queue->bytes).s,
		     human_bytes(queue->max_bytes).s, received);
	if (queue->msgs && queue->receivers)
		find(findings, "%s message%s, and %u thread%s for others than those.",
		     human_count(queue->msgs).s, wait_form(queue->msgs), queue->receivers,
		     wait_form(queue->receivers));
	else if (queue->msgs && !queue->senders && age(queue->send_time_ns) >= LONG_NS)
		find(findings, "%s message%s, and no thread receives; %s.",
		     human_count(queue->msgs).s, wait_form(queue->msgs), received);
}

void findings_print(const struct findings *findings)
{
	size_t i;

	putchar('\n');
	if (!findings->count)
		puts("Nobody is stuck.");
	for (i = 0; i < findings->count; i++)
		puts(findings->sentences[i]);
}

void findings_free(struct findings *findings)
{
	while (findings->count)
		free(findings->sentences[--findings->count]);
	free(findings->sentences);
	findings->sentences = NULL;
	findings->room = 0;
}
