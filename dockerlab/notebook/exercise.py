"""`lesson.exercise(name)`: an exercise in the learner's hands.

named = lesson.exercise("named")     # shows the card
...                                  # the learner's own commands
named.check()                        # or named.check(answer)
named.hint()                         # each time the next one
named.solution()

A hint and a solution are shown by the call, wherever it stands: a learner writes the line above
`named.check()`, and a notebook by itself shows nothing but a cell's last value.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from dockerlab.errors import LessonProblem
from dockerlab.exercises import Exercise, LessonScore, Outcome, Tries, exercises_of
from dockerlab.exercises.texts import ExerciseTexts, texts_of
from dockerlab.messages import listed, text
from dockerlab.notebook import shell
from dockerlab.notebook.notice import Notice, Tone

if TYPE_CHECKING:
    import docker

_TONES = {Outcome.PASSED: Tone.GOOD, Outcome.WRONG: Tone.BAD, Outcome.NOT_ATTEMPTED: Tone.OPEN}
_SILENCE = object()
"""What is seen of an engine that does not answer; None may well be what an exercise has seen."""


class OpenExercise:
    """One exercise being worked on; shows itself as its card."""

    def __init__(
        self,
        lesson: str,
        exercise: Exercise[Any],
        *,
        client: docker.DockerClient,
        score: LessonScore,
    ) -> None:
        self._lesson = lesson
        self._exercise = exercise
        self._client = client
        self._score = score
        self._hints_given = 0
        self._commands = shell.commands_run()
        self._said: tuple[int | None, Notice] | None = None
        self._before = self._look()

    def show_card(self) -> None:
        """Show the task; what is run from now on counts as an attempt."""
        self._commands = shell.commands_run()
        _show(self.card)

    def check(self, answer: object = ...) -> Notice:
        """Look at the engine and at `answer`, and say what was seen.

        Without an answer, or with `...`, an exercise that wants one is not attempted.
        """
        now = self._look()
        if now is _SILENCE:
            return Notice(Tone.OPEN, text("exercise.not_checked"), (text("exercise.silent"),))
        if self._before is _SILENCE:
            self._before = now
        verdict = self._exercise.check(self._before, now, answer)
        self._score.checked(self._exercise.name, verdict.outcome)
        title = text(f"exercise.{verdict.outcome.name.lower()}", title=self._texts.title)
        if verdict.outcome is Outcome.NOT_ATTEMPTED:
            lines: tuple[str, ...] = (text("exercise.stuck", name=self._exercise.name),)
            if shell.commands_run() > self._commands:  # "not attempted" would be unkind
                title = text("exercise.wrong", title=self._texts.title)
                lines = (text("exercise.unchanged"), *lines)
        else:
            lines = (self._texts.sentence(verdict.sentence, verdict.values),)
        said = Notice(_TONES[verdict.outcome], title, lines)
        self._said = (_cell(), said)
        return said

    def hint(self) -> None:
        """Show the next hint; each says more than the one before."""
        hints = self._texts.hints
        self._hints_given = min(self._hints_given + 1, len(hints))
        self._score.hinted(self._exercise.name, self._hints_given)
        title = text("exercise.hint", number=self._hints_given, count=len(hints))
        lines = [hints[self._hints_given - 1]]
        if self._hints_given == len(hints):
            lines.append(text("exercise.last_hint", name=self._exercise.name))
        self._show_below(Notice(Tone.TASK, title, tuple(lines)))

    def solution(self) -> None:
        """Show a solution; the score says that it was shown."""
        self._score.solved(self._exercise.name)
        title = text("exercise.solution", title=self._texts.title)
        said = (self._texts.solution,)
        self._show_below(Notice(Tone.TASK, title, said, code=self._exercise.solution))

    def _show_below(self, notice: Notice) -> None:
        """Show a notice, and before it the verdict that it would take the last value's place of."""
        if self._said and self._said[0] is not None and self._said[0] == _cell():
            _show(self._said[1])
        self._said = None
        _show(notice)

    @property
    def card(self) -> Notice:
        """The title, the task, and how far the learner has come."""
        tries = self._score.tries.get(self._exercise.name, Tries())
        title = text("exercise.title", title=self._texts.title)
        return Notice(Tone.TASK, title, (self._texts.task, _state(tries)))

    @property
    def _texts(self) -> ExerciseTexts:
        return texts_of(self._lesson).exercises[self._exercise.name]

    def _look(self) -> Any:  # noqa: ANN401 - the facts are the exercise's own
        """Return what the exercise sees, or `_SILENCE` where the engine does not answer."""
        import requests  # noqa: PLC0415
        from docker.errors import DockerException  # noqa: PLC0415

        try:
            return self._exercise.look(self._client)
        except (DockerException, requests.RequestException):
            return _SILENCE

    def __repr__(self) -> str:
        return repr(self.card)

    def _repr_html_(self) -> str:
        return self.card._repr_html_()


def open_exercise(
    lesson: str, name: str, *, client: docker.DockerClient, score: LessonScore
) -> OpenExercise:
    """Return the exercise `name` of a lesson, with the engine's state as it is now.

    Raises:
        LessonProblem: the lesson has no exercise of this name.

    """
    known = exercises_of(lesson).exercises
    if name not in known:
        raise LessonProblem("exercise.unknown", name=name, known=listed(known))
    return OpenExercise(lesson, known[name], client=client, score=score)


def _cell() -> int | None:
    """The number of the cell that runs, or None outside a notebook."""
    ipython = sys.modules.get("IPython")
    running = ipython.get_ipython() if ipython else None
    return running.execution_count if running else None


def _show(notice: Notice) -> None:
    from dockerlab.notebook.display import show  # noqa: PLC0415

    show(notice)


def _state(tries: Tries) -> str:
    if tries.outcome is not Outcome.PASSED:
        wrong = tries.outcome is Outcome.WRONG
        return text("exercise.state_wrong" if wrong else "exercise.state_open")
    if tries.solution_shown:
        return text("exercise.state_shown")
    return text("exercise.state_hinted" if tries.hints else "exercise.state_passed")
