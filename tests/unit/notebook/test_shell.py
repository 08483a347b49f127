"""`!docker …` in a cell: a stand-in `docker` on PATH shows what our side does with its output."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dockerlab.notebook import shell

Program = Callable[[str], None]


@pytest.fixture
def docker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    def write(script: str) -> None:
        program = tmp_path / "docker"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return write


def test_both_streams_in_their_order_and_the_exit_code(docker_is: Program) -> None:
    docker_is("echo one; echo two >&2; echo three; exit 125")
    screen = io.StringIO()
    assert shell.run("docker run nothing", out=screen) == 125
    assert screen.getvalue() == "one\ntwo\nthree\n"


def test_the_command_sees_no_terminal_and_no_input(docker_is: Program) -> None:
    docker_is("test -t 1 && echo terminal; cat; echo end")
    screen = io.StringIO()
    shell.run("docker run -i x", out=screen)
    assert screen.getvalue() == "end\n"


def test_output_is_shown_as_it_comes(docker_is: Program) -> None:
    docker_is("echo first; sleep 0.4; echo last")
    seen: list[shell.Command] = []
    stop = shell.observe(seen.append)
    shell.run("docker pull x", out=io.StringIO())
    stop()
    first, last = seen[0].seen("first"), seen[0].seen("last")
    assert first is not None
    assert last is not None
    assert last - first > 0.3
    assert seen[0].exit_code == 0


def test_a_character_split_between_two_pieces_stays_whole(docker_is: Program) -> None:
    docker_is(r"printf '\303'; sleep 0.2; printf '\251'")
    screen = io.StringIO()
    shell.run("docker x", out=screen)
    assert screen.getvalue() == "é"


def test_a_killed_command_reports_as_a_shell_does(docker_is: Program) -> None:
    docker_is("kill -KILL $$")
    assert shell.run("docker x", out=io.StringIO()) == 137


def test_ctrl_c_reaches_the_command_once(docker_is: Program, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    docker_is(f"trap 'echo x >> {marks}; exit 1' INT; echo ready; while :; do sleep 0.05; done")
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    screen = io.StringIO()
    began = time.monotonic()
    assert shell.run("docker run x", out=screen) == shell.INTERRUPTED
    timer.join()
    assert time.monotonic() - began < 3
    assert screen.getvalue() == "ready\n^C\n"
    assert marks.read_text() == "x\n"


def test_a_terminal_is_refused_kindly(docker_is: Program) -> None:
    docker_is("echo never")
    screen = io.StringIO()
    assert shell.run("docker run -it centos", out=screen) == shell.REFUSED
    assert "File > New > Terminal" in screen.getvalue()
    assert "never" not in screen.getvalue()


def test_a_question_that_nobody_can_answer_is_explained(docker_is: Program) -> None:
    docker_is("printf 'Are you sure you want to continue? [y/N] '; read answer || exit 1")
    screen = io.StringIO()
    shell.run("docker image prune", out=screen)
    assert screen.getvalue().splitlines()[-1].startswith("Nobody could answer that question")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("docker run --rm -ti centos bash", True),
        ("docker container run -t x", True),
        ("docker exec -it web sh", True),
        ("docker run -e A=b -v /a:/b -it centos", True),
        ("docker run --tty=false x", False),
        ("docker run centos ls -t", False),
        ("docker tag -t x", False),
        ("docker run 'unclosed", False),
        ("docker", False),
    ],
)
def test_who_wants_a_terminal(line: str, wanted: bool) -> None:
    assert shell.wants_terminal(line) is wanted


def test_ipython_runs_docker_here_and_the_rest_itself(
    docker_is: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    docker_is('echo "docker $*"; exit 3')
    ipython: Any = InteractiveShell.instance()
    shell.install(ipython)
    shell.install(ipython)
    try:
        ipython.run_cell("name = 'web'\n!docker rm {name}")
        assert "docker rm web" in capfd.readouterr().out
        assert ipython.user_ns["_exit_code"] == 3
        ipython.run_cell("!echo yes | docker import --format '{{.ID}}' - {name}")
        assert "docker import --format {{.ID}} - web" in capfd.readouterr().out
        ipython.run_cell("!exit 4")
        assert ipython.user_ns["_exit_code"] == 4
    finally:
        shell.uninstall(ipython)
        InteractiveShell.clear_instance()
    assert not hasattr(ipython.system, "is_dockerlab")
