#!/usr/bin/env bash
# zig.sh SOURCE_DIR OUT.wasm: makes a component of SOURCE_DIR/step.zig. Run toolchain/setup-zig.sh once before.
set -euo pipefail
source=$(realpath "${1:?usage: zig.sh SOURCE_DIR OUT.wasm}")
out=$(realpath -m "${2:?usage: zig.sh SOURCE_DIR OUT.wasm}")
cd "$(dirname "$0")/../.."
. toolchain/guests/zig-env.sh
core=$(core_module "$out")

"$zig" build-exe -target wasm32-wasi -O ReleaseSmall -mexec-model=reactor -fno-entry -rdynamic --stack 65536 \
  --dep reentry "-Mroot=$source/step.zig" -Mreentry=guest-sdk/zig/src/reentry.zig "-femit-bin=$core"
"$reentry" build "$core" --out "$out"
