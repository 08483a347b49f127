"""Lesson 02: shells in containers, what they keep, and `-i` and `-t`."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dockerlab.exercises.answers import word
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import see_containers, see_image
from dockerlab.exercises.prediction import Choice, Number
from dockerlab.exercises.verdict import Verdict, passed, wrong

if TYPE_CHECKING:
    import docker

WAITING, DESK = "lab02-waiting", "lab02-desk"
_MOST_READ = 64 * 1024
"""Bytes of a learner's file that are looked at."""


@dataclass(frozen=True)
class Shell:
    """A container as far as somebody could sit down at it."""

    is_centos: bool
    status: str
    terminal: bool
    interactive: bool


@dataclass(frozen=True)
class Desk:
    """The note on the desk, line by line, and whether another container has a /list as well."""

    lines: tuple[str, ...] | None
    elsewhere: bool


def _inspected(client: docker.DockerClient, name: str) -> dict[str, Any] | None:
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        found: dict[str, Any] = client.api.inspect_container(name)
    except NotFound:
        return None
    return found


def _text_in(client: docker.DockerClient, container: str, path: str) -> str | None:
    """Read a file of a container, running or not; None where there is none."""
    from docker.errors import NotFound  # noqa: PLC0415

    try:
        pieces, _ = client.api.get_archive(container, path)
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        return file.read(_MOST_READ).decode(errors="replace") if file else None


def _look_at_shell(client: docker.DockerClient) -> Shell | None:
    found = _inspected(client, WAITING)
    if found is None:
        return None
    return Shell(
        is_centos=found["Image"] == see_image(client, "centos"),
        status=found["State"]["Status"],
        terminal=bool(found["Config"]["Tty"]),
        interactive=bool(found["Config"]["OpenStdin"]),
    )


def _judge_shell(before: Shell | None, now: Shell | None, answer: object) -> Verdict:
    if now is None:
        return wrong("missing")
    if not now.is_centos:
        return wrong("other_image")
    if now.status != "running":
        return wrong("ended", status=now.status)
    if not now.terminal:
        return wrong("no_terminal")
    return passed() if now.interactive else wrong("no_input")


def _look_at_desk(client: docker.DockerClient) -> Desk:
    text = _text_in(client, DESK, "/list")
    others = (each for each in see_containers(client, image="centos") if each.name != DESK)
    return Desk(
        lines=None if text is None else tuple(line.strip() for line in text.splitlines()),
        elsewhere=any(_text_in(client, each.id, "/list") is not None for each in others),
    )


def _judge_desk(before: Desk, now: Desk, answer: object) -> Verdict:
    if now.lines is None:
        return wrong("gone")
    if "eggs" in now.lines:
        return passed() if "milk" in now.lines else wrong("overwritten")
    if now.elsewhere:
        return wrong("elsewhere")
    return wrong("not_added", last=now.lines[-1] if now.lines else "")


def _judge_pipe(before: None, now: None, answer: object) -> Verdict:
    letters = {"--interactive": "i", "--tty": "t"}.get(word(answer), word(answer).strip("- "))
    if letters in {"i", "interactive"}:
        return passed()
    if "t" in letters:
        return wrong("terminal")
    return wrong("nothing") if letters in {"", "none", "neither"} else wrong("other")


EXERCISES = (
    Exercise(
        name="desk",
        look=_look_at_desk,
        judge=_judge_desk,
        given=f"!docker run -d -it --name {DESK} centos /bin/bash\n"
        f'!docker exec {DESK} sh -c "echo milk > /list"',
        solution=f'!docker exec {DESK} sh -c "echo eggs >> /list"',
        mistakes={
            "overwritten": f'!docker exec {DESK} sh -c "echo eggs > /list"',
            "elsewhere": '!docker run --name lab02-new centos sh -c "echo eggs >> /list"',
            "not_added": f'!docker exec {DESK} sh -c "echo 12 eggs >> /list"',
            "gone": f"!docker rm --force {DESK}",
        },
    ),
    Exercise(
        name="pipe",
        look=lambda _: None,
        judge=_judge_pipe,
        solution='answer = "-i"',
        mistakes={
            "terminal": 'answer = "-it"',
            "nothing": 'answer = ""',
            "other": 'answer = "-d"',
        },
        wants_answer=True,
    ),
    Exercise(
        name="waiting",
        look=_look_at_shell,
        judge=_judge_shell,
        solution=f"!docker run -d -it --name {WAITING} centos /bin/bash",
        mistakes={
            "ended": f"!docker run -d --name {WAITING} centos /bin/bash\n!docker wait {WAITING}",
            "no_terminal": f"!docker run -d -i --name {WAITING} centos /bin/bash",
            "no_input": f"!docker run -d -t --name {WAITING} centos /bin/bash",
        },
    ),
)

PREDICTIONS = (
    Choice("kernel", options=("distribution", "kernel", "both", "none")),
    Choice("note", options=("there", "gone")),
    Number("running"),
)
