#!/usr/bin/env bash
# Resolve pyproject.toml into requirements/lab.txt (what a learner gets), requirements/class.txt (what
# a classroom's image has) and requirements/dev.txt (what the tests need): every package pinned, every
# file by its hash, for every platform and every Python that pyproject.toml allows. Installed by
# plain pip --require-hashes.
#
#   scripts/lock.sh [--upgrade]     without --upgrade, what is pinned stays pinned where it still fits
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-.venv/bin/uv}
[ -x "$uv" ] || { echo "lock: $uv is missing; run 'make venv-dev' first" >&2; exit 1; }

# --no-config, --no-emit-…: the lock must not depend on, or name, the index of whoever made it.
compile() {
  "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}

compile --extra build pyproject.toml --output-file requirements/lab.txt "$@"
compile --extra build --extra class --constraint requirements/lab.txt pyproject.toml \
  --output-file requirements/class.txt "$@"
compile --extra build --extra dev --extra docs --constraint requirements/lab.txt pyproject.toml \
  --output-file requirements/dev.txt "$@"
