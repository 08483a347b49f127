"""Gather programs of this machine, with all that they need to run, into a layer's entries."""

import os
import platform
import re
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from dockerlab.errors import StandInProblem
from dockerlab.standins.layer import Entry

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
"""Where programs are taken from: the system's own places, never a virtual or conda environment,
whose programs need libraries from far away."""

_LIBRARY = re.compile(r"(?:=>\s*)?(/\S+)\s+\(0x[0-9a-f]+\)")

_GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def host_architecture() -> str:
    """Return this machine's processor by Go's name, which images use.

    >>> host_architecture() in ("amd64", "arm64") or host_architecture()
    True
    """
    machine = platform.machine()
    return _GO_ARCHITECTURES.get(machine, machine)


def find_program(name: str) -> Path | None:
    """Return the system's own program `name`, or None."""
    found = shutil.which(name, path=SYSTEM_PATH.removeprefix("/usr/local/bin:"))
    return Path(found) if found else None


def libraries(programs: Iterable[Path]) -> list[Path]:
    """Return the shared libraries and the loader that the programs need, by asking `ldd`.

    Scripts and static programs need none.

    Raises:
        StandInProblem: there is no `ldd` on this machine.

    """
    paths = [str(program) for program in programs]
    if not paths:
        return []
    try:
        answer = subprocess.run(
            ["ldd", *paths],
            capture_output=True,
            text=True,
            check=False,  # it ends with 1 when one of them is static
            env={"PATH": SYSTEM_PATH, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise StandInProblem("standin.program_missing", name="centos", program="ldd") from error
    found = set(_LIBRARY.findall(answer.stdout))
    return [Path(path) for path in sorted(found)]


class Gathering:
    """A set of entries that grows by files of this machine, each at its own path.

    A path is walked component by component: a directory becomes a directory, a symlink a symlink,
    and the walk goes on at its target. So `/bin/sh` brings `/bin` → `usr/bin` (where the machine
    has merged them), `sh` → `dash`, and `/usr/bin/dash`, and the same on a machine that has not.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._inodes: dict[tuple[int, int], str] = {}

    def add(self, path: Path) -> None:
        """Add a file of this machine and all that leads to it."""
        walked = Path("/")
        remaining = list(path.parts[1:])
        while remaining:
            walked = walked / remaining.pop(0)
            status = walked.lstat()
            if stat.S_ISLNK(status.st_mode):
                target = str(walked.readlink())
                self._put(walked, tarfile.SYMTYPE, 0o777, target=target)
                after = (walked.parent / target).parts[1:]
                remaining = [*after, *remaining]
                walked = Path("/")
            elif stat.S_ISDIR(status.st_mode):
                walked = Path(os.path.normpath(walked))  # after `..` of a link's target
                self._put(walked, tarfile.DIRTYPE, 0o755)
            else:
                self._add_file(walked, status)

    def put(self, entry: Entry) -> None:
        """Add an entry that is not this machine's, unless its path is taken."""
        self.entries.setdefault(entry.path, entry)

    def _add_file(self, path: Path, status: os.stat_result) -> None:
        inode = (status.st_dev, status.st_ino)
        first = self._inodes.setdefault(inode, _inside(path))
        if first != _inside(path):
            self._put(path, tarfile.LNKTYPE, 0o644, target=first)
            return
        # Set-user-ID would be a gift of root's rights; others must be able to read what they run.
        mode = 0o755 if status.st_mode & 0o111 else 0o644
        if _inside(path) not in self.entries:
            self._put(path, tarfile.REGTYPE, mode, data=path.read_bytes())

    def _put(
        self, path: Path, kind: bytes, mode: int, *, data: bytes = b"", target: str = ""
    ) -> None:
        if path != Path("/"):
            self.put(Entry(_inside(path), kind=kind, mode=mode, data=data, target=target))


def _inside(path: Path) -> str:
    return str(path).lstrip("/")
