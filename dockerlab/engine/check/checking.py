"""All checks of one engine's directory, in turn."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from dockerlab.engine.check.blobs import check_blobs
from dockerlab.engine.check.finding import Finding, Kind, Report
from dockerlab.engine.check.images import check_images
from dockerlab.engine.check.opened import Opened, Progress, opened
from dockerlab.engine.check.places import check_modes, check_places
from dockerlab.engine.check.snapshots import check_container_layers, check_files, check_layers

_COUNTED = ("images", "layers", "snapshots", "containers", "volumes")


def check(
    root: Path,
    *,
    own_mounts: bool,
    running: bool = False,
    progress: Progress = lambda _what, _done, _all: None,
) -> Report:
    """Look at everything below ``root``, and change nothing.

    ``running`` says that an engine is at work there: what it is busy with is then no finding, and
    what is found must be found twice.

    Raises:
        NotFound: no engine has kept anything there.
        DataLoss: the database cannot be read at all.

    """
    with opened(root, own_mounts=own_mounts, progress=progress) as store:
        findings = tuple(_all(store))
        if running:
            findings = tuple(each for each in findings if not each.swept)
            again = set(_all(store)) if findings else set()
            findings = tuple(each for each in findings if each in again)
        return Report(root=str(root), running=running, checked=_counted(store), findings=findings)


def _all(store: Opened) -> Iterator[Finding]:
    return chain(
        _check_database(store),
        check_images(store),
        check_layers(store),
        check_container_layers(store),
        check_files(store),
        check_blobs(store),
        check_places(store),
        check_modes(store),
    )


def _check_database(store: Opened) -> Iterator[Finding]:
    for (said,) in store.database.rows("PRAGMA integrity_check"):
        if said != "ok":
            yield Finding(Kind.DATABASE, "metadata.db", said)
    for table, row, parent, _ in store.database.rows("PRAGMA foreign_key_check"):
        yield Finding(Kind.DATABASE, "metadata.db", f"row {row} of {table} lacks its {parent}")


def _counted(store: Opened) -> dict[str, int]:
    tables = {
        name: store.database.rows(f"SELECT count(*) FROM {name}")[0][0]  # noqa: S608 - a constant
        for name in _COUNTED
    }
    return {**tables, "blobs": sum(1 for _ in store.content.walk())}
