"""Podman's Docker-compatible service, with a store of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.engine import Engine, answers, environment_for
from tests.engines.programs import need, need_root
from tests.engines.serving import serving

# As an ordinary container, but content with a machine that refuses higher limits and mixes both
# versions of cgroups. No network is made, for that would turn on forwarding for the whole machine.
_SETTINGS = """\
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""
_MIRROR = """\
unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "{address}"
insecure = true
"""


@contextmanager
def running_podman(state: Path, *, mirror: str = "") -> Iterator[Engine]:
    """Podman as root, everything below `state`; `mirror` is a registry's host and port."""
    need_root()
    program = need("podman", package="podman")
    need("runc", package="runc")
    settings, registries = state / "containers.conf", state / "registries.conf"
    settings.write_text(_SETTINGS)
    registries.write_text(_MIRROR.format(address=mirror) if mirror else "")
    socket, log = state / "podman.sock", state / "podman.log"
    places = ["--root", str(state / "root"), "--runroot", str(state / "run")]
    environment = environment_for(socket, config=state)
    own = {"CONTAINERS_CONF": str(settings), "CONTAINERS_REGISTRIES_CONF": str(registries)}
    command: list[str | Path] = [
        program,
        *places,
        "system",
        "service",
        "--time",
        "0",
        f"unix://{socket}",
    ]
    try:
        with serving(
            command,
            ready=lambda: answers(socket),
            log=log,
            seconds=30,
            environment={**environment, **own},
        ):
            yield Engine("podman", socket, environment)
    finally:
        # Podman mounts its own store upon itself, which would keep the folder from being removed.
        subprocess.run(["umount", "--lazy", str(state / "root/overlay")], check=False)
