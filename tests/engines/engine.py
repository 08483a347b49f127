"""What every engine under test offers: an address, the real CLI and the SDK on it."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

from docker import DockerClient

from tests.engines.programs import need


@dataclass(frozen=True)
class Engine:
    """A running engine on a unix socket."""

    name: str
    """How tests call it, for example `docker`, `oci-root`, `oci-user`."""
    socket: Path
    environment: Mapping[str, str] = field(repr=False)
    """The environment in which `docker` and notebooks reach this engine and no other."""

    @property
    def host(self) -> str:
        """Its address, as DOCKER_HOST wants it."""
        return f"unix://{self.socket}"

    def docker(
        self, *arguments: str, stdin: str | bytes | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the real `docker` command against this engine; its exit code is not judged."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return subprocess.run(
            ["docker", *arguments],
            input=given or b"",
            env=dict(self.environment),
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def client(self) -> DockerClient:
        """A client of the Docker SDK, which the caller closes."""
        return DockerClient(base_url=self.host, timeout=60)


def environment_for(socket_path: Path, *, config: Path) -> dict[str, str]:
    """Our own environment, pointed at one engine and away from the person's own settings.

    `config` is an empty folder: a `docker context` or a credential helper of whoever runs the
    tests must not decide what they say.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    need("docker", package="docker-cli")
    # The classic builder is the one that every engine here has.
    builder = {"DOCKER_BUILDKIT": "0"}
    return kept | builder | {"DOCKER_HOST": f"unix://{socket_path}", "DOCKER_CONFIG": str(config)}


def answers(socket_path: Path) -> bool:
    """Whether an engine says OK to a ping on this socket."""
    connection = HTTPConnection("engine", timeout=5)
    try:
        with socket(AF_UNIX, SOCK_STREAM) as plug:
            plug.settimeout(5)
            plug.connect(str(socket_path))
            connection.sock = plug
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
