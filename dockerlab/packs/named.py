"""The packs that the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dockerlab.packs.bundle import opened


def named_packs(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the packs that `DOCKERLAB_PACKS` names, most wanted first.

    >>> [str(path) for path in named_packs({"DOCKERLAB_PACKS": "/srv/packs/course:/srv/more"})]
    ['/srv/packs/course', '/srv/more']
    """
    return tuple(
        Path(part) for part in environ.get("DOCKERLAB_PACKS", "").split(os.pathsep) if part
    )


def names_in(path: Path) -> frozenset[str]:
    """Return the whole names of the images in the pack at `path`.

    Raises:
        PackProblem: there is none, or its documents are damaged.

    """
    with opened(path, layers=False) as pack:
        return frozenset(image.name for image in pack.images)
