#!/usr/bin/env bash
# Remove what make made: never a container, an image or anything else of a lesson's.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
find . -name .git -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints -o -name '*.egg-info' \) \
  -prune -exec rm -rf {} +
rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/dockerlab-tests"
