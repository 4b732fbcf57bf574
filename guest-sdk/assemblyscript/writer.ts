// JSON that a step gives, member by member.

import { quote } from "./json";
import { problem } from "./problem";

/** An object that is written. Each method adds a member; `json` is the text. */
export class Writer {
  private members: string[] = [];

  get json(): string {
    return "{" + this.members.join(",") + "}";
  }

  string(name: string, value: string): Writer {
    return this.member(name, quote(value));
  }

  bool(name: string, value: bool): Writer {
    return this.member(name, value ? "true" : "false");
  }

  integer(name: string, value: i64): Writer {
    return this.member(name, value.toString());
  }

  /** A double. One that is no number, or infinite, ends the call with a failure. */
  number(name: string, value: f64): Writer {
    if (!isFinite(value)) problem("bad-json", "JSON has no " + value.toString() + ", which `" + name + "` is");
    return this.member(name, value.toString());
  }

  array(name: string, values: string[]): Writer {
    return this.member(name, "[" + values.join(",") + "]");
  }

  /** A value that is JSON already. */
  member(name: string, json: string): Writer {
    this.members.push(quote(name) + ":" + json);
    return this;
  }
}
