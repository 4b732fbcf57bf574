#!/usr/bin/env bash
# assemblyscript.sh SOURCE_DIR OUT.wasm: makes a component of SOURCE_DIR/step.ts. Run toolchain/setup-assemblyscript.sh once
# before.
set -euo pipefail
source=$(realpath "${1:?usage: assemblyscript.sh SOURCE_DIR OUT.wasm}")
out=$(realpath -m "${2:?usage: assemblyscript.sh SOURCE_DIR OUT.wasm}")
cd "$(dirname "$0")/../.."
. toolchain/guests/env.sh
core=$(core_module "$out")

# `minimal` collects only when it is told to: the SDK does so at the end of each call, when nothing is on the stack.
(cd target/tools/assemblyscript && node_modules/.bin/asc "$source/step.ts" --baseDir . --transform reentry-step/transform.mjs \
  --optimize --runtime minimal --exportStart _initialize --outFile "$core")
"$reentry" build "$core" --utf16 --out "$out"
