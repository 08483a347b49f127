"""The lessons as a course: its map, and what the teacher's page says of it."""

import re
from pathlib import Path

import pytest

from dockerlab.exercises import exercises_of, lessons_with_exercises
from tests.notebooks.lessons import LESSONS, ROOT, TAUGHT, lesson_id, read

STARTS = [path for path in LESSONS if path.stem.startswith("00-")]
TEACHING = ROOT / "docs/teaching.md"


@pytest.mark.parametrize("start", STARTS, ids=lesson_id)
def test_the_map_has_every_lesson_and_its_time(start: Path) -> None:
    text = "\n".join(cell.source for cell in read(start).cells)
    row = re.compile(r"^\| \[[^]]*\]\(([\w-]+)\.ipynb\) \| ([\d–]+) \|", re.MULTILINE)
    lessons = [path for path in TAUGHT if path.parent == start.parent]
    assert dict(row.findall(text)) == {path.stem: _minutes(path) for path in lessons}


def test_no_exercise_is_without_its_lesson() -> None:
    assert set(lessons_with_exercises()) == {path.stem for path in LESSONS}


def test_the_teachers_page_knows_every_lesson_and_its_exercises() -> None:
    timing = TEACHING.read_text().partition("<!-- timing -->")[2].partition("<!-- end of")[0]
    tables = re.findall(r"^\*\*([\w-]+)\*\*$.*?^\| \*\*all\*\* \|([^\n]*)$", timing, re.M | re.S)
    counted = {name: int(cells.split("|")[3]) for name, cells in tables}
    lessons = [path for path in LESSONS if path.parent.name == "en"]
    assert counted == {path.stem: len(exercises_of(path.stem).exercises) for path in lessons}


def test_the_teachers_page_answers_for_every_lesson() -> None:
    asked = re.findall(r"^\*\*(\d) · ", TEACHING.read_text(), re.MULTILINE)
    assert asked == [path.stem[1] for path in TAUGHT if path.parent.name == "en"]


def _minutes(path: Path) -> str:
    """What a lesson's head says, as the map writes it: `20–25`, or `25`."""
    found = re.search(r"(\d+)(?:\D{1,5}(\d+))? ?(?:minutes|分钟)", read(path).cells[0].source)
    assert found, "the head says no time"
    return f"{found[1]}–{found[2]}" if found[2] else found[1]
