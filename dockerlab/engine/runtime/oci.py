"""The runtime ``oci``: crun or runc, the programs that Podman and Docker run containers with.

One execution of the program a container: ``run --detach`` makes the namespaces, mounts what
``config.json`` says, starts the process and ends. The process keeps the descriptors it was given
and becomes this process's child (see ``process``).

Specification: opencontainers/runtime-spec v1.0, runtime.md; command lines: runc(8), crun(1).
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dockerlab.engine.errors import EngineError, NotFound, NotImplementedHere, SystemFailure
from dockerlab.engine.runtime import failures
from dockerlab.engine.runtime.cgroups import Controllers, controllers
from dockerlab.engine.runtime.console import ConsoleSocket
from dockerlab.engine.runtime.control_group import ControlGroup
from dockerlab.engine.runtime.freezer import Freezer
from dockerlab.engine.runtime.membership import ender, members
from dockerlab.engine.runtime.process import ChildProcess, adopt_helpers, spawn
from dockerlab.engine.runtime.program_log import last_words
from dockerlab.engine.runtime.runtime import Stdio
from dockerlab.engine.runtime.survivors import end_survivors

_LEFT_BEHIND = frozenset({"crun", "runc", "runc:[1:CHILD]", "runc:[2:INIT]"})
_LOG = "runtime.log"
_PID_FILE = "init.pid"


class _Process(msgspec.Struct, frozen=True):
    args: tuple[str, ...] = ()


class _Linux(msgspec.Struct, frozen=True):
    resources: dict[str, Any] = {}


class _Config(msgspec.Struct, frozen=True):
    process: _Process = _Process()
    linux: _Linux = _Linux()


class OciRuntime:
    """Runs containers with ``crun`` or ``runc``."""

    name = "oci"

    def __init__(
        self, path: str, *, program: str, state: Path, able: Controllers | None = None
    ) -> None:
        """Use the executable at ``path``, which keeps what it must remember in ``state``.

        What is left there of an earlier engine is ended. ``able`` says what can be limited.
        """
        self.able = able or controllers()
        self.program = program
        self._path = path
        self._crun = program.startswith("crun")
        self._state = state
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        end_survivors(path, state)
        self._null = os.open(os.devnull, os.O_RDWR)
        self._environment = {"PATH": os.environ.get("PATH", os.defpath)}
        self._running: dict[str, ChildProcess] = {}
        self._limited: set[str] = set()
        self._freezer = Freezer()

    async def run(
        self, container_id: str, bundle: Path, *, stdio: Stdio | None, limits: bool = False
    ) -> ChildProcess:
        """Create and start the bundle's process; see ``Runtime.run``.

        crun takes half the time without a control group, so it makes one only for ``limits``.
        """
        group = ControlGroup(container_id, path=self.able.path) if limits else None
        given = group is not None and self._crun and self.able.version == 1 and self.able.path != ""
        if limits and not given:
            self._limited.add(container_id)
        command = [
            *self._command(bundle, limits=limits and not given),
            "run",
            "--detach",
            "--bundle",
            str(bundle),
            "--pid-file",
            str(bundle / _PID_FILE),
        ]
        if group is not None and given:
            # crun would want one in every hierarchy, and this user has some only.
            command = group.prepared(_config(bundle).linux.resources).joined_by(command)
        try:
            process = await self._start(command, container_id, bundle, _PID_FILE, stdio)
        except _RuntimeFailed as failed:
            await self._delete(container_id)
            if group is not None:
                group.remove()
            raise failures.failure(str(failed), _config(bundle).process.args) from failed
        process.group = group
        process.at_end = ender(process.pid, container_id)
        self._running[container_id] = process
        return process

    async def exec(
        self, container_id: str, bundle: Path, process: bytes, *, stdio: Stdio | None
    ) -> ChildProcess:
        """Start another process in a running container; see ``Runtime.exec``."""
        name = f"exec-{os.urandom(6).hex()}"
        description = bundle / f"{name}.json"
        description.write_bytes(process)
        command = [
            *self._command(bundle, limits=container_id in self._limited),
            "exec",
            "--detach",
            "--pid-file",
            str(bundle / f"{name}.pid"),
            "--process",
            str(description),
        ]
        first = self._running.get(container_id)
        if first is not None and first.group is not None and container_id not in self._limited:
            # The program knows nothing of a group that came later.
            command = first.group.joined_by(command)
        try:
            return await self._start(command, container_id, bundle, f"{name}.pid", stdio)
        except _RuntimeFailed as failed:
            arguments = msgspec.json.decode(process, type=_Process).args
            raise failures.failure(str(failed), arguments, beginning=failures.EXEC) from failed
        finally:
            description.unlink(missing_ok=True)
            (bundle / f"{name}.pid").unlink(missing_ok=True)

    async def kill(self, container_id: str, signal: int, *, every: bool = False) -> None:
        """Send a signal to the container's first process, or to every one of its processes."""
        process = self._process(container_id)
        if not every:
            process.send_signal(signal)
            return
        for pid in members(process.pid):
            try:
                os.kill(pid, signal)
            except ProcessLookupError:
                continue

    def update(self, container_id: str, resources: Mapping[str, Any]) -> None:
        """Change the limits; see ``Runtime.update``."""
        self._group(container_id).limit(resources)

    async def pause(self, container_id: str) -> None:
        """Freeze all processes; see ``Runtime.pause``."""
        if self.able.version == 2:
            if not self.able.groups:
                raise NotImplementedHere("cannot pause here: no control group can freeze")
            self._group(container_id).freeze()
        else:
            self._freezer.freeze(container_id, self._process(container_id).pid)

    async def unpause(self, container_id: str) -> None:
        """Undo ``pause``."""
        if self.able.version == 2:
            self._group(container_id).thaw()
        else:
            self._freezer.thaw(container_id)

    async def delete(self, container_id: str) -> None:
        """Forget a container that has ended, and release what the runtime kept for it."""
        process = self._running.pop(container_id, None)
        await self._delete(container_id)
        if process is not None and process.group is not None:
            process.group.remove()
        self._limited.discard(container_id)

    def close(self) -> None:
        """Release what this object itself holds; containers are not touched."""
        os.close(self._null)

    async def _start(
        self,
        command: list[str],
        container_id: str,
        bundle: Path,
        pid_file: str,
        stdio: Stdio | None,
    ) -> ChildProcess:
        if stdio is not None:
            return await self._execute([*command, container_id], bundle, pid_file, stdio)
        nothing = Stdio(self._null, self._null, self._null)
        with ConsoleSocket(bundle) as console:
            command += ["--console-socket", console.path]
            if "exec" in command:
                command.append("--tty")
            process = await self._execute([*command, container_id], bundle, pid_file, nothing)
            process.console = console.receive()
        return process

    async def _execute(
        self, command: Sequence[str], bundle: Path, pid_file: str, stdio: Stdio
    ) -> ChildProcess:
        launcher = spawn(command, stdio=stdio, environment=self._environment)
        status = await launcher.wait()
        if status.code != 0:
            adopt_helpers(launcher.pid, _LEFT_BEHIND)
            raise _RuntimeFailed(last_words(bundle / _LOG, code=status.code))
        pid = _read_pid(bundle / pid_file)
        adopt_helpers(launcher.pid, _LEFT_BEHIND, before=pid)
        return ChildProcess(pid)

    async def _delete(self, container_id: str) -> None:
        if self._crun and container_id not in self._limited:
            # All that crun keeps of a container without a control group is this directory, and
            # removing it takes a hundredth of the time that `crun delete` does.
            shutil.rmtree(self._state / container_id, ignore_errors=True)
            return
        nothing = Stdio(self._null, self._null, self._null)
        command = [
            *self._command(None, limits=container_id in self._limited),
            "delete",
            "--force",
            container_id,
        ]
        await spawn(command, stdio=nothing, environment=self._environment).wait()

    def _command(self, bundle: Path | None, *, limits: bool) -> list[str]:
        command = [self._path, "--root", str(self._state)]
        if bundle is not None:
            command += ["--log", str(bundle / _LOG)]
        if not self._crun:
            command += ["--log-format", "json"]
        elif not limits:
            command.append("--cgroup-manager=disabled")
        return command

    def _group(self, container_id: str) -> ControlGroup:
        """The container's control group, made now if it has none."""
        process = self._process(container_id)
        if process.group is None:
            group = ControlGroup(container_id, path=self.able.path)
            # Twice, since a process may fork before it is moved.
            for _ in range(2):
                group.enter(members(process.pid))
            process.group = group
        return process.group

    def _process(self, container_id: str) -> ChildProcess:
        try:
            return self._running[container_id]
        except KeyError:
            raise NotFound(f"No such container: {container_id}") from None


def _config(bundle: Path) -> _Config:
    return msgspec.json.decode((bundle / "config.json").read_bytes(), type=_Config)


class _RuntimeFailed(EngineError):
    """What the program said when it failed."""


def _read_pid(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise SystemFailure(f"the runtime did not say which process it started: {error}") from error
