"""Lesson 03: a name in full, a second name, the ID, and an image that loses its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.exercises.answers import word
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import see_digests, see_image, see_names
from dockerlab.exercises.prediction import Choice, Number
from dockerlab.exercises.verdict import Verdict, passed, wrong
from dockerlab.names import full_name

if TYPE_CHECKING:
    import docker

FULL, SLIM = "nginx:alpine", "nginx:alpine-slim"
WEB = "lab03-web:v1"
NOTE = "lab03-note"
_REDIS = "redis:8"


def _look_nowhere(client: docker.DockerClient) -> None:
    """What a name means is no matter of the engine's."""


def _judge_full(before: None, now: None, answer: object) -> Verdict:
    given = word(answer)
    if given == full_name(_REDIS):
        return passed()
    if given in {"docker.io/redis:8", "index.docker.io/redis:8", "hub.docker.com/redis:8"}:
        return wrong("no_library")
    if given in {"library/redis:8", "redis:8", "/library/redis:8"}:
        return wrong("no_registry", given=given)
    if given.startswith("docker.io/library/redis"):
        return wrong("other_tag", given=given)
    return wrong("other", given=given or "?")


@dataclass(frozen=True)
class Names:
    """The images of two tags, and every name of this lesson with its image."""

    wanted: str | None
    slim: str | None
    ours: tuple[tuple[str, str], ...]


def _look_names(client: docker.DockerClient) -> Names:
    names = see_names(client, "lab03-*")
    return Names(see_image(client, FULL), see_image(client, SLIM), tuple(sorted(names.items())))


def _judge_tag(before: Names, now: Names, answer: object) -> Verdict:
    names = dict(now.ours)
    found = names.get(WEB)
    if found is not None and found == now.wanted:
        return passed()
    if found is not None:
        return wrong("slim") if found == now.slim else wrong("other_image")
    if "lab03-web:latest" in names:
        return wrong("no_version")
    fresh = sorted(names.keys() - dict(before.ours).keys())
    return wrong("other_name", name=fresh[0]) if fresh else wrong("none")


@dataclass(frozen=True)
class Identity:
    """The ID and the digests of an image, and the ID of its smaller sister."""

    wanted: str | None
    slim: str | None
    digests: tuple[str, ...]


def _look_identity(client: docker.DockerClient) -> Identity:
    return Identity(see_image(client, FULL), see_image(client, SLIM), see_digests(client, FULL))


def _judge_identity(before: Identity, now: Identity, answer: object) -> Verdict:
    # `client.images.get(…)` without its `.id` is as good: it is the image itself.
    given = word(getattr(answer, "id", answer)).removeprefix("sha256:")
    wanted, slim = (_hex(each) for each in (now.wanted, now.slim))
    if not wanted:
        return wrong("no_image")
    if len(given) >= 4 and wanted.startswith(given):
        return passed(short=wanted[:12])
    if len(given) >= 4 and slim.startswith(given):
        return wrong("slim")
    if any(given and each.endswith(given) for each in now.digests):
        return wrong("digest")
    return wrong("name", given=given) if ":" in given else wrong("other", given=given or "?")


@dataclass(frozen=True)
class Note:
    """What the name means, and which of the images it ever meant are here, with their names."""

    id: str | None
    images: tuple[tuple[str, tuple[str, ...]], ...]


def _look_note(client: docker.DockerClient) -> Note:
    listed = client.api.images(filters={"label": "org.dockerlab.lesson=03-images"})
    images = {
        each["Id"]: tuple(tag for tag in each.get("RepoTags") or () if not tag.startswith("<none>"))
        for each in listed
    }
    return Note(see_image(client, NOTE), tuple(sorted(images.items())))


def _judge_dangling(before: Note, now: Note, answer: object) -> Verdict:
    images = dict(now.images)
    if before.id is None:
        return wrong("missing_before")
    if before.id not in images:
        return wrong("deleted")
    names = images[before.id]
    if not names:
        return passed(short=_hex(before.id)[:12])
    if len(names) > 1:
        return wrong("more_names", count=len(names))
    return wrong("renamed", name=names[0]) if now.id != before.id else wrong("still_named")


def _hex(identity: str | None) -> str:
    return (identity or "").removeprefix("sha256:")


_NOTE_MADE = (
    "!tar -cf - -C /etc hosts | docker import"
    ' --change "LABEL org.dockerlab.lesson=03-images" - lab03-note'
)
_HELLO = '\nclient.images.pull("hello-world", tag="latest")'
_PULLED = 'for tag in ["alpine", "alpine-slim"]:\n    client.images.pull("nginx", tag=tag)'

EXERCISES = (
    Exercise(
        "full",
        look=_look_nowhere,
        judge=_judge_full,
        wants_answer=True,
        solution='answer = "docker.io/library/redis:8"',
        mistakes={
            "no_library": 'answer = "docker.io/redis:8"',
            "no_registry": 'answer = "library/redis:8"',
            "other_tag": 'answer = "docker.io/library/redis:latest"',
            "other": 'answer = "quay.io/redis"',
        },
    ),
    Exercise(
        "tag",
        look=_look_names,
        judge=_judge_tag,
        given=_PULLED + _HELLO,
        solution=f"!docker tag {FULL} {WEB}",
        mistakes={
            "no_version": f"!docker tag {FULL} lab03-web",
            "slim": f"!docker tag {SLIM} {WEB}",
            "other_name": f"!docker tag {FULL} lab03-site:v1",
            "other_image": f"!docker tag hello-world {WEB}",
        },
    ),
    Exercise(
        "identity",
        look=_look_identity,
        judge=_judge_identity,
        wants_answer=True,
        given=_PULLED,
        solution=f'answer = client.images.get("{FULL}").id',
        mistakes={
            "digest": f'answer = client.images.get("{FULL}").attrs["RepoDigests"][0]',
            "slim": f'answer = client.images.get("{SLIM}").short_id',
            "name": f'answer = "{FULL}"',
            "other": 'answer = "0123456789ab"',
        },
    ),
    Exercise(
        "dangling",
        look=_look_note,
        judge=_judge_dangling,
        given=_NOTE_MADE + _HELLO,
        solution="!docker tag hello-world lab03-note",
        mistakes={
            "deleted": "!docker rmi lab03-note",
            "more_names": "!docker tag lab03-note lab03-old",
            "renamed": "!docker tag lab03-note lab03-old\n!docker rmi lab03-note",
        },
    ),
)

PREDICTIONS = (
    Choice("layers", options=("all", "some", "none")),
    Choice("disk", options=("same", "more", "less")),
    Number("freed", tolerance=0.1, share=0.1),
)
