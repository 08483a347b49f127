"""A lesson leaves nothing on a Docker Engine that keeps its images with containerd.

That is what Docker 29 does by default. The steps of a classic build stay there as images without a
name, and so does an image that others were built on when its name is removed.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.notebook.lesson import start_lesson
from tests.engines.engine import Engine
from tests.engines.reference import running_docker
from tests.engines.registry import Registry


@pytest.fixture(scope="module")
def containerd_engine(
    session_directory: Path, registry: Registry, docker_cli: None
) -> Iterator[Engine]:
    state = session_directory / "containerd"
    state.mkdir()
    with running_docker(state, mirror=registry.url, containerd_store=True) as engine:
        yield engine


def build(engine: Engine, tag: str, *steps: str) -> None:
    built = engine.docker("build", "--quiet", "--tag", tag, "-", stdin="\n".join(steps))
    assert built.returncode == 0, built.stderr


def test_the_steps_of_a_build_go_with_it(
    containerd_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    client = containerd_engine.client()
    client.images.pull("busybox", tag="latest")
    build(containerd_engine, "learners-own", "FROM busybox", "RUN touch /own", "RUN touch /two")
    before = {entry["Id"] for entry in client.api.images(all=True)}
    lesson = start_lesson("test", images=["busybox", "lab-*"], client=client)
    with lesson.recording():
        build(containerd_engine, "lab-kept", "FROM busybox", "RUN touch /a", "RUN touch /b")
        build(containerd_engine, "lab-on-top", "FROM lab-kept", "RUN rm /a", "RUN touch /c")
    assert {entry["Id"] for entry in client.api.images(all=True)} > before
    done = lesson.end()
    client.images.get("learners-own")
    assert sorted(done.images) == ["lab-kept:latest", "lab-on-top:latest"]
    assert {entry["Id"] for entry in client.api.images(all=True)} == before
    client.close()
