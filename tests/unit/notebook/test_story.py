"""From events to a story: nothing is told that nothing speaks for."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
from docker import DockerClient

from dockerlab.notebook.shell import Command
from dockerlab.notebook.story import tell
from dockerlab.notebook.trace import EngineEvent, Watch, parse_event

CONTAINER = "c" * 64


class _NothingIsHere(BaseHTTPRequestHandler):
    """An engine that has removed everything meanwhile: each question gets Docker's 404."""

    def do_GET(self) -> None:
        body = b'{"message": "No such thing"}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(autouse=True)
def emptied_engine(tmp_path: Path) -> Iterator[None]:
    with ThreadingUnixStreamServer(str(tmp_path / "s"), _NothingIsHere) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        client = DockerClient(base_url=f"unix://{tmp_path}/s", version="1.41")
        _clients.append(client)
        yield
        _clients.remove(client)
        client.close()
        server.shutdown()


_clients: list[DockerClient] = []


def seen(*events: EngineEvent, line: str = "docker run hello-world", output: str = "") -> Watch:
    """A watch whose engine is gone by now: all that is known is what it reported."""
    command = Command(line, started=100.0, ended=101.0, exit_code=0, output=[(100.1, output)])
    return Watch(_clients[-1], began=100.0, events=list(events), commands=[command])


def event(kind: str, action: str, at: float, **attributes: str) -> EngineEvent:
    name = "hello-world:latest" if kind == "image" else CONTAINER
    return EngineEvent(at, kind, action, name, attributes)


def told(watched: Watch) -> list[str]:
    return [f"{each.sender}>{each.receiver}: {each.text}" for each in tell(watched).messages]


CREATE = event("container", "create", 100.3, image="hello-world")
START = event("container", "start", 100.4, image="hello-world")
DIE = event("container", "die", 100.5, image="hello-world", exitCode="0")


def test_an_image_that_is_here_is_not_pulled() -> None:
    story = told(seen(CREATE, START, DIE))
    assert story == [
        "client>engine: create a container from hello-world:latest",
        "engine>engine: hello-world:latest is here already: nothing to pull",
        "engine>client: container cccccccccccc is created",
        "client>engine: start it",
        "engine>runtime: start its process",
        "runtime>engine: process ended, exit code 0",
        "engine>client: exit code 0",
    ]
    assert not any("registry" in line for line in story)


def test_a_missing_image_is_asked_for_twice() -> None:
    pull = event("image", "pull", 100.2, name="hello-world")
    story = told(seen(pull, CREATE, output="Unable to find image 'hello-world:latest' locally\n"))
    assert story[:6] == [
        "client>engine: create a container from hello-world:latest",
        "engine>client: no such image here",
        "client>engine: then pull hello-world:latest",
        "engine>registry: hello-world:latest, please",
        "registry>engine: manifest, configuration, layers: ?",
        "client>engine: create a container from hello-world:latest",
    ]


def test_a_plain_pull_tells_of_no_container() -> None:
    story = told(seen(event("image", "pull", 100.2), line="docker pull hello-world"))
    assert story[0] == "client>engine: pull hello-world:latest"
    assert not any("container" in line for line in story)


def test_an_image_that_cannot_be_had_ends_the_story() -> None:
    story = told(seen(output="Unable to find image 'nothing:latest' locally\n"))
    assert "engine>client: no such image here" in story


def test_the_registry_is_the_one_in_the_name() -> None:
    pulled = EngineEvent(100.2, "image", "pull", "quay.io/centos/centos:stream9", {})
    assert ("registry", "registry quay.io") in tell(seen(pulled)).participants


def test_an_engine_with_another_clock_begins_at_its_first_event() -> None:
    late = event("container", "create", 5000.0, image="hello-world")
    moments = [each.seconds for each in tell(seen(late)).messages if each.seconds is not None]
    assert moments[0] == 0.0


def test_podmans_words_are_understood() -> None:
    raw: dict[str, Any] = {
        "Type": "container",
        "Action": "died",
        "Actor": {"ID": CONTAINER, "Attributes": {"containerExitCode": "3"}},
        "time": 100,
    }
    died = parse_event(raw)
    assert (died.action, died.moment) == ("die", 100.0)
    assert "runtime>engine: process ended, exit code 3" in told(seen(died))
