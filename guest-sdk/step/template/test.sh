#!/bin/sh
# Builds the step and takes it through its wait: each command is a process of its own.
set -eu
cd "$(dirname "$0")"
REENTRY_DATA_DIR=$(mktemp -d)
export REENTRY_DATA_DIR
trap 'rm -rf "$REENTRY_DATA_DIR"' EXIT

# expect CODE COMMAND...: the exit code must be this one, and what is printed goes to $said.
expect() {
  wanted=$1
  shift
  code=0
  said=$("$@" --output json) || code=$?
  if [ "$code" != "$wanted" ]; then
    echo "test: \`$*\` ended with $code instead of $wanted: $said" >&2
    exit 1
  fi
}

reentry build
# 10: the step waits for an answer.
expect 10 reentry run {{name}}.wasm --input '{"item": "a lamp"}'
run=$(echo "$said" | grep -o 'run_[0-9a-f]*' | head -n 1)
expect 0 reentry resume "$run" --data '{"approved": true}'
case $said in
  *'"bought"'*'"a lamp"'*) ;;
  *) echo "test: the step came to $said" >&2; exit 1 ;;
esac
# 11: the step failed, as the buyer says no.
expect 10 reentry run {{name}}.wasm --input '{"item": "a lamp"}'
run=$(echo "$said" | grep -o 'run_[0-9a-f]*' | head -n 1)
expect 11 reentry resume "$run" --data '{"approved": false}'
echo "test: {{name}} does what it should"
