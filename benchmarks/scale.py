"""What many layers and many images cost.

    python -m benchmarks.scale [--rounds N]

Prints Markdown tables: lists and inspections beside 300 images in all engines, and the embedded
engine's times against the number of layers and of images. Needs root and Linux.
"""

from collections.abc import Iterator

from benchmarks.report import rounds_from
from benchmarks.running import running
from benchmarks.sockets import request
from benchmarks.timing import docker, interleaved, table
from tests.engines.engine import Engine
from tests.engines.images import Image, Layer, archive_of, busybox, layer, on_top_of

MANY = 300
EMBEDDED = ("oci-root", "oci-user", "proot")
LAYERS = (1, 16, 64, 127)
IMAGES = (10, 100, 1000)


def tables(rounds: int) -> Iterator[str]:
    """Measure, a Markdown table at a time."""
    with running() as field:
        for engine in field.engines:
            fill_with(engine, range(MANY))
        for title, words in (
            ("docker images", ("images",)),
            ("docker image inspect", ("image", "inspect", f"bench:{MANY // 2}")),
        ):
            ways = {engine.name: docker(engine.host, *words) for engine in field.engines}
            timings = interleaved(ways, rounds=rounds)
            yield table(f"`{title}`, {MANY} images", timings, against="docker")
        path = f"/images/bench:{MANY // 2}/json"
        asked = {engine.name: request(engine, "GET", path) for engine in field.engines}
        timings = interleaved(asked, rounds=rounds)
        yield table(f"inspect on the socket, {MANY} images", timings, against="docker")
    with running(EMBEDDED) as field:
        for engine in field.engines:
            yield _by_layers(engine, rounds)
    with running(EMBEDDED) as field:
        for engine in field.engines:
            yield _by_images(engine, rounds)


def fill_with(engine: Engine, numbers: range) -> None:
    """Load images that share a base and have one small layer of their own."""
    base = Image((layer({"srv/base": "base"}, made_by="COPY base /srv"),), {"Cmd": ["/srv/base"]})
    images = {f"bench:{number}": on_top_of(base, _small_layer(number)) for number in numbers}
    loaded = engine.docker("load", stdin=archive_of(images), timeout=600)
    assert loaded.returncode == 0, loaded.stderr


def _small_layer(number: int) -> Layer:
    return layer({f"srv/{number}": f"{number}\n"}, made_by=f"COPY {number} /srv")


def _by_layers(engine: Engine, rounds: int) -> str:
    """Run containers of images with ever more layers."""
    ways = {}
    for count in LAYERS:
        name = f"bench:{count}-layers"
        loaded = engine.docker("load", stdin=_deep(count).archive(name))
        assert loaded.returncode == 0, loaded.stderr
        ways[str(count)] = docker(engine.host, "run", "--rm", "--network", "none", name, "true")
    title = f"{engine.name}: `docker run`, by number of layers"
    return table(title, interleaved(ways, rounds=rounds), against="1")


def _deep(count: int) -> Image:
    return on_top_of(busybox(), *map(_small_layer, range(count - 1)))


def _by_images(engine: Engine, rounds: int) -> str:
    """List ever more images: a store of one size after the other, since it only grows."""
    timings = []
    there = 0
    for count in IMAGES:
        fill_with(engine, range(there, count))
        there = count
        timings += interleaved({str(count): docker(engine.host, "images")}, rounds=rounds)
    return table(
        f"{engine.name}: `docker images`, by number of images", timings, against=str(IMAGES[0])
    )


if __name__ == "__main__":
    for made in tables(rounds_from(__doc__)):
        print(made, "\n")
