#!/usr/bin/env bash
# setup.sh [tests]: makes sure that the project can be built on this machine, or with an argument tested, and says what it installs.
#
# Needed: a C compiler and linker (SQLite, zstd), and Rust 1.95 or newer. What guests need is looked after by
# setup-guest-rust.sh.
set -euo pipefail

wanted=1.95

install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
  else
    echo "setup: please install $* (on Debian: apt-get install $*), then run this again" >&2
    exit 1
  fi
}

command -v cc >/dev/null || install gcc libc6-dev
# Unit tests of the SDK for C++ run on this machine.
[ "${1:-}" != tests ] || command -v c++ >/dev/null || install g++

if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
  echo "setup: cargo is in $HOME/.cargo/bin, which is not in PATH; add it and run this again" >&2
  exit 1
fi
if ! command -v cargo >/dev/null; then
  echo "setup: please install Rust $wanted or newer with rustup, then run this again" >&2
  exit 1
fi
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n1)" != "$wanted" ]; then
  echo "setup: rustc $found is too old, $wanted or newer is needed; \`rustup update stable\` brings it" >&2
  exit 1
fi
for part in fmt clippy; do
  if ! cargo $part --version >/dev/null 2>&1; then
    package=$([ $part = fmt ] && echo rustfmt || echo clippy)
    echo "setup: adding $package"
    rustup component add "$package" >/dev/null
  fi
done
