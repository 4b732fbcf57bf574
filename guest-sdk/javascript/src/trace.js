// Places in the author's files. The engine runs one bundle; `build.mjs` puts beside it which line came from where.

/** What the bundle begins with: its sources, and for runs of lines where they come from. Undefined where nothing was bundled. */
const bundle = typeof reentry === "undefined" ? undefined : reentry;

let runs;

/** The place that a line of the bundle came from; undefined for lines of the SDK and of packages. */
function origin(line) {
  // Read when an error is told, not before: it costs memory.
  runs ??= bundle.lines.split(";").map((run) => run.split(",").map(Number));
  for (const [first, count, source, begin] of runs) {
    if (line >= first && line < first + count) {
      return `${bundle.sources[source]}:${begin + line - first}`;
    }
  }
  return undefined;
}

/** A frame as QuickJS, SpiderMonkey and V8 write it: the function, the file, the line. */
const FRAME = /^\s*(?:at (?:(.*?) \()?|([^@\s]*)@)([^()\s]*?):(\d+)(?::\d+)?\)?$/;
const OTHERS = /\/(sdk|reentry-step|guest-sdk\/javascript)\/src\/|\/node_modules\//;

/** The frames of a stack that are the author's, as `{ name, place }`. */
function frames(stack) {
  const found = [];
  for (const line of String(stack).split("\n")) {
    const match = FRAME.exec(line);
    if (match === null) {
      continue;
    }
    const [, at, before, file, number] = match;
    const place = bundle === undefined ? unbundled(file, number) : file.endsWith("bundle.js") ? origin(Number(number)) : undefined;
    if (place !== undefined) {
      found.push({ name: at ?? before, place });
    }
  }
  return found;
}

/** In tests the author's files are run as they are. */
function unbundled(file, number) {
  return OTHERS.test(file) || file.startsWith("node:") ? undefined : `${file.replace(/^file:\/\//, "")}:${number}`;
}

/** Where the author's code was when this stack was taken: `index.js:12`; undefined if that is not known. */
export function place(stack) {
  return frames(stack)[0]?.place;
}

/** The stack of an error with the author's files and lines alone, one frame a line. */
export function stackText(error) {
  const lines = frames(error.stack).map(({ name, place }) => `    at ${name ? `${name} (${place})` : place}`);
  return lines.join("\n");
}
