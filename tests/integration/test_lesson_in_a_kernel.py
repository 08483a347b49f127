"""A lesson in a real IPython kernel: the card, the banner, errors as sentences, and its cells."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.engines.engine import Engine


def run_cells(*cells: str, environment: Mapping[str, str], folder: Path) -> list[str]:
    """Run cells in a fresh kernel and return each one's output as text."""
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    )
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute(env={**environment, "DOCKERLAB_LANG": "en", "XDG_STATE_HOME": str(folder)})
    return ["".join(map(_text, cell.outputs)) for cell in notebook.cells]


def _text(output: nbformat.NotebookNode) -> str:
    return str(output.get("text") or output.get("data", {}).get("text/plain", ""))


def test_a_lesson_from_first_cell_to_last(docker_engine: Engine, tmp_path: Path) -> None:
    outputs = run_cells(
        "import dockerlab\nclient = dockerlab.connect()",
        "lesson = dockerlab.start_lesson('test', images=['busybox'])",
        "!docker run --network none busybox echo made",
        "client.containers.create('busybox', ['true']); None",
        "lesson.end()",
        environment=docker_engine.environment,
        folder=tmp_path,
    )
    assert outputs[0].startswith("dockerlab is connected\n  engine    Docker Engine 2")
    assert "unix://" in outputs[0]
    assert outputs[1] == ""
    assert outputs[2].endswith("made\n")
    assert outputs[4] == "Cleaned up what this lesson made. Containers: 2. Image names: 1."
    assert b"busybox" not in docker_engine.docker("images").stdout


def test_a_problem_is_one_sentence(tmp_path: Path, docker_engine: Engine) -> None:
    environment = {**docker_engine.environment, "DOCKER_HOST": "unix:///nowhere.sock"}
    with pytest.raises(CellExecutionError) as caught:
        run_cells(
            "import dockerlab\nclient = dockerlab.connect()",
            environment=environment,
            folder=tmp_path,
        )
    assert "There is no socket at unix:///nowhere.sock." in caught.value.traceback
    assert "Traceback" not in caught.value.traceback
    assert "find.py" not in caught.value.traceback
