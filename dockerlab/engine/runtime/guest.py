"""A root file system as proot shows it: a directory, with places of the host bound into it.

Paths are looked up here as the container would, so that a command that is missing is found out
before anything is started, and a link that says ``/bin/sh`` means the container's.
"""

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dockerlab.engine.errors import EngineError, SystemFailure
from dockerlab.engine.symlinks import resolve

_MISSING = "no such file or directory"


class NotHere(EngineError):
    """There is no such command or directory, in the words of runc."""


class Bind(msgspec.Struct, frozen=True):
    """A file or directory of the host, and where the container sees it."""

    source: str
    destination: str


class Guest:
    """What a container sees below ``/``."""

    def __init__(self, root: Path, binds: Sequence[Bind] = ()) -> None:
        """``root`` is the directory; of two ``binds`` at one place the later counts."""
        self.root = root
        self.binds = tuple(binds)
        self._sources = {bind.destination: bind.source for bind in binds}

    def resolve(self, path: str, *, cwd: str = "/") -> str:
        """The path without links in it; what does not exist is taken for a name.

        Raises:
            SystemFailure: links lead in a circle.

        """
        try:
            return resolve(path, host=self.host, cwd=cwd)
        except OSError as error:
            raise SystemFailure(f"{path}: {error.strerror}") from error

    def host(self, path: str) -> str:
        """Where on the host a resolved path is."""
        above = path
        while above != "/":
            if above in self._sources:
                return self._sources[above] + path[len(above) :]
            above = above.rpartition("/")[0] or "/"
        return f"{self.root}{path}"

    def within_bind(self, path: str) -> bool:
        """Whether a bind covers a directory above a resolved path."""
        return any(path.startswith(f"{bind.destination}/") for bind in self.binds)

    def directory(self, path: str) -> str:
        """The resolved path of a working directory; raises NotHere when there is none."""
        place = self.resolve(path)
        if not Path(self.host(place)).is_dir():
            raise NotHere(f'chdir to cwd ("{path}") set in config.json failed: {_MISSING}')
        return place

    def command(self, name: str, *, environment: Mapping[str, str], cwd: str) -> str:
        """The file that ``name`` means, as execvp(3) finds it.

        Raises:
            NotHere: there is none that may be executed; says so as runc does.

        """
        if "/" in name:
            place = self.resolve(name, cwd=cwd)
            reason = self._reason(place)
            if reason:
                said = f"stat {name}: {reason}" if reason == _MISSING else reason
                raise NotHere(f'exec: "{name}": {said}')
            return place
        denied = ""
        for directory in environment.get("PATH", "").split(":"):
            place = self.resolve(f"{directory or '.'}/{name}", cwd=cwd)
            reason = self._reason(place)
            if not reason:
                return place
            denied = denied or ("" if reason == _MISSING else reason)
        said = denied or "executable file not found in $PATH"
        raise NotHere(f'exec: "{name}": {said}')

    def _reason(self, place: str) -> str:
        """Why the file cannot be executed, or ""."""
        try:
            mode = Path(self.host(place)).lstat().st_mode
        except OSError:
            return _MISSING
        if stat.S_ISDIR(mode):
            return "is a directory: permission denied"
        return "" if mode & 0o111 else "permission denied"
