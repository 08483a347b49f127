#!/usr/bin/env bash
# Make .venv from a lock file, or find that nothing has changed since.
#
#   scripts/venv.sh lab|dev     PYTHON=… names the Python to use, 3.11 or newer
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1 lock=requirements/$1.txt stamp=.venv/.installed-$1
wanted=$(cat "$lock" pyproject.toml scripts/page_config.json | cksum)

if ! .venv/bin/python -c '' 2>/dev/null; then
  rm -rf .venv
  "${PYTHON:-python3}" -m venv .venv
fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  echo "Installing $(grep -c '^[a-z].*==' "$lock") Python packages into .venv (about a minute, once)."
  pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check "$@"; }
  pip install --require-hashes --requirement "$lock"
  # What builds this package is in the lock, so nothing that is not pinned is fetched here.
  pip install --no-deps --no-build-isolation --editable .
  # A question about Jupyter's news would be the first thing that a learner sees.
  install -D -m 644 scripts/page_config.json .venv/etc/jupyter/labconfig/page_config.json
  echo "$wanted" >"$stamp"
fi
