// For asc: gives the functions of `guest.ts` the names that the contract wants, and puts the host in the place of
// what AssemblyScript's own library imports: console, Date.now, the seed of Math.random, abort and trace.

const GUEST = "reentry:step/guest@0.1.0#";
const CALLS = ["describe", "start", "resume"];

/** What to take instead of what a step has not, by the beginning of its name. */
const INSTEAD = {
  "process.exit": "a step ends by returning `complete(json)` or `fail(failure)`",
  process: "a step has no process: it has its settings from its input or `requestContext()`",
  crypto: "take `random(length)`",
  performance: "take `now()`",
  Date: "take `now()`; dates are there in UTC",
};

function missing(name) {
  const known = Object.keys(INSTEAD).find((known) => name.startsWith(known));
  return new Wrong(`a step has no \`${name}\`${known === undefined ? "" : `: ${INSTEAD[known]}`}`);
}

/** A mistake in the program: told without where in this file it was found. */
class Wrong extends Error {
  constructor(message) {
    super(message);
    this.stack = `ERROR: ${message}`;
  }
}

export default class {
  afterCompile(module) {
    const { binaryen } = this;
    const internal = (name) => {
      const found = module.getExport(name);
      if (!found) throw new Wrong(`the step does not export what the host calls; it needs the line: export * from "reentry-step/guest";`);
      const { value } = binaryen.getExportInfo(found);
      module.removeExport(name);
      return value;
    };

    const end = internal("callEnded");
    for (const call of CALLS) {
      module.addFunctionExport(internal(call), GUEST + call);
      module.addFunctionExport(end, `cabi_post_${GUEST}${call}`);
    }

    // The library has an empty map and an empty list for these, whose errors would name neither.
    for (const name of ["process.env", "process.argv"]) {
      if (module.getGlobal(`~lib/process/${name}`)) throw missing(name);
    }

    const stands = {};
    for (const name of ["abort", "trace", "seed", "Date.now", "console.assert", "console.log", "console.debug",
      "console.info", "console.warn", "console.error"]) {
      stands[name] = internal("env_" + name.replace(".", "_"));
    }
    const imported = Array.from({ length: module.getNumFunctions() }, (_, index) =>
      binaryen.getFunctionInfo(module.getFunctionByIndex(index))).filter((found) => found.module === "env");
    for (const { name, base, params, results } of imported) {
      if (!stands[base]) throw missing(base);
      const operands = binaryen.expandType(params).map((type, index) => module.local.get(index, type));
      module.removeFunction(name);
      module.addFunction(name, params, results, [], module.call(stands[base], operands, results));
    }
  }
}
