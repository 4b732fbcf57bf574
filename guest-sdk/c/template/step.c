#include <reentry.h>
#include <stdlib.h>

/* What the step keeps over a wait. An instance serves one run, so that a static is enough. */
static struct {
  char *item;
} self;

static reentry_result buy(const reentry_call *call) {
  switch (call->reason) {
    case REENTRY_START:
      self.item = reentry_string(reentry_get(call->input, "item"), NULL);
      static const char *const labels[] = {"buyer", NULL};
      return reentry_suspend_with(reentry_format("{\"item\": %s}", self.item),
                                  (reentry_wait_options){.labels = labels});
    case REENTRY_ANSWERED: /* Days may have passed. */
      if (reentry_bool(reentry_get(call->data, "approved"), false)) {
        return reentry_complete(reentry_format("{\"bought\": %s}", self.item));
      }
      return reentry_fail((reentry_failure){.message = "the buyer said no", .code = "refused"});
    default:
      return reentry_fail((reentry_failure){.message = "this step waits for an answer only"});
  }
}

const reentry_step reentry_steps[] = {
    {.id = "{{name}}", .title = "Buy something", .run = buy},
    {0},
};
