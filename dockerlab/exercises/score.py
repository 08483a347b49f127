"""What a learner has done in a lesson, on disk, so that it outlives the kernel.

It counts honestly: how often an exercise was checked, how many hints were taken before it was
passed, whether its solution was shown before; and of each prediction, the first answer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dockerlab.exercises.verdict import Outcome
from dockerlab.state import state_folder, write_at_once

_VERSION = 1


@dataclass
class Tries:
    """What became of one exercise."""

    outcome: Outcome = Outcome.NOT_ATTEMPTED
    """`passed` once and for all; otherwise what the last check said."""
    checks: int = 0
    """How often something was checked that had been attempted, up to the pass."""
    hints: int = 0
    """How many different hints were shown before it was passed."""
    solution_shown: bool = False
    """Whether the solution was shown before it was passed."""


@dataclass
class Guess:
    """What became of one prediction: the first answer, as it was given, and whether it was right.

    `right` is None as long as the result is not known.
    """

    answer: str = ""
    right: bool | None = None


@dataclass
class LessonScore:
    """The score of one lesson; every change is written down at once.

    Where the disk does not take it, the lesson goes on, and `unwritten` has the reason.
    """

    path: Path
    tries: dict[str, Tries] = field(default_factory=dict)
    guesses: dict[str, Guess] = field(default_factory=dict)
    unwritten: str = ""

    def checked(self, name: str, outcome: Outcome) -> None:
        """Note the outcome of a check."""
        tries = self.tries.setdefault(name, Tries())
        if outcome is Outcome.NOT_ATTEMPTED or tries.outcome is Outcome.PASSED:
            return
        tries.checks += 1
        tries.outcome = outcome
        self._save()

    def hinted(self, name: str, count: int) -> None:
        """Note that `count` hints have been shown."""
        tries = self.tries.setdefault(name, Tries())
        if tries.outcome is not Outcome.PASSED and count > tries.hints:
            tries.hints = count
            self._save()

    def solved(self, name: str) -> None:
        """Note that the solution was shown."""
        tries = self.tries.setdefault(name, Tries())
        if tries.outcome is not Outcome.PASSED and not tries.solution_shown:
            tries.solution_shown = True
            self._save()

    def guessed(self, name: str, answer: str) -> None:
        """Note the first answer to a prediction; a later one changes nothing."""
        if name not in self.guesses:
            self.guesses[name] = Guess(answer)
            self._save()

    def revealed(self, name: str, answer: str, *, right: bool) -> None:
        """Note whether the first answer was right, if `answer` is still that one."""
        guess = self.guesses.get(name)
        if guess is not None and guess.right is None and guess.answer == answer:
            guess.right = right
            self._save()

    def _save(self) -> None:
        document = {
            "version": _VERSION,
            "exercises": {name: asdict(each) for name, each in self.tries.items()},
            "predictions": {name: asdict(each) for name, each in self.guesses.items()},
        }
        try:
            write_at_once(self.path, json.dumps(document, ensure_ascii=False, indent=1))
        except OSError as error:
            self.unwritten = error.strerror or str(error)
        else:
            self.unwritten = ""


def load_score(lesson: str, *, folder: Path | None = None) -> LessonScore:
    """Return the score of `lesson`, empty if there is none.

    A file that cannot be understood is put aside as `….damaged`, and counting begins anew.
    """
    path = (folder or state_folder()) / "scores" / f"{lesson}.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return LessonScore(
            path,
            tries={name: _tries(each) for name, each in stored["exercises"].items()},
            guesses={name: _guess(each) for name, each in stored["predictions"].items()},
        )
    except FileNotFoundError:
        return LessonScore(path)
    except OSError as error:
        return LessonScore(path, unwritten=error.strerror or str(error))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _put_aside(path)
        return LessonScore(path)


def _tries(stored: dict[str, Any]) -> Tries:
    return Tries(
        outcome=Outcome(stored["outcome"]),
        checks=int(stored["checks"]),
        hints=int(stored["hints"]),
        solution_shown=bool(stored["solution_shown"]),
    )


def _guess(stored: dict[str, Any]) -> Guess:
    right = stored["right"]
    return Guess(answer=str(stored["answer"]), right=None if right is None else bool(right))


def _put_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged"))
    except OSError:
        return  # then it is overwritten with the next thing that is counted
