"""A lesson's folder: made empty, removed with the lesson, and never somebody else's."""

from pathlib import Path

import pytest

from dockerlab.errors import LessonProblem
from dockerlab.notebook.belongings import make_folder, remove_folder

LESSON = "07-dockerfile"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_an_interrupted_lesson_left_is_replaced() -> None:
    folder = make_folder("lab07", lesson=LESSON)
    (folder / "old").touch()
    assert [path.name for path in make_folder("lab07", lesson=LESSON).iterdir()] == [
        ".dockerlab-lesson"
    ]
    remove_folder(folder, lesson=LESSON)
    assert not folder.exists()
    remove_folder(folder, lesson=LESSON)


def test_a_folder_of_the_learners_own_stays_as_it_is() -> None:
    own = Path("lab07")
    own.mkdir()
    (own / "thesis").touch()
    with pytest.raises(LessonProblem, match="lab07"):
        make_folder("lab07", lesson=LESSON)
    remove_folder(own, lesson=LESSON)
    assert (own / "thesis").exists()


def test_another_lessons_folder_is_not_taken() -> None:
    make_folder("lab07", lesson="other")
    with pytest.raises(LessonProblem):
        make_folder("lab07", lesson=LESSON)
