"""A lesson and a pack on Podman's socket, where names and IDs differ from Docker's."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from dockerlab.connection import Address, EngineKind, read_facts
from dockerlab.exercises.looking import see_containers
from dockerlab.notebook import shell
from dockerlab.notebook.lesson import start_lesson
from dockerlab.notebook.pictures import show_containers
from dockerlab.packs import create_pack, load_pack
from tests.engines.engine import environment_for
from tests.engines.images import busybox, on_top_of
from tests.engines.podman import running_podman


@pytest.fixture(scope="module")
def podman(session_directory: Path) -> Iterator[Address]:
    state = session_directory / "podman"
    state.mkdir()
    with running_podman(state) as engine:
        yield Address(engine.host)


def test_a_lesson_with_stand_ins(
    podman: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")  # no registry, whatever the network
    client = docker.DockerClient(base_url=podman.url)
    assert read_facts(client).kind is EngineKind.PODMAN
    assert read_facts(client).identity == read_facts(client).identity
    lesson = start_lesson("test", images=["hello-world", "centos"], client=client)
    assert client.images.get("hello-world").labels["org.dockerlab.standin"] == "hello-world"
    with lesson.recording():
        environment = environment_for(Path(str(podman.socket)), config=tmp_path)
        hello = subprocess.run(
            ["docker", "run", "--network", "none", "hello-world"],
            env=environment,
            capture_output=True,
            check=True,
        )
        release = client.containers.run("centos", ["cat", "/etc/os-release"], network_mode="none")
    assert b"Hello from your container engine!" in hello.stdout
    assert b"stand-in for centos" in release
    done = lesson.end()
    assert len(done.containers) == 2
    assert sorted(done.images) == ["centos:latest", "hello-world:latest"]
    assert client.images.list() == []
    assert client.containers.list(all=True) == []
    client.close()


def test_a_pack_there_and_back(podman: Address, tmp_path: Path) -> None:
    client = docker.DockerClient(base_url=podman.url)
    made = {"docker.io/library/base:1": busybox(), "docker.io/library/top:1": on_top_of(busybox())}
    for name, image in made.items():
        client.images.load(image.archive(name))
    names = list(made)
    before = {name: client.images.get(name).id for name in names}
    pack = create_pack(client, tmp_path / "pack", names)
    for name in names:
        client.images.remove(name)
    assert load_pack(client, pack).new == names
    assert load_pack(client, pack).present == names
    assert {name: client.images.get(name).id for name in names} == before
    for name in names:
        client.images.remove(name)
    client.close()


def test_a_commit_that_podman_does_not_understand_is_done_all_the_same(
    podman: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_for(Path(str(podman.socket)), config=tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    client = docker.DockerClient(base_url=podman.url)
    client.images.load(busybox().archive("docker.io/library/base:1"))
    container = client.containers.create("base:1", ["true"], name="model", network_mode="none")
    lesson = start_lesson("test", images=["kept:*"], client=client)
    screen = io.StringIO()
    assert shell.run("docker commit model kept:2", out=screen) == 0
    # A newer Podman needs no help, and says the ID only.
    assert screen.getvalue().strip().endswith(str(client.images.get("kept:2").id))
    assert [each.name for each in see_containers(client, image="base:1")] == ["model"]
    assert len(show_containers("base:1", client=client).words) == 2
    assert shell.run("docker commit --change 'CMD [\"ls\"]' model kept:4", out=screen) == 0
    assert client.images.get("kept:4").attrs["Config"]["Cmd"] == ["ls"]
    assert shell.run("docker commit nothing kept:3", out=io.StringIO()) == 1
    lesson.end()
    container.remove()
    for name in ("kept:2", "kept:4", "base:1"):
        client.images.remove(name)
    client.close()
