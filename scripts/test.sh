#!/usr/bin/env bash
# Everything that must be true: style, types, layers, and every test. What `make test` and CI run.
#
#   scripts/test.sh [pytest options]    after `make setup-dev`
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

# Root can test what an ordinary user meets only as an ordinary user.
user=dockerlab-test
if [ "$(id -u)" = 0 ] && ! id "$user" >/dev/null 2>&1; then
  echo "Making the user $user, as whom the tests start a rootless engine."
  useradd --create-home "$user"
fi
if [ "$(id -u)" = 0 ] && ! grep -q "^$user:" /etc/subuid 2>/dev/null; then
  usermod --add-subuids 231072-296607 --add-subgids 231072-296607 "$user"
fi

# Engines, clocks and a busy machine: a test that fails is run once more, by itself. If it passes
# then, the log says so and it is still a fault to mend; if not, or if it only skips, we have failed.
tests() {
  local code=0
  pytest "$@" || code=$?
  [ "$code" = 1 ] || return "$code"
  echo "== tests that failed, once more"
  pytest --last-failed --last-failed-no-failures none --no-skips "$@" || return
  echo "UNSTEADY: the tests above failed once and then passed." >&2
}

failed=()
check() {
  local what=$1; shift
  echo "== $what"
  "$@" || failed+=("$what")
}
check "style (ruff)" ruff check .
check "format (ruff)" ruff format --check .
check "types (mypy)" mypy
check "layers (import-linter)" lint-imports --no-logo
check "tests (pytest)" tests "$@"
if [ ${#failed[@]} -gt 0 ]; then
  printf 'Failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
