#!/usr/bin/env bash
# Makes sure that C, C++ and Zig guests can be built here, and does nothing if they can.
#
# One download serves the three: the package `ziglang` has the compiler of Zig, clang, and their libraries for WebAssembly.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.17.1
tools=target/tools/zig

if [ "$(cat $tools/version 2>/dev/null)" = $version ]; then
  echo "guests: zig $version is there"
  exit 0
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ]; then
    echo "guests: zig comes from PyPI; first run: apt-get install python3-pip" >&2
    exit 1
  fi
  echo "guests: installing python3-pip"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-pip ca-certificates >/dev/null
fi
echo "guests: installing zig $version into $tools"
rm -rf $tools
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target $tools ziglang==$version
echo $version >$tools/version
