"""An exercise: what it looks at, and how it judges what it sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from dockerlab.exercises.verdict import Outcome, Verdict, not_attempted

if TYPE_CHECKING:
    import docker

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Exercise(Generic[Facts]):
    """One task, checked against the engine's real state and the learner's answer.

    `look` gathers what matters from the engine, as frozen data that compares equal while nothing
    has changed (so: no ages, no "Up 3 seconds"). It is called when the exercise is set and at
    every check. `judge(before, now, answer)` compares the two and touches no engine.

    `solution` is the code that `solution()` shows; `mistakes` maps the key of each wrong answer's
    sentence to code that a learner might well have typed. `given` is code that leaves the engine
    as the lesson's earlier cells do, as far as the exercise needs it. The tests run all of them,
    as cells of a notebook.
    """

    name: str
    look: Callable[[docker.DockerClient], Facts]
    judge: Callable[[Facts, Facts, object], Verdict]
    solution: str
    mistakes: Mapping[str, str] = field(default_factory=dict)
    given: str = ""
    wants_answer: bool = False
    """Whether the learner hands something to `check`; until then it is not attempted."""

    def check(self, before: Facts, now: Facts, answer: object = ...) -> Verdict:
        """Judge, and call it not attempted where nothing was done.

        What is done already counts as passed, whoever did it and whenever: a learner may have
        worked in a terminal, or before the kernel was restarted.
        """
        if self.wants_answer and answer is ...:
            return not_attempted()
        verdict = self.judge(before, now, answer)
        untouched = answer is ... and before == now
        return not_attempted() if untouched and verdict.outcome is Outcome.WRONG else verdict
