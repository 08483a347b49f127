"""What removing images frees is predicted to the byte, as the engine's own count shows after."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from dockerlab.layers import ImageID, human_size, read_all_images, share
from dockerlab.notebook.pictures import show_layers
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


def test_the_picture_tells_before_anything_is_removed(client: DockerClient) -> None:
    drawing = show_layers(removing="free-program:1", client=client)
    before = client.df()["LayersSize"]
    client.images.remove("free-program:1")
    freed = human_size(before - client.df()["LayersSize"])
    assert f"Removing free-program:1 would free {freed}." in drawing.title
    assert "Image free-base:1:" in str(drawing)
    assert "free-alone" not in str(drawing), "it shares nothing with the image asked about"


def test_one_of_two_names_frees_nothing(client: DockerClient) -> None:
    client.images.get("free-alone:1").tag("free-other", "1")
    one = show_layers(removing="free-alone:1", client=client)
    both = show_layers(removing=["free-alone:1", "free-other:1"], client=client)
    client.images.remove("free-other:1")
    assert str(one).splitlines()[-1].strip() == (
        "free-alone:1 is one of several names of its image: removing it removes the name only."
    )
    assert "would free 30kB" in both.title


def test_an_image_in_use_is_said_to_be(client: DockerClient) -> None:
    container = client.containers.create("free-base:1", "true")
    try:
        drawing = show_layers(removing="free-base:1", client=client)
    finally:
        container.remove()
    assert "Containers use free-base:1: 1." in str(drawing)
