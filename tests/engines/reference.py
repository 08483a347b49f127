"""The reference: a current Docker Engine, with the test registry as its mirror of Docker Hub."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.engines.engine import Engine, answers, environment_for
from tests.engines.programs import cache_directory, need, need_root, only_one
from tests.engines.serving import serving

_SCRIPT = Path(__file__).with_name("reference-docker.sh")


def docker_root() -> Path:
    """The root file system that holds the Docker Engine and its CLI, made once in 20 seconds."""
    need_root()
    need("mmdebstrap", package="mmdebstrap")
    root = cache_directory() / "docker-root"
    with only_one(root):
        if not root.exists():
            subprocess.run([_SCRIPT, "make", root], check=True)
    return root


@contextmanager
def running_docker(state: Path, *, mirror: str, containerd_store: bool = False) -> Iterator[Engine]:
    """A Docker Engine of this session's own, with its images and containers under `state`.

    `containerd_store` is how Docker keeps images since version 29, and here if one asks for it.
    """
    put_docker_first()
    root = docker_root()
    settings = {
        "registry-mirrors": [mirror],
        "features": {"containerd-snapshotter": containerd_store},
        # The number of its root file system's group `docker` is some other group's out here.
        "group": "root",
    }
    (state / "daemon.json").write_text(json.dumps(settings))
    log = state / "dockerd.log"
    # It must not outlive a test session that was killed.
    command: list[str | Path] = ["setpriv", "--pdeathsig", "TERM", _SCRIPT, "run", root, state]
    socket = state / "docker.sock"
    with serving(command, ready=lambda: answers(socket), log=log, seconds=60):
        config = state / "client"
        config.mkdir(exist_ok=True)
        yield Engine("docker", socket, environment_for(socket, config=config))


@cache
def put_docker_first() -> None:
    """Make the reference's own CLI the `docker` of this session, so that outputs are comparable.

    Whoever is not root cannot make it, and tests with the `docker` that they have.
    """
    if os.geteuid() != 0:
        return
    binaries = cache_directory() / "bin"
    binaries.mkdir(exist_ok=True)
    link = binaries / "docker"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(docker_root() / "usr/bin/docker")
    os.environ["PATH"] = f"{binaries}:{os.environ['PATH']}"
