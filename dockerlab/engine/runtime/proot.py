"""The runtime ``proot``: containers where no namespace can be had.

proot(1) runs a program and traces it with ptrace(2): at every system call with a path in it, proot
exchanges the path for the one below the container's root file system, and answers questions for
user IDs as the container should see them. That needs no privilege at all, and gives no security:
whoever is in such a container has the rights of the engine's user, sees the machine's processes
and its network. What a namespace, a control group or a capability would do is not there.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dockerlab.engine.errors import EngineError, NotFound, NotImplementedHere
from dockerlab.engine.runtime import bundle as bundles
from dockerlab.engine.runtime import failures, supervisor
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.guest import Guest, NotHere
from dockerlab.engine.runtime.proot_process import ProotProcess, traced_by
from dockerlab.engine.runtime.runtime import Stdio
from dockerlab.engine.runtime.spawner import Spawner
from dockerlab.engine.runtime.terminal import Terminal

_SIGKILL = 9


class ProotRuntime:
    """Runs containers with ``proot``."""

    name = "proot"
    able = Controllers(version=2)

    def __init__(self, path: str, *, program: str, state: Path) -> None:
        """Use the executable at ``path``; what is left of an earlier engine here is ended."""
        self.program = program
        self._path = path
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._supervisor = supervisor.install(state)
        end_survivors(self._supervisor)
        self._spawner = Spawner()
        self._running: dict[str, ProotProcess] = {}
        self._guests: dict[str, Guest] = {}
        self._further: dict[str, set[ProotProcess]] = {}

    async def run(
        self, container_id: str, bundle: Path, *, stdio: Stdio | None, limits: bool = False
    ) -> ProotProcess:
        """Create and start the bundle's process; see ``Runtime.run``. Nothing is limited."""
        del limits
        config = bundles.read(bundle)
        guest = bundles.guest(bundle, config, supervisor=self._supervisor)
        bundles.make_ready(bundle, guest)
        process = await self._start(guest, config.process, stdio, failures.CREATE)

        async def end_further() -> None:
            for other in tuple(self._further.pop(container_id, ())):
                other.kill_all()
                await other.wait()

        process.at_end = end_further
        self._running[container_id] = process
        self._guests[container_id] = guest
        return process

    async def exec(
        self, container_id: str, bundle: Path, process: bytes, *, stdio: Stdio | None
    ) -> ProotProcess:
        """Start another proot on the same root file system; see ``Runtime.exec``."""
        del bundle
        self._process(container_id)
        description = msgspec.json.decode(process, type=bundles.Process)
        further = self._further.setdefault(container_id, set())
        started = await self._start(self._guests[container_id], description, stdio, failures.EXEC)
        further.add(started)

        async def forget() -> None:
            further.discard(started)

        started.at_end = forget
        return started

    async def kill(self, container_id: str, signal: int, *, every: bool = False) -> None:
        """Send a signal to the container's first process, or to every one of its processes."""
        process = self._process(container_id)
        if not every:
            process.send_signal(signal)
            return
        for each in (process, *self._further.get(container_id, ())):
            each.kill_all(signal)

    def processes(self, container_id: str) -> tuple[int, ...]:
        """The pids of all processes of a container."""
        several = (self._process(container_id), *self._further.get(container_id, ()))
        return tuple(pid for each in several for pid in traced_by(each.proot.pid))

    def update(self, container_id: str, resources: Mapping[str, object]) -> None:
        """Refuse: nothing is limited."""
        del container_id, resources
        raise NotImplementedHere("proot cannot limit what a container uses")

    async def pause(self, container_id: str) -> None:
        """Refuse: a stopped process would be one that its tracer stopped."""
        del container_id
        raise NotImplementedHere("cannot pause here: proot cannot freeze a container's processes")

    async def unpause(self, container_id: str) -> None:
        """See ``pause``."""
        await self.pause(container_id)

    async def delete(self, container_id: str) -> None:
        """Forget a container that has ended."""
        self._running.pop(container_id, None)
        self._guests.pop(container_id, None)

    def close(self) -> None:
        """Release what this object itself holds; containers are not touched."""
        self._spawner.close()

    async def _start(
        self, guest: Guest, process: bundles.Process, stdio: Stdio | None, beginning: str
    ) -> ProotProcess:
        command = self._command(guest, process, beginning)
        environment = dict(entry.split("=", 1) for entry in process.env if "=" in entry)
        if stdio is not None:
            return await self._execute(command, stdio, environment)
        with Terminal() as terminal:
            terminal.resize(process.console_size.height, process.console_size.width)
            started = await self._execute(command, terminal.slave, environment)
            started.console = terminal.take_master()
        return started

    def _command(self, guest: Guest, process: bundles.Process, beginning: str) -> list[str]:
        environment = dict(entry.split("=", 1) for entry in process.env if "=" in entry)
        try:
            cwd = guest.directory(process.cwd)
            program = guest.command(process.args[0], environment=environment, cwd=cwd)
        except NotHere as missing:
            raise failures.failure(str(missing), process.args, beginning=beginning) from None
        return [
            *self._limits(process.rlimits),
            self._path,
            "-v",
            "-1",  # its own remarks would be among what the container writes
            "-i",
            f"{process.user.uid}:{process.user.gid}",
            "-r",
            str(guest.root),
            *(word for bind in guest.binds for word in ("-b", f"{bind.source}:{bind.destination}")),
            "-w",
            cwd,
            bundles.SUPERVISOR_PLACE,
            program,
            *process.args,
        ]

    def _limits(self, limits: tuple[bundles.Limit, ...]) -> list[str]:
        """The start of a command line that sets limits, which proot's processes inherit."""
        if not limits:
            return []
        program = shutil.which("prlimit")
        if program is None:
            raise NotImplementedHere("--ulimit needs the program prlimit: install util-linux")
        options = [
            f"--{each.type.removeprefix('RLIMIT_').lower()}={each.soft}:{each.hard}"
            for each in limits
        ]
        return [program, *options, "--"]

    async def _execute(
        self, command: list[str], stdio: Stdio, environment: Mapping[str, str]
    ) -> ProotProcess:
        reading, writing = os.pipe()
        try:
            proot = await self._spawner.spawn(
                command, stdio=stdio, channel=writing, environment=environment
            )
        except EngineError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        process = ProotProcess(proot, reading)
        await process.begin()
        return process

    def _process(self, container_id: str) -> ProotProcess:
        try:
            return self._running[container_id]
        except KeyError:
            raise NotFound(f"No such container: {container_id}") from None


def end_survivors(program: Path, *, proc: Path = Path("/proc")) -> None:
    """Kill what an engine that died left running: every proot with that supervisor, and its tree.

    proot's processes do not die with it, and would then see the machine's files under the names
    that they know; so they go first.
    """
    mark = os.fsencode(f"{program}:{bundles.SUPERVISOR_PLACE}")
    for directory in proc.iterdir():
        try:
            words = (directory / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark not in words or not directory.name.isdecimal():
            continue
        for pid in (*traced_by(int(directory.name)), int(directory.name)):
            try:
                os.kill(pid, _SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
