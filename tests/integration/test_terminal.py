"""The terminal widget on every engine, with nobody at the keyboard."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from docker import DockerClient

from dockerlab.widgets.terminal import exec_terminal, run_terminal
from dockerlab.widgets.terminal.opening import KERNEL_LABEL
from dockerlab.widgets.terminal.protocol import End, Input
from tests.engines.engine import Engine

SECONDS = 30
LABEL = {"org.dockerlab.lesson": "test-terminal"}


@pytest.fixture
def client(engine: Engine) -> Iterator[DockerClient]:
    connected = engine.client()
    yield connected
    connected.close()


def _ours(client: DockerClient) -> list[str]:
    found = client.containers.list(all=True, filters={"label": "org.dockerlab.lesson"})
    return [str(container.id) for container in found]


def test_a_session_is_typed_and_ends(client: DockerClient) -> None:
    typed = ["echo $((6 * 7))", "stty size", "exit 3"]
    terminal = run_terminal(client, "busybox", ["sh"], typed=typed, labels=LABEL)
    assert terminal.session.has_ended.wait(SECONDS)
    said = list(terminal.lines)
    assert "42" in said
    assert "24 80" in said
    assert terminal.session.exit_code == 3
    assert terminal.state == "ended"
    assert _ours(client) == []


def test_its_still_form_is_the_screen(client: DockerClient) -> None:
    terminal = run_terminal(client, "busybox", ["sh"], typed=["echo '<b>'", "exit"], labels=LABEL)
    assert terminal.session.has_ended.wait(SECONDS)
    assert repr(terminal) == "<Terminal: docker run -it --rm busybox sh>"
    assert "\n&lt;b&gt;\n" in terminal.still_html()
    bundle, _ = terminal._repr_mimebundle_()
    assert bundle["text/plain"] == repr(terminal)
    assert "code 0" in bundle["text/html"]


def test_a_browser_types_and_ends_it(client: DockerClient) -> None:
    terminal = run_terminal(client, "busybox", ["sh"], typed=["true"], labels=LABEL)
    assert len(_ours(client)) == 1
    terminal.receive(Input("echo an''swer\r"))
    assert terminal.session.wait_for(lambda: "answer" in terminal.lines, seconds=SECONDS)
    terminal.receive(End())
    assert terminal.session.has_ended.wait(SECONDS)
    assert _ours(client) == []


def test_a_running_container_outlives_a_terminal_on_it(client: DockerClient) -> None:
    made = client.containers.run("busybox", "sleep 1000", detach=True, labels=LABEL)
    try:
        terminal = exec_terminal(client, str(made.id), typed=["echo in''side", "exit 4"])
        assert terminal.session.has_ended.wait(SECONDS)
        assert "inside" in terminal.lines
        assert terminal.session.exit_code == 4
        made.reload()
        assert made.status == "running"
    finally:
        made.remove(force=True)


def test_it_ends_with_its_kernel(engine: Engine, client: DockerClient) -> None:
    _open_and_leave(engine, "pass")
    assert _ours(client) == []


def test_what_a_killed_kernel_left_is_removed_by_the_next(
    engine: Engine, client: DockerClient
) -> None:
    _open_and_leave(engine, "os.kill(os.getpid(), 9)")
    (left,) = _ours(client)
    terminal = run_terminal(client, "busybox", ["sh"], typed=["exit"], labels=LABEL)
    assert terminal.session.has_ended.wait(SECONDS)
    assert left not in _ours(client)


def test_a_stranger_s_container_is_no_orphan(client: DockerClient) -> None:
    other = {KERNEL_LABEL: "another-machine 1 1", **LABEL}
    made = client.containers.create("busybox", "true", labels=other)
    try:
        terminal = run_terminal(client, "busybox", ["sh"], typed=["exit"], labels=LABEL)
        assert terminal.session.has_ended.wait(SECONDS)
        assert _ours(client) == [made.id]
    finally:
        made.remove(force=True)


def _open_and_leave(engine: Engine, last: str) -> None:
    program = (
        "import os, docker, dockerlab\n"
        f"client = docker.DockerClient(base_url={engine.host!r})\n"
        "dockerlab.terminal('busybox', 'sh', typed=['true'], client=client)\n"
        f"{last}\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
