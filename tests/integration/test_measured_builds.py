"""A Dockerfile measured by the real command: its figures, and what a failing build says."""

from pathlib import Path

import pytest

from dockerlab.errors import LessonProblem
from dockerlab.notebook.builds import measure_build
from tests.engines.engine import Engine


@pytest.fixture
def folder(oci_root_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in oci_root_engine.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "page").write_text("one line\n")
    return tmp_path


def test_the_figures_are_those_of_the_image(folder: Path, oci_root_engine: Engine) -> None:
    write = "RUN head -c 1000000 /dev/zero > /big"
    (folder / "Dockerfile").write_text(f"FROM busybox\nCOPY page /page\n{write}\n{write}\n")
    client = oci_root_engine.client()
    measured = measure_build("measured", folder, touch="page", client=client)
    image = client.images.get("measured")
    assert measured.size == image.attrs["Size"]
    assert measured.layers == len(image.attrs["RootFS"]["Layers"]) == 4
    assert measured.wasted_bytes == 2_000_000
    assert measured.rebuild_seconds > 0
    assert (folder / "page").read_text() == "one line\nOne more line.\n"
    client.close()


def test_a_build_that_fails_says_how_it_ended(folder: Path, oci_root_engine: Engine) -> None:
    (folder / "Dockerfile").write_text("FROM busybox\nRUN echo the reason; exit 3\n")
    client = oci_root_engine.client()
    with pytest.raises(LessonProblem, match=r"(?s)failing.*the reason.*code: 3"):
        measure_build("failing", folder, touch="page", client=client)
    client.close()
