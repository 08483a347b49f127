"""``dockerlab engine check``: whether an engine's data is whole, and what can be put right."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dockerlab.engine.check.checking import check as check_store
from dockerlab.engine.check.finding import Finding, Report
from dockerlab.engine.daemon import namespaces
from dockerlab.engine.daemon.lock import Lock, held
from dockerlab.engine.daemon.place import default_root
from dockerlab.engine.errors import NotFound, SystemFailure

if TYPE_CHECKING:
    from dockerlab.engine.engine import Settings

__all__ = ["Finding", "Report", "check", "see_all"]

Progress = Callable[[str, int, int], None]


def see_all() -> None:
    """Let this process, which must have one thread only, read every file of its user's containers.

    An ordinary user's containers own files by subordinate ids, which only namespaces like the
    engine's can open. Nothing happens where there can be none: then there are no such files.
    """
    if os.geteuid() != 0:
        with contextlib.suppress(namespaces.NamespacesRefused):
            namespaces.enter()


def check(
    *,
    root: Path | None = None,
    repair: bool = False,
    progress: Progress = lambda _what, _done, _all: None,
) -> tuple[Report, ...]:
    """Look at all that an engine keeps: a report for each kind of snapshots that was ever used.

    ``repair`` first does what the next start would do: it ends containers that outlived their
    engine, and removes what nobody needs.

    Raises:
        NotFound: no engine has kept anything there.
        Conflict: an engine runs there, and was to be repaired.
        DataLoss: the database cannot be read at all.
        SystemFailure: something else cannot be read, or, to be repaired, cannot be written.

    """
    root = (root or default_root()).absolute()
    try:
        return _check(root, repair=repair, progress=progress)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise SystemFailure(f"{root} cannot be checked: {place}{error.strerror}") from error


def _check(root: Path, *, repair: bool, progress: Progress) -> tuple[Report, ...]:
    places = [found for found in _places(root) if (found[0] / "metadata.db").exists()]
    if not places:
        raise NotFound(f"no engine has kept anything in {root}")
    running = held(root) and not repair
    read_only = not os.access(root, os.W_OK)
    if read_only and repair:
        raise SystemFailure(f"{root} is read-only: nothing can be repaired there")
    # Without a lock, an engine that starts now would be taken for one that has left things behind.
    with contextlib.nullcontext() if running or read_only else Lock(root):
        for _, settings in places if repair else ():
            asyncio.run(_sweep(settings))
        return tuple(
            check_store(
                place,
                own_mounts=settings.own_mounts and not settings.no_overlay,
                running=running,
                progress=progress,
            )
            for place, settings in places
        )


def _places(root: Path) -> Iterator[tuple[Path, "Settings"]]:
    from dockerlab.engine.engine import Settings, data_directory  # noqa: PLC0415 - costs 0.2 s

    for settings in (
        Settings(root=root),
        Settings(root=root, own_mounts=False),
        Settings(root=root, no_overlay="it was not used"),
    ):
        yield data_directory(settings), settings


async def _sweep(settings: "Settings") -> None:
    from dockerlab.engine.engine import Engine  # noqa: PLC0415

    engine = await Engine.open(msgspec.structs.replace(settings, runtime="none"))
    await engine.close()
