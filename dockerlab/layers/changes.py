"""What each layer changes in what lies below it.

As a container sees it (OCI image specification, layer.md, "Applying Changesets"): a whiteout hides
what the layers below have, an opaque directory all that they have in it, and a file that takes the
place of a directory everything that was in there. A file that a layer removes and writes anew is
modified, or unchanged if it is the same again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dockerlab.layers.entry import OPAQUE, WHITEOUT, Entry
from dockerlab.layers.tree import Node, Tree, parts_of


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that a layer adds, modifies and removes, by path.

    `removed` holds them as the layers below had them; `unchanged` are in the layer for nothing:
    what lies below has them already, with the same content, permissions and owner.
    """

    added: tuple[Entry, ...]
    modified: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    unchanged: tuple[Entry, ...]


def find_changes(layers: Sequence[Sequence[Entry]]) -> tuple[Changes, ...]:
    """Return what each of these layers, from the lowest, changes in those below it."""
    seen = Tree()
    return tuple(_apply(entries, seen) for entries in layers)


def _apply(entries: Iterable[Entry], seen: Tree) -> Changes:
    own: dict[bytes, Entry] = {}
    removed: dict[bytes, Entry] = {}
    for entry in entries:
        if entry.base.startswith(WHITEOUT):
            _hide(entry, seen, removed)
        elif entry.path:
            own[entry.path] = entry  # a tar may hold a path twice: the last one counts
    added, modified, unchanged = [], [], []
    for path, entry in own.items():
        before = _replace(entry, seen, removed)
        if before is None:
            added.append(entry)
        elif before.equals(entry):
            unchanged.append(entry)
        else:
            modified.append(entry)
        removed.pop(path, None)
    return Changes(_sorted(added), _sorted(modified), _sorted(removed.values()), _sorted(unchanged))


def _hide(marker: Entry, seen: Tree, removed: dict[bytes, Entry]) -> None:
    parts = parts_of(marker.path)
    if parts[-1] == OPAQUE:
        folder = seen.find(parts[:-1])
        if folder is not None:
            _clear(folder, seen, removed)
        return
    hidden = seen.cut([*parts[:-1], parts[-1].removeprefix(WHITEOUT)])
    if hidden is not None:
        _collect(hidden, removed)


def _replace(entry: Entry, seen: Tree, removed: dict[bytes, Entry]) -> Entry | None:
    """Put `entry` in its place, and return what was there before this layer."""
    before = seen.add(entry)
    if not entry.is_directory:
        node = seen.at(entry.path)
        if node is not None and node.children:
            _clear(node, seen, removed)
    return before or removed.get(entry.path)


def _clear(folder: Node, seen: Tree, removed: dict[bytes, Entry]) -> None:
    for child in seen.clear(folder):
        _collect(child, removed)


def _collect(top: Node, removed: dict[bytes, Entry]) -> None:
    for node in top.below():
        if node.entry is not None:
            removed[node.entry.path] = node.entry


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.path))
