"""The context that a client sends: the files beside a Dockerfile.

Most contexts are small and hold nothing but plain files and directories. Such a one stays in memory
as it came: where every step was done before, names and checksums are all that is asked of it, and
those stand in the tar. It is unpacked when a step first copies something. All others are unpacked
as they arrive.
"""

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol, Self, cast

import msgspec

from dockerlab.engine.builder import sources
from dockerlab.engine.builder.sources import Files, Found, Header, Source
from dockerlab.engine.builder.wildcards import Ignored, clean, read_patterns
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.snapshots import trees
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.compression import decompressed
from dockerlab.engine.unpack.extract import extract
from dockerlab.engine.unpack.root import parts
from dockerlab.engine.unpack.source import Held

DOCKERFILE = "Dockerfile"
IGNORE_FILE = ".dockerignore"
MOST_HELD = 4 << 20
"""Bytes of a context that stay in memory, compressed or not."""
_DEEPEST = 100
"""Directories in each other: a few bytes of a tar could else take much of the memory."""


class Context(Source, Protocol):
    """A context that has arrived."""

    def read(self, path: str) -> bytes | None:
        """A regular file, or None where there is none; raises Forbidden as ``resolve``."""
        ...

    def hide(self, path: str) -> None:
        """From now on there is no such file."""
        ...


def receive(
    stream: BinaryIO, root: Path, *, limit: int | None = None, most_held: int = MOST_HELD
) -> Context:
    """Take a context in; if it has to be unpacked, then into the directory ``root``.

    Blocks; raises as ``extract``.
    """
    begun = stream.read(most_held)
    if len(begun) == most_held:
        rejoined = cast("BinaryIO", _Rejoined(begun, stream))
        return UnpackedContext.receive(rejoined, root, limit=limit)
    held = HeldContext.receive(begun, root, most=min(most_held, limit or most_held))
    return held or UnpackedContext.receive(io.BytesIO(begun), root, limit=limit)


def read_dockerfile(context: Context, name: str) -> bytes:
    """The Dockerfile; then what ``.dockerignore`` hides of the two is taken away.

    Raises:
        InvalidParameter: it is not there, or empty.
        Forbidden: its name leads out of the context.

    """
    data = context.read(name)
    if data is None and name == DOCKERFILE:
        data = context.read(lower := name.lower())
        name = name if data is None else lower
    if data is None:
        raise InvalidParameter(f"Cannot locate specified Dockerfile: {name}")
    if not data:
        raise InvalidParameter(f"the Dockerfile ({name}) cannot be empty")
    _hide_ignored(context, name)
    return data


def _hide_ignored(context: Context, dockerfile: str) -> None:
    """Clients send both even where they are ignored, since the engine needs them."""
    patterns = context.read(IGNORE_FILE)
    if patterns is None:
        return
    ignored = Ignored(read_patterns(patterns))
    for name in (IGNORE_FILE, dockerfile):
        if clean(name) in ignored:
            context.hide(name)


class UnpackedContext(Files):
    """A context whose files are on disk already."""

    def __init__(self, root: Path) -> None:
        """Use ``receive``."""
        super().__init__(root)
        self._headers: dict[str, Header] = {}
        self._known: dict[str, str] = {}

    @classmethod
    def receive(cls, stream: BinaryIO, root: Path, *, limit: int | None = None) -> Self:
        """Unpack a context into ``root``; raises as ``extract``."""
        context = cls(_made(root))
        extract(stream, root, limit=limit, what="build context", seen=context._note)
        return context

    def _note(self, entry: tar.Entry) -> None:
        self._headers[clean("/" + os.fsdecode(entry.name))[1:]] = _header(entry)

    def checksum(self, path: str) -> str:
        """See ``Source.checksum``."""
        place = sources.resolve(self.root, path)
        relative = os.path.relpath(place, self.root)
        known = self._known.get(relative)
        if known is None:
            header = self._headers.get(relative)
            if header is None:
                return path
            known = self._known[relative] = header.checksum_of(place)
        return known

    def read(self, path: str) -> bytes | None:
        """See ``Context.read``."""
        place = sources.resolve(self.root, path)
        return place.read_bytes() if place.is_file() else None

    def hide(self, path: str) -> None:
        """See ``Context.hide``."""
        _remove(sources.resolve(self.root, path))


