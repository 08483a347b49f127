"""Pushing to a real registry, and asking one what it has."""

import json
import zlib
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.distribution.push import Outgoing, Pushed
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.errors import EngineError, NotFound, SystemFailure
from dockerlab.engine.oci import DOCKER_MANIFEST, LAYER, DiffID, Platform, digest_of
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import parse
from tests.engines.faulty_registry import error_response, running_faulty_registry
from tests.engines.images import Image, layer
from tests.engines.registry import Registry

_IMAGE = Image(
    (
        layer({"base": "hello\n" * 50_000}, made_by="COPY base /"),
        layer({"top": "bye\n"}, made_by="COPY top /"),
    ),
    {"Cmd": ["/base"]},
)


@pytest.fixture
def content(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "content")


@pytest.fixture
async def distribution(content: LocalStore) -> AsyncIterator[Distribution]:
    opened = Distribution(content, environ={})
    yield opened
    await opened.close()


def _compressed(content: LocalStore, name: str, *, siblings: tuple[str, ...] = ()) -> Outgoing:
    """An image as a pull leaves it."""
    for blob in (*_IMAGE.blobs(), _IMAGE.manifest):
        content.add(blob.data)
    return _outgoing(name, _IMAGE.manifest.data, siblings=siblings)


def _uncompressed(content: LocalStore, name: str) -> Outgoing:
    """The same image as a load leaves it."""
    content.add(_IMAGE.config.data)
    document = json.loads(_IMAGE.manifest.data)
    document["layers"] = [
        {"mediaType": LAYER, "digest": content.add(one.tar), "size": len(one.tar)}
        for one in _IMAGE.layers
    ]
    return _outgoing(name, json.dumps(document).encode())


def _outgoing(name: str, manifest: bytes, *, siblings: tuple[str, ...] = ()) -> Outgoing:
    return Outgoing(
        reference=parse(name),
        manifest=manifest,
        diff_ids=tuple(DiffID(digest_of(one.tar)) for one in _IMAGE.layers),
        siblings=siblings,
    )


async def _push(distribution: Distribution, image: Outgoing) -> tuple[Pushed, list[Progress]]:
    *lines, pushed = [event async for event in distribution.push(image)]
    assert isinstance(pushed, Pushed)
    return pushed, [line for line in lines if isinstance(line, Progress)]


def _fetch(registry: Registry, path: str) -> bytes:
    connection = HTTPConnection(registry.address, timeout=10)
    connection.request("GET", path, headers={"Accept": DOCKER_MANIFEST})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    assert answer.status == 200, data
    return data


async def test_a_pulled_image_is_pushed_with_the_digest_it_had(
    registry: Registry, content: LocalStore, distribution: Distribution
) -> None:
    name = f"{registry.address}/pushed/compressed:1"
    pushed, lines = await _push(distribution, _compressed(content, name))
    assert (pushed.tag, pushed.digest) == ("1", _IMAGE.manifest.digest)
    assert pushed.size == len(_IMAGE.manifest.data)
    assert _fetch(registry, "/v2/pushed/compressed/manifests/1") == _IMAGE.manifest.data
    for one in _IMAGE.layers:
        blob = _fetch(registry, f"/v2/pushed/compressed/blobs/{one.blob.digest}")
        assert blob == one.blob.data
    top, base = (one.diff_id[7:19] for one in reversed(_IMAGE.layers))
    told = [(line.status, line.id) for line in lines if line.status != "Pushing"]
    assert told[:3] == [
        (f"The push refers to repository [{registry.address}/pushed/compressed]", ""),
        ("Preparing", top),
        ("Preparing", base),
    ]
    assert sorted(told[3:]) == sorted([("Pushed", top), ("Pushed", base)])


async def test_what_the_registry_has_is_not_sent_again(
    registry: Registry, content: LocalStore, distribution: Distribution
) -> None:
    name = f"{registry.address}/pushed/twice:1"
    await _push(distribution, _compressed(content, name))
    _, lines = await _push(distribution, _compressed(content, name))
    assert [line.status for line in lines[3:]] == ["Layer already exists"] * 2


async def test_a_layer_is_taken_over_from_another_repository(
    registry: Registry, content: LocalStore, distribution: Distribution
) -> None:
    registry.push(_IMAGE, "pushed/first")
    name = f"{registry.address}/pushed/second:1"
    image = _compressed(content, name, siblings=("pushed/nosuch", "pushed/first"))
    _, lines = await _push(distribution, image)
    assert [line.status for line in lines[3:]] == ["Mounted from pushed/first"] * 2


async def test_a_loaded_image_is_compressed_the_same_way_each_time(
    registry: Registry, content: LocalStore, distribution: Distribution
) -> None:
    digests = set()
    for repository in ("pushed/loaded", "pushed/again"):
        image = _uncompressed(content, f"{registry.address}/{repository}:1")
        pushed, _ = await _push(distribution, image)
        digests.add(pushed.digest)
    assert len(digests) == 1
    document = json.loads(_fetch(registry, "/v2/pushed/loaded/manifests/1"))
    assert document["mediaType"] == DOCKER_MANIFEST
    for described, one in zip(document["layers"], _IMAGE.layers, strict=True):
        blob = _fetch(registry, f"/v2/pushed/loaded/blobs/{described['digest']}")
        assert zlib.decompress(blob, 31) == one.tar
    assert len(list(content.walk())) == 3, "the compressed copies were kept"


async def test_a_pushed_image_can_be_pulled_and_inspected(
    registry: Registry, content: LocalStore, distribution: Distribution
) -> None:
    name = parse(f"{registry.address}/pushed/back:1")
    pushed, _ = await _push(distribution, _uncompressed(content, str(name)))
    assert (await distribution.resolve(name)).image.digest == pushed.digest
    seen = await distribution.inspect(name)
    assert (seen.descriptor.digest, seen.descriptor.size) == (pushed.digest, pushed.size)
    assert seen.platforms == (Platform("amd64", "linux"),)
    with pytest.raises(NotFound, match="manifest unknown: manifest unknown"):
        await distribution.inspect(parse(f"{registry.address}/pushed/back:2"))


async def test_nobody_listens(content: LocalStore, distribution: Distribution) -> None:
    with pytest.raises(SystemFailure) as failure:
        await _push(distribution, _compressed(content, "127.0.0.1:5/app:1"))
    assert str(failure.value) == (
        'Get "http://127.0.0.1:5/v2/": dial tcp 127.0.0.1:5: connect: connection refused'
    )


async def test_a_registry_that_forbids_is_quoted(
    content: LocalStore, distribution: Distribution
) -> None:
    async def fault(request: object) -> object:
        if request.method == "HEAD":  # type: ignore[attr-defined]
            return None
        return error_response(403, "DENIED", "requested access to the resource is denied")

    with running_faulty_registry(fault=fault) as registry:
        with pytest.raises(EngineError) as failure:
            await _push(distribution, _compressed(content, f"{registry.address}/app:1"))
        assert str(failure.value) == "denied: requested access to the resource is denied"
        assert not any(seen.method == "PUT" for seen in registry.seen)
