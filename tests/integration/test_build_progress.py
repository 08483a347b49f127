"""`dockerlab.build` on every engine: its steps as rows of the widget, and as plain lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import BuildError

from dockerlab.widgets.progress import Built, Progress, build_image
from tests.engines.engine import Engine

TAG = "progress-test:1"
LABELS = {"org.dockerlab.lesson": "test-progress"}
LABEL = "LABEL org.dockerlab.lesson=test-progress"
"""An engine adds the labels of a build as its last step."""
OPTIONS = {"network_mode": "none"}


@pytest.fixture
def client(engine: Engine) -> Iterator[DockerClient]:
    connected = engine.client()
    yield connected
    connected.close()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Progress]:
    """The widgets that a notebook would show."""
    found: list[Progress] = []
    monkeypatch.setattr("IPython.display.display", found.append)
    return found


def context(folder: Path, *lines: str) -> Path:
    (folder / "page").write_text("one line\n")
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    return folder


def build(client: DockerClient, folder: Path, *, as_widget: bool) -> Built:
    return build_image(client, folder, tag=TAG, labels=LABELS, options=OPTIONS, as_widget=as_widget)


def test_each_step_has_its_row(
    client: DockerClient, tmp_path: Path, shown: list[Progress], capsys: pytest.CaptureFixture[str]
) -> None:
    run = "RUN touch /made; echo said while building"
    folder = context(tmp_path, "FROM busybox", "COPY page /page", run)
    assert build(client, folder, as_widget=True) == Built(TAG, steps=4, layers=3)
    (widget,) = shown
    # Behind the label stands why a step is there that the Dockerfile does not have.
    names = [(row["name"], row["detail"].partition("  (")[0]) for row in widget.rows]
    assert names == [
        ("1/4", "FROM busybox"),
        ("2/4", "COPY page /page"),
        ("3/4", run),
        ("4/4", LABEL),
    ]
    assert {row["status"] for row in widget.rows} == {"done"}
    assert widget.state == "done"
    assert "said while building" in widget.log
    assert client.images.get(TAG).labels.items() >= LABELS.items()
    assert capsys.readouterr().out == ""


def test_what_was_built_before_is_cached(
    client: DockerClient, tmp_path: Path, shown: list[Progress]
) -> None:
    folder = context(tmp_path, "FROM busybox", "COPY page /twice", "RUN cat /twice")
    build(client, folder, as_widget=True)
    build(client, folder, as_widget=True)
    assert [row["status"] for row in shown[1].rows[1:]] == ["cached"] * 3


def test_a_step_that_fails_is_marked(
    client: DockerClient, tmp_path: Path, shown: list[Progress]
) -> None:
    folder = context(tmp_path, "FROM busybox", "RUN echo the reason; exit 3", "COPY page /page")
    with pytest.raises(BuildError, match="3"):
        build(client, folder, as_widget=True)
    (widget,) = shown
    assert widget.state == "failed"
    assert len(widget.rows) == 2
    assert widget.rows[-1]["status"] != "done"
    assert "the reason" in widget.log


def test_plain_lines_where_there_is_no_notebook(
    client: DockerClient, tmp_path: Path, shown: list[Progress], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = context(tmp_path, "FROM busybox", "RUN echo said plainly")
    assert build(client, folder, as_widget=False).steps == 3
    lines = capsys.readouterr().out.splitlines()
    steps = [line for line in lines if line.startswith("Step ")]
    assert steps == [
        "Step 1/3 : FROM busybox",
        "Step 2/3 : RUN echo said plainly",
        f"Step 3/3 : {LABEL}",
    ]
    assert "said plainly" in lines
    assert shown == []
