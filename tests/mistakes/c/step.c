/* One step for each mistake that shows when it runs. */
#include <reentry.h>
#include <stdlib.h>

static reentry_result aborts(const reentry_call *call) {
  (void)call;
  abort();
}

static reentry_result no_json(const reentry_call *call) {
  (void)call;
  return reentry_complete(reentry_format("{\"ratio\": nan}"));
}

const reentry_step reentry_steps[] = {
    {.id = "aborts", .run = aborts},
    {.id = "no-json", .run = no_json},
    {0},
};
