"""The rule that names of containers and of volumes follow, as in Docker."""

import re

ALLOWED = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
"""The characters, as error messages show them: one of the first, and one or more of the others."""
NAME = re.compile(rf"{ALLOWED}+")
