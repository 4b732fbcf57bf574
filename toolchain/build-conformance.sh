#!/usr/bin/env bash
# build-conformance.sh [LANGUAGE...]: builds the conformance step in each language, or in those named, as
# target/guests/conformance-LANGUAGE.wasm, and sets up what that needs. Does nothing for one that is newer than its sources.
#
# One language that cannot be built does not hold up the others; the last lines say which ones failed.
set -uo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(for script in toolchain/guests/*.sh; do
  language=$(basename "$script" .sh)
  [ -d "sample-steps/conformance/$language" ] && echo "$language"
done)

mkdir -p target/guests
failed=
for language; do
  source=sample-steps/conformance/$language
  out=target/guests/conformance-$language.wasm
  # C++ is written on top of the SDK for C.
  sources="$source guest-sdk/$language toolchain/guests $([ "$language" = cpp ] && echo guest-sdk/c)"
  if [ -f "$out" ] && [ -z "$(find $sources wit host/wasm/src/componentize* -type f -newer "$out" -print -quit)" ]; then
    continue
  fi
  rm -f "$out"
  "toolchain/setup-$language.sh" && "toolchain/guests/$language.sh" "$source" "$out"
  [ -f "$out" ] || failed="$failed $language"
done
for language in $failed; do
  echo "guests: $language failed; \`toolchain/build-conformance.sh $language\` tries it again" >&2
done
[ -z "$failed" ]
