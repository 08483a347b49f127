"""Each lesson on each engine: its outputs as saved, twice in a row, after an interruption."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from docker import DockerClient
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.engines.engine import Engine
from tests.engines.images import Image, architecture, layer
from tests.notebooks.lessons import (
    CELL_SECONDS,
    ORIGINALS,
    TAUGHT,
    copied,
    environment,
    lesson_id,
    read,
    run_strictly,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FOREIGN = "learners-own"


@pytest.fixture
def environ(engine: Engine, tmp_path: Path) -> Mapping[str, str]:
    """A learner's environment on an engine that has nothing of the lessons yet."""
    return environment(engine.environment, state=tmp_path)


@pytest.fixture
def client(engine: Engine) -> Iterator[DockerClient]:
    connected = engine.client()
    yield connected
    connected.close()


@pytest.fixture
def foreign(client: DockerClient) -> Iterator[str]:
    """An image and a container of the learner's own, which no lesson may touch."""
    # No layer in common with a lesson's image: that would be found, rightly, to exist already.
    own = Image((layer({"own": "mine"}, made_by="COPY own /"),), {"Cmd": ["/own"]}, architecture())
    client.images.load(own.archive(f"{FOREIGN}:1"))
    container = client.containers.create(f"{FOREIGN}:1", ["true"], network_mode="none")
    yield str(container.id)
    container.remove(force=True)
    client.images.remove(f"{FOREIGN}:1")


# Under proot, that is where Binder would run them: tests/integration/test_binder.py.
@pytest.mark.parametrize("engine", ["docker", "oci-root", "oci-user"], indirect=True)
@pytest.mark.parametrize("path", ORIGINALS, ids=lesson_id)
def test_outputs_are_as_saved_and_nothing_is_left(
    path: Path, environ: Mapping[str, str], client: DockerClient, foreign: str, tmp_path: Path
) -> None:
    before = _holdings(client)
    lesson = copied(path, tmp_path)
    for _ in ("once", "and again"):
        ran = run_strictly(lesson, environ)
        assert ran.returncode == 0, ran.stdout[-6000:]
        assert _holdings(client) == before
    assert client.containers.get(foreign).status == "created"


@pytest.mark.parametrize("path", [path for path in ORIGINALS if path in TAUGHT], ids=lesson_id)
def test_a_lesson_interrupted_half_way_starts_anew(
    path: Path, environ: Mapping[str, str], client: DockerClient, tmp_path: Path
) -> None:
    before = _holdings(client)
    lesson = copied(path, tmp_path)
    _run_half(lesson, environ)
    assert _holdings(client) != before
    ran = run_strictly(lesson, environ)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert _holdings(client) == before


def _holdings(client: DockerClient) -> tuple[set[str], set[str]]:
    """What an engine has: its containers, and its images with their names, nameless ones too."""
    images = {f"{image.id} {sorted(image.tags)}" for image in client.images.list()}
    return {str(each.id) for each in client.containers.list(all=True)}, images


def _run_half(path: Path, environ: Mapping[str, str]) -> None:
    """Run a lesson's first half, and kill the kernel, as a closed laptop does."""
    notebook = read(path)
    notebook.cells = notebook.cells[: len(notebook.cells) // 2]
    asyncio.run(_run_and_kill(notebook, path.parent, dict(environ)))


async def _run_and_kill(notebook: NotebookNode, folder: Path, environ: dict[str, str]) -> None:
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(folder)}}
    )
    async with client.async_setup_kernel(env=environ):
        for index, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, index)
        assert client.km is not None
        await ensure_async(client.km.shutdown_kernel(now=True))
