#!/usr/bin/env bash
# Print the Python to make .venv with: the system's own if it is new enough, else the one on PATH.
# The system's first, because a Python below somebody's home folder cannot be run by other users,
# and the tests start an engine as one.
set -euo pipefail
for python in ${PYTHON:-/usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11}; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    command -v "$python"
    exit
  fi
done
echo "dockerlab needs Python 3.11 or newer (Debian 12, Ubuntu 24.04 and later have it): PYTHON=… names one." >&2
exit 1
