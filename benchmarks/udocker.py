"""udocker, the usual way to run a container without any privilege, with Debian's proot.

udocker's own programs are a download from GitHub; with Debian's proot in their place it needs
none of them for its mode P1, which is the one that the embedded engine's `proot` resembles.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.images import busybox
from tests.engines.programs import cache_directory, need

_RELEASE = "1.3.17"
_TOOLS = "1.2.11"  # what this release asks its tools to be


@contextmanager
def udocker_run(*program: str) -> Iterator[Callable[[], object]]:
    """What runs `program` in a new container of the tests' busybox and removes it."""
    udocker = _installed()
    with tempfile.TemporaryDirectory(prefix="udocker-") as name:
        place = Path(name)
        environment: dict[str, str] = {
            **os.environ,
            "HOME": name,
            "UDOCKER_DIR": str(place / "store"),
            "UDOCKER_USE_PROOT_EXECUTABLE": str(need("proot", package="proot")),
        }
        (place / "store/lib").mkdir(parents=True)
        (place / "store/lib/VERSION").write_text(_TOOLS)
        (place / "busybox.tar").write_bytes(busybox().layers[0].tar)

        def call(*words: str) -> None:
            command = [udocker, "--allow-root", "--quiet", *words]
            subprocess.run(command, env=environment, check=True, capture_output=True)

        call("import", str(place / "busybox.tar"), "busybox:latest")
        yield lambda: call("run", "--rm", "busybox:latest", *program)


def _installed() -> str:
    place = cache_directory() / f"udocker-{_RELEASE}"
    program = place / "bin/udocker"
    if not program.exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        install = [str(place / "bin/pip"), "install", "--quiet", f"udocker=={_RELEASE}"]
        subprocess.run(install, check=True)
    return str(program)
