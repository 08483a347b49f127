"""How long the lessons take, section by section, and what disk they need, for docs/teaching.md.

    python -m benchmarks.lessons [NOTEBOOK …]

Each lesson is run from top to bottom on the embedded engine with no registry in reach, so with
stand-ins for its images, as in a classroom without a network. Needs no root. With all lessons, the
tables of docs/teaching.md are written anew; with some, they are only printed.

A learner's minutes are an estimate, made of what can be counted: words at `WORDS_A_MINUTE`, and
`LOOK`, `GUESS` and `EXERCISE` seconds for each output, prediction and exercise. To them the machine
adds what it was measured to take.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from docker import DockerClient
from nbclient import NotebookClient
from nbformat import NotebookNode

from benchmarks import report
from dockerlab.engine import daemon
from dockerlab.layers import human_size
from dockerlab.standins import packs
from tests.engines.engine import environment_for
from tests.notebooks.lessons import CELL_SECONDS, ORIGINALS, environment, read

PAGE = Path(__file__).resolve().parents[1] / "docs/teaching.md"

WORDS_A_MINUTE = 180
"""A quarter less than for prose in one's own language (238: Brysbaert 2019, Journal of Memory and
Language 109), since much of it is commands, and is compared with what the screen shows."""
ROUNDS = 3
"""How often each lesson is run: the quickest run of a section counts, others had to wait."""
LOOK, GUESS, EXERCISE = 15, 15, 90
"""Seconds to look at an output, to make a prediction, and to do an exercise."""


@dataclass
class Section:
    """What stands under one heading of a lesson."""

    title: str
    words: int = 0
    cells: int = 0
    predictions: int = 0
    exercises: int = 0
    machine: float = 0.0
    """Seconds that its cells ran."""

    @property
    def minutes(self) -> float:
        """What a learner needs, the machine's time included."""
        seconds = self.cells * LOOK + self.predictions * GUESS + self.exercises * EXERCISE
        return self.words / WORDS_A_MINUTE + (seconds + self.machine) / 60


@dataclass
class Measured:
    """A lesson as it ran; sizes in bytes, the most that there was after any of its cells."""

    name: str
    sections: list[Section] = field(default_factory=list)
    images: int = 0
    """All layers of all images, each once, as `docker system df` counts them."""
    containers: int = 0
    """All writable layers."""
    folder: int = 0
    """The engine's folder, whatever is in it."""

    def look(self, client: DockerClient, root: Path) -> None:
        """Note what is on disk now, if it is more than ever before."""
        usage = client.df()
        written = sum(each.get("SizeRw") or 0 for each in usage["Containers"] or ())
        self.images = max(self.images, usage["LayersSize"] or 0)
        self.containers = max(self.containers, written)
        self.folder = max(self.folder, _on_disk(root))


def sections_of(notebook: NotebookNode) -> list[Section]:
    """Count what a lesson asks of a learner, under each of its headings."""
    return [section for section, _ in _by_section(notebook)]


def _by_section(notebook: NotebookNode) -> list[tuple[Section, list[int]]]:
    """Each section with the places of its code cells in the notebook."""
    found: list[tuple[Section, list[int]]] = []
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found[-1][1].append(place)
            _count_code(found[-1][0], cell.source)
            continue
        for title, text in _headed(cell.source):
            if title:
                found.append((Section(title), []))
            if found:
                _count_text(found[-1][0], text)
    return found


def _headed(source: str) -> Iterator[tuple[str, str]]:
    """A cell's text in pieces: a heading, or nothing, and what stands below it."""
    pieces = re.split(r"^#+ (.*)$", source, flags=re.MULTILINE)
    yield "", pieces[0]
    yield from zip(pieces[1::2], pieces[2::2], strict=True)


def _count_text(section: Section, text: str) -> None:
    section.words += len(re.sub(r"<[^>]*>|[|*`#-]+", " ", text).split())
    section.predictions += text.count("**Predict:**")


def _count_code(section: Section, source: str) -> None:
    asks = source.count("lesson.predict("), source.count("lesson.exercise(")
    section.predictions += asks[0]
    section.exercises += asks[1]
    # A question's cell and an exercise's two are in the time that they are given as a whole.
    section.cells += not any(asks) and ".check(" not in source


