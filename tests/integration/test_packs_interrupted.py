"""`dockerlab pack create`, stopped half way and typed again: what was done is not done twice."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from dockerlab.packs import create_pack
from tests.engines.emptying import empty
from tests.engines.engine import Engine
from tests.engines.faulty_registry import FaultyRegistry, running_faulty_registry
from tests.engines.images import busybox, layer, on_top_of


@pytest.fixture
def faulty(oci_root_engine: Engine) -> Iterator[FaultyRegistry]:
    """A registry with the images `done` and `held`."""
    base = busybox()
    top = layer({"held": "here I am\n"}, made_by="COPY held /")
    with running_faulty_registry() as registry:
        registry.add(base, "done")
        registry.add(on_top_of(base, top), "held")
        yield registry
    empty(oci_root_engine)


def start(engine: Engine, path: Path, *names: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "dockerlab.cli", "pack", "create", str(path), *names],
        env={**engine.environment, "DOCKERLAB_LANG": "en"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda each: each.name)
@pytest.mark.parametrize("ending", ["", ".tar.zst"])
def test_it_goes_on_where_it_was(
    oci_root_engine: Engine,
    faulty: FaultyRegistry,
    tmp_path: Path,
    how: signal.Signals,
    ending: str,
) -> None:
    names = [f"{faulty.address}/{name}:latest" for name in ("done", "held")]

    async def hold(request: web.BaseRequest) -> None:
        if "/held/" in request.path:
            await asyncio.sleep(60)

    faulty.fault = hold
    path = tmp_path / f"pack{ending}"
    running = start(oci_root_engine, path, *names)
    deadline = time.monotonic() + 60
    while not faulty.paths("/held/"):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(how)
    _, said = running.communicate(timeout=60)
    assert not path.exists()
    if how is signal.SIGINT:
        assert running.returncode == 130
        assert "Traceback" not in said

    faulty.fault = None
    faulty.seen.clear()
    again = start(oci_root_engine, path, *names)
    _, said = again.communicate(timeout=100)
    assert again.returncode == 0, said
    assert f"{names[0]} is there from the run that was interrupted." in said
    assert not faulty.paths("/done/"), "nothing of it was fetched again"
    assert [each.name for each in tmp_path.iterdir()] == [path.name], "nothing else is left"

    client = oci_root_engine.client()
    in_one_go = tmp_path / f"whole{ending}"
    create_pack(client, in_one_go, names)
    client.close()
    if ending:
        assert in_one_go.read_bytes() == path.read_bytes()
    else:
        assert files(in_one_go) == files(path)


def test_what_it_had_for_another_platform_is_not_taken(
    oci_root_engine: Engine, faulty: FaultyRegistry, tmp_path: Path
) -> None:
    """The first run wanted one platform and got it; the second wants two."""
    own = busybox().architecture
    name = f"{faulty.address}/done:latest"
    other = "arm64" if own == "amd64" else "amd64"
    path = tmp_path / "pack"
    missing = f"{faulty.address}/nosuch:latest"
    ran = start(oci_root_engine, path, "--platform", f"linux/{own}", name, missing)
    ran.communicate(timeout=60)
    assert ran.returncode == 1
    wanted = ["--platform", f"linux/{own}", "--platform", f"linux/{other}"]
    again = start(oci_root_engine, path, *wanted, name)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 1, "the registry has it for one platform only"
    assert f"{name} is there from the run that was interrupted." in said
    assert f"linux/{other}" in said
