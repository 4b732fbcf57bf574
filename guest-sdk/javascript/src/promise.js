// The promise that steps run on, and its queue.
//
// A call of the host must return when there is nothing left to do, and no engine lets a guest run its own queue of microtasks to
// the end and then return. So the queue is kept here. `async` functions are lowered onto it when the step is bundled.

const queue = [];

/** Rejected promises that nobody has looked at yet. */
const unhandled = new Set();

export function enqueue(task) {
  queue.push(task);
}

/** Runs everything that can run. Returns the reasons of rejections that nobody handles. */
export function drain() {
  for (let next = 0; next < queue.length; next += 1) {
    const task = queue[next];
    queue[next] = undefined;
    task();
  }
  queue.length = 0;
  const reasons = [...unhandled].map((promise) => promise._value);
  unhandled.clear();
  return reasons;
}

/** Whether something can run. */
export function pending() {
  return queue.length > 0;
}

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

/** As the language has it, but for the queue. */
class StepPromise {
  constructor(executor) {
    if (typeof executor !== "function") {
      throw new TypeError("a promise is made with a function");
    }
    this._state = PENDING;
    this._value = undefined;
    this._reactions = [];
    const { resolve, reject } = resolvers(this);
    try {
      executor(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  then(onFulfilled, onRejected) {
    const Species = this.constructor[Symbol.species];
    const { promise, resolve, reject } = withResolvers(Species);
    react(this, {
      [FULFILLED]: reaction(onFulfilled, resolve, resolve, reject),
      [REJECTED]: reaction(onRejected, reject, resolve, reject),
    });
    return promise;
  }

  catch(onRejected) {
    return this.then(undefined, onRejected);
  }

  finally(onFinally) {
    if (typeof onFinally !== "function") {
      return this.then(onFinally, onFinally);
    }
    const Species = this.constructor[Symbol.species];
    return this.then(
      (value) => Species.resolve(onFinally()).then(() => value),
      (reason) =>
        Species.resolve(onFinally()).then(() => {
          throw reason;
        }),
    );
  }

  static get [Symbol.species]() {
    return this;
  }

  static resolve(value) {
    if (value instanceof StepPromise && value.constructor === this) {
      return value;
    }
    return new this((resolve) => resolve(value));
  }

  static reject(reason) {
    return new this((_, reject) => reject(reason));
  }

  static withResolvers() {
    return withResolvers(this);
  }

  static try(callback, ...args) {
    return new this((resolve) => resolve(callback(...args)));
  }

  static all(values) {
    const each = (_, reject, settled) => [settled((value) => value), reject];
    return collect(this, values, each, (results, resolve) => resolve(results));
  }

  static allSettled(values) {
    const each = (_resolve, _reject, settled) => [
      settled((value) => ({ status: "fulfilled", value })),
      settled((reason) => ({ status: "rejected", reason })),
    ];
    return collect(this, values, each, (results, resolve) => resolve(results));
  }

  static any(values) {
    const each = (resolve, _, settled) => [resolve, settled((reason) => reason)];
    const none = (reasons, _, reject) => reject(new AggregateError(reasons, "all promises were rejected"));
    return collect(this, values, each, none);
  }

  static race(values) {
    return new this((resolve, reject) => {
      for (const value of values) {
        this.resolve(value).then(resolve, reject);
      }
    });
  }
}
Object.defineProperty(StepPromise, "name", { value: "Promise" });
Object.defineProperty(StepPromise.prototype, Symbol.toStringTag, { value: "Promise", configurable: true });

export { StepPromise };

/** The two functions that settle a promise. Only the first call of either does something. */
function resolvers(promise) {
  let done = false;
  const once = (settle) => (value) => {
    if (!done) {
      done = true;
      settle(promise, value);
    }
  };
  return { resolve: once(resolvePromise), reject: once(rejectPromise) };
}

function withResolvers(Kind) {
  const made = {};
  made.promise = new Kind((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

function resolvePromise(promise, value) {
  if (value === promise) {
    rejectPromise(promise, new TypeError("a promise cannot wait for itself"));
    return;
  }
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    settle(promise, FULFILLED, value);
    return;
  }
  let then;
  try {
    then = value.then;
  } catch (error) {
    rejectPromise(promise, error);
    return;
  }
  if (typeof then !== "function") {
    settle(promise, FULFILLED, value);
    return;
  }
  enqueue(() => {
    const { resolve, reject } = resolvers(promise);
    try {
      then.call(value, resolve, reject);
    } catch (error) {
      reject(error);
    }
  });
}

function rejectPromise(promise, reason) {
  if (promise._reactions.length === 0) {
    unhandled.add(promise);
  }
  settle(promise, REJECTED, reason);
}

function settle(promise, state, value) {
  const reactions = promise._reactions;
  promise._state = state;
  promise._value = value;
  promise._reactions = [];
  for (const reaction of reactions) {
    enqueue(() => reaction[state](value));
  }
}

function react(promise, reactions) {
  if (promise._state === PENDING) {
    promise._reactions.push(reactions);
    return;
  }
  unhandled.delete(promise);
  enqueue(() => reactions[promise._state](promise._value));
}

/** What `then` does when the promise is settled: passes the value on, or what the handler makes of it. */
function reaction(handler, pass, resolve, reject) {
  if (typeof handler !== "function") {
    return pass;
  }
  return (value) => {
    try {
      resolve(handler(value));
    } catch (error) {
      reject(error);
    }
  };
}

/**
 * `all`, `allSettled` and `any`: what comes of many, in the order of the many.
 *
 * `handlers` says what to do with each; `finish` gets the collected results when none is open.
 */
function collect(Kind, values, handlers, finish) {
  return new Kind((resolve, reject) => {
    const results = [];
    let open = 1;
    const close = () => {
      open -= 1;
      if (open === 0) {
        finish(results, resolve, reject);
      }
    };
    let next = 0;
    for (const value of values) {
      const index = next;
      next += 1;
      open += 1;
      const settled = (make) => (value) => {
        results[index] = make(value);
        close();
      };
      Kind.resolve(value).then(...handlers(resolve, reject, settled));
    }
    close();
  });
}
