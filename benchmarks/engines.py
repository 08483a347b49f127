"""Starting engines, running containers, listing images, memory.

    python -m benchmarks.engines [--rounds N]

Prints Markdown tables; all engines pull from one registry on loopback, and are measured in turn.
Needs root and Linux.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report import rounds_from
from benchmarks.running import running
from benchmarks.timing import Timing, docker, interleaved, resident_memory, table
from benchmarks.udocker import udocker_run
from tests.engines.engine import Engine, answers

_RUN = ("run", "--rm", "--network", "none")
_STARTED = "bench-exec"
_ENGINE = (sys.executable, "-m", "dockerlab.engine")


def tables(rounds: int) -> Iterator[str]:
    """Measure, a Markdown table at a time."""
    with running() as field:
        engines = field.engines
        for engine in engines:
            for image in ("hello-world", "busybox"):
                docker(engine.host, "pull", "--quiet", image)()
        yield _side_by_side("docker run --rm hello-world", engines, (*_RUN, "hello-world"), rounds)
        yield _run_busybox(engines, rounds)
        yield _exec(engines, rounds)
        yield _side_by_side("docker images", engines, ("images",), rounds)
        inspect = ("image", "inspect", "hello-world")
        yield _side_by_side("docker image inspect", engines, inspect, rounds)
        yield _memory(engines)
    yield table("start of the engine", _start_up(rounds), against="docker")


def _side_by_side(
    title: str, engines: Sequence[Engine], words: tuple[str, ...], rounds: int
) -> str:
    ways = {engine.name: docker(engine.host, *words) for engine in engines}
    return table(f"`{title}`", interleaved(ways, rounds=rounds), against="docker")


def _run_busybox(engines: Sequence[Engine], rounds: int) -> str:
    """What udocker can do as well: it takes no image whose only file is one program."""
    ways = {engine.name: docker(engine.host, *_RUN, "busybox", "true") for engine in engines}
    with udocker_run("/bin/busybox", "true") as call:
        timings = interleaved({**ways, "udocker": call}, rounds=rounds)
    return table("`docker run --rm busybox true`", timings, against="docker")


def _exec(engines: Sequence[Engine], rounds: int) -> str:
    for engine in engines:
        start = ("run", "--detach", "--name", _STARTED, "--network", "none")
        docker(engine.host, *start, "busybox", "sleep", "100000")()
    made = _side_by_side("docker exec … true", engines, ("exec", _STARTED, "true"), rounds)
    for engine in engines:
        docker(engine.host, "rm", "--force", _STARTED)()
    return made


def _memory(engines: Sequence[Engine]) -> str:
    """Resident memory of the engines' processes; Docker's is dockerd and containerd."""
    lines = ["| resident memory, idle | MB |", "| --- | ---: |"]
    lines += [f"| {engine.name} | {engine_memory(engine):.0f} |" for engine in engines]
    return "\n".join(lines)


def engine_memory(engine: Engine) -> float:
    """Resident memory, in MB, of the processes that are the engine."""
    listing = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    marker = str(engine.socket.parent)
    programs = ("dockerlab.engine", "dockerd", "containerd", "podman")
    found = [
        int(line.split()[0])
        for line in listing.stdout.splitlines()
        if marker in line and any(program in line for program in programs)
    ]
    return sum(resident_memory(pid) for pid in found)


def _start_up(rounds: int) -> list[Timing]:
    """With nothing there before: until the command returns, and until the engine answers."""
    ways = {"`dockerlab engine start`": _start, "its process, to the first `/_ping`": _answer}
    times: dict[str, list[float]] = {title: [] for title in ways}
    for number in range(-1, rounds):
        for title in random.sample(list(ways), len(ways)):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                seconds = ways[title](Path(name))
            if number >= 0:
                times[title].append(seconds * 1000)
    return [Timing(title, tuple(found)) for title, found in times.items()]


def _start(place: Path) -> float:
    where = ["--root", f"{place}/root", "--socket", f"{place}/engine.sock"]
    begun = time.perf_counter()
    subprocess.run([*_ENGINE, "start", *where], check=True, capture_output=True)
    seconds = time.perf_counter() - begun
    subprocess.run([*_ENGINE, "stop", *where[:2]], check=True, capture_output=True)
    return seconds


def _answer(place: Path) -> float:
    socket = place / "engine.sock"
    command = [*_ENGINE, "run", "--root", f"{place}/root", "--socket", str(socket)]
    begun = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not answers(socket):
            assert process.poll() is None, "the engine ended"
            time.sleep(0.001)
        seconds = time.perf_counter() - begun
        process.terminate()
    return seconds


if __name__ == "__main__":
    for made in tables(rounds_from(__doc__)):
        print(made, "\n")
