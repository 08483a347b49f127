"""Lesson 04: untag, make way, count what is freed, and clear away what has no name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.exercises.answers import number
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import see_container, see_image, see_names
from dockerlab.exercises.prediction import Choice, Number
from dockerlab.exercises.verdict import Verdict, passed, wrong
from dockerlab.layers import read_all_images, share

if TYPE_CHECKING:
    import docker

DRAFT, FINAL = "lab04-draft:latest", "lab04-final:latest"
BUSY, GUEST = "lab04-busy:latest", "lab04-guest"
SITE, BASE = "lab04-site", "nginx:alpine-slim"
SHELF = "lab04-shelf:latest"
_MB = 1_000_000


@dataclass(frozen=True)
class Names:
    """The names of this lesson's images, each with its ID."""

    ours: tuple[tuple[str, str], ...]


def _look_names(client: docker.DockerClient) -> Names:
    return Names(tuple(sorted(see_names(client, "lab04-*").items())))


def _judge_untag(before: Names, now: Names, answer: object) -> Verdict:
    was, names = dict(before.ours), dict(now.ours)
    if DRAFT in names:
        if FINAL not in names:
            return wrong("wrong_one")
        more = sorted(names.keys() - was.keys())
        return wrong("one_more", name=more[0]) if more else wrong("still_there")
    if FINAL in names:
        moved = was.get(FINAL, names[FINAL]) != names[FINAL]
        return wrong("moved") if moved else passed()
    return wrong("both")


@dataclass(frozen=True)
class Blocked:
    """An image, the names it has, and whether its container is there."""

    id: str | None
    names: tuple[tuple[str, str], ...]
    has_container: bool


def _look_blocked(client: docker.DockerClient) -> Blocked:
    names = tuple(sorted(see_names(client, "lab04-*").items()))
    return Blocked(see_image(client, BUSY), names, see_container(client, GUEST) is not None)


def _judge_blocked(before: Blocked, now: Blocked, answer: object) -> Verdict:
    if before.id is None:
        return wrong("missing_before")
    others = [name for name, image in now.names if image == before.id and name != BUSY]
    if now.has_container:
        return wrong("forced") if now.id is None else wrong("container_there")
    if now.id is not None:
        return wrong("image_there")
    return wrong("other_name", name=others[0]) if others else passed()


@dataclass(frozen=True)
class Freed:
    """Bytes: the size of an image, that of its base, and what removing the image would free."""

    size: int
    base: int
    freed: int


def _look_freed(client: docker.DockerClient) -> Freed | None:
    chosen = see_image(client, SITE)
    images = {str(image.id): image for image in read_all_images(client)}
    if chosen is None or chosen not in images:
        return None
    base = images.get(see_image(client, BASE) or "")
    freed = share(images.values()).freed_by_removing(images[chosen].id)
    return Freed(images[chosen].size, base.size if base else 0, freed)


def _judge_freed(before: Freed | None, now: Freed | None, answer: object) -> Verdict:
    given = number(answer)
    if now is None:
        return wrong("no_image")
    if given is None:
        return wrong("no_number")
    megabytes = given / _MB if given > 10_000 else given  # bytes are welcome, too
    if _near(megabytes, now.freed):
        return passed(freed=f"{now.freed / _MB:.3g}")
    if _near(megabytes, now.size):
        return wrong("size", given=f"{megabytes:.3g}")
    if _near(megabytes, now.base):
        return wrong("base", given=f"{megabytes:.3g}")
    if megabytes == 0:
        return wrong("nothing")
    return wrong("other", given=f"{megabytes:.3g}")


