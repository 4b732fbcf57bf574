#!/usr/bin/env bash
# Builds what `make demo` shows: the command, into target/demo, and one step. Says what it does and how long that takes.
set -euo pipefail
cd "$(dirname "$0")/.."

begun=$SECONDS
part() { printf 'demo: %s\n' "$1"; }

part "building the command \`reentry\` and one step; about five minutes on two cores from nothing, seconds after that"
toolchain/setup.sh
mkdir -p target/demo target/guests
# What the step is made of is compiled beside the command, which ends with parts for one core. `reentry build` then finds it.
(
  toolchain/setup-guest-rust.sh
  . toolchain/env.sh
  cd sample-steps/expense-approval
  cargo build --locked --quiet --release --target wasm32-unknown-unknown
) >target/demo/step.log 2>&1 &
step=$!
part "1 of 2: the command, unoptimized, into target/demo (most of the time)"
cargo build --locked --quiet --profile demo -p reentry-cli
part "2 of 2: the step \`expense-approval\`, in Rust, for WebAssembly"
wait $step || cat target/demo/step.log
(. toolchain/env.sh && target/demo/reentry build sample-steps/expense-approval --out target/guests)
part "built in $((SECONDS - begun)) s"
