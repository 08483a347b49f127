"""The embedded engine, started as people start it: a process of its own, on a socket of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines.engine import Engine, answers, end, environment_for, wait_until
from tests.engines.programs import need, need_root
from tests.engines.reference import put_docker_first
from tests.engines.user import ordinary_user


@dataclass(frozen=True)
class _Launch:
    """How one kind of embedded engine is started."""

    name: str
    python: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)


@contextmanager
def running_embedded(kind: str, state: Path, *, mirror: str) -> Iterator[Engine]:
    """The embedded engine: `oci-root`, `oci-user`, or `proot`, which is an ordinary user too."""
    put_docker_first()
    runtime = "proot" if kind == "proot" else "oci"
    program = "proot" if kind == "proot" else "crun"
    need(program, package=program)
    launch = _as_root() if kind == "oci-root" else _as_user(state, kind)
    socket = state / "engine.sock"
    options = ["--root", str(state / "engine"), "--socket", str(socket)]
    options += ["--runtime", runtime, "--mirror", mirror]
    log = state.with_name(f"{state.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*launch.python, "-m", "dockerlab.engine", "run", *options],
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: answers(socket), process=process, log=log, seconds=30)
        config = state.with_name(f"{state.name}-client")
        config.mkdir(exist_ok=True)
        yield Engine(launch.name, socket, environment_for(socket, config=config))
    finally:
        end(process)


def _as_root() -> _Launch:
    need_root()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    return _Launch("oci-root", [sys.executable], kept)


def _as_user(state: Path, kind: str) -> _Launch:
    if kind == "oci-user":
        need("newuidmap", package="uidmap")
    user = ordinary_user(state)
    return _Launch(kind, user.command(str(user.python)), user.environment)
