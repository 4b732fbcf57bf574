#!/usr/bin/env bash
# setup-tools.sh: sets up what the guests of all languages need. Each script says what it installs, and does nothing if all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain/setup-guest-rust.sh
toolchain/setup-assemblyscript.sh
toolchain/setup-javascript.sh starlingmonkey
toolchain/setup-python.sh
toolchain/setup-go.sh
toolchain/setup-zig.sh
for workspace in guest-sdk/rust sample-steps; do
  cargo fetch --locked --quiet --manifest-path $workspace/Cargo.toml
done
