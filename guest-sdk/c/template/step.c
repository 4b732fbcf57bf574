#include <reentry.h>

/* What comes in, what is asked, what is answered, what comes out. Each is a `struct` and its JSON Schema. */
REENTRY_STRUCT(order, REENTRY_STRING(item))
REENTRY_STRUCT(question, REENTRY_STRING(item))
REENTRY_STRUCT(answer, REENTRY_BOOL(approved), REENTRY_OPTIONAL(REENTRY_STRING(comment)))
REENTRY_STRUCT(purchase, REENTRY_STRING(bought))

/* What the step keeps over a wait. An instance serves one run, so that a static is enough. */
static order wanted;

static reentry_result asks(const reentry_call *call) {
  if (!order_read(call->input, &wanted)) return reentry_refuse(call, NULL);
  return reentry_suspend(question_write(&(question){.item = wanted.item}));
}

static reentry_result goes_on(const reentry_call *call) {
  answer said;
  if (!answer_read(call->data, &said)) return reentry_refuse(call, NULL);
  if (!said.approved) {
    return reentry_fail(
        (reentry_failure){.message = said.comment ? said.comment : "the buyer said no", .code = "refused"});
  }
  return reentry_complete(purchase_write(&(purchase){.bought = wanted.item}));
}

static reentry_result buy(const reentry_call *call) {
  switch (call->reason) {
    case REENTRY_START: return asks(call);
    case REENTRY_ANSWERED: return goes_on(call); /* Days may have passed. */
    default: return reentry_fail((reentry_failure){.message = "this step waits for an answer only"});
  }
}

const reentry_step reentry_steps[] = {
    {
        .id = "{{name}}",
        .title = "{{heading}}",
        .run = buy,
        .input_schema = order_schema,
        .suspend_schema = question_schema,
        .resume_schema = answer_schema,
        .output_schema = purchase_schema,
    },
    {0},
};
