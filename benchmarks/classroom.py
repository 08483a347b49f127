"""A class on one JupyterHub: all log in at once, start a server, and run two lessons.

    python -m benchmarks.classroom [--learners N] [--pack FOLDER | --own-pack]

Starts JupyterHub with deploy/jupyterhub_config.py, a process for each learner, on a free port of
127.0.0.1. Every learner opens the login page, signs in, waits for the server, and runs the cells of
lessons 01 and 06 through the kernel's websocket, as JupyterLab does, at the same time as all
others. The report: time from opening the login page to the first output, what a learner costs in
memory (proportional set size, so that what is shared counts once), and errors.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import socket

import aiohttp

from benchmarks.learner import Server, Visit, browser
from benchmarks.processes import end_all, memory_by_part
from dockerlab.names import full_name
from dockerlab.standins.catalog import standin_names

REPOSITORY = Path(__file__).resolve().parents[1]
LESSONS = ("01-hello-world", "06-layers")
PASSWORD = "one word for the whole class"  # noqa: S105 - of a hub that lives for a minute
_SPAWN_SECONDS = 600.0


@dataclass(frozen=True)
class Report:
    """How a class fared; times in seconds, memory in MB."""

    learners: int
    first_output_median: float
    first_output_worst: float
    server_median: float
    finished_worst: float
    memory_per_learner: float
    memory_by_part: dict[str, float]
    """Of one learner, the mean over all: ``server``, ``kernels``, ``engine``."""
    load: float
    errors: list[str]

    def table(self) -> str:
        """The report as a Markdown table."""
        parts = ", ".join(f"{name} {size:.0f}" for name, size in self.memory_by_part.items())
        return (
            "| learners | server ready s, median | first output s, median | worst "
            "| both lessons s, worst | memory MB a learner | of that | errors |\n"
            "| ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |\n"
            f"| {self.learners} | {self.server_median:.1f} | {self.first_output_median:.1f} "
            f"| {self.first_output_worst:.1f} | {self.finished_worst:.1f} "
            f"| {self.memory_per_learner:.0f} | {parts} | {len(self.errors)} |"
        )


def hold_class(learners: int, *, packs: str = "") -> Report:
    """Let a class of this size run its lessons, and report."""
    with tempfile.TemporaryDirectory(prefix="class-") as name:
        homes = Path(name)
        homes.chmod(0o755)
        try:
            with running_hub(homes, packs=packs) as url:
                return asyncio.run(_all_at_once(url, homes, learners))
        finally:
            end_all(homes)  # engines outlive their learner's server by design


@contextmanager
def running_hub(
    homes: Path, *, packs: str = "", settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """JupyterHub with the configuration of deploy/ and these `settings` of it; its address."""
    port, api, hub = _free_ports(3)
    options = [f"--JupyterHub.bind_url=http://127.0.0.1:{port}", f"--JupyterHub.hub_port={hub}"]
    options += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{api}"]
    options += ["--JupyterHub.db_url=sqlite:///hub.sqlite", "--JupyterHub.log_level=WARN"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DOCKER")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "DOCKERLAB_CLASS_PASSWORD": PASSWORD,
        "DOCKERLAB_CLASS_HOMES": str(homes),
        "DOCKERLAB_PACKS": packs,
        **(settings or {}),
    }
    log = homes / "hub.log"
    config = str(REPOSITORY / "deploy" / "jupyterhub_config.py")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "--config", config, *options],
            cwd=homes,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        asyncio.run(_until_hub_answers(url, process, log))
        yield url
    finally:
        process.terminate()  # it stops its learners' servers and its proxy
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _until_hub_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/hub/health") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text()[-3000:]  # noqa: ASYNC240 - nothing else waits
                raise RuntimeError(f"JupyterHub did not come up:\n{said}")
            await asyncio.sleep(0.1)


async def _all_at_once(url: str, homes: Path, learners: int) -> Report:
    names = [f"learner{number:02}" for number in range(1, learners + 1)]
    visits = await asyncio.gather(*(learner(url, name) for name in names))
    memory = [memory_by_part(homes / name) for name in names]
    firsts = [visit.first_output for visit in visits]
    parts = {part: statistics.mean(each[part] for each in memory) / 1e6 for part in memory[0]}
    return Report(
        learners=learners,
        first_output_median=statistics.median(firsts),
        first_output_worst=max(firsts),
        server_median=statistics.median(visit.server for visit in visits),
        finished_worst=max(visit.finished for visit in visits),
        memory_per_learner=sum(parts.values()),
        memory_by_part=parts,
        load=os.getloadavg()[0],
        errors=[f"{visit.name}: {error}" for visit in visits for error in visit.errors],
    )


async def learner(url: str, name: str, *, lessons: Sequence[str] = LESSONS) -> Visit:
    """One learner, from the login page to the end of the last lesson."""
    visit = Visit(name, time.monotonic())
    async with browser() as http:
        try:
            await _log_in(http, url, name)
            opening = Server(http, f"{url}/user/{name}").opened()
            server = await asyncio.wait_for(opening, _SPAWN_SECONDS)
            visit.server = visit.now()
            for lesson in lessons:
                path = f"notebooks/en/{lesson}.ipynb"
                await server.run(REPOSITORY / path, visit, path=path)
        except (aiohttp.ClientError, TimeoutError, RuntimeError) as error:
            visit.errors.append(f"{type(error).__name__}: {error}")
        visit.finished = visit.now()
    return visit


async def _log_in(http: aiohttp.ClientSession, url: str, name: str) -> None:
    """Sign in as a browser does, and be sent on to the server that is about to start."""
    page = f"{url}/hub/login"
    async with http.get(page):
        pass
    token = next(each.value for each in http.cookie_jar if each.key == "_xsrf")
    form = {"username": name, "password": PASSWORD, "_xsrf": token}
    async with http.post(f"{page}?next=/hub/spawn", data=form) as answer:
        if answer.status != 200:
            raise RuntimeError(f"the hub answered {answer.status} to the login")


@contextmanager
def own_pack() -> Iterator[str]:
    """A pack of the lessons' images, as a class is given: everybody reads, nobody writes."""
    # Imported here: a class with a pack at hand needs neither root nor Docker.
    from benchmarks.running import running  # noqa: PLC0415
    from dockerlab.packs import create_pack  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="class-pack-") as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "course"
        with running(["docker"]) as field:
            client = field.engines[0].client()
            create_pack(client, folder, [full_name(name) for name in standin_names()])
            client.close()
        subprocess.run(["chmod", "--recursive", "a-w", folder], check=True)
        yield str(folder)
        subprocess.run(["chmod", "--recursive", "u+w", folder], check=True)


def _free_ports(count: int) -> list[int]:
    plugs = [socket() for _ in range(count)]
    for plug in plugs:
        plug.bind(("127.0.0.1", 0))
    ports = [int(plug.getsockname()[1]) for plug in plugs]
    for plug in plugs:
        plug.close()
    return ports


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold a class and print how it went; 1 if anybody met an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--pack", default="", help="a pack, or several separated by colons")
    parser.add_argument(
        "--own-pack",
        action="store_true",
        help="make a pack that nobody may write to, of the images of the tests' registry (root)",
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    with own_pack() if chosen.own_pack else nullcontext(chosen.pack) as packs:
        report = hold_class(chosen.learners, packs=packs)
    print(json.dumps(asdict(report), indent=2) if chosen.json else report.table())
    for error in report.errors:
        print(error, file=sys.stderr)
    print(f"Load of the machine at the end: {report.load:.1f}.", file=sys.stderr)
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
