// What goes wrong where AssemblyScript cannot throw. The first problem of a call is kept, and the call ends with it.

import { Failure } from "./step";

let first: Failure | null = null;

/** Notes a problem with which the call will end, whatever the step returns. */
export function problem(code: string, message: string): void {
  if (first !== null) return;
  const failure = new Failure(message);
  failure.code = code;
  first = failure;
}

/** The problem of this call, which is then forgotten. */
export function takeProblem(): Failure | null {
  const found = first;
  first = null;
  return found;
}
