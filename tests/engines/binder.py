"""A place like Binder: a container of the reference engine, with no more rights than Binder gives.

Docker's default seccomp profile, user 1000, no new privileges, no capability, no network, 2 GB of
memory, one CPU, no Docker socket. `binder/start` starts JupyterLab in it, as there.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.engines.binder_image import HOME, IMAGE
from tests.engines.engine import Engine
from tests.engines.inside import forwarded

RIGHTS = (
    "--user=1000:1000",
    "--security-opt=no-new-privileges",
    "--cap-drop=ALL",
    "--network=none",
    "--memory=2g",
    "--cpus=1",
)
JUPYTER = (
    *("jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"),
    *("--IdentityProvider.token=", "--ServerApp.allow_origin=*"),
)
_REFUSED = ("ptrace", "process_vm_readv", "process_vm_writev", "unshare", "setns", "mount")
"""What some sandboxes refuse: namespaces, and what proot cannot work without."""
_REAPER = '"$@" & wait'
"""Collects orphans, and outlives JupyterLab."""


@dataclass(frozen=True)
class Session:
    """A learner's session in that place."""

    engine: Engine
    """The reference engine, which the session itself cannot reach."""
    container: str

    def command(self, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """The command line that runs `arguments` in the session."""
        return ["docker", "exec", "--interactive", *options, self.container, *arguments]

    def run(
        self, *arguments: str, stdin: bytes = b"", timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the session; its exit code is not judged."""
        ran = self.engine.docker(*self.command(*arguments)[1:], stdin=stdin, timeout=timeout)
        return subprocess.CompletedProcess(
            ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode()
        )

    def shell(self, script: str, *, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a script of bash in the session, with the engine in DOCKER_HOST."""
        return self.run("bash", "-c", f". ~/engine.env; {script}", timeout=timeout)

    def write(self, path: str, text: str) -> None:
        """Write a file in the session, and the folders above it."""
        script = f'mkdir -p "$(dirname {path})" && cat > {path}'
        written = self.run("bash", "-c", script, stdin=text.encode())
        assert written.returncode == 0, written.stderr

    def runs(self, word: str) -> bool:
        """Whether a process has that word in its command line."""
        lines = self.run("bash", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'").stdout
        return word in lines.splitlines()

    def exit_code(self, name: str) -> int:
        """How a container of the session's engine ended."""
        return int(self.shell(f"docker inspect --format '{{{{.State.ExitCode}}}}' {name}").stdout)

    def connect(self) -> "subprocess.CompletedProcess[str]":
        """Find the engine, or start it, and keep for `shell` what a terminal's environment has."""
        keep = "export -p | grep ' DOCKER' > ~/engine.env"
        return self.run(f"{HOME}/binder/start", "bash", "-c", keep)

    def engine_inside(self) -> Engine:
        """The embedded engine that runs in the session, which root can reach from out here."""
        address = self.shell("echo $DOCKER_HOST").stdout.strip().removeprefix("unix:///")
        socket = Path(f"/proc/{self._process()}/root", address)
        environment = dict(self.engine.environment) | {"DOCKER_HOST": f"unix://{socket}"}
        return Engine("proot", socket, environment)

    @contextmanager
    def jupyterlab(self) -> Iterator[str]:
        """The URL at which this machine reaches the session's JupyterLab."""
        with forwarded(self._process(), port=8888) as port:
            yield f"http://127.0.0.1:{port}"

    def _process(self) -> int:
        """The container's first process, by its number out here."""
        return int(self.engine.docker("inspect", "--format={{.State.Pid}}", self.container).stdout)

    def log(self) -> str:
        """What `binder/start` and JupyterLab said."""
        ran = self.engine.docker("logs", self.container)
        return (ran.stdout + ran.stderr).decode(errors="replace")


def without_ptrace(profile: Path) -> str:
    """The option of a session that may not even trace processes; `profile` is written for it."""
    rule = {"names": _REFUSED, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    return f"--security-opt=seccomp={profile}"


@contextmanager
def running_session(
    docker: Engine, *, image: str = IMAGE, options: Sequence[str] = ()
) -> Iterator[Session]:
    """A session with a JupyterLab, which may not answer yet."""
    start = ["bash", "-c", _REAPER, "session", f"{HOME}/binder/start", *JUPYTER]
    given = [*RIGHTS, *options, f"--workdir={HOME}"]
    started = docker.docker("run", "--detach", *given, image, *start)
    assert started.returncode == 0, started.stderr
    session = Session(docker, started.stdout.decode().strip())
    try:
        yield session
    finally:
        docker.docker("rm", "--force", session.container)


def wait_for_lab(session: Session, url: str, *, seconds: float = 120) -> None:
    """Wait until the session's JupyterLab answers at `url`."""
    from urllib.request import urlopen  # noqa: PLC0415

    deadline = monotonic() + seconds
    while True:
        try:
            with urlopen(f"{url}/api/status", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if monotonic() > deadline:
                raise RuntimeError(f"JupyterLab does not answer:\n{session.log()}") from None
        sleep(0.1)
