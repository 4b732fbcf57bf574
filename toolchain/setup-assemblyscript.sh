#!/usr/bin/env bash
# Makes sure that AssemblyScript guests can be built here, and does nothing if they can. Needed: Node 20 or newer with npm.
# The compiler comes from npm, in a pinned version, into target/tools/assemblyscript.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/tools/assemblyscript

if ! command -v npm >/dev/null; then
  if [ "$(id -u)" != 0 ]; then
    echo "guests: asc needs Node 20 or newer with npm; please install them (on Debian: apt-get install nodejs npm)" >&2
    exit 1
  fi
  echo "guests: installing nodejs and npm"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
  echo "guests: asc needs Node 20 or newer, and this is $(node --version)" >&2
  exit 1
fi

if cmp -s toolchain/assemblyscript/package-lock.json $tools/package-lock.json && [ -f $tools/complete ]; then
  echo "guests: asc is there"
  exit 0
fi
echo "guests: installing asc into $tools"
rm -rf $tools
mkdir -p $tools
cp toolchain/assemblyscript/package.json toolchain/assemblyscript/package-lock.json $tools/
npm ci --prefix $tools --ignore-scripts --no-audit --no-fund --loglevel=error
# Steps import the SDK by its name, as if it came from npm.
ln -s "$PWD/guest-sdk/assemblyscript" $tools/node_modules/reentry-step
touch $tools/complete