def measure(
    path: Path, *, environ: Mapping[str, str], client: DockerClient, root: Path
) -> Measured:
    """Run one lesson, and say how long each section took and what was on disk meanwhile."""
    rounds = [_run(path, environ=environ, client=client, root=root) for _ in range(ROUNDS)]
    measured = rounds[0]
    for place, section in enumerate(measured.sections):
        section.machine = min(each.sections[place].machine for each in rounds)
    return measured


def _run(path: Path, *, environ: Mapping[str, str], client: DockerClient, root: Path) -> Measured:
    notebook = read(path)
    parts = _by_section(notebook)
    measured = Measured(path.stem, [section for section, _ in parts])
    by_place = {place: section for section, places in parts for place in places}

    async def run() -> None:
        folder = {"metadata": {"path": str(path.parent)}}
        runner = NotebookClient(notebook, timeout=CELL_SECONDS, resources=folder)
        async with runner.async_setup_kernel(env=dict(environ)):
            for place, section in by_place.items():
                started = time.monotonic()
                await runner.async_execute_cell(notebook.cells[place], place)
                section.machine += time.monotonic() - started
                measured.look(client, root)

    asyncio.run(run())
    return measured


def timing_table(measured: Measured) -> str:
    """A lesson's sections as a table, with a last line for the whole."""
    rows = [_row(section.title, [section]) for section in measured.sections]
    head = "| section | words | cells | predictions | exercises | machine | minutes |"
    lines = [head, "| --- |" + " --: |" * 6, *rows, _row("**all**", measured.sections)]
    return f"**{measured.name}**\n\n" + "\n".join(lines)


def _row(title: str, sections: Sequence[Section]) -> str:
    counts = [
        sum(getattr(section, each) for section in sections)
        for each in ("words", "cells", "predictions", "exercises")
    ]
    machine = sum(section.machine for section in sections)
    minutes = sum(section.minutes for section in sections)
    shown = " | ".join(str(count) for count in counts)
    return f"| {title} | {shown} | {machine:.1f} s | {minutes:.1f} |"


def disk_table(lessons: Sequence[Measured]) -> str:
    """What each lesson had on disk at its fullest moment."""
    rows = [
        f"| {each.name} | {human_size(each.images)} | {human_size(each.containers)} "
        f"| {human_size(each.folder)} |"
        for each in lessons
    ]
    head = "| lesson | images | containers | the engine's folder |"
    return "\n".join([head, "| --- | --: | --: | --: |", *rows])


def _on_disk(folder: Path) -> int:
    """Bytes that a folder takes on disk, a file with two names once."""
    seen: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*"):
        try:
            status = path.lstat()
        except OSError:  # gone meanwhile, or not ours to look at
            continue
        seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values())


@contextmanager
def _offline(state: Path) -> Iterator[str]:
    """The embedded engine as `connect` starts it where no registry can be reached: its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        pack = packs(cache=state / "cache", environ={})
        address = daemon.start(root=state / "engine", idle=600, packs=pack)
        try:
            yield address
        finally:
            daemon.stop(root=state / "engine")


def main() -> None:
    """Measure the named lessons, or all of them and write the page."""
    paths = [Path(name) for name in sys.argv[1:]] or ORIGINALS
    with tempfile.TemporaryDirectory(prefix="dockerlab-") as name:
        state = Path(name)
        (state / "client").mkdir()
        with _offline(state) as address:
            socket = Path(address.removeprefix("unix://"))
            engine = environment_for(socket, config=state / "client")
            environ = environment(engine, state=state)
            client = DockerClient(base_url=address)
            root = state / "engine"
            lessons = [measure(path, environ=environ, client=client, root=root) for path in paths]
            client.close()
    tables = [timing_table(lesson) for lesson in lessons]
    print(*tables, disk_table(lessons), sep="\n\n")
    if not sys.argv[1:]:
        report.write("timing", tables, page=PAGE)
        report.write("disk", [disk_table(lessons)], page=PAGE)


if __name__ == "__main__":
    main()
