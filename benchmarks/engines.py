"""Starting engines, running containers, listing images, memory.

    python -m benchmarks.engines [--rounds N]

Prints Markdown tables; all engines pull from one registry on loopback, and are measured in turn.
Needs root and Linux.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from benchmarks.report import rounds_from
from benchmarks.running import running
from benchmarks.timing import Timing, docker, interleaved, resident_memory, table
from benchmarks.udocker import udocker_run
from tests.engines.engine import Engine

_RUN = ("run", "--rm", "--network", "none")
_STARTED = "bench-exec"


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
    yield table("`dockerlab engine start`", [_start_up(rounds)], against="docker")


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


def _start_up(rounds: int) -> Timing:
    """From the command to the first answer, with nothing there before."""
    times = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            where = ["--root", f"{name}/root", "--socket", f"{name}/engine.sock"]
            command = [sys.executable, "-m", "dockerlab.engine"]
            start = time.perf_counter()
            subprocess.run([*command, "start", *where], check=True, capture_output=True)
            times.append((time.perf_counter() - start) * 1000)
            subprocess.run([*command, "stop", *where[:2]], check=True, capture_output=True)
    return Timing("oci-root", tuple(times))


if __name__ == "__main__":
    for made in tables(rounds_from(__doc__)):
        print(made, "\n")
