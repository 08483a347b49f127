"""What can be wrong with a pack."""

from __future__ import annotations

from dockerlab.errors import DockerlabError


class PackProblem(DockerlabError):
    """A pack could not be made, read or loaded."""


class PackMissing(PackProblem):
    """There is nothing at this path that is a pack."""

    key = "pack.missing"


class PackDamaged(PackProblem):
    """A pack is not what it says; the sentence names the part."""

    key = "pack.damaged"
