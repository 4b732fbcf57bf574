// The conformance step in AssemblyScript: what every language must do alike.

import {
  Call, Failure, Json, Level, Outcome, Reason, Retry, Step, WaitOptions,
  bail, complete, event, fail, log, quote, random, register, requestContext, setRequestContext, setState, sleep, state, suspend,
} from "reentry-step";

export * from "reentry-step/guest";

class Conformance extends Step {
  private texts: string[] = [];
  private tenant: string = "";

  run(call: Call): Outcome {
    const input = call.input;
    const asked = input.get("do").string();
    const first = call.reason == Reason.Start;
    if (asked == "echo") return complete(call.input.text);
    if (asked == "keep") return this.keep(call);
    if (asked == "state") return this.state(first);
    if (asked == "context") return this.context(first);
    if (asked == "labels") {
      if (!first) return complete(call.data.text);
      const options = new WaitOptions();
      options.labels = ["manager", "finance"];
      return suspend('{"question": "who?"}', options);
    }
    if (asked == "bail") return bail('{"bailed": true}');
    if (asked == "fail") {
      const failure = new Failure("no luck");
      failure.code = "no-luck";
      failure.details = '{"tried": "everything"}';
      return fail(failure);
    }
    if (asked == "retry") {
      if (call.facts.attempt >= 2) return complete(`{"attempt": ${call.facts.attempt}}`);
      const failure = new Failure("not yet");
      failure.retryable = true;
      return fail(failure);
    }
    if (asked == "megabyte") {
      if (first) return suspend(`{"text": ${quote("x".repeat(1048576))}}`);
      return complete(`{"length": ${String.UTF8.byteLength(call.data.get("text").string())}}`);
    }
    if (asked == "unicode") {
      const text = input.get("text").string();
      if (first) return suspend(`{"text": ${quote(text)}}`);
      const answer = call.data.get("text").string();
      return complete(`{"text": ${quote(answer)}, "same": ${answer == text}}`);
    }
    if (asked == "print") {
      if (!first) {
        console.log("printed after");
        return complete("null");
      }
      console.log("printed by the step");
      log(Level.Warn, "logged by the step", '{"n": 1}');
      return suspend("{}");
    }
    if (asked == "clock") {
      const said = `{"now": ${Date.now()}, "random": [${random(8)}]}`;
      return first ? suspend(said) : complete(said);
    }
    if (asked == "sleep") return first ? sleep(1) : complete('{"slept": true}');
    if (asked == "event") return first ? event("paid", input.get("key").string()) : complete(call.data.text);
    return fail(new Failure("there is no such case"));
  }

  private keep(call: Call): Outcome {
    if (call.reason == Reason.Answered) this.texts.push(call.data.get("text").string());
    if (this.texts.length < 3) return suspend(`{"asked": ${this.texts.length + 1}}`);
    return complete(`{"texts": [${this.texts.map<string>((text) => quote(text)).join(", ")}], "count": ${this.texts.length}}`);
  }

  private state(first: bool): Outcome {
    const counter = Json.parse(state()).get("counter").integerOr(0) + 1;
    setState("counter", counter.toString());
    const said = `{"counter": ${counter}}`;
    return first ? suspend(said) : complete(said);
  }

  private context(first: bool): Outcome {
    const known = Json.parse(requestContext());
    if (first) {
      this.tenant = known.get("tenantName").string();
      setRequestContext("seen", "true");
      return suspend("{}");
    }
    return complete(`{"tenantName": ${quote(this.tenant)}, "approver": ${known.get("approver").text}}`);
  }
}

const step = new Conformance("conformance");
step.title = "Conformance";
step.retry = new Retry(3);
register(step);
