// A test on this machine, without a host:
//   cc -std=gnu11 -Isdk/include step.c step_test.c sdk/src/*.c sdk/fake/*.c -lm -o step_test && ./step_test
#include <assert.h>
#include <reentry/test.h>
#include <string.h>

int main(void) {
  reentry_told asked = reentry_test_start("{{name}}", "{\"item\": \"a lamp\"}");
  assert(asked.kind == REENTRY_TOLD_ASKS && strcmp(asked.json, "{\"item\": \"a lamp\"}") == 0);
  reentry_told bought = reentry_test_resume(REENTRY_ANSWERED, "{\"approved\": true}");
  assert(bought.kind == REENTRY_TOLD_COMPLETED && strcmp(bought.json, "{\"bought\": \"a lamp\"}") == 0);

  reentry_test_start("{{name}}", "{\"item\": \"a lamp\"}");
  reentry_told refused =
      reentry_test_resume(REENTRY_ANSWERED, "{\"approved\": false, \"comment\": \"too dear\"}");
  assert(refused.kind == REENTRY_TOLD_FAILED && strcmp(refused.message, "too dear") == 0);
}
