"""Dockerfiles that both engines build, and what else is asked of the images."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

BASE = "FROM busybox\n"


@dataclass(frozen=True)
class File:
    """A file of a context: its data, or where a symbolic or hard link leads."""

    data: str | bytes = ""
    mode: int = 0o644
    link: str = ""
    hard: str = ""
    kind: bytes = tarfile.REGTYPE


@dataclass(frozen=True)
class Case:
    """One build. `then` are commands to run in a container of the image."""

    name: str
    dockerfile: str | bytes
    files: Mapping[str, File | str | bytes] = field(default_factory=dict)
    options: Sequence[str] = ()
    then: Sequence[str] = ()
    dockerfile_name: str = "Dockerfile"

    def context(self) -> bytes:
        """The tar to send."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, given in {self.dockerfile_name: self.dockerfile, **self.files}.items():
                file = given if isinstance(given, File) else File(given)
                data = file.data.encode() if isinstance(file.data, str) else file.data
                entry = tarfile.TarInfo(name)
                entry.mode, entry.mtime, entry.type = file.mode, 1767323045, file.kind
                if file.link or file.hard:
                    entry.type = tarfile.SYMTYPE if file.link else tarfile.LNKTYPE
                    entry.linkname = file.link or file.hard
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return out.getvalue()


