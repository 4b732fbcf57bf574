#!/usr/bin/env bash
# build-guest.sh CRATE_DIR: builds the crate, or all crates of the workspace, in CRATE_DIR as core modules and
# leaves them as target/guests/NAME.core.wasm. Run setup-guest-rust.sh once before.
#
# Guests have a target folder of their own, so that they never wait for the host's build.
set -euo pipefail
crate=$(realpath "${1:?usage: build-guest.sh CRATE_DIR}")
cd "$(dirname "$0")/.."
root=$PWD
target=wasm32-unknown-unknown
sysroot=$root/target/guest-sysroot
export CARGO_TARGET_DIR=$root/target/guest-build

# Panic messages name source files. What they say must not depend on whose machine built the guest.
flags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src= --remap-path-prefix=$root="
if [ "${GUEST_RUST:-}" = debian ] ||
  ! compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; then
  export RUSTC=/usr/bin/rustc
  flags="$flags --sysroot=$sysroot"
fi
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags

# The folder decides which .cargo/config.toml holds, and which crates are built: cargo says what it made of them.
mkdir -p target/guests
(cd "$crate" && cargo build --release --locked --target $target --message-format=json-render-diagnostics) |
  grep -o '"filenames":\["[^"]*\.wasm"' | cut -d'"' -f4 |
  while read -r built; do
    library=$(basename "$built" .wasm)
    core=target/guests/${library//_/-}.core.wasm
    # An unchanged module keeps its time, so that nothing made from it is made again.
    cmp -s "$built" "$core" || cp "$built" "$core"
  done
