"""What exercises say, in both languages: `locales/<lesson>.<language>.toml`.

[exercise.named]
title = "…"                  # a few words
task = "…"                   # one sentence: what is to be done
hints = ["…", "…"]           # from a nudge to nearly the answer
solution = "…"               # why the solution works
passed = "…"                 # what was seen; may have {placeholders}
[exercise.named.wrong]
not_started = "…"            # one for each way to be wrong

[predict.parties]
question = "…"
explain = "…"                # shown with the result
[predict.parties.options]    # of a choice or an order: what stands for each key
two = "…"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from dockerlab import messages

LOCALES = Path(__file__).parent / "locales"


@dataclass(frozen=True)
class ExerciseTexts:
    """The texts of one exercise in one language."""

    title: str
    task: str
    hints: tuple[str, ...]
    solution: str
    passed: str
    wrong: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, key: str, values: Mapping[str, object]) -> str:
        """Return what a verdict says."""
        raw = self.passed if key == "passed" else self.wrong[key]
        return raw.format(**values)


@dataclass(frozen=True)
class PredictionTexts:
    """The texts of one prediction in one language."""

    question: str
    explain: str
    unit: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LessonTexts:
    """The texts of one lesson's exercises and predictions in one language."""

    exercises: Mapping[str, ExerciseTexts]
    predictions: Mapping[str, PredictionTexts]


@cache
def read_texts(lesson: str, language: str) -> LessonTexts:
    """Return what the exercises of `lesson` say in `language`.

    Raises:
        FileNotFoundError: the lesson has no exercises.

    """
    with (LOCALES / f"{lesson}.{language}.toml").open("rb") as file:
        document: dict[str, dict[str, Any]] = tomllib.load(file)
    exercises = {
        name: ExerciseTexts(**{**table, "hints": tuple(table["hints"])})
        for name, table in document.get("exercise", {}).items()
    }
    predictions = {
        name: PredictionTexts(**table) for name, table in document.get("predict", {}).items()
    }
    return LessonTexts(exercises, predictions)


def texts_of(lesson: str) -> LessonTexts:
    """Return what the exercises of `lesson` say in the reader's language."""
    return read_texts(lesson, messages.language())
