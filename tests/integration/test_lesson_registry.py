"""The lessons' registry, pushed to and pulled from by every engine, through the real command."""

import subprocess
from collections.abc import Iterator

import pytest

from dockerlab.registry import Registry, start_registry
from tests.engines.engine import Engine
from tests.engines.images import architecture, busybox, layer, on_top_of


@pytest.fixture
def shop() -> Iterator[Registry]:
    running = start_registry(ports=())
    yield running
    running.stop()


def docker(engine: Engine, *words: str, data: bytes | None = None) -> str:
    ran = subprocess.run(
        ["docker", *words],
        env=dict(engine.environment),
        input=data,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def test_a_tag_moves_under_the_feet_of_whoever_pulls(engine: Engine, shop: Registry) -> None:
    mine, theirs = f"{shop.address}/web", f"{shop.numeric_address}/web"
    digests = []
    for word in ("one", "two"):
        page = layer({"version": word}, made_by=f"COPY {word} /version")
        image = on_top_of(busybox(), page, Architecture=architecture())
        docker(engine, "load", data=image.archive(f"{theirs}:latest"))
        docker(engine, "push", theirs)
        docker(engine, "rmi", f"{theirs}:latest")
        docker(engine, "pull", mine)
        digests.append(shop.tags("web")["latest"])
        names = docker(engine, "image", "inspect", mine, "--format", "{{json .RepoDigests}}")
        assert f"{mine}@{digests[-1]}" in names
    assert digests[0] != digests[1]
    by_digest = f"{mine}@{digests[0]}"
    docker(engine, "pull", by_digest)
    run = ("run", "--rm", "--network", "none")
    assert docker(engine, *run, by_digest, "cat", "/version") == "one"
    assert docker(engine, *run, mine, "cat", "/version") == "two"
