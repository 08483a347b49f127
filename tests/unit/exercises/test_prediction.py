"""A prediction is locked once it is given, and closed once the result may be seen."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.errors import LessonProblem
from dockerlab.exercises import Choice, LessonScore, Number, Order, load_score
from dockerlab.notebook.lesson import close_predictions
from dockerlab.notebook.prediction import OpenPrediction, open_prediction
from dockerlab.notebook.prediction_form import make_form

LESSON = "01-hello-world"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")


@pytest.fixture
def score(tmp_path: Path) -> LessonScore:
    return load_score(LESSON, folder=tmp_path)


@pytest.fixture
def second(score: LessonScore) -> OpenPrediction:
    return open_prediction(LESSON, "second", score=score)


def test_an_answer_is_locked(second: OpenPrediction, score: LessonScore) -> None:
    assert "the pull" in repr(second.answer("b"))
    assert "already" in repr(second.answer("a"))
    assert repr(second.reveal("pull")).startswith("✓")
    assert score.guesses["second"].right is True


def test_an_answer_that_is_none_leaves_it_open(second: OpenPrediction) -> None:
    assert repr(second.answer("z")).startswith("✗ Answer before")
    assert second.is_open


def test_nothing_is_taken_after_the_next_cell(second: OpenPrediction, score: LessonScore) -> None:
    second.close()
    assert "Too late" in repr(second.answer("b"))
    assert "did not predict" in repr(second.reveal("pull"))
    assert not score.guesses


def test_an_answer_stays_when_the_next_cell_runs(second: OpenPrediction) -> None:
    second.answer("a")
    second.close()
    assert repr(second.reveal("pull")).startswith("✗ You predicted “nothing")


def test_it_looks_the_same_each_time(score: LessonScore) -> None:
    for name in ("second", "steps", "containers"):
        one, other = (open_prediction(LESSON, name, score=score) for _ in range(2))
        assert repr(one) == repr(other)
        assert one._repr_html_() == other._repr_html_()


def test_the_form_sends_what_was_chosen_and_hears_what_became_of_it(
    second: OpenPrediction,
) -> None:
    form = make_form(second)
    form._receive(None, {"answer": "z"}, None)
    assert form.is_open
    assert "letter from a to c" in form.state
    form._receive(None, {"answer": "b"}, None)
    assert not form.is_open
    assert "the pull" in form.state


@pytest.mark.parametrize("content", [{}, {"answer": 3}, {"answer": None}, {"other": "b"}])
def test_the_form_leaves_alone_what_it_does_not_know(
    second: OpenPrediction, content: dict[str, object]
) -> None:
    make_form(second)._receive(None, content, None)
    assert second.is_open


def test_an_unknown_name_is_a_sentence(score: LessonScore) -> None:
    with pytest.raises(LessonProblem, match="second"):
        open_prediction(LESSON, "sekond", score=score)


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text()), st.binary())
)
def test_whatever_is_written_is_read_or_refused(anything: object) -> None:
    for prediction in (
        Choice("c", options=("one", "two")),
        Number("n", tolerance=1),
        Order("o", shown=("one", "two")),
    ):
        read = prediction.read(anything)
        assert isinstance(prediction.holds(read, anything), bool)


def test_a_cell_closes_what_was_not_predicted(second: OpenPrediction) -> None:
    close_predictions([second], SimpleNamespace(raw_cell='second.answer("b")'))
    assert second.is_open
    close_predictions([second], SimpleNamespace(raw_cell="!docker run hello-world"))
    assert not second.is_open
