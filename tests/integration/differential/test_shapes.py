"""The keys of JSON answers, compared in each version of the API that changed any."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any

import pytest

from tests.engines.engine import Engine
from tests.integration.differential.allowed import KEYS, Allowed

VERSIONS = ("1.24", "1.41", "1.42", "1.43", "1.44", "1.46", "1.48", "1.49", "1.50", "1.51", "")
PATHS = (
    "/images/json?all=1",
    "/images/tool/json",
    "/images/hello-world/json",
    "/images/tool/history",
    "/containers/json?all=1&size=1",
    "/containers/d-shape/json?size=1",
    "/info",
    "/version",
    "/system/df",
    "/networks/none",
    "/volumes",
)

MET: set[Allowed] = set()
"""The allowed differences that were met in this session."""


@pytest.fixture(scope="module")
def pair(docker_engine: Engine, embedded_engine: Engine) -> Iterator[tuple[Engine, Engine]]:
    """Both engines, with two images and a container of one of them."""
    both = (docker_engine, embedded_engine)
    for engine in both:
        for image in ("tool", "hello-world"):
            assert engine.docker("pull", "-q", image).returncode == 0
        engine.docker("run", "--name", "d-shape", "--network", "none", "tool")
    yield both
    for engine in both:
        engine.docker("rm", "d-shape")


@pytest.mark.docker
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", VERSIONS)
def test_same_keys(pair: tuple[Engine, Engine], version: str, path: str) -> None:
    prefix = f"/v{version}" if version else ""
    docker, embedded = (set(_keys(_get(engine, prefix + path))) for engine in pair)
    assert [key for key in sorted(docker ^ embedded) if not _allowed(path, key)] == []


@pytest.mark.docker
def test_every_allowed_key_is_still_met(request: pytest.FixtureRequest) -> None:
    here = [item for item in request.session.items if item.path == request.path]
    if len(here) < len(VERSIONS) * len(PATHS):
        pytest.skip("only some of the answers were compared")
    assert [each.place for each in KEYS if each not in MET and not each.sometimes] == []


def _allowed(path: str, key: str) -> bool:
    reasons = {each for each in KEYS if each.covers(path, key)}
    MET.update(reasons)
    return bool(reasons)


def _get(engine: Engine, path: str) -> Any:
    connection = HTTPConnection("engine", timeout=20)
    with socket(AF_UNIX, SOCK_STREAM) as plug:
        plug.connect(str(engine.socket))
        connection.sock = plug
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        return json.loads(response.read())


def _keys(value: Any, place: str = "") -> Iterator[str]:
    """Every path to a key; null and empty things are told apart from others by a mark."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{place}.{key}"
            yield from _keys(item, f"{place}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item, f"{place}[]")
    elif value is None:
        yield f"{place}.=null"
