"""Scores as sentences for the learner, and as rows for a teacher (text, JSON, CSV)."""

from __future__ import annotations

import csv
import getpass
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from dockerlab.exercises.catalog import LessonExercises, exercises_of, lessons_with_exercises
from dockerlab.exercises.score import Guess, LessonScore, Tries, load_score
from dockerlab.exercises.verdict import Outcome
from dockerlab.messages import text


@dataclass(frozen=True)
class Row:
    """One exercise or prediction of one learner."""

    learner: str
    lesson: str
    kind: str
    """`exercise` or `prediction`."""
    name: str
    result: str
    """`passed`, `wrong`, `not attempted`; of a prediction `right`, `wrong`, `not revealed`,
    `not made`."""
    checks: int = 0
    hints: int = 0
    solution_shown: bool = False
    answer: str = ""


def summary(lesson: str, score: LessonScore) -> tuple[str, ...]:
    """Return what a learner reads at the end of a lesson; nothing if it has no exercises."""
    known = exercises_of(lesson)
    lines: list[str] = []
    if known.exercises:
        tries = [score.tries.get(name, Tries()) for name in known.exercises]
        done = [each for each in tries if each.outcome is Outcome.PASSED]
        shown = sum(each.solution_shown for each in done)
        hinted = sum(bool(each.hints) and not each.solution_shown for each in done)
        lines.append(text("score.exercises", passed=len(done), count=len(tries)))
        if hinted:
            lines.append(text("score.with_hints", count=hinted))
        if shown:
            lines.append(text("score.after_solution", count=shown))
    if known.predictions:
        made = [score.guesses[name] for name in known.predictions if name in score.guesses]
        right = sum(each.right is True for each in made)
        count = len(known.predictions)
        lines.append(text("score.predictions", right=right, made=len(made), count=count))
    if score.unwritten:
        lines.append(text("score.unwritten", path=score.path, reason=score.unwritten))
    return tuple(lines)


def rows(*, folder: Path | None = None, learner: str | None = None) -> list[Row]:
    """Return every exercise and prediction of every lesson, attempted or not."""
    who = learner or learner_name()
    lessons = lessons_with_exercises()
    return [
        row
        for lesson in lessons
        for row in _rows_of(who, exercises_of(lesson), load_score(lesson, folder=folder))
    ]


def learner_name(environ: Mapping[str, str] = os.environ) -> str:
    """Return who works here: the user of the JupyterHub, or of the machine.

    >>> learner_name({"JUPYTERHUB_USER": "mei"})
    'mei'
    """
    if environ.get("JUPYTERHUB_USER"):
        return environ["JUPYTERHUB_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user ID without a name, as containers have
        return str(os.getuid())


def as_json(rows: Iterable[Row]) -> str:
    """Return the rows as a JSON array of objects."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def as_csv(rows: Iterable[Row]) -> str:
    r"""Return the rows as CSV (RFC 4180), with a heading.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.

    >>> as_csv([Row("=1+1", "01-hello-world", "exercise", "count", "passed")]).splitlines()[1]
    "'=1+1,01-hello-world,exercise,count,passed,0,0,False,"
    """
    with io.StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Row))
        for row in rows:
            writer.writerow(_harmless(value) for value in asdict(row).values())
        return file.getvalue()


def as_text(rows: Iterable[Row]) -> str:
    """Return a line for each lesson, with its exercises passed and its predictions right."""
    lines = []
    by_lesson: dict[str, list[Row]] = {}
    for row in rows:
        by_lesson.setdefault(row.lesson, []).append(row)
    for lesson, those in by_lesson.items():
        exercises = [row for row in those if row.kind == "exercise"]
        predictions = [row for row in those if row.kind == "prediction"]
        lines.append(
            text(
                "score.line",
                lesson=f"{lesson:<20}",
                passed=sum(row.result == Outcome.PASSED for row in exercises),
                exercises=len(exercises),
                helped=sum(
                    row.result == Outcome.PASSED and bool(row.hints or row.solution_shown)
                    for row in exercises
                ),
                right=sum(row.result == "right" for row in predictions),
                predictions=len(predictions),
            )
        )
    return "\n".join(lines) + "\n"


def _rows_of(learner: str, known: LessonExercises, score: LessonScore) -> Iterator[Row]:
    for name in known.exercises:
        tries = score.tries.get(name, Tries())
        yield Row(
            learner,
            known.lesson,
            "exercise",
            name,
            tries.outcome.value,
            checks=tries.checks,
            hints=tries.hints,
            solution_shown=tries.solution_shown,
        )
    for name in known.predictions:
        guess = score.guesses.get(name)
        answer = guess.answer if guess else ""
        yield Row(learner, known.lesson, "prediction", name, _guessed(guess), answer=answer)


def _guessed(guess: Guess | None) -> str:
    if guess is None:
        return "not made"
    if guess.right is None:
        return "not revealed"
    return "right" if guess.right else "wrong"


def _harmless(value: object) -> object:
    risky = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if risky else value
