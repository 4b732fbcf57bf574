// What one instance of the component holds of the step that runs in it. A component has one; a test has one for each run.

export function fresh() {
  return {
    /** How the step ended; undefined before it began. */
    task: undefined,
    /** Open waits by number. Numbers are never used twice, as the host tells an old wait that goes on from a new one by them. */
    open: new Map(),
    lastWait: 0,
    /** Waits that nothing has awaited so far, by number. */
    unawaited: new Map(),
    /** The wait whose answer came last in the present call. */
    answered: undefined,
    /** The answer that the step refused in the present call, as a failure. */
    refusal: undefined,
  };
}

export let instance = fresh();

/** Goes on as another instance. */
export function become(other) {
  instance = other;
}
