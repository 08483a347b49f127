"""A corpus of hostile layers: what each tries, and what must come of it.

Each is unpacked beside a directory ``outside`` that it tries to reach; ``REACH`` climbs out of the
root by as many ``..`` as there can be directories above it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from dockerlab.engine.errors import DataLoss, EngineError, Forbidden
from tests.unit.engine.unpack.tars import (
    CHARACTER,
    DIRECTORY,
    END,
    FIFO,
    LINK,
    SYMLINK,
    archive,
    extended,
    member,
    zipped,
)

LIMIT = 1 << 20
"""Bytes that each may unpack to."""
REACH = b"../" * 40


@dataclass(frozen=True)
class Hostile:
    """A layer, and the error that it must end in; None where it is harmless once unpacked."""

    name: str
    layer: Callable[[bytes], bytes]
    """Makes it, given the absolute path of the directory outside."""
    error: type[EngineError] | None = DataLoss


def _through(target: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda outside: archive(
        member(b"link", SYMLINK, target=target(outside)),
        member(b"link/evil", data=b"evil"),
        member(b"link/secret", data=b"evil"),
    )


def _bomb(_outside: bytes) -> bytes:
    return zipped(archive(member(b"zeros", data=bytes(64 * LIMIT))))


def _sparse_bomb(_outside: bytes) -> bytes:
    size = b"%d" % (1 << 60)
    pax = {b"GNU.sparse.map": b"0,0", b"GNU.sparse.realsize": size, b"GNU.sparse.size": size}
    return archive(member(b"hole", pax=pax))


CORPUS = [
    Hostile("a name that climbs", lambda _: archive(member(b"../evil"))),
    Hostile("a name that climbs later", lambda _: archive(member(b"a/../../evil"))),
    Hostile("an absolute name that climbs", lambda _: archive(member(b"/../outside/evil"))),
    Hostile("an absolute name", lambda outside: archive(member(outside + b"/evil")), None),
    Hostile("a directory that climbs", lambda _: archive(member(b"../outside/", DIRECTORY))),
    Hostile("a parent linked absolutely", _through(lambda outside: outside), None),
    Hostile("a parent linked relatively", _through(lambda outside: REACH + outside[1:]), None),
    Hostile("a parent linked to /", _through(lambda _: b"/"), None),
    Hostile("a parent linked to ..", _through(lambda _: b".."), None),
    Hostile(
        "a chain of links out",
        lambda outside: archive(
            member(b"d/", DIRECTORY),
            member(b"d/up", SYMLINK, target=b"../.."),
            member(b"up", SYMLINK, target=b"d/up"),
            member(b"out", SYMLINK, target=b"up" + outside),
            member(b"out/evil", data=b"evil"),
        ),
        None,
    ),
    Hostile(
        "links in a circle",
        lambda _: archive(
            member(b"a", SYMLINK, target=b"b"),
            member(b"b", SYMLINK, target=b"a"),
            member(b"a/evil"),
        ),
    ),
    Hostile(
        "a file written through a link that it replaces",
        lambda outside: archive(
            member(b"f", SYMLINK, target=outside + b"/secret"), member(b"f", data=b"evil")
        ),
        None,
    ),
    Hostile(
        "a directory's mode set through a link that replaced it",
        lambda outside: archive(
            member(b"d/", DIRECTORY, mode=0o777, owner=(1, 1)),
            member(b"d", SYMLINK, target=outside),
        ),
        None,
    ),
    Hostile(
        "a directory that becomes a link while it is open",
        lambda outside: archive(
            member(b"d/", DIRECTORY),
            member(b"d/one"),
            member(b"d", SYMLINK, target=outside),
            member(b"d/evil"),
        ),
        None,
    ),
    Hostile(
        "a hard link out",
        lambda outside: archive(member(b"h", LINK, target=REACH + outside[1:] + b"/secret")),
    ),
    Hostile(
        "an absolute hard link",
        lambda outside: archive(member(b"h", LINK, target=outside + b"/secret")),
    ),
    Hostile(
        "a hard link through a symbolic one",
        lambda outside: archive(
            member(b"link", SYMLINK, target=outside), member(b"h", LINK, target=b"link/secret")
        ),
    ),
    Hostile(
        "a hard link to a symbolic one, then dressed",
        lambda outside: archive(
            member(b"link", SYMLINK, target=outside + b"/secret"),
            member(b"h", LINK, target=b"link", mode=0o777, owner=(1, 1)),
            member(b"h", LINK, target=b"link", mode=0o777),
        ),
        None,
    ),
    Hostile("a hard link to the root", lambda _: archive(member(b"h", LINK, target=b"./"))),
    Hostile(
        "a hard link to a directory",
        lambda _: archive(member(b"d/", DIRECTORY), member(b"h", LINK, target=b"d")),
    ),
    Hostile("a hard link to itself", lambda _: archive(member(b"h", LINK, target=b"h")), None),
    Hostile("a whiteout of ..", lambda _: archive(member(b".wh..."))),
    Hostile("a whiteout of .", lambda _: archive(member(b"a/.wh.."))),
    Hostile("a whiteout of nothing", lambda _: archive(member(b".wh."))),
    Hostile("a whiteout that climbs", lambda _: archive(member(b"../.wh.outside"))),
    Hostile(
        "a whiteout through a link",
        lambda outside: archive(
            member(b"link", SYMLINK, target=outside), member(b"link/.wh.secret")
        ),
        None,
    ),
    Hostile(
        "an opaque whiteout through a link",
        lambda outside: archive(
            member(b"link", SYMLINK, target=outside), member(b"link/.wh..wh..opq")
        ),
        None,
    ),
    Hostile(
        "overlayfs' own attributes",
        lambda _: archive(
            member(
                b"d/",
                DIRECTORY,
                pax={
                    b"SCHILY.xattr.trusted.overlay.redirect": b"/../outside",
                    b"SCHILY.xattr.user.overlay.redirect": b"/../outside",
                },
            )
        ),
        None,
    ),
    Hostile("a setuid file", lambda _: archive(member(b"su", mode=0o6755)), None),
    Hostile(
        "a disk", lambda _: archive(member(b"sda", CHARACTER, device=(8, 0), mode=0o666)), None
    ),
    Hostile(
        "a device that cannot be",
        lambda _: archive(member(b"x", CHARACTER, device=(0o1777777, 0o7777777))),
    ),
    Hostile(
        "a fifo written to", lambda _: archive(member(b"f", FIFO), member(b"f", data=b"x")), None
    ),
    Hostile("a file below a file", lambda _: archive(member(b"f"), member(b"f/g"))),
    Hostile("a name with a NUL", lambda _: archive(extended({b"path": b"a\0b"}) + member(b"x"))),
    Hostile(
        "a link's target with a NUL",
        lambda _: archive(extended({b"linkpath": b"a\0b"}) + member(b"x", SYMLINK)),
    ),
    Hostile(
        "an attribute's name with a NUL",
        lambda _: archive(member(b"x", pax={b"SCHILY.xattr.user.a\0b": b"1"})),
    ),
    Hostile("a link to nothing", lambda _: archive(member(b"x", SYMLINK, target=b""))),
    Hostile("a long component", lambda _: archive(member(b"a" * 256))),
    Hostile("a long path", lambda _: archive(member(b"a/" * 3000 + b"x"))),
    Hostile("a long target", lambda _: archive(member(b"x", SYMLINK, target=b"a" * 5000))),
    Hostile("a bomb of zeros", _bomb, Forbidden),
    Hostile("a bomb of holes", _sparse_bomb, Forbidden),
    Hostile(
        "holes in many files",
        lambda _: archive(
            *(
                member(b"f%d" % number, pax={b"GNU.sparse.map": b"", b"GNU.sparse.size": b"900000"})
                for number in range(3)
            )
        ),
        Forbidden,
    ),
    Hostile(
        "an extended header of gigabytes",
        lambda _: archive(member(b"pax", b"x", size=1 << 32)),
    ),
    Hostile(
        "a long name of gigabytes", lambda _: archive(member(b"././@LongLink", b"L", size=1 << 32))
    ),
    Hostile("a negative size", lambda _: archive(extended({b"size": b"-1"}) + member(b"x"))),
    Hostile("a huge size", lambda _: archive(extended({b"size": b"9" * 19}) + member(b"x"))),
    Hostile("a pax record of no length", lambda _: archive(member(b"p", b"x", data=b"0 a=b\n"))),
    Hostile("a pax record too long", lambda _: archive(member(b"p", b"x", data=b"99 a=b\n"))),
    Hostile("a pax record without =", lambda _: archive(member(b"p", b"x", data=b"6 ab\n\n"))),
    Hostile(
        "a sparse map that overlaps",
        lambda _: archive(
            member(
                b"x",
                data=b"1234",
                pax={b"GNU.sparse.map": b"4,2,0,2", b"GNU.sparse.size": b"8"},
            )
        ),
    ),
    Hostile(
        "a sparse map without end",
        lambda _: archive(
            member(
                b"x",
                data=b"1" * 4096,
                pax={b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0"},
            )
        ),
    ),
    Hostile("an unknown type", lambda _: archive(member(b"x", b"Q"))),
    Hostile("a wrong checksum", lambda _: archive(b"X" + member(b"x")[1:])),
    Hostile("no tar at all", lambda _: b"this is no tar" * 100),
    Hostile("a few bytes", lambda _: b"short"),
    Hostile("cut short in a header", lambda _: member(b"x")[:300]),
    Hostile("cut short in the data", lambda _: member(b"x", data=b"1" * 2000)[:1000]),
    Hostile("cut short in the padding", lambda _: member(b"x", data=b"1")[:600]),
    Hostile("a block of zeros within", lambda _: member(b"x") + bytes(512) + member(b"y") + END),
    Hostile("gzip cut short", lambda _: zipped(archive(member(b"x", data=b"1" * 9999)))[:-20]),
    Hostile("gzip without its end", lambda _: zipped(archive(member(b"x")))[:-4]),
    Hostile("gzip damaged", lambda _: _damaged(zipped(archive(member(b"x", data=b"1" * 9999))))),
    Hostile("gzip and something else", lambda _: zipped(archive(member(b"x"))) + b"rubbish"),
    Hostile("a bare deflate stream", lambda _: zlib.compress(archive(member(b"x")))),
    Hostile("zstd that is none", lambda _: b"\x28\xb5\x2f\xfd" + bytes(100)),
    Hostile("xz that is none", lambda _: b"\xfd7zXZ\0" + bytes(100)),
    Hostile("bzip2 that is none", lambda _: b"BZh9" + bytes(100)),
    Hostile("times beyond time", lambda _: archive(member(b"x", pax={b"mtime": b"9" * 18})), None),
    Hostile("a time before time", lambda _: archive(member(b"x", pax={b"mtime": b"-5.5"})), None),
    Hostile("a time that is none", lambda _: archive(member(b"x", pax={b"mtime": b"soon"}))),
    Hostile(
        "an owner beyond owners",
        lambda _: archive(member(b"x", pax={b"uid": b"9" * 19, b"gid": b"4294967295"})),
        None,
    ),
    Hostile(
        "deep directories made implicitly", lambda _: archive(member(b"a/" * 1500 + b"x")), None
    ),
    Hostile(
        "a directory replaced by a file with much in it",
        lambda _: archive(
            *(member(b"d/%d/x" % number) for number in range(200)),
            member(b"d"),
            member(b"d/", DIRECTORY),
        ),
        None,
    ),
]


def _damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
