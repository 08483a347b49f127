"""What each lesson costs under Binder's limits: time to the first output, and peak memory.

    python -m benchmarks.binder [LESSON…]

Builds the image as Binder would (tests/engines/binder_image.py), and starts a session for each
lesson: user 1000, no privilege, no network, 2 GB, one CPU, JupyterLab started by `binder/start`.
Memory is the container's working set (cgroup usage less inactive file pages, which is what
Kubernetes and `docker stats` count): JupyterLab, kernel, engine and containers, sampled five times
a second; at its peak is noted what the processes hold themselves (anonymous memory), and what is
left over are files in memory, programs' and libraries' among them, and the kernel's own. After
that lesson 01 with less than one CPU. CPU time depends little on what else the machine does.

Without arguments the tables of docs/binder.md are written anew. Needs root and Linux, and a machine
that does nothing else meanwhile.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import DockerClient

from benchmarks import report
from benchmarks.learner import Server, Visit, browser
from benchmarks.processes import memory_by_part
from benchmarks.running import running
from tests.engines.binder import running_session
from tests.engines.binder_image import HOME, IMAGE, build
from tests.engines.engine import Engine
from tests.notebooks.lessons import FIRST, ORIGINALS, ROOT

PAGE = ROOT / "docs/binder.md"
SHARES = (1.0, 0.5, 0.25, 0.1)
"""How much of a CPU a session gets; mybinder.org promises 0.01 and allows 1."""
_PACK = """\
from pathlib import Path
from dockerlab.packs import bundle, read_pack
pack = read_pack(Path.home() / ".local/share/dockerlab-packs/course")
bundle.write_bundle(pack, Path("/tmp/course.tar.zst"))
folder = sum(each.stat().st_size for each in pack.folder.rglob("*") if each.is_file())
print(len(pack.images), folder, Path("/tmp/course.tar.zst").stat().st_size)
"""
_EVERY = 0.2
_NEWS = 2_000_000
"""By how many bytes a peak must be higher than the last for its parts to be looked at again."""


@dataclass
class Usage:
    """What a session took so far: the most memory in bytes, whose it was, and CPU time."""

    size: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    cpu: list[tuple[float, float]] = field(default_factory=list)
    """Moments of the visit, and the seconds of CPU time until then."""

    def cpu_until(self, moment: float) -> float:
        """The seconds of CPU time that the session had taken by then, or a little later."""
        return next((spent for at, spent in self.cpu if at >= moment), self.cpu[-1][1])


def lessons_table(docker: Engine, lessons: Iterable[Path]) -> Iterator[str]:
    """Give each lesson a session of its own; a row of the table at a time."""
    yield (
        "| lesson | JupyterLab answers after s | first output after s | ends after s | CPU s "
        "| peak memory MB | of it JupyterLab | kernel | engine | commands, containers "
        "| files, kernel's own | errors |"
    )
    yield f"| --- |{' ---: |' * 11}"
    for lesson in lessons:
        visit, used = visit_in_session(docker, lesson)
        own = [used.parts[name] for name in ("server", "kernels", "engine", "rest")]
        sizes = (f"{size / 1e6:.0f}" for size in (used.size, *own, used.size - sum(own)))
        yield (
            f"| {lesson.stem} | {visit.server:.1f} | {visit.first_output:.1f} "
            f"| {visit.finished:.1f} | {used.cpu_until(visit.finished):.1f} "
            f"| {' | '.join(sizes)} | {len(visit.errors)} |"
        )


def shares_table(docker: Engine, shares: Iterable[float] = SHARES) -> Iterator[str]:
    """Give lesson 01 a session with each of these shares of a CPU."""
    yield (
        "| CPU | JupyterLab answers after s | CPU s | lesson 01's first output after s | CPU s "
        "| ends after s | CPU s |"
    )
    yield f"|{' ---: |' * 7}"
    for share in shares:
        visit, used = visit_in_session(docker, FIRST, options=[f"--cpus={share}"])
        moments = (visit.server, visit.first_output, visit.finished)
        times = (f"{moment:.1f} | {used.cpu_until(moment):.1f}" for moment in moments)
        yield f"| {share:g} | {' | '.join(times)} |"


def sizes_table(docker: Engine) -> Iterator[str]:
    """Weigh the pack, as a folder and as one file, and the image that it is part of."""
    with running_session(docker) as session:
        count, folder, file = map(int, session.run("python", "-c", _PACK).stdout.split())
    client = docker.client()
    image = client.images.get(IMAGE).attrs["Size"]
    client.close()
    yield "| pack | images | folder MB | .tar.zst MB | image MB |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    sizes = f"{folder / 1e6:.1f} | {file / 1e6:.1f} | {image / 1e6:.0f}"
    yield f"| the course, from the test's registry | {count} | {sizes} |"


def visit_in_session(
    docker: Engine, lesson: Path, *, options: Sequence[str] = ()
) -> tuple[Visit, Usage]:
    """Run a lesson in a session with these further options of `docker run`, and watch it."""
    begun = time.monotonic()
    client = docker.client()
    with running_session(docker, options=options) as session, session.jupyterlab() as url:
        visit, used = asyncio.run(_visit(url, lesson, begun, client, session.container))
    client.close()
    for error in visit.errors:
        print(error, file=sys.stderr)
    return visit, used


async def _visit(
    url: str, lesson: Path, begun: float, client: DockerClient, container: str
) -> tuple[Visit, Usage]:
    visit, used = Visit(lesson.stem, begun), Usage()
    watching = asyncio.create_task(_watch(used, visit, client, container))
    async with browser() as http:
        server = await Server(http, url).opened(every=0.05)
        visit.server = visit.now()
        await server.run(lesson, visit, path=f"notebooks/en/{lesson.name}")
    visit.finished = visit.now()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return visit, used


async def _watch(used: Usage, visit: Visit, client: DockerClient, container: str) -> None:
    while True:
        told = await asyncio.to_thread(client.api.stats, container, stream=False, one_shot=True)
        used.cpu.append((visit.now(), told["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9))
        size = _working_set(told["memory_stats"])
        if size > used.size + _NEWS:
            used.parts = await asyncio.to_thread(
                memory_by_part, Path(HOME), container=container, counted="Pss_Anon"
            )
        used.size = max(used.size, size)
        await asyncio.sleep(_EVERY)


def _working_set(memory: Mapping[str, Any]) -> int:
    details = memory.get("stats", {})  # nothing is told of a container in its first moment
    # The first name is that of cgroups v1.
    idle = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(memory.get("usage", 0)) - int(idle)


def _shown(rows: Iterator[str]) -> str:
    """Print a table row by row, and return it whole."""
    kept = []
    for row in rows:
        print(row, flush=True)
        kept.append(row)
    print()
    return "\n".join(kept)


def main() -> None:
    """Measure the lessons that are named, or all of them and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.binder", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01; default all")
    chosen = parser.parse_args().lessons
    wanted = [each for each in ORIGINALS if not chosen or each.name[:2] in chosen]
    with running(["docker"]) as started:
        docker = started.engines[0]
        build(docker, started.registry)
        lessons = _shown(lessons_table(docker, wanted))
        if not chosen:
            report.write("lessons", [lessons], page=PAGE)
            report.write("shares", [_shown(shares_table(docker))], page=PAGE)
            report.write("sizes", [_shown(sizes_table(docker))], page=PAGE)


if __name__ == "__main__":
    main()
