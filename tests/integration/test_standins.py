"""Stand-ins on real engines: they run, they share, and they never take a real image's place."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest
from aiohttp import web

from dockerlab.standins.catalog import make_standin
from dockerlab.standins.ensure import ensure_images, prepare_images
from dockerlab.standins.image import docker_archive
from tests.engines.engine import Engine
from tests.engines.faulty_registry import running_faulty_registry
from tests.engines.reference import running_docker
from tests.engines.registry import Registry

NAMES = ["centos", "debian", "hello-world", "ubuntu"]


@pytest.fixture(scope="module")
def offline(session_directory: Path) -> Iterator[Engine]:
    """A Docker Engine that reaches no registry: its mirror and its proxy are not there."""
    state = session_directory / "offline"
    state.mkdir()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
            engine = stack.enter_context(running_docker(state, mirror="http://127.0.0.1:1"))
        yield engine


@pytest.fixture
def client(offline: Engine) -> Iterator[docker.DockerClient]:
    """A client of the offline engine, which is empty before and after each test."""
    client = offline.client()
    yield client
    for container in client.containers.list(all=True):
        container.remove(force=True)
    for image in client.images.list():
        client.images.remove(str(image.id), force=True)
    client.close()


def said(line: str) -> None:
    assert line


def test_without_a_registry_all_become_stand_ins(
    client: docker.DockerClient, offline: Engine
) -> None:
    provision = ensure_images(client, NAMES, say=said)
    assert (provision.real, provision.standins, provision.unavailable) == ([], NAMES, [])
    for name in NAMES:
        assert client.images.get(name).id == make_standin(name).image_id
    hello = offline.docker("run", "--rm", "--network", "none", "hello-world")
    assert hello.returncode == 0
    assert b"stand-in for the image hello-world" in hello.stdout


def test_loading_twice_changes_nothing(client: docker.DockerClient) -> None:
    ensure_images(client, ["centos"], say=said)
    before = client.images.get("centos").id
    provision = ensure_images(client, ["centos"], say=pytest.fail)
    assert provision.standins == ["centos"]
    assert client.images.get("centos").id == before


def test_the_learners_own_image_is_never_replaced(client: docker.DockerClient) -> None:
    [own] = client.images.load(docker_archive([make_standin("debian")]))
    own.tag("centos", "latest")
    client.containers.create("centos", ["true"]).commit("hello-world", "latest")
    before = {name: client.images.get(name).id for name in ("centos", "hello-world")}
    ensure_images(client, ["centos", "hello-world"], say=said)
    assert {name: client.images.get(name).id for name in before} == before


def test_what_cannot_be_had_is_said(client: docker.DockerClient) -> None:
    provision = ensure_images(client, ["postgres:16", "no/such-image"], say=said)
    assert provision.unavailable == ["postgres:16", "no/such-image"]
    assert client.images.list() == []


def test_a_stand_in_carries_the_lessons_commands(client: docker.DockerClient) -> None:
    ensure_images(client, ["centos"], say=said)
    script = (
        "set -e; cat /etc/os-release; id; uname; touch /tmp/a; cp /tmp/a /tmp/b; mv /tmp/b /c;"
        " rm /c; mkdir -p /x/y; ls -l /; echo hello | grep hell | sed s/hell/jell/; find /x;"
        " ps -e; hostname; stat /; head -1 /etc/passwd; du -s /x; df / >/dev/null; sort </dev/null;"
        " awk 'BEGIN { print 1 }'; /bin/sh -c true; echo done"
    )
    output = client.containers.run(
        "centos", ["/bin/bash", "-c", script], network_mode="none", remove=True
    ).decode()
    assert 'NAME="dockerlab stand-in for centos"' in output
    assert "uid=0(root) gid=0(root)" in output
    assert "jello" in output
    assert output.endswith("done\n")


def test_layers_are_shared_on_disk(client: docker.DockerClient) -> None:
    ensure_images(client, ["centos", "ubuntu", "debian"], say=said)
    layers = [
        client.images.get(name).attrs["RootFS"]["Layers"] for name in ("centos", "ubuntu", "debian")
    ]
    assert layers[0][:2] == layers[1][:2]
    assert layers[0][0] == layers[2][0]
    assert client.df()["LayersSize"] < sum(image.attrs["Size"] for image in client.images.list())


def test_a_real_image_comes_from_the_registry(engine: Engine) -> None:
    client = engine.client()
    try:
        asked = prepare_images(client, ["busybox"], say=pytest.fail)
        assert asked.real == ["busybox"]
        with pytest.raises(docker.errors.ImageNotFound):
            client.images.get("busybox")
        assert ensure_images(client, ["busybox"], say=said).real == ["busybox"]
        assert client.images.get("busybox").attrs["RepoDigests"]
    finally:
        client.images.remove("busybox", force=True)
        client.close()


def test_a_mirror_that_only_dockerlab_knows(
    client: docker.DockerClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKERLAB_REGISTRY_MIRRORS", registry.url)
    provision = prepare_images(client, ["busybox"], say=said)
    assert provision.real == ["busybox"]
    assert client.images.get("busybox").tags == ["busybox:latest"]


async def _says_nothing(_: web.BaseRequest) -> None:
    await asyncio.sleep(30)


async def _is_broken(_: web.BaseRequest) -> web.Response:
    return web.Response(status=500)


def test_mirrors_are_tried_in_order(
    client: docker.DockerClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hangs, one is broken, one has it not, and the last one does."""
    with (
        running_faulty_registry() as hanging,
        running_faulty_registry() as broken,
        running_faulty_registry() as empty,
    ):
        hanging.fault, broken.fault = _says_nothing, _is_broken
        mirrors = [hanging.url, broken.url, empty.url, registry.url]
        monkeypatch.setenv("DOCKERLAB_REGISTRY_MIRRORS", " ".join(mirrors))
        provision = prepare_images(client, ["busybox"], say=said)
        assert all(each.seen for each in (hanging, broken, empty))
    assert provision.real == ["busybox"]
    assert client.images.get("busybox").tags == ["busybox:latest"]


def test_every_engine_runs_them(engine: Engine) -> None:
    """Loaded by the SDK, run by the CLI, on Docker and on the embedded engine."""
    client = engine.client()
    names = [f"lab-{name}" for name in NAMES]
    try:
        for name in NAMES:
            [image] = client.images.load(docker_archive([make_standin(name)]))
            image.tag(f"lab-{name}")
        done = engine.docker("run", "--rm", "--network", "none", "lab-hello-world")
        assert done.stdout.decode().startswith("\nHello from your container engine!\n")
        done = engine.docker("run", "--rm", "--network", "none", "lab-centos", "ls", "/")
        assert {"bin", "etc", "proc", "usr"} <= set(done.stdout.decode().split())
        [labels] = json.loads(
            engine.docker("inspect", "--format", "[{{json .Config.Labels}}]", "lab-centos").stdout
        )
        assert labels["org.dockerlab.standin"] == "centos"
    finally:
        for name in [*names, *NAMES]:
            engine.docker("rmi", name)
        client.close()
