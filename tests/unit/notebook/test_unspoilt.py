"""A lesson opens without the results that it asks its learner to guess."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from dockerlab.notebook.unspoilt import UnspoiltContents

LESSON = Path(__file__).parents[3] / "notebooks/en/04-rmi.ipynb"


@pytest.fixture
def contents(tmp_path: Path) -> UnspoiltContents:
    shutil.copy(LESSON, tmp_path / "lesson.ipynb")
    return UnspoiltContents(root_dir=str(tmp_path))


def _get(contents: UnspoiltContents, name: str = "lesson.ipynb") -> dict[str, Any]:
    return asyncio.run(contents.get(name))


def _outputs(model: dict[str, Any]) -> list[Any]:
    code = [cell for cell in model["content"]["cells"] if cell["cell_type"] == "code"]
    return [cell["execution_count"] for cell in code if cell["execution_count"]] + [
        output for cell in code for output in cell["outputs"]
    ]


def test_a_recorded_lesson_opens_without_outputs_and_its_file_keeps_them(
    contents: UnspoiltContents, tmp_path: Path
) -> None:
    model = _get(contents)
    assert len(model["content"]["cells"]) > 50
    assert not _outputs(model)
    assert (tmp_path / "lesson.ipynb").read_bytes() == LESSON.read_bytes()


def test_what_a_learner_has_saved_is_shown(contents: UnspoiltContents) -> None:
    model = _get(contents)
    # As JupyterLab saves it: the kernel has said which language it speaks, and a cell has run.
    model["content"]["metadata"]["language_info"] = {"name": "python"}
    first = next(cell for cell in model["content"]["cells"] if cell["cell_type"] == "code")
    first["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine"}]
    asyncio.run(contents.save(model, "lesson.ipynb"))  # type: ignore[no-untyped-call]
    assert [output["text"] for output in _outputs(_get(contents))] == ["mine"]


def test_other_notebooks_and_folders_stay_as_they_are(
    contents: UnspoiltContents, tmp_path: Path
) -> None:
    text = LESSON.read_text().replace("dockerlab.start_lesson(", "other.start(")
    (tmp_path / "other.ipynb").write_text(text)
    assert _outputs(_get(contents, "other.ipynb"))
    assert {each["name"] for each in _get(contents, "")["content"]} == {
        "lesson.ipynb",
        "other.ipynb",
    }
