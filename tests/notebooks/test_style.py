"""The notebooks' rhythm and readability, as CONTRIBUTING.md asks for them."""

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode

from dockerlab.exercises import exercises_of
from tests.notebooks.lessons import LESSONS, TAUGHT, lesson_id, read

MOST_LINES = 15


@dataclass(frozen=True)
class Sayings:
    """What every lesson of a language says in the same words, and how much in between."""

    head: tuple[str, ...]
    predict: str
    end: tuple[str, ...]
    words: range
    """Words of prose between two code cells. Folded answers, headings, tables come on top."""


ENGLISH = Sayings(
    head=("**Time:**", "**You need:**", "**You will be able to**"),
    predict="**Predict:**",
    end=("## What you learned", "**Where next?**"),
    words=range(20, 81),
)
CHINESE = Sayings(
    head=("**时间：**", "**需要：**", "**学完以后，你能够**"),
    predict="**预测：**",
    end=("## 学到了什么", "**接下来：**"),
    words=range(25, 151),  # a word is one or two characters, each of which is counted
)

_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|tmp|work|mnt)/[\w.-]+")
_SVG = "{http://www.w3.org/2000/svg}"

every_lesson = pytest.mark.parametrize(
    "notebook", [read(path) for path in LESSONS], ids=[lesson_id(path) for path in LESSONS]
)
every_lesson_proper = pytest.mark.parametrize(
    "notebook", [read(path) for path in TAUGHT], ids=[lesson_id(path) for path in TAUGHT]
)

numbered_lessons = pytest.mark.parametrize(
    "path", [path for path in LESSONS if not path.stem.startswith("00")], ids=lesson_id
)
"""All but the page that one starts from, which needs no more than one exercise."""


@every_lesson
def test_code_cells_are_short(notebook: NotebookNode) -> None:
    long = [cell.source for cell in _code(notebook) if cell.source.count("\n") + 1 > MOST_LINES]
    assert not long


@every_lesson
def test_code_defines_and_imports_nothing_but_dockerlab(notebook: NotebookNode) -> None:
    lines = itertools.chain.from_iterable(cell.source.splitlines() for cell in _code(notebook))
    plumbing = [line for line in lines if re.match(r"\s*(def|class|import|from)\b", line)]
    assert plumbing == ["import dockerlab"]


@every_lesson
def test_prose_and_code_alternate(notebook: NotebookNode) -> None:
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == kinds[-1] == "markdown"
    in_a_row = [kind for kind, run in itertools.groupby(kinds) if kind == "code" and _many(run)]
    assert not in_a_row, "two code cells follow each other without a word in between"


@every_lesson
def test_prose_is_neither_terse_nor_long(notebook: NotebookNode) -> None:
    # The head says what the lesson is about, the end what was learned: they may be longer.
    between = [cell for cell in notebook.cells[1:-1] if cell.cell_type == "markdown"]
    counted = {cell.source: _length(_prose(cell.source)) for cell in between}
    allowed = _sayings(notebook).words
    off = {source: count for source, count in counted.items() if count not in allowed}
    assert not off


@every_lesson
def test_headings_make_an_outline(notebook: NotebookNode) -> None:
    headings = re.findall(r"^(#+) ", "\n".join(_markdown(notebook)), re.MULTILINE)
    assert headings[0] == "#"
    assert headings.count("#") == 1
    steps = itertools.pairwise(len(marks) for marks in headings)
    assert all(below <= above + 1 for above, below in steps)


@every_lesson
def test_a_lesson_begins_and_ends_like_every_other(notebook: NotebookNode) -> None:
    code = [cell.source for cell in _code(notebook)]
    assert code[0].startswith("import dockerlab\n\nclient = dockerlab.connect()\n")
    assert "lesson = dockerlab.start_lesson(" in code[0]
    assert code[-1] == "lesson.end()"
    head, end = notebook.cells[0].source, notebook.cells[-1].source
    said = _sayings(notebook)
    assert all(words in head for words in said.head)
    assert all(words in end for words in said.end)


