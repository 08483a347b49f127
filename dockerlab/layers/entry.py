"""One file of a layer, as the layer's tar describes it.

A `msgspec.Struct` and not a dataclass like the rest of this package: an image has a hundred
thousand of them, and these are made, stored and read ten times as fast.
"""

from __future__ import annotations

import msgspec

FILE, HARD_LINK, SYMLINK, DIRECTORY = "0", "1", "2", "5"
WHITEOUT = b".wh."
META_WHITEOUT = b".wh..wh."
OPAQUE = b".wh..wh..opq"
_ODD_STARTS = frozenset((b"", b"/", b"."))
_TYPE_BITS, _DIRECTORY_BITS = 0o170000, 0o040000


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A member of a layer's tar (OCI image specification, layer.md).

    `path` is relative to the root and without `.` and empty parts; like all names in a tar it is
    bytes. `type` is the tar's type flag. `size` is what the header says, in bytes: for a hard or
    symbolic link usually 0. `digest` identifies the content of a file, and is empty for what has
    none; compare it with that of another entry only.
    """

    path: bytes
    type: str
    mode: int
    uid: int
    gid: int
    size: int
    target: bytes = b""
    digest: bytes = b""

    @property
    def name(self) -> str:
        """The absolute path as text, safe to print on a terminal."""
        return printable(b"/" + self.path)

    @property
    def base(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]

    @property
    def is_directory(self) -> bool:
        """Whether the tar says that this is a directory, by its type or in the bits of its mode."""
        return self.type == DIRECTORY or self.mode & _TYPE_BITS == _DIRECTORY_BITS

    @property
    def is_whiteout(self) -> bool:
        """Whether this is a marker that hides something of the layers below, and no file."""
        return self.base.startswith(WHITEOUT)

    def equals(self, other: Entry) -> bool:
        """Whether both are the same file: type, content, target, permissions and owner."""
        return (
            self.type == other.type
            and self.digest == other.digest
            and self.target == other.target
            and self.mode & 0o7777 == other.mode & 0o7777
            and self.uid == other.uid
            and self.gid == other.gid
        )


def clean(path: bytes) -> bytes | None:
    """Return `path` without empty, `.` and `..` parts, as far as these can be resolved.

    None stands for the root named as the current directory (`.`, `./`), which is no file of the
    layer. Leading `..` of a relative path stay: nothing is ever opened by this name.

    >>> clean(b"./usr//bin/../lib/"), clean(b"/../etc"), clean(b"../up"), clean(b"/"), clean(b"./")
    (b'usr/lib', b'etc', b'../up', b'', None)
    """
    if path[:1] not in _ODD_STARTS and b"/." not in path and b"//" not in path:
        return path[:-1] if path.endswith(b"/") else path  # as nearly all are
    is_absolute = path.startswith(b"/")
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part in {b"", b"."}:
            continue
        if part != b"..":
            parts.append(part)
        elif parts and parts[-1] != b"..":
            parts.pop()
        elif not is_absolute:
            parts.append(part)
    if parts or is_absolute:
        return b"/".join(parts)
    return None


def printable(name: bytes | str) -> str:
    r"""Return `name` with everything escaped that a terminal would not simply show.

    Names come out of other people's images: an escape sequence could rewrite the screen, a
    right-to-left override could make one name look like another.

    >>> printable(b"/tmp/a\x1b[2J\xff")
    '/tmp/a\\x1b[2J\\xff'
    """
    shown = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name
    if shown.isprintable():
        return shown
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
    )
