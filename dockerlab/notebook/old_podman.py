"""What an older Podman does not understand of the `docker` command, done in Python instead.

The command sends `docker commit` without a body, as Docker's API allows ("Create a new image from a
container"). Podman 4 wants one, and answers `Decode(): EOF`. The library sends one.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from docker.errors import APIError
from docker.utils import parse_repository_tag

from dockerlab.messages import text

if TYPE_CHECKING:
    import docker

_NO_BODY = "Error response from daemon: Decode(): EOF"


def committed_in_python(line: str, said: str, client: docker.DockerClient) -> str | None:
    """Return what to say after a plain `docker commit CONTAINER IMAGE` that met with `EOF`.

    None: that is not what happened, or it cannot be done in Python, either.
    """
    words = _words(line)
    if said.strip() != _NO_BODY or words[:2] != ["docker", "commit"] or len(words) != 4:
        return None
    container, image = words[2:]
    repository, tag = parse_repository_tag(image)
    try:
        made = client.containers.get(container).commit(repository, tag=tag or "latest")
        version = client.version()["Version"]
    except APIError:
        return None
    code = f'client.containers.get("{container}").commit("{image}")'
    return f"{text('shell.committed', version=version, code=code)}\n{made.id}"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # an unclosed quotation mark
        return []
