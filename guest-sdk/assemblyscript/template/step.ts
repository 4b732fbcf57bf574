import { Call, Failure, Outcome, Presence, Reason, Schema, Step, Writer, complete, fail, register, suspend } from "reentry-step";

// The functions that the host calls.
export * from "reentry-step/guest";

class Ask extends Step {
  private item: string = "";

  run(call: Call): Outcome {
    if (call.reason == Reason.Start) {
      this.item = call.input.get("item").string();
      return suspend(new Writer().string("item", this.item).json);
    }
    // Days may have passed.
    const comment = call.data.get("comment").stringOr("");
    if (call.data.get("approved").bool()) {
      return complete(new Writer().string("bought", this.item).string("comment", comment).json);
    }
    const refused = new Failure(comment == "" ? "the buyer said no" : comment);
    refused.code = "refused";
    return fail(refused);
  }
}

const ask = new Ask("{{name}}");
ask.title = "{{heading}}";
ask.inputSchema = Schema.object().string("item");
ask.suspendSchema = Schema.object().string("item");
ask.answerSchema = Schema.object().bool("approved").string("comment", Presence.Optional);
ask.outputSchema = Schema.object().string("bought").string("comment", Presence.Optional);
register(ask);
