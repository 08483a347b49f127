"""A corpus of hostile builds: a Dockerfile, a context and images that mean no good.

Each is built by a real engine that starts no processes. ``outside`` is the absolute path of a
directory beside the engine's own, which holds a secret, and which nothing may read or change.
"""

from dataclasses import dataclass

from tests.unit.engine.unpack.tars import (
    BLOCK,
    CHARACTER,
    DIRECTORY,
    FIFO,
    LINK,
    SYMLINK,
    archive,
    member,
    zipped,
)

REACH = b"../" * 40
LIMIT = 8 << 20
"""Bytes that a context or an archive may unpack to."""


@dataclass(frozen=True)
class Hostile:
    """A build: the Dockerfile's lines, and the other members of the context's tar."""

    name: str
    dockerfile: bytes
    members: tuple[bytes, ...] = ()
    refused: bool | None = True
    """Whether it must be refused; None where both is well."""

    def context(self) -> bytes:
        """The tar that a client sends."""
        return archive(member(b"Dockerfile", data=self.dockerfile), *self.members)


def _from(*lines: bytes, base: bytes = b"scratch") -> bytes:
    return b"\n".join([b"FROM " + base, *lines, b""])


def _many(line: bytes, number: int) -> bytes:
    return b"\n".join(line.replace(b"@", b"%d" % each) for each in range(number))


_DEEP = b"".join(b"d" * 20 + b"/" for _ in range(600))
_LONG = b"n" * 255

