#!/usr/bin/env bash
# python.sh SOURCE_DIR OUT.wasm: builds the step in SOURCE_DIR (main.py, and requirements.txt if it needs packages) as a
# component. Run toolchain/setup-python.sh once before.
#
# Packages must be pure Python: what runs is a Python of WebAssembly, for which compiled wheels of this machine are of no use.
set -euo pipefail
usage="usage: python.sh SOURCE_DIR OUT.wasm"
source=$(realpath "${1:?$usage}")
out=$(realpath -m "${2:?$usage}")
root=$(realpath "$(dirname "$0")/../..")
bin=$root/target/tools/python/bin

if [ ! -f "$source/main.py" ]; then
  echo "python: $source has no main.py" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/entry" "$work/source" "$work/sdk"
# Copies, as building leaves compiled modules beside the sources.
cp -r "$root/guest-sdk/python/reentry_step" "$work/sdk/"
cp -r "$source/." "$work/source/"
paths=(--python-path "$work/entry" --python-path "$work/source" --python-path "$work/sdk")

if [ -f "$source/requirements.txt" ]; then
  packages=$root/target/tools/python-packages/$(sha256sum <"$source/requirements.txt" | cut -c1-16)
  if [ ! -d "$packages" ]; then
    "$bin/pip" install --quiet --disable-pip-version-check --no-compile --only-binary=:all: \
      --platform any --python-version 3.14 --implementation py --abi none \
      --target "$packages.new" --requirement "$source/requirements.txt"
    mv "$packages.new" "$packages"
  fi
  paths+=(--python-path "$packages")
fi

# The SDK comes first, so that packages find its clocks and its standard output when they are loaded.
cat >"$work/entry/reentry_entry.py" <<'PYTHON'
import reentry_step
import main
from reentry_step.component import Guest
PYTHON

mkdir -p "$(dirname "$out")"
"$bin/componentize-py" --quiet --wit-path "$root/wit/step.wit" --world step componentize --stub-wasi \
  "${paths[@]}" --output "$out" reentry_entry
