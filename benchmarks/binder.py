"""What each lesson costs under Binder's limits: time to the first output, and peak memory.

    python -m benchmarks.binder [LESSON…]

Builds the image as Binder would (tests/engines/binder_image.py), and starts a session for each
lesson: user 1000, no privilege, no network, 2 GB, one CPU, JupyterLab started by `binder/start`.
Memory is the container's working set (cgroup usage less inactive file pages, which is what
Kubernetes and `docker stats` count): JupyterLab, kernel, engine and containers, sampled five times
a second. Needs root and Linux, and a machine that does nothing else meanwhile.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from docker import DockerClient

from benchmarks.learner import Server, Visit, browser
from benchmarks.running import running
from tests.engines.binder import Session, running_session
from tests.engines.binder_image import build

LESSONS = Path(__file__).resolve().parents[1] / "notebooks" / "en"
_PACK = """\
from pathlib import Path
from dockerlab.packs import bundle, read_pack
pack = read_pack(Path.home() / ".local/share/dockerlab-packs/course")
bundle.write_bundle(pack, Path("/tmp/course.tar.zst"))
folder = sum(each.stat().st_size for each in pack.folder.rglob("*") if each.is_file())
print(len(pack.images), folder, Path("/tmp/course.tar.zst").stat().st_size)
"""
_EVERY = 0.2


def tables(lessons: list[Path]) -> Iterator[str]:
    """Measure, a Markdown table at a time."""
    with running(["docker"]) as field:
        docker = field.engines[0]
        build(docker, field.registry)
        lines = [
            "| lesson | JupyterLab answers after s | first output after s | ends after s "
            "| peak memory MB | errors |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        client = docker.client()
        for lesson in lessons:
            begun = time.monotonic()
            with running_session(docker) as session, session.jupyterlab() as url:
                visit, peak = asyncio.run(_visit(url, lesson, begun, client, session))
            lines.append(
                f"| {lesson.stem} | {visit.server:.1f} | {visit.first_output:.1f} "
                f"| {visit.finished:.1f} | {peak / 1e6:.0f} | {len(visit.errors)} |"
            )
            for error in visit.errors:
                print(error, file=sys.stderr)
        with running_session(docker) as session:
            count, folder, file = map(int, session.run("python", "-c", _PACK).stdout.split())
        client.close()
        yield "\n".join(lines)
        yield (
            "| pack | images | folder MB | .tar.zst MB |\n| --- | ---: | ---: | ---: |\n"
            f"| the course, from the test's registry | {count} | {folder / 1e6:.1f} "
            f"| {file / 1e6:.1f} |"
        )


async def _visit(
    url: str, lesson: Path, begun: float, client: DockerClient, session: Session
) -> tuple[Visit, int]:
    visit = Visit(lesson.stem, begun)
    watching = asyncio.create_task(_peak(client, session))
    async with browser() as http:
        server = await Server(http, url).opened(every=0.05)
        visit.server = visit.now()
        await server.run(lesson, visit, path=f"notebooks/en/{lesson.name}")
    visit.finished = visit.now()
    watching.cancel()
    return visit, await watching


async def _peak(client: DockerClient, session: Session) -> int:
    peak = 0
    try:
        while True:
            peak = max(peak, await asyncio.to_thread(_working_set, client, session.container))
            await asyncio.sleep(_EVERY)
    except asyncio.CancelledError:
        return peak


def _working_set(client: DockerClient, container: str) -> int:
    memory = client.api.stats(container, stream=False, one_shot=True)["memory_stats"]
    details = memory["stats"]
    # The first name is that of cgroups v1.
    idle = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(memory["usage"]) - int(idle)


def main() -> None:
    """Measure the lessons that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.binder", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01; default all")
    chosen = parser.parse_args().lessons
    lessons = sorted(LESSONS.glob("[0-9][0-9]-*.ipynb"))
    wanted = [each for each in lessons if not chosen or each.name[:2] in chosen]
    for table in tables(wanted):
        print(table, "\n", flush=True)


if __name__ == "__main__":
    main()