DOCKERFILES = (
    Hostile("nothing", b"", refused=True),
    Hostile("zeros", bytes(5000)),
    Hostile("no text", b"\xff\xfe\x00F\x00R\x00O\x00M\x00 \x00a"),
    Hostile("only comments", b"#\n" * 5000),
    Hostile("a line too long", _from(b"ENV a=" + b"x" * 70_000)),
    Hostile("many lines", _from(_many(b"ENV a@=@", 100)), refused=None),
    Hostile("many stages", _many(b"FROM scratch AS s@", 1000)),
    Hostile("a stage of itself", b"FROM a AS a"),
    Hostile("stages in a circle", b"FROM b AS a\nFROM a AS b\n"),
    Hostile("copies from itself", _from(b"COPY --from=0 / /")),
    Hostile("copies from a number", _from(b"COPY --from=" + b"9" * 5000 + b" / /")),
    Hostile("copies from a negative number", _from(b"COPY --from=-1 / /")),
    Hostile("copies from a stage with a NUL", _from(b"COPY --from=a\0b / /")),
    Hostile("braces in braces", _from(b"ENV a=" + b"${a:-" * 5000 + b"}" * 5000)),
    Hostile("open braces", _from(b"ENV a=" + b"${a:-" * 10_000)),
    Hostile("quotes in braces", _from(b"ENV a=" + b'"${a:-' * 3000)),
    Hostile(
        "words that double",
        _from(
            b"ARG a0=xxxxxxxx",
            _many(b"ARG b@=$a@$a@\nARG a@=$b@$b@", 3),
            *(b"ARG a%d=$a%d$a%d" % (each + 1, each, each) for each in range(60)),
            b"ENV big=$a60",
        ),
    ),
    Hostile(
        "words that grow in one line",
        _from(b"ARG a=" + b"x" * 60_000, b"ENV b=" + b"$a" * 30_000),
    ),
    Hostile(
        "replacements that grow",
        _from(b"ARG a=" + b"x" * 60_000, b"ENV b=${a//x/" + b"y" * 60_000 + b"}"),
    ),
    Hostile(
        "stars that explode",
        _from(b"ARG a=" + b"a" * 5000, b"ENV b=${a//" + b"*a" * 30 + b"b/}"),
        refused=None,
    ),
    Hostile(
        "stars that explode from an end",
        _from(b"ARG a=" + b"a" * 60_000, b"ENV b=${a%%" + b"*a" * 30 + b"b}"),
        refused=None,
    ),
    Hostile("stars in a name", _from(b"COPY " + b"*a" * 30 + b"b /x"), (member(b"a" * 250),)),
    Hostile("classes in a name", _from(b"COPY " + b"[a-z]*" * 40 + b"! /x"), (member(b"a" * 250),)),
    Hostile("a class without an end", _from(b"COPY [a /x"), (member(b"a"),)),
    Hostile("brackets that explode", _from(b"COPY " + b"[" * 5000 + b" /x"), (member(b"a"),)),
    Hostile("a heredoc without an end", _from(b"RUN <<EOF\nx")),
    Hostile("many heredocs", _from(b"RUN " + b"<<a " * 2000 + b"\n" + b"a\n" * 1999)),
    Hostile("a heredoc with a long name", _from(b"COPY <<" + b"E" * 60_000 + b" /x")),
    Hostile("a heredoc of a heredoc", _from(b"RUN <<<<EOF <<EOF\nEOF\nEOF")),
    Hostile("ONBUILD in ONBUILD", _from(b"ONBUILD " * 3000 + b"RUN x")),
    Hostile("ONBUILD FROM", _from(b"ONBUILD FROM scratch")),
    Hostile("a user's number", _from(b"COPY --chown=" + b"9" * 30 + b" f /x"), (member(b"f"),)),
    Hostile(
        "digits without end", _from(b"COPY --chown=" + b"9" * 9000 + b" f /x"), (member(b"f"),)
    ),
    Hostile("a negative user", _from(b"COPY --chown=-7:-8 f /x"), (member(b"f"),), refused=None),
    Hostile("a user with a NUL", _from(b"COPY --chown=a\0b f /x"), (member(b"f"),)),
    Hostile("a name with a NUL", _from(b"COPY f\0 /x"), (member(b"f"),)),
    Hostile("a place with a NUL", _from(b"COPY f /x\0y"), (member(b"f"),)),
    Hostile("a directory with a NUL", _from(b"WORKDIR /a\0b"), refused=None),
    Hostile("a directory that climbs", _from(b"WORKDIR " + REACH + b"evil"), refused=None),
    Hostile("a directory too deep", _from(b"WORKDIR /" + _DEEP), refused=None),
    Hostile("a directory with a long name", _from(b"WORKDIR /" + _LONG * 2)),
    Hostile("a port too large", _from(b"EXPOSE 99999999999999999999")),
    Hostile("ports without end", _from(b"EXPOSE 1-65535"), refused=None),
    Hostile("a port of digits", _from(b"EXPOSE " + b"9" * 9000)),
    Hostile("a signal too large", _from(b"STOPSIGNAL " + b"9" * 9000)),
    Hostile("a health check for ever", _from(b"HEALTHCHECK --interval=9999999999999999h CMD x")),
    Hostile(
        "health checks without end", _from(b"HEALTHCHECK --retries=" + b"9" * 9000 + b" CMD x")
    ),
    Hostile("a volume with a NUL", _from(b"VOLUME /a\0b"), refused=None),
    Hostile("JSON in JSON", _from(b"CMD " + b"[" * 60_000), refused=None),
    Hostile("JSON of numbers", _from(b"CMD [1, 1e999, null]"), refused=None),
    Hostile("JSON with lone surrogates", _from(b'CMD ["\\ud800"]'), refused=None),
    Hostile(
        "bytes that are no text",
        _from(b"ENV a=\xff", b"LABEL \xfe=\xff", b"CMD \xff"),
        refused=None,
    ),
    Hostile("a shell of nothing", _from(b"SHELL []")),
    Hostile("an image with a bad name", b"FROM " + b"../" * 100),
    Hostile("an image with a NUL", b"FROM a\0b"),
    Hostile("a platform with a NUL", b"FROM --platform=a\0b scratch", refused=None),
    Hostile("an address that is none", _from(b"ADD http://\0 /")),
    Hostile("an address with a port of digits", _from(b"ADD http://[::1:99999999 /")),
    Hostile("a file as an address", _from(b"ADD file:///etc/passwd /x")),
)
"""What stands in a Dockerfile."""


def _around(
    *members: bytes,
    copies: bytes = b"COPY . /got",
    refused: bool | None = None,
    name: str,
    base: bytes = b"scratch",
) -> Hostile:
    return Hostile(name, _from(copies, base=base), members, refused)


