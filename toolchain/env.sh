# For scripts, which source this in the project's folder: where the tools are that setup-*.sh installs, and where these keep what they
# compile once.
reentry_tools=$PWD/target/tools
PATH=$reentry_tools/node/node_modules/.bin:$reentry_tools/zig/ziglang:$reentry_tools/go/go/bin:$reentry_tools/python/bin:$PATH
PATH=$reentry_tools/assemblyscript/node_modules/.bin:$reentry_tools/javascript/node_modules/.bin:$reentry_tools/starlingmonkey/node_modules/.bin:$PATH
export PATH
export ZIG_GLOBAL_CACHE_DIR=$reentry_tools/zig-cache ZIG_LOCAL_CACHE_DIR=$reentry_tools/zig-cache
export GOCACHE=$reentry_tools/go-cache GOPATH=$reentry_tools/go-path GOTOOLCHAIN=local GOPROXY=off GOWORK=off

# Guests have a target folder of their own, so that they never wait for the host's build. Panic messages name source files; what they
# say must not depend on whose machine built the guest.
export CARGO_TARGET_DIR=$PWD/target/guest-build
rustflags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src= --remap-path-prefix=$PWD="
if [ "${GUEST_RUST:-}" = debian ] ||
  ! compgen -G "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib/libstd-*.rlib" >/dev/null; then
  # setup-guest-rust.sh has built the library that rustup has not.
  export RUSTC=/usr/bin/rustc
  rustflags="$rustflags --sysroot=$PWD/target/guest-sysroot"
fi
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$rustflags
