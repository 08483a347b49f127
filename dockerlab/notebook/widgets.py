"""The widgets by the names a learner types, on the engine that the lesson is connected to."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dockerlab.errors import LessonProblem
from dockerlab.labels import ANY_LESSON, LESSON_LABEL
from dockerlab.notebook.connect import in_notebook
from dockerlab.notebook.lesson import learner_client, learner_labels

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from dockerlab.widgets.explore import Explorer
    from dockerlab.widgets.inspect import InspectExplorer
    from dockerlab.widgets.progress import Built, Pulled
    from dockerlab.widgets.terminal import Terminal

_of_cell: dict[str, Terminal] = {}
"""The terminal that each cell opened last: running a cell again ends the one before."""


def terminal(
    image: str | None = None,
    *command: str,
    container: str | None = None,
    typed: Sequence[str] = (),
    client: docker.DockerClient | None = None,
    **options: Any,  # noqa: ANN401 - the SDK's own
) -> Terminal:
    """Open a live terminal: `docker run -it --rm IMAGE COMMAND`, in the notebook.

        dockerlab.terminal("centos", "/bin/bash")
        dockerlab.terminal(container="web")                  # docker exec -it web sh

    The lines of `typed` are typed before the cell ends, each when the prompt is there: where no
    browser is, that is the session. `options` are those of the SDK's `create_container`, such as
    `environment` or `name`. The container is removed when its process ends, when the cell is run
    again or deleted, and when the kernel stops.

    Raises:
        LessonProblem: neither an image nor a container is named, or both are.
        docker.errors.APIError: the engine refuses, with its reason.

    """
    from dockerlab.widgets.terminal import exec_terminal, run_terminal  # noqa: PLC0415

    engine = client or learner_client()
    cell = _cell()
    if cell in _of_cell:
        _of_cell.pop(cell).end()
    if container is not None and image is None:
        opened = exec_terminal(engine, container, _words(command) or ["sh"], typed=typed)
    elif image is not None and container is None:
        labels = {LESSON_LABEL: ANY_LESSON, **learner_labels()}
        opened = run_terminal(
            engine, image, _words(command), typed=typed, labels=labels, options=options
        )
    else:
        raise LessonProblem("lesson.terminal_choice")
    if cell:
        _of_cell[cell] = opened
    return opened


def _words(command: Sequence[str]) -> list[str]:
    """Return the words of a command, which may be given as one string, as in a shell."""
    return shlex.split(command[0]) if len(command) == 1 else list(command)


def _cell() -> str:
    """Return the ID of the cell being run, where the front end tells it: JupyterLab does."""
    from IPython.core.getipython import get_ipython  # noqa: PLC0415

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return ""
    return str((kernel.get_parent().get("metadata") or {}).get("cellId") or "")


def inspect(name: str, *, client: docker.DockerClient | None = None) -> InspectExplorer:
    """Show what `docker inspect NAME` says of an image or a container, each field explained.

    Raises:
        ImageMissing: the engine has neither an image nor a container of that name.

    """
    from dockerlab.widgets.inspect import inspect_image_or_container  # noqa: PLC0415

    return inspect_image_or_container(client or learner_client(), name)


def explore(image: str, *, client: docker.DockerClient | None = None) -> Explorer:
    """Show an image layer by layer and file by file: what each layer changes, what is wasted.

    Raises:
        ImageMissing: the engine has no image of this name.
        ImageProblem: the image cannot be analysed.

    """
    from dockerlab.layers import analyze_image  # noqa: PLC0415
    from dockerlab.widgets.explore import Explorer  # noqa: PLC0415

    return Explorer(analyze_image(client or learner_client(), image))


def pull(name: str, *, client: docker.DockerClient | None = None) -> Pulled:
    """Pull an image as `docker pull` does, and show each layer as it comes.

    Raises:
        docker.errors.ImageNotFound: the registry has no such image.
        docker.errors.APIError: the engine could not get it, with its reason.

    """
    from dockerlab.widgets.progress import pull_image  # noqa: PLC0415

    return pull_image(client or learner_client(), name, as_widget=in_notebook())


def build(
    path: str | Path,
    *,
    tag: str,
    client: docker.DockerClient | None = None,
    **options: Any,  # noqa: ANN401 - the SDK's own
) -> Built:
    """Build the folder `path` as `docker build` does, and show each step as it is made.

    The image carries the lesson's label. `options` are those of the SDK's `APIClient.build`, such
    as `nocache` or `buildargs`.

    Raises:
        docker.errors.BuildError: a step failed, with the engine's reason.
        docker.errors.APIError: the engine refuses to build.

    """
    from dockerlab.widgets.progress import build_image  # noqa: PLC0415

    return build_image(
        client or learner_client(),
        path,
        tag=tag,
        labels=learner_labels(),
        options=options,
        as_widget=in_notebook(),
    )