class _Node(msgspec.Struct):
    """A file of a tar in memory, or a directory; one that the tar only implies has no header."""

    header: Header | None = None
    start: int = 0
    """Where a file's data are."""
    entries: dict[str, "_Node"] | None = None
    """What is in a directory; None for a file."""


class HeldContext:
    """A context in memory: without links, devices and holes every name is what it seems."""

    def __init__(self, data: bytes, root: Path) -> None:
        """Use ``receive``."""
        self._data = data
        self._root = root
        self._unpacked = False
        self._top = _Node(entries={})
        self._hidden: list[str] = []

    @classmethod
    def receive(cls, data: bytes, root: Path, *, most: int) -> Self | None:
        """A tar, compressed or not, as a context; None if it is not simple, or large.

        Raises:
            DataLoss: it is no tar, is damaged, or has a name that climbs out.

        """
        plain = io.BytesIO()
        for piece in decompressed(io.BytesIO(data)):
            if plain.write(piece) and plain.tell() > most:
                return None
        context = cls(plain.getvalue(), root)
        reader = Held(context._data)
        simple = all(context._add(entry, reader.position) for entry in tar.entries(reader))
        return context if simple else None

    def _add(self, entry: tar.Entry, start: int) -> bool:
        """List a member; False if it is not simple, or not the only one of its name."""
        names = [os.fsdecode(part) for part in parts(entry.name)]
        directory = entry.type == tar.DIRECTORY
        plain = entry.type == tar.FILE and entry.extents is None and names
        if not (directory or plain) or len(names) > _DEEPEST:
            return False
        node = self._top
        for name in names:
            if node.entries is None:
                return False
            node = node.entries.setdefault(name, _Node(entries={}))
        if node.header is not None or not (directory or node.entries == {}):
            return False
        node.header, node.start = _header(entry), start
        if not directory:
            node.entries = None
        return True

    @property
    def root(self) -> Path:
        """The directory with the files, which are unpacked now if they were not."""
        if not self._unpacked:
            extract(io.BytesIO(self._data), _made(self._root))
            for path in self._hidden:
                _remove(self._root / path)
            self._unpacked = True
        return self._root

    def _node(self, path: str) -> _Node | None:
        node: _Node | None = self._top
        for name in filter(None, sources.inside(path).split("/")):
            node = node.entries.get(name) if node and node.entries else None
        return node

    def find(self, path: str) -> Found | None:
        """See ``Source.find``."""
        node = self._node(path)
        return Found(sources.inside(path), node.entries is not None) if node else None

    def walk(self, inside: str) -> Iterator[str]:
        """See ``Source.walk``."""
        found = self._node(inside)
        entries = (found.entries if found else None) or {}
        for name in sorted(entries, key=os.fsencode):
            path = f"{inside}/{name}" if inside else name
            yield path
            if entries[name].entries:
                yield from self.walk(path)

    def checksum(self, path: str) -> str:
        """See ``Source.checksum``."""
        node = self._node(path)
        if node is None or node.header is None or node is self._top:
            return path
        checksum = node.header.begin()
        if node.entries is None:
            checksum.update(self._bytes(node))
        return checksum.hexdigest()

    def read(self, path: str) -> bytes | None:
        """See ``Context.read``."""
        node = self._node(path)
        return bytes(self._bytes(node)) if node and node.entries is None else None

    def _bytes(self, node: _Node) -> memoryview:
        size = node.header.size if node.header else 0
        return memoryview(self._data)[node.start : node.start + size]

    def hide(self, path: str) -> None:
        """See ``Context.hide``."""
        above, _, name = sources.inside(path).rpartition("/")
        node = self._node(above)
        if node and node.entries and node.entries.pop(name, None):
            self._hidden.append(sources.inside(path))


class _Rejoined:
    """A stream, with what was read of it already before what is left."""

    def __init__(self, begun: bytes, stream: BinaryIO) -> None:
        self._begun = io.BytesIO(begun)
        self._stream = stream

    def read(self, size: int) -> bytes:
        return self._begun.read(size) or self._stream.read(size)


def _header(entry: tar.Entry) -> Header:
    return Header(
        name=entry.name,
        type=entry.type,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        size=entry.size,
        target=entry.target,
        device=entry.device,
        xattrs=entry.xattrs,
    )


def _made(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o755)
    return root


def _remove(place: Path) -> None:
    if place.is_dir():
        trees.remove(place)
    else:
        with suppress(FileNotFoundError):
            place.unlink()
