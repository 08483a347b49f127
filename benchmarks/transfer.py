"""Pull, load and save of an image of 100 MB in 8 layers.

    python -m benchmarks.transfer [--rounds N]

Prints Markdown tables; all engines pull from one registry on loopback, and are measured in turn.
Needs root and Linux.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from benchmarks.engines import engine_memory
from benchmarks.report import rounds_from
from benchmarks.running import running
from benchmarks.timing import docker, interleaved, table
from tests.engines.engine import Engine
from tests.engines.images import Image, architecture, layer

LAYERS, FILES, FILE_SIZE = 8, 200, 62_500
NAME = "bench/large"


@cache
def large_image() -> Image:
    """100 MB in 1,600 files, a third of it incompressible: 34 MB as the registry has it."""
    source = random.Random(1)  # noqa: S311 - the same bytes each time, not secret ones
    layers = []
    for number in range(LAYERS):
        files = {
            f"opt/{number}/{name}": source.randbytes(FILE_SIZE // 3) + b"text\n" * (FILE_SIZE // 8)
            for name in range(FILES)
        }
        layers.append(layer(files, made_by=f"COPY {number} /opt"))
    return Image(tuple(layers), {"Cmd": ["/opt/0/0"]}, architecture())


def tables(rounds: int) -> Iterator[str]:
    """Measure, a Markdown table at a time."""
    image = large_image()
    with running() as field, tempfile.TemporaryDirectory(prefix="bench-") as name:
        field.registry.push(image, NAME)
        archive = Path(name) / "large.tar"
        archive.write_bytes(image.archive(f"{NAME}:latest"))
        saved = {engine.name: Path(name) / engine.name for engine in field.engines}
        pulled = {engine.name: _pull(engine) for engine in field.engines}
        yield _table("docker pull", pulled, field.engines, rounds)
        loaded = {engine.name: _load(engine, archive) for engine in field.engines}
        yield _table("docker load", loaded, field.engines, rounds)
        saves = {
            engine.name: docker(engine.host, "save", "--output", str(saved[engine.name]), NAME)
            for engine in field.engines
        }
        yield _table("docker save", saves, (), rounds)
        lines = ["| resident memory after that | MB |", "| --- | ---: |"]
        lines += [f"| {engine.name} | {engine_memory(engine):.0f} |" for engine in field.engines]
        yield "\n".join(lines)


def _table(
    title: str, ways: dict[str, Callable[[], object]], emptied: Sequence[Engine], rounds: int
) -> str:
    """Measure; what a round brought into the engines of ``emptied`` is removed before the next."""
    before = {engine.name: lambda engine=engine: _remove(engine) for engine in emptied}
    timings = interleaved(ways, rounds=rounds, before=before)
    return table(f"`{title}`, 100 MB in 8 layers", timings, against="docker")


def _pull(engine: Engine) -> Callable[[], object]:
    return docker(engine.host, "pull", "--quiet", NAME)


def _load(engine: Engine, archive: Path) -> Callable[[], object]:
    return docker(engine.host, "load", "--quiet", "--input", str(archive))


def _remove(engine: Engine) -> None:
    engine.docker("rmi", "--force", NAME)


if __name__ == "__main__":
    for made in tables(rounds_from(__doc__, usual=10)):
        print(made, "\n")
