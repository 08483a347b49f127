"""What unpacks to more than the engine's user allows is refused, and nothing of it stays."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.engine.check.checking import check
from tests.engines.embedded import running_embedded
from tests.engines.engine import Engine
from tests.engines.images import Image, layer
from tests.engines.registry import Registry

LIMIT = 3 << 20
SENTENCE = f"unpacks to more than the {LIMIT} bytes that are allowed (DOCKERLAB_MAX_LAYER_SIZE)"
ZEROS = 4 << 20


@pytest.fixture(scope="module", params=["oci-root", "proot"])
def place(request: pytest.FixtureRequest, session_directory: Path) -> Path:
    place = session_directory / f"limited-{request.param}"
    place.mkdir()
    return place


@pytest.fixture(scope="module")
def limited(place: Path, registry: Registry) -> Iterator[Engine]:
    """An engine whose layers may have three mebibytes, with busybox and a container of it."""
    bomb = Image((layer({"zeros": bytes(ZEROS)}, made_by="bomb"),))
    registry.push(bomb, "library/bomb")
    kind = place.name.removeprefix("limited-")
    settings = {"DOCKERLAB_MAX_LAYER_SIZE": "3m"}
    with running_embedded(kind, place, mirror=registry.url, settings=settings) as engine:
        made = engine.docker("create", "--name", "made", "--network", "none", "busybox")
        assert made.returncode == 0, made.stderr
        yield engine


def bomb(name: str = "zeros") -> bytes:
    """A tar with a file of many zeros, compressed: it takes a few kilobytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = ZEROS
        archive.addfile(member, io.BytesIO(bytes(ZEROS)))
    return gzip.compress(buffer.getvalue(), mtime=0)


def context(tmp_path: Path, dockerfile: str) -> str:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "bomb.tar.gz").write_bytes(bomb())
    return str(tmp_path)


def refused(engine: Engine, place: Path, *words: str, stdin: bytes = b"", what: str) -> None:
    done = engine.docker(*words, stdin=stdin)
    assert done.returncode != 0
    assert f"the {what} {SENTENCE}" in done.stderr.decode() + done.stdout.decode()
    own_mounts = "proot" not in place.name
    root = place / "engine" if own_mounts else place / "engine" / "without-mounts"
    assert check(root, own_mounts=own_mounts).findings == ()


def test_images(limited: Engine, place: Path) -> None:
    refused(limited, place, "pull", "bomb", what="layer")
    refused(limited, place, "import", "-", stdin=bomb(), what="layer")


def test_contexts(limited: Engine, place: Path) -> None:
    refused(limited, place, "build", "-", stdin=bomb("Dockerfile"), what="build context")


def test_archives_that_are_added(limited: Engine, place: Path, tmp_path: Path) -> None:
    folder = context(tmp_path, "FROM busybox\nADD bomb.tar.gz /\n")
    refused(limited, place, "build", folder, what="archive")
    context(tmp_path, "FROM busybox\nCOPY bomb.tar.gz /\n")
    copied = limited.docker("build", folder)
    assert copied.returncode == 0, copied.stderr


def test_commit(limited: Engine, place: Path) -> None:
    fill = ("busybox", "dd", "if=/dev/zero", "of=/zeros", "bs=1048576", "count=4")
    ran = limited.docker("run", "--name", "full", "--network", "none", *fill)
    assert ran.returncode == 0, ran.stderr
    refused(limited, place, "commit", "full", what="layer")


def test_copying_into_a_container(limited: Engine, place: Path) -> None:
    refused(limited, place, "cp", "-", "made:/", stdin=gzip.decompress(bomb()), what="archive")
    assert limited.docker("cp", "-", "made:/", stdin=small()).returncode == 0


def small() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    return buffer.getvalue()
