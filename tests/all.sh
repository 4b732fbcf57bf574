#!/usr/bin/env bash
# Everything that has to pass, one part after another, with the time that each took in a table at the end. The first part that fails
# ends it. What mostly waits for the network or uses one core runs beside the compiler; what it prints is shown when it has ended.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
names=() times=() beside=

part() {
  local name=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  names+=("$name") times+=($((SECONDS - begun)))
}

# begin COMMAND...: begins something beside the next parts. One at a time.
begin() {
  local begun=$SECONDS
  # In a group of its own, which ends with us.
  set -m
  { "$@" && echo $((SECONDS - begun)) >"$work/seconds"; } >"$work/printed" 2>&1 </dev/null &
  set +m
  beside=$!
}

# end NAME: waits for what was begun. Its time counts from its beginning, and so is no part of the sum.
end() {
  local code=0
  wait "$beside" || code=$?
  beside=
  printf '\n== %s\n' "$1"
  cat "$work/printed"
  [ $code = 0 ] || return $code
  names+=("  beside these: $1") times+=("$(cat "$work/seconds")")
}

table() {
  local code=$? i
  [ -z "$beside" ] || { kill -- -"$beside" 2>/dev/null || true; cat "$work/printed"; }
  rm -rf "$work"
  printf '\n%-40s %s\n' part seconds
  for i in "${!names[@]}"; do
    printf '%-40s %7d\n' "${names[i]}" "${times[i]}"
  done
  printf '%-40s %7d\n' all $SECONDS
  [ $code = 0 ] || printf '\ntest: failed in the part after these, see above\n'
  exit $code
}
trap table EXIT

# The command is built by then.
guests() {
  make --no-print-directory --old-file=target/debug/reentry guests &&
    make --no-print-directory guest-sdk-check
}

part "set-up" toolchain/setup.sh tests
part "format" cargo fmt --check
begin toolchain/setup-tools.sh
part "the command" cargo build --locked --workspace --bin reentry
part "waiting for the tools" end "tools of the guests"
begin guests
part "lints" cargo clippy --locked --workspace --all-targets -- -D warnings
! command -v cargo-deny >/dev/null || part "licenses of dependencies" make --no-print-directory deny
part "tests, compiled" cargo test --locked --workspace --no-run
part "waiting for the guests" end "guests and SDKs"
part "tests, run" cargo test --locked --workspace