def _archive(mode: Literal["", "gz", "bz2"]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{mode}") as tar:  # type: ignore[call-overload]
        for name, data in (("x/a", b"1"), ("x/b", b"22")):
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.mode = len(data), 7, 0o640
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def show(*places: str) -> str:
    """List what is at some places, with owners, modes and sizes."""
    line = "stat -c '%n %N %a %u:%g %s' \"$f\""
    return f"find {' '.join(places)} | sort | while read f; do {line}; done"


LANGUAGE = (
    Case(
        "variables",
        BASE
        + r"""ENV A=1 B="two three" C=a\ b D='sing $A' E=$A$B F="${A:-x}${NO:-y}${A:+z}"
ENV OLD style  value with   spaces
ENV G=${F#1} H=${F%%y*} I=${B/two/2} J=${B//e/E} K=${B##*o}
LABEL "multi.label"="a\
b" x=y
LABEL z="q\"q" w='$A' v=$A
EXPOSE $A 8000-8002/udp 53/UDP
EXPOSE ${PORTS:-"1 2"}
USER ${A}000
STOPSIGNAL ${S:-9}
WORKDIR /a/$A/../b
WORKDIR c
VOLUME /v$A ["/nojson"]
VOLUME ["/j1", "/j 2"]
""",
    ),
    Case("a variable that must be", BASE + "ENV A=${B:?must be}\n"),
    Case("an open quote", BASE + 'ENV A="x\n'),
    Case("an open brace", BASE + "ENV A=${B\n"),
    Case("an unknown modifier", BASE + "WORKDIR ${B!x}\n"),
    Case(
        "continued lines",
        BASE + "RUN a=1 \\\n  # c\n  && echo $a \\\n\n  && b=2\nENV A=1 \\\n B=2\n",
    ),
    Case("another escape", "# escape=`\n" + BASE + 'RUN a=1 `\n && b=2\nENV P=C:\\x\\y Q=a`"b\n'),
    Case("an escape that is none", "# escape=x\n" + BASE),
    Case("two escapes", "# escape=`\n# escape=`\n" + BASE),
    Case("syntax is ignored", "# syntax=docker/dockerfile:1\n" + BASE + "ENV a=b\n"),
    Case("a byte order mark", b"\xef\xbb\xbfFROM busybox\nENV a=b\n"),
    Case("lines of DOS", b"FROM busybox\r\nRUN echo x\r\nENV a=b\r\n"),
    Case("lower case", "from busybox as x\nrun echo hi\nenv a=b\ncmd echo\n"),
    Case("other scripts", BASE + "ENV X='世界'\nLABEL 'ключ'=v\nRUN echo 'héllo → 世界'\n"),
    Case("an unknown instruction", BASE + "RUNN echo\n"),
    Case("an empty Dockerfile", ""),
    Case("comments alone", "# nothing\n"),
    Case("no FROM", "RUN x\n"),
    Case("ENV without a value", BASE + "ENV A\n"),
    Case("ENV without =", BASE + "ENV A=1 B\n"),
    Case("a number in a list", BASE + 'CMD ["a", 1]\n'),
    Case("an unknown flag", BASE + "COPY --form=x a b\n"),
    Case("FROM with two words", "FROM a b\n"),
    Case("a heredoc for RUN", BASE + "RUN <<EOF\necho hi\nEOF\nRUN echo after\n"),
    Case("a heredoc for COPY", BASE + "COPY <<EOF /x\nhi\nEOF\n"),
    Case("a heredoc without end", BASE + "RUN <<EOF\necho hi\n"),
)

CONFIGURATION = (
    Case(
        "SHELL",
        BASE + 'SHELL ["/bin/sh", "-ec"]\nRUN echo hi\nCMD hello\nENTRYPOINT bye\nSHELL x\n',
    ),
    Case(
        "CMD and ENTRYPOINT",
        BASE + 'CMD ["a"]\nENTRYPOINT ["b"]\nENTRYPOINT []\nCMD []\nENTRYPOINT\nCMD\n',
    ),
    Case(
        "ENTRYPOINT takes CMD away",
        BASE + 'CMD ["a"]\nFROM busybox\nENTRYPOINT ["x"]\nCMD ["z"]\nENTRYPOINT ["y"]\n',
    ),
    Case(
        "HEALTHCHECK",
        BASE
        + 'HEALTHCHECK --interval=1m30s --timeout=100ms --retries=3 --start-period=1h CMD ["a"]\n'
        + "HEALTHCHECK CMD x y\nHEALTHCHECK NONE\nHEALTHCHECK CMD z\n",
    ),
    Case("HEALTHCHECK of another kind", BASE + "HEALTHCHECK FOO x\n"),
    Case("an interval too short", BASE + "HEALTHCHECK --interval=1us CMD x\n"),
    Case("an interval that is none", BASE + "HEALTHCHECK --interval=x CMD x\n"),
    Case("ONBUILD", BASE + "ONBUILD RUN echo trig\nONBUILD ENV T=1\nONBUILD COPY a /a\n"),
    Case("ONBUILD FROM", BASE + "ONBUILD FROM x\n"),
    Case("MAINTAINER", BASE + "MAINTAINER a b <c>\nENV x=y\n"),
    Case("a port too high", BASE + "EXPOSE 99999\n"),
    Case("no such protocol", BASE + "EXPOSE 80/foo\n"),
    Case("no such signal", BASE + "STOPSIGNAL FOO\n"),
    Case("USER", BASE + "USER nobody\nRUN id\nUSER nosuch\nRUN id\n"),
    Case("labels", BASE, options=("--label", "x=$y", "--label", "a b=c d")),
    Case(
        "ARG",
        "ARG T=latest\nARG X\nFROM busybox:${T}\nRUN echo [$X]\nARG X\nARG Y=dflt\n"
        "ENV Z=${X:-none}-$Y-${Q:+set}\nRUN echo $X $Y $HTTP_PROXY\nARG X=2\nRUN echo [$X]\n"
        "ENV X=3\nARG X=4 B C=5\nRUN echo [$X $B $C]\n",
        options=(
            *("--build-arg", "X=xx", "--build-arg", "HTTP_PROXY=http://p"),
            *("--build-arg", "NOPE=1", "--build-arg", "NADA=2"),
        ),
    ),
)

RUNNING = (
    Case("a command that fails", BASE + "RUN echo before\nRUN exit 7\n"),
    Case("a program that fails", BASE + 'RUN ["sh", "-c", "exit 3"]\n'),
    Case("a program that is not there", BASE + 'RUN ["nosuch"]\n'),
    Case("a command that is killed", BASE + "RUN kill -9 $$\n"),
    Case("RUN without a command", BASE + "RUN\n"),
    Case("RUN with a mount", BASE + "RUN --mount=type=cache,target=/x true\n"),
    Case("volumes", BASE + "RUN mkdir /v; echo a>/v/a\nVOLUME /v /n\nRUN echo b>/v/b\nRUN ls /v\n"),
    Case(
        "files that come and go",
        BASE
        + "RUN dd if=/dev/zero of=/big bs=1024 count=100 2>/dev/null\nRUN rm /big\n"
        + "RUN chmod 600 /etc/passwd\nRUN mv /bin/cat /bin/kat\nRUN rm -r /root; mkdir /root\n",
    ),
    Case("working directories", BASE + "WORKDIR /w/a\nWORKDIR b\nRUN pwd\nUSER 12\nWORKDIR /u\n"),
    Case("without a cache", BASE + "RUN echo hi\n", options=("--no-cache",)),
    Case("containers that stay", BASE + "RUN true\nENV a=b\n", options=("--rm=false",)),
    Case("no container may stay", BASE + "RUN exit 2\n", options=("--force-rm",)),
    Case("quiet and failing", BASE + "RUN echo hi; exit 2\n", options=("-q",)),
    Case("limits", BASE + "RUN echo hi\n", options=("--ulimit", "nofile=100:200")),
    Case("squash", BASE, options=("--squash",)),
    Case("from nothing", "FROM scratch\nENV a=b\n"),
    Case("files on nothing", "FROM scratch\nCOPY a /x/y/\nWORKDIR /w/v\nADD a .\n", {"a": "1"}),
)

COPIES = (
    Case("COPY what is not there", BASE + "COPY nosuch /b\n"),
    Case("COPY by a pattern for nothing", BASE + "COPY nosuch* /b\n"),
    Case("COPY from outside", BASE + "COPY ../x /b\n"),
    Case("COPY two to one", BASE + "COPY a b /c\n", {"a": "1", "b": "2"}),
    Case("COPY with a mode", BASE + "COPY --chmod=755 a /b\n", {"a": "1"}),
    Case("COPY an address", BASE + "COPY http://127.0.0.1:1/x /b\n"),
    Case("ADD an address that does not answer", BASE + "ADD http://127.0.0.1:1/x /b\n"),
    Case(
        "COPY files",
        BASE + "COPY /a /b\nCOPY a b /c/\nWORKDIR /w\nCOPY a .\nCOPY ./a y\nCOPY a z/\n",
        {"a": "1", "b": File("2", 0o755)},
        then=(show("/b", "/c", "/w"),),
    ),
    Case(
        "COPY directories",
        BASE
        + "COPY . /c\nCOPY d /e/\nCOPY d/* /f/\nCOPY --chown=nobody d /g\n"
        + "COPY --chown=5:6 d/x /h/i/j\n",
        {"d/x": "1", "d/e/y": "2"},
        then=(show("/c", "/e", "/f", "/g", "/h"),),
    ),
    Case(
        "COPY links",
        BASE + "COPY l /x\nCOPY ld /y\nCOPY d /z\n",
        {
            **{"f": "1", "d/f": "2", "l": File(link="f"), "ld": File(link="d")},
            **{"d/l": File(link="f"), "d/none": File(link="/nosuch")},
        },
        then=(show("/x", "/y", "/z"),),
    ),
    Case(
        "COPY by patterns",
        BASE + "COPY a?.txt /c/\nCOPY [bc]*/x /d/\nCOPY *.md /e/\nCOPY [[]z /f\n",
        {"a1.txt": "1", "a2.txt": "2", "b1/x": "3", "c/x": "4", "r.md": "5", "[z": "6"},
        then=(show("/c", "/d", "/e", "/f"),),
    ),
    Case(
        "COPY privileged files",
        BASE + "COPY s /s\nCOPY d /d\n",
        {"s": File("x", 0o4755), "d/t": File("x", 0o2755)},
        then=(show("/s", "/d"),),
    ),
    Case(
        "COPY onto a directory",
        BASE + "RUN mkdir -p /x/f\nCOPY d /x\n",
        {"d/f": "1"},
        then=(show("/x"),),
    ),
    Case("COPY for nobody known", BASE + "COPY --chown=nosuch a /b\n", {"a": ""}),
    Case("COPY for too many", BASE + "COPY --chown=a:b:c a /b\n", {"a": ""}),
    Case(
        "ADD archives",
        BASE + "ADD a.tar /t\nADD a.tgz b.tbz /u/\nCOPY a.tar /w/\nADD --chown=5 plain /p\n",
        {
            **{"a.tar": _archive(""), "a.tgz": _archive("gz"), "b.tbz": _archive("bz2")},
            "plain": "p" * 600,
        },
        then=(show("/t", "/u", "/p"),),
    ),
    Case(
        "ignored Dockerfile",
        BASE + "COPY . /c\n",
        {".dockerignore": "Dockerfile\n.dockerignore\n*.log\n", "a.log": "", "x/b": ""},
        then=("find /c | sort",),
    ),
    Case("a lower case Dockerfile", BASE + "COPY . /c\n", dockerfile_name="dockerfile"),
    Case("another Dockerfile", BASE + "ENV a=b\n", dockerfile_name="d/D", options=("-f", "d/D")),
    Case("no Dockerfile", BASE, options=("-f", "nosuch")),
    Case("a Dockerfile outside", BASE, options=("-f", "../../etc/passwd")),
)

STAGES = (
    Case(
        "stages",
        "FROM busybox AS a\nRUN echo a > /a\nFROM a AS B\nRUN cat /a\nFROM busybox\n"
        "COPY --from=b /a /x\nCOPY --from=0 /etc/passwd /y\nCOPY --from=busybox /etc/group /z\n",
    ),
    Case(
        "links and privileges from a stage",
        "FROM busybox AS a\nRUN echo x > /s; chmod 4755 /s; mkdir /d; ln /s /d/h; echo y > /d/y; "
        "ln /d/y /d/z; chown 5:6 /d/y; chmod 700 /d; ln -s y /d/l\nFROM busybox\n"
        "COPY --from=a /s /s\nCOPY --from=a /d /d\nCOPY --from=a --chown=7 /d /e\n",
        then=(show("/s", "/d", "/e"),),
    ),
    Case("a target", "FROM busybox AS a\nENV a=b\nFROM nosuch\n", options=("--target", "A")),
    Case("no such target", "FROM busybox AS a\n", options=("--target", "nope")),
    Case("a stage from itself", "FROM busybox AS a\nCOPY --from=0 /a /b\n"),
    Case("a stage that is none", "FROM busybox AS a\nCOPY --from=4 /a /b\n"),
    Case("two stages of one name", "FROM busybox AS a\nFROM busybox AS a\n"),
    Case("a platform", "FROM --platform=linux/amd64 busybox\nENV a=b\n"),
    Case("no such platform", "FROM --platform=a/b/c/d busybox\n"),
    Case("a base with a bad name", "FROM UPPER:x\n"),
    Case("a bad tag", BASE, options=("-t", "UPPER")),
    Case("several tags", BASE, options=("-t", "d-two:1", "-t", "d-two:1", "-t", "d-three")),
    Case("the cache of another", BASE + "ENV a=b\n", options=("--cache-from", "busybox")),
)

HOSTILE = (
    Case(
        "links that would lead out",
        BASE + "COPY l/passwd /p\nCOPY up /q\n",
        {"l": File(link="/etc"), "up": File(link="../../../../etc/passwd")},
    ),
    Case("a link up", BASE + "COPY up /q\n", {"up": File(link="../../../../etc/passwd")}),
    Case("a Dockerfile that is a link", BASE, {"Dockerfile": File(link="/etc/passwd")}),
    Case(
        "destinations that would lead out",
        BASE
        + "RUN ln -s /etc /l; ln -s ../../../etc /m; mkdir /w; ln -s /etc /w/k\n"
        + "COPY a /l/q\nCOPY a /m/r\n",
        {"a": "1"},
        then=("ls /etc/q /etc/r /w; readlink /w/k",),
    ),
)

CASES = (*LANGUAGE, *CONFIGURATION, *RUNNING, *COPIES, *STAGES, *HOSTILE)
