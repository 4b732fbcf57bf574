// Values as people read them in a log.

/** Text of anything: strings as they are, errors with their stack, the rest much like JSON. */
export function inspect(value) {
  if (typeof value === "string") {
    return value;
  }
  if (value instanceof Error) {
    return value.stack ? `${value}\n${value.stack}` : String(value);
  }
  if (value === null || typeof value !== "object") {
    return typeof value === "bigint" ? `${value}n` : String(value);
  }
  const ancestors = [];
  const plain = function (_, inner) {
    while (ancestors.length > 0 && ancestors.at(-1) !== this) {
      ancestors.pop();
    }
    if (inner === null || typeof inner !== "object") {
      return typeof inner === "bigint" ? `${inner}n` : inner;
    }
    if (ancestors.includes(inner)) {
      return "[circular]";
    }
    ancestors.push(inner);
    if (inner instanceof Map) {
      return Object.fromEntries(inner);
    }
    return inner instanceof Set ? [...inner] : inner;
  };
  try {
    return JSON.stringify(value, plain) ?? String(value);
  } catch {
    return String(value);
  }
}
