#!/usr/bin/env bash
# Makes sure that steps in Python can be built here, and does nothing if they can. Needed: Python 3.10 or newer with venv, which apt
# installs if it is missing. componentize-py, which brings the Python that steps run on, comes from PyPI in the version that
# toolchain/python/requirements.txt pins, into target/tools/python.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/tools/python
requirements=toolchain/python/requirements.txt

if cmp -s "$requirements" "$tools/requirements.txt" && [ -x "$tools/bin/componentize-py" ]; then
  exit 0
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "python: please install Python 3.10 or newer with venv (on Debian: apt-get install python3-venv), then run this again" >&2
    exit 1
  fi
  echo "python: installing python3-venv"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3 python3-venv ca-certificates >/dev/null
fi
echo "python: installing what $requirements lists into $tools"
rm -rf "$tools"
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$tools/requirements.txt"
