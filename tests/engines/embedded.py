"""The embedded engine, started as people start it: a process of its own, on a socket of its own."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.engines.engine import Engine, answers, environment_for
from tests.engines.programs import need, need_root
from tests.engines.reference import put_docker_first
from tests.engines.serving import serving
from tests.engines.user import ordinary_user


@dataclass(frozen=True)
class Launch:
    """How one kind of embedded engine is started."""

    name: str
    python: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)

    @property
    def runtime(self) -> str:
        """What the engine's option of that name says."""
        return "proot" if self.name == "proot" else "oci"


def launch_for(kind: str, state: Path) -> Launch:
    """How to start `oci-root`, `oci-user`, or `proot`, which is an ordinary user too.

    `state` becomes that user's home. The test is skipped where what it takes is not there.
    """
    program = "proot" if kind == "proot" else "crun"
    need(program, package=program)
    return _as_root() if kind == "oci-root" else _as_user(state, kind)


@contextmanager
def running_embedded(
    kind: str, state: Path, *, mirror: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Engine]:
    """The embedded engine of a kind that ``launch_for`` knows, at work.

    `settings` are variables of its environment.
    """
    put_docker_first()
    launch = launch_for(kind, state)
    socket = state / "engine.sock"
    options = ["--root", str(state / "engine"), "--socket", str(socket)]
    options += ["--runtime", launch.runtime, "--mirror", mirror]
    log = state.with_name(f"{state.name}.log")
    with serving(
        [*launch.python, "-m", "dockerlab.engine", "run", *options],
        ready=lambda: answers(socket),
        log=log,
        seconds=30,
        environment={**launch.environment, **settings},
    ):
        config = state.with_name(f"{state.name}-client")
        config.mkdir(exist_ok=True)
        yield Engine(launch.name, socket, environment_for(socket, config=config))


def _as_root() -> Launch:
    need_root()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    return Launch("oci-root", [sys.executable], kept)


def _as_user(state: Path, kind: str) -> Launch:
    if kind == "oci-user":
        need("newuidmap", package="uidmap")
    user = ordinary_user(state)
    return Launch(kind, user.command(str(user.python)), user.environment)
