#!/bin/sh
# Builds the step and takes it through its wait: each command is a process of its own.
set -eu
cd "$(dirname "$0")"
REENTRY_DATA_DIR=$(mktemp -d)
export REENTRY_DATA_DIR
trap 'rm -rf "$REENTRY_DATA_DIR"' EXIT

# expect CODE COMMAND...: the exit code must be this one; what is printed goes to $said, and to $told what goes to standard error.
expect() {
  wanted=$1
  shift
  code=0
  said=$("$@" --output json 2>"$REENTRY_DATA_DIR/told") || code=$?
  told=$(cat "$REENTRY_DATA_DIR/told")
  if [ "$code" != "$wanted" ]; then
    echo "test: \`$*\` ended with $code instead of $wanted: $said $told" >&2
    exit 1
  fi
}

# says TEXT...: the last command must have printed each of these.
says() {
  for text; do
    case $said$told in
      *"$text"*) ;;
      *) echo "test: nothing says $text: $said $told" >&2; exit 1 ;;
    esac
  done
}

# ask: runs the step up to its question, and puts the run's id into $run.
ask() {
  # 10: the step waits for an answer.
  expect 10 reentry run {{name}}.wasm --input '{"item": "a lamp"}'
  run=$(echo "$said" | grep -o 'run_[0-9a-f]*' | head -n 1)
}

reentry build
# 2: refused, and nothing was changed.
expect 2 reentry run {{name}}.wasm --input '{"item": 7}'
says /item
ask
says '"a lamp"'
# A wrong answer leaves the question open.
expect 2 reentry resume "$run" --data '{"approved": "yes"}'
says /approved
expect 0 reentry resume "$run" --data '{"approved": true, "comment": "with a bulb"}'
says '"bought"' '"a lamp"'
# 11: the step failed, as the answer is no.
ask
expect 11 reentry resume "$run" --data '{"approved": false}'
says '"refused"'
echo "test: {{name}} does what it should"
