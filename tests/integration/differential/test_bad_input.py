"""What goes wrong outside: registries that refuse, archives that are damaged, full disks."""

import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from dockerlab.engine import daemon
from tests.engines.engine import Engine, environment_for
from tests.engines.faulty_registry import (
    FaultyRegistry,
    broken_off,
    error_response,
    running_faulty_registry,
)
from tests.engines.images import busybox, layer, on_top_of
from tests.engines.programs import need_root

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def faulty() -> Iterator[FaultyRegistry]:
    """A registry with one image, `app`."""
    with running_faulty_registry() as registry:
        image = on_top_of(busybox(), layer({"app": "x" * 100_000}, made_by="COPY app /"))
        registry.add(image, "app")
        yield registry


async def _too_many(request: web.BaseRequest) -> web.StreamResponse | None:
    if "/manifests/" not in request.path:
        return None
    answer = error_response(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
    answer.headers["Retry-After"] = "1"
    return answer


async def _denied(request: web.BaseRequest) -> web.StreamResponse | None:
    if "/manifests/" not in request.path:
        return None
    return _detailed(403, "DENIED", "requested access to the resource is denied")


async def _unknown(request: web.BaseRequest) -> web.StreamResponse | None:
    if "/manifests/" not in request.path:
        return None
    return _detailed(404, "MANIFEST_UNKNOWN", "manifest unknown")


def _detailed(status: int, code: str, message: str) -> web.Response:
    """An error with details, as registries send them; Docker words those without otherwise."""
    error = {"code": code, "message": message, "detail": {"why": "a test"}}
    return web.json_response({"errors": [error]}, status=status)


async def _broken(request: web.BaseRequest) -> web.StreamResponse | None:
    return web.Response(status=500, text="boom") if "/manifests/" in request.path else None


REFUSALS = {
    "an unknown image": ("nosuch", _unknown),
    "an unknown tag": ("app:nosuch", _unknown),
    "an unknown digest": (f"app@sha256:{'0' * 64}", _unknown),
    "too many requests": ("app", _too_many),
    "access denied": ("app", _denied),
    "a server error": ("app", _broken),
}


@pytest.mark.docker
@pytest.mark.parametrize("case", REFUSALS)
def test_a_registry_that_refuses(
    docker_engine: Engine, embedded_engine: Engine, faulty: FaultyRegistry, case: str
) -> None:
    name, faulty.fault = REFUSALS[case]
    docker, embedded = _both(docker_engine, embedded_engine, "pull", f"{faulty.address}/{name}")
    assert embedded == docker
    assert embedded[0] == 1


@pytest.mark.docker
def test_a_registry_that_wants_a_password(
    docker_engine: Engine, embedded_engine: Engine, faulty: FaultyRegistry
) -> None:
    faulty.basic = ("somebody", "secret")
    docker, embedded = _both(docker_engine, embedded_engine, "pull", f"{faulty.address}/app")
    assert embedded == docker


@pytest.mark.docker
def test_a_registry_that_is_down(docker_engine: Engine, embedded_engine: Engine) -> None:
    docker, embedded = _both(docker_engine, embedded_engine, "pull", "127.0.0.1:9/app")
    assert embedded == docker
    assert "connection refused" in embedded[2]


@pytest.mark.parametrize("damage", ["another blob", "half a blob", "another manifest"])
def test_nothing_is_kept_of_what_is_not_what_it_says(
    embedded_engine: Engine, faulty: FaultyRegistry, damage: str
) -> None:
    largest = max(faulty.blobs, key=lambda name: len(faulty.blobs[name]))

    async def half(request: web.BaseRequest) -> web.StreamResponse | None:
        if largest not in request.path:
            return None
        data = faulty.blobs[largest]
        return await broken_off(request, data[: len(data) // 2], stated=len(data))

    if damage == "half a blob":
        faulty.fault = half
    elif damage == "another blob":
        faulty.blobs[largest] = faulty.blobs[largest][:-1] + b"?"
    else:
        wrong = next(iter(faulty.manifests.values()))
        faulty.manifests[f"app@sha256:{'1' * 64}"] = wrong
    name = f"{faulty.address}/app" + (f"@sha256:{'1' * 64}" if damage == "another manifest" else "")
    before = _state(embedded_engine)
    done = embedded_engine.docker("pull", name, timeout=200)
    assert done.returncode == 1
    assert b"verif" in done.stderr or b"EOF" in done.stderr, done.stderr
    assert _state(embedded_engine) == before


@pytest.mark.docker
@pytest.mark.parametrize("damage", ["truncated", "corrupt layer", "not a tar", "empty"])
def test_nothing_is_kept_of_a_damaged_archive(
    docker_engine: Engine, embedded_engine: Engine, damage: str
) -> None:
    for engine in (docker_engine, embedded_engine):
        assert engine.docker("pull", "-q", "page").returncode == 0
    whole = docker_engine.docker("save", "page").stdout
    for engine in (docker_engine, embedded_engine):
        engine.docker("rmi", "page")
    at = whole.index(b"<h1>hello</h1>")
    damaged = {
        "truncated": whole[: len(whole) // 2],
        "corrupt layer": whole[:at] + b"<h1>HELLO</h1>" + whole[at + 14 :],
        "not a tar": b"this is no tar" * 1000,
        "empty": b"",
    }[damage]
    before = _state(embedded_engine)
    docker, embedded = _both(docker_engine, embedded_engine, "load", stdin=damaged)
    assert embedded[0] == docker[0] == 1
    if damage != "empty":  # Docker names one of its temporary files there
        assert embedded[2].replace("\n", "") == docker[2].replace("\n", "")
    assert _state(embedded_engine) == before


def test_a_full_disk_is_told_and_leaves_nothing() -> None:
    need_root()
    with tempfile.TemporaryDirectory(prefix="dockerlab-full-") as name:
        root = Path(name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", name], check=True)
        try:
            address = daemon.start(root=root / "engine", idle=60)
            environment = environment_for(Path(address.removeprefix("unix://")), config=root)
            engine = Engine("full", Path(address.removeprefix("unix://")), environment)
            with running_faulty_registry() as large:
                data = {f"file{n}": _noise(n) for n in range(8)}
                large.add(on_top_of(busybox(), layer(data, made_by="COPY . /")), "large")
                before = _state(engine)
                done = engine.docker("pull", f"{large.address}/large")
            assert done.returncode == 1
            assert b"no space left on device" in done.stderr
            assert _state(engine) == before
            assert engine.docker("version").returncode == 0
        finally:
            daemon.stop(root=root / "engine")
            subprocess.run(["umount", "--lazy", name], check=True)


def _noise(seed: int) -> str:
    """Half a megabyte that does not compress well."""
    value, parts = seed + 1, []
    for _ in range(50_000):
        value = value * 6364136223846793005 % 2**64 + 1
        parts.append(f"{value:x}")
    return "".join(parts)[:500_000]


def _state(engine: Engine) -> tuple[bytes, bytes]:
    """What the engine has: images by ID and name, and the bytes of their layers."""
    images = engine.docker("images", "-a", "--no-trunc", "--format", "{{.ID}} {{.Repository}}")
    return images.stdout, engine.docker("system", "df", "--format", "{{.Type}} {{.Size}}").stdout


def _both(
    docker: Engine, embedded: Engine, *arguments: str, stdin: bytes | None = None
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """Exit code, output and error of the same command on both."""

    def run(engine: Engine) -> tuple[int, str, str]:
        done = engine.docker(*arguments, stdin=stdin, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, (docker, embedded))
    return first, second
