"""``python -m dockerlab.engine``: the engine by itself."""

import sys

from dockerlab.engine.daemon import main

sys.exit(main(program="python -m dockerlab.engine"))
