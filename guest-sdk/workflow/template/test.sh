#!/bin/sh
# Builds the step and takes the workflow through its wait: each command is a process of its own.
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

# bought: the result must be what was bought.
bought() {
  case $said in
    *'"bought"'*'"a lamp"'*) ;;
    *) echo "test: the workflow came to $said" >&2; exit 1 ;;
  esac
}

reentry build ask
expect 0 reentry run {{name}}.yaml --input '{"item": "a lamp", "price": 20}'
bought
# 10: the step waits for an answer.
expect 10 reentry run {{name}}.yaml --input '{"item": "a lamp", "price": 120}'
run=$(echo "$said" | grep -o 'run_[0-9a-f]*' | head -n 1)
# 2: a wrong answer is refused, and leaves the question open.
expect 2 reentry resume "$run" --data '{"approved": "yes"}'
expect 0 reentry resume "$run" --data '{"approved": true}'
bought
# 2: what is no order is refused, and nothing is run.
expect 2 reentry run {{name}}.yaml --input '{"item": "a lamp", "price": "much"}'
echo "test: {{name}} does what it should"
