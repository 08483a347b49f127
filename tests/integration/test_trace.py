"""What happened behind a command, told by each real engine."""

import os
from collections.abc import Iterator

import pytest
from docker import DockerClient

from dockerlab.notebook import shell
from dockerlab.notebook.pictures import show_containers, show_layers
from dockerlab.notebook.trace import watch
from tests.engines.engine import Engine

NAME = "dockerlab-trace"


@pytest.fixture
def client(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerClient]:
    for name, value in engine.environment.items():
        if name.startswith("DOCKER") or name == "PATH":
            monkeypatch.setitem(os.environ, name, value)
    connected = engine.client()
    yield connected
    connected.close()


def test_a_run_and_a_removal(client: DockerClient, capsys: pytest.CaptureFixture[str]) -> None:
    run = f"docker run --name {NAME} --network none hello-world"
    with watch(client) as watched:
        assert shell.run(run) == 0
    assert "Hello from a container!" in capsys.readouterr().out
    words = watched.draw().words
    assert len(watched.containers) == 1
    assert any("start /hello" in line for line in words)
    assert words[-1].startswith("engine → client: exit code 0")
    times = [each.moment for each in watched.events]
    assert times == sorted(times)

    picture = show_containers("hello-world", client=client)
    assert any("exited (0)" in line for line in picture.words)

    with watch(client) as removed:
        client.containers.get(NAME).remove()
    assert [each.action for each in removed.events] == ["destroy"]


def test_layers_are_those_of_the_engine(client: DockerClient) -> None:
    client.images.pull("tool", tag="latest")
    client.images.pull("page", tag="latest")
    drawing = show_layers("tool", "page", client=client)
    shared = [line for line in drawing.words if "shared by" in line]
    assert len(shared) == 2
    assert all("tool:latest, page:latest" in line for line in shared)
