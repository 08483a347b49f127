"""Lesson 01: containers are counted, named, used again, and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.exercises.answers import number
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import ContainerSeen, see_container, see_containers, see_image
from dockerlab.exercises.prediction import Choice, Number, Order
from dockerlab.exercises.verdict import Verdict, passed, wrong

if TYPE_CHECKING:
    import docker

IMAGE = "hello-world"
NAMED = "lab01-hello"
AGAIN = "lab01-again"


@dataclass(frozen=True)
class Containers:
    """The containers of hello-world, one of them by its name, and whether the image is here."""

    all: tuple[ContainerSeen, ...]
    named: ContainerSeen | None
    image: str | None


def _look_for(name: str, client: docker.DockerClient) -> Containers:
    image = see_image(client, IMAGE)
    made = see_containers(client, image=IMAGE) if image else ()
    return Containers(made, see_container(client, name), image)


def _look_named(client: docker.DockerClient) -> Containers:
    return _look_for(NAMED, client)


def _look_again(client: docker.DockerClient) -> Containers:
    return _look_for(AGAIN, client)


def _judge_count(before: Containers, now: Containers, answer: object) -> Verdict:
    given, there = number(answer), len(now.all)
    running = sum(each.status == "running" for each in now.all)
    if given is None:
        return wrong("no_number")
    if given == there:
        return passed(count=there)
    if given == running:
        return wrong("only_running", running=running)
    if given > there:
        return wrong("too_many", given=f"{given:g}")
    return wrong("too_few", given=f"{given:g}")


def _judge_named(before: Containers, now: Containers, answer: object) -> Verdict:
    made = now.named
    if made is not None:
        if made.image.removesuffix(":latest") != IMAGE and made.image_id != now.image:
            return wrong("other_image", image=made.image)
        if made.status == "created":
            return wrong("not_started")
        return passed(id=made.id[:12])
    fresh = [each for each in now.all if each not in before.all]
    if not fresh:
        return wrong("none")
    last = max(fresh, key=lambda each: each.created)
    if any(word.startswith("--name") for word in last.command):
        return wrong("after_image", id=last.id[:12])
    return wrong("other_name", name=last.name)


def _judge_again(before: Containers, now: Containers, answer: object) -> Verdict:
    was, made = before.named, now.named
    if made is None:
        return wrong("gone")
    if was is None:
        return wrong("missing_before")
    if made.id != was.id:
        return wrong("another", old=was.id[:12], new=made.id[:12])
    if made.started != was.started:
        return passed(id=made.id[:12])
    if len(now.all) > len(before.all):
        return wrong("new_one", more=len(now.all) - len(before.all))
    return wrong("none")


def _judge_tidy(before: Containers, now: Containers, answer: object) -> Verdict:
    renamed = [each for each in now.all if before.named and each.id == before.named.id]
    if now.named is not None:
        was = before.named
        started = was is not None and was.started != now.named.started
        return wrong("started") if started else wrong("still_there", status=now.named.status)
    if renamed:
        return wrong("renamed", name=renamed[0].name)
    if now.image is None:
        return wrong("image_gone")
    return passed()


EXERCISES = (
    Exercise(
        "count",
        look=_look_named,
        judge=_judge_count,
        wants_answer=True,
        given="!docker run hello-world\n!docker run hello-world\n!docker run hello-world",
        solution=(
            'made = client.containers.list(all=True, filters={"ancestor": "hello-world"})\n'
            "answer = len(made)"
        ),
        mistakes={
            "only_running": "answer = 0",
            "too_few": "answer = 1",
            "too_many": "answer = 400",
            "no_number": 'answer = "some"',
        },
    ),
    Exercise(
        "named",
        look=_look_named,
        judge=_judge_named,
        given="!docker run --rm hello-world",
        solution=f"!docker run --name {NAMED} hello-world",
        mistakes={
            "after_image": f"!docker run hello-world --name {NAMED}",
            "not_started": f"!docker create --name {NAMED} hello-world",
            "other_name": "!docker run --name hello hello-world",
        },
    ),
    Exercise(
        "again",
        look=_look_again,
        judge=_judge_again,
        given=f"!docker run --name {AGAIN} hello-world",
        solution=f"!docker start --attach {AGAIN}",
        mistakes={
            "new_one": "!docker run hello-world",
            "another": f"!docker rm {AGAIN}\n!docker run --name {AGAIN} hello-world",
            "gone": f"!docker rm {AGAIN}",
        },
    ),
    Exercise(
        "tidy",
        look=_look_again,
        judge=_judge_tidy,
        given=f"!docker run --name {AGAIN} hello-world",
        solution=f"!docker rm {AGAIN}",
        mistakes={
            "started": f"!docker start --attach {AGAIN}",
            "renamed": f"!docker rename {AGAIN} lab01-old",
            "image_gone": f"!docker rm {AGAIN}\n!docker rmi hello-world",
        },
    ),
)

PREDICTIONS = (
    Order("steps", shown=("start", "pull", "output", "create")),
    Choice("second", options=("nothing", "pull", "pull_create")),
    Number("containers"),
)
