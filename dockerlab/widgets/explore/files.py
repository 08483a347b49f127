"""The files of an image as they are at one of its layers, ready to be asked folder by folder."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dockerlab.layers import Analysis, Entry, printable
from dockerlab.layers.entry import HARD_LINK, SYMLINK
from dockerlab.widgets.explore.protocol import Row

MOST_ROWS = 20_000
MOST_FOUND = 200


@dataclass(slots=True)
class _Place:
    """A path: what is there, what the layer did to it, and the sum of all below it."""

    path: bytes
    entry: Entry | None = None
    status: str = ""
    size: int = 0
    is_touched: bool = False
    children: list[_Place] = field(default_factory=list)


class FilesAtLayer:
    """All files that are seen at layer `index`, and those that it removes."""

    def __init__(self, analysis: Analysis, index: int) -> None:
        self._root = _Place(b"")
        self._places: dict[bytes, _Place] = {b"": self._root}
        for path, entry, status in _seen(analysis, index):
            self._put(path, entry, status)

    def children(self, key: str, *, changed: bool, order: str) -> tuple[list[Row], int]:
        """Return what is in a folder, and how many rows were left out because there are too many.

        The folder is named as `Row.key`; the root is empty. A folder that is not there is empty.
        """
        folder = self._places.get(key.encode("latin-1"))
        if folder is None:
            return [], 0
        wanted = [each for each in folder.children if not changed or _is_changed(each)]
        wanted.sort(key=lambda each: each.path)
        if order == "size":
            wanted.sort(key=lambda each: -each.size)
        return [_row(each) for each in wanted[:MOST_ROWS]], max(0, len(wanted) - MOST_ROWS)

    def search(self, words: str) -> tuple[list[Row], int]:
        """Return the places whose path holds all of these words, and how many there are in all.

        These rows are named by their whole path.
        """
        parts = [part.encode("utf-8", "surrogateescape").lower() for part in words.split()]
        found = [
            place
            for path, place in self._places.items()
            if path and parts and all(part in path.lower() for part in parts)
        ]
        # Folders hold what they hold: the file that was meant comes first, by its own name.
        found.sort(key=lambda each: (not _names(each.path, parts), each.path))
        shown = found[:MOST_FOUND]
        rows: list[Row] = [{**_row(each), "name": printable(b"/" + each.path)} for each in shown]
        return rows, len(found)

    def _put(self, path: bytes, entry: Entry | None, status: str) -> None:
        place = self._place(path)
        place.entry, place.status = entry, status
        size = entry.size if entry else 0
        place.size += size
        is_change = status in {"added", "modified", "removed"}
        while path:
            path = path.rpartition(b"/")[0]
            above = self._places[path]
            above.size += size
            above.is_touched |= is_change

    def _place(self, path: bytes) -> _Place:
        found = self._places.get(path)
        if found is None:
            found = self._places[path] = _Place(path)
            self._place(path.rpartition(b"/")[0]).children.append(found)
        return found


def _seen(analysis: Analysis, index: int) -> Iterator[tuple[bytes, Entry, str]]:
    """Yield every path that is seen at this layer, with what the layer did to it."""
    below: dict[bytes, Entry] = {}
    for layer in analysis.layers[:index]:
        changes = layer.changes
        _forget(below, changes.removed)
        below |= {each.path: each for each in (*changes.added, *changes.modified)}
    here = analysis.layers[index].changes
    statuses: dict[bytes, tuple[Entry, str]] = {path: (entry, "") for path, entry in below.items()}
    for status, entries in (
        ("removed", here.removed),
        ("unchanged", here.unchanged),
        ("modified", here.modified),
        ("added", here.added),
    ):
        statuses |= {entry.path: (entry, status) for entry in entries}
    for path, (entry, status) in statuses.items():
        yield path, entry, status


def _forget(below: dict[bytes, Entry], removed: Iterable[Entry]) -> None:
    for entry in removed:
        below.pop(entry.path, None)


def _is_changed(place: _Place) -> bool:
    return place.is_touched or place.status in {"added", "modified", "removed"}


def _names(path: bytes, parts: list[bytes]) -> bool:
    name = path.rpartition(b"/")[2].lower()
    return all(part in name for part in parts)


def _row(place: _Place) -> Row:
    entry = place.entry
    return {
        "key": place.path.decode("latin-1"),
        "name": printable(place.path.rpartition(b"/")[2]),
        "kind": _kind(entry),
        "size": place.size,
        "mode": stat.filemode(entry.mode)[1:] if entry else "",
        "owner": f"{entry.uid}:{entry.gid}" if entry else "",
        "target": printable(entry.target) if entry else "",
        "status": place.status,
        "touched": place.is_touched,
        "folder": bool(place.children) or (entry.is_directory if entry else True),
    }


def _kind(entry: Entry | None) -> str:
    if entry is None or entry.is_directory:
        return "folder"
    return {SYMLINK: "link", HARD_LINK: "hard link"}.get(entry.type, "file")
