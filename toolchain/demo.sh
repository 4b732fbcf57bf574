#!/usr/bin/env bash
# Builds what `make demo` shows: the command, into target/demo, and one step. Says what it does and how long that takes.
set -euo pipefail
cd "$(dirname "$0")/.."

begun=$SECONDS
part() { printf 'demo: %s\n' "$1"; }

part "building the command \`reentry\` and one step; some minutes on two cores from nothing, seconds after that"
toolchain/setup.sh
part "1 of 2: the command, unoptimized, into target/demo (most of the time)"
cargo build --locked --quiet --profile demo -p reentry-cli
part "2 of 2: the step \`expense-approval\`, in Rust, for WebAssembly"
toolchain/setup-guest-rust.sh
mkdir -p target/guests
(. toolchain/env.sh && target/demo/reentry build sample-steps/expense-approval --out target/guests)
part "built in $((SECONDS - begun)) s"
