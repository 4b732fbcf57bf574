/* One step for each mistake that shows when a step runs. */
#include <assert.h>
#include <math.h>
#include <reentry.h>
#include <stdio.h>
#include <string.h>

REENTRY_STRUCT(answer, REENTRY_BOOL(approved), REENTRY_OPTIONAL(REENTRY_INT(count)))
REENTRY_STRUCT(output, REENTRY_DOUBLE(price), REENTRY_STRING(name))

/* What the compiler cannot see through. */
static volatile int zero, large = 2147483647;
static char *volatile nowhere;

static reentry_result done(void) { return reentry_complete(reentry_format("null")); }

static reentry_result aborts(const reentry_call *call) {
  (void)call;
  abort();
}

static reentry_result asserts(const reentry_call *call) {
  assert(reentry_count(call->input) == 3);
  return done();
}

static reentry_result null_pointer(const reentry_call *call) {
  (void)call;
  nowhere[0] = 'x';
  return done();
}

static reentry_result null_structure(const reentry_call *call) {
  (void)call;
  answer *none = (answer *)nowhere;
  return reentry_complete(answer_write(&(answer){.approved = none->approved}));
}

static reentry_result beyond_an_array(const reentry_call *call) {
  (void)call;
  int months[12] = {0};
  return reentry_complete(reentry_format("%d", months[12 + zero]));
}

static reentry_result beyond_memory(const reentry_call *call) {
  (void)call;
  char *at = (char *)&zero;
  at[0x60000000 + zero] = 'x';
  return done();
}

static reentry_result divides_by_zero(const reentry_call *call) {
  (void)call;
  return reentry_complete(reentry_format("%d", 7 / zero));
}

static reentry_result overflows(const reentry_call *call) {
  (void)call;
  return reentry_complete(reentry_format("%d", large + 1));
}

static int deeper(int depth) {
  if (depth < 0) return 0;
  char room[1000];
  memset(room, depth, sizeof room);
  return deeper(depth + 1) + room[zero];
}

static reentry_result recurses_for_ever(const reentry_call *call) {
  (void)call;
  return reentry_complete(reentry_format("%d", deeper(0)));
}

static reentry_result uses_up_memory(const reentry_call *call) {
  (void)call;
  reentry_buffer out = {0};
  for (;;) reentry_append(&out, "all work and no play ");
}

static reentry_result trusts_malloc(const reentry_call *call) {
  (void)call;
  for (;;) {
    int *room = malloc(1 << 24);
    *room = 1;
  }
}

static reentry_result loops_for_ever(const reentry_call *call) {
  (void)call;
  while (!zero);
  return done();
}

void exits_elsewhere(int status);

static reentry_result exits(const reentry_call *call) {
  (void)call;
  exits_elsewhere(3);
  return done();
}

const char *opens_elsewhere(void);

static reentry_result opens_a_file(const reentry_call *call) {
  (void)call;
  const char *why = opens_elsewhere();
  return why ? reentry_fail((reentry_failure){.message = why}) : done();
}

static reentry_result prints(const reentry_call *call) {
  (void)call;
  printf("printed by the step\n");
  fprintf(stderr, "and this as well\n");
  return done();
}

static reentry_result wrong_input(const reentry_call *call) {
  char *item;
  if (!reentry_read_string(reentry_get(call->input, "item"), &item, NULL)) return reentry_refuse(call, NULL);
  return done();
}

static reentry_result wrong_answer(const reentry_call *call) {
  if (call->reason == REENTRY_START) return reentry_suspend(reentry_format("\"how many?\""));
  answer said;
  if (!answer_read(call->data, &said)) return reentry_refuse(call, NULL);
  if (said.count > 10) return reentry_refuse(call, "at most 10 can be bought");
  return done();
}

static reentry_result not_a_number(const reentry_call *call) {
  (void)call;
  return reentry_complete(output_write(&(output){.price = NAN, .name = "lamp"}));
}

static reentry_result no_string(const reentry_call *call) {
  (void)call;
  return reentry_complete(output_write(&(output){.price = 1}));
}

static reentry_result not_utf8(const reentry_call *call) {
  (void)call;
  return reentry_complete(reentry_format("%s", "caf\xe9"));
}

static reentry_result no_json(const reentry_call *call) {
  (void)call;
  return reentry_complete(strdup("not found"));
}

static reentry_result forgets_a_wait(const reentry_call *call) {
  (void)call;
  reentry_result wait = reentry_suspend(reentry_format("{\"item\": \"a lamp\"}"));
  (void)wait;
  return done();
}

static reentry_result waits_twice(const reentry_call *call) {
  (void)call;
  reentry_result first = reentry_suspend(reentry_format("1"));
  (void)first;
  return reentry_suspend(reentry_format("2"));
}

const reentry_step reentry_steps[] = {
    {.id = "aborts", .run = aborts},
    {.id = "asserts", .run = asserts},
    {.id = "null-pointer", .run = null_pointer},
    {.id = "null-structure", .run = null_structure},
    {.id = "beyond-an-array", .run = beyond_an_array},
    {.id = "beyond-memory", .run = beyond_memory},
    {.id = "divides-by-zero", .run = divides_by_zero},
    {.id = "overflows", .run = overflows},
    {.id = "recurses-for-ever", .run = recurses_for_ever},
    {.id = "uses-up-memory", .run = uses_up_memory},
    {.id = "trusts-malloc", .run = trusts_malloc},
    {.id = "loops-for-ever", .run = loops_for_ever, .timeout_ms = 500},
    {.id = "exits", .run = exits},
    {.id = "opens-a-file", .run = opens_a_file},
    {.id = "prints", .run = prints},
    {.id = "wrong-input", .run = wrong_input},
    {.id = "wrong-answer", .run = wrong_answer},
    {.id = "not-a-number", .run = not_a_number},
    {.id = "no-string", .run = no_string},
    {.id = "not-utf8", .run = not_utf8},
    {.id = "no-json", .run = no_json},
    {.id = "forgets-a-wait", .run = forgets_a_wait},
    {.id = "waits-twice", .run = waits_twice},
    {0},
};
