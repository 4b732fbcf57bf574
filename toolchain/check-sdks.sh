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
  toolchain/setup-python.sh
  python3 -B -m unittest discover guest-sdk/python/tests
  # The template's own test, as its users run it.
  local project
  project=$(mktemp -d)
  cp guest-sdk/python/template/test_main.py "$project/"
  sed 's/{{[a-z]*}}/buy/g' guest-sdk/python/template/main.py >"$project/main.py"
  (cd "$project" && PYTHONPATH=$OLDPWD/guest-sdk/python python3 -B -m unittest)
  rm -r "$project"
}

go() {
  toolchain/setup-go.sh
  for folder in guest-sdk/go guest-sdk/go/example; do
    # A function of this script has the name of the command.
    (cd $folder && [ -z "$(gofmt -l .)" ] && command go vet ./... && command go test ./...)
  done
}

zig() {
  toolchain/setup-zig.sh
  (
    cd guest-sdk/zig
    command zig fmt --check src tests template example
    for tests in tests/sdk.zig example/step.zig; do
      command zig test --dep reentry -Mroot=$tests -Mreentry=src/reentry.zig
    done
  )
}

# The tests of an SDK, and the one of its template, with the compilers of this machine. What a sanitizer finds is an error.
c() {
  local sdk=guest-sdk/c work
  work=$(mktemp -d)
  local options="-std=gnu11 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -I$sdk/include"
  sed 's/{{name}}/buy/; s/{{heading}}/Buy/' $sdk/template/step.c >"$work/step.c"
  sed 's/{{name}}/buy/' $sdk/template/step_test.c >"$work/step_test.c"
  ${CC:-cc} $options "$work"/step.c "$work"/step_test.c $sdk/src/*.c $sdk/fake/*.c -lm -o "$work/step_test"
  ${CC:-cc} $options "$work"/step.c $sdk/tests/json_test.c $sdk/src/*.c $sdk/fake/*.c -lm -o "$work/json_test"
  # Tests are short programs that free little.
  (export ASAN_OPTIONS=detect_leaks=0 && "$work/step_test" && "$work/json_test")
  rm -r "$work"
}

cpp() {
  local sdk=guest-sdk/cpp work
  work=$(mktemp -d)
  local sanitize="-g -fsanitize=address,undefined -fno-sanitize-recover=all"
  local options="-std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -I$sdk/include -Iguest-sdk/c/include $sanitize"
  for source in guest-sdk/c/src/*.c guest-sdk/c/fake/*.c; do
    ${CC:-cc} -std=gnu11 $sanitize -Iguest-sdk/c/include -c $source -o "$work/$(basename $source).o"
  done
  sed 's/{{name}}/buy/; s/{{heading}}/Buy/' $sdk/template/step.cpp >"$work/step.cpp"
  sed 's/{{name}}/buy/' $sdk/template/step_test.cpp >"$work/step_test.cpp"
  ${CXX:-c++} $options "$work"/step.cpp "$work"/step_test.cpp "$work"/*.o -o "$work/step_test"
  ${CXX:-c++} $options $sdk/tests/fields_test.cpp "$work"/*.o -o "$work/fields_test"
  (export ASAN_OPTIONS=detect_leaks=0 && "$work/step_test" && "$work/fields_test")
  rm -r "$work"
}

. toolchain/env.sh
for language in ${*:-rust javascript assemblyscript python go zig c cpp}; do
  echo "-- $language"
  $language
done
