// Runs a step without a host, for unit tests: the SDK is the real one, the host is this.

import { known } from "./definition.js";
import { StepError } from "./errors.js";
import { enter, failure, outcome, resume, start as begin } from "./guest.js";
import { connect } from "./host.js";
import { become, fresh } from "./instance.js";
import { write } from "./json.js";
import { drain, pending } from "./promise.js";

/** Starts a step. */
export async function start(step, input, surroundings = {}) {
  const run = new TestRun(step, write("the input", input), surroundings);
  await run._begin();
  return run;
}

/** Calls are made one after another: an instance is the present one while its call lasts. */
let calls = Promise.resolve();

const START_OF_2026 = 1767225600000;

class TestRun {
  constructor(step, inputText, surroundings) {
    this._all = known([step]);
    this._inputText = inputText;
    this._surroundings = surroundings;
    this._past = [];
  }

  async _begin() {
    const { nowMs = START_OF_2026, state = {}, requestContext = {} } = this._surroundings;
    this._instance = fresh();
    this.nowMs = nowMs;
    this.state = { ...state };
    this.requestContext = { ...requestContext };
    this.log = [];
    this.emitted = [];
    await this._call((facts) => begin(this._all, facts, this._inputText));
  }

  /** Makes a call, and notes how it ended. */
  async _call(act) {
    const previous = calls;
    let over;
    calls = new Promise((resolve) => (over = resolve));
    await previous;
    try {
      become(this._instance);
      connect(this._host());
      const facts = this._facts();
      enter(facts);
      act(facts);
      this._end(outcome(await this._quiet()));
    } catch (thrown) {
      this._end({ tag: "failed", val: failure(thrown) });
    } finally {
      over();
    }
  }

  /** Waits until nothing can go on: `async` functions are the language's own here, and the SDK's queue is run between. */
  async _quiet() {
    const reasons = [];
    do {
      reasons.push(...drain());
      await new Promise((resolve) => setTimeout(resolve));
    } while (pending());
    return reasons;
  }

  _end({ tag, val }) {
    this.status = tag;
    this.output = tag === "completed" || tag === "bailed" ? JSON.parse(val) : undefined;
    const { details, ...failed } = val;
    this.failure = tag === "failed" ? { ...failed, details: details && JSON.parse(details) } : undefined;
    this._waits = tag === "suspended" ? val.waits : [];
  }

  async _resume(wait, resolution) {
    const resolved = [{ wait, resolution }];
    await this._call((facts) => resume(facts, resolved));
    if (this.failure?.code !== "bad-answer") {
      this._past.push(resolved);
      return this;
    }
    // A host puts the memory back as it was before. Here the step is done again up to there.
    const { message } = this.failure;
    await this._begin();
    for (const earlier of this._past) {
      await this._call((facts) => resume(facts, earlier));
    }
    throw new StepError(message, { code: "bad-answer" });
  }

  get questions() {
    return this._waits
      .filter(({ what }) => what.tag === "answer")
      .map(({ what: { val } }) => {
        const { payload, labels, resumeSchema } = val;
        return { payload: JSON.parse(payload), labels, schema: resumeSchema && JSON.parse(resumeSchema) };
      });
  }

  get question() {
    const { questions } = this;
    if (questions.length !== 1) {
      throw new Error(`${questions.length} questions are open, not one: the step ${this._stands()}`);
    }
    return questions[0];
  }

  get waits() {
    return this._waits.map(({ what: { tag, val } }) => {
      const about = { time: val, event: val?.name, run: val?.target?.val }[tag];
      return about === undefined ? tag : `${tag === "run" ? val.target.tag : tag} ${about}`;
    });
  }

  answer(data, { label } = {}) {
    const open = this._find("question", ({ tag, val }) => tag === "answer" && (!label || val.labels.includes(label)));
    return this._resume(open.id, { tag: "answered", val: write("the answer", data) });
  }

  elapse(ms) {
    const due = ({ what: { tag, val } }) => Number(tag === "time" ? val : (val?.deadline?.atMs ?? Infinity));
    const next = [...this._waits].sort((one, other) => due(one) - due(other))[0];
    const at = next === undefined ? Infinity : due(next);
    if (ms !== undefined && at > this.nowMs + ms) {
      this.nowMs += ms;
      return Promise.resolve(this);
    }
    if (at === Infinity) {
      throw new Error(`nothing waits for a time: the step ${this._stands()}`);
    }
    const left = ms === undefined ? undefined : this.nowMs + ms - at;
    this.nowMs = Math.max(this.nowMs, at);
    const otherwise = next.what.val?.deadline?.otherwise;
    const late = otherwise?.tag === "answer" ? { tag: "answered", val: otherwise.val } : { tag: "timed-out" };
    const over = this._resume(next.id, next.what.tag === "time" ? { tag: "elapsed" } : late);
    return left > 0 ? over.then(() => this.elapse(left)) : over;
  }

  event(name, payload, { key } = {}) {
    const takes = (val) => val.name === name && (val.key === undefined || val.key === key);
    const open = this._find(`wait for the event ${name}`, ({ tag, val }) => tag === "event" && takes(val));
    return this._resume(open.id, { tag: "received", val: write("the payload", payload) });
  }

  complete(id, output) {
    return this._resume(this._child(id).id, { tag: "completed", val: write("the output", output) });
  }

  fail(id, { message, code, retryable = false }) {
    return this._resume(this._child(id).id, { tag: "failed", val: { message, code, retryable } });
  }

  _child(id) {
    return this._find(`wait for ${id}`, ({ tag, val }) => tag === "run" && val.target.val === id);
  }

  _find(what, fits) {
    const found = this._waits.filter((wait) => fits(wait.what));
    if (found.length === 1) {
      return found[0];
    }
    throw new Error(`there ${found.length === 0 ? `is no ${what}` : `is more than one ${what}`}: the step ${this._stands()}`);
  }

  _stands() {
    const about = { suspended: this.waits.join(", "), failed: this.failure?.message }[this.status];
    return about === undefined ? `is ${this.status}` : `is ${this.status}: ${about}`;
  }

  _facts() {
    const { attempt = 0, runId = "run_test", resourceId } = this._surroundings;
    const [step] = this._all.keys();
    const idempotencyKey = `${runId}-${this._past.length}`;
    const entropy = Array.from({ length: 32 }, (_, index) => index + 1);
    return { step, runId, workflowId: "test", path: step, attempt, resourceId, idempotencyKey, nowMs: this.nowMs, entropy };
  }

  _host() {
    const { stepResults = {}, initData = JSON.parse(this._inputText) } = this._surroundings;
    return {
      log: (level, message, fields) => this.log.push({ level, message, ...(fields && { fields: JSON.parse(fields) }) }),
      now: () => this.nowMs,
      random: (length) => Array.from({ length }, () => Math.floor(Math.random() * 256)),
      requestContext: () => write("the request context", this.requestContext),
      setRequestContext: (key, value) => void (this.requestContext[key] = JSON.parse(value)),
      state: () => write("the state", this.state),
      setState: (key, value) => void (this.state[key] = JSON.parse(value)),
      stepResult: (path) => (path in stepResults ? write("the output", stepResults[path]) : undefined),
      initData: () => write("the input of the workflow", initData),
      emit: (chunk) => this.emitted.push(JSON.parse(chunk)),
      cancelled: () => false,
    };
  }
}
