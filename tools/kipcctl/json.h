/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: JSON for programs.  Numbers are whole and in the units that their names say,
 * what there is not is null, and a list is printed object by object as it comes, however
 * long it gets.
 */
#ifndef KIPCCTL_JSON_H
#define KIPCCTL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "kipc_admin.h"

/* Members of an object.  There is no going on without memory. */
void json_put(json_t *object, const char *name, json_t *value);
void json_put_number(json_t *object, const char *name, uint64_t value);
void json_put_text(json_t *object, const char *name, const char *text);
void json_put_mode(json_t *object, const char *name, mode_t mode);
void json_add(json_t *array, json_t *value);

int json_print_line(json_t *value);

/* An array of them; begin with its @count 0. */
struct json_list {
	size_t count;
};

void json_list_add(struct json_list *list, json_t *value);
int json_list_end(const struct json_list *list);

json_t *json_channel(const struct kipc_admin_channel *channel);
json_t *json_endpoint(const struct kipc_admin_endpoint *endpoint);
json_t *json_queue(const struct kipc_admin_queue *queue);
json_t *json_user(const struct kipc_admin_user *user);
json_t *json_message(const struct kipc_admin_message *message);

#endif /* KIPCCTL_JSON_H */
