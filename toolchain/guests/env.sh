# For the scripts beside this one, which run in the project's folder.
reentry=${REENTRY:-$PWD/target/debug/reentry}

# Where the core module goes that becomes the component $1.
core_module() {
  mkdir -p target/guest-build "$(dirname "$1")"
  echo "$PWD/target/guest-build/$(basename "$1" .wasm).core.wasm"
}
