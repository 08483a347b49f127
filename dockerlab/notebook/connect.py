"""`dockerlab.connect()`: the first line of every lesson."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dockerlab.connection import Connection, find

if TYPE_CHECKING:
    import docker

_inherited_host = os.environ.get("DOCKER_HOST", "")
"""What JupyterLab's own process, and so each of its terminals, has in `DOCKER_HOST`."""


def connect(*, show: bool | None = None) -> docker.DockerClient:
    """Find a container engine and return the Docker SDK's client for it.

    What `DOCKERLAB_ENGINE`, `DOCKER_HOST` or the current docker context name is used, or its
    problem is raised. Otherwise the first that answers: Docker, Podman, and at last the embedded
    engine, which is started. `DOCKER_HOST` is set, so that `!docker …` in a cell goes there too.
    In a notebook a card says what was found; `show` forces or forbids it.

    JupyterLab's terminals are children of its server, whose environment no kernel can change:
    `make lab` therefore runs `eval "$(dockerlab connect --print-env)"` before it starts the
    server. Where that was not done and it matters, the card gives the line to type.

    Raises:
        ConnectionProblem: with the sentence that says what to do.

    """
    connection = open_connection()
    if in_notebook():
        from IPython.core.getipython import get_ipython  # noqa: PLC0415

        from dockerlab.notebook import shell, slips  # noqa: PLC0415

        shell.install(get_ipython())
        slips.install(get_ipython())
    if in_notebook() if show is None else show:
        from dockerlab.notebook.card import show_card  # noqa: PLC0415

        show_card(connection, terminal_host=_inherited_host)
    return connection.client


def open_connection() -> Connection:
    """Find the engine, lead this process and its children there, and return what was found."""
    from dockerlab.standins import packs  # noqa: PLC0415

    connection = find(packs=packs)
    connection.export()
    return connection


def in_notebook() -> bool:
    """Return whether this is an IPython kernel, where rich output can be shown."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and getattr(shell, "kernel", None) is not None
