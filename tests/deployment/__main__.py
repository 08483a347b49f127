"""Build the class's image and hold a small class in containers of it, for real.

    python -m tests.deployment [--base IMAGE] [pytest's options]

Needs what `make setup-dev` installs, root, PyPI and Debian's packages, and some five minutes;
that is why it is no part of `make test`. `--base` names a base image in place of the one that is
made here for machines that do not reach Docker Hub.
"""

import argparse
import os
import sys
from pathlib import Path

import pytest

from tests.deployment.image import BASE_VARIABLE

CHECKS = sorted(str(path) for path in Path(__file__).parent.glob("check_*.py"))


def main() -> int:
    """Run the checks, and return pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.deployment", description=__doc__)
    parser.add_argument("--base", default="", metavar="IMAGE")
    chosen, others = parser.parse_known_args()
    os.environ[BASE_VARIABLE] = chosen.base
    return pytest.main([*CHECKS, "-v", *others])


if __name__ == "__main__":
    sys.exit(main())
