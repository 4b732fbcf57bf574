#!/usr/bin/env bash
# Everything that has to pass, one part after another, with the time that each took in a table at the end. The first part that fails
# ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

names=() times=()
part() {
  local name=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  names+=("$name") times+=($((SECONDS - begun)))
}

table() {
  local code=$? i
  printf '\n%-28s %s\n' part seconds
  for i in "${!names[@]}"; do
    printf '%-28s %7d\n' "${names[i]}" "${times[i]}"
  done
  printf '%-28s %7d\n' all $SECONDS
  [ $code = 0 ] || printf '\ntest: failed in the part after these, see above\n'
  exit $code
}
trap table EXIT

part "set-up" toolchain/setup.sh tests
part "format" cargo fmt --check
part "the command" cargo build --locked --workspace --bin reentry
part "guests" make --no-print-directory guests
part "SDKs" make --no-print-directory guest-sdk-check
part "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
part "tests, compiled" cargo test --locked --workspace --no-run
part "tests, run" cargo test --locked --workspace
