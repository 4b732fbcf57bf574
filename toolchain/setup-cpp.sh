#!/usr/bin/env bash
# Makes sure that C++ guests can be built here: with the compiler that comes with Zig.
exec "$(dirname "$0")/setup-zig.sh"
