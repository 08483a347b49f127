"""How much of an image is wasted, by the definitions of dive (github.com/wagoodman/dive).

A path counts once for every layer that has a file or an empty directory there, or removes what was
there. Its *discovered* bytes are the sum over these layers, its *minimum* bytes the least of them.
The score is the sum of all minimums over the sum of everything discovered; the discovered bytes of
paths that count twice or more are *wasted*. So wasted bytes hold the useful copy, too, and a file
that is written and then removed is wasted whole.

The figures equal those of dive 0.13 to the byte, which takes some of its ways over:

- Removing a directory counts the bytes of all that was in it, removing a file counts 0 (the bytes
  were counted when it was written). A directory that the topmost layer below does not describe,
  but only has something in, counts as a file.
- A layer that removes what is not there is not read further, in the order of its names, and that
  path's minimum stays -1 unless another layer has it.
- An opaque directory (`.wh..wh..opq`) removes nothing.
- A hard link has the bytes of its header, which are none.

The trees that dive compares against it builds anew for each removal. Here they are built once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dockerlab.layers.entry import WHITEOUT, Entry, clean, printable
from dockerlab.layers.tree import Node, Tree, parts_of


@dataclass(frozen=True, slots=True)
class WastedPath:
    """A path that several layers write or remove: how many do, and the bytes of all together."""

    path: bytes
    layers: int
    size: int

    @property
    def name(self) -> str:
        """The absolute path as text, safe to print on a terminal."""
        return printable(self.path)


@dataclass(frozen=True, slots=True)
class Efficiency:
    """The score of an image, from 0 to 1, and the paths that cost it, the worst first."""

    score: float
    paths: tuple[WastedPath, ...]

    @property
    def wasted_bytes(self) -> int:
        """The bytes of all paths that several layers write or remove."""
        return sum(each.size for each in self.paths)


class _Tally:
    """What was found at one path."""

    __slots__ = ("layers", "least", "size")

    def __init__(self) -> None:
        self.size = 0
        self.least = -1
        self.layers = 0

    def add(self, size: int) -> None:
        self.size += size
        self.least = size if self.least < 0 else min(self.least, size)
        self.layers += 1


def measure_efficiency(layers: Sequence[Sequence[Entry]]) -> Efficiency:
    """Return the efficiency of an image of these layers, from the lowest."""
    tallies: dict[bytes, _Tally] = {}
    below = Tree()
    last = _last_removal(layers)
    for index, entries in enumerate(layers):
        tree = Tree(entries)
        if index == 0:
            # dive lays the lowest layer on itself, after what it removes was counted.
            below = Tree(entries) if _is_odd(entries) else tree
        _count(tree, below, tallies)
        if index < last and below is not tree:
            _lay(tree, on=below)
    found = sum(each.size for each in tallies.values())
    least = sum(each.least for each in tallies.values())
    wasted = [
        WastedPath(path, each.layers, each.size)
        for path, each in tallies.items()
        if each.layers > 1
    ]
    return Efficiency(
        score=least / found if found else 1.0,
        paths=tuple(sorted(wasted, key=lambda each: (-each.size, each.path))),
    )


def _is_odd(entries: Sequence[Entry]) -> bool:
    """Whether laying these on themselves makes a difference: they remove, or lead upwards."""
    return any(WHITEOUT in entry.path or b".." in entry.path for entry in entries)


def _last_removal(layers: Sequence[Sequence[Entry]]) -> int:
    """Return the number of the last layer with a whiteout: what lies above need not be stacked."""
    with_removals = (
        index
        for index in reversed(range(len(layers)))
        if any(WHITEOUT in entry.path for entry in layers[index])
    )
    return next(with_removals, 0)


def _count(tree: Tree, below: Tree, tallies: dict[bytes, _Tally]) -> None:
    for folder, name, node in _leaves(tree):
        is_removal = name.startswith(WHITEOUT)
        path = folder + b"/" + (name.removeprefix(WHITEOUT) if is_removal else name)
        tally = tallies.get(path)
        if tally is None:
            tally = tallies[path] = _Tally()
        if not is_removal:
            tally.add(node.size)
            continue
        removed = below.find(parts_of(path))
        if removed is None:
            return
        is_counted = removed.is_directory
        tally.add(sum(each.size for each in removed.below()) if is_counted else 0)


def _leaves(tree: Tree) -> Iterator[tuple[bytes, bytes, Node]]:
    return (found for found in tree.walk() if not found[2].children)


def _lay(tree: Tree, *, on: Tree) -> None:
    """Change `on` to what is seen when `tree` lies on top of it."""
    for folder, name, node in tree.walk():
        if name.startswith(WHITEOUT):
            on.cut(parts_of(folder + b"/" + name.removeprefix(WHITEOUT)))
        else:
            on.put(parts_of(clean(folder + b"/" + name) or b""), node.entry)
