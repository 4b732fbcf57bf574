#!/usr/bin/env bash
# cpp.sh SOURCE_DIR OUT.wasm: makes a component of the C++ files in SOURCE_DIR. Run toolchain/setup-cpp.sh once before.
set -euo pipefail
source=$(realpath "${1:?usage: cpp.sh SOURCE_DIR OUT.wasm}")
out=$(realpath -m "${2:?usage: cpp.sh SOURCE_DIR OUT.wasm}")
cd "$(dirname "$0")/../.."
. toolchain/guests/zig-env.sh
core=$(core_module "$out")
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

for file in guest-sdk/c/src/*.c guest-sdk/c/generated/step.c; do
  "$zig" cc --target=wasm32-wasi -std=gnu11 -Os -Iguest-sdk/c/include -c "$file" \
    -o "$objects/$(basename "$(dirname "$file")")-$(basename "$file" .c).o"
done
"$zig" c++ --target=wasm32-wasi -std=c++20 -fno-exceptions -fno-rtti -Os -Wall -Wextra -Wno-missing-field-initializers \
  "${link[@]}" -Iguest-sdk/cpp/include -Iguest-sdk/c/include "$source"/*.cpp "$objects"/*.o -o "$core"
"$reentry" build "$core" --out "$out"
