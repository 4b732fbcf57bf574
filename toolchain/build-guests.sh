#!/usr/bin/env bash
# build-guests.sh [NAME...]: makes the components of the table below, or those named, with `reentry build`, and sets up what that needs.
# They go to target/guests. Does nothing for one that is newer than its sources.
#
# One that cannot be built does not hold up the others; the last lines say which ones failed.
set -uo pipefail
cd "$(dirname "$0")/.."
. toolchain/env.sh
reentry=$PWD/target/debug/reentry
# Tests find there what is compiled when a component is opened (tests/harness/folders.rs).
export REENTRY_DATA_DIR=$PWD/target/compiled
mkdir -p -m 700 "$REENTRY_DATA_DIR"

# The component, its language, its folder in sample-steps, and the engine if it is not the usual one.
table='
conformance-assemblyscript  assemblyscript  conformance/assemblyscript
conformance-c               c               conformance/c
conformance-cpp             cpp             conformance/cpp
conformance-go              go              conformance/go
conformance-javascript      javascript      conformance/javascript
conformance-python          python          conformance/python
conformance-starlingmonkey  javascript      conformance/javascript      starlingmonkey
conformance-zig             zig             conformance/zig
delivery-dates              python          delivery-dates
invoice-check               typescript      invoice-check
'

# outdated OUT FOLDER...: whether something that a component is made of is newer than it.
outdated() {
  local out=$1
  shift
  [ ! -f "$out" ] || [ -n "$(find "$@" wit host/wasm/src/componentize.rs host/wasm/src/componentize -type d \( -name .reentry -o -name node_modules \) \
    -prune -o -type f ! -name '*.md' -newer "$out" -print -quit)" ]
}

build() {
  local name=$1 language=$2 folder=sample-steps/$3 engine=${4:-} out=target/guests/$1.wasm
  # TypeScript is built like JavaScript, C++ like C and on top of its SDK.
  local setup=$language recipe=$language sdk=guest-sdk/$language
  case $language in
    typescript) setup=javascript recipe=javascript sdk=guest-sdk/javascript ;;
    cpp) recipe=c sdk="guest-sdk/cpp guest-sdk/c" ;;
  esac
  outdated "$out" "$folder" $sdk host/cli/src/languages/$recipe.rs host/cli/src/languages/repeatable.c || return 0
  rm -f "$out"
  toolchain/setup-$setup.sh $engine || return 1
  if [ -f "$folder/package-lock.json" ]; then
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error || return 1
  fi
  "$reentry" build "$folder" --lang "$language" ${engine:+--engine "$engine"} --out "$out"
}

mkdir -p target/guests
failed=
while read -r name rest; do
  [ -n "$name" ] || continue
  [ $# = 0 ] || [[ " $* " = *" $name "* ]] || continue
  build "$name" $rest </dev/null || failed="$failed $name"
done <<<"$table"
for name in $failed; do
  echo "guests: $name failed; \`toolchain/build-guests.sh $name\` tries it again" >&2
done
[ -z "$failed" ]
