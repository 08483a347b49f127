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
from tests.engines.fixtures import fill
from tests.engines.podman import running_podman
from tests.engines.registry import running_registry
from tests.notebooks.lessons import (
    CELL_SECONDS,
    ORIGINALS,
    copied,
    environment,
    read,
    run_strictly,
)

PAGE = Path(__file__).resolve().parents[1] / "docs/engines.md"


@dataclass(frozen=True)
class Passed:
    """How a lesson's code cells ended."""

    name: str
    cells: int
    without_error: int
    as_saved: int
    report: str
    """The errors, and what nbval said about outputs that differ."""

    def row(self) -> str:
        """The lesson's line in the table."""
        return f"| {self.name} | {self.cells} | {self.without_error} | {self.as_saved} |"


def count(path: Path, environ: Mapping[str, str]) -> Passed:
    """Run one lesson twice, and count."""
    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    runner = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        interrupt_on_timeout=True,  # a cell that never ends counts as an error
        allow_errors=True,
        resources=resources,
    )
    asyncio.run(runner.async_execute(env=dict(environ)))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    errors = [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    compared = run_strictly(path, environ).stdout
    equal = re.search(r"(\d+) passed", compared)
    said = "\n".join(f"{error.ename}: {error.evalue}" for error in errors)
    return Passed(
        path.stem,
        cells=len(cells),
        without_error=len(cells) - len(errors),
        as_saved=int(equal[1]) if equal else 0,
        report=f"{said}\n{compared}",
    )


def table(lessons: list[Passed], *, version: str) -> str:
    """All lessons, and which Podman it was."""
    head = [
        f"| lesson, on Podman {version} | cells | without an error | output as on Docker Engine |",
        "| --- | --: | --: | --: |",
    ]
    return "\n".join([*head, *(lesson.row() for lesson in lessons)])


@contextmanager
def _podman() -> Iterator[tuple[dict[str, str], Path]]:
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as name:
        folder = Path(name)
        for part in ("registry", "podman", "state"):
            (folder / part).mkdir()
        with running_registry(folder / "registry") as registry:
            fill(registry)
            with running_podman(folder / "podman", mirror=registry.address) as engine:
                # dockerlab cannot know of the mirror that Podman's own settings name.
                mirror = {"DOCKERLAB_REGISTRY_MIRRORS": registry.url}
                yield environment({**engine.environment, **mirror}, state=folder / "state"), folder


def _told(passed: Passed, *, told: bool) -> Passed:
    """Say at once how a lesson went, with nbval's reasons if it was asked for by name."""
    print(passed.report if told else "", passed.row(), sep="\n", flush=True)
    return passed


def main() -> None:
    """Count for the named lessons, or for all of them and write the page."""
    paths = [Path(name) for name in sys.argv[1:]] or ORIGINALS
    words = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=True)
    with _podman() as (environ, folder):
        copies = [copied(path, folder) for path in paths]
        lessons = [_told(count(path, environ), told=bool(sys.argv[1:])) for path in copies]
    found = table(lessons, version=words.stdout.split()[-1])
    print(found)
    if not sys.argv[1:]:
        report.write("podman", [found], page=PAGE)


if __name__ == "__main__":
    main()
