"""The layers of the stand-ins that have a shell: this machine's own userland, in slices.

    base       directories, users, bash, the core utilities, and the libraries of all of them
    tools      grep, sed, find, ps and what else a learner types
    identity   /etc/os-release: whose stand-in this is

`debian` is base and identity; `centos` and `ubuntu` have tools between; `nginx:alpine-slim` is
base, identity and a page, and `nginx:alpine` adds the tools to that. So they share layers with each
other as the real images do, and the lessons about layers have their matter.
"""

import tarfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from dockerlab.errors import StandInProblem
from dockerlab.standins.host import Gathering, find_program, libraries
from dockerlab.standins.layer import Entry, Layer, make_layer

BASE_PROGRAMS = (
    *("bash", "sh", "ls", "cat", "echo", "rm", "mkdir", "rmdir", "touch", "cp", "mv", "ln"),
    *("chmod", "chown", "chgrp", "id", "whoami", "uname", "env", "stat", "head", "tail", "wc"),
    *("du", "df", "sort", "uniq", "cut", "tr", "tee", "sleep", "true", "false", "test", "printf"),
    *("pwd", "date", "basename", "dirname", "readlink", "realpath", "seq", "sha256sum", "md5sum"),
    *("dd", "sync", "mktemp", "tty", "stty", "nproc", "yes"),
)
TOOLS = (
    *("grep", "sed", "find", "xargs", "ps", "kill", "hostname", "awk", "mawk", "gawk"),
    *("tar", "gzip", "clear", "diff", "less", "which"),
)
NEEDED = ("bash", "ls", "cat", "rm", "mkdir", "echo", "id", "uname")
"""Without these a stand-in would not carry the lessons."""

_TERMINALS = ("x/xterm", "x/xterm-256color", "v/vt100", "l/linux", "d/dumb")
_TERMINFO = ("/lib/terminfo", "/usr/share/terminfo", "/etc/terminfo")

_USERS = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUPS = "root:x:0:\nnogroup:x:65534:\n"
_BASHRC = "PS1='[\\u@\\h \\W]\\$ '\n"


@cache
def base_layer() -> Layer:
    """Return the layer that all stand-ins with a shell begin with.

    Raises:
        StandInProblem: a program that the lessons need is not on this machine.

    """
    for name in NEEDED:
        if find_program(name) is None:
            raise StandInProblem("standin.program_missing", name="centos", program=name)
    gathering = Gathering()
    _gather(gathering, BASE_PROGRAMS)
    _add_terminals(gathering)
    _add_skeleton(gathering)
    made_by = "dockerlab: bash, the core utilities and their libraries, from this machine"
    return make_layer(gathering.entries.values(), made_by=made_by)


@cache
def tools_layer() -> Layer:
    """Return the layer with grep, sed, find and friends; only what `base` has not already."""
    base = Gathering()
    _gather(base, BASE_PROGRAMS)
    whole = Gathering()
    _gather(whole, [*BASE_PROGRAMS, *TOOLS])
    added = [entry for path, entry in whole.entries.items() if path not in base.entries]
    return make_layer(
        added, made_by="dockerlab: grep, sed, find, ps and friends, from this machine"
    )


@cache
def identity_layer(name: str) -> Layer:
    """Return the layer that says whose stand-in this is, and that it is one."""
    release = (
        f'NAME="dockerlab stand-in for {name}"\n'
        f'PRETTY_NAME="dockerlab stand-in for {name} (not {name})"\n'
        "ID=dockerlab\n"
        "VERSION_ID=1\n"
        'HOME_URL="https://pypi.org/project/dockerlab-notebooks/"\n'
    )
    entries = [
        Entry("etc", kind=tarfile.DIRTYPE, mode=0o755),
        Entry("etc/os-release", data=release.encode()),
    ]
    return make_layer(entries, made_by=f"dockerlab: /etc/os-release of the stand-in for {name}")


@cache
def page_layer() -> Layer:
    """Return the layer with the page that the stand-in for nginx would serve if it could."""
    folders = ("usr", "usr/share", "usr/share/nginx", "usr/share/nginx/html")
    entries = [Entry(folder, kind=tarfile.DIRTYPE, mode=0o755) for folder in folders]
    page = "<!doctype html><title>dockerlab</title><h1>A stand-in for nginx</h1>\n"
    entries.append(Entry("usr/share/nginx/html/index.html", data=page.encode()))
    return make_layer(entries, made_by="dockerlab: index.html of the stand-in for nginx")


def host_files() -> list[Path]:
    """Return the files of this machine that the layers are made of."""
    programs = [found for name in [*BASE_PROGRAMS, *TOOLS] if (found := find_program(name))]
    return sorted({*programs, *libraries(programs)})


def _gather(gathering: Gathering, names: Iterable[str]) -> None:
    programs = [found for name in names if (found := find_program(name))]
    for path in [*programs, *libraries(programs)]:
        gathering.add(path)


def _add_terminals(gathering: Gathering) -> None:
    for folder in _TERMINFO:
        for name in _TERMINALS:
            path = Path(folder, name)
            if path.exists():
                gathering.add(path)


def _add_skeleton(gathering: Gathering) -> None:
    for folder in ("dev", "etc", "home", "proc", "run", "sys", "usr", "var", "var/tmp"):
        gathering.put(Entry(folder, kind=tarfile.DIRTYPE, mode=0o755))
    gathering.put(Entry("root", kind=tarfile.DIRTYPE, mode=0o700))
    gathering.put(Entry("tmp", kind=tarfile.DIRTYPE, mode=0o1777))
    gathering.put(Entry("etc/passwd", data=_USERS.encode()))
    gathering.put(Entry("etc/group", data=_GROUPS.encode()))
    gathering.put(Entry("root/.bashrc", data=_BASHRC.encode()))
    _add_customary_paths(gathering)


def _add_customary_paths(gathering: Gathering) -> None:
    """Make /bin/bash work everywhere, and /sbin a link where this machine has it so."""
    for folder in (Path("/bin"), Path("/sbin")):
        if folder.is_symlink():
            gathering.add(folder)
    gathering.put(Entry("bin", kind=tarfile.DIRTYPE, mode=0o755))
    if gathering.entries["bin"].kind == tarfile.SYMTYPE or "bin/bash" in gathering.entries:
        return
    for name in ("bash", "sh"):
        found = find_program(name)
        if found:
            gathering.put(Entry(f"bin/{name}", tarfile.SYMTYPE, 0o777, target=str(found)))
