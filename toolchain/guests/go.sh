#!/usr/bin/env bash
# go.sh SOURCE_DIR OUT.wasm: makes a component of the Go program in SOURCE_DIR. Run toolchain/setup-go.sh once before.
set -euo pipefail
source=$(realpath "${1:?usage: go.sh SOURCE_DIR OUT.wasm}")
out=$(realpath -m "${2:?usage: go.sh SOURCE_DIR OUT.wasm}")
cd "$(dirname "$0")/../.."
. toolchain/guests/env.sh
core=$(core_module "$out")
tools=$PWD/target/tools

# `c-shared` makes a module that can be called again and again, not a program that ends.
(cd "$source" && GOROOT=$tools/go/go GOCACHE=$tools/go-cache GOPATH=$tools/go-path GOTOOLCHAIN=local GOWORK=off \
  GOOS=wasip1 GOARCH=wasm "$tools/go/go/bin/go" build -buildmode=c-shared -trimpath -ldflags='-s -w' -o "$core" .)
"$reentry" build "$core" --out "$out"
