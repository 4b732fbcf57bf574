#!/usr/bin/env bash
# Formats, lints and unit tests of the SDKs and the sample steps, each with its language's own tools, on this machine and without a host.
# Each language is a function; with arguments only those are checked.
set -euo pipefail
cd "$(dirname "$0")/.."

rust() {
  # Tests run on this machine, with the compiler that the host is built with.
  unset RUSTC
  for folder in guest-sdk/rust sample-steps; do
    (cd $folder && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked)
  done
}

javascript() {
  toolchain/setup-node.sh
  node --test guest-sdk/javascript/test/*.test.js
}

python() {
  python3 -B -m unittest discover guest-sdk/python/tests
  # The template's own test, as its users run it.
  local project
  project=$(mktemp -d)
  cp guest-sdk/python/template/test_main.py "$project/"
  sed 's/{{[a-z]*}}/buy/g' guest-sdk/python/template/main.py >"$project/main.py"
  (cd "$project" && PYTHONPATH=$OLDPWD/guest-sdk/python python3 -B -m unittest)
  rm -r "$project"
}

go() {
  toolchain/setup-go.sh
  for folder in guest-sdk/go guest-sdk/go/example; do
    # A function of this script has the name of the command.
    (cd $folder && [ -z "$(gofmt -l .)" ] && command go vet ./... && command go test ./...)
  done
}

zig() {
  toolchain/setup-zig.sh
  (
    cd guest-sdk/zig
    command zig fmt --check src tests template example
    for tests in tests/sdk.zig example/step.zig; do
      command zig test --dep reentry -Mroot=$tests -Mreentry=src/reentry.zig
    done
  )
}

. toolchain/env.sh
for language in ${*:-rust javascript python go zig}; do
  echo "-- $language"
  $language
done
