#!/usr/bin/env bash
# setup-javascript.sh [starlingmonkey]: makes sure that steps in JavaScript and TypeScript can be built here, and does nothing if
# they can. The tools come from npm in pinned versions, into target/tools/javascript; with an argument, the StarlingMonkey engine
# (250 MB) comes, too.
set -euo pipefail
cd "$(dirname "$0")/.."

toolchain/setup-node.sh
. toolchain/env.sh
for set in javascript ${1:+"$1"}; do
  tools=target/tools/$set
  if cmp -s "toolchain/$set/package-lock.json" "$tools/package-lock.json" && [ -f "$tools/.complete" ]; then
    continue
  fi
  echo "javascript: installing the tools of toolchain/$set into $tools"
  mkdir -p "$tools"
  rm -f "$tools/.complete"
  cp "toolchain/$set/package.json" "toolchain/$set/package-lock.json" "$tools/"
  # Scripts of packages are not run: the programs come ready-made.
  npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error
  touch "$tools/.complete"
done
