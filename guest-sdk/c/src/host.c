/* What a step asks of its host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reentry.h"
#include "utf8.h"

/* A text that is lent for a call, as far as it is UTF-8. */
static step_string_t lent(const char *text) {
  return (step_string_t){(uint8_t *)text, reentry_utf8_length(text, strlen(text))};
}

/* What the host gave, ended by a zero byte. */
static char *given(step_string_t text) {
  char *copy = reentry_copy(reentry_read_part((const char *)text.ptr, text.len));
  step_string_free(&text);
  return copy;
}

void reentry_log(reentry_step_host_level_t level, const char *message, const char *fields) {
  step_string_t line = lent(message), object = lent(fields ? fields : "");
  reentry_step_host_log(level, &line, fields ? &object : NULL);
}

uint64_t reentry_now(void) { return reentry_step_host_now(); }

void reentry_random(void *to, size_t length) {
  for (size_t done = 0, part; done < length; done += part) {
    part = length - done < 65536 ? length - done : 65536;
    step_list_u8_t bytes;
    reentry_step_host_random((uint32_t)part, &bytes);
    memcpy((char *)to + done, bytes.ptr, part);
    step_list_u8_free(&bytes);
  }
}

char *reentry_request_context(void) {
  step_string_t text;
  reentry_step_host_request_context(&text);
  return given(text);
}

char *reentry_state(void) {
  step_string_t text;
  reentry_step_host_state(&text);
  return given(text);
}

char *reentry_init_data(void) {
  step_string_t text;
  reentry_step_host_init_data(&text);
  return given(text);
}

char *reentry_step_result(const char *path) {
  step_string_t from = lent(path), text;
  return reentry_step_host_step_result(&from, &text) ? given(text) : NULL;
}

static bool accepted(bool ok, reentry_step_types_failure_t *refusal) {
  if (ok) return true;
  reentry_step_host_log(REENTRY_STEP_HOST_LEVEL_WARN, &refusal->message, NULL);
  reentry_step_types_failure_free(refusal);
  return false;
}

/* A value that could not be written is not handed in. */
static bool is_written(const char *json, const char *key) {
  if (json) return true;
  char message[600];
  snprintf(message, sizeof message, "%s: %s", key, reentry_problem());
  reentry_log(REENTRY_STEP_HOST_LEVEL_WARN, message, NULL);
  return false;
}

bool reentry_set_request_context(const char *key, char *json) {
  if (!is_written(json, key)) return false;
  step_string_t name = lent(key), value = lent(json);
  reentry_step_types_failure_t refusal;
  bool ok = accepted(reentry_step_host_set_request_context(&name, &value, &refusal), &refusal);
  free(json);
  return ok;
}

bool reentry_set_state(const char *key, char *json) {
  if (!is_written(json, key)) return false;
  step_string_t name = lent(key), value = lent(json);
  reentry_step_types_failure_t refusal;
  bool ok = accepted(reentry_step_host_set_state(&name, &value, &refusal), &refusal);
  free(json);
  return ok;
}

void reentry_emit(char *json) {
  if (!is_written(json, "emit")) return;
  step_string_t chunk = lent(json);
  reentry_step_host_emit(&chunk);
  free(json);
}

bool reentry_cancelled(void) { return reentry_step_host_cancelled(); }
