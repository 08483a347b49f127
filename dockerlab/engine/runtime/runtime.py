"""What a runtime must do: turn a prepared bundle into a running process.

The word *bundle* and the life cycle are the OCI runtime specification's (bundle.md, runtime.md): a
directory with ``config.json`` and a root file system. The runtime knows nothing of images,
names, logs or clients.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from dockerlab.engine.runtime.cgroups import Controllers


class Stdio(msgspec.Struct, frozen=True):
    """The file descriptors that a process without a TTY gets; the caller closes its copies."""

    stdin: int
    stdout: int
    stderr: int


class ExitStatus(msgspec.Struct, frozen=True):
    """How a process ended: its exit code, or 128 + the signal that killed it."""

    code: int
    oom_killed: bool = False


class Process(Protocol):
    """A process that a runtime started in a container."""

    @property
    def pid(self) -> int:
        """As the engine sees it."""
        ...

    @property
    def console(self) -> int | None:
        """The master side of its pseudo-terminal, if it has one, non-blocking; yours to close."""
        ...

    @property
    def ended(self) -> bool:
        """Whether its end has been seen."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal; raises NotFound when it has ended."""
        ...

    async def wait(self) -> ExitStatus:
        """Wait for the end. May be awaited by several, and again after the end."""
        ...


class Runtime(Protocol):
    """Runs containers."""

    name: str
    """``oci``, ``proot``, or ``none`` where nothing can be run."""
    program: str
    """What does the work, with its version, for people: ``crun 1.8.1``."""
    able: Controllers
    """What it can limit."""

    async def run(
        self, container_id: str, bundle: Path, *, stdio: Stdio | None, limits: bool = False
    ) -> Process:
        """Create and start the bundle's process; ``stdio=None`` where it wants a terminal.

        ``limits`` says that ``config.json`` limits resources, which takes a control group.

        Raises:
            CommandNotFound: there is no such command in the root file system (exit code 127).
            CommandNotExecutable: it may not be executed (exit code 126).
            SystemFailure: the runtime failed otherwise, with its own words.

        """
        ...

    async def exec(
        self, container_id: str, bundle: Path, process: bytes, *, stdio: Stdio | None
    ) -> Process:
        """Start another process in a running container; ``process`` is OCI ``process`` JSON."""
        ...

    async def kill(self, container_id: str, signal: int, *, every: bool = False) -> None:
        """Send a signal to the container's first process, or to every one of its processes."""
        ...

    def update(self, container_id: str, resources: Mapping[str, Any]) -> None:
        """Change the limits of a running container, as in ``config.json``.

        Raises:
            SystemFailure: the kernel refused.
            NotImplementedHere: nothing can be limited.

        """
        ...

    async def pause(self, container_id: str) -> None:
        """Freeze all processes; raises NotImplementedHere where the machine cannot."""
        ...

    async def unpause(self, container_id: str) -> None:
        """Undo ``pause``."""
        ...

    async def delete(self, container_id: str) -> None:
        """Forget a container that has ended, and release what the runtime kept for it."""
        ...
