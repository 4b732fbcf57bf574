// Steps for reentry in AssemblyScript. See README.md.

export { Json, quote } from "./json";
export { ObjectSchema, Presence, Schema } from "./schema";
export { Writer } from "./writer";
export { Level, cancelled, emit, initData, log, now, random, requestContext, setRequestContext, setState, state, stepResult } from "./host";
export {
  Call, Facts, Failure, Outcome, Reason, Retry, Step, WaitOptions,
  bail, checkpoint, complete, event, fail, refuse, register, runStep, runWorkflow, sleep, sleepUntil, suspend,
} from "./step";
