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

REENTRY_STRUCT(said, REENTRY_STRING(text))
REENTRY_STRUCT(state, REENTRY_INT64(counter, .default_json = "0"))
REENTRY_STRUCT(request_context, REENTRY_OPTIONAL(REENTRY_STRING(tenantName)),
               REENTRY_OPTIONAL(REENTRY_STRING(approver)))
REENTRY_STRUCT(named, REENTRY_STRING(key))

static reentry_result echo(const reentry_call *call) { return reentry_complete(reentry_copy(call->input)); }

static reentry_result keep(const reentry_call *call) {
  if (call->reason == REENTRY_ANSWERED) {
    if (!reentry_read_string(reentry_get(call->data, "text"), &self.texts[self.stage], NULL)) {
      return reentry_refuse(call, NULL);
    }
    self.stage++;
  }
  if (self.stage < 3) return reentry_suspend(reentry_format("{\"asked\": %d}", self.stage + 1));
  return reentry_complete(reentry_format("{\"texts\": [%s, %s, %s], \"count\": %d}", self.texts[0],
                                         self.texts[1], self.texts[2], self.stage));
}

static reentry_result count(const reentry_call *call) {
  char *text = reentry_state();
  state found;
  if (!state_read(reentry_read(text), &found)) {
    return reentry_fail((reentry_failure){.message = reentry_problem(), .code = "bad-state"});
  }
  free(text);
  found.counter++;
  reentry_set_state("counter", reentry_format("%D", found.counter));
  char *said = state_write(&found);
  return call->reason == REENTRY_START ? reentry_suspend(said) : reentry_complete(said);
}

static reentry_result context(const reentry_call *call) {
  char *text = reentry_request_context();
  request_context found;
  if (!request_context_read(reentry_read(text), &found)) {
    return reentry_fail((reentry_failure){.message = reentry_problem(), .code = "bad-request-context"});
  }
  free(text);
  if (call->reason == REENTRY_START) {
    self.tenant = found.tenantName;
    reentry_set_request_context("seen", reentry_format("true"));
    return reentry_suspend(reentry_format("{}"));
  }
  found.tenantName = self.tenant;
  return reentry_complete(request_context_write(&found));
}

static reentry_result labels(const reentry_call *call) {
  static const char *const names[] = {"manager", "finance", NULL};
  if (call->reason == REENTRY_START) {
    return reentry_suspend_with(reentry_format("{\"question\": \"who?\"}"),
                                (reentry_wait_options){.labels = names});
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
  if (call->facts->attempt < 2)
    return reentry_fail((reentry_failure){.message = "not yet", .retryable = true});
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
  said answer;
  if (!said_read(call->data, &answer)) return reentry_refuse(call, NULL);
  int64_t length = (int64_t)strlen(answer.text);
  said_free(&answer);
  return reentry_complete(reentry_format("{\"length\": %D}", length));
}

static reentry_result unicode(const reentry_call *call) {
  /* The text has a zero byte in it. */
  char *asked, *text;
  size_t asked_length, length;
  if (!reentry_read_string(reentry_get(call->input, "text"), &asked, &asked_length))
    return reentry_refuse(call, NULL);
  if (call->reason == REENTRY_START) {
    char *payload = reentry_format("{\"text\": %S}", asked, asked_length);
    free(asked);
    return reentry_suspend(payload);
  }
  if (!reentry_read_string(reentry_get(call->data, "text"), &text, &length))
    return reentry_refuse(call, NULL);
  bool same = length == asked_length && memcmp(text, asked, length) == 0;
  char *output = reentry_format("{\"text\": %S, \"same\": %b}", text, length, same);
  free(asked);
  free(text);
  return reentry_complete(output);
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
  reentry_append(&said, "{\"now\": %D, \"random\": [%d", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                 bytes[0]);
  for (size_t k = 1; k < sizeof bytes; k++) reentry_append(&said, ", %d", bytes[k]);
  reentry_append(&said, "]}");
  return call->reason == REENTRY_START ? reentry_suspend(said.at) : reentry_complete(said.at);
}

static reentry_result sleeps(const reentry_call *call) {
  return call->reason == REENTRY_START ? reentry_sleep(1)
                                       : reentry_complete(reentry_format("{\"slept\": true}"));
}

static reentry_result event(const reentry_call *call) {
  if (call->reason == REENTRY_RECEIVED) return reentry_complete(reentry_copy(call->data));
  named input;
  if (!named_read(call->input, &input)) return reentry_refuse(call, NULL);
  reentry_result result = reentry_event("paid", input.key, (reentry_wait_options){0});
  named_free(&input);
  return result;
}

static const struct {
  const char *name;
  reentry_result (*run)(const reentry_call *call);
} cases[] = {
    {"echo", echo},         {"keep", keep},       {"state", count}, {"context", context},
    {"labels", labels},     {"bail", bail},       {"fail", fail},   {"retry", retry},
    {"megabyte", megabyte}, {"unicode", unicode}, {"print", print}, {"clock", clock_and_random},
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
