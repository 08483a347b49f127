"""`python -m dockerlab.cli`, where the command itself is not on PATH."""

import sys

from dockerlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
