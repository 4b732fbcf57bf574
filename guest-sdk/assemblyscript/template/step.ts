import { Call, Failure, Json, Outcome, Reason, Step, WaitOptions, complete, fail, quote, register, suspend } from "reentry-step";

// The functions that the host calls.
export * from "reentry-step/guest";

class Buy extends Step {
  private item: string = "";

  run(call: Call): Outcome {
    if (call.reason == Reason.Start) {
      this.item = Json.parse(call.input).get("item").string();
      const options = new WaitOptions();
      options.labels = ["buyer"];
      return suspend(`{"item": ${quote(this.item)}}`, options);
    }
    // Days may have passed.
    if (Json.parse(call.data).get("approved").bool()) return complete(`{"bought": ${quote(this.item)}}`);
    const refused = new Failure("the buyer said no");
    refused.code = "refused";
    return fail(refused);
  }
}

const buy = new Buy("{{name}}");
buy.title = "Buy something";
register(buy);
