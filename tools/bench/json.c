// SPDX-License-Identifier: GPL-2.0
/*
 * json: see json.h
 *
 * Written to a file of its own beside the path and renamed over it: a reader
 * never sees half of it, and an earlier result survives a full disk.
 */
#include "json.h"

#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"
#include "payload.h"
#include "stats.h"
#include "targets.h"

static const char * const status_names[] = {
	[CELL_PENDING] = "interrupted",
	[CELL_OK] = "ok",
	[CELL_TOO_LARGE] = "n/a",
	[CELL_NO_MEASURE] = "no such measure",
	[CELL_UNAVAILABLE] = "not available",
	[CELL_FAILED] = "failed",
};

static const char * const verify_names[] = {
	[VERIFY_SKIPPED] = "skipped",
	[VERIFY_OK] = "ok",
	[VERIFY_FAILED] = "failed",
};

/* What the system says need not be UTF-8, which jansson insists on. */
static void set_text(json_t *object, const char *key, const char *text)
{
	char ascii[512];
	size_t i;

	for (i = 0; text[i] && i < sizeof(ascii) - 1; i++)
		ascii[i] = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	ascii[i] = '\0';
	json_object_set_new(object, key, json_string(ascii));
}

static void set_int(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_real(json_t *object, const char *key, double value)
{
	json_object_set_new(object, key, json_real(value));
}

static json_t *json_settings(const struct settings *settings)
{
	json_t *object = json_object(), *sizes = json_array(),
	       *measures = json_array();
	json_t *cpus = json_object();
	json_int_t size;
	unsigned int i;

	for (i = 0; i < settings->n_sizes; i++) {
		size = (json_int_t)settings->sizes[i];
		json_array_append_new(sizes, json_integer(size));
	}
	for (i = 0; i < MEASURE_COUNT; i++)
		if (settings->measures[i])
			json_array_append_new(measures,
					      json_string(measure_names[i]));
	set_text(cpus, "placement", placement_names[settings->placement]);
	json_object_set_new(cpus, "server",
			    json_integer(settings->cpus[SIDE_SERVER]));
	json_object_set_new(cpus, "client",
			    json_integer(settings->cpus[SIDE_CLIENT]));
	json_object_set_new(object, "sizes", sizes);
	json_object_set_new(object, "measures", measures);
	json_object_set_new(object, "cpus", cpus);
	set_int(object, "rounds", settings->rounds);
	set_int(object, "cell_time_ns", settings->time_ns);
	set_int(object, "timeout_ns", settings->timeout_ns);
	json_object_set_new(object, "verify", json_boolean(settings->verify));
	json_object_set_new(object, "quick", json_boolean(settings->quick));
	return object;
}

static json_t *json_load(const double *load)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < 3; i++)
		json_array_append_new(array, json_real(load[i]));
	return array;
}

static json_t *json_machine(const struct facts *facts)
{
	json_t *object = json_object(), *vulnerabilities = json_object();
	unsigned int i;

	set_text(object, "release", facts->release);
	set_text(object, "version", facts->version);
	set_text(object, "machine", facts->machine);
	set_text(object, "accelerator", facts->accelerator);
	set_text(object, "cpu", facts->cpu);
	json_object_set_new(object, "cpus_online", json_integer(facts->cpus));
	json_object_set_new(object, "cpus_allowed",
			    json_integer(facts->cpus_allowed));
	set_text(object, "governor", facts->governor);
	set_text(object, "clocksource", facts->clocksource);
	set_text(object, "preemption", facts->preemption);
	set_text(object, "cmdline", facts->cmdline);
	set_real(object, "memory_mib", facts->memory_mib);
	json_object_set_new(object, "load_before", json_load(facts->load));
	json_object_set_new(object, "load_after", json_load(facts->load_after));
	set_real(object, "steal_seconds", facts->steal_seconds);
	for (i = 0; i < facts->n_vulnerabilities; i++)
		set_text(vulnerabilities, facts->vulnerabilities[i].name,
			 facts->vulnerabilities[i].state);
	json_object_set_new(object, "vulnerabilities", vulnerabilities);
	return object;
}

