#!/usr/bin/env bash
# build-samples.sh: builds the sample steps that are not in Rust as target/guests/NAME.wasm, and sets up what that needs. Does
# nothing for one that is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
  local language=$1 name=$2
  local source=sample-steps/$name out=target/guests/$name.wasm
  if [ -f "$out" ] && [ -z "$(find "$source" "guest-sdk/$language" "toolchain/guests/$language.sh" wit -type f \
    -not -path '*/node_modules/*' -newer "$out" -print -quit)" ]; then
    return
  fi
  rm -f "$out"
  "toolchain/setup-$language.sh"
  "toolchain/guests/$language.sh" "$source" "$out"
}

build javascript invoice-check
build python delivery-dates
