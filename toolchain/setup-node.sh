#!/usr/bin/env bash
# Makes sure that the pinned Node and npm are in target/tools/node, and does nothing if they are. Both come from the npm registry: the
# package of the platform holds the program and needs no install script. Whatever Node is installed serves only to fetch them; Debian 12
# has version 18, which is too old for asc.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/tools/node

if cmp -s toolchain/node/package-lock.json $tools/package-lock.json && [ -f $tools/complete ]; then
  exit 0
fi
# The tools themselves are no way to fetch them: an older set may be on PATH.
PATH=$(echo "$PATH" | tr : '\n' | grep -v "/$tools/" | paste -sd:)
if ! command -v npm >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "node: please install npm (on Debian: apt-get install npm), then run this again" >&2
    exit 1
  fi
  echo "node: installing npm, which fetches the pinned Node"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends npm ca-certificates >/dev/null
fi
echo "node: installing Node and npm as toolchain/node pins them into $tools"
rm -rf $tools
mkdir -p $tools
cp toolchain/node/package.json toolchain/node/package-lock.json $tools/
npm ci --prefix $tools --ignore-scripts --no-audit --no-fund --loglevel=error
# Debian's npm 9.2 leaves out the link to the program of an optional package.
[ -e $tools/node_modules/.bin/node ] || ln -s ../"$(cd $tools/node_modules && echo node-linux-*)"/bin/node $tools/node_modules/.bin/node
$tools/node_modules/.bin/node --version >/dev/null
touch $tools/complete
