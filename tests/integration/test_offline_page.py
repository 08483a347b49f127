"""docs/offline.md, typed line by line: with a network, and then without."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.emptying import empty
from tests.engines.engine import Engine
from tests.engines.programs import need, need_root

GREETING = "dockerlab's test registry, and I keep it short"
PAGE = Path(__file__).parents[2] / "docs" / "offline.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def environment(docker_engine: Engine, session_directory: Path) -> Iterator[dict[str, str]]:
    """A person's shell on a machine with the Docker Engine, and folders of its own."""
    need_root()
    need("crun", package="crun")
    home = session_directory / "offline-page"
    home.mkdir()
    folders = {
        name: str(home / name.lower())
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
    }
    (home / "xdg_runtime_dir").mkdir(mode=0o700)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    inherited = {**docker_engine.environment, **folders}
    yield {**inherited, "PATH": path, "HOME": str(home), "DOCKERLAB_LANG": "en"}
    empty(docker_engine)


def typed(
    script: str, environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_recipe(environment: dict[str, str], docker_engine: Engine, tmp_path: Path) -> None:
    making, comparing, loading, sharing = BLOCKS
    made = typed(making, environment, tmp_path)
    assert made.returncode == 0, made.stderr
    assert "The pack is whole. Images: 6." in made.stdout
    assert "nginx:alpine-slim" in made.stdout
    assert typed(comparing, environment, tmp_path).stdout == "course.tar.zst: OK\n"
    loaded = typed(loading, environment, tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    assert "centos:latest: loaded." in loaded.stdout
    assert GREETING in loaded.stdout
    assert "Unable to find image" not in loaded.stderr

    make, rest = sharing.split("\n", 1)
    assert typed(make, environment, tmp_path).returncode == 0
    offline = {**environment, "HTTPS_PROXY": "http://127.0.0.1:1"}
    try:
        shared = typed(rest, offline, tmp_path)
        assert shared.returncode == 0, shared.stderr
        assert GREETING in shared.stdout
        assert "Pull complete" in shared.stderr, "it came out of the pack"
    finally:
        typed("dockerlab engine stop", offline, tmp_path)
