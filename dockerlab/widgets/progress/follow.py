"""Pull or build, and show how it goes: as a widget in a notebook, as plain lines elsewhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dockerlab.widgets.progress.course import BuildCourse, Course, PullCourse
from dockerlab.widgets.progress.result import Built, Pulled
from dockerlab.widgets.progress.widget import Progress

if TYPE_CHECKING:
    import docker


def pull_image(client: docker.DockerClient, name: str, *, as_widget: bool) -> Pulled:
    """Pull the image `name` and show each layer as it comes.

    Raises:
        docker.errors.ImageNotFound: the registry has no such image.
        docker.errors.APIError: the engine could not get it, with its reason.

    """
    from docker.errors import APIError  # noqa: PLC0415

    api: Any = client.api
    has_version = "@" in name or ":" in name.rpartition("/")[2]
    course = PullCourse()
    messages = api.pull(name, tag=None if has_version else "latest", stream=True, decode=True)
    _follow(f"docker pull {name}", messages, course, as_widget=as_widget)
    if course.error:
        raise APIError(course.error)
    return Pulled(name, _layers(client, name))


def build_image(
    client: docker.DockerClient,
    path: str | Path,
    *,
    tag: str,
    labels: Mapping[str, str],
    options: Mapping[str, Any],
    as_widget: bool,
) -> Built:
    """Build the folder `path` with the engine's classic builder, and show each step.

    Raises:
        docker.errors.BuildError: a step failed, with the engine's reason.
        docker.errors.APIError: the engine refuses to build.

    """
    from docker.errors import BuildError  # noqa: PLC0415

    api: Any = client.api
    course = BuildCourse()
    messages = api.build(
        path=str(path), tag=tag, rm=True, decode=True, labels=dict(labels), **options
    )
    title = shlex.join(["docker", "build", "--tag", tag, str(path)])
    _follow(title, messages, course, as_widget=as_widget)
    if course.error:
        raise BuildError(course.error, iter([{"stream": line} for line in course.log]))
    return Built(tag, len(course.rows), _layers(client, tag))


def _follow(
    title: str, messages: Iterable[Mapping[str, Any]], course: Course, *, as_widget: bool
) -> None:
    if not as_widget:
        for message in messages:
            for line in course.hear(message):
                sys.stdout.write(f"{line}\n")
        return
    from IPython.display import display  # noqa: PLC0415

    widget = Progress(title)
    display(widget)  # type: ignore[no-untyped-call]
    for message in messages:
        course.hear(message)
        widget.show(course)
    if isinstance(course, BuildCourse) and not course.error:
        course.finish()
    widget.finish(course)


def _layers(client: docker.DockerClient, name: str) -> int:
    return len(client.images.get(name).attrs["RootFS"].get("Layers") or [])
