#!/usr/bin/env bash
# build-plain.sh: builds the steps of tests/guests, which have no SDK, with the tools of their languages as they come, as
# target/guests/plain-LANGUAGE.wasm, and sets up what that needs. Does nothing for one that is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p target/guests

# is_new LANGUAGE: whether its step need not be built.
is_new() {
  local out=target/guests/plain-$1.wasm
  [ -f "$out" ] && [ -z "$(find "tests/guests/$1" toolchain/build-plain.sh wit -type f -newer "$out" -print -quit)" ]
}

if ! is_new python; then
  toolchain/setup-python.sh
  # A copy, as building leaves compiled modules beside the sources.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp tests/guests/python/app.py "$work/"
  target/tools/python/bin/componentize-py --quiet --wit-path wit/step.wit --world step componentize \
    --python-path "$work" --output target/guests/plain-python.wasm app
fi

if ! is_new javascript; then
  toolchain/setup-javascript.sh starlingmonkey
  # Everything of WASI but HTTP, which no host of ours grants.
  target/tools/starlingmonkey/node_modules/.bin/componentize-js tests/guests/javascript/step.js --wit wit/step.wit \
    --world-name step --disable http fetch-event --out target/guests/plain-javascript.wasm
fi
