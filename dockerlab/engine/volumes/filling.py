"""Filling an empty volume with what an image has at its place, the first time it is used.

The copy is made beside the volume's directory and then moved in, name by name: another container
may have that directory mounted, so it is never exchanged for another. A copy that is complete is
moved in to its end even after a crash; one that is not is thrown away.
"""

import os
import shutil
from pathlib import Path

from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.clone import clone

_DRAFT, _COPY = "_draft", "_copy"


def fill(source: Path, data: Path) -> None:
    """Copy all of ``source``, its own mode and owner too, into the empty directory ``data``."""
    draft = data.with_name(_DRAFT)
    trees.remove(draft)
    try:
        clone(source, draft, hard_links=False)
    except BaseException:
        trees.remove(draft)
        raise
    draft.rename(data.with_name(_COPY))
    finish(data)


def finish(data: Path) -> None:
    """Move in what was copied; what a crash left of a copy goes."""
    trees.remove(data.with_name(_DRAFT))
    copy = data.with_name(_COPY)
    if not copy.exists():
        return
    for child in list(copy.iterdir()):
        if not os.path.lexists(data / child.name):
            child.rename(data / child.name)
    status = copy.stat()
    os.chown(data, status.st_uid, status.st_gid)
    shutil.copystat(copy, data)
    trees.remove(copy)
