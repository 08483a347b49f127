"""`make lab` opens the first lesson, and Ctrl-C leaves nothing running that it started."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.engines.engine import answers
from tests.engines.programs import need

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(session_directory: Path, docker_cli: None) -> dict[str, str]:
    """A home of its own: no engine runs in it, and whatever starts in it can be recognised."""
    need("crun", package="crun")
    home = session_directory / "lab"
    home.mkdir()
    (home / "run").mkdir(mode=0o700)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    return inherited | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "DOCKERLAB_ENGINE": "embedded",
    }


def _running_in(home: str) -> list[str]:
    """The command lines of all processes with this HOME."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={home}\0" in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def _line_with_address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := re.search(r"http://\S+/lab/tree/\S+", line):
            return found[0]
    raise AssertionError("".join(seen))


def _post(address: str, path: str) -> None:
    """Ask the JupyterLab at `address` to start something."""
    base, _, token = address.partition("lab/tree/")
    token = token.rpartition("token=")[2]
    request = urllib.request.Request(f"{base}{path}?token={token}", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status in {200, 201}


def test_ctrl_c_leaves_nothing_running(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.lab"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        address = _line_with_address(process)
        with urllib.request.urlopen(address) as page:
            assert b"JupyterLab" in page.read()
        _post(address, "api/kernels")
        _post(address, "api/terminals")
        running = " ".join(_running_in(environment["HOME"]))
        assert all(name in running for name in ("jupyter-lab", "ipykernel", "dockerlab.engine"))
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        rest = process.stdout.read()
    assert process.returncode == 0, rest
    deadline = time.monotonic() + 10
    while (left := _running_in(environment["HOME"])) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []
    assert not any(answers(path) for path in Path(environment["HOME"]).rglob("*.sock"))
