// JSON Schemas, for what a step takes and gives.

import { quote } from "./json";

/** Whether a member must be there. */
export enum Presence {
  Required,
  Optional,
}

/** A JSON Schema; `json` is its text. */
export class Schema {
  constructor(public json: string) {}

  static string(): Schema {
    return new Schema('{"type":"string"}');
  }

  static bool(): Schema {
    return new Schema('{"type":"boolean"}');
  }

  /** A double. */
  static number(): Schema {
    return new Schema('{"type":"number"}');
  }

  /** A whole number of 64 bits. */
  static integer(least: i64 = i64.MIN_VALUE, most: i64 = i64.MAX_VALUE): Schema {
    return new Schema(`{"type":"integer","minimum":${least},"maximum":${most}}`);
  }

  static array(items: Schema): Schema {
    return new Schema('{"type":"array","items":' + items.json + "}");
  }

  /** One of these texts. */
  static oneOf(texts: string[]): Schema {
    return new Schema('{"enum":[' + texts.map<string>((text) => quote(text)).join(",") + "]}");
  }

  /** An object; its members are added with the methods of what this returns. */
  static object(): ObjectSchema {
    return new ObjectSchema();
  }
}

/** The schema of an object. Each method adds a member. */
export class ObjectSchema extends Schema {
  private members: string[] = [];
  private required: string[] = [];

  constructor() {
    super('{"type":"object"}');
  }

  string(name: string, presence: Presence = Presence.Required): ObjectSchema {
    return this.member(name, Schema.string(), presence);
  }

  bool(name: string, presence: Presence = Presence.Required): ObjectSchema {
    return this.member(name, Schema.bool(), presence);
  }

  number(name: string, presence: Presence = Presence.Required): ObjectSchema {
    return this.member(name, Schema.number(), presence);
  }

  integer(name: string, presence: Presence = Presence.Required): ObjectSchema {
    return this.member(name, Schema.integer(), presence);
  }

  member(name: string, schema: Schema, presence: Presence = Presence.Required): ObjectSchema {
    this.members.push(quote(name) + ":" + schema.json);
    if (presence == Presence.Required) this.required.push(quote(name));
    this.json = '{"type":"object","properties":{' + this.members.join(",") + '},"required":[' + this.required.join(",") + "]}";
    return this;
  }
}
