"""The embedded engine against Docker Engine: start, run, list, memory. Needs root and Linux.

    python -m benchmarks.engines [--rounds N]

Prints Markdown tables. Both engines pull from one registry on loopback, and are measured in turn.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.timing import Timing, docker, interleaved, resident_memory, table
from tests.engines.embedded import running_embedded
from tests.engines.engine import Engine
from tests.engines.fixtures import fill
from tests.engines.reference import running_docker
from tests.engines.registry import running_registry

RUN = ("run", "--rm", "--network", "none", "hello-world")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="counted runs of each (default 20)")
    rounds = parser.parse_args(arguments).rounds
    with running_engines() as engines:
        for engine in engines:
            docker(engine.host, "pull", "--quiet", "hello-world")()
        print(f"Medians of {rounds} rounds, every engine once a round in random order.\n")
        for title, words in (
            ("docker run --rm hello-world", RUN),
            ("docker images", ("images",)),
            ("docker image inspect", ("image", "inspect", "hello-world")),
        ):
            ways = {engine.name: docker(engine.host, *words) for engine in engines}
            print(table(f"`{title}`", interleaved(ways, rounds=rounds), against="docker"), "\n")
        print("| resident memory, idle | MB |\n| --- | ---: |")
        for engine in engines:
            print(f"| {engine.name} | {_memory(engine):.0f} |")
    print("\n" + table("`dockerlab engine start`", [_start_up(rounds)], against="docker"))


@contextmanager
def running_engines() -> Iterator[list[Engine]]:
    """Docker Engine and the embedded one, as root and not, with one registry."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        directory.chmod(0o755)  # an ordinary user's engine lives in here, too
        for name in ("registry", "docker", "oci-root", "oci-user"):
            (directory / name).mkdir()
        registry = stack.enter_context(running_registry(directory / "registry"))
        fill(registry)
        mirror = registry.url
        yield [
            stack.enter_context(running_docker(directory / "docker", mirror=mirror)),
            *(
                stack.enter_context(running_embedded(kind, directory / kind, mirror=mirror))
                for kind in ("oci-root", "oci-user")
            ),
        ]


def _memory(engine: Engine) -> float:
    """Resident memory of the engine's processes; Docker's is dockerd and containerd."""
    listing = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    marker = str(engine.socket.parent)
    found = [
        int(line.split()[0])
        for line in listing.stdout.splitlines()
        if marker in line
        and ("dockerlab.engine" in line or "dockerd" in line or "containerd" in line)
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
    main()
