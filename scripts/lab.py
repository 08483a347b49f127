"""Open JupyterLab on the first lesson, and leave nothing running when it ends.

    .venv/bin/python -m scripts.lab [NOTEBOOK]

An engine that this session started, by itself or through a notebook, is stopped with it. One that
ran before is left alone.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jupyter_server.serverapp import list_running_servers

from dockerlab import messages
from dockerlab.notebook.connect import open_connection

REPOSITORY = Path(__file__).resolve().parents[1]
CONTENTS = "dockerlab.notebook.unspoilt.UnspoiltContents"
"""Opens a lesson without the results that it asks one to guess."""
_BIN = Path(sys.prefix) / "bin"


def first_lesson(environment: Mapping[str, str]) -> str:
    """The first lesson, in the language that the person in front of the screen reads."""
    return f"notebooks/{messages.language(environ=environment)}/01-hello-world.ipynb"


class _Ended(Exception):
    """Somebody pressed Ctrl-C, or asked this process to end."""


def _dockerlab(*arguments: str, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([_BIN / "dockerlab", *arguments], stdout=output, check=False).returncode


@contextmanager
def engine_of_this_session() -> Iterator[None]:
    """Stop the embedded engine at the end, unless it was there before."""
    was_there = _dockerlab("engine", "status", quiet=True) == 0
    try:
        yield
    finally:
        if not was_there and _dockerlab("engine", "status", quiet=True) == 0:
            _dockerlab("engine", "stop", quiet=True)
            print("The engine that this session started is stopped.")


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether a browser window could be seen."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def jupyter_command(notebook: str, *, browser: bool) -> list[str]:
    """The command line of JupyterLab."""
    # answer_yes: it must end when told to, not ask a terminal whether it should.
    command = [str(_BIN / "jupyter-lab"), notebook, "--ServerApp.answer_yes=True"]
    command += ["--ServerApp.root_dir", str(REPOSITORY), "--log-level=WARN"]
    command.append(f"--ServerApp.contents_manager_class={CONTENTS}")
    if not browser:
        command.append("--no-browser")
    if os.geteuid() == 0:
        command.append("--allow-root")
    return command


def _address(process: "subprocess.Popen[bytes]", *, seconds: float = 60) -> str | None:
    """Where the JupyterLab that we started listens, once it does."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        for server in list_running_servers():
            if server["pid"] == process.pid:
                return str(server["url"])
        time.sleep(0.2)
    return None


@contextmanager
def running_jupyter(notebook: str, *, token: str) -> Iterator["subprocess.Popen[bytes]"]:
    """JupyterLab, in a session of its own, so that Ctrl-C reaches us and not it."""
    process = subprocess.Popen(
        jupyter_command(notebook, browser=has_display(os.environ)),
        cwd=REPOSITORY,
        env={**os.environ, "JUPYTER_TOKEN": token},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()  # it shuts its kernels and terminals down
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def trust_lessons() -> None:
    """Let JupyterLab show the lessons' saved pictures, which it hides in notebooks of strangers."""
    lessons = sorted((REPOSITORY / "notebooks").rglob("*.ipynb"))
    subprocess.run([_BIN / "jupyter-trust", *lessons], stdout=subprocess.DEVNULL, check=True)


def run(notebook: str) -> int:
    """Open the notebook and wait for the end; the exit code of JupyterLab."""
    # A kernel cannot change its server's environment, and terminals inherit that one: so the
    # engine is found here, and DOCKER_HOST is set, before JupyterLab starts.
    open_connection()
    trust_lessons()
    token = secrets.token_hex(24)
    with running_jupyter(notebook, token=token) as process:
        address = _address(process)
        if address is not None:
            print(f"\nThe lesson is open at\n\n    {address}lab/tree/{notebook}?token={token}\n")
            print("Press Ctrl-C here to end it.", flush=True)
        return process.wait()


def _end(_signal: int, _frame: object) -> None:
    # A second signal must not interrupt the cleaning up.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise _Ended


def main() -> int:
    """Read the command line, check that a lesson can run, and open it."""
    parser = argparse.ArgumentParser(description="Open JupyterLab on a lesson.")
    parser.add_argument("notebook", nargs="?", default=first_lesson(os.environ))
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    # doctor, terminals and `!docker` cells find the `docker` command that setting up brought.
    os.environ["PATH"] = f"{_BIN}:{os.environ.get('PATH', '')}"
    try:
        with engine_of_this_session():
            return run(options.notebook) if _dockerlab("doctor") == 0 else 1
    except _Ended:
        return 0


if __name__ == "__main__":
    sys.exit(main())
