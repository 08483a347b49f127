"""Find an engine that answers already (standard library only: nothing is installed yet).

`dockerlab.connect()` looks much harder. This is only to know what need not be installed.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path


def answering_engine(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of the first engine that answers a ping, or None."""
    named = environment.get("DOCKER_HOST", "")
    if named and not named.startswith("unix://"):
        return named  # over TCP or SSH: whoever set that up knows that it is there
    for path in _candidates(environment):
        if answers(path):
            return f"unix://{path}"
    return None


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    named = environment.get("DOCKER_HOST", "")
    if named:
        yield Path(named.removeprefix("unix://"))
    home = Path(environment.get("HOME", "/"))
    yield Path("/var/run/docker.sock")
    yield home / ".docker/run/docker.sock"  # Docker Desktop
    yield home / ".colima/default/docker.sock"
    if "XDG_RUNTIME_DIR" in environment:
        yield Path(environment["XDG_RUNTIME_DIR"]) / "docker.sock"  # rootless Docker
        yield Path(environment["XDG_RUNTIME_DIR"]) / "podman/podman.sock"


def answers(path: Path) -> bool:
    """Whether an engine says OK to a ping on this unix socket."""
    if not path.exists():
        return False
    connection = HTTPConnection("engine", timeout=2)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
            plug.settimeout(2)
            plug.connect(str(path))
            connection.sock = plug
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