def _near(megabytes: float, size: int) -> bool:
    return abs(megabytes * _MB - size) <= max(size // 20, 100_000)


@dataclass(frozen=True)
class Shelf:
    """The image with a name, and the nameless ones of this lesson, of those that ever were."""

    named: str | None
    nameless: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


def _look_shelf(client: docker.DockerClient) -> Shelf:
    filters = {"dangling": True, "label": "org.dockerlab.lesson=04-rmi"}
    nameless = tuple(sorted(image["Id"] for image in client.api.images(filters=filters)))
    names = tuple(sorted(see_names(client, "lab04-*").items()))
    return Shelf(see_image(client, SHELF), nameless, names)


def _judge_shelf(before: Shelf, now: Shelf, answer: object) -> Verdict:
    if not before.nameless:
        return wrong("missing_before")
    named = [name for name, image in now.names if image in before.nameless]
    if named:
        return wrong("named", name=named[0])
    if now.named is None:
        return wrong("too_much") if not now.nameless else wrong("wrong_one")
    if now.nameless:
        return wrong("still_there", count=len(now.nameless))
    return passed()


_LABEL = "org.dockerlab.lesson=04-rmi"
_MODEL = (
    'label = "org.dockerlab.lesson=04-rmi"\n'
    "!docker run --name lab04-model --label {label} hello-world\n"
    "!docker cp --quiet /etc/hosts lab04-model:/note\n"
)
_FILE = (
    'label = "org.dockerlab.lesson=04-rmi"\n'
    "!docker run --name lab04-{size} --label {{label}} nginx:alpine-slim"
    ' sh -c "head -c {size}000000 /dev/zero > /f"\n'
)

EXERCISES = (
    Exercise(
        "untag",
        look=_look_names,
        judge=_judge_untag,
        given=_MODEL + "!docker commit lab04-model lab04-draft\n"
        "!docker tag lab04-draft lab04-final",
        solution="!docker rmi lab04-draft",
        mistakes={
            "both": "!docker rmi lab04-draft lab04-final",
            "one_more": "!docker tag lab04-draft lab04-extra",
            "wrong_one": "!docker rmi lab04-final",
            "still_there": "!docker commit lab04-model lab04-draft",
        },
    ),
    Exercise(
        "blocked",
        look=_look_blocked,
        judge=_judge_blocked,
        given=_MODEL + "!docker commit lab04-model lab04-busy\n"
        "!docker run --name lab04-guest --label {label} lab04-busy",
        solution="!docker rm lab04-guest\n!docker rmi lab04-busy",
        mistakes={
            "forced": "!docker rmi --force lab04-busy",
            "image_there": "!docker rm lab04-guest",
            "container_there": "!docker tag lab04-busy lab04-other",
            "other_name": "!docker rm lab04-guest\n!docker tag lab04-busy lab04-other\n"
            "!docker rmi lab04-busy",
        },
    ),
    Exercise(
        "freeing",
        look=_look_freed,
        judge=_judge_freed,
        wants_answer=True,
        given=_FILE.format(size=5) + "!docker commit lab04-5 lab04-site",
        solution=(
            "images = dockerlab.read_images(client, "
            '["nginx:alpine-slim", "lab04-site"])\n'
            "answer = dockerlab.share(images).freed_by_removing(images[1].id)"
        ),
        mistakes={
            "size": 'answer = client.images.get("lab04-site").attrs["Size"] / 1_000_000',
            "base": 'answer = client.images.get("nginx:alpine-slim").attrs["Size"] / 1_000_000',
            "nothing": "answer = 0",
            "no_number": 'answer = "a lot"',
        },
    ),
    Exercise(
        "shelf",
        look=_look_shelf,
        judge=_judge_shelf,
        given=_FILE.format(size=3)
        + "!docker run --name lab04-4 --label {label} nginx:alpine-slim touch /g\n"
        "!docker commit lab04-3 lab04-shelf\n!docker commit lab04-4 lab04-shelf",
        solution=f"!docker image prune --force --filter label={_LABEL}",
        mistakes={
            "wrong_one": "!docker rmi lab04-shelf",
            "too_much": f"!docker image prune --all --force --filter label={_LABEL}",
            "named": "nameless = client.images.list("
            f'filters={{"dangling": True, "label": "{_LABEL}"}})\n'
            "!docker tag {nameless[0].short_id} lab04-found",
        },
    ),
)

PREDICTIONS = (
    Choice("untagged", options=("name", "image", "both")),
    Choice("visited", options=("yes", "no")),
    Number("blog", tolerance=0.1, share=0.1),
)
