"""`lesson.predict(name)`: a question that is answered before the result is seen.

    freed = lesson.predict("freed")      # shows the question; answered in the form, or
    freed.answer("b")                    # in a cell
    ...                                  # the cell that shows the result
    freed.reveal(actual)

An answer is locked once it is given. A prediction that has none is closed by the next cell that
runs: afterwards the result is on the screen, and saying what it will be would be no prediction.
"""

from __future__ import annotations

from collections.abc import Callable

from dockerlab.errors import LessonProblem
from dockerlab.exercises import Choice, LessonScore, Number, Order, Prediction, exercises_of
from dockerlab.exercises.prediction import letter
from dockerlab.exercises.texts import PredictionTexts, texts_of
from dockerlab.messages import listed, text
from dockerlab.notebook.notice import Notice, Tone

_HOW: dict[type[Prediction], str] = {
    Choice: "predict.how_choice",
    Number: "predict.how_number",
    Order: "predict.how_order",
}


class OpenPrediction:
    """One prediction being made; shows itself as its question."""

    def __init__(self, lesson: str, prediction: Prediction, *, score: LessonScore) -> None:
        self.prediction = prediction
        self._lesson = lesson
        self._score = score
        self._answer: object = None
        self._is_closed = False
        self._watchers: list[Callable[[], None]] = []

    def answer(self, given: object) -> Notice:
        """Lock an answer: a letter for a choice, a number, letters in their order."""
        if self._answer is not None:
            return Notice(Tone.OPEN, text("predict.locked", answer=self.words(self._answer)))
        if self._is_closed:
            return Notice(Tone.OPEN, text("predict.too_late"))
        read = self.prediction.read(given)
        if read is None:
            return Notice(Tone.BAD, self.how_to_answer())
        self._answer = read
        self._score.guessed(self.prediction.name, _stored(read))
        self._tell()
        return Notice(Tone.TASK, text("predict.taken", answer=self.words(read)))

    def reveal(self, actual: object) -> Notice:
        """Compare the answer with what has really happened; no answer is said to be none."""
        self.close()
        words, explain = self.words(self.prediction.read(actual)), self.texts.explain
        if self._answer is None:
            return Notice(Tone.OPEN, text("predict.none", actual=words), (explain,))
        right = self.prediction.holds(self._answer, actual)
        self._score.revealed(self.prediction.name, _stored(self._answer), right=right)
        key = "predict.right" if right else "predict.wrong"
        title = text(key, answer=self.words(self._answer), actual=words)
        return Notice(Tone.GOOD if right else Tone.BAD, title, (explain,))

    def close(self) -> None:
        """Take no answer any more."""
        self._is_closed = True
        self._tell()

    @property
    def is_open(self) -> bool:
        """Whether an answer would still be taken."""
        return self._answer is None and not self._is_closed

    @property
    def texts(self) -> PredictionTexts:
        """The question and its options in the reader's language."""
        return texts_of(self._lesson).predictions[self.prediction.name]

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What there is to choose from or to put in order: letters and words."""
        if isinstance(self.prediction, Number):
            return ()
        keys = self.prediction.options if isinstance(self.prediction, Choice) else _shown(self)
        return tuple((letter(place), self.texts.options[key]) for place, key in enumerate(keys))

    @property
    def card(self) -> Notice:
        """The question in its still form."""
        state = self.how_to_answer() if self.is_open else self.state()
        title = text("predict.title")
        return Notice(Tone.TASK, title, (self.texts.question, state), options=self.options)

    def state(self) -> str:
        """What has become of it so far, in a sentence."""
        if self._answer is not None:
            return text("predict.taken", answer=self.words(self._answer))
        return text("predict.too_late") if self._is_closed else text("predict.open")

    def how_to_answer(self) -> str:
        """How an answer is written in a cell."""
        last = self.options[-1][0] if self.options else ""
        return text(_HOW[type(self.prediction)], name=self.prediction.name, last=last)

    def words(self, answer: object) -> str:
        """Return an answer in the reader's words."""
        if isinstance(answer, tuple):
            return " → ".join(self.texts.options[key] for key in answer)
        if isinstance(answer, str):
            return self.texts.options[answer]
        return f"{answer:.3g}{self.texts.unit}" if answer is not None else "?"

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called whenever the state changes."""
        self._watchers.append(watcher)

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()

    def __repr__(self) -> str:
        return repr(self.card)

    def _repr_html_(self) -> str:
        return self.card._repr_html_()


def open_prediction(lesson: str, name: str, *, score: LessonScore) -> OpenPrediction:
    """Return the prediction `name` of a lesson, unanswered.

    Raises:
        LessonProblem: the lesson has no prediction of this name.

    """
    known = exercises_of(lesson).predictions
    if name not in known:
        raise LessonProblem("exercise.unknown", name=name, known=listed(known))
    return OpenPrediction(lesson, known[name], score=score)


def _shown(opened: OpenPrediction) -> tuple[str, ...]:
    return opened.prediction.shown if isinstance(opened.prediction, Order) else ()


def _stored(answer: object) -> str:
    return " ".join(answer) if isinstance(answer, tuple) else str(answer)
