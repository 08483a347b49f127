"""Filling an empty volume with what an image has at its place, the first time it is used.

The copy is made beside the volume's directory and then moved in, name by name: another container
may have that directory mounted, so it is never exchanged for another. A copy that is complete is
moved in to its end even after a crash; one that is not is thrown away.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from dockerlab.engine.errors import EngineError
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.clone import clone
from dockerlab.engine.volumes import subpath as parts

_DRAFT, _COPY, _WHERE = "_draft", "_copy", "_where"


def fill(source: Path, data: Path, *, subpath: str = "") -> None:
    """Copy all of ``source``, its own mode and owner too, into the empty directory ``data``.

    With a ``subpath``, into that part of the volume, which is empty.
    """
    draft = data.with_name(_DRAFT)
    trees.remove(draft)
    try:
        clone(source, draft, hard_links=False)
        data.with_name(_WHERE).write_bytes(os.fsencode(subpath))
    except BaseException:
        trees.remove(draft)
        raise
    draft.rename(data.with_name(_COPY))
    finish(data)


def finish(data: Path) -> None:
    """Move in what was copied; what a crash left of a copy goes."""
    trees.remove(data.with_name(_DRAFT))
    copy, where = data.with_name(_COPY), data.with_name(_WHERE)
    if copy.exists():
        subpath = os.fsdecode(where.read_bytes()) if where.exists() else ""
        # A part that was taken away meanwhile is missed when the container starts.
        with suppress(EngineError), parts.opened(data, subpath) as place:
            _move_in(copy, place)
        trees.remove(copy)
    where.unlink(missing_ok=True)


def _move_in(copy: Path, place: Path) -> None:
    for child in list(copy.iterdir()):
        if not os.path.lexists(place / child.name):
            child.rename(place / child.name)
    status = copy.stat()
    os.chown(place, status.st_uid, status.st_gid)
    shutil.copystat(copy, place)
