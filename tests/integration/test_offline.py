"""The embedded engine without any network: a pull from the stand-ins' pack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from dockerlab.engine import daemon
from dockerlab.notebook.lesson import start_lesson
from dockerlab.standins import packs
from tests.engines.engine import Engine, environment_for
from tests.engines.programs import need, need_root


@pytest.fixture(scope="module")
def offline(session_directory: Path) -> Iterator[Engine]:
    """The embedded engine as `connect` starts it, with Docker Hub behind a proxy that is gone."""
    need_root()
    need("crun", package="crun")
    root = session_directory / "offline-embedded"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        pack = packs(cache=session_directory / "cache", environ={})
        address = daemon.start(root=root, idle=60, packs=pack)
    socket = Path(address.removeprefix("unix://"))
    config = session_directory / "offline-client"
    config.mkdir()
    try:
        yield Engine("embedded", socket, environment_for(socket, config=config))
    finally:
        daemon.stop(root=root)


def test_what_a_learner_types_works(offline: Engine) -> None:
    first = offline.docker("run", "--rm", "--network", "none", "hello-world")
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith(b"Unable to find image 'hello-world:latest' locally\n")
    assert b"Pull complete" in first.stderr
    assert b"stand-in for the image hello-world" in first.stdout
    second = offline.docker("run", "--rm", "--network", "none", "hello-world")
    assert (second.stdout, second.stderr) == (first.stdout, b"")
    assert offline.docker("rmi", "hello-world").returncode == 0


def test_shared_layers_are_there_already(offline: Engine) -> None:
    assert offline.docker("pull", "nginx:alpine-slim").returncode == 0
    pulled = offline.docker("pull", "nginx:alpine")
    assert pulled.stdout.count(b"Already exists") == 3
    assert pulled.stdout.count(b"Pull complete") == 1
    for name in ("nginx:alpine", "nginx:alpine-slim"):
        assert offline.docker("rmi", name).returncode == 0


def test_no_pack_has_everything(offline: Engine) -> None:
    done = offline.docker("pull", "postgres:16")
    assert done.returncode == 1
    assert b"Error response from daemon" in done.stderr


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_lesson_twice_in_a_row(
    offline: Engine,
    tmp_path: Path,
    time: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    client = docker.DockerClient(base_url=offline.host)
    lesson = start_lesson("test", images=["hello-world"], client=client)
    assert "stand-ins for: hello-world" in capsys.readouterr().out
    assert client.images.list() == [], time
    with lesson.recording():
        done = offline.docker("run", "--network", "none", "hello-world")
    assert done.stderr.startswith(b"Unable to find image"), time
    ended = lesson.end()
    assert (len(ended.containers), ended.images) == (1, ["hello-world:latest"])
    client.close()


def test_the_command_starts_it_with_the_stand_ins(session_directory: Path) -> None:
    root = session_directory / "by-command"
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1", "DOCKERLAB_LANG": "en"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "dockerlab.cli", "engine", *arguments, "--root", str(root)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    address = run("start").strip()
    try:
        assert run("start").strip() == address
        assert address in run("status")
        pulled = subprocess.run(
            ["docker", "--host", address, "pull", "--quiet", "debian"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert pulled.stdout == "docker.io/library/debian:latest\n"
    finally:
        run("stop")
