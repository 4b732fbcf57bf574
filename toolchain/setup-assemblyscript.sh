#!/usr/bin/env bash
# Makes sure that AssemblyScript guests can be built here, and does nothing if they can. The compiler comes from npm, in a pinned
# version, into target/tools/assemblyscript.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/tools/assemblyscript

toolchain/setup-node.sh
if cmp -s toolchain/assemblyscript/package-lock.json $tools/package-lock.json && [ -f $tools/complete ]; then
  echo "guests: asc is there"
  exit 0
fi
. toolchain/env.sh
echo "guests: installing asc into $tools"
rm -rf $tools
mkdir -p $tools
cp toolchain/assemblyscript/package.json toolchain/assemblyscript/package-lock.json $tools/
npm ci --prefix $tools --ignore-scripts --no-audit --no-fund --loglevel=error
# Steps import the SDK by its name, as if it came from npm.
ln -s "$PWD/guest-sdk/assemblyscript" $tools/node_modules/reentry-step
touch $tools/complete
