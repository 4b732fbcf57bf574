# For the scripts beside this one: what they need to call the compilers that setup-zig.sh installed.
. toolchain/guests/env.sh
zig=$PWD/target/tools/zig/ziglang/zig
# Compiled libraries are kept here, so that only the first build takes long.
export ZIG_GLOBAL_CACHE_DIR=$PWD/target/tools/zig-cache ZIG_LOCAL_CACHE_DIR=$PWD/target/tools/zig-cache
# Of the stack every page that was ever used is kept with a run; the default of 16 MiB is no help. It lies below the data, so
# that its overflow is a trap.
link=(-mexec-model=reactor -Wl,-z,stack-size=65536 -s)