@every_lesson_proper
def test_it_asks_before_it_shows(notebook: NotebookNode) -> None:
    text = "\n".join(_markdown(notebook))
    cards = sum(cell.source.count("lesson.predict(") for cell in _code(notebook))
    # What a card asks need not be asked in the text above it, too.
    said = _sayings(notebook)
    assert text.count(said.predict) + cards >= 7
    assert text.count("<details>") == text.count("</details>") >= 5


@numbered_lessons
def test_a_lesson_has_three_to_five_exercises_and_predicts_twice_at_least(path: Path) -> None:
    code = "\n".join(cell.source for cell in _code(read(path)))
    known = exercises_of(path.stem)
    asked = re.findall(r'(\w+) = lesson\.exercise\("(\w+)"\)', code)
    assert [name for _, name in asked] == list(known.exercises)
    assert all(variable == name for variable, name in asked), "hints name the variable"
    assert 3 <= len(asked) <= 5
    assert len(re.findall(r'lesson\.predict\("', code)) >= 2


@every_lesson
def test_every_prediction_comes_before_its_result(notebook: NotebookNode) -> None:
    sources = [cell.source for cell in _code(notebook)]
    for place, source in enumerate(sources):
        for variable, name in re.findall(r'(\w+) = lesson\.predict\("(\w+)"\)', source):
            assert variable == name, "the question says which variable to answer"
            assert source.count("\n") == 0, "the question is a cell of its own"
            later = [each for each in sources[place + 1 :] if f"{name}.reveal(" in each]
            assert len(later) == 1
            earlier = "\n".join(sources[: place + 1])
            assert f"{name}.reveal(" not in earlier


@every_lesson
def test_exercises_are_saved_unattempted(notebook: NotebookNode) -> None:
    for cell in _code(notebook):
        if "lesson.exercise(" in cell.source:
            shown = "\n".join(str(out.data.get("text/plain")) for out in cell.outputs)
            assert "Not attempted yet" in shown or "尚未作答" in shown
            assert ".hint()" not in cell.source
            assert ".solution()" not in cell.source


@every_lesson
def test_outputs_are_saved_from_one_run_from_top_to_bottom(notebook: NotebookNode) -> None:
    counts = [cell.execution_count for cell in _code(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    kinds = {output.output_type for cell in _code(notebook) for output in cell.outputs}
    assert "error" not in kinds


@every_lesson_proper
def test_a_picture_says_what_it_shows(notebook: NotebookNode) -> None:
    pictures = [data for data in _displayed(notebook) if "image/svg+xml" in data]
    assert pictures
    for data in pictures:
        root = ET.fromstring(data["image/svg+xml"])  # noqa: S314 - our own
        assert root.get("role") == "img"
        assert root.findtext(f"{_SVG}title")
        assert len(root.findtext(f"{_SVG}desc") or "") > 20
    images = re.findall(r"!\[(.*?)\]\(|<img(?![^>]*\balt=)", "\n".join(_markdown(notebook)))
    assert all(images), "a picture in the text has no alternative"


@every_lesson
def test_nothing_of_the_machine_shows(notebook: NotebookNode) -> None:
    sources = [cell.source for cell in notebook.cells]
    streams = [out.text for cell in _code(notebook) for out in cell.outputs if "text" in out]
    shown = [str(value) for data in _displayed(notebook) for value in data.values()]
    found = _MACHINE_PATH.findall("\n".join([*sources, *streams, *shown]))
    assert not found


@every_lesson
def test_cells_have_names_of_their_own(notebook: NotebookNode) -> None:
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", name) for name in ids), "readable in a diff"


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _markdown(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def _displayed(notebook: NotebookNode) -> list[NotebookNode]:
    return [out.data for cell in _code(notebook) for out in cell.outputs if "data" in out]


def _prose(source: str) -> str:
    """The text without answers that fold out, headings, tables and quotations."""
    text = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not re.match(r"\s*(#|\||>|---)", line))


def _length(prose: str) -> int:
    """How many words a text has; each Chinese character counts as one."""
    return len(re.findall(r"[\u4e00-\u9fff]|[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+", prose))


def _sayings(notebook: NotebookNode) -> Sayings:
    return CHINESE if re.search(r"[\u4e00-\u9fff]", notebook.cells[0].source) else ENGLISH


def _many(run: Iterable[str]) -> bool:
    return sum(1 for _ in run) > 1
