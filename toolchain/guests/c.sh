#!/usr/bin/env bash
# c.sh SOURCE_DIR OUT.wasm: makes a component of the C files in SOURCE_DIR. Run toolchain/setup-c.sh once before.
set -euo pipefail
source=$(realpath "${1:?usage: c.sh SOURCE_DIR OUT.wasm}")
out=$(realpath -m "${2:?usage: c.sh SOURCE_DIR OUT.wasm}")
cd "$(dirname "$0")/../.."
. toolchain/guests/zig-env.sh
core=$(core_module "$out")
sdk=guest-sdk/c

"$zig" cc --target=wasm32-wasi -std=gnu11 -Os -Wall -Wextra "${link[@]}" -I$sdk/include \
  "$source"/*.c $sdk/src/*.c $sdk/generated/step.c -o "$core"
"$reentry" build "$core" --out "$out"
