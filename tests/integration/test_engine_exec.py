"""Commands in running containers, through the Docker SDK and the real `docker` on a terminal."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from tests.engines.engine import Engine
from tests.engines.terminal import terminal

# The SDK leaves a stream's socket to be collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def client(embedded_engine: Engine) -> Iterator[DockerClient]:
    """A client of the engine, on which busybox is."""
    client = embedded_engine.client()
    client.images.pull("busybox")
    yield client
    client.close()


@pytest.fixture
def container(client: DockerClient) -> Iterator[Container]:
    """A container that runs until it is killed."""
    made = client.containers.run("busybox", "sleep 1000", detach=True, init=False)
    yield made
    with suppress(NotFound):
        made.remove(force=True)


def test_the_output_and_the_exit_code_come_back(container: Container) -> None:
    code, output = container.exec_run("sh -c 'echo out; echo err >&2; exit 3'", demux=True)
    assert code == 3
    assert output == (b"out\n", b"err\n")  # type: ignore[comparison-overlap]


def test_an_exec_is_seen_from_its_making_to_its_end(
    client: DockerClient, container: Container
) -> None:
    made = client.api.exec_create(container.id, ["sleep", "0.3"])["Id"]
    before = client.api.exec_inspect(made)
    assert (before["Running"], before["ExitCode"], before["Pid"]) == (False, None, 0)
    client.api.exec_start(made, detach=True)
    during = client.api.exec_inspect(made)
    assert during["Running"]
    assert during["Pid"] > 0
    assert client.api.inspect_container(str(container.id))["ExecIDs"] == [made]
    with pytest.raises(APIError, match="is already running"):
        client.api.exec_start(made, detach=True)
    _until(lambda: not client.api.exec_inspect(made)["Running"])
    assert client.api.exec_inspect(made)["ExitCode"] == 0
    assert client.api.inspect_container(str(container.id))["ExecIDs"] is None


def test_it_ends_with_its_container(client: DockerClient, container: Container) -> None:
    made = client.api.exec_create(container.id, ["sleep", "1000"])["Id"]
    client.api.exec_start(made, detach=True)
    container.kill()
    _until(lambda: client.api.exec_inspect(made)["ExitCode"] == 137)
    container.remove()
    with pytest.raises(APIError, match="No such container"):
        client.api.exec_inspect(made)


def test_it_ends_with_its_container_where_the_kernel_does_not_see_to_it(
    client: DockerClient,
) -> None:
    shared = client.containers.run("busybox", "sleep 1000", detach=True, pid_mode="host")
    made = client.api.exec_create(shared.id, ["sleep", "1000"])["Id"]
    client.api.exec_start(made, detach=True)
    shared.kill()
    _until(lambda: client.api.exec_inspect(made)["ExitCode"] == 137)
    shared.remove()


def test_output_does_not_overtake_the_head_of_the_answer(
    embedded_engine: Engine, client: DockerClient, container: Container
) -> None:
    command = ["sh", "-c", "echo out; touch /written"]
    made = client.api.exec_create(container.id, command, tty=True)["Id"]
    body = b'{"Tty": true}'
    head = (
        f"POST /v1.44/exec/{made}/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\n"
        "Upgrade: tcp\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(embedded_engine.socket))
        connection.sendall(head.encode() + body)
        _until(lambda: container.exec_run("test -e /written").exit_code == 0)
        answered = connection.recv(1 << 16)  # what a client's buffer would take at once
        assert answered.startswith(b"HTTP/1.1 101")
        assert answered.endswith(b"\r\n\r\n")
        assert connection.makefile("rb").read() == b"out\r\n"


def test_a_shell_on_a_terminal(embedded_engine: Engine, container: Container) -> None:
    command = ["docker", "exec", "-it", str(container.id), "sh"]
    with terminal(command, embedded_engine.environment, rows=30, columns=100) as shell:
        shell.expect("# ")
        deadline, size = time.monotonic() + 5, ""
        while "30 100" not in size and time.monotonic() < deadline:
            shell.type("stty size\r")
            shell.expect("stty size\r\n")
            size = shell.expect("# ")
        assert "30 100" in size
        shell.type("exit 7\r")
        assert shell.end() == 7


def test_a_background_process_does_not_hold_the_client_for_ever(container: Container) -> None:
    begun = time.monotonic()
    code, output = container.exec_run("sh -c 'sleep 1000 & echo done'")
    assert (code, output) == (0, b"done\n")
    assert time.monotonic() - begun < 10


def test_top_and_stats_tell_of_the_container_s_processes_alone(container: Container) -> None:
    container.exec_run("sh -c 'while :; do :; done'", detach=True)
    shown = container.top(ps_args="-eo pid,args")
    commands = [row[1] for row in shown["Processes"]]
    assert commands[0] == "sleep 1000"
    stats = cast(dict[str, Any], container.stats(stream=False))
    used = stats["cpu_stats"]["cpu_usage"]["total_usage"]
    assert used > stats["precpu_stats"]["cpu_usage"]["total_usage"]
    assert stats["memory_stats"]["limit"] > stats["memory_stats"]["usage"] > 0


def _until(done: Callable[[], object], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)
