#!/usr/bin/env bash
# javascript.sh SOURCE_DIR OUT.wasm [--engine quickjs|starlingmonkey]: builds the step in SOURCE_DIR (index.ts or index.js) as
# a component. Run toolchain/setup-javascript.sh once before (for StarlingMonkey with that word).
#
# The step and its packages become one file first. `async` functions are lowered onto the promise of the SDK, as no engine lets a
# guest run its microtasks to the end within one call.
set -euo pipefail
usage="usage: javascript.sh SOURCE_DIR OUT.wasm [--engine quickjs|starlingmonkey]"
source=$(realpath "${1:?$usage}")
out=$(realpath -m "${2:?$usage}")
engine=quickjs
if [ "${3:-}" = --engine ]; then engine=${4:?$usage}; fi
root=$(realpath "$(dirname "$0")/../..")
sdk=$root/guest-sdk/javascript
bin=$root/target/tools/javascript/node_modules/.bin

entry=$source/index.js
[ -f "$source/index.ts" ] && entry=$source/index.ts
if [ ! -f "$entry" ]; then
  echo "javascript: $source has neither index.ts nor index.js" >&2
  exit 1
fi

if [ -f "$source/package-lock.json" ] &&
  [ ! "$source/node_modules/.package-lock.json" -nt "$source/package-lock.json" ]; then
  npm ci --prefix "$source" --ignore-scripts --no-audit --no-fund --loglevel=error
  touch "$source/node_modules/.package-lock.json"
fi
if [ -f "$source/tsconfig.json" ]; then
  "$bin/tsc" --noEmit --project "$source"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The environment goes first, so that packages find it when they are loaded.
printf 'import "reentry-step/environment";\nexport * from "%s";\n' "$entry" >"$work/entry.js"
"$bin/esbuild" "$work/entry.js" --bundle --format=esm --platform=neutral --main-fields=module,main \
  --target=esnext --supported:async-await=false --supported:async-generator=false --supported:for-await=false \
  --external:reentry:* --alias:reentry-step="$sdk/src/index.js" \
  --alias:reentry-step/environment="$sdk/src/environment.js" --log-level=warning --outfile="$work/step.js"

mkdir -p "$(dirname "$out")"
case $engine in
  quickjs)
    "$bin/componentize-qjs" --wit "$root/wit/step.wit" --world step --js "$work/step.js" \
      --sync --stub-wasi --opt-size --output "$out" >"$work/log" || { cat "$work/log" >&2; exit 1; }
    ;;
  starlingmonkey)
    "$root/target/tools/starlingmonkey/node_modules/.bin/componentize-js" "$work/step.js" --wit "$root/wit/step.wit" \
      --world-name step --disable stdio random clocks http fetch-event --out "$out" >"$work/log" ||
      { cat "$work/log" >&2; exit 1; }
    ;;
  *)
    echo "javascript: there is no engine $engine; there are quickjs and starlingmonkey" >&2
    exit 1
    ;;
esac
