"""What every reader of notebooks can show: JupyterLab, VS Code, Colab, GitHub, nbviewer."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks.lessons import LESSONS, lesson_id, read

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STILL = ("text/html", "image/svg+xml")

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lesson_id)


@every_lesson
def test_it_is_valid(path: Path) -> None:
    nbformat.validate(read(path))


@every_lesson
def test_what_is_shown_needs_neither_a_kernel_nor_a_widget(path: Path) -> None:
    shown = list(_displayed(read(path)))
    assert shown
    for data in shown:
        assert WIDGET_VIEW not in data
        assert any(form in data for form in STILL) or set(data) == {"text/plain"}


@every_lesson
def test_no_output_fetches_anything(path: Path) -> None:
    pages = [data["text/html"] for data in _displayed(read(path)) if "text/html" in data]
    for page in pages:
        assert "<script" not in page
        assert "src=" not in page or 'src="data:' in page


def _displayed(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from (output.data for output in cell.get("outputs", ()) if "data" in output)
