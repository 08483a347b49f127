"""A place like Binder: a container of the reference engine, with no more rights than Binder gives.

Docker's default seccomp profile, user 1000, no new privileges, no capability, no network, 2 GB of
memory, no Docker socket. In it are Debian's own Python and proot, and what is mounted read-only:
this project, its locked Python packages, and the `docker` command.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engines.engine import Engine
from tests.engines.programs import cache_directory, need, need_root, only_one, unavailable
from tests.engines.reference import docker_root

_REPOSITORY = Path(__file__).resolve().parents[2]
_IMAGE = "dockerlab-binder"
_PACKAGES = ("python3", "proot", "ca-certificates", "libstdc++6")
_RIGHTS = (
    "--user=1000:1000",
    "--security-opt=no-new-privileges",
    "--cap-drop=ALL",
    "--network=none",
    "--memory=2g",
)
_REAPER = "sleep infinity & wait"
"""Collects orphans, as Binder's own first process does."""
_ADD_USER = (
    'echo jovyan:x:1000:1000::/home/jovyan:/bin/bash >> "$1/etc/passwd" && '
    'install --directory --owner=1000 --group=1000 "$1/home/jovyan"'
)
_PARTS = ("dockerlab", "notebooks", "tests")


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


@contextmanager
def running_binder(docker: Engine, directory: Path) -> Iterator[Session]:
    """A session, whose read-only parts are copied into `directory`, where the engine sees them."""
    archive = _root_archive()
    _provide(directory)
    imported = docker.docker("import", "-", _IMAGE, stdin=archive.read_bytes(), timeout=120)
    assert imported.returncode == 0, imported.stderr
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    binds = [
        f"--volume={directory}/project:/opt/project:ro",
        f"--volume={directory}/packages:/opt/packages:ro",
        f"--volume={directory}/docker:/usr/local/bin/docker:ro",
    ]
    environment = [
        "--env=HOME=/home/jovyan",
        "--env=PYTHONPATH=/opt/project:/opt/packages",
        "--env=PYTHONDONTWRITEBYTECODE=1",
        "--env=LANG=C.UTF-8",
        "--env=PATH=/opt/packages/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    ]
    command = [*_RIGHTS, *binds, *environment, _IMAGE, "bash", "-c", _REAPER]
    started = docker.docker("run", "--detach", *command)
    assert started.returncode == 0, started.stderr
    session = Session(docker, started.stdout.decode().strip())
    try:
        found = session.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        if found.stdout.strip() != version:
            unavailable(f"Debian 12's Python is not {version}, whose compiled packages are here")
        yield session
    finally:
        docker.docker("rm", "--force", session.container)
        docker.docker("rmi", _IMAGE)


def _root_archive() -> Path:
    """The root file system as a tar, made once in a minute."""
    need_root()
    need("mmdebstrap", package="mmdebstrap")
    recipe = hashlib.sha256(f"{_PACKAGES} {_ADD_USER}".encode()).hexdigest()[:8]
    archive = cache_directory() / f"binder-root-{recipe}.tar"
    with only_one(archive):
        if not archive.exists():
            part = archive.with_suffix(".part.tar")
            subprocess.run(
                [
                    "mmdebstrap",
                    "--quiet",
                    "--variant=essential",
                    f"--include={','.join(_PACKAGES)}",
                    "--dpkgopt=path-exclude=/usr/share/doc/*",
                    "--dpkgopt=path-exclude=/usr/share/man/*",
                    "--dpkgopt=path-exclude=/usr/share/locale/*",
                    f"--customize-hook={_ADD_USER}",
                    "bookworm",
                    str(part),
                ],
                check=True,
            )
            part.rename(archive)
    return archive


def _provide(directory: Path) -> None:
    directory.mkdir(mode=0o755)
    project = directory / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _PARTS:
        shutil.copytree(_REPOSITORY / name, project / name, ignore=ignored)
    shutil.copy(_REPOSITORY / "pyproject.toml", project)
    packages = sysconfig.get_path("purelib")
    subprocess.run(["cp", "-a", packages, directory / "packages"], check=True)
    shutil.copy(docker_root() / "usr/bin/docker", directory / "docker")
    subprocess.run(["chmod", "-R", "a+rX", directory], check=True)
