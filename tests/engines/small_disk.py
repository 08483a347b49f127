"""An embedded engine whose data is on a small disk of its own, which a test can fill and free."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dockerlab.engine.check.checking import check
from tests.engines.engine import Engine, answers, environment_for
from tests.engines.programs import need, need_root
from tests.engines.reference import put_docker_first
from tests.engines.serving import serving


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, with the engine that has its data there."""

    place: Path
    """Where it is mounted."""
    engine: Engine
    pid: int
    """The engine's process."""

    @property
    def root(self) -> Path:
        """The engine's data."""
        return self.place / "engine"

    def fill(self, *, leaving: int) -> None:
        """Leave so many bytes free and no more."""
        status = os.statvfs(self.place)
        with (self.place / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, status.f_bavail * status.f_frsize - leaving)

    def free(self) -> None:
        """Take away what ``fill`` put there."""
        (self.place / "filler").unlink()

    def findings(self) -> list[str]:
        """What a check finds; garbage counts as well, since the engine has nothing to do."""
        found = check(self.root, own_mounts=True).findings
        return [f"{each.kind}: {each.subject} {each.detail}" for each in found]


@contextmanager
def running_on_small_disk(*, mirror: str, megabytes: int = 32) -> Iterator[SmallDisk]:
    """The embedded engine of root, on a disk of so many megabytes."""
    need_root()
    need("crun", package="crun")
    put_docker_first()
    with tempfile.TemporaryDirectory(prefix="dockerlab-small-") as name:
        base = Path(name)
        place, config, log = base / "disk", base / "client", base / "engine.log"
        place.mkdir()
        config.mkdir()
        options = f"size={megabytes}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True)
        socket = base / "engine.sock"
        command = [sys.executable, "-m", "dockerlab.engine", "run", "--root", str(place / "engine")]
        command += ["--socket", str(socket), "--runtime", "oci", "--mirror", mirror]
        try:
            with serving(command, ready=lambda: answers(socket), log=log, seconds=60) as process:
                engine = Engine("small-disk", socket, environment_for(socket, config=config))
                yield SmallDisk(place, engine, process.pid)
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)