def contexts(outside: bytes) -> tuple[Hostile, ...]:
    """What lies beside a Dockerfile; most of it is harmless once unpacked within its walls."""
    return (
        _around(member(b"../evil", data=b"evil"), name="a name that climbs", refused=True),
        _around(member(b"/" + REACH + b"evil"), name="an absolute name that climbs", refused=True),
        _around(member(b"l", SYMLINK, target=outside), copies=b"COPY l /got", name="a link out"),
        _around(
            member(b"l", SYMLINK, target=outside),
            copies=b"COPY l/secret /got",
            name="through a link out",
            refused=True,
        ),
        _around(
            member(b"l", SYMLINK, target=REACH + outside[1:]),
            copies=b"COPY l/secret /got",
            name="through a link that climbs",
            refused=True,
        ),
        _around(
            member(b"l", SYMLINK, target=outside),
            member(b"l/evil", data=b"evil"),
            name="a file through a link",
        ),
        _around(
            member(b"h", LINK, target=outside + b"/secret"), name="a hard link out", refused=True
        ),
        _around(
            member(b"l", SYMLINK, target=outside),
            member(b"h", LINK, target=b"l/secret"),
            name="a hard link through a link",
            refused=True,
        ),
        _around(
            member(b"a", SYMLINK, target=b"b"),
            member(b"b", SYMLINK, target=b"a"),
            copies=b"COPY a /got",
            name="links in a circle",
            refused=True,
        ),
        _around(
            *(member(b"l%d" % n, SYMLINK, target=b"l%d" % (n + 1)) for n in range(300)),
            copies=b"COPY l0 /got",
            name="many links",
            refused=True,
        ),
        _around(
            member(b"disk", BLOCK),
            member(b"null", CHARACTER),
            member(b"pipe", FIFO),
            name="devices and pipes",
        ),
        _around(member(b"pipe", FIFO), copies=b"ADD pipe /got", name="a pipe that is added"),
        _around(member(b"f", data=b"x", mode=0o6755), name="setuid"),
        _around(member(_DEEP + b"f", data=b"x"), name="a path too deep"),
        _around(
            *(member(b"d/" * n, DIRECTORY) for n in range(1, 300, 50)),
            name="directories deep in each other",
        ),
        _around(
            member(_LONG, data=b"x"),
            member(_LONG * 2, data=b"x"),
            name="a name too long",
            refused=True,
        ),
        _around(
            member(b"\xff\xfe", data=b"x"),
            member(b"a\nb", data=b"x"),
            member(b"-rf"),
            name="names that are no text",
        ),
        _around(member(b"a\0b", data=b"x"), name="a name with a NUL"),
        _around(
            member(b"d", DIRECTORY),
            member(b"d", data=b"x"),
            member(b"d/f", data=b"y"),
            name="a directory that is a file",
        ),
        _around(
            member(b"f", data=b"x"), member(b"f/g", data=b"y"), name="a file that is a directory"
        ),
        _around(*(member(b"f", data=b"%d" % n) for n in range(500)), name="one name many times"),
        _around(*(member(b"f%d" % n) for n in range(800)), name="many files"),
        _around(
            *(member(b"x/" * 90 + b"%d/" % n, DIRECTORY) for n in range(300)),
            name="many directories in each other",
        ),
        _around(member(b"z", data=bytes(2 * LIMIT)), name="larger than allowed", refused=True),
        _around(
            member(
                b"hole",
                pax={
                    b"GNU.sparse.map": b"0,0",
                    b"GNU.sparse.realsize": b"%d" % (1 << 60),
                    b"GNU.sparse.size": b"%d" % (1 << 60),
                },
            ),
            name="a hole without end",
            refused=True,
        ),
        _around(
            member(b"Dockerfile", data=b"FROM nosuch:1\n"), name="two Dockerfiles", refused=True
        ),
        _around(
            member(b"Dockerfile", SYMLINK, target=outside + b"/secret"),
            refused=True,
            name="a Dockerfile that is a link out",
        ),
        _around(member(b"Dockerfile", FIFO), name="a Dockerfile that is a pipe", refused=True),
        _around(
            member(b"Dockerfile", DIRECTORY), name="a Dockerfile that is a directory", refused=None
        ),
        _around(
            member(b".dockerignore", SYMLINK, target=outside + b"/secret"),
            name="patterns that are a link out",
        ),
        _around(member(b".dockerignore", DIRECTORY), name="patterns that are a directory"),
        _around(member(b".dockerignore", data=b"***" * 2000 + b"Z"), name="patterns that explode"),
        _around(
            member(b".dockerignore", data=b"**/*/" * 2000 + b"Z"),
            name="patterns that explode by directories",
        ),
        _around(member(b".dockerignore", data=b"*?" * 3000), name="patterns of stars and marks"),
        _around(
            member(b".dockerignore", data=b"[" * 3000),
            name="patterns that are malformed",
            refused=True,
        ),
        _around(
            member(b".dockerignore", data=b"!" * 3000 + b"\n!\n"),
            name="patterns that only keep",
            refused=True,
        ),
        _around(
            member(b".dockerignore", data=b"\xff\0\n" * 3000), name="patterns that are no text"
        ),
        _around(
            member(b".dockerignore", data=b"../../**\n/" + REACH + b"*"), name="patterns that climb"
        ),
        _around(member(b".dockerignore", data=_many(b"a@*b", 4_000)), name="many patterns"),
    )


