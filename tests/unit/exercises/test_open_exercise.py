"""An exercise in the learner's hands: card, check, hints, solution, and what is counted."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from IPython.core.interactiveshell import InteractiveShell

from dockerlab.errors import LessonProblem
from dockerlab.exercises import LessonScore, Outcome, load_score
from dockerlab.exercises.lessons.hello_world import EXERCISES, Containers
from dockerlab.exercises.looking import ContainerSeen
from dockerlab.notebook import shell
from dockerlab.notebook.exercise import OpenExercise, open_exercise

LESSON = "01-hello-world"
NAMED = next(each for each in EXERCISES if each.name == "named")
COUNT = next(each for each in EXERCISES if each.name == "count")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKERLAB_LANG", "en")


@pytest.fixture
def score(tmp_path: Path) -> LessonScore:
    return load_score(LESSON, folder=tmp_path)


class Scene:
    """What an exercise sees, for as long as the test says so."""

    def __init__(self, seen: Containers) -> None:
        self.seen: Containers | None = seen

    def look(self, _: object) -> Containers:
        """Show the scene, or fail as an engine does that has gone away."""
        if self.seen is None:
            raise requests.ConnectionError("gone")
        return self.seen


def container(name: str, **facts: Any) -> ContainerSeen:
    known = {"image": "hello-world", "image_id": "sha256:1", "status": "exited", "exit_code": 0}
    more = {"command": ("/hello",), "started": "2026-01-01T00:00:00Z"}
    return ContainerSeen(**{"id": name * 4, "name": name, **known, **more, **facts})


@pytest.fixture
def opened(score: LessonScore) -> Callable[[Scene], OpenExercise]:
    def open_on(scene: Scene) -> OpenExercise:
        exercise = replace(NAMED, look=scene.look)
        client: Any = None  # nothing asks it: the scene is what is seen
        return OpenExercise(LESSON, exercise, client=client, score=score)

    return open_on


EMPTY = Containers((), None, "sha256:1")


def test_it_goes_from_not_attempted_over_wrong_to_passed(
    opened: Callable[[Scene], OpenExercise], score: LessonScore
) -> None:
    scene = Scene(EMPTY)
    named = opened(scene)
    assert repr(named.check()).startswith("– Not attempted yet")
    other = container("other")
    scene.seen = Containers((other,), None, "sha256:1")
    assert "named other, not lab01-hello" in repr(named.check())
    assert "not passed yet" in repr(named)
    right = container("lab01-hello")
    scene.seen = Containers((other, right), right, "sha256:1")
    assert repr(named.check()).startswith("✓ Passed")
    assert repr(named).endswith("Passed.")
    assert score.tries["named"].outcome is Outcome.PASSED
    assert score.tries["named"].checks == 2


def test_a_command_that_changes_nothing_is_no_silence(
    opened: Callable[[Scene], OpenExercise],
) -> None:
    named = opened(Scene(EMPTY))
    named.show_card()
    with io.StringIO() as screen:
        shell.run("echo docker", out=screen)
    said = repr(named.check())
    assert said.startswith("✗ Not yet") or said.startswith("– Not yet")
    assert "What did your command answer?" in said
    named.show_card()
    assert repr(named.check()).startswith("– Not attempted yet")


def test_the_newest_container_is_spoken_of() -> None:
    wrong_way = container("odd", command=("--name", "lab01-hello"), created="2026-01-01T00:00:00Z")
    later = container("later", created="2026-01-01T00:00:05Z")
    verdict = NAMED.check(EMPTY, Containers((wrong_way, later), None, "sha256:1"))
    assert (verdict.sentence, verdict.values) == ("other_name", {"name": "later"})


def test_an_engine_that_is_gone_is_a_sentence(opened: Callable[[Scene], OpenExercise]) -> None:
    scene = Scene(EMPTY)
    named = opened(scene)
    scene.seen = None
    assert "does not answer" in repr(named.check())
    scene.seen = EMPTY
    assert repr(named.check()).startswith("– Not attempted yet")


def test_hints_follow_each_other_and_the_last_one_stays(
    opened: Callable[[Scene], OpenExercise],
    score: LessonScore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = opened(Scene(EMPTY))
    shown = [_shown_by(named.hint, capsys) for _ in range(4)]
    assert [hint.splitlines()[0] for hint in shown[:3]] == [
        "✎ Hint 1 of 3",
        "✎ Hint 2 of 3",
        "✎ Hint 3 of 3",
    ]
    assert shown[2] == shown[3]
    assert "named.solution()" in shown[3]
    assert score.tries["named"].hints == 3


def test_a_solution_is_shown_and_counted(
    opened: Callable[[Scene], OpenExercise],
    score: LessonScore,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = opened(Scene(EMPTY))
    assert NAMED.solution in _shown_by(named.solution, capsys)
    assert score.tries["named"].solution_shown


def test_a_hint_below_the_check_does_not_hide_what_was_seen(
    opened: Callable[[Scene], OpenExercise], capsys: pytest.CaptureFixture[str]
) -> None:
    ipython: Any = InteractiveShell.instance()
    ipython.user_ns["named"] = opened(Scene(EMPTY))
    try:
        ipython.run_cell("named.check()\nnamed.hint()", store_history=True)
        both = capsys.readouterr().out
        assert both.index("Not attempted yet") < both.index("Hint 1 of 3")
        ipython.run_cell("named.hint()\nnamed.check()", store_history=True)
        assert capsys.readouterr().out.count("Not attempted yet") == 1
        ipython.run_cell("named.hint()", store_history=True)
        assert "Not attempted yet" not in capsys.readouterr().out
    finally:
        InteractiveShell.clear_instance()


def _shown_by(call: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> str:
    """What a call shows by itself, wherever in a cell it stands."""
    call()
    return capsys.readouterr().out


def test_what_is_seen_is_escaped(opened: Callable[[Scene], OpenExercise]) -> None:
    scene = Scene(EMPTY)
    named = opened(scene)
    scene.seen = Containers((container("<script>"),), None, "sha256:1")
    html = named.check()._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("answer", ["", "many", None, [1, 2], {}, object(), float("nan"), True])
def test_an_answer_that_is_none_is_wrong_and_never_a_traceback(answer: object) -> None:
    assert COUNT.check(EMPTY, EMPTY, answer).outcome is Outcome.WRONG


def test_a_name_that_is_not_there_is_a_sentence(score: LessonScore) -> None:
    client: Any = None
    with pytest.raises(LessonProblem, match="named"):
        open_exercise(LESSON, "nmaed", client=client, score=score)
