// node build.mjs ESBUILD SOURCE BUNDLE: makes one file of a step and its packages, for `reentry build`.
//
// ESBUILD is the program of the npm package. The bundle begins with a table that says which of its lines came from where, so that
// errors can name the author's files.

import { realpathSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [program, source, bundle] = process.argv.slice(2);
const { build, formatMessages } = createRequire(realpathSync(program))("../lib/main.js");
const folder = path.dirname(source);
const sdk = path.join(path.dirname(fileURLToPath(import.meta.url)), "src");

/** What to say when one of Node's own modules is imported. */
const NODE_HAS = {
  fs: "a step has no files: what it needs is in its input, or imported when it is built",
  net: "a step has no network: suspend with what is wanted, and let the one who answers do it",
  worker_threads: "a step has one thread: run other steps with `ctx.runStep(id, input)`",
  process: "a step has no process: it ends by returning or throwing, and has its settings from its input or the request context",
  timers: "wait with `await ctx.sleep(ms)`",
  crypto: "take `crypto.randomUUID()` and `crypto.getRandomValues(array)`, or a package in plain JavaScript",
  buffer: "take `Uint8Array`, `TextEncoder` and `TextDecoder`",
};
const ALIKE = { http: "net", https: "net", http2: "net", tls: "net", dns: "net", dgram: "net", child_process: "process", os: "process",
  cluster: "worker_threads" };

const steps = {
  name: "steps",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^reentry-step$/ }, () => ({ path: path.join(sdk, "index.js") }));
    onResolve({ filter: /^reentry-step\/environment$/ }, () => ({ path: path.join(sdk, "environment.js") }));
    onResolve({ filter: /^reentry-step\/load$/ }, () => ({ path: path.join(sdk, "load.js") }));
    onResolve({ filter: /^reentry:/ }, ({ path }) => ({ path, namespace: "host" }));
    onLoad({ filter: /.*/, namespace: "host" }, () => ({ contents: "module.exports = reentry.host;" }));
    onResolve({ filter: /^(node:)?[a-z_0-9]+(\/[a-z]+)?$/ }, ({ path: name, importer }) => {
      const base = name.replace(/^node:/, "").split("/")[0];
      if (!builtinModules.includes(name.replace(/^node:/, "")) || (!name.startsWith("node:") && importer.includes("/node_modules/"))) {
        return undefined;
      }
      const says = NODE_HAS[ALIKE[base] ?? base] ?? "look for a package in plain JavaScript that does the same";
      return { errors: [{ text: `"${name}" is a module of Node, and a step does not run on Node; ${says}` }] };
    });
  },
};

/** The environment goes first, so that packages find it when they are loaded. */
const entry = {
  name: "entry",
  setup({ onResolve, onLoad }) {
    const contents = ["reentry-step/environment", "reentry-step/load"].map((name) => `import "${name}";`);
    contents.push(`export { guest } from ${JSON.stringify(`./${path.basename(source)}`)};`);
    onResolve({ filter: /^entry$/ }, ({ kind }) => (kind === "entry-point" ? { path: "entry", namespace: "entry" } : undefined));
    onLoad({ filter: /.*/, namespace: "entry" }, () => ({ contents: contents.join("\n"), resolveDir: folder }));
  },
};

/** Prints what esbuild found in the sources, in colors if `reentry build` wants them. */
async function tell(kind, messages) {
  const texts = await formatMessages(messages, { kind, color: process.env.FORCE_COLOR !== undefined });
  process.stderr.write(texts.map((text) => `${text.trimEnd()}\n`).join("\n"));
}

function explained(message) {
  const { text } = message;
  if (/^(No matching export in .* for import|Import) "guest"/.test(text)) {
    const wanted = "a step's file ends with: export const guest = steps(...);";
    return { text: `${path.basename(source)} exports nothing as \`guest\`; ${wanted}` };
  }
  if (text.startsWith("Top-level await")) {
    return { ...message, text: "`await` at the top of a module is not possible: modules run once, when the component is built" };
  }
  if (text.startsWith("Could not resolve")) {
    return { ...message, notes: [{ text: "Packages are installed in the project's folder with `npm install`." }] };
  }
  return message;
}

/** Lines of the bundle before those that esbuild makes. */
const FIRST_LINES = 4;

async function main() {
  const { outputFiles, warnings } = await build({
    entryPoints: ["entry"],
    absWorkingDir: folder,
    outfile: bundle,
    write: false,
    bundle: true,
    sourcemap: "external",
    sourcesContent: false,
    format: "iife",
    globalName: "reentryStep",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "esnext",
    // `async` functions are lowered onto the promise of the SDK, as no engine lets a guest run its microtasks to the end within
    // one call.
    supported: { "async-await": false, "async-generator": false, "for-await": false },
    logLevel: "silent",
    plugins: [entry, steps],
  });
  const errors = warnings.filter(({ id }) => id === "import-is-undefined");
  if (errors.length > 0) {
    throw Object.assign(new Error(), { errors });
  }
  await tell("warning", warnings);
  const [text, map] = [".js", ".map"].map((end) => outputFiles.find((file) => file.path.endsWith(end)).text);
  const { sources, lines } = table(JSON.parse(map));
  const before = [
    'import * as reentryHost from "reentry:step/host@0.1.0";',
    `const reentry = { host: reentryHost, explain: (thrown) => thrown, sources: ${JSON.stringify(sources)},`,
    `  lines: "${lines}" };`,
    "try {",
  ];
  const after = "} catch (thrown) {\n  throw reentry.explain(thrown);\n}\nexport const { guest } = reentryStep;\n";
  writeFileSync(bundle, `${before.join("\n")}\n${text}${after}`);
}

/** Of a source map the lines alone, and of these the author's: `first line, how many, source, line there;...`. */
function table({ mappings, sources }) {
  const places = sources.map((name) => path.resolve(folder, path.dirname(bundle), name));
  const kept = places.filter((place) => !place.startsWith(sdk) && !/(entry|host):|[/\\]node_modules[/\\]/.test(place));
  const runs = [];
  let [source, line] = [0, 0];
  mappings.split(";").forEach((segments, index) => {
    let first;
    for (const segment of segments.split(",")) {
      const [, toSource = 0, toLine = 0] = numbers(segment);
      source += toSource;
      line += toLine;
      first ??= segment === "" ? undefined : { source: kept.indexOf(places[source]), line: line + 1 };
    }
    if (first === undefined || first.source < 0) {
      return;
    }
    const at = FIRST_LINES + index + 1;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === at && last[2] === first.source && last[3] + last[1] === first.line) {
      last[1] += 1;
    } else {
      runs.push([at, 1, first.source, first.line]);
    }
  });
  return { sources: kept.map((place) => path.relative(folder, place)), lines: runs.map((run) => run.join(",")).join(";") };
}

/** The numbers of a segment, in base 64 with the lowest bits first. */
function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) === 0) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      [value, shift] = [0, 0];
    }
  }
  return found;
}

try {
  await main();
} catch (error) {
  if (error.errors === undefined) {
    throw error;
  }
  await tell("error", error.errors.map((message) => ({ ...explained(message), pluginName: "" })));
  process.exitCode = 1;
}