static json_t *json_mechanisms(const struct settings *settings)
{
	json_t *array = json_array(), *object;
	unsigned int i;

	for (i = 0; i < settings->n_drivers; i++) {
		object = json_object();
		set_text(object, "name", settings->drivers[i]->name);
		set_text(object, "kind",
			 driver_kind_names[settings->drivers[i]->kind]);
		set_text(object, "about", settings->drivers[i]->about);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *json_spread(const struct spread *spread)
{
	json_t *object = json_object();

	set_real(object, "median", spread->median);
	set_real(object, "min", spread->min);
	set_real(object, "max", spread->max);
	set_real(object, "mad", spread->mad);
	return object;
}

static json_t *json_rounds(const struct cell *cell, enum measure measure)
{
	json_t *array = json_array(), *object;
	unsigned int i;

	for (i = 0; i < cell->n_rounds; i++) {
		object = json_object();
		set_int(object, "count", cell->rounds[i].count);
		set_int(object, "elapsed_ns", cell->rounds[i].elapsed_ns);
		if (measure == MEASURE_LATENCY)
			set_int(object, "median_ns", cell->rounds[i].median_ns);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *json_samples(const struct histogram *samples)
{
	json_t *object = json_object();

	set_int(object, "count", samples->count);
	set_int(object, "min", samples->min);
	set_int(object, "p50", histogram_quantile(samples, 1, 2));
	set_int(object, "p90", histogram_quantile(samples, 90, 100));
	set_int(object, "p99", histogram_quantile(samples, 99, 100));
	set_int(object, "p999", histogram_quantile(samples, 999, 1000));
	set_int(object, "max", samples->max);
	set_real(object, "mean",
		 (double)samples->sum / (double)max_u64(samples->count, 1));
	return object;
}

static json_t *json_verify(const struct cell *cell)
{
	json_t *object = json_object();

	set_text(object, "status", verify_names[cell->verify]);
	set_int(object, "messages", cell->verify_messages);
	set_int(object, "bytes", cell->verify_bytes);
	return object;
}

static json_t *json_cell(const struct results *results, unsigned int driver,
			 unsigned int size, enum measure measure)
{
	const struct cell *cell = results_cell(results, driver, size, measure);
	const struct settings *settings = results->settings;
	json_t *object = json_object();
	struct spread spread;

	set_text(object, "mechanism", settings->drivers[driver]->name);
	set_text(object, "kind",
		 driver_kind_names[settings->drivers[driver]->kind]);
	set_int(object, "size", settings->sizes[size]);
	set_text(object, "measure", measure_names[measure]);
	set_text(object, "status", status_names[cell->status]);
	set_text(object, "reason", cell->reason);
	json_object_set_new(object, "verify", json_verify(cell));
	set_int(object, "iterations", cell->iterations);
	json_object_set_new(object, "rounds", json_rounds(cell, measure));
	if (measure == MEASURE_LATENCY) {
		if (stats_latency(cell, &spread))
			json_object_set_new(object, "median_ns",
					    json_spread(&spread));
		if (cell->samples)
			json_object_set_new(object, "samples_ns",
					    json_samples(cell->samples));
	} else if (stats_rate(cell, &spread)) {
		json_object_set_new(object, "messages_per_s",
				    json_spread(&spread));
		set_real(object, "bytes_per_s",
			 spread.median * (double)settings->sizes[size]);
	}
	return object;
}

static json_t *json_cells(const struct results *results)
{
	const struct settings *settings = results->settings;
	unsigned int driver, size, measure;
	json_t *array = json_array();

	for (measure = 0; measure < MEASURE_COUNT; measure++) {
		if (!settings->measures[measure])
			continue;
		for (driver = 0; driver < settings->n_drivers; driver++)
			for (size = 0; size < settings->n_sizes; size++)
				json_array_append_new(array,
						      json_cell(results, driver,
								size, measure));
	}
	return array;
}

static json_t *json_targets(const struct results *results)
{
	json_t *array = json_array(), *object;
	struct judgement judgement;
	unsigned int i;

	for (i = 0; i < targets_count; i++) {
		target_judge(&targets[i], results, &judgement);
		object = json_object();
		set_text(object, "mechanism", targets[i].mechanism);
		set_text(object, "against", targets[i].against);
		set_int(object, "size", targets[i].size);
		set_text(object, "measure", measure_names[targets[i].measure]);
		set_real(object,
			 targets[i].bound == TARGET_AT_MOST ? "at_most" :
							      "at_least",
			 targets[i].ratio);
		set_text(object, "verdict", verdict_names[judgement.verdict]);
		set_text(object, "reason", judgement.reason);
		if (judgement.verdict != VERDICT_UNJUDGED)
			json_object_set_new(object, "ratio",
					    json_spread(&judgement.ratio));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *json_contract(void)
{
	json_t *object = json_object();

	set_text(object, "request",
		 "SIZE bytes, one 8-byte word written in every line");
	set_text(object, "receiver",
		 "reads every word that was written, in place");
	set_text(object, "reply",
		 "min(SIZE, reply_max) bytes: the sum of the words");
	set_int(object, "line", PAYLOAD_LINE);
	set_int(object, "reply_max", PAYLOAD_REPLY);
	return object;
}

static json_t *json_document(const struct results *results,
			     const struct facts *facts)
{
	const struct settings *settings = results->settings;
	json_t *root = json_object(), *tool = json_object(),
	       *clock = json_object();

	set_text(tool, "name", "kipc-bench");
	set_text(tool, "version", KIPC_VERSION);
	set_text(clock, "name", "CLOCK_MONOTONIC");
	set_int(clock, "resolution_ns", settings->clock_resolution_ns);
	set_int(clock, "overhead_ns", settings->clock_overhead_ns);
	set_text(root, "schema", "kipc-bench/1");
	json_object_set_new(root, "tool", tool);
	set_text(root, "started", results->started);
	set_real(root, "elapsed_s", (double)results->elapsed_ns / NSEC_PER_SEC);
	json_object_set_new(root, "interrupted",
			    json_boolean(results->interrupted));
	json_object_set_new(root, "settings", json_settings(settings));
	json_object_set_new(root, "machine", json_machine(facts));
	json_object_set_new(root, "clock", clock);
	json_object_set_new(root, "contract", json_contract());
	json_object_set_new(root, "mechanisms", json_mechanisms(settings));
	json_object_set_new(root, "cells", json_cells(results));
	json_object_set_new(root, "targets", json_targets(results));
	return root;
}

/* A device, a pipe: written as it is and never renamed over. */
static bool json_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

int json_check(const char *path)
{
	char copy[4096];
	struct stat st;

	if (json_special(path)) {
		if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return -1;
		}
		return access(path, W_OK);
	}
	if ((size_t)snprintf(copy, sizeof(copy), "%s.new", path) >=
	    sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return access(dirname(copy), W_OK | X_OK);
}

static int json_dump(const json_t *root, const char *path)
{
	FILE *file = fopen(path, "we");
	int err;

	if (!file)
		return -errno;
	err = 0;
	if (json_dumpf(root, file, JSON_INDENT(1) | JSON_REAL_PRECISION(9)))
		err = -EIO;
	if (fputc('\n', file) == EOF && !err)
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

int json_write(const struct results *results, const struct facts *facts,
	       const char *path)
{
	json_t *root = json_document(results, facts);
	char temporary[4096];
	int err;

	snprintf(temporary, sizeof(temporary), "%s%s", path,
		 json_special(path) ? "" : ".new");
	err = json_dump(root, temporary);
	if (!err && strcmp(temporary, path) && rename(temporary, path))
		err = -errno;
	if (err && strcmp(temporary, path))
		unlink(temporary);
	json_decref(root);
	return err;
}
