"""Remove what lessons made, by label and by record, and nothing else.

The rule, and why it is enough, stands at the top of `dockerlab.notebook.lesson`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from dockerlab import messages
from dockerlab.labels import ANY_LESSON, LESSON_LABEL
from dockerlab.notebook.inventory import familiar_name
from dockerlab.notebook.record import Record
from dockerlab.state import state_folder

if TYPE_CHECKING:
    import docker

NOT_FOUND = 404


@dataclass
class CleanUp:
    """What was removed, and what was not.

    `left` is what the engine refused to remove, with its reason; `elsewhere` are containers that
    appeared during the lesson and outside its cells, in a terminal perhaps: the learner's own.
    `score` says how the lesson's exercises went, where it has any.
    """

    containers: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    score: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            messages.text(
                "cleanup.removed", containers=len(self.containers), images=len(self.images)
            )
        ]
        for name, reason in self.left.items():
            lines.append(messages.text("cleanup.left", name=name, reason=reason))
        if self.elsewhere:
            ids = " ".join(identity[:12] for identity in self.elsewhere)
            lines.append(messages.text("cleanup.elsewhere", ids=ids))
        return "\n".join((*lines, *self.score))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in str(self).splitlines())


def cleanup(client: docker.DockerClient | None = None) -> CleanUp:
    """Remove whatever any lesson ever made on this engine; the learner's own things stay.

    `client` defaults to the engine that `connect` finds.
    """
    from dockerlab.notebook.connect import connect  # noqa: PLC0415
    from dockerlab.notebook.record import load_record  # noqa: PLC0415

    engine = client or connect(show=False)
    total = CleanUp()
    lessons = state_folder() / "lessons"
    for name in sorted({path.name.rpartition("@")[0] for path in lessons.glob("*@*.json")}):
        _merge(total, clean_up(engine, record=load_record(name, engine=engine), lesson=name))
    _merge(total, clean_up(engine, record=Record(lessons / "none.json"), lesson=None))
    return total


def clean_up(client: docker.DockerClient, *, record: Record, lesson: str | None) -> CleanUp:
    """Remove what `record` lists and what carries the label of `lesson` (None: of any lesson)."""
    done = CleanUp()
    for identity in _containers(client, record=record, lesson=lesson):
        _remove_container(client, identity, done)
    named = _images(client, record=record, lesson=lesson)
    for name, identity in named.items():
        _remove_image(client, name, identity, done)
    # What another image was built on may have lost its name only: it goes when that has gone.
    unnamed = [each for each in dict.fromkeys(named.values()) if _has_no_name(client, each)]
    _remove_nameless(client, [*unnamed, *record.nameless])
    record.forget()
    return done


def _containers(
    client: docker.DockerClient, *, record: Record, lesson: str | None
) -> dict[str, None]:
    chosen = dict.fromkeys(record.containers)
    for entry in client.api.containers(all=True, filters={"label": LESSON_LABEL}):
        value = entry["Labels"][LESSON_LABEL]
        idle = entry.get("State") != "running"
        if lesson is None or value == lesson or (value == ANY_LESSON and idle):
            chosen[entry["Id"]] = None
    return chosen


def _images(client: docker.DockerClient, *, record: Record, lesson: str | None) -> dict[str, str]:
    chosen = dict(record.images)
    for image in client.api.images(filters={"label": LESSON_LABEL}):
        if lesson is None or image["Labels"][LESSON_LABEL] == lesson:
            tags = [familiar_name(tag) for tag in image.get("RepoTags") or []]
            tags = [tag for tag in tags if tag != "<none>:<none>"]
            chosen |= dict.fromkeys(tags or [image["Id"]], image["Id"])
    return chosen


def _remove_container(client: docker.DockerClient, identity: str, done: CleanUp) -> None:
    from docker.errors import APIError, NotFound  # noqa: PLC0415

    try:
        # v=True takes the container's anonymous volumes along; named ones are never removed.
        client.api.remove_container(identity, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        done.left[identity[:12]] = error.explanation or str(error)
    else:
        done.containers.append(identity)


def _remove_image(client: docker.DockerClient, name: str, identity: str, done: CleanUp) -> None:
    from docker.errors import APIError, NotFound  # noqa: PLC0415

    try:
        if client.images.get(name).id != identity:
            return  # the name means another image by now: the learner's
        client.api.remove_image(name, force=False)
    except NotFound:
        return
    except APIError as error:
        done.left[name] = error.explanation or str(error)
    else:
        done.images.append(name)


def _has_no_name(client: docker.DockerClient, identity: str) -> bool:
    from docker.errors import APIError  # noqa: PLC0415

    api: Any = client.api
    try:
        return not api.inspect_image(identity).get("RepoTags")
    except APIError:
        return False


def _remove_nameless(client: docker.DockerClient, identities: Sequence[str]) -> None:
    """Remove what a build has left without a name, what others stand on last.

    Engines that keep their images with containerd keep each step of a classic build; the others
    have removed it already, with the image that was made from it.
    """
    from docker.errors import APIError  # noqa: PLC0415

    left = list(identities)
    while left:
        refused = []
        for identity in reversed(left):
            try:
                client.api.remove_image(identity, force=False)
            except APIError as error:
                if error.status_code != NOT_FOUND:
                    refused.append(identity)
        if len(refused) == len(left):
            return  # a container, or an image of the learner's own, needs them
        left = refused[::-1]


def _merge(total: CleanUp, part: CleanUp) -> None:
    total.containers += part.containers
    total.images += part.images
    total.left |= part.left
