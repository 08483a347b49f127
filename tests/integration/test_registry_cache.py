"""A pull-through cache with deploy/registry-cache.yml, used by all three engines."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dockerlab.standins.ensure import ensure_images
from tests.engines.embedded import running_embedded
from tests.engines.lessons import hello_world
from tests.engines.podman import running_podman
from tests.engines.programs import from_package, need_root
from tests.engines.reference import running_docker
from tests.engines.registry import Registry, answering, free_port, running_registry
from tests.engines.serving import serving

SETTINGS = Path(__file__).resolve().parents[2] / "deploy" / "registry-cache.yml"
NOBODY = "http://127.0.0.1:1"


@contextmanager
def running_cache(state: Path, *, of: Registry) -> Iterator[Registry]:
    """Debian's docker-registry with our settings, its addresses changed for the test."""
    program = from_package("docker-registry", "usr/bin/docker-registry")
    cache = Registry(f"127.0.0.1:{free_port()}", state / "storage", state / "cache.log")
    changed = {
        "REGISTRY_HTTP_ADDR": cache.address,
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(cache.storage),
        "REGISTRY_PROXY_REMOTEURL": of.url,
    }
    with serving(
        ["setpriv", "--pdeathsig", "TERM", program, "serve", SETTINGS],
        ready=lambda: answering(cache.address),
        log=cache.log,
        seconds=30,
        environment={**os.environ, **changed},
    ):
        yield cache


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_one_pull_serves_the_class(
    session_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_root()
    place = session_directory / "cache"
    for name in ("hub", "cache", "embedded", "docker", "podman"):
        (place / name).mkdir(parents=True)
    with ExitStack() as stack:
        with running_registry(place / "hub") as hub:
            hub.push(hello_world(), "library/hello-world")
            cache = stack.enter_context(running_cache(place / "cache", of=hub))
            first = stack.enter_context(
                running_embedded("oci-root", place / "embedded", mirror=cache.url)
            )
            pulled = first.docker("pull", "hello-world")
            assert pulled.returncode == 0, pulled.stderr
        # The hub is gone, or has had enough of this address: the others have the cache.
        podman = stack.enter_context(running_podman(place / "podman", mirror=cache.address))
        pulled = podman.docker("pull", "hello-world")
        assert pulled.returncode == 0, pulled.stderr
        # An engine that does not know the cache, and a lesson that was told of it.
        docker = stack.enter_context(running_docker(place / "docker", mirror=NOBODY))
        monkeypatch.setenv("DOCKERLAB_REGISTRY_MIRRORS", cache.url)
        client = docker.client()
        provided = ensure_images(client, ["hello-world"], say=lambda _: None)
        assert provided.real == ["hello-world"]
        assert client.images.get("hello-world").tags == ["hello-world:latest"]
        client.close()
