"""Pushing, asking a registry and logging in to one, through the Docker SDK."""

import json
from collections.abc import Iterator

import pytest
from docker import DockerClient
from docker.errors import APIError

from tests.engines.engine import Engine
from tests.engines.registry import Registry


@pytest.fixture
def client(embedded_engine: Engine) -> Iterator[DockerClient]:
    """A client of the engine, on which busybox is."""
    client = embedded_engine.client()
    client.images.pull("busybox")
    yield client
    client.close()


def test_a_pushed_image_is_pulled_again_by_its_digest(
    client: DockerClient, registry: Registry
) -> None:
    name = f"{registry.address}/sdk/pushed"
    image = client.images.get("busybox")
    image.tag(name, "1")
    lines = [json.loads(line) for line in client.images.push(name, "1").splitlines()]
    pushed = lines[-1]["aux"]
    assert pushed["Tag"] == "1"
    assert f"{name}@{pushed['Digest']}" in client.images.get("busybox").attrs["RepoDigests"]
    client.images.remove(f"{name}:1")
    again = client.images.pull(f"{name}@{pushed['Digest']}")
    assert again.id == image.id
    client.images.remove(f"{name}@{pushed['Digest']}")


def test_what_a_registry_has_is_told_without_pulling_it(
    client: DockerClient, registry: Registry
) -> None:
    data = client.images.get_registry_data(f"{registry.address}/library/busybox:latest")
    assert data.id.startswith("sha256:")
    assert data.attrs["Platforms"][0]["os"] == "linux"
    with pytest.raises(APIError):
        client.images.get_registry_data(f"{registry.address}/library/nosuch")


def test_logging_in_shows_the_password_to_the_registry(
    client: DockerClient, registry: Registry
) -> None:
    answer = client.login("me", "secret", registry=registry.address)
    assert answer["Status"] == "Login Succeeded"
    with pytest.raises(APIError, match="connection refused"):
        client.login("me", "secret", registry="127.0.0.1:9")
