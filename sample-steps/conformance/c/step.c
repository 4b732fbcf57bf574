/* The conformance step in C: what every language must do alike. */
#include <reentry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the step keeps between two calls. An instance serves one run, so that a static is enough. */
static struct {
  int stage; /* how many waits are over */
  char *texts[3];
  char *tenant;
} self;

/* A member of an object that the host gives. Free what `text` points to after use. */
static reentry_json member(char **text, char *json, const char *key) {
  *text = json;
  return reentry_get(reentry_read(json), key);
}

static reentry_result echo(const reentry_call *call) { return reentry_complete(reentry_copy(call->input)); }

static reentry_result keep(const reentry_call *call) {
  if (call->reason == REENTRY_ANSWERED) {
    self.texts[self.stage++] = reentry_string(reentry_get(call->data, "text"), NULL);
  }
  if (self.stage < 3) return reentry_suspend(reentry_format("{\"asked\": %d}", self.stage + 1));
  return reentry_complete(reentry_format("{\"texts\": [%s, %s, %s], \"count\": %d}", self.texts[0], self.texts[1],
                                         self.texts[2], self.stage));
}

static reentry_result state(const reentry_call *call) {
  char *text;
  int64_t counter = reentry_int(member(&text, reentry_state(), "counter"), 0) + 1;
  free(text);
  reentry_set_state("counter", reentry_format("%D", counter));
  char *said = reentry_format("{\"counter\": %D}", counter);
  return call->reason == REENTRY_START ? reentry_suspend(said) : reentry_complete(said);
}

static reentry_result context(const reentry_call *call) {
  char *text;
  if (call->reason == REENTRY_START) {
    self.tenant = reentry_string(member(&text, reentry_request_context(), "tenantName"), NULL);
    free(text);
    reentry_set_request_context("seen", reentry_format("true"));
    return reentry_suspend(reentry_format("{}"));
  }
  reentry_json approver = member(&text, reentry_request_context(), "approver");
  char *output = reentry_format("{\"tenantName\": %s, \"approver\": %j}", self.tenant, approver);
  free(text);
  return reentry_complete(output);
}

static reentry_result labels(const reentry_call *call) {
  static const char *const names[] = {"manager", "finance", NULL};
  if (call->reason == REENTRY_START) {
    return reentry_suspend_with(reentry_format("{\"question\": \"who?\"}"), (reentry_wait_options){.labels = names});
  }
  return reentry_complete(reentry_copy(call->data));
}

static reentry_result bail(const reentry_call *call) {
  (void)call;
  return reentry_bail(reentry_format("{\"bailed\": true}"));
}

static reentry_result fail(const reentry_call *call) {
  (void)call;
  return reentry_fail(
      (reentry_failure){.message = "no luck", .code = "no-luck", .details = "{\"tried\": \"everything\"}"});
}

static reentry_result retry(const reentry_call *call) {
  if (call->facts->attempt < 2) return reentry_fail((reentry_failure){.message = "not yet", .retryable = true});
  return reentry_complete(reentry_format("{\"attempt\": %d}", (int)call->facts->attempt));
}

static reentry_result megabyte(const reentry_call *call) {
  if (call->reason == REENTRY_START) {
    const size_t length = 1048576;
    char *text = malloc(length);
    memset(text, 'x', length);
    char *payload = reentry_format("{\"text\": %S}", text, length);
    free(text);
    return reentry_suspend(payload);
  }
  size_t length = 0;
  free(reentry_string(reentry_get(call->data, "text"), &length));
  return reentry_complete(reentry_format("{\"length\": %D}", (int64_t)length));
}

static reentry_result unicode(const reentry_call *call) {
  size_t asked_length, length;
  char *asked = reentry_string(reentry_get(call->input, "text"), &asked_length);
  reentry_result result;
  if (call->reason == REENTRY_START) {
    result = reentry_suspend(reentry_format("{\"text\": %S}", asked, asked_length));
  } else {
    char *text = reentry_string(reentry_get(call->data, "text"), &length);
    bool same = length == asked_length && memcmp(text, asked, length) == 0;
    result = reentry_complete(reentry_format("{\"text\": %S, \"same\": %b}", text, length, same));
    free(text);
  }
  free(asked);
  return result;
}

static reentry_result print(const reentry_call *call) {
  if (call->reason == REENTRY_START) {
    printf("printed by the step\n");
    reentry_log(REENTRY_STEP_HOST_LEVEL_WARN, "logged by the step", "{\"n\": 1}");
    return reentry_suspend(reentry_format("{}"));
  }
  printf("printed after\n");
  return reentry_complete(reentry_format("null"));
}

static reentry_result clock_and_random(const reentry_call *call) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned char bytes[8];
  reentry_random(bytes, sizeof bytes);
  reentry_buffer said = {0};
  reentry_append(&said, "{\"now\": %D, \"random\": [%d", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, bytes[0]);
  for (size_t k = 1; k < sizeof bytes; k++) reentry_append(&said, ", %d", bytes[k]);
  reentry_append(&said, "]}");
  return call->reason == REENTRY_START ? reentry_suspend(said.at) : reentry_complete(said.at);
}

static reentry_result sleeps(const reentry_call *call) {
  return call->reason == REENTRY_START ? reentry_sleep(1) : reentry_complete(reentry_format("{\"slept\": true}"));
}

static reentry_result event(const reentry_call *call) {
  if (call->reason == REENTRY_RECEIVED) return reentry_complete(reentry_copy(call->data));
  char *key = reentry_string(reentry_get(call->input, "key"), NULL);
  reentry_result result = reentry_event("paid", key, (reentry_wait_options){0});
  free(key);
  return result;
}

static const struct {
  const char *name;
  reentry_result (*run)(const reentry_call *call);
} cases[] = {
    {"echo", echo},         {"keep", keep},       {"state", state},   {"context", context},
    {"labels", labels},     {"bail", bail},       {"fail", fail},     {"retry", retry},
    {"megabyte", megabyte}, {"unicode", unicode}, {"print", print},   {"clock", clock_and_random},
    {"sleep", sleeps},      {"event", event},
};

static reentry_result conformance(const reentry_call *call) {
  reentry_json asked = reentry_get(call->input, "do");
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    if (reentry_is(asked, cases[k].name)) return cases[k].run(call);
  }
  return reentry_fail((reentry_failure){.message = "there is no such case", .code = "unknown-case"});
}

static const reentry_step_types_retry_policy_t three_times = {.retries = 3, .backoff = 1.0};

const reentry_step reentry_steps[] = {
    {.id = "conformance", .title = "Conformance", .run = conformance, .retry = &three_times},
    {0},
};
