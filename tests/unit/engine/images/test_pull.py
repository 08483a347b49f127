"""Pulling from a real registry into the store."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.errors import NotFound
from dockerlab.engine.images.service import Images
from dockerlab.engine.oci import Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference, parse
from tests.engines.registry import Registry, running_registry
from tests.unit.engine.images.conftest import BASE, CHILD, Lab

BASE_BLOB, CHILD_BLOB = (layer.blob.digest[7:19] for layer in CHILD.layers)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as registry:
        registry.push(BASE, "team/base", "1")
        registry.push(CHILD, "team/child", "1")
        yield registry


@pytest.fixture
async def pulling(lab: Lab) -> AsyncIterator[Lab]:
    distribution = Distribution(lab.content)
    lab.images = Images(
        database=lab.database,
        content=lab.content,
        snapshots=lab.snapshots,
        events=lab.events,
        distribution=distribution,
    )
    yield lab
    await distribution.close()


def named(registry: Registry, name: str) -> Reference:
    return parse(f"{registry.address}/team/{name}:1")


async def pull(lab: Lab, reference: Reference, *, platform: Platform | None = None) -> list[str]:
    """What is told, but for counts: these come as often as there is time."""
    records: list[Progress] = [
        record async for record in lab.images.pull(reference, platform=platform)
    ]
    return [
        f"{record.id}: {record.status}" if record.id else record.status
        for record in records
        if record.current is None and record.status != "Verifying Checksum"
    ]


async def test_the_progress_is_dockers(pulling: Lab, filled: Registry) -> None:
    base, child = named(filled, "base"), named(filled, "child")
    assert await pull(pulling, base) == [
        "1: Pulling from team/base",
        f"{BASE_BLOB}: Pulling fs layer",
        f"{BASE_BLOB}: Download complete",
        f"{BASE_BLOB}: Pull complete",
        f"Digest: {BASE.manifest.digest}",
        f"Status: Downloaded newer image for {base}",
    ]
    assert await pull(pulling, child) == [
        "1: Pulling from team/child",
        f"{BASE_BLOB}: Already exists",
        f"{CHILD_BLOB}: Pulling fs layer",
        f"{CHILD_BLOB}: Download complete",
        f"{CHILD_BLOB}: Pull complete",
        f"Digest: {CHILD.manifest.digest}",
        f"Status: Downloaded newer image for {child}",
    ]
    assert await pull(pulling, child) == [
        "1: Pulling from team/child",
        f"Digest: {CHILD.manifest.digest}",
        f"Status: Image is up to date for {child}",
    ]
    summary = pulling.images.list()[0]
    assert summary.repo_tags == (str(child),)
    assert summary.repo_digests == (f"{child.name}@{CHILD.manifest.digest}",)
    assert summary.labels is not None
    event = pulling.recent()[-1]
    assert (event.action, event.id) == ("pull", str(child))
    assert event.attributes == {**summary.labels, "name": child.name}


async def test_by_digest(pulling: Lab, filled: Registry) -> None:
    wanted = parse(f"{filled.address}/team/base@{BASE.manifest.digest}")
    assert (await pull(pulling, wanted))[-1] == f"Status: Downloaded newer image for {wanted}"
    assert pulling.images.resolve(str(wanted)).image_id == BASE.config.digest
    assert pulling.images.list()[0].repo_tags == ()
    await pulling.images.remove(str(wanted))
    assert pulling.left() == (0, 0, 0)


async def test_another_platform_is_taken_with_a_warning(pulling: Lab, filled: Registry) -> None:
    told = await pull(pulling, named(filled, "base"), platform=Platform("arm64", "linux"))
    assert told[-1].startswith("WARNING: image with reference")


async def test_ten_clients_at_once(pulling: Lab, filled: Registry) -> None:
    child = named(filled, "child")
    await asyncio.gather(*(pull(pulling, child) for _ in range(10)))
    assert pulling.left() == (4, 2, 0)
    await pulling.images.remove(str(child))
    assert pulling.left() == (0, 0, 0)


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.01, 0.02, 0.04])
async def test_whoever_goes_away_leaves_nothing(
    pulling: Lab, filled: Registry, delay: float
) -> None:
    task = asyncio.create_task(pull(pulling, named(filled, "child")))
    await asyncio.sleep(delay)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if not pulling.images.list():
        assert pulling.left() == (0, 0, 0)


async def test_what_the_registry_lacks(pulling: Lab, filled: Registry) -> None:
    missing = named(filled, "nosuch")
    with pytest.raises(NotFound) as refused:
        await pull(pulling, missing)
    assert str(refused.value) == (
        f"manifest for {missing} not found: manifest unknown: manifest unknown"
    )
    assert pulling.left() == (0, 0, 0)
