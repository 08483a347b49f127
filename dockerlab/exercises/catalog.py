"""Which lesson has which exercises: `01-hello-world` has those of `lessons/hello_world.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.prediction import Prediction
from dockerlab.exercises.texts import LOCALES


@dataclass(frozen=True)
class LessonExercises:
    """The exercises and predictions of one lesson, by name, in the lesson's order."""

    lesson: str
    exercises: Mapping[str, Exercise[Any]]
    predictions: Mapping[str, Prediction]


def lessons_with_exercises() -> list[str]:
    """Return the names of the lessons that have exercises, in order.

    >>> lessons_with_exercises()[:2]
    ['00-start-here', '01-hello-world']
    """
    return sorted(path.name.removesuffix(".en.toml") for path in LOCALES.glob("*.en.toml"))


@cache
def exercises_of(lesson: str) -> LessonExercises:
    """Return the exercises of `lesson`; a lesson without any has empty ones.

    >>> list(exercises_of("no-lesson").exercises)
    []
    """
    if lesson not in lessons_with_exercises():
        return LessonExercises(lesson, {}, {})
    module = import_module(f"dockerlab.exercises.lessons.{_module(lesson)}")
    return LessonExercises(
        lesson,
        exercises={each.name: each for each in module.EXERCISES},
        predictions={each.name: each for each in module.PREDICTIONS},
    )


def _module(lesson: str) -> str:
    number, _, name = lesson.partition("-")
    return (name if number.isdigit() else lesson).replace("-", "_")
