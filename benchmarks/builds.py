"""A Dockerfile of ten steps on the embedded engine and on Docker Engine's classic builder.

    python -m benchmarks.builds [--rounds N]

Prints Markdown tables: cold, where no step was done before, and fully cached; with the `docker`
command, whose own start is in it, and straight on the socket.
"""

import itertools
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from benchmarks.report import rounds_from
from benchmarks.running import running
from benchmarks.sockets import request
from benchmarks.timing import docker, interleaved, table
from tests.engines.engine import Engine
from tests.integration.differential.builds import Case

DOCKERFILE = """FROM busybox
ARG number
LABEL number=$number
ENV A=b
WORKDIR /app
COPY d /app/d
RUN echo one > one
RUN mkdir -p x/y && touch x/y/z
COPY a.txt /app/
RUN cat a.txt > b.txt
CMD ["sh"]
"""
FILES = {"a.txt": "a", **{f"d/{number}": "x" * 1000 for number in range(20)}}
CONTEXT = Case("ten steps", DOCKERFILE, FILES).context()
OPTIONS = ("--network", "none", "--quiet")


def tables(rounds: int) -> Iterator[str]:
    """Measure, a Markdown table at a time."""
    with running(("docker", "oci-root", "oci-user", "proot")) as field:
        for engine in field.engines:
            docker(engine.host, "pull", "--quiet", "busybox")()
        for title, way in (
            ("build, cold, `docker build`", _cold),
            ("build, fully cached, `docker build`", _cached),
            ("build, fully cached, on the socket", _cached_on_the_socket),
        ):
            ways = {engine.name: way(engine) for engine in field.engines}
            yield table(title, interleaved(ways, rounds=rounds), against="docker")


def _build(engine: Engine, number: int) -> None:
    number_given = ("--build-arg", f"number={number}")
    done = engine.docker("build", *OPTIONS, *number_given, "-", stdin=CONTEXT)
    assert done.returncode == 0, done.stderr


def _cold(engine: Engine) -> Callable[[], object]:
    numbers = itertools.count(1)
    return lambda: _build(engine, next(numbers))


def _cached(engine: Engine) -> Callable[[], object]:
    _build(engine, 0)
    return lambda: _build(engine, 0)


def _cached_on_the_socket(engine: Engine) -> Callable[[], object]:
    query = urlencode({"buildargs": '{"number":"0"}', "networkmode": "none"})
    return request(engine, "POST", f"/build?{query}", CONTEXT, expected=b"Successfully built")


if __name__ == "__main__":
    for made in tables(rounds_from(__doc__)):
        print(made, "\n")
