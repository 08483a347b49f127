"""Opening a terminal on a new container, as `docker run -it --rm` does, or on a running one.

A terminal ends with its kernel. If the kernel is killed, nobody is left to do that: its container
carries a label that names the kernel's process, and whoever opens the next terminal removes what
belongs to processes that are no more. The lesson's label does the same at the lesson's next start.
"""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from dockerlab.widgets.terminal.session import Place, Session
from dockerlab.widgets.terminal.typist import type_lines
from dockerlab.widgets.terminal.widget import Terminal
from dockerlab.widgets.texts import text

if TYPE_CHECKING:
    import docker

KERNEL_LABEL = "org.dockerlab.terminal"
"""The process that a terminal's container lives and dies with: host, number, and its start."""

_open: WeakSet[Session] = WeakSet()


def run_terminal(
    client: docker.DockerClient,
    image: str,
    command: Sequence[str],
    *,
    typed: Iterable[str] = (),
    labels: Mapping[str, str] | None = None,
    columns: int = 80,
    rows: int = 24,
    options: Mapping[str, Any] | None = None,
) -> Terminal:
    """Run `command` in a new container of `image`, on a terminal, and type `typed` into it.

    The container is removed when its process ends. `options` are those of the SDK's
    `create_container`. An image that is missing is pulled, as `docker run` does it.

    Raises:
        docker.errors.APIError: the engine refuses, with its reason.

    """
    remove_orphans(client)
    session = Session(
        client, Place(_create(client, image, command, labels, (rows, columns), options))
    )
    title = text("terminal.run_title", command=" ".join([image, *command]))
    return _open_session(session, title=title, typed=typed, columns=columns, rows=rows)


def exec_terminal(
    client: docker.DockerClient,
    container: str,
    command: Sequence[str] = ("sh",),
    *,
    typed: Iterable[str] = (),
    columns: int = 80,
    rows: int = 24,
) -> Terminal:
    """Run `command` in a running container, as `docker exec -it` does.

    Raises:
        docker.errors.APIError: the engine refuses: there is no such container, or it does not run.

    """
    api: Any = client.api
    made = api.exec_create(container, list(command), tty=True, stdin=True)
    session = Session(client, Place(container, execution=made["Id"], is_ours=False))
    title = text("terminal.exec_title", command=" ".join([container, *command]))
    return _open_session(session, title=title, typed=typed, columns=columns, rows=rows)


def _open_session(
    session: Session, *, title: str, typed: Iterable[str], columns: int, rows: int
) -> Terminal:
    session.start(columns=columns, rows=rows)
    _open.add(session)
    type_lines(session, typed)
    return Terminal(session, title=title, columns=columns, rows=rows)


def _create(
    client: docker.DockerClient,
    image: str,
    command: Sequence[str],
    labels: Mapping[str, str] | None,
    size: tuple[int, int],
    options: Mapping[str, Any] | None,
) -> str:
    from docker.errors import ImageNotFound  # noqa: PLC0415

    api: Any = client.api
    host = api.create_host_config()
    host["ConsoleSize"] = list(size)  # so that the program's first line has the right width already
    asked = {
        "command": list(command) or None,
        "tty": True,
        "stdin_open": True,
        "host_config": host,
        "labels": {**(labels or {}), KERNEL_LABEL: _this_process()},
        **(options or {}),
    }
    try:
        made = api.create_container(image, **asked)
    except ImageNotFound:
        client.images.pull(image, tag=None if ":" in image.rpartition("/")[2] else "latest")
        made = api.create_container(image, **asked)
    return str(made["Id"])


def remove_orphans(client: docker.DockerClient) -> None:
    """Remove the containers of terminals whose kernel is no more, of this machine's kernels."""
    from docker.errors import APIError  # noqa: PLC0415

    api: Any = client.api
    here = f"{socket.gethostname()} "
    for entry in api.containers(all=True, filters={"label": KERNEL_LABEL}):
        owner = entry["Labels"][KERNEL_LABEL]
        if owner.startswith(here) and not _is_alive(owner):
            with suppress(APIError):  # somebody else may be removing it just now
                api.remove_container(entry["Id"], force=True, v=True)


def _this_process() -> str:
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def _is_alive(owner: str) -> bool:
    _, pid, started = owner.rsplit(" ", 2)
    return pid.isdecimal() and _started(int(pid)) == started


def _started(pid: int) -> str:
    """Return when a process started, in ticks (proc(5), stat, field 22); empty if it is no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@atexit.register
def end_all() -> None:
    """End every session of this kernel."""
    for session in list(_open):
        session.end()
