#!/usr/bin/env bash
# setup-javascript.sh [starlingmonkey]: makes sure that steps in JavaScript and TypeScript can be built here, and does nothing if
# they can. Needed: Node 18 or newer with npm, which apt installs if they are missing. The tools themselves come from npm in
# pinned versions, into target/tools/javascript; with an argument, the StarlingMonkey engine (250 MB) comes, too.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "javascript: please install Node 18 or newer with npm (on Debian: apt-get install nodejs npm), then run this again" >&2
    exit 1
  fi
  echo "javascript: installing nodejs and npm"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 18 ]; then
  echo "javascript: Node $(node --version) is too old, 18 or newer is needed" >&2
  exit 1
fi

for set in javascript ${1:+"$1"}; do
  tools=target/tools/$set
  if cmp -s "toolchain/$set/package-lock.json" "$tools/package-lock.json" && [ -f "$tools/.complete" ]; then
    continue
  fi
  echo "javascript: installing the tools of toolchain/$set into $tools"
  mkdir -p "$tools"
  rm -f "$tools/.complete"
  cp "toolchain/$set/package.json" "toolchain/$set/package-lock.json" "$tools/"
  # Scripts of packages are not run: the programs come ready-made.
  npm ci --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error
  touch "$tools/.complete"
done
