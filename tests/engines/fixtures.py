"""Fixtures: one registry and one engine of each kind per session, started when first asked for."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.engines.embedded import running_embedded
from tests.engines.emptying import empty
from tests.engines.engine import Engine
from tests.engines.images import busybox, layer, on_top_of
from tests.engines.leftovers import end_leftovers
from tests.engines.lessons import hello_world, nginx, nginx_slim, system
from tests.engines.reference import put_docker_first, running_docker
from tests.engines.registry import Registry, running_registry


@pytest.fixture(scope="session")
def session_directory() -> Iterator[Path]:
    """A folder for this session, short enough for a unix socket, and removed at its end.

    A process that still lives in it then is a fault of the test that started it.
    """
    with tempfile.TemporaryDirectory(prefix="dockerlab-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)  # an ordinary user's engine lives in here, too
        yield directory
        left = end_leftovers(directory)
    if left:
        raise RuntimeError("a test left these processes running:\n" + "\n".join(left))


@pytest.fixture(scope="session")
def docker_cli() -> None:
    """Put the reference's `docker` command first on PATH."""
    put_docker_first()


@pytest.fixture(scope="session")
def registry(session_directory: Path) -> Iterator[Registry]:
    """A mirror of Docker Hub with the lessons' images and a few that share layers."""
    state = session_directory / "registry"
    state.mkdir()
    with running_registry(state) as running:
        fill(running)
        yield running


def fill(registry: Registry) -> None:
    """Push the images of the tests and of the lessons."""
    registry.push(hello_world(), "library/hello-world")
    for name in ("centos", "debian", "ubuntu"):
        registry.push(system(name), f"library/{name}")
    registry.push(nginx_slim(), "library/nginx", "alpine-slim")
    registry.push(nginx(), "library/nginx", "alpine")
    base = busybox()
    script = {"opt/tool": "#!/bin/sh\necho tool\n"}
    tool = layer(script, made_by="COPY tool /opt", executable=["opt/tool"])
    page = layer({"srv/index.html": "<h1>hello</h1>\n"}, made_by="COPY index.html /srv")
    registry.push(base, "library/busybox")
    registry.push(base, "library/busybox", "1.36")
    registry.push(on_top_of(base, tool, Entrypoint=["/opt/tool"], Cmd=None), "library/tool")
    registry.push(on_top_of(base, tool, page, WorkingDir="/srv"), "library/page")


@pytest.fixture(scope="session")
def started_engines() -> list[Engine]:
    """The engines that this session has started so far."""
    return []


@pytest.fixture(scope="module", autouse=True)
def emptied_engines(started_engines: list[Engine]) -> Iterator[None]:
    """Each file of tests leaves the engines as it found them: empty."""
    yield
    for engine in started_engines:
        empty(engine)


@pytest.fixture(scope="session")
def docker_engine(
    session_directory: Path, registry: Registry, started_engines: list[Engine]
) -> Iterator[Engine]:
    """The reference Docker Engine."""
    state = session_directory / "docker"
    state.mkdir()
    yield from _listed(running_docker(state, mirror=registry.url), started_engines)


@pytest.fixture(scope="session")
def oci_root_engine(
    session_directory: Path, registry: Registry, started_engines: list[Engine]
) -> Iterator[Engine]:
    """The embedded engine, run by root."""
    state = session_directory / "oci-root"
    state.mkdir()
    yield from _listed(running_embedded("oci-root", state, mirror=registry.url), started_engines)


@pytest.fixture(scope="session")
def oci_user_engine(
    session_directory: Path, registry: Registry, started_engines: list[Engine]
) -> Iterator[Engine]:
    """The embedded engine, run by an ordinary user."""
    state = session_directory / "oci-user"
    state.mkdir()
    yield from _listed(running_embedded("oci-user", state, mirror=registry.url), started_engines)


@pytest.fixture(scope="session")
def proot_engine(
    session_directory: Path, registry: Registry, started_engines: list[Engine]
) -> Iterator[Engine]:
    """The embedded engine of an ordinary user who can make no namespaces."""
    state = session_directory / "proot"
    state.mkdir()
    yield from _listed(running_embedded("proot", state, mirror=registry.url), started_engines)


@pytest.fixture(scope="session", params=["oci-root", "oci-user", "proot"])
def embedded_engine(request: pytest.FixtureRequest) -> Engine:
    """The embedded engine, each way that it can run."""
    return _by_name(request)


@pytest.fixture(scope="session", params=["docker", "oci-root", "oci-user", "proot"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine, so that one test holds for all of them."""
    return _by_name(request)


def _listed(running: AbstractContextManager[Engine], started: list[Engine]) -> Iterator[Engine]:
    """Run an engine, and have it among the started ones while it runs."""
    with running as engine:
        started.append(engine)
        yield engine
        started.remove(engine)


def _by_name(request: pytest.FixtureRequest) -> Engine:
    fixtures = {
        "docker": "docker_engine",
        "oci-root": "oci_root_engine",
        "oci-user": "oci_user_engine",
        "proot": "proot_engine",
    }
    found: Engine = request.getfixturevalue(fixtures[request.param])
    return found
