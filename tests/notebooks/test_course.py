"""The lessons as a course: its map, and what the teacher's page says of it."""

import re
from pathlib import Path

import pytest
from docker.utils import parse_bytes

from dockerlab.exercises import exercises_of, lessons_with_exercises
from tests.notebooks.lessons import LESSONS, ORIGINALS, ROOT, TAUGHT, lesson_id, read

STARTS = [path for path in LESSONS if path.stem.startswith("00-")]
TEACHING = ROOT / "docs/teaching.md"
ABOUT = 2.5
"""Minutes that "about 25" may be off."""
DISK_BUDGET = "60MB"
"""What images and containers may take at any moment of a lesson with stand-ins."""


@pytest.mark.parametrize("start", STARTS, ids=lesson_id)
def test_the_map_has_every_lesson_and_its_time(start: Path) -> None:
    text = "\n".join(cell.source for cell in read(start).cells)
    row = re.compile(r"^\| \[[^]]*\]\(([\w-]+)\.ipynb\) \| ([\d–]+) \|", re.MULTILINE)
    lessons = [path for path in TAUGHT if path.parent == start.parent]
    assert dict(row.findall(text)) == {path.stem: _minutes(path) for path in lessons}


def test_no_exercise_is_without_its_lesson() -> None:
    assert set(lessons_with_exercises()) == {path.stem for path in LESSONS}


def test_the_teachers_page_knows_every_lesson_and_its_exercises() -> None:
    tables = re.findall(
        r"^\*\*([\w-]+)\*\*$.*?^\| \*\*all\*\* \|([^\n]*)$", _table("timing"), re.M | re.S
    )
    counted = {name: int(cells.split("|")[3]) for name, cells in tables}
    assert counted == {path.stem: len(exercises_of(path.stem).exercises) for path in ORIGINALS}


def test_the_teachers_page_answers_for_every_lesson() -> None:
    asked = re.findall(r"^\*\*(\d) · ", TEACHING.read_text(), re.MULTILINE)
    assert asked == [path.stem[1] for path in ORIGINALS if path in TAUGHT]


@pytest.mark.parametrize("path", LESSONS, ids=lesson_id)
def test_the_teachers_page_measured_what_a_lessons_head_promises(path: Path) -> None:
    promised = [int(each) for each in _minutes(path).split("–")]
    around = ABOUT if len(promised) == 1 else 0
    assert promised[0] - around <= _measured_minutes(path.stem) <= promised[-1] + around


def test_no_lesson_needs_more_disk_than_the_course_may() -> None:
    row = re.compile(r"^\| (\d\d-[\w-]+) \| (\S+) \| (\S+) \| \S+ \|$", re.MULTILINE)
    rows = row.findall(_table("disk"))
    used = {name: parse_bytes(images) + parse_bytes(written) for name, images, written in rows}
    assert set(used) == {path.stem for path in LESSONS}
    assert max(used.values()) <= parse_bytes(DISK_BUDGET), used


def _table(name: str) -> str:
    """What `benchmarks.lessons` has put on the teacher's page under this name."""
    return TEACHING.read_text().partition(f"<!-- {name} -->")[2].partition("<!-- end of")[0]


def _measured_minutes(lesson: str) -> float:
    table = _table("timing").partition(f"**{lesson}**")[2]
    found = re.search(r"^\| \*\*all\*\* \|.* ([\d.]+) \|$", table, re.MULTILINE)
    assert found, f"{lesson} was not measured"
    return float(found[1])


def _minutes(path: Path) -> str:
    """What a lesson's head says, as the map writes it: `20–25`, or `25`."""
    found = re.search(r"(\d+)(?:\D{1,5}(\d+))? ?(?:minutes|分钟)", read(path).cells[0].source)
    assert found, "the head says no time"
    return f"{found[1]}–{found[2]}" if found[2] else found[1]
