"""How many cells of each lesson do on Podman what they do on Docker, for docs/engines.md.

    python -m benchmarks.podman [NOTEBOOK …]

Each lesson is run on Podman's Docker-compatible socket, twice: once to see which cells end in an
error, and once by nbval, which compares each output with the saved one of Docker Engine. Podman is
no engine of the course's own tests: what passes here is a help for its users, and no promise. Needs
root. With all lessons, the table of docs/engines.md is written anew; with some, it is only printed.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbclient import NotebookClient

from benchmarks import report
from tests.engines.engine import Engine
from tests.engines.fixtures import fill
from tests.engines.podman import running_podman
from tests.engines.registry import running_registry
from tests.notebooks.lessons import CELL_SECONDS, LESSONS, environment, read, run_strictly

PAGE = Path(__file__).resolve().parents[1] / "docs/engines.md"


@dataclass(frozen=True)
class Passed:
    """How a lesson's code cells ended."""

    name: str
    cells: int
    without_error: int
    as_saved: int
    report: str
    """What nbval said about the others."""

    def row(self) -> str:
        """The lesson's line in the table."""
        return f"| {self.name} | {self.cells} | {self.without_error} | {self.as_saved} |"


def count(path: Path, environ: Mapping[str, str]) -> Passed:
    """Run one lesson twice, and count."""
    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    runner = NotebookClient(notebook, timeout=CELL_SECONDS, allow_errors=True, resources=resources)
    asyncio.run(runner.async_execute(env=dict(environ)))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [cell for cell in cells if any(out.output_type == "error" for out in cell.outputs)]
    compared = run_strictly(path, environ).stdout
    equal = re.search(r"(\d+) passed", compared)
    return Passed(
        path.stem, len(cells), len(cells) - len(failed), int(equal[1]) if equal else 0, compared
    )


def table(lessons: list[Passed], *, version: str) -> str:
    """All lessons, and which Podman it was."""
    head = [
        f"| lesson, on Podman {version} | cells | without an error | output as on Docker Engine |",
        "| --- | --: | --: | --: |",
    ]
    return "\n".join([*head, *(lesson.row() for lesson in lessons)])


@contextmanager
def _podman() -> Iterator[tuple[Engine, Path]]:
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as name:
        folder = Path(name)
        for part in ("registry", "podman", "state"):
            (folder / part).mkdir()
        with running_registry(folder / "registry") as registry:
            fill(registry)
            with running_podman(folder / "podman", mirror=registry.address) as engine:
                yield engine, folder / "state"


def main() -> None:
    """Count for the named lessons, or for all of them and write the page."""
    paths = [Path(name) for name in sys.argv[1:]] or LESSONS
    words = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=True)
    with _podman() as (engine, state):
        environ = environment(engine.environment, state=state)
        lessons = [count(path, environ) for path in paths]
    if sys.argv[1:]:
        print(*(lesson.report for lesson in lessons), sep="\n\n")
    found = table(lessons, version=words.stdout.split()[-1])
    print(found)
    if not sys.argv[1:]:
        report.write("podman", [found], page=PAGE)


if __name__ == "__main__":
    main()
