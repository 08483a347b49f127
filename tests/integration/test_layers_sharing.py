"""What removing images frees is predicted to the byte, as the engine's own count shows after."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from dockerlab.layers import ImageID, read_all_images, share
from tests.engines.engine import Engine
from tests.engines.images import Image, busybox, layer, on_top_of


def family() -> dict[str, Image]:
    """Four images that share much, some, and nothing; the last is the first by another name."""
    base = busybox()
    library = layer({"lib/one": b"1" * 70_001}, made_by="COPY one /lib")
    program = layer({"app/two": b"2" * 50_003}, made_by="COPY two /app")
    alone = Image((layer({"only": b"3" * 30_007}, made_by="COPY only /"),))
    return {
        "free-base:1": base,
        "free-library:1": on_top_of(base, library),
        "free-program:1": on_top_of(base, library, program),
        "free-alone:1": alone,
    }


@pytest.fixture(params=["docker", "embedded"])
def client(request: pytest.FixtureRequest) -> Iterator[DockerClient]:
    """A client of an engine that has these images and no others."""
    name = {"docker": "docker_engine", "embedded": "oci_root_engine"}[request.param]
    engine: Engine = request.getfixturevalue(name)
    for tag, image in family().items():
        assert engine.docker("load", stdin=image.archive(tag)).returncode == 0
    connected = engine.client()
    yield connected
    for tag in family():
        engine.docker("rmi", "--force", tag)
    connected.close()


@pytest.mark.parametrize(
    "names",
    [
        ["free-alone:1"],
        ["free-program:1"],
        ["free-library:1"],
        ["free-library:1", "free-program:1"],
        ["free-base:1", "free-library:1", "free-program:1"],
    ],
)
def test_what_a_removal_frees(client: DockerClient, names: list[str]) -> None:
    sharing = share(read_all_images(client))
    before = client.df()["LayersSize"]
    assert sharing.stored_bytes == before
    ids = [ImageID(str(client.images.get(name).id)) for name in names]
    predicted = sharing.freed_by_removing(*ids)
    for name in names:
        client.images.remove(name)
    assert before - client.df()["LayersSize"] == predicted
    assert share(read_all_images(client)).stored_bytes == before - predicted
