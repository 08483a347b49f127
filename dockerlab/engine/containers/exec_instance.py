"""One command that is to be run, runs, or ran in a container: an "exec instance"."""

import secrets

import msgspec

from dockerlab.engine.containers.attachment import parse_detach_keys
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.streams import Streams
from dockerlab.engine.runtime.runtime import Process


class ExecConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """What is to be run (Docker Engine API, ``ExecConfig``)."""

    cmd: tuple[str, ...] = ()
    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: tuple[int, int] | None = None
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    detach_keys: str = ""
    env: tuple[str, ...] = ()
    working_dir: str = ""


class Exec:
    """One command in one container, before, while and after it runs."""

    def __init__(self, container: Container, config: ExecConfig) -> None:
        self.id = secrets.token_hex(32)
        self.container = container
        self.config = config
        self.user = config.user or container.spec.config.user
        self.running = False
        self.exit_code: int | None = None
        self.process: Process | None = None
        self.ended_at = 0.0
        keys = parse_detach_keys(config.detach_keys)
        self.keys = keys if config.tty else b""
        self.streams = Streams(
            None, tty=config.tty, stdin_open=config.attach_stdin, stdin_once=True
        )

    @property
    def pid(self) -> int:
        """Its process, 0 before there is one."""
        return self.process.pid if self.process else 0

    @property
    def open(self) -> bool:
        """Whether it has yet to end, or to start."""
        return self.exit_code is None

    @property
    def command_line(self) -> str:
        """The command as events tell it."""
        return f"{self.config.cmd[0]} {' '.join(self.config.cmd[1:])}"

    @property
    def described(self) -> Container:
        """The container as its own first process would have to be described for this command."""
        spec, asked = self.container.spec, self.config
        config = msgspec.structs.replace(
            spec.config,
            tty=asked.tty,
            user=asked.user or spec.config.user,
            env=(*(spec.config.env or ()), *asked.env),
            working_dir=asked.working_dir or spec.config.working_dir,
        )
        host = msgspec.structs.replace(
            spec.host, init=None, privileged=asked.privileged or spec.host.privileged
        )
        described = msgspec.structs.replace(
            spec, config=config, host=host, path=asked.cmd[0], args=asked.cmd[1:]
        )
        return msgspec.structs.replace(self.container, spec=described)
