"""A pack that nobody may write to is used where it lies, by as many engines as like."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dockerlab.engine import daemon
from dockerlab.packs import create_pack
from tests.engines.engine import Engine, environment_for
from tests.engines.programs import need, need_root


@pytest.fixture
def pack(docker_engine: Engine, session_directory: Path) -> Iterator[Path]:
    folder = session_directory / "shared-pack"
    client = docker_engine.client()
    create_pack(client, folder, ["docker.io/library/centos:latest"])
    client.close()
    subprocess.run(["chmod", "--recursive", "a-w", folder], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def learner(place: Path, pack: Path) -> Iterator[tuple[Engine, Path]]:
    """An engine without a network, and the blobs that it keeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        address = daemon.start(root=place, idle=60, packs=[pack])
    socket = Path(address.removeprefix("unix://"))
    config = place / "client"
    config.mkdir()
    try:
        blobs = place / "content/blobs/sha256"
        yield Engine("embedded", socket, environment_for(socket, config=config)), blobs
    finally:
        daemon.stop(root=place)


def test_learners_share_its_layers(session_directory: Path, pack: Path) -> None:
    need_root()
    need("crun", package="crun")
    for name in ("first", "second"):
        with learner(session_directory / f"sharing-{name}", pack) as (engine, blobs):
            ran = engine.docker("run", "--rm", "--network", "none", "centos", "echo", "shared")
            assert ran.stdout == b"shared\n", ran.stderr
            assert b"Pull complete" in ran.stderr
            linked = {each.name for each in blobs.iterdir() if each.is_symlink()}
            assert linked <= {each.name for each in (pack / "blobs/sha256").iterdir()}
            assert len(linked) >= 3, "one for each layer"
            copied = sum(each.lstat().st_size for each in blobs.iterdir())
            assert copied < 100_000, "its documents only"
            saved = engine.docker("save", "centos")
            assert saved.returncode == 0
            assert len(saved.stdout) > 1_000_000


def test_an_image_outlives_the_pack_it_came_from(session_directory: Path, pack: Path) -> None:
    need_root()
    need("crun", package="crun")
    with learner(session_directory / "outliving", pack) as (engine, _):
        assert engine.docker("pull", "centos").returncode == 0
        shutil.rmtree(pack)
        ran = engine.docker("run", "--rm", "--network", "none", "centos", "echo", "still")
        assert ran.stdout == b"still\n", ran.stderr
        assert engine.docker("inspect", "centos").returncode == 0
        context = session_directory / "outliving-build"
        context.mkdir()
        (context / "Dockerfile").write_text("FROM centos\nENV a=b\n")
        for words in (["save", "centos"], ["build", str(context)]):
            failed = engine.docker(*words)
            assert failed.returncode == 1, "what it would copy is gone"
            assert b"lay in a pack that is not there any more" in failed.stderr, words
            assert b"remove the image and pull it again" in failed.stderr
        assert engine.docker("rmi", "centos").returncode == 0
