#!/usr/bin/env bash
# Formats, lints and unit tests of the SDKs and the sample steps, each with its language's own tools, on this machine and without a host.
# Each language is a function; with arguments only those are checked.
set -euo pipefail
cd "$(dirname "$0")/.."

rust() {
  # Tests run on this machine, with the compiler that the host is built with.
  unset RUSTC
  for folder in guest-sdk/rust sample-steps; do
    (cd $folder && cargo fmt --check && cargo clippy --locked --all-targets -- -D warnings && cargo test --locked)
  done
}

javascript() {
  toolchain/setup-javascript.sh
  node --test guest-sdk/javascript/test/*.test.js
  tsc --noEmit --project guest-sdk/javascript/test
  for language in javascript typescript; do
    unit_test_of_template $language javascript
  done
}

# unit_test_of_template TEMPLATE SDK: the test in the template of a language, as npm runs it after `npm install`.
unit_test_of_template() {
  local folder
  folder=$(mktemp -d)
  cp -r guest-sdk/$1/template/. "$folder"
  sed -i 's/{{name}}/buy/; s/{{heading}}/Buy/' "$folder"/*.*
  mkdir "$folder/node_modules"
  ln -s "$PWD/guest-sdk/$2" "$folder/node_modules/reentry-step"
  ln -s "$PWD/guest-sdk/$2" "$folder/sdk"
  (cd "$folder" && npm run --silent unit)
  rm -r "$folder"
}

assemblyscript() {
  toolchain/setup-assemblyscript.sh
  local folder
  folder=$(mktemp -d)
  asc guest-sdk/assemblyscript/test/number.ts --optimize --bindings esm --outFile "$folder/number.wasm"
  BUILT=$folder node --test guest-sdk/assemblyscript/test/*.test.js
  unit_test_of_template assemblyscript assemblyscript
  rm -r "$folder"
}

python() {
  python3 -B -m unittest discover guest-sdk/python/tests
}

. toolchain/env.sh
for language in ${*:-rust javascript assemblyscript python}; do
  echo "-- $language"
  $language
done
