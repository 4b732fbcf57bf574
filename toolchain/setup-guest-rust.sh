#!/usr/bin/env bash
# Makes sure that Rust guests can be built here, and does nothing if they can.
#
# A guest needs the standard library for wasm32-unknown-unknown. It comes from rustup where rustup can fetch
# it; otherwise it is built once, from Debian's sources with Debian's compiler, into target/guest-sysroot.
# env.sh finds either. GUEST_RUST=debian goes the second way even where the first is open.
set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown
sysroot=$PWD/target/guest-sysroot
rustc=/usr/bin/rustc cargo=/usr/bin/cargo
packages="rustc-web cargo-web rust-web-src lld-22"

has_std() { compgen -G "$1/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; }

if [ "${GUEST_RUST:-}" != debian ]; then
  if has_std "$(rustc --print sysroot)"; then
    echo "guests: std for $target is there"
    exit 0
  fi
  if command -v rustup >/dev/null && timeout 120 rustup target add $target >/dev/null 2>&1; then
    echo "guests: rustup has added $target"
    exit 0
  fi
fi

missing=$(for package in $packages; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done | xargs)
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "guests: std for $target is missing; to build it from Debian's sources, first run: apt-get install $missing" >&2
    exit 1
  fi
  echo "guests: installing $missing"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi

# Compiler and library must be of one version, so a new compiler means a new library.
version=$($rustc --version)
if has_std "$sysroot" && [ "$(cat "$sysroot/version" 2>/dev/null)" = "$version" ]; then
  echo "guests: std for $target is there, built by $version"
  exit 0
fi

echo "guests: building std for $target with $version into target/guest-sysroot"
host=$($rustc --print host-tuple)
work=$sysroot/work
rm -rf "$sysroot"
mkdir -p "$work/src" "$sysroot/lib/rustlib/$target/lib" "$sysroot/lib/rustlib/$host/bin"
printf '[package]\nname = "empty"\nedition = "2024"\n[workspace]\n' >"$work/Cargo.toml"
: >"$work/src/lib.rs"
# RUSTC_BOOTSTRAP is what lets a stable compiler build its own library; embed-bitcode lets guests use lto.
(cd "$work" && RUSTC_BOOTSTRAP=1 RUSTC=$rustc RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$work/target \
  $cargo build --quiet --release --target $target -Zbuild-std=std,panic_abort)
cp "$work/target/$target/release/deps/"*.rlib "$sysroot/lib/rustlib/$target/lib/"
rm "$sysroot/lib/rustlib/$target/lib/"libempty-*.rlib
rm -rf "$work"
# Build scripts and procedural macros run on this machine and need its own library.
ln -s "$($rustc --print sysroot)/lib/rustlib/$host/lib" "$sysroot/lib/rustlib/$host/lib"
# rustc looks for its linker under this name; Debian's lld is the same program.
ln -s "$(command -v lld-22)" "$sysroot/lib/rustlib/$host/bin/rust-lld"
echo "$version" >"$sysroot/version"
