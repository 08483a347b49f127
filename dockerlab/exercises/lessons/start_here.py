"""Start here: how an exercise works, with a task that everybody can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.prediction import Choice
from dockerlab.exercises.verdict import Verdict, passed, wrong

if TYPE_CHECKING:
    import docker


@dataclass(frozen=True)
class Versions:
    """What the engine says of itself."""

    engine: str
    api: str
    system: str


def _look(client: docker.DockerClient) -> Versions:
    said = client.version()
    return Versions(str(said["Version"]), str(said["ApiVersion"]), str(said.get("Os", "")))


def _judge(before: Versions, now: Versions, answer: object) -> Verdict:
    given = str(answer).strip().removeprefix("v")
    if given == now.api:
        return passed(api=now.api)
    if given == now.engine:
        return wrong("engine", engine=now.engine)
    if not given.replace(".", "").isdigit():
        return wrong("no_number", given=given)
    return wrong("other", given=given)


EXERCISES = (
    Exercise(
        name="api",
        look=_look,
        judge=_judge,
        wants_answer=True,
        solution='answer = client.version()["ApiVersion"]',
        mistakes={
            "engine": 'answer = client.version()["Version"]',
            "no_number": 'answer = "the newest"',
            "other": "answer = 1.0",
        },
    ),
)

PREDICTIONS = (Choice("programs", options=("one", "two")),)
