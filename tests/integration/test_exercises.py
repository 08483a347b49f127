"""Every exercise of every lesson, on a real engine, in cells as a learner runs them.

Untouched it is not attempted, its solution passes, and each typical mistake gets its own sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dockerlab.exercises import Exercise, exercises_of, lessons_with_exercises
from dockerlab.exercises.texts import ExerciseTexts, read_texts
from tests.engines.engine import Engine
from tests.notebooks.kernel import Kernel, running_kernel
from tests.notebooks.lessons import ORIGINALS, environment, read

pytestmark = pytest.mark.timeout(300)

NOTEBOOKS = {path.stem: path for path in ORIGINALS}

IMAGES = ("hello-world", "centos", "nginx:alpine-slim", "nginx:alpine")


@dataclass(frozen=True)
class Attempt:
    """One thing that a learner may do about an exercise."""

    lesson: str
    exercise: Exercise[Any]
    done: str
    """`untouched`, `solution`, or the key of a mistake's sentence."""

    @property
    def code(self) -> str:
        """What the learner types."""
        untouched = {"untouched": "", "solution": self.exercise.solution}
        return untouched.get(self.done) or self.exercise.mistakes.get(self.done, "")

    def __str__(self) -> str:
        return f"{self.lesson}-{self.exercise.name}-{self.done}"


def _attempts() -> Iterator[Attempt]:
    for lesson in lessons_with_exercises():
        if lesson in NOTEBOOKS:
            for exercise in exercises_of(lesson).exercises.values():
                for done in ("untouched", "solution", *exercise.mistakes):
                    yield Attempt(lesson, exercise, done)


ATTEMPTS = list(_attempts())


@pytest.fixture(scope="module")
def kernel(oci_root_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("exercises")
    for name in IMAGES:  # as the learner's own, so that no lesson has to pull and remove them
        assert oci_root_engine.docker("pull", name).returncode == 0
    environ = environment(oci_root_engine.environment, state=folder / "state")
    with running_kernel(environ | {"DOCKERLAB_LANG": "en"}, folder=folder) as running:
        yield running


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
def test_an_attempt_is_seen_for_what_it_is(attempt: Attempt, kernel: Kernel) -> None:
    try:
        _begin(attempt, kernel)
        said = _check(attempt, kernel)
    finally:
        kernel.run("lesson.end()")
    texts = read_texts(attempt.lesson, "en").exercises[attempt.exercise.name]
    assert re.search(_expected(attempt, texts), said), said


def _begin(attempt: Attempt, kernel: Kernel) -> None:
    """Start the lesson as its notebook does, and go to the exercise."""
    first = next(cell for cell in read(NOTEBOOKS[attempt.lesson]).cells if cell.cell_type == "code")
    for source in (first.source, attempt.exercise.given):
        began = kernel.run(source)
        assert not began.failed, began.text
    card = kernel.run(f"exercise = lesson.exercise({attempt.exercise.name!r}); answer = ...")
    assert not card.failed, card.text


def _check(attempt: Attempt, kernel: Kernel) -> str:
    kernel.run(attempt.code)  # a mistake may well fail: that is the learner's to see
    checked = kernel.run("exercise.check(answer)")
    assert not checked.failed, checked.text
    return checked.text


def _expected(attempt: Attempt, texts: ExerciseTexts) -> str:
    if attempt.done == "untouched":
        return r"^– Not attempted yet"
    passes = attempt.done == "solution"
    sentence = texts.passed if passes else texts.wrong[attempt.done]
    words = re.sub(r"\\\{\w+\\\}", ".*", re.escape(sentence))
    return rf"^{'✓' if passes else '✗'} .*\n  {words}"
