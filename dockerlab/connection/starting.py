"""Start an engine where none runs: the embedded one, or Podman's service.

Podman's service is started only for a user who said `DOCKERLAB_ENGINE=podman`. Found installed but
not running, Podman is passed over: whoever wants it has `systemctl --user start podman.socket`,
and a service that nobody asked for would outlive the notebook and surprise its owner, while the
embedded engine stops by itself and was tried with every lesson. The service that we start ends by
itself too, after ten minutes unused.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dockerlab.connection.address import Address
from dockerlab.connection.probe import probe
from dockerlab.connection.registry import named_mirrors
from dockerlab.errors import ConnectionProblem, EngineAbsent

IDLE_SECONDS = 600
START_SECONDS = 10.0


def start_embedded(*, packs: Callable[[], Sequence[Path]]) -> Address:
    """Start the embedded engine, or find the one that runs, and return its address.

    Raises:
        EngineAbsent: it cannot run here, with its own reason.

    """
    if sys.platform != "linux":
        raise EngineAbsent("connection.embedded_not_linux")
    from dockerlab.engine import daemon  # noqa: PLC0415

    try:
        return Address(daemon.start(packs=packs(), mirrors=named_mirrors()))
    except (daemon.EngineError, OSError) as error:
        raise EngineAbsent("connection.embedded_failed", reason=error) from error


def start_podman(runtime_folder: Path) -> Address:
    """Start `podman system service` on a socket of dockerlab's own and return its address.

    Raises:
        EngineAbsent: there is no `podman`, or its service does not come up.

    """
    program = shutil.which("podman")
    if program is None:
        raise EngineAbsent("connection.podman_not_installed")
    folder = runtime_folder if runtime_folder.is_dir() else Path.home() / ".cache"
    socket = folder / "dockerlab" / "podman.sock"
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = Address(f"unix://{socket}")
    if _answers(address):
        return address
    log = socket.with_suffix(".log")
    service = _detach([program, "system", "service", "--time", str(IDLE_SECONDS), address.url], log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _runs(service):
        if _answers(address):
            return address
        time.sleep(0.1)
    raise EngineAbsent("connection.podman_failed", reason=_last_line(log))


def _detach(command: Sequence[str], log: Path) -> int:
    """Start a command that outlives us and return its process id.

    By way of a shell that ends at once, so that the service is nobody's child here: it leaves no
    zombie behind and is not asked to end with a notebook's kernel.
    """
    script = 'log=$1; shift; "$@" >"$log" 2>&1 </dev/null & echo $!'
    started = subprocess.run(
        ["sh", "-c", script, "sh", str(log), *command],
        capture_output=True,
        check=True,
        start_new_session=True,
    )
    return int(started.stdout)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _answers(address: Address) -> bool:
    try:
        probe(address, timeout=1.0)
    except ConnectionProblem:
        return False
    return True


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(log)
