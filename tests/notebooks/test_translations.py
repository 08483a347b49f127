"""A translated lesson is the same lesson: the same cells, the same code, other words."""

import io
import tokenize
from collections.abc import Mapping
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.engines.engine import Engine
from tests.notebooks.lessons import (
    ORIGINALS,
    TRANSLATIONS,
    environment,
    lesson_id,
    read,
    run_strictly,
)

BY_NAME = {path.name: path for path in ORIGINALS}
LANGUAGES = sorted({path.parent.name for path in TRANSLATIONS})

every_translation = pytest.mark.parametrize("path", TRANSLATIONS, ids=lesson_id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lesson_is_translated(language: str) -> None:
    translated = {path.name for path in TRANSLATIONS if path.parent.name == language}
    assert translated == set(BY_NAME)


@every_translation
def test_it_has_the_cells_of_the_original(path: Path) -> None:
    original = read(BY_NAME[path.name])
    assert [_place(cell) for cell in read(path).cells] == [_place(cell) for cell in original.cells]


@every_translation
def test_its_code_is_that_of_the_original(path: Path) -> None:
    originals = {cell.id: cell.source for cell in _code(read(BY_NAME[path.name]))}
    for cell in _code(read(path)):
        assert _without_comments(cell.source) == _without_comments(originals[cell.id])


@pytest.mark.slow
@pytest.mark.timeout(300)
@every_translation
def test_outputs_are_as_saved(path: Path, environ: Mapping[str, str]) -> None:
    # On one engine only: that the code does the same on all of them is shown by the originals.
    ran = run_strictly(path, environ)
    assert ran.returncode == 0, ran.stdout[-6000:]


@pytest.fixture
def environ(oci_root_engine: Engine, tmp_path: Path) -> Mapping[str, str]:
    """A learner's environment on an engine that has nothing of the lessons yet."""
    return environment(oci_root_engine.environment, state=tmp_path)


def _place(cell: NotebookNode) -> tuple[str, str]:
    return cell.id, cell.cell_type


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _without_comments(source: str) -> list[str]:
    """The lines of a cell as they are run. A line for the shell is compared whole."""
    return [line for line in map(_without_comment, source.splitlines()) if line]


def _without_comment(line: str) -> str:
    if line.startswith(("!", "%")):
        return line
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    except (tokenize.TokenError, IndentationError):
        return line
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return line[: comments[0].start[1]].rstrip() if comments else line
