"""The real `docker` command on the embedded engine, as a person uses it at a terminal."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.engines.engine import Engine
from tests.engines.terminal import Terminal, terminal


@pytest.fixture
def shell(embedded_engine: Engine) -> Iterator[Terminal]:
    """A shell in a container, at a terminal of 30 rows and 100 columns."""
    assert embedded_engine.docker("pull", "-q", "busybox").returncode == 0
    command = ["docker", "run", "-it", "--name", "t-shell", "busybox", "sh"]
    with terminal(command, embedded_engine.environment, rows=30, columns=100) as shown:
        shown.expect("# ")
        yield shown
    embedded_engine.docker("rm", "-f", "t-shell")


def test_a_shell_on_a_terminal_ends_with_its_own_exit_code(shell: Terminal) -> None:
    shell.type("tty; echo $((6 * 7))\r")
    assert "/dev/pts/0" in shell.expect("42\r\n")
    shell.type("exit 5\r")
    assert shell.end() == 5


def test_the_container_learns_the_size_of_the_window(shell: Terminal) -> None:
    expect_size(shell, "30 100")
    shell.resize(40, 120)
    expect_size(shell, "40 120")


def expect_size(shell: Terminal, size: str) -> None:
    """Ask until it is so: the client tells the size after the start, and after the window's change.

    What was typed is not looked for: a shell that learns of a new size draws its line anew, in
    the middle of a word if it must.
    """
    for _ in range(10):
        shell.type("stty size\r")
        with suppress(AssertionError):
            shell.expect(f"{size}\r\n", seconds=2)
            return
    raise AssertionError(f"the size did not become {size}: {shell.shown!r}")


def test_ctrl_c_interrupts_what_runs_in_the_container(shell: Terminal) -> None:
    shell.type("sleep 1000\r")
    shell.expect("sleep 1000\r\n")
    time.sleep(0.2)
    shell.type("\x03")
    shell.expect("# ")
    shell.type("echo code $?\r")
    shell.expect("code 130\r\n")


def test_ctrl_d_ends_the_shell(shell: Terminal) -> None:
    shell.type("\x04")
    assert shell.end() == 0


def test_ctrl_p_ctrl_q_leaves_the_container_running(
    shell: Terminal, embedded_engine: Engine
) -> None:
    shell.type("echo before\r")
    shell.expect("before\r\n")
    shell.type("\x10\x11")
    shell.end()
    shown = embedded_engine.docker("inspect", "-f", "{{.State.Running}}", "t-shell")
    assert shown.stdout == b"true\n"
    with terminal(["docker", "attach", "t-shell"], embedded_engine.environment) as again:
        again.type("echo after\r")
        again.expect("after\r\n")
        again.type("exit 3\r")
        assert again.end() == 3


def test_input_ends_with_the_pipe(embedded_engine: Engine) -> None:
    done = embedded_engine.docker("run", "-i", "--rm", "busybox", "sort", stdin="b\na\n")
    assert (done.stdout, done.returncode) == (b"a\nb\n", 0)


def test_much_output_arrives_whole(embedded_engine: Engine) -> None:
    done = embedded_engine.docker(
        "run", "--rm", "busybox", "sh", "-c", "yes 0123456789abcde | head -c 50000000"
    )
    assert len(done.stdout) == 50_000_000


def test_much_input_arrives_whole_and_comes_back(embedded_engine: Engine) -> None:
    data = bytes(range(256)) * 40_000
    done = embedded_engine.docker("run", "-i", "--rm", "busybox", "cat", stdin=data)
    assert done.stdout == data


def test_ctrl_c_at_the_client_stops_the_container(embedded_engine: Engine) -> None:
    command = ["docker", "run", "--name", "t-int", "busybox", "sleep", "100"]
    with terminal(command, embedded_engine.environment) as shown:
        _until_running(embedded_engine, "t-int")
        shown.type("\x03")  # as a signal: this client's terminal is not the container's
        time.sleep(0.5)
        embedded_engine.docker("kill", "t-int")
        assert shown.end() in (130, 137)
    embedded_engine.docker("rm", "-f", "t-int")


def test_a_client_that_is_killed_leaves_its_container_alone(embedded_engine: Engine) -> None:
    client = subprocess.Popen(
        ["docker", "run", "-i", "--name", "t-left", "busybox", "sleep", "100"],
        env=dict(embedded_engine.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_running(embedded_engine, "t-left")
    finally:
        client.kill()
        client.communicate()
    time.sleep(0.3)
    shown = embedded_engine.docker("inspect", "-f", "{{.State.Running}}", "t-left")
    assert shown.stdout == b"true\n"
    embedded_engine.docker("rm", "-f", "t-left")


def _until_running(engine: Engine, name: str) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        shown = engine.docker("inspect", "-f", "{{.State.Running}}", name)
        if shown.stdout == b"true\n":
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} does not run")