def _added(
    *members: bytes, name: str, refused: bool | None = None, base: bytes = b"scratch"
) -> Hostile:
    tarball = member(b"t.tar", data=archive(*members))
    return Hostile(f"added: {name}", _from(b"ADD t.tar /got", base=base), (tarball,), refused)


def archives(outside: bytes) -> tuple[Hostile, ...]:
    """What ``ADD`` unpacks."""
    return (
        _added(member(b"../evil", data=b"evil"), name="a name that climbs", refused=True),
        _added(
            member(b"l", SYMLINK, target=outside),
            member(b"l/evil", data=b"evil"),
            name="through a link out",
        ),
        _added(
            member(b"l", SYMLINK, target=REACH + outside[1:]),
            member(b"l/evil", data=b"evil"),
            name="through a link that climbs",
        ),
        _added(
            member(b"h", LINK, target=outside + b"/secret"), name="a hard link out", refused=True
        ),
        _added(member(b".wh.x"), member(b".wh..wh..opq"), name="whiteouts are plain files here"),
        _added(member(b"disk", BLOCK), member(b"pipe", FIFO), name="devices"),
        Hostile(
            "added: a bomb",
            _from(b"ADD t.tgz /"),
            (member(b"t.tgz", data=zipped(archive(member(b"z", data=bytes(4 * LIMIT))))),),
        ),
        Hostile(
            "added: cut short",
            _from(b"ADD t.tar /"),
            (member(b"t.tar", data=archive(member(b"f", data=bytes(5000)))[:3000]),),
        ),
        Hostile(
            "added: a link to the secret",
            _from(b"ADD l /got"),
            (member(b"l", SYMLINK, target=outside + b"/secret"),),
        ),
    )


IMAGES = (
    Hostile(
        "into an image's link out",
        _from(b"COPY f /out/evil", base=b"base"),
        (member(b"f", data=b"evil"),),
        None,
    ),
    Hostile(
        "into an image's link that climbs",
        _from(b"COPY f /climbs/evil", base=b"base"),
        (member(b"f", data=b"evil"),),
        None,
    ),
    Hostile(
        "over an image's link out",
        _from(b"COPY f /out", base=b"base"),
        (member(b"f", data=b"evil"),),
        None,
    ),
    Hostile(
        "a directory into a link",
        _from(b"COPY d /out", base=b"base"),
        (member(b"d/evil", data=b"evil"),),
        None,
    ),
    Hostile(
        "an archive into a link",
        _from(b"ADD t.tar /out", base=b"base"),
        (member(b"t.tar", data=archive(member(b"evil", data=b"evil"))),),
        None,
    ),
    Hostile("a working directory in a link", _from(b"WORKDIR /out/evil", base=b"base"), (), None),
    Hostile("from an image's link out", _from(b"COPY --from=base /out/secret /got"), ()),
    Hostile("from an image's link that climbs", _from(b"COPY --from=base /climbs/secret /got"), ()),
    Hostile("from an image, all of it", _from(b"COPY --from=base / /got"), (), None),
    Hostile("a user from a link", _from(b"COPY --chown=evil f /x", base=b"base"), (member(b"f"),)),
    Hostile("an image's circle", _from(b"COPY f /circle/x", base=b"base"), (member(b"f"),)),
    *(
        Hostile(f"an image that wants {name} done", _from(base=name.encode()))
        for name in ("a-stage", "a-chain", "two-steps", "nothing", "no-instruction")
    ),
)
"""What images that are built on hold: see ``images``."""


def corpus(outside: bytes) -> tuple[Hostile, ...]:
    """All of them; as many, and by the same names, wherever ``outside`` is."""
    return (*DOCKERFILES, *contexts(outside), *archives(outside), *IMAGES)


ON_BUILD = {
    "a-stage": ["FROM scratch"],
    "a-chain": ["ONBUILD RUN x"],
    "two-steps": ["ENV a=b\nENV c=d"],
    "nothing": [""],
    "no-instruction": ["\0"],
}
"""Images by what their makers want done in builds on top of them."""


def base_layer(outside: bytes) -> bytes:
    """The layer of ``base``."""
    return archive(
        member(b"out", SYMLINK, target=outside),
        member(b"climbs", SYMLINK, target=REACH + outside[1:]),
        member(b"circle", SYMLINK, target=b"circle"),
        member(b"etc", DIRECTORY),
        member(b"etc/passwd", SYMLINK, target=outside + b"/secret"),
    )
