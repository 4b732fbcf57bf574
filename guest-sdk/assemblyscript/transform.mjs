// For asc: gives the functions of `guest.ts` the names that the contract wants, and puts the host in the place of
// what AssemblyScript's own library imports: console, Date.now, the seed of Math.random, abort and trace.

const GUEST = "reentry:step/guest@0.1.0#";
const CALLS = ["describe", "start", "resume"];

export default class {
  afterCompile(module) {
    const { binaryen } = this;
    const internal = (name) => {
      const found = module.getExport(name);
      if (!found) throw Error(`the step does not export "${name}"; it needs the line: export * from "reentry-step/guest";`);
      const { value } = binaryen.getExportInfo(found);
      module.removeExport(name);
      return value;
    };

    const end = internal("callEnded");
    for (const call of CALLS) {
      module.addFunctionExport(internal(call), GUEST + call);
      module.addFunctionExport(end, `cabi_post_${GUEST}${call}`);
    }

    const stands = {};
    for (const name of ["abort", "trace", "seed", "Date.now", "console.assert", "console.log", "console.debug",
      "console.info", "console.warn", "console.error"]) {
      stands[name] = internal("env_" + name.replace(".", "_"));
    }
    const imported = Array.from({ length: module.getNumFunctions() }, (_, index) =>
      binaryen.getFunctionInfo(module.getFunctionByIndex(index))).filter((found) => found.module === "env");
    for (const { name, base, params, results } of imported) {
      if (!stands[base]) throw Error(`a step does not have "${base}"`);
      const operands = binaryen.expandType(params).map((type, index) => module.local.get(index, type));
      module.removeFunction(name);
      module.addFunction(name, params, results, [], module.call(stands[base], operands, results));
    }
  }
}
