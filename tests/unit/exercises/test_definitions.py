"""Each lesson's exercises are whole: both languages, every sentence, three mistakes."""

import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dockerlab.exercises import (
    Choice,
    Exercise,
    Order,
    Prediction,
    exercises_of,
    lessons_with_exercises,
)
from dockerlab.exercises.texts import ExerciseTexts, PredictionTexts, read_texts

LESSONS = lessons_with_exercises()
EXERCISES = [
    (lesson, each) for lesson in LESSONS for each in exercises_of(lesson).exercises.values()
]
PREDICTIONS = [
    (lesson, each) for lesson in LESSONS for each in exercises_of(lesson).predictions.values()
]

every_exercise = pytest.mark.parametrize(
    ("lesson", "exercise"), EXERCISES, ids=[f"{lesson}-{each.name}" for lesson, each in EXERCISES]
)
every_prediction = pytest.mark.parametrize(
    ("lesson", "prediction"),
    PREDICTIONS,
    ids=[f"{lesson}-{each.name}" for lesson, each in PREDICTIONS],
)


@pytest.mark.parametrize("lesson", LESSONS)
def test_both_languages_have_the_same_and_nothing_else(lesson: str) -> None:
    known = exercises_of(lesson)
    for language in ("en", "zh"):
        texts = read_texts(lesson, language)
        assert texts.exercises.keys() == known.exercises.keys()
        assert texts.predictions.keys() == known.predictions.keys()


@every_exercise
def test_every_mistake_has_its_sentence(lesson: str, exercise: Exercise[Any]) -> None:
    english, chinese = _exercise_texts(lesson, exercise.name)
    assert exercise.name.isidentifier()
    assert len(exercise.mistakes) >= 3
    assert exercise.mistakes.keys() <= english.wrong.keys()
    assert english.wrong.keys() == chinese.wrong.keys()
    for texts in (english, chinese):
        assert len(set(texts.wrong.values())) == len(texts.wrong)


@every_exercise
def test_hints_come_before_a_solution(lesson: str, exercise: Exercise[Any]) -> None:
    english, chinese = _exercise_texts(lesson, exercise.name)
    assert len(english.hints) == len(chinese.hints) >= 2
    assert exercise.solution not in english.hints[0]
    for texts in (english, chinese):
        assert texts.title
        assert texts.task
        assert texts.solution


@every_exercise
def test_placeholders_are_the_same_in_both_languages(lesson: str, exercise: Exercise[Any]) -> None:
    english, chinese = _exercise_texts(lesson, exercise.name)
    assert _placeholders(english.passed) == _placeholders(chinese.passed)
    for key, sentence in english.wrong.items():
        assert _placeholders(sentence) == _placeholders(chinese.wrong[key]), key


@every_prediction
def test_every_option_has_its_words(lesson: str, prediction: Prediction) -> None:
    assert prediction.name.isidentifier()
    wanted: set[str] = set()
    if isinstance(prediction, Choice):
        wanted = set(prediction.options)
    elif isinstance(prediction, Order):
        wanted = set(prediction.shown)
    for texts in _prediction_texts(lesson, prediction.name):
        assert texts.options.keys() == wanted
        assert texts.question
        assert texts.explain


@pytest.mark.parametrize("lesson", LESSONS)
def test_chinese_is_chinese(lesson: str) -> None:
    texts = read_texts(lesson, "zh")
    sentences = [
        sentence
        for each in texts.exercises.values()
        for sentence in (each.task, *each.hints, each.solution, *each.wrong.values())
    ]
    sentences += [each.question for each in texts.predictions.values()]
    assert all(re.search(r"[\u4e00-\u9fff]", sentence) for sentence in sentences)


def _exercise_texts(lesson: str, name: str) -> tuple[ExerciseTexts, ExerciseTexts]:
    return read_texts(lesson, "en").exercises[name], read_texts(lesson, "zh").exercises[name]


def _prediction_texts(lesson: str, name: str) -> Iterator[PredictionTexts]:
    for language in ("en", "zh"):
        known: Mapping[str, PredictionTexts] = read_texts(lesson, language).predictions
        yield known[name]


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
