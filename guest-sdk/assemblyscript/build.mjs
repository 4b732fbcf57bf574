// node build.mjs ASC LIST OPTIONS...: calls the compiler for `reentry build`, and leaves in LIST the files that it read or looked for, so
// that the same is not compiled again. Without a LIST are builds that fail or have something to say: that is said each time.

import { realpathSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [program, list, ...options] = process.argv.slice(2);
const { main } = await import(pathToFileURL(path.join(path.dirname(realpathSync(program)), "../dist/asc.js")));

const files = new Set();
let said = false;

function read(name, folder) {
  const file = path.resolve(folder, name);
  files.add(file);
  return readFile(file, "utf8").catch(() => null);
}

const stderr = {
  write(text) {
    said = true;
    return process.stderr.write(text);
  },
};

await rm(list, { force: true });
const { error } = await main(options, { stdout: process.stdout, stderr, readFile: read });
if (error) {
  process.exitCode = 1;
} else if (!said) {
  await writeFile(list, JSON.stringify([...files].sort()));
}
