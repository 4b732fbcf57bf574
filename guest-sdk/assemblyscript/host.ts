// What a step asks of its host.

import { takeBytes, takeMaybe, takeString, wellFormed } from "./abi";

@external("reentry:step/host@0.1.0", "log")
declare function hostLog(level: Level, message: usize, units: i32, some: i32, fields: usize, fieldUnits: i32): void;
@external("reentry:step/host@0.1.0", "now")
declare function hostNow(): u64;
@external("reentry:step/host@0.1.0", "random")
declare function hostRandom(length: u32, to: usize): void;
@external("reentry:step/host@0.1.0", "request-context")
declare function hostRequestContext(to: usize): void;
@external("reentry:step/host@0.1.0", "set-request-context")
declare function hostSetRequestContext(key: usize, units: i32, value: usize, valueUnits: i32, to: usize): void;
@external("reentry:step/host@0.1.0", "state")
declare function hostState(to: usize): void;
@external("reentry:step/host@0.1.0", "set-state")
declare function hostSetState(key: usize, units: i32, value: usize, valueUnits: i32, to: usize): void;
@external("reentry:step/host@0.1.0", "step-result")
declare function hostStepResult(path: usize, units: i32, to: usize): void;
@external("reentry:step/host@0.1.0", "init-data")
declare function hostInitData(to: usize): void;
@external("reentry:step/host@0.1.0", "emit")
declare function hostEmit(chunk: usize, units: i32): void;
@external("reentry:step/host@0.1.0", "cancelled")
declare function hostCancelled(): i32;

export enum Level {
  Trace,
  Debug,
  Info,
  Warn,
  Error,
}

/** Where the host writes what a function returns. The largest is a `result<_, failure>`, of 64 bytes. */
const area = memory.data(64, 8);

/** Adds a line to the run's log. `fields` is a JSON object. */
export function log(level: Level, message: string, fields: string | null = null): void {
  const line = wellFormed(message);
  const object = wellFormed(fields === null ? "" : fields);
  hostLog(level, changetype<usize>(line), line.length, i32(fields !== null), changetype<usize>(object), object.length);
}

/** Milliseconds since 1970. */
export function now(): u64 {
  return hostNow();
}

/** Random bytes fit for secrets, at most 65,536. */
export function random(length: u32): StaticArray<u8> {
  hostRandom(length, area);
  return takeBytes(area);
}

/** The whole request context, a JSON object. */
export function requestContext(): string {
  hostRequestContext(area);
  return takeString(area);
}

/** The workflow's shared state, a JSON object. */
export function state(): string {
  hostState(area);
  return takeString(area);
}

/** The input of the workflow, JSON. */
export function initData(): string {
  hostInitData(area);
  return takeString(area);
}

/** The output of a step that is done, JSON. */
export function stepResult(path: string): string | null {
  const whole = wellFormed(path);
  hostStepResult(changetype<usize>(whole), whole.length, area);
  return takeMaybe(area);
}

/** Sets one key of the request context to a JSON value. False if the host refuses it; the run's log says why. */
export function setRequestContext(key: string, json: string): bool {
  const name = wellFormed(key);
  const value = wellFormed(json);
  hostSetRequestContext(changetype<usize>(name), name.length, changetype<usize>(value), value.length, area);
  return accepted();
}

/** Sets one key of the workflow's shared state to a JSON value. False if the host refuses it; the run's log says why. */
export function setState(key: string, json: string): bool {
  const name = wellFormed(key);
  const value = wellFormed(json);
  hostSetState(changetype<usize>(name), name.length, changetype<usize>(value), value.length, area);
  return accepted();
}

function accepted(): bool {
  if (load<u8>(area) == 0) return true;
  const message = takeString(area + 8);
  takeMaybe(area + 16);
  takeMaybe(area + 48);
  log(Level.Warn, message);
  return false;
}

/** Sends a chunk, JSON, to whoever watches the run. It is not stored. */
export function emit(json: string): void {
  const chunk = wellFormed(json);
  hostEmit(changetype<usize>(chunk), chunk.length);
}

/** Whether somebody asked for the run to be cancelled. */
export function cancelled(): bool {
  return hostCancelled() != 0;
}
