"""What an older Podman does not understand of the `docker` command, done in Python instead.

The command sends `docker commit` without a body, as Docker's API allows ("Create a new image from a
container"). Podman 4 wants one, and answers `Decode(): EOF`. The library sends one.
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from docker.errors import APIError
from docker.utils import parse_repository_tag

from dockerlab.messages import text

if TYPE_CHECKING:
    import docker

_NO_BODY = "Error response from daemon: Decode(): EOF"


def committed_in_python(line: str, said: str, client: docker.DockerClient) -> str | None:
    """Return what to say after a `docker commit … CONTAINER IMAGE` that met with `EOF`.

    None: that is not what happened, or it cannot be done in Python, either.
    """
    asked = _asked(line) if said.strip() == _NO_BODY else None
    if asked is None:
        return None
    repository, tag = parse_repository_tag(asked.image)
    changes = "\n".join(asked.change)
    try:
        container = client.containers.get(asked.container)
        made = container.commit(repository, tag=tag or "latest", changes=changes or None)
        version = client.version()["Version"]
    except APIError:
        return None
    more = f', changes="{changes}"' if changes else ""
    code = f'client.containers.get("{asked.container}").commit("{asked.image}"{more})'
    return f"{text('shell.committed', version=version, code=code)}\n{made.id}"


def _asked(line: str) -> argparse.Namespace | None:
    """What a line asks to be committed; None if it does more, or something else.

    >>> _asked("docker commit --change 'CMD ls' box kept:1")
    Namespace(change=['CMD ls'], container='box', image='kept:1')
    >>> _asked("docker commit box | cat"), _asked("docker ps")
    (None, None)
    """
    options = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    options.add_argument("-c", "--change", action="append", default=[])
    options.add_argument("container", nargs="?")  # else argparse complains aloud by itself
    options.add_argument("image", nargs="?")
    try:
        words = shlex.split(line)
        asked, rest = options.parse_known_args(words[2:])
    except (ValueError, argparse.ArgumentError):
        return None
    return asked if words[:2] == ["docker", "commit"] and asked.image and not rest else None
