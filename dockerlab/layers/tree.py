"""Files as a tree, and trees laid on top of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dockerlab.layers.entry import META_WHITEOUT, Entry
from dockerlab.layers.problems import TooMuch

MAX_NODES = 3_000_000


class Node:
    """A place in a tree: what is there, if a tar says so, and what is below it."""

    __slots__ = ("children", "entry")

    def __init__(self) -> None:
        self.children: dict[bytes, Node] = {}
        self.entry: Entry | None = None

    @property
    def size(self) -> int:
        """The bytes of what is exactly here."""
        return self.entry.size if self.entry else 0

    @property
    def is_directory(self) -> bool:
        """Whether a tar said that this is a directory; not where only something in it was told."""
        return self.entry is not None and self.entry.is_directory

    def below(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        pending = [self]
        while pending:
            node = pending.pop()
            pending.extend(node.children.values())
            yield node


class Tree:
    """A root and what hangs from it."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.root = Node()
        self._nodes = 0
        self._folders: dict[bytes, Node] = {}
        """Where the last entries went: the next one's folder is nearly always among them."""
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> Entry | None:
        """Put `entry` at its path, over what was there, and return that."""
        folder, _, name = entry.path.rpartition(b"/")
        parent = self._folders.get(folder)
        if parent is None or not name or name.startswith(META_WHITEOUT):
            before = self.put(parts_of(entry.path), entry)
            found = self.find(parts_of(folder))
            if found is not None:
                self._folders[folder] = found
            return before
        node = parent.children.get(name) or self._new_child(parent, name)
        before, node.entry = node.entry, entry
        return before

    def at(self, path: bytes) -> Node | None:
        """Return the node at this path, or None."""
        folder, _, name = path.rpartition(b"/")
        parent = self._folders.get(folder)
        return parent.children.get(name) if parent else self.find(parts_of(path))

    def find(self, parts: Sequence[bytes]) -> Node | None:
        """Return the node at this place, or None."""
        node: Node | None = self.root
        for part in parts:
            node = node.children.get(part) if node else None
        return node

    def put(self, parts: Sequence[bytes], entry: Entry | None) -> Entry | None:
        """Put `entry` at this place, over what was there, and return that; what is below it stays.

        The markers that only an engine reads (`.wh..wh.opq` and its kind) get no place, though the
        directories that lead to them do.

        Raises:
            TooMuch: the tree would have more than `MAX_NODES`.

        """
        node = self.root
        for part in parts:
            child = node.children.get(part)
            if child is None:
                if part.startswith(META_WHITEOUT):
                    return None
                child = self._new_child(node, part)
            node = child
        if node is self.root:
            return None
        before, node.entry = node.entry, entry
        return before

    def _new_child(self, parent: Node, name: bytes) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TooMuch(count=MAX_NODES)
        child = parent.children[name] = Node()
        return child

    def cut(self, parts: Sequence[bytes]) -> Node | None:
        """Take away what is at this place with all below it, and return it; None if nothing is."""
        parent = self.find(parts[:-1]) if parts else None
        self._folders.clear()
        return parent.children.pop(parts[-1], None) if parent else None

    def clear(self, node: Node) -> list[Node]:
        """Take away all that is below `node`, and return what hung from it."""
        children = list(node.children.values())
        node.children.clear()
        self._folders.clear()
        return children

    def walk(self) -> Iterator[tuple[bytes, bytes, Node]]:
        """Yield folder, name and node of everything, by name, and what is below before itself."""
        stack = [(b"", b"", self.root, iter(sorted(self.root.children.items(), key=_name)))]
        while stack:
            path, name, node, remaining = stack[-1]
            here = path + b"/" + name if name else path
            for child_name, child in remaining:
                if child.children:
                    below = iter(sorted(child.children.items(), key=_name))
                    stack.append((here, child_name, child, below))
                    break
                yield here, child_name, child
            else:
                stack.pop()
                if stack:
                    yield path, name, node


def parts_of(path: bytes) -> list[bytes]:
    """Return the parts of a path, empty ones left out.

    >>> parts_of(b"/usr//lib/")
    [b'usr', b'lib']
    """
    return [part for part in path.split(b"/") if part]


def _name(item: tuple[bytes, Node]) -> bytes:
    return item[0]
