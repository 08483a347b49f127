"""docs/offline.md, laptops and a stick: filled with a network, opened without any.

The laptop is a name space without a network, with an ordinary user's rights and a home of its own.
"""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment.image import REPOSITORY
from tests.engines.user import OrdinaryUser, ordinary_user

pytestmark = pytest.mark.timeout(900)
RUN = """
import nbformat
from nbclient import NotebookClient
book = nbformat.read("notebooks/en/01-hello-world.ipynb", as_version=4)
NotebookClient(book, resources={"metadata": {"path": "notebooks/en"}}).execute()
for cell in book.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""), output.get("data", {}).get("text/plain", ""))
"""


@pytest.fixture(scope="module")
def stick(pack: Path, session_directory: Path) -> Path:
    """Filled from a clone, as the page says."""
    clone, folder = session_directory / "clone", session_directory / "stick"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    made = subprocess.run(
        [clone / "scripts/stick.sh", folder, pack], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "The pack is whole." in made.stdout
    return folder


@pytest.fixture(scope="module")
def learner(session_directory: Path) -> OrdinaryUser:
    home = session_directory / "laptop"
    home.mkdir()
    return ordinary_user(home)


@contextmanager
def typed(learner: OrdinaryUser, *command: str) -> "Iterator[subprocess.Popen[str]]":
    """A command of the learner's, on a machine with no network but loopback."""
    environment = {
        **{name: value for name, value in learner.environment.items() if name != "PYTHONPATH"},
        "DOCKERLAB_ENGINE": "embedded",
        "DOCKERLAB_LANG": "en",
    }
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "laptop"]
    with subprocess.Popen(
        [*alone, *learner.command(*command)],
        cwd=environment["HOME"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def test_the_first_lesson_opens(stick: Path, learner: OrdinaryUser) -> None:
    with typed(learner, "sh", str(stick / "open.sh")) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if re.search(r"http://\S+/lab/tree/notebooks/en/01-hello-world\.ipynb", line):
                break
        else:
            raise AssertionError("".join(said))
        # make and whatever it started, as Ctrl-C in a terminal does.
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
        process.stdout.read()
    assert process.returncode in (0, 2, -signal.SIGINT)


def test_the_lesson_runs_from_the_pack(learner: OrdinaryUser) -> None:
    home = learner.environment["HOME"]
    course = f"{home}/dockerlab-course"
    script = f"""
    cd {course}/dockerlab
    export PATH={course}/bin:$PATH DOCKERLAB_PACKS={course}/pack
    .venv/bin/python -c '{RUN}'
    .venv/bin/dockerlab doctor --network
    .venv/bin/dockerlab engine stop
    """
    with typed(learner, "bash", "-euc", script) as process:
        said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert "dockerlab's test registry, and I keep it short" in said, "the pack's hello-world"
    assert f"Images come from: {course}/pack" in said
