"""Where no program can run containers: the engine serves images all the same.

Some sandboxes refuse even ptrace, and so proot. What does not start a process works there as
everywhere: pull, push, inspect, history, save, load, create, cp, diff, commit, and builds without
RUN.
"""

from collections.abc import Mapping
from pathlib import Path

from dockerlab.engine.errors import NotFound, NotImplementedHere
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.runtime import Process, Stdio

SENTENCE = (
    "containers cannot be run in this place, for it lets no program start them ({reasons}). "
    "Everything about images works here: pull, inspect, history, save, load, and builds without RUN"
)


class NoRuntime:
    """A runtime that starts nothing, and says why."""

    name = "none"
    program = "none"
    able = Controllers(version=2)

    def __init__(self, *, reasons: str) -> None:
        self.sentence = SENTENCE.format(reasons=reasons)
        """Why no container runs, and what works, for people."""

    async def run(
        self,
        container_id: str,  # noqa: ARG002 - what a runtime is given
        bundle: Path,  # noqa: ARG002
        *,
        stdio: Stdio | None,  # noqa: ARG002
        limits: bool = False,  # noqa: ARG002
    ) -> Process:
        """Raise NotImplementedHere, with what works instead."""
        raise NotImplementedHere(self.sentence)

    async def exec(
        self,
        container_id: str,
        bundle: Path,  # noqa: ARG002
        process: bytes,  # noqa: ARG002
        *,
        stdio: Stdio | None,  # noqa: ARG002
    ) -> Process:
        """Raise NotFound: no container runs."""
        raise NotFound(f"container {container_id} is not running")

    async def kill(self, container_id: str, signal: int, *, every: bool = False) -> None:  # noqa: ARG002
        """Raise NotFound: no container runs."""
        raise NotFound(f"container {container_id} is not running")

    def update(self, container_id: str, resources: Mapping[str, object]) -> None:  # noqa: ARG002
        """Raise NotFound: no container runs."""
        raise NotFound(f"container {container_id} is not running")

    async def pause(self, container_id: str) -> None:
        """Raise NotFound: no container runs."""
        raise NotFound(f"container {container_id} is not running")

    async def unpause(self, container_id: str) -> None:
        """Raise NotFound: no container runs."""
        raise NotFound(f"container {container_id} is not running")

    async def delete(self, container_id: str) -> None:
        """There is nothing to forget."""

    def close(self) -> None:
        """There is nothing to release."""
